[   4] A > <- session connected
[ 100] A > locks
[ 100] A > IDLE -> JOINING: join
[ 100] A > -> create A#
[ 100] A > -> list /locks/x
[ 103] A > <- create no-node 
[ 103] A > -> create /locks
[ 103] A > -> create /locks/x
[ 103] A > -> create A#
[ 103] A > -> list /locks/x
[ 103] A > <- list no-node 
[ 106] A > <- create unimplemented 
[ 106] A > <- create unimplemented 
[ 106] A > <- create no-node 
[ 106] A > -> create /locks
[ 106] A > -> create /locks/x
[ 106] A > -> create A#
[ 106] A > -> list /locks/x
[ 106] A > <- list no-node 
[ 109] A > <- create ok /locks
[ 109] A > <- create ok /locks/x
[ 109] A > <- create ok A#0
[ 109] A > <- list ok 
[ 109] A > JOINING -> HELD: first in order
[ 109] A > is told: granted A#0
