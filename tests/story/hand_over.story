[   4] A > <- session connected
[   6] B > <- session connected
[   6] C > <- session connected
[ 200] A > locks
[ 200] A > IDLE -> JOINING: join
[ 200] A > -> create A#
[ 200] A > -> list /locks/x
[ 203] A > <- create ok A#0
[ 203] A > <- list ok 
[ 203] A > JOINING -> HELD: first in order
[ 203] A > is told: granted A#0
[ 230] B > locks
[ 230] B > IDLE -> JOINING: join
[ 230] B > -> create B#
[ 230] B > -> list /locks/x
[ 235] B > <- create ok B#1
[ 235] B > <- list ok 
[ 235] B > JOINING -> ARMING: not first
[ 235] B > -> get B#1
[ 235] B > -> get A#0
[ 237] B > <- get ok 
[ 237] B > <- get ok 
[ 237] B > ARMING -> WAITING: watching
[ 237] B > is told: queued, 1 ahead
[ 260] A > unlocks
[ 260] A > HELD -> RELEASING: released
[ 260] A > -> signoff A#0
[ 263] A > <- signoff ok 
[ 263] A > RELEASING -> ENDED: settled
[ 263] A > is told: released, ZKLOCK_OK
[ 264] B > <- watch A#0 changed
[ 264] B > WAITING -> HELD: predecessor signed off
[ 264] B > is told: granted B#1
[ 290] B > unlocks
[ 290] B > HELD -> RELEASING: released
[ 290] B > -> signoff B#1
[ 295] B > <- watch B#1 changed
[ 295] B > <- signoff ok 
[ 295] B > RELEASING -> ENDED: settled
[ 295] B > is told: released, ZKLOCK_OK
