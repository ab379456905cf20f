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
[ 290] A > connection is reset
[ 290] A > connection is lost: reset
[ 290] A > is told: suspended
[5700] A > HELD -> LEAVING: proof ran out
[5700] A > is told: lost, unproven
[6500] A > session runs out at the leader
[6503] B > WAITING -> LISTING: predecessor is gone
[6505] B > LISTING -> HELD: first in order
[6505] B > is told: granted B#1
