[ 200] A > locks
[ 200] A > IDLE -> JOINING: join
[ 203] A > JOINING -> HELD: first in order
[ 203] A > is told: granted A#0
[ 230] operator > sets the ACL of A#0 to world:anyone:cdrwa
[ 230] stranger > writes into A#0
[ 230] B > locks
[ 230] B > IDLE -> JOINING: join
[ 235] B > JOINING -> ARMING: not first
[ 237] B > ARMING -> WAITING: watching
[ 237] B > is told: queued, 1 ahead
[ 260] stranger > writes into A#0
[ 263] B > WAITING -> ARMING: predecessor was written into
[ 265] B > ARMING -> WAITING: watching
[ 310] A > unlocks
[ 310] A > HELD -> RELEASING: released
[ 316] A > RELEASING -> ENDED: settled
[ 316] A > is told: released, ZKLOCK_OK
[ 317] B > WAITING -> LISTING: predecessor is gone
[ 319] B > LISTING -> HELD: first in order
[ 319] B > is told: granted B#1
