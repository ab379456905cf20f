#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts in quotes are for other shells; bats and helper.bash set what is read here
#
# A machine was cloned: two processes with one session (faults.md row 37). Nothing prevents it;
# these show what then happens. The copy is played by a client that presents the session of the other.

setup() {
	load ../cli/helper
	common_setup
	[[ -n ${ZKLOCK_SERVERS:-} ]] || skip "no ZooKeeper server here, or not wanted"
	/usr/bin/python3 -c 'import kazoo' 2>/dev/null || skip "no python3-kazoo"
	export ZKLOCK_SESSION_TIMEOUT=20s
}

teardown() { common_teardown; }

# contender N FIELD: of the queue, from 0.
contender() { zklock who --json "$LOCK" | jq -r ".contenders[$1].$2"; }

# clone N VERB: the copy of the process at that place. Its client says on standard error how often the
# other one took the session back.
clone() {
	/usr/bin/python3 "$BATS_TEST_DIRNAME/clone.py" "${ZKLOCK_SERVERS%%,*}" \
		"$(printf '%d' "$(contender "$1" session)")" "/locks/$LOCK/$(contender "$1" node)" "$2" 2>clone.err 3>&- || fail "$(<clone.err)"
}

@test "cloned while waiting: when the turn comes, both may believe" {
	holder "$LOCK" free
	start zklock run "$LOCK" -- sh -c 'echo turn; until [ -e go ]; do sleep 0.05; done'
	waiter=$STARTED
	until_true queue_is 2
	run -0 clone 1 prove
	[[ $output == "proven True "* ]]
	touch free
	await out turn
	run -0 clone 0 prove
	[[ $output == "proven True "* ]]
	touch go
	exits 0 "$waiter"
}

@test "cloned while holding: both hold, with one token, and each can prove it" {
	# the command ends after twice what a proof lasts, unless the lock is lost
	start zklock run --session-timeout 4s "$LOCK" -- sh -c 'echo "token $ZKLOCK_TOKEN"
		for i in $(seq 100); do sleep 0.05; done; echo long; until [ -e go ]; do sleep 0.05; done'
	await out token
	token=$(sed -n 's/^token //p' out)
	run -0 clone 0 prove
	[ "$output" = "proven True $token" ]
	await out long
	run -0 clone 0 prove
	[ "$output" = "proven True $token" ]
	touch go
	exits 0 "$STARTED"
	lacks err 'lost the lock'
}

@test "cloned, then released by one: the other is told that its znode is gone" {
	start zklock hold --until-signal "$LOCK"
	held=$STARTED
	await out '"held"'
	start zklock run "$LOCK" -- touch next
	next=$STARTED
	until_true queue_is 2
	run -0 clone 0 delete
	await out '"lost"'
	exits 76 "$held"
	exits 0 "$next"
	[ -e next ]
}
