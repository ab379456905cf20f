#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2013,SC2030,SC2031 # scripts in quotes are for other shells; helper.bash and bats set what is read here
# zklock once on a real ensemble: each tick at most once, over all hosts and for ever.

setup() {
	load helper
	common_setup
	SESSIONS=()
	[[ -n ${ZKLOCK_SERVERS:-} ]] || skip "no servers: ZKLOCK_SERVERS is not set"
}

teardown() {
	local session
	for session in "${SESSIONS[@]}"; do pkill -KILL -s "$session" || true; done
	common_teardown
}

@test "a key of your own: run once, then never again; --done-exit-code" {
	run -0 zklock once --tick release-7 "$LOCK" -- sh -c 'echo "ran $ZKLOCK_TICK $ZKLOCK_HELD"'
	[[ $output == "ran release-7 1" ]]
	run -0 zklock once --tick release-7 "$LOCK" -- echo again
	[[ -z $output ]]
	run -17 zklock once --done-exit-code 17 --tick release-7 "$LOCK" -- echo again
	run -0 zklock once -v --tick release-7 "$LOCK" -- echo again
	[[ $output == *"tick release-7: done by pid"* ]]
	run -0 zklock once --tick release-8 "$LOCK" -- echo other
	[[ $output == other ]]
}

@test "status: that of the command, and the tick counts as done" {
	run -4 zklock once --tick a "$LOCK" -- sh -c 'exit 4'
	run -0 zklock once --tick a --recover "$LOCK" -- echo again
	[[ -z $output ]]
	run -127 zklock once --tick b "$LOCK" -- no-such-command
	run -124 zklock once --tick c --at-most 0.2 "$LOCK" -- sleep 1000
}

@test "the key of a time is its beginning in UTC" {
	for pair in minute:30s hour:30m day:12h every=90s:45s; do
		tick=${pair%%:*}
		TZ=Asia/Tokyo run -0 zklock once --tick "$tick" "$LOCK.${tick//=/-}" -- printenv ZKLOCK_TICK
		[[ $output =~ ^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$ ]]
		case $tick in
		minute) [[ $output == *:00Z ]] ;;
		hour) [[ $output == *:00:00Z ]] ;;
		day) [[ $output == *T00:00:00Z ]] ;;
		every=90s) (($(date -u -d "$output" +%s) % 90 == 0)) ;;
		esac
		age=$(($(date +%s) - $(date -u -d "$output" +%s)))
		((age >= 0 && age <= 86400))
	done
}

@test "eight at the same moment: one runs, seven leave with status 0" {
	for _ in 1 2 3 4 5 6 7 8; do start zklock once --tick now "$LOCK" -- sh -c 'echo ran'; done
	for pid in "${PIDS[@]}"; do exits 0 "$pid"; done
	[[ $(grep -c ran out) == 1 ]]
}

@test "while another host runs the tick, the rest leave at once" {
	start zklock once --tick k "$LOCK" -- sh -c 'echo ready; until [ -e go ]; do sleep 0.02; done'
	await out ready
	run -0 zklock once --tick k "$LOCK" -- echo again
	[[ -z $output ]]
	run -0 zklock once -n --tick k "$LOCK" -- echo again
	[[ -z $output ]]
	touch go
	exits 0 "$STARTED"
}

@test "ticks of one job do not overlap: the next waits, or is skipped with -n (75) and not run later" {
	start zklock once --tick k1 "$LOCK" -- sh -c 'echo ready; until [ -e go ]; do sleep 0.02; done'
	await out ready
	run -75 zklock once -n --tick k2 "$LOCK" -- echo ran
	run -75 zklock once -w 0.3 --tick k3 "$LOCK" -- echo ran
	start zklock once --tick k4 "$LOCK" -- echo ran-k4
	until_true queue_is 2
	lacks out 'ran-k4'
	touch go
	exits 0 "$STARTED"
	grep ran-k4 out
	run -0 zklock once --tick k3 "$LOCK" -- echo ran # claimed and given up: skipped
	[[ -z $output ]]
	run -0 zklock once --tick k3 --recover -v "$LOCK" -- echo ran
	[[ $output == *"tick k3: skipped"* ]]
}

