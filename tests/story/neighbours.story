[ 200] A > locks
[ 200] A > IDLE -> JOINING: join
[ 203] A > JOINING -> ARMING: not first
[ 205] A > ARMING -> WAITING: watching
[ 205] A > is told: queued, 1 ahead
[ 230] B > locks
[ 230] B > IDLE -> JOINING: join
[ 235] B > JOINING -> ARMING: not first
[ 237] B > ARMING -> WAITING: watching
[ 237] B > is told: queued, 2 ahead
[ 260] operator > deletes /locks/x/_c_5d0f9c0e-6b1f-4c5e-9d7a-0b1c2d3e4f50-lock-0000000000
[ 262] A > WAITING -> LISTING: predecessor is gone
[ 264] A > LISTING -> HELD: first in order
[ 264] A > is told: granted A#2
[ 310] A > unlocks
[ 310] A > HELD -> RELEASING: released
[ 313] A > RELEASING -> ENDED: settled
[ 313] A > is told: released, ZKLOCK_OK
[ 314] B > WAITING -> HELD: predecessor signed off
[ 314] B > is told: granted B#3
