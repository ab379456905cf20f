#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2013,SC2030,SC2031 # scripts in quotes are for other shells; helper.bash and bats set what is read here
# zklock hold, wait and test on a real ensemble.

setup() {
	load helper
	common_setup
	[[ -n ${ZKLOCK_SERVERS:-} ]] || skip "no servers: ZKLOCK_SERVERS is not set"
}
teardown() { common_teardown; }

@test "hold: a JSON line when held; ends with standard input" {
	mkfifo input
	exec 4<>input
	start zklock hold "$LOCK" < <(exec 4>&-; head -n 1 input)
	await out held
	jq -e --arg name "$LOCK" '.schema == 1 and .event == "held" and .name == $name and .token > 0
		and .remaining_ms > 0 and (.node | contains("-lock-")) and (.session | startswith("0x"))' <out
	run -75 zklock hold -n "$LOCK" </dev/null
	echo over >&4
	exits 0 "$STARTED"
	exec 4>&-
	run -0 zklock test "$LOCK"
}

@test "hold: --until-signal does not read, and a signal ends it well" {
	start zklock hold --until-signal "$LOCK" </dev/null
	await out held
	kill -TERM "$STARTED"
	exits 0 "$STARTED"
	run -0 zklock test "$LOCK"
}

@test "hold: a signal while waiting is 128 + signal" {
	holder "$LOCK" free
	start zklock hold --until-signal "$LOCK"
	until_true queue_is 2
	kill -INT "$STARTED"
	exits 130 "$STARTED"
}

@test "hold: lost to zklock break: a JSON line, status 76" {
	start zklock hold --until-signal "$LOCK"
	await out held
	run -0 zklock break --yes "$LOCK"
	exits 76 "$STARTED"
	tail -n 1 out | jq -e '.event == "lost" and .cause == "deleted"'
}

@test "wait: until the holder is done; joins nothing and takes nothing" {
	run -0 zklock wait "$LOCK"
	holder "$LOCK" free
	run -75 zklock wait -w 0.2 "$LOCK"
	[[ $output == *"cannot wait for"* ]]
	run -3 zklock wait -n -q -E 3 "$LOCK"
	[[ -z $output ]]
	start zklock wait -v "$LOCK"
	await err "waiting until 1 are done .*held by"
	queue_is 1
	touch free
	exits 0 "$STARTED"
	run -0 zklock wait -n "$LOCK"
}

@test "wait: a signal ends it" {
	holder "$LOCK" free
	start zklock wait -v "$LOCK"
	await err "waiting until 1 are done"
	kill -INT "$STARTED"
	exits 130 "$STARTED"
}

@test "test: free is 0, taken is 75 or -E; nothing is taken" {
	run -0 zklock test "$LOCK"
	[[ $output == *free ]]
	holder "$LOCK" free
	run -75 zklock test "$LOCK"
	[[ $output == *"held by"* ]]
	run -3 zklock test -E 3 -q "$LOCK"
	[[ -z $output ]]
	run -75 zklock test --json "$LOCK"
	jq -e '.free == false and .total == 1 and .holder.holds' <<<"$output"
}
