#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What can happen to a container that waits: alice holds, bob waits for her, carol for bob.

load lib

three_queue_up() {
	client alice
	await has_worked alice
	client bob
	await is_queued bob
	client carol
	await is_queued carol
}

is_gone() { ! is_queued "$1"; }

@test "a waiter that is killed does not promote the one behind it" {
	three_queue_up
	slay bob
	await is_gone bob
	works_now alice
	has_not_worked carol
	stop alice
	await has_worked carol
	worked_before alice carol
}

@test "a waiter that is restarted goes to the end of the queue" {
	three_queue_up
	restart bob
	await is_queued bob
	works_now alice
	stop alice
	await has_worked carol
	has_not_worked bob
	worked_before alice carol
	stop carol
	await has_worked bob
	worked_before carol bob
}

@test "a waiter that is cut off is passed over, and queues again when it is back" {
	three_queue_up
	cut_off bob
	stop alice
	await has_worked carol
	has_not_worked bob
	worked_before alice carol
	reconnect bob
	await is_queued bob
	stop carol
	await has_worked bob
	worked_before carol bob
}

@test "a waiter that is paused beyond its session does not hold when it wakes up" {
	three_queue_up
	pause bob
	stop alice
	await has_worked carol
	resume bob
	await is_queued bob
	works_now carol
	has_not_worked bob
}
