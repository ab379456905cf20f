[   4] A > <- session connected
[   6] B > <- session connected
[   6] C > <- session connected
[ 200] A > tries to lock
[ 200] A > IDLE -> PEEKING: look first
[ 200] A > -> exists /locks/x
[ 202] A > <- exists ok 
[ 202] A > PEEKING -> JOINING: nobody there
[ 202] A > -> create A#
[ 202] A > -> list /locks/x
[ 205] A > <- create ok A#0
[ 205] A > <- list ok 
[ 205] A > JOINING -> HELD: first in order
[ 205] A > is told: granted A#0
[ 250] B > tries to lock
[ 250] B > IDLE -> PEEKING: look first
[ 250] B > -> exists /locks/x
[ 252] B > <- exists ok 
[ 252] B > -> list /locks/x
[ 254] B > <- list ok 
[ 254] B > PEEKING -> ENDED: busy
[ 254] B > is told: failed, ZKLOCK_ERR_BUSY
