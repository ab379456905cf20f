#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What can happen to the servers while alice holds the lock and bob waits for it.

# shellcheck disable=SC2034 # timeout and servers are read by `client`
load lib

two_queue_up() {
	timeout=10
	client alice
	await has_worked alice
	client bob
	await is_queued bob
}

# The names of the two followers, as a list of servers.
followers() {
	local name
	for name in zk1 zk2 zk3; do
		if [[ $(mode "$name") == follower ]]; then echo "$name"; fi
	done | paste --serial --delimiters ,
}

# Nothing was lost: alice still works, bob gets the lock from her hands.
nothing_was_lost() {
	works_now alice
	has_not_worked bob
	stop alice
	ended_with alice 143
	await has_worked bob
	worked_before alice bob
}

@test "all servers are restarted, one after the other: no lock is lost" {
	two_queue_up
	for name in zk1 zk2 zk3; do
		restart_server "$name"
		works_now alice
	done
	nothing_was_lost
}

@test "the leader is killed: no lock is lost" {
	two_queue_up
	docker kill "$(service "$(leader)")" >/dev/null
	await leader >/dev/null
	nothing_was_lost
}

@test "the server that the holder talks to is frozen: no lock is lost" {
	local frozen
	servers=$(followers)
	two_queue_up
	frozen=$(server_of alice)
	docker pause "$(service "$frozen")" >/dev/null
	await server_of_alice_is_not "$frozen"
	docker unpause "$(service "$frozen")" >/dev/null
	await serves "$frozen"
	nothing_was_lost
}

server_of_alice_is_not() { [[ $(server_of alice) =~ ^zk && $(server_of alice) != "$1" ]]; }

@test "all servers are paused: the holder stops by itself, with nobody to tell it" {
	two_queue_up
	for name in zk1 zk2 zk3; do docker pause "$(service "$name")" >/dev/null; done
	ended_with alice "$LOST"
	has_not_worked bob
	for name in zk1 zk2 zk3; do docker unpause "$(service "$name")" >/dev/null; done
	await has_worked bob
	worked_before alice bob
}

@test "the leader is cut off from the others: two never work at once" {
	local old since
	two_queue_up
	old=$(leader)
	docker network disconnect "$NETWORK" "$(service "$old")"
	await another_leads "$old"
	read -r since _ </proc/uptime
	await somebody_works "$since"
	docker network connect --alias "$old" "$NETWORK" "$(service "$old")"
	await serves "$old"
	if has_ended alice; then
		ended_with alice "$LOST"
		await has_worked bob
		worked_before alice bob
	else
		nothing_was_lost
	fi
}

another_leads() { [[ $(leader_but "$1") != '' ]]; }

leader_but() {
	local name
	for name in zk1 zk2 zk3; do
		if [[ $name != "$1" && $(mode "$name") == leader ]]; then echo "$name" && return; fi
	done
}

somebody_works() { has_worked bob || has_worked_since alice "$1"; }
