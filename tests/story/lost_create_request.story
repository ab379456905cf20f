[   4] A > <- session connected
[   6] B > <- session connected
[   6] C > <- session connected
[ 200] A > locks
[ 200] A > IDLE -> JOINING: join
[ 200] A > -> create A#
[ 200] A > -> list /locks/x
[ 201] fault > lose at step 10
[ 201] A > connection is reset
[ 201] A > connection is lost: reset
[ 201] A > <- session suspended
[ 201] A > <- create unknown 
[ 201] A > JOINING -> FINDING: create unknown
[ 201] A > <- list unknown 
[ 206] A > <- session connected
[ 206] A > -> sync /locks/x
[ 206] A > -> list /locks/x
[ 210] A > <- sync ok 
[ 210] A > <- list ok 
[ 210] A > FINDING -> IDLE: create had no effect
[ 210] A > IDLE -> JOINING: join
[ 210] A > -> create A#
[ 210] A > -> list /locks/x
[ 215] A > <- create ok A#0
[ 215] A > <- list ok 
[ 215] A > JOINING -> HELD: first in order
[ 215] A > is told: granted A#0
[1210] A > -> check 
[1215] A > <- check ok 
[1215] A > -> get A#0
[1217] A > <- get ok 
[1230] A > unlocks
[1230] A > HELD -> RELEASING: released
[1230] A > -> signoff A#0
[1235] A > <- watch A#0 changed
[1235] A > <- signoff ok 
[1235] A > RELEASING -> ENDED: settled
[1235] A > is told: released, ZKLOCK_OK
