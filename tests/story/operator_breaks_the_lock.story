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
[3290] operator > deletes A#0
[3292] A > HELD -> ENDED: own node is gone
[3292] A > is told: lost, deleted
[3293] B > WAITING -> LISTING: predecessor is gone
[3295] B > LISTING -> HELD: first in order
[3295] B > is told: granted B#1
