[ 200] A > locks
[ 200] A > IDLE -> JOINING: join
[ 203] A > JOINING -> HELD: first in order
[ 203] A > is told: granted A#0
[ 230] B > locks
[ 230] B > IDLE -> JOINING: join
[ 235] B > JOINING -> ARMING: not first
[ 237] B > ARMING -> WAITING: watching
[ 237] B > is told: queued, 1 ahead
[ 260] C > locks
[ 260] C > IDLE -> JOINING: join
[ 265] C > JOINING -> ARMING: not first
[ 267] C > ARMING -> WAITING: watching
[ 267] C > is told: queued, 2 ahead
[ 290] B > cancels
[ 290] B > WAITING -> LEAVING: the caller leaves
[ 290] B > is told: failed, ZKLOCK_ERR_CANCELLED
[ 295] B > LEAVING -> ENDED: settled
[ 295] C > WAITING -> ARMING: predecessor is gone
[ 297] C > ARMING -> WAITING: watching
[ 320] A > unlocks
[ 320] A > HELD -> RELEASING: released
[ 323] A > RELEASING -> ENDED: settled
[ 323] A > is told: released, ZKLOCK_OK
[ 324] C > WAITING -> HELD: predecessor signed off
[ 324] C > is told: granted C#2
