[20260] A > unlocks
[20260] A > HELD -> RELEASING: released
[20260] A > -> signoff A#0
[20263] A > <- watch A#0 changed
[20263] A > <- signoff ok 
[20263] A > RELEASING -> ENDED: settled
[20263] A > is told: released, ZKLOCK_OK
[20264] B > <- watch A#0 changed
[20264] B > WAITING -> HELD: predecessor signed off
[20264] B > is told: granted B#1
