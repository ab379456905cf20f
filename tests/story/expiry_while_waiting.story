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
[ 290] B > session is ended at the leader
[ 293] B > WAITING -> IDLE: own node is gone
[ 293] B > IDLE -> JOINING: join
[ 293] B > connection is lost: closed by the server
[ 293] B > JOINING -> FINDING: create unknown
[ 293] C > WAITING -> ARMING: predecessor is gone
[ 295] C > ARMING -> WAITING: watching
[ 298] log > session 0x66 expired
[ 298] B > FINDING -> IDLE: session expired
[ 304] B > IDLE -> JOINING: join
[ 309] B > JOINING -> ARMING: not first
[ 311] B > ARMING -> WAITING: watching
[ 790] A > unlocks
[ 790] A > HELD -> RELEASING: released
[ 793] A > RELEASING -> ENDED: settled
[ 793] A > is told: released, ZKLOCK_OK
[ 794] C > WAITING -> HELD: predecessor signed off
[ 794] C > is told: granted C#2
[ 820] C > unlocks
[ 820] C > HELD -> RELEASING: released
[ 825] B > WAITING -> HELD: predecessor signed off
[ 825] B > is told: granted B#3
[ 825] C > RELEASING -> ENDED: settled
[ 825] C > is told: released, ZKLOCK_OK
