[ 200] A > locks
[ 200] A > IDLE -> JOINING: join
[ 203] A > JOINING -> HELD: first in order
[ 203] A > is told: granted A#2147483646
[ 230] B > locks
[ 230] B > IDLE -> JOINING: join
[ 235] B > JOINING -> LEAVING: the numbers come to their end
[ 235] B > is told: failed, ZKLOCK_ERR_LIMIT
[ 240] B > LEAVING -> ENDED: settled
[ 260] A > unlocks
[ 260] A > HELD -> RELEASING: released
[ 263] A > RELEASING -> ENDED: settled
[ 263] A > is told: released, ZKLOCK_OK
[ 290] C > locks
[ 290] C > IDLE -> JOINING: join
[ 295] C > JOINING -> LEAVING: the numbers come to their end
[ 295] C > is told: failed, ZKLOCK_ERR_LIMIT
[ 300] C > LEAVING -> ENDED: settled
[ 320] zk > reaps /locks/x
[ 370] C > locks
[ 370] C > IDLE -> JOINING: join
[ 380] C > JOINING -> HELD: first in order
[ 380] C > is told: granted C#0
