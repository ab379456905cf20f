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
[ 290] stranger > writes into A#0
[ 293] B > WAITING -> ARMING: predecessor was written into
[ 295] B > ARMING -> WAITING: watching
[ 340] stranger > writes into A#0
[ 343] B > WAITING -> ARMING: predecessor was written into
[ 345] B > ARMING -> WAITING: watching
[ 390] A > unlocks
[ 390] A > HELD -> RELEASING: released
[ 393] A > RELEASING -> ENDED: settled
[ 393] A > is told: released, ZKLOCK_OK
[ 394] B > WAITING -> LISTING: predecessor is gone
[ 396] B > LISTING -> HELD: first in order
[ 396] B > is told: granted B#1
