#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2013,SC2030,SC2031 # scripts in quotes are for other shells; helper.bash and bats set what is read here
# zklock run on a real ensemble: waiting, statuses, signals, what the command gets.

setup() {
	load helper
	common_setup
	[[ -n ${ZKLOCK_SERVERS:-} ]] || skip "no servers: ZKLOCK_SERVERS is not set"
}
teardown() { common_teardown; }

# --- statuses -----------------------------------------------------------------------------------------

@test "status: that of the command" {
	run -0 zklock run "$LOCK" true
	run -5 zklock run "$LOCK" -- sh -c 'exit 5'
}

@test "status: 128 + signal when a signal ended it" {
	run -143 zklock run "$LOCK" -- sh -c 'kill -TERM $$'
	run -137 zklock run "$LOCK" -- sh -c 'kill -KILL $$'
}

@test "status: 127 for a command that is not there, 126 for one that cannot be run" {
	run -127 zklock run "$LOCK" -- no-such-command
	[[ $output == *"cannot run 'no-such-command'"* ]]
	run -126 zklock run "$LOCK" -- /etc/passwd
}

@test "status: 75 when the lock is taken, with -n, -w and --timeout; -E changes it; -q is silent" {
	holder "$LOCK" free
	run -75 zklock run -n "$LOCK" -- echo ran
	[[ $output == *"zklock who"* && $output != ran* ]]
	run -75 zklock run --nonblock "$LOCK" -- echo ran
	run -75 zklock run -w 0.3 "$LOCK" -- echo ran
	run -75 zklock run --timeout 0 "$LOCK" -- echo ran
	run -9 zklock run -n -E 9 "$LOCK" -- echo ran
	run -0 zklock run -n --conflict-exit-code=0 -q "$LOCK" -- echo ran
	[[ -z $output ]]
	run -75 zklock run -n --quiet "$LOCK" -- echo ran
	[[ -z $output ]]
	touch free
	exits 0 "$STARTED"
}

@test "status: 124 when --at-most has passed" {
	run -124 zklock run --at-most 0.3 "$LOCK" -- sleep 1000
	[[ $output == *"--at-most"* ]]
}

@test "status: 77 when ZooKeeper denies access; --acl creator and --auth-file" {
	echo "digest:user:$RANDOM" >secret
	chmod 600 secret
	run -0 zklock run --root "/acl.$LOCK" --acl creator --auth-file secret "$LOCK" -- true
	run -0 zklock run --root "/acl.$LOCK" --acl creator --auth-file secret "$LOCK" -- \
		sh -c '! env | grep -i "digest:\|user:"'
	run -77 zklock run -w 5 --root "/acl.$LOCK" "$LOCK" -- true
	[[ $output == *"--auth-file"* ]]
}

# --- what the command gets ----------------------------------------------------------------------------

@test "environment: ZKLOCK_NAME, ZKLOCK_TOKEN, ZKLOCK_NODE, ZKLOCK_SESSION, ZKLOCK_MODE, ZKLOCK_HELD" {
	run -0 zklock run "$LOCK" -- sh -c 'env | grep ^ZKLOCK_ && zklock who --json '"$LOCK"
	[[ $output == *"ZKLOCK_NAME=$LOCK"* && $output == *"ZKLOCK_MODE=exclusive"* ]]
	[[ $output == *"ZKLOCK_HELD=1"* ]]
	json=${lines[-1]}
	[[ $output == *"ZKLOCK_TOKEN=$(jq -r '.contenders[0].token' <<<"$json")"* ]]
	[[ $output == *"ZKLOCK_SESSION=$(jq -r '.contenders[0].session' <<<"$json")"* ]]
	[[ $output == *"ZKLOCK_NODE=/locks/$LOCK/$(jq -r '.contenders[0].node' <<<"$json")"* ]]
}

@test "environment: everything else is passed on" {
	TRACEPARENT=00-ab-cd-01 run -0 zklock run "$LOCK" -- printenv TRACEPARENT
	[[ $output == 00-ab-cd-01 ]]
}

@test "token: grows with every grant" {
	last=0
	for _ in 1 2 3; do
		run -0 zklock run "$LOCK" -- printenv ZKLOCK_TOKEN
		((output > last))
		last=$output
	done
}

@test "standard input is passed, and no other descriptor" {
	run -0 zklock run "$LOCK" -- cat <<<"from outside"
	[[ $output == "from outside" ]]
	run -0 zklock run "$LOCK" -- sh -c 'ls /proc/self/fd' 7</dev/null
	[[ $(grep -cE '^[0-9]+$' <<<"$output") == 4 ]] # 0 1 2, and the folder itself
}

