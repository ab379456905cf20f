[ 100] A > locks
[ 100] A > IDLE -> JOINING: join
[ 101] fault > refuse at step 4
[ 102] A > JOINING -> IDLE: create refused
[ 139] A > IDLE -> JOINING: join
[ 140] fault > refuse at step 8
[ 141] A > JOINING -> IDLE: create refused
[ 236] A > IDLE -> JOINING: join
[ 237] fault > refuse at step 12
[ 238] A > JOINING -> IDLE: create refused
[ 363] A > IDLE -> JOINING: join
[ 364] fault > refuse at step 16
[ 365] A > JOINING -> IDLE: create refused
[ 681] A > IDLE -> JOINING: join
[ 682] fault > refuse at step 20
[ 683] A > JOINING -> IDLE: create refused
[1262] A > IDLE -> JOINING: join
[1263] fault > refuse at step 24
[1264] A > JOINING -> IDLE: create refused
[2144] A > IDLE -> JOINING: join
[2147] A > JOINING -> IDLE: create refused
[4635] A > IDLE -> JOINING: join
[4638] A > JOINING -> HELD: first in order
[4638] A > is told: granted A#0
