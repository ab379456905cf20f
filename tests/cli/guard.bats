#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2013,SC2030,SC2031 # scripts in quotes are for other shells; helper.bash and bats set what is read here
# The guard process without a lock: children that would outlive it, and deaths of its neighbours.

setup() {
	load helper
	common_setup
	drive=$top_builddir/tests/cli/guard_drive
}
teardown() { common_teardown; }

# --- the table: each child must be gone, with all it has started, before the proof ends -------------

# ends_in_time CHILD...: by its deadline, in time, with nothing left over.
ends_in_time() {
	run -0 "$drive" --valid 1500 --validity 2000 -- "$@" </dev/null
	[[ $output == *"ended "*" unproven in time"* ]]
	[[ -e pids ]] || return 0
	for pid in $(cat pids); do is_gone "$pid" || fail "$pid survived"; done
}

@test "deadline: a plain child is ended before the proof is over" {
	ends_in_time sh -c 'echo $$ >pids; exec sleep 1000'
}

@test "deadline: a child that ignores TERM is killed" {
	ends_in_time sh -c 'trap "" TERM; echo $$ >pids; while :; do sleep 0.1; done'
}

@test "deadline: a child that stops itself is killed" {
	ends_in_time sh -c 'echo $$ >pids; kill -STOP $$; sleep 1000'
}

@test "deadline: a daemon that left the group and the session is killed" {
	ends_in_time sh -c 'setsid sh -c "trap \"\" TERM HUP; echo \$\$ >>pids; sleep 1000 & echo \$! >>pids; wait" & sleep 1000'
}

@test "deadline: a double fork is killed" {
	ends_in_time sh -c '(setsid sh -c "echo \$\$ >>pids; exec sleep 1000" &) ; sleep 1000'
}

@test "deadline: a child that forks on TERM is killed" {
	ends_in_time bash -c 'trap "sleep 1000 & echo \$! >>pids" TERM; while :; do sleep 0.1; done'
}

@test "deadline: with SIGKILL as the first signal nobody is asked" {
	run -0 "$drive" --first 9 --valid 1500 --validity 2000 -- \
		sh -c 'trap "echo asked" TERM; while :; do sleep 0.1; done' </dev/null
	[[ $output == *"ended 9 unproven in time"* ]]
	[[ $output != *asked* ]]
}

@test "deadline: extended in time, it is not touched" {
	mkfifo orders go
	exec 4<>orders 5<>go
	start "$drive" --valid 1500 --validity 2000 -- sh -c 'read -r line <go; exit 3' <&4
	await out started
	for _ in 1 2 3 4 5 6; do
		echo 'extend 1500' >&4
		read -rt 0.4 <> <(:) || true
	done
	echo >&5
	await out 'ended 768 none in time'
	exec 4<&- 5<&-
}

# --- ends ---------------------------------------------------------------------------------------------

@test "end: the wait status of the command is reported" {
	run -0 "$drive" -- sh -c 'exit 3' </dev/null
	[[ $output == *"ended 768 none in time"* ]]
}

@test "end: what the command left behind is ended with it" {
	run -0 "$drive" --kill-after 300 -- sh -c 'setsid sh -c "trap \"\" TERM; echo \$\$ >pids; while :; do sleep 1000; done" &
		until [ -s pids ]; do sleep 0.01; done; exit 4' </dev/null
	[[ $output == *"ended 1024 none in time"* ]]
	is_gone "$(cat pids)"
}

@test "end: with the lock gone there is no grace" {
	mkfifo orders
	exec 4<>orders
	start "$drive" --kill-after 50000 -- sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done' <&4
	await out ready
	echo 'end 0' >&4
	await out 'ended 9 lost in time'
	exec 4<&-
}

@test "end: --at-most" {
	run -0 "$drive" --at-most 200 -- sleep 1000 </dev/null
	[[ $output == *"ended 15 at-most in time"* ]]
}

@test "exec: a command that is not there, and one that is no program" {
	run -0 "$drive" -- no-such-command </dev/null
	[[ $output == *"refused ENOENT"* ]]
	run -0 "$drive" -- /etc/passwd </dev/null
	[[ $output == *"refused EACCES"* ]]
}

# --- deaths -------------------------------------------------------------------------------------------

@test "death: killed zklock, the guard ends the command" {
	start "$drive" -- sh -c 'echo $$ >pids; echo ready; exec sleep 1000' </dev/null
	await out ready
	kill -KILL "$STARTED"
	await_gone "$(cat pids)"
}

@test "death: stopped zklock, the guard ends the command at the deadline" {
	start "$drive" --valid 1500 --validity 2000 -- sh -c 'echo $$ >pids; echo ready; exec sleep 1000' </dev/null
	await out ready
	kill -STOP "$STARTED"
	await_gone "$(cat pids)"
	kill -CONT "$STARTED"
	await out 'unproven in time'
}

@test "death: killed guard, nothing of the command survives" {
	start "$drive" -- sh -c 'setsid sh -c "trap \"\" TERM HUP; echo \$\$ >>pids; while :; do sleep 1000; done" &
		echo $$ >>pids; until [ "$(wc -l <pids)" = 2 ]; do sleep 0.01; done; echo ready; wait' </dev/null
	await out ready
	kill -KILL "$(sed -n 's/.* guard //p' out)"
	await out avenged
	for pid in $(cat pids); do is_gone "$pid"; done
}

# --- descriptors ----------------------------------------------------------------------------------------

@test "descriptors: nothing above 2 reaches the command" {
	exec 7</dev/null
	run -0 "$drive" -- sh -c 'ls /proc/self/fd' </dev/null
	exec 7<&-
	# 3 is the folder that ls itself reads
	[[ $(grep -cE '^[0-9]+$' <<<"$output") == 4 ]]
}

@test "scheduling: the command gets the priority that we were started with" {
	local lower=$(($(nice) + 1)) # whoever runs this may be nice already
	run -0 nice -n 1 "$drive" -- sh -c 'echo "$(nice) $(awk "{ print \$19, \$41 }" /proc/$$/stat)"' </dev/null
	# a line of its own, and whether before or after guard_drive's first is left to the scheduler
	grep -qx "$lower $lower 0" <<<"$output" || fail "$output"
}

# Signals 32 and 33 are the C library's own, which no program can set.
signal_sets() {
	while read -r name set; do
		[[ $name != Sig* ]] || printf '%s %x\n' "$name" $((16#$set & ~(3 << 31)))
	done
}

@test "signals: mask and dispositions of the command are those we found" {
	# whoever runs this may ignore some of them, which all processes below inherit
	for found in --default-signal=HUP --ignore-signal=HUP,CHLD,USR1; do
		run -0 env "$found" "$drive" -- grep -E "Sig(Blk|Ign)" /proc/self/status </dev/null
		expected=$(env "$found" grep -E "Sig(Blk|Ign)" /proc/self/status | signal_sets)
		[[ $(signal_sets <<<"$output") == "$expected" ]] || fail "$output, not $expected"
	done
}
