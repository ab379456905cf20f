#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016 # helper.bash and bats set what is read here
# zklock doctor on an ensemble that is not well: each ailment must be found.

setup_file() {
	load helper
	! may_have_servers || own_servers -- --conf maxClientCnxns=10 --jvm -Dzookeeper.skipACL=yes
}

teardown_file() { no_own_servers; }

setup() {
	load helper
	common_setup
	[[ -n ${ZKLOCK_ENSEMBLE_DIR:-} ]] || skip "no ZooKeeper server here, or not wanted"
}
teardown() {
	local dir
	for dir in "$PWD"/short "$PWD"/long; do [[ ! -e $dir ]] || ensemble stop --dir "$dir"; done
	common_teardown
}

ensemble() { "$top_srcdir/scripts/ensemble" "$@" 3>&-; }

@test "ACLs that are not enforced are BAD, status 1" {
	run -1 zklock doctor
	[[ $output == *"BAD"*"ACLs are not enforced"* ]]
	run -1 zklock doctor --json
	jq -e '.verdict == "BAD"' <<<"${lines[-1]}"
}

@test "an open root is worth a note, and what the servers make of a lock is looked at" {
	holder "$LOCK" free # makes the root
	run zklock doctor
	[[ $output == *note*"/locks"*"whoever reaches the servers may make and delete locks"* ]]
	[[ $output == *ok*"containers"*"remove empty locks by themselves"* ]]
	touch free
}

@test "one server of several in --servers is worth a note" {
	follower=$(ensemble status | awk '/follower/ { print $2; exit }')
	run zklock doctor --servers "$follower"
	[[ $output == *note*"only one of several is named"* ]]
}

@test "connections near the limit of one address are BAD" {
	one=${ZKLOCK_SERVERS%%,*}
	for i in 1 2 3 4 5 6 7 8; do
		start zklock hold --until-signal --servers "$one" "$LOCK.$i"
	done
	for i in 1 2 3 4 5 6 7 8; do
		until_true grep -q "\"name\":\"$LOCK.$i\"" out
	done
	run -1 zklock doctor --no-trial
	[[ $output == *BAD*"$one"*"connections that one address may have are taken"* ]]
}

@test "other children of a lock are pointed out" {
	for python in python3 /usr/bin/python3 ''; do
		[[ -n $python ]] || skip "no kazoo"
		! "$python" -c 'import kazoo' 2>/dev/null || break
	done
	holder "$LOCK" free
	"$python" -c 'import sys
from kazoo.client import KazooClient
zk = KazooClient(sys.argv[1])
zk.start()
zk.create(sys.argv[2])
zk.stop()' "$ZKLOCK_SERVERS" "/locks/$LOCK/stranger"
	run zklock doctor --no-trial
	[[ $output == *note*"$LOCK"*"children that are no contenders: 1"* ]]
	run -0 zklock who --json "$LOCK"
	jq -e '.strangers == 1 and .total == 1' <<<"$output"
	touch free
}

@test "no quorum: a server that runs and does not serve is BAD, status 69" {
	leader=$(ensemble leader)
	for n in 1 2 3; do
		((n == leader)) || ensemble kill "$n"
	done
	until_true eval '[[ $(ensemble status | grep -c looking) == 1 ]]'
	run -69 zklock doctor --session-timeout 4s
	[[ $output == *BAD*"does not serve"* && $output == *BAD*"does not answer"* ]]
	for n in 1 2 3; do
		((n == leader)) || ensemble restart "$n"
	done
}

@test "servers whose sessions are too short for a proof; who only looks is served, a lock is refused" {
	ensemble start --servers 1 --dir "$PWD/long" >/dev/null
	eval "$(ensemble env --dir "$PWD/long")"
	long=$ZKLOCK_SERVERS
	ensemble start --servers 1 --tick 200 --conf maxSessionTimeout=500 --dir "$PWD/short" >/dev/null
	eval "$(ensemble env --dir "$PWD/short")"
	run zklock doctor --no-trial --servers "$ZKLOCK_SERVERS,$long"
	[[ $output == *BAD*"set the same minSessionTimeout and maxSessionTimeout everywhere"* ]]
	run -1 zklock doctor
	found=$output
	run -0 zklock who "$LOCK"
	run -78 zklock run "$LOCK" -- touch never
	[[ $found =~ BAD\ +proof\ +impossible ]]
	[[ ! -e never && $output == *"nothing can be proven"*"zklock doctor"* ]]
}
