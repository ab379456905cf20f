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
[ 290] operator > deletes B#1
[ 290] A > unlocks
[ 290] A > HELD -> RELEASING: released
[ 293] B > WAITING -> IDLE: own node is gone
[ 293] B > IDLE -> JOINING: join
[ 293] C > WAITING -> ARMING: predecessor is gone
[ 293] A > RELEASING -> ENDED: settled
[ 293] A > is told: released, ZKLOCK_OK
[ 295] C > ARMING -> LISTING: predecessor is gone
[ 297] C > LISTING -> HELD: first in order
[ 297] C > is told: granted C#2
[ 298] B > JOINING -> ARMING: not first
[ 300] B > ARMING -> WAITING: watching
