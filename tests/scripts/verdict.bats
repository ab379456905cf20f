#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# scripts/verdict must find what would shame the demo: a tick run twice, a tick that nobody ended.

setup() {
	verdict=$BATS_TEST_DIRNAME/../../scripts/verdict
	cd "$BATS_TEST_TMPDIR" || return
	: >r2.log
	cat >r1.log <<-'LOG'
		100000 r1 ready
		100010 r1 claim tick=100 token=7
		100011 r1 start tick=100 token=7 pid=4711
		100300 r1 end tick=100 token=7
		101010 r1 claim tick=101 token=8
		101011 r1 start tick=101 token=8 pid=4711
		101300 r1 end tick=101 token=8
	LOG
}

judge() { run "$verdict" -v from=100 -v until=102 -v every=1 r1.log r2.log; }

@test "every tick run once is a good verdict" {
	judge
	[ "$status" -eq 0 ]
	[ "$output" = "verdict: due 2, run 2, twice 0, missed 0" ]
}

@test "a tick that two runners ended is run twice" {
	echo "101900 r2 end tick=101 token=9" >>r2.log
	judge
	[ "$status" -eq 1 ]
	[ "$output" = "verdict: due 2, run 2, twice 1, missed 0" ]
}

@test "a tick that was begun and never ended is missed" {
	sed -i '/end tick=101/d' r1.log
	judge
	[ "$status" -eq 1 ]
	[ "$output" = "verdict: due 2, run 1, twice 0, missed 1" ]
}

@test "a tick that another runner recovered is run once" {
	sed -i '/end tick=101/d' r1.log
	printf '%s\n' "104000 r2 recover tick=101 from=r1" "104001 r2 start tick=101 token=12 pid=1" \
		"104300 r2 end tick=101 token=12" >>r2.log
	judge
	[ "$status" -eq 0 ]
	[ "$output" = "verdict: due 2, run 2, twice 0, missed 0" ]
}

@test "a tick that was never due is a fault" {
	echo "103000 r2 end tick=103 token=9" >>r2.log
	judge
	[ "$status" -eq 1 ]
	[[ $output == *"103 was run and never due"* ]]
}

@test "no due tick at all is no good verdict" {
	run "$verdict" -v from=100 -v until=100 -v every=1 r1.log
	[ "$status" -eq 1 ]
}
