[ 200] A > locks
[ 200] A > IDLE -> JOINING: join
[ 203] A > JOINING -> HELD: first in order
[ 203] A > is told: granted A#0
[ 230] operator > sets the ACL of /locks/x to digest:somebody:x:cdrwa
[ 230] A > unlocks
[ 230] A > HELD -> RELEASING: released
[ 236] log > /locks/x: ZooKeeper denies the delete of our own node: give us DELETE on its parent
[ 236] A > RELEASING -> LEAVING: may not delete
[ 236] A > is told: released, ZKLOCK_ERR_ACCESS
[ 236] log > ending session 0x65, which deletes a node that we may not delete
[ 236] A > LEAVING -> ENDED: session expired