@test "a runner that died: at most once without --recover, run again with it" {
	start zklock once --session-timeout 4s --tick k "$LOCK" -- sh -c 'echo "begin $ZKLOCK_TICK"; exec sleep 1000'
	await out begin
	kill -KILL "$STARTED"
	run -0 zklock once --tick k "$LOCK" -- echo again
	[[ -z $output ]]
	run -0 zklock once --tick k --recover "$LOCK" -- sh -c 'echo "again $ZKLOCK_TICK"'
	[[ $output == "again k" ]]
	run -0 zklock once --tick k --recover "$LOCK" -- echo thrice
	[[ -z $output ]]
}

@test "--recover also finds a dead runner's earlier tick, and runs it first" {
	start zklock once --session-timeout 4s --tick k1 "$LOCK" -- sh -c 'echo begin; exec sleep 1000'
	await out begin
	kill -KILL "$STARTED"
	run -0 zklock once --tick k2 --recover "$LOCK" -- sh -c 'echo "ran $ZKLOCK_TICK"'
	[[ $output == "ran k1"$'\n'"ran k2" ]]
}

@test "--recover leaves alone who lives: claimed and still waiting" {
	start zklock once --tick k1 "$LOCK" -- sh -c 'echo ready; until [ -e go ]; do sleep 0.02; done'
	await out ready
	start zklock once --tick k2 "$LOCK" -- echo ran-k2
	until_true queue_is 2
	start zklock once --recover --tick k2 "$LOCK" -- echo stolen
	until_true queue_is 3
	touch go
	exits 0 "$STARTED"
	[[ $(grep -c ran-k2 out) == 1 ]]
	lacks out 'stolen'
}

@test "--keep: old claims go, and a host whose clock is far behind does not run them again" {
	need_faketime
	export FAKETIME_DONT_FAKE_MONOTONIC=1
	for i in 1 2 3 4 5 6 7 8; do
		run -0 faketime -f "+$((i * 60))s" zklock once --tick minute --keep 4 "$LOCK" -- echo ran
		[[ $output == ran ]]
	done
	run -0 faketime -f "+60s" zklock once --tick minute --keep 4 "$LOCK" -- echo again
	[[ $output == *"older than all that are kept"* && $output != *again* ]]
	run -0 faketime -f "+480s" zklock once --tick minute --keep 4 "$LOCK" -- echo again
	[[ -z $output ]]
}

@test "eight hosts, clocks off by up to a tick, one killed, one paused: each message once" {
	need_faketime
	ticks=${ZKLOCK_TICKS:-7} # ZKLOCK_TICKS=20 on a machine that does nothing else: eight runners a tick must keep up
	: >log
	stop_at=$(($(date +%s) + ticks * 3))
	shifts=(0 0.4 0.8 1.2 1.6 2.0 2.4 2.9)
	for i in 0 1 2 3 4 5 6 7; do
		start setsid "$BATS_TEST_DIRNAME/cron_host.sh" "h$i" "${shifts[i]}" "$stop_at"
		SESSIONS+=("$STARTED")
	done
	await log '^sent'
	touch slow
	await log '^hangs'
	dead=$(sed -n 's/^hangs .* h//p' log)
	pkill -KILL -s "${SESSIONS[dead]}"
	# a host that does not run the job now
	paused=$(((dead + 1) % 8))
	pkill -STOP -s "${SESSIONS[paused]}"
	await log "^begin $(sed -n 's/^hangs \(.*\) h.*/\1/p' log) h[^$dead]"
	pkill -CONT -s "${SESSIONS[paused]}"
	for i in 0 1 2 3 4 5 6 7; do
		((i == dead)) || exits 0 "${SESSIONS[i]}"
	done
	sent=$(grep -c '^sent' log)
	[[ $(grep '^sent' log | cut -d' ' -f2 | sort | uniq -d) == "" ]] || fail "twice: $(cat log)"
	first=$(date -u -d "$(cut -d' ' -f2 log | sort | head -n 1)" +%s)
	last=$(date -u -d "$(cut -d' ' -f2 log | sort | tail -n 1)" +%s)
	((sent == (last - first) / 3 + 1)) || fail "missed: $(cat log)"
	((sent >= ticks))
	[[ $(grep -c '^begin' log) == $((sent + 1)) ]] # the interrupted one was begun twice
}
