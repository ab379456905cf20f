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
[ 290] B > process is killed
[ 290] B > connection is reset
[6500] B > session runs out at the leader
[6503] C > WAITING -> ARMING: predecessor is gone
[6505] C > ARMING -> WAITING: watching
[9290] A > unlocks
[9290] A > HELD -> RELEASING: released
[9293] A > RELEASING -> ENDED: settled
[9293] A > is told: released, ZKLOCK_OK
[9294] C > WAITING -> HELD: predecessor signed off
[9294] C > is told: granted C#2
