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
[ 290] zk > server 0 is killed
[ 290] zk > server 0 does not lead any more
[ 291] A > connection is lost: closed by the server
[ 291] A > is told: suspended
[ 291] B > connection is lost: closed by the server
[ 291] C > connection is lost: closed by the server
[ 490] zk > server 1 leads
[ 638] B > WAITING -> ARMING: look again
[ 640] C > WAITING -> ARMING: look again
[ 640] B > ARMING -> WAITING: watching
[ 642] C > ARMING -> WAITING: watching
[ 644] A > is told: resumed
[4290] A > unlocks
[4290] A > HELD -> RELEASING: released
[4293] B > WAITING -> HELD: predecessor signed off
[4293] B > is told: granted B#1
[4293] A > RELEASING -> ENDED: settled
[4293] A > is told: released, ZKLOCK_OK
