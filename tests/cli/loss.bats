#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2013,SC2030,SC2031 # scripts in quotes are for other shells; helper.bash and bats set what is read here
# The lock is lost, or zklock is stopped or killed: the command is gone before a rival's begins.
# One server of its own, which the tests freeze and kill. Those in which zklock itself is stopped or killed
# run once, or LOSS_RUNS times.

setup_file() {
	load helper
	! may_have_servers || own_servers -- --servers 1 --tick 1000
}

teardown_file() { no_own_servers; }

setup() {
	load helper
	common_setup
	[[ -n ${ZKLOCK_ENSEMBLE_DIR:-} ]] || skip "no ZooKeeper server here, or not wanted"
}

teardown() {
	[[ -z ${ZKLOCK_ENSEMBLE_DIR:-} ]] || make_whole
	common_teardown
}

ensemble() { "$top_srcdir/scripts/ensemble" "$@" 3>&-; }

make_whole() {
	case $(ensemble status) in
	*dead) ensemble restart 1 ;;
	*paused) ensemble resume 1 && ensemble wait 1 ;;
	esac
}

is_stopped() { [[ $(awk '/^State:/ { print $2 }' "/proc/$1/status") == T ]]; }
runs_again() { ! is_stopped "$1"; }

# stubborn OPTION...: hold LOCK with a command that ignores TERM and leaves a daemon that does, too;
# the numbers of both are in the file pids.
stubborn() {
	start zklock run --session-timeout 4s "$@" "$LOCK" -- sh -c 'trap "echo got-TERM" TERM; trap "echo got-HUP" HUP
		setsid sh -c "trap \"\" TERM HUP; echo \$\$ >>pids; while :; do sleep 1000; done" &
		echo $$ >>pids; until [ "$(wc -l <pids)" = 2 ]; do sleep 0.01; done
		echo ready; while :; do sleep 0.05; done'
	await out ready
}

# The rival's command looks whether anything of the first one is still alive.
rival() {
	run -0 zklock run --session-timeout 4s "$LOCK" -- sh -c 'for pid in $(cat pids); do
		state=$(sed -n "s/^State:.\(.\).*/\1/p" /proc/$pid/status 2>/dev/null)
		[ -z "$state" ] || [ "$state" = Z ] || echo "overlap with $pid, state $state"; done; echo rival'
	[[ $output == *rival* ]]
	[[ $output != *overlap* ]] || fail "$output"
}

all_gone() {
	local pid
	for pid in $(cat pids); do is_gone "$pid" || return; done
}

# --- the servers are silent -------------------------------------------------------------------------

@test "frozen server: TERM, then KILL, all in time: status 76" {
	stubborn --on-lost=term --kill-after 60s
	ensemble pause 1
	exits 76 "$STARTED"
	all_gone
	grep -q got-TERM out
	grep -q 'no proof in time' err
	lacks err 'WARNING'
}

@test "frozen server: --on-lost=kill asks nobody; --lost-exit-code" {
	stubborn --on-lost=kill --lost-exit-code 44
	ensemble pause 1
	exits 44 "$STARTED"
	all_gone
	lacks out 'got-'
}

@test "frozen server: --on-lost=hup sends HUP first" {
	stubborn --on-lost=hup
	ensemble pause 1
	exits 76 "$STARTED"
	all_gone
	grep -q got-HUP out
	lacks out 'got-TERM'
}

@test "frozen server: --on-lost=ignore lets the command end by itself, with its own status" {
	start zklock run --session-timeout 4s --on-lost=ignore "$LOCK" -- \
		sh -c 'echo ready; until [ -e go ]; do sleep 0.05; done; exit 3'
	await out ready
	ensemble pause 1
	await err "lost the lock '$LOCK'.*goes on"
	touch go
	exits 3 "$STARTED"
}

@test "dead server: --on-suspend=stop stops the command until contact is back" {
	start zklock run --session-timeout 20s --on-suspend=stop "$LOCK" -- \
		sh -c 'echo $$ >pid; echo ready; until [ -e go ]; do sleep 0.05; done'
	await out ready
	ensemble kill 1
	await err 'no contact to the servers'
	until_true is_stopped "$(cat pid)"
	ensemble restart 1
	await err 'contact again'
	until_true runs_again "$(cat pid)"
	touch go
	exits 0 "$STARTED"
}

