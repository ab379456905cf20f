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
[ 290] A > session is ended at the leader
[ 292] A > connection is lost: closed by the server
[ 292] A > is told: suspended
[ 293] B > WAITING -> LISTING: predecessor is gone
[ 295] B > LISTING -> HELD: first in order
[ 295] B > is told: granted B#1
[ 297] log > session 0x65 expired
[ 297] A > HELD -> ENDED: session expired
[ 297] A > is told: lost, reset
