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
[ 290] A > unlocks
[ 290] A > HELD -> RELEASING: released
[ 293] log > the servers refuse our seal (no digest provider, another digest algorithm, or skipACL): going on without direct hand-off, waiters will list instead
[ 296] A > RELEASING -> ENDED: settled
[ 296] A > is told: released, ZKLOCK_OK
[ 297] B > WAITING -> LISTING: predecessor is gone
[ 299] B > LISTING -> HELD: first in order
[ 299] B > is told: granted B#1
[ 320] B > unlocks
[ 320] B > HELD -> RELEASING: released
[ 325] log > the servers refuse our seal (no digest provider, another digest algorithm, or skipACL): going on without direct hand-off, waiters will list instead
[ 330] B > RELEASING -> ENDED: settled
[ 330] B > is told: released, ZKLOCK_OK
[ 330] C > WAITING -> ARMING: predecessor is gone
[ 332] C > ARMING -> LISTING: predecessor is gone
[ 334] C > LISTING -> HELD: first in order
[ 334] C > is told: granted C#2