@test "dead server: --on-suspend=term ends the command while the lock is still proven" {
	stubborn --session-timeout 10s --on-suspend=term --kill-after 0.3
	ensemble kill 1
	exits 76 "$STARTED"
	all_gone
	grep -q got-TERM out
	grep -q 'on-suspend=term' err
	lacks err 'lost the lock'
}

@test "dead server: with --on-suspend=none the command is not touched" {
	start zklock run --session-timeout 20s --on-suspend=none "$LOCK" -- \
		sh -c 'trap "echo got-signal" HUP TERM CONT; echo ready; until [ -e go ]; do sleep 0.05; done'
	await out ready
	ensemble kill 1
	await err 'no contact to the servers'
	ensemble restart 1
	await err 'contact again'
	touch go
	exits 0 "$STARTED"
	lacks out 'got-signal'
}

# --- zklock itself is hurt ---------------------------------------------------------------------------

# times COMMAND...: LOSS_RUNS times, each in a folder and with a lock of its own.
times() {
	local run
	for ((run = 1; run <= ${LOSS_RUNS:-1}; run++)); do
		mkdir "$run" && cd "$run" || return
		LOCK=$LOCK.$run
		"$@"
		cd .. || return
	done
}

@test "SIGSTOP of zklock: its command is gone before a rival's begins; continued, it says 76" {
	stopped() {
		stubborn
		kill -STOP "$STARTED"
		rival
		all_gone
		kill -CONT "$STARTED"
		exits 76 "$STARTED"
	}
	times stopped
}

@test "SIGSTOP of zklock's whole group, as the shell does it" {
	start setsid -w zklock run --session-timeout 4s "$LOCK" -- \
		sh -c 'echo $$ >pids; echo "ready $PPID"; while :; do sleep 0.05; done'
	await out ready
	zklock_pid=$(zklock who --json "$LOCK" | jq .contenders[0].pid)
	PIDS+=("$zklock_pid")
	kill -STOP -- "-$zklock_pid"
	rival
	kill -CONT -- "-$zklock_pid"
	exits 76 "$STARTED"
}

@test "SIGKILL of zklock: its command is gone before a rival's begins" {
	killed() {
		stubborn --kill-after 0.5
		kill -KILL "$STARTED"
		rival
		all_gone
		grep -q 'zklock itself was killed' err
	}
	times killed
}

@test "SIGKILL of the guard: nothing of the command survives, status 70" {
	stubborn
	kill -KILL "$(pgrep -P "$STARTED")" # zklock has one child, the guard
	exits 70 "$STARTED"
	all_gone
	rival
}

@test "a command that stops itself does not outlive the lock" {
	start zklock run --session-timeout 4s "$LOCK" -- sh -c 'echo $$ >pids; echo ready; kill -STOP $$'
	await out ready
	kill -STOP "$STARTED"
	rival
	kill -CONT "$STARTED"
	exits 76 "$STARTED"
}

@test "removed by zklock break: no time is left, KILL follows at once" {
	stubborn --kill-after 60s
	start zklock run "$LOCK" -- echo next
	until_true queue_is 2
	run -0 zklock break --yes "$LOCK"
	exits 76 "${PIDS[0]}"
	all_gone
	grep -q "lost the lock '$LOCK' (deleted)" err
}

@test "processes that cannot be killed: said loudly, status 71" {
	[[ $(id -u) == 0 ]] || skip "needs root, to make a process that its parent may not kill"
	command -v setpriv >/dev/null || skip "needs setpriv"
	cp "$(python3 -c 'import sys, os; print(os.path.realpath(sys.executable))')" escape
	chmod 4755 escape
	chmod 777 .
	setpriv --reuid 65534 --regid 65534 --clear-groups ./escape -c 'import os; os.setresuid(0, 0, 0)' ||
		skip "set-user-ID does not work here"
	HOME=/ XDG_CONFIG_HOME=/nowhere setpriv --reuid 65534 --regid 65534 --clear-groups zklock version ||
		skip "other users cannot reach the command in this folder"
	HOME=/ XDG_CONFIG_HOME=/nowhere start setpriv --reuid 65534 --regid 65534 --clear-groups \
		zklock run --session-timeout 4s "$LOCK" -- ./escape -c 'import os, time
os.setresuid(0, 0, 0)
open("pid", "w").write(str(os.getpid()))
print("ready", flush=True)
time.sleep(1000)'
	await out ready
	ensemble pause 1
	await err 'WARNING: process .* survives SIGKILL'
	kill -KILL "$(cat pid)"
	exits 71 "$STARTED"
}
