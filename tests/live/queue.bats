#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # bats and helper.bash set what is read here
# A queue of 10 000 (faults.md row 22): what it costs is counted by tests/story/test_counts.c.

setup() {
	load ../cli/helper
	common_setup
	[[ -n ${ZKLOCK_SERVERS:-} ]] || skip "no ZooKeeper server here, or not wanted"
	/usr/bin/python3 -c 'import kazoo' 2>/dev/null || skip "no python3-kazoo"
}

teardown() { common_teardown; }

@test "behind 10 000: one joins, sees how many stand before it, leaves, joins again and is granted when they have gone" {
	mkfifo until
	exec 4<>until
	start /usr/bin/python3 "$BATS_TEST_DIRNAME/long_queue.py" "$ZKLOCK_SERVERS" "/locks/$LOCK" 10000 <until 4>&-
	others=$STARTED
	await out ready
	queue_is 10000
	run -75 zklock run -w 1 "$LOCK" -- touch too-early
	until_true queue_is 10000
	start zklock run -v "$LOCK" -- touch granted 4>&-
	waiter=$STARTED
	await err '10000'
	exec 4>&-
	exits 0 "$others"
	exits 0 "$waiter"
	[[ -e granted && ! -e too-early ]]
	zklock test "$LOCK"
}