@test "shell: -c before the name, --command, and -c behind it as for flock" {
	run -0 zklock run -c 'echo $((6 * 7))' "$LOCK"
	[[ $output == 42 ]]
	run -0 zklock run --command='echo $((6 * 7))' "$LOCK"
	[[ $output == 42 ]]
	run -0 zklock run -x --exclusive "$LOCK" -c 'echo $((6 * 7))'
	[[ $output == 42 ]]
}

@test "shell: none without -c" {
	run -0 zklock run "$LOCK" -- echo '$HOME;' '*'
	[[ $output == '$HOME; *' ]]
}

@test "terminal: the command gets it, and Ctrl-C reaches it" {
	run -0 script -qec "zklock run $LOCK -- sh -c 'read -r word </dev/tty && echo got-\$word'" /dev/null <<<hello
	[[ $output == *got-hello* ]]
}

# In a shell on a terminal, whose commands are typed.
on_terminal() {
	command -v python3 >/dev/null || skip "no python3"
	python3 "$BATS_TEST_DIRNAME/on_terminal.py"
}

@test "terminal: the shell that has taken it back keeps it when the command ends" {
	on_terminal <<-SCRIPT
		type (zklock run $LOCK -- sh -c 'touch ran; until [ -e go ]; do sleep 0.05; done'; touch ended)\n
		await ran
		type \x1a
		see Stopped
		type bg\n
		see zklock run
		make go
		await ended
		type echo still-\$((40 + 2))\n
		see still-42
	SCRIPT
}

@test "terminal: a command that starts while the shell has it does not take it" {
	holder "$LOCK" free
	on_terminal <<-SCRIPT
		type zklock run -v $LOCK -- sh -c 'touch ran; until [ -e go ]; do sleep 0.05; done'\n
		see waiting
		type \x1a
		see Stopped
		type bg\n
		see zklock run
		make free
		await ran
		type touch go; echo still-\$((40 + 2))\n
		see still-42
		type wait; echo over-\$((40 + 2))\n
		see over-42
	SCRIPT
}

@test "terminal: in a pipeline it is the reader's, until the command asks for it" {
	on_terminal <<-SCRIPT
		type zklock run $LOCK -- sh -c 'touch ran; until [ -e read ]; do sleep 0.05; done; echo data' | sh -c 'until [ -e ran ]; do sleep 0.05; done; read -r word </dev/tty; touch read; echo got-\$word-\$(cat)'\n
		type hello\n
		see got-hello-data
		type zklock run $LOCK -- sh -c 'read -r word </dev/tty; echo had-\$word' | cat\n
		type hello\n
		see had-hello
		see ready>
	SCRIPT
}

@test "terminal: hold in the background holds on, whatever is typed into the shell" {
	on_terminal <<-SCRIPT
		type zklock hold $LOCK >held &\n
		type until grep -q held held; do sleep 0.05; done; echo held-\$((40 + 2))\n
		see held-42
		type echo more-\$((40 + 2)); sleep 1\n
		see more-42
		type zklock test $LOCK || echo still-\$((40 + 2))\n
		see still-42
		type kill %1; wait; zklock test $LOCK && echo free-\$((40 + 2))\n
		see free-42
	SCRIPT
}

@test "standard descriptors that are closed: the command runs, and messages go nowhere" {
	zklock run -v "$LOCK" -- touch one 2>&-
	zklock run -v "$LOCK" -- touch two >&- 2>&-
	zklock run -v "$LOCK" -- touch three <&- 2>&-
	zklock run -v "$LOCK" -- touch four <&- >&- 2>&-
	[[ -e one && -e two && -e three && -e four ]]
}

# --- the queue ----------------------------------------------------------------------------------------

@test "queue: one at a time, first come first served" {
	holder "$LOCK" free
	for i in 1 2 3; do
		start zklock run "$LOCK" -- sh -c "echo turn $i"
		until_true queue_is $((i + 1))
	done
	touch free
	await out 'turn 3'
	[[ $(grep turn out | tr '\n' ' ') == "turn 1 turn 2 turn 3 " ]]
}

@test "queue: -v says who holds, since when, and our place; --verbose is the same" {
	holder "$LOCK" free --why 'the nightly report'
	start zklock run -v "$LOCK" -- true
	await err "waiting for '$LOCK': position 1 in the queue; held by the nightly report"
	await err 'there since 20'
	touch free
	exits 0 "$STARTED"
	run -0 zklock run --verbose "$LOCK" -- true
	[[ $output == *"holding '$LOCK' with token"* ]]
}

