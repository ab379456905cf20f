[ 200] B > connection is reset
[ 200] B > connection is lost: reset
[ 250] B > locks
[ 450] B > IDLE -> ENDED: the caller leaves
[ 450] B > is told: failed, ZKLOCK_ERR_UNAVAILABLE
