[   4] A > <- session connected
[   6] B > <- session connected
[   6] C > <- session connected
[ 200] operator > deletes /locks/x
[ 200] operator > deletes /locks
[ 210] A > locks
[ 210] A > IDLE -> JOINING: join
[ 210] A > -> create A#
[ 210] A > -> list /locks/x
[ 213] A > <- create no-node 
[ 213] A > -> create /locks
[ 213] A > -> create /locks/x
[ 213] A > -> create A#
[ 213] A > -> list /locks/x
[ 213] A > <- list no-node 
[ 216] A > <- create ok /locks
[ 216] A > <- create ok /locks/x
[ 216] A > <- create ok A#0
[ 216] A > <- list ok 
[ 216] A > JOINING -> HELD: first in order
[ 216] A > is told: granted A#0
[ 240] A > unlocks
[ 240] A > HELD -> RELEASING: released
[ 240] A > -> signoff A#0
[ 243] A > <- signoff ok 
[ 243] A > RELEASING -> ENDED: settled
[ 243] A > is told: released, ZKLOCK_OK