@test "queue: a signal while waiting ends the wait: 128 + signal, and the queue is left" {
	holder "$LOCK" free
	first=$STARTED
	for signal in HUP INT QUIT TERM USR1; do
		start zklock run "$LOCK" -- echo ran
		until_true queue_is 2
		kill "-$signal" "$STARTED"
		exits $((128 + $(kill -l $signal))) "$STARTED"
		queue_is 1
	done
	touch free
	exits 0 "$first"
	lacks out 'ran'
}

@test "queue: a signal that was ignored when we started stays ignored (nohup)" {
	holder "$LOCK" free
	start nohup zklock run "$LOCK" -- echo ran
	until_true queue_is 2
	kill -HUP "$STARTED"
	queue_is 2
	touch free
	exits 0 "$STARTED"
	await out ran
}

# --- signals ------------------------------------------------------------------------------------------

@test "signals: each goes to the group of the command" {
	start zklock run "$LOCK" -- bash -c 'for s in HUP INT QUIT TERM USR1 USR2 WINCH ALRM; do trap "echo got-$s" $s; done
		echo ready; until [ -e over ]; do sleep 0.02; done'
	await out ready
	for signal in HUP INT QUIT TERM USR1 USR2 WINCH ALRM; do
		kill "-$signal" "$STARTED"
		await out "got-$signal"
	done
	touch over
	exits 0 "$STARTED"
}

is_stopped() { [[ $(awk '/^State:/ { print $2 }' "/proc/$1/status") == T ]]; }

@test "signals: TSTP stops both, CONT continues both" {
	start zklock run "$LOCK" -- sh -c 'echo "$$" >pid; echo ready; until [ -e over ]; do sleep 0.02; done'
	await out ready
	kill -TSTP "$STARTED"
	until_true is_stopped "$STARTED"
	until_true is_stopped "$(cat pid)"
	kill -CONT "$STARTED"
	touch over
	exits 0 "$STARTED"
}

# --- the end ------------------------------------------------------------------------------------------

@test "end: a daemon that the command leaves behind does not outlive the lock" {
	run -0 zklock run --kill-after 0.3 "$LOCK" -- sh -c 'setsid sh -c "trap \"\" TERM; echo \$\$ >pid; while :; do sleep 1000; done" &
		until [ -s pid ]; do sleep 0.01; done'
	is_gone "$(cat pid)"
}

@test "--at-least: a fast command holds on" {
	start zklock run --at-least 30 "$LOCK" -- sh -c 'echo ended; exit 3'
	await out ended
	run -75 zklock run -n "$LOCK" -- true
	kill -TERM "$STARTED" # nothing runs any more: the signal ends the lingering
	exits 3 "$STARTED"
	run -0 zklock run --at-least 0.1 -n "$LOCK" -- true
}

@test "--why, --root and --session-timeout are seen by others" {
	export ZKLOCK_ROOT=/other.$$
	holder "$LOCK" free --why 'a reason' --session-timeout 15s
	run -0 zklock who --json "$LOCK"
	jq -e '.contenders[0] | .label == "a reason" and .session_timeout_ms == 15000' <<<"$output"
	run -0 zklock who --json --root /locks "$LOCK"
	jq -e '.total == 0' <<<"$output"
	touch free
	exits 0 "$STARTED"
}

@test "--proof-interval none works, and its weaker promise is told" {
	run -0 zklock run --proof-interval none "$LOCK" -- true
	[[ $output == *[Pp]roof* ]]
	run -0 zklock run --proof-interval 1s --log-level debug "$LOCK" -- true
}

@test "--metrics-file: Prometheus text, whole" {
	run -0 zklock run --metrics-file m.prom "$LOCK" -- true
	grep -qE '^# TYPE zklock_[a-z_]+ counter$' m.prom
	grep -qE '^zklock_[a-z_]+(\{[^}]*\})? [0-9.]+$' m.prom
	[[ $(stat -c %a m.prom) == 644 ]]
	grep -qF 'zklock_acquire_total{mode="exclusive",result="ok"} 1' m.prom
	[[ $(awk '/^zklock_heartbeat_seconds_bucket/' m.prom | wc -l) == 13 ]]
	diff <(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' m.prom | sort) \
		<(grep '^[.]It Li' "$top_srcdir/docs/man/zklock_metrics_write.3" | grep -o 'zklock_[a-z_]*' | sort)
	run -0 zklock run --metrics-file /nowhere/m.prom "$LOCK" -- true
	[[ $output == *"--metrics-file"* ]]
}
