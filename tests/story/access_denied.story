[ 200] operator > sets the ACL of /locks/x to digest:somebody:x:cdrwa
[ 250] A > locks
[ 250] A > IDLE -> JOINING: join
[ 253] A > JOINING -> ENDED: refused
[ 253] A > is told: failed, ZKLOCK_ERR_ACCESS
