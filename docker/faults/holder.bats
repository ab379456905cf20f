#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What can happen to the container that holds the lock.

# shellcheck disable=SC2034 # timeout and servers are read by `client`
load lib

two_queue_up() {
	client alice
	await has_worked alice
	client bob
	await is_queued bob
}

@test "cut off from the network, the holder stops before another container is granted" {
	two_queue_up
	cut_off alice
	await has_worked bob
	ended_with alice "$LOST"
	worked_before alice bob
	is_fenced alice bob
}

@test "cut off for a moment only, the holder keeps the lock" {
	timeout=10
	two_queue_up
	cut_off alice
	reconnect alice
	works_now alice
	stop alice
	await has_worked bob
	worked_before alice bob
}

@test "killed, the holder is followed by those who wait, in their order" {
	two_queue_up
	client carol
	await is_queued carol
	slay alice
	await has_worked bob
	has_not_worked carol
	worked_before alice bob
	slay bob
	await has_worked carol
	worked_before bob carol
}

@test "stopped by the engine, the holder ends its child, then releases" {
	two_queue_up
	stop alice
	ended_with alice 143
	await has_worked bob
	worked_before alice bob
}

@test "restarted, the holder queues again behind those who wait, and holds by a new token" {
	local old
	two_queue_up
	old=$(token alice)
	restart alice
	await has_worked bob
	worked_before alice bob
	await is_queued alice
	works_now bob
	stop bob
	await has_worked_since alice "$(last_work bob)"
	(($(last_token alice) > $(token bob) && $(token bob) > old))
}

@test "paused until another container works, the holder wakes up as one who has lost" {
	two_queue_up
	pause alice
	await has_worked bob
	resume alice
	ended_with alice "$OVERRAN" # her child was paused with her, and so not ended in time
	is_fenced alice bob
	works_now bob
}
