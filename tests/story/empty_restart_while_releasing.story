[ 200] A > locks
[ 200] A > IDLE -> JOINING: join
[ 203] A > JOINING -> HELD: first in order
[ 203] A > is told: granted A#0
[ 230] A > unlocks
[ 230] A > HELD -> RELEASING: released
[ 230] zk > all servers start again with empty data
[ 230] zk > server 0 is killed
[ 230] zk > server 0 does not lead any more
[ 230] zk > server 1 is killed
[ 230] zk > server 2 is killed
[ 230] zk > server 0 starts
[ 230] zk > server 1 starts
[ 230] zk > server 2 starts
[ 231] A > connection is lost: closed by the server
[ 231] B > connection is lost: closed by the server
[ 231] C > connection is lost: closed by the server
[ 430] zk > server 0 leads
[ 449] log > session 0x66 expired
[ 449] log > session 0x67 expired
[18300] log > no server for three session timeouts: giving session 0x65 up and opening another
[18300] A > RELEASING -> ENDED: session expired
[18300] A > is told: released, ZKLOCK_OK
