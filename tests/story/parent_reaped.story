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
[ 230] A > unlocks
[ 230] A > HELD -> RELEASING: released
[ 230] A > -> signoff A#0
[ 233] A > <- signoff ok 
[ 233] A > RELEASING -> ENDED: settled
[ 233] A > is told: released, ZKLOCK_OK
[ 260] zk > reaps /locks/x
[ 310] A > locks
[ 310] A > IDLE -> JOINING: join
[ 310] A > -> create A#
[ 310] A > -> list /locks/x
[ 313] A > <- create no-node 
[ 313] A > -> create /locks
[ 313] A > -> create /locks/x
[ 313] A > -> create A#
[ 313] A > -> list /locks/x
[ 313] A > <- list no-node 
[ 316] A > <- create node-exists 
[ 316] A > <- create ok /locks/x
[ 316] A > <- create ok A#0
[ 316] A > <- list ok 
[ 316] A > JOINING -> HELD: first in order
[ 316] A > is told: granted A#0
