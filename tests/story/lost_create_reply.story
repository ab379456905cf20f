[   4] A > <- session connected
[   6] B > <- session connected
[   6] C > <- session connected
[ 200] A > locks
[ 200] A > IDLE -> JOINING: join
[ 200] A > -> create A#
[ 200] A > -> list /locks/x
[ 203] fault > lose at step 13
[ 203] A > connection is reset
[ 203] A > connection is lost: reset
[ 203] A > <- session suspended
[ 203] A > <- create unknown 
[ 203] A > JOINING -> FINDING: create unknown
[ 203] A > <- list unknown 
[ 208] A > <- session connected
[ 208] A > -> sync /locks/x
[ 208] A > -> list /locks/x
[ 212] A > <- sync ok 
[ 212] A > <- list ok 
[ 212] A > -> get A#0
[ 214] A > <- get ok 
[ 214] A > FINDING -> LISTING: found our node
[ 214] A > -> list /locks/x
[ 216] A > <- list ok 
[ 216] A > LISTING -> PROVING: first in order
[ 216] A > -> check 
[ 221] A > <- check ok 
[ 221] A > PROVING -> HELD: proven
[ 221] A > is told: granted A#0
[ 230] A > unlocks
[ 230] A > HELD -> RELEASING: released
[ 230] A > -> signoff A#0
[ 235] A > <- watch A#0 changed
[ 235] A > <- signoff ok 
[ 235] A > RELEASING -> ENDED: settled
[ 235] A > is told: released, ZKLOCK_OK
