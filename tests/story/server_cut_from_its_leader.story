[ 200] B > locks
[ 200] B > IDLE -> JOINING: join
[ 205] B > JOINING -> HELD: first in order
[ 205] B > is told: granted B#0
[5230] zk > server 1 is cut from the others
[8356] B > connection is lost: we left it
[8356] B > is told: suspended
[8366] B > is told: resumed
[25230] zk > server 1 has lost its leader
