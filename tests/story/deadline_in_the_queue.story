[ 200] A > locks
[ 200] A > IDLE -> JOINING: join
[ 203] A > JOINING -> HELD: first in order
[ 203] A > is told: granted A#0
[ 230] B > locks
[ 230] B > IDLE -> JOINING: join
[ 235] B > JOINING -> ARMING: not first
[ 237] B > ARMING -> WAITING: watching
[ 237] B > is told: queued, 1 ahead
[ 430] B > WAITING -> LEAVING: the caller leaves
[ 430] B > is told: failed, ZKLOCK_ERR_TIMEOUT
[ 435] B > LEAVING -> ENDED: settled
