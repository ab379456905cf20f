[ 200] A > locks
[ 200] A > IDLE -> JOINING: join
[ 203] A > JOINING -> HELD: first in order
[ 203] A > is told: granted A#0
[ 230] B > locks
[ 230] B > IDLE -> JOINING: join
[ 235] B > JOINING -> ARMING: not first
[ 237] B > ARMING -> WAITING: watching
[ 237] B > is told: queued, 1 ahead
[ 260] C > locks
[ 260] C > IDLE -> JOINING: join
[ 265] C > JOINING -> ARMING: not first
[ 267] C > ARMING -> WAITING: watching
[ 267] C > is told: queued, 2 ahead
[ 290] zk > all servers start again with empty data
[ 290] zk > server 0 is killed
[ 290] zk > server 0 does not lead any more
[ 290] zk > server 1 is killed
[ 290] zk > server 2 is killed
[ 290] zk > server 0 starts
[ 290] zk > server 1 starts
[ 290] zk > server 2 starts
[ 291] A > connection is lost: closed by the server
[ 291] A > is told: suspended
[ 291] B > connection is lost: closed by the server
[ 291] C > connection is lost: closed by the server
[ 490] zk > server 0 leads
[5700] A > HELD -> LEAVING: proof ran out
[5700] A > is told: lost, unproven
[18291] log > no server for three session timeouts: giving session 0x66 up and opening another
[18291] B > WAITING -> IDLE: session expired
[18291] log > no server for three session timeouts: giving session 0x67 up and opening another
[18291] C > WAITING -> IDLE: session expired
[18297] B > IDLE -> JOINING: join
[18297] C > IDLE -> JOINING: join
[18300] log > no server for three session timeouts: giving session 0x65 up and opening another
[18300] A > LEAVING -> ENDED: session expired
[18307] B > JOINING -> HELD: first in order
[18307] B > is told: granted B#0
[18307] C > JOINING -> ARMING: not first
[18309] C > ARMING -> WAITING: watching
