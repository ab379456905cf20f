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
[ 340] A > unlocks
[ 340] A > HELD -> RELEASING: released
[ 343] A > RELEASING -> ENDED: settled
[ 343] A > is told: released, ZKLOCK_OK
[ 344] B > WAITING -> HELD: predecessor signed off
[ 344] B > is told: granted B#1
