#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The examples do what they say, as they are, on real servers.
bats_require_minimum_version 1.5.0

setup_file() {
	export top_srcdir=${top_srcdir:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}
	export examples=${top_builddir:-$top_srcdir}/examples
	export root=/examples-$$
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

need() { [ -x "$examples/$1" ] || skip "$1 was not built"; }

# runner ID FROM UNTIL [OPTION...]
runner() {
	local id=$1 from=$2 until=$3
	shift 3
	"$examples/job_runner" --servers "$ZKLOCK_SERVERS" --root "$root" --job "$BATS_TEST_NUMBER" \
		--id "$id" --every 1 --from "$from" --until "$until" "$@" >"$id.log" 3>&-
}

judge() { "$top_srcdir/scripts/verdict" -v from="$1" -v until="$2" -v every=1 ./*.log; }

# await FILE PATTERN: wait for a line.
await() {
	local end=$((SECONDS + 60))
	until grep -qE "$2" "$1" 2>/dev/null; do
		((SECONDS < end)) || { echo "waited 60 s for $2 in $1" >&2 && return 1; }
		read -rt 0.02 <> <(:) || true
	done
}

@test "first: the program of the README, word for word, takes the lock" {
	program=$(sed -n '/^#include/,$p' "$top_srcdir/examples/first.c")
	[[ $(<"$top_srcdir/README.md") == *"$program"* ]]
	run -0 "$examples/first" "$ZKLOCK_SERVERS"
	[[ $output == "ours, proven for "*" ms"*"success" ]]
}

@test "first: nobody there is said" {
	run -1 --separate-stderr "$examples/first" 127.0.0.1:1
	[[ $output == *"no ZooKeeper server"* ]]
}

@test "counter: wrong without the lock" {
	run -1 "$examples/counter" --no-lock
	[[ $output == *"of 400: wrong" ]]
}

@test "counter: exact with the lock" {
	run -0 "$examples/counter" --servers "$ZKLOCK_SERVERS" --root "$root" --name counter
	[ "$output" = "400 of 400: exact" ]
}

@test "counter: a bad option gets a text and a status" {
	run -2 "$examples/counter" --process 3
	[[ $output == *"--help"* ]]
}

@test "job_runner: three runners, every tick once" {
	from=$(($(date +%s) + 1))
	for id in r1 r2 r3; do runner "$id" "$from" $((from + 4)) --work-ms 50 & done
	wait
	run -0 judge "$from" $((from + 4))
	[ "$output" = "verdict: due 4, run 4, twice 0, missed 0" ]
	[ "$(cat ./*.log | grep -c ' bye ')" -eq 3 ]
}

@test "job_runner: what a killed one began is recovered, and what fell due meanwhile is caught up" {
	from=$(date +%s)
	(exec "$examples/job_runner" --servers "$ZKLOCK_SERVERS" --root "$root" \
		--job "$BATS_TEST_NUMBER" --id r1 --every 1 --from "$from" --until $((from + 3)) \
		--work-ms 600000 >r1.log 3>&-) &
	first=$!
	await r1.log ' start '
	runner r2 "$from" $((from + 3)) --work-ms 10 &
	second=$!
	await r2.log ' ready '
	kill -KILL "$first"
	wait "$second"
	grep -E " r2 recover tick=$from token=[0-9]+ from=r1\$" r2.log
	run -0 judge "$from" $((from + 3))
	[ "$output" = "verdict: due 3, run 3, twice 0, missed 0" ]
}

@test "job_runner: a runner that comes late runs nothing again" {
	from=$(date +%s)
	runner r1 "$from" $((from + 2)) --work-ms 10
	runner r2 "$from" $((from + 2)) --work-ms 10
	run -0 judge "$from" $((from + 2))
	[ "$(grep -c ' start ' r2.log)" -eq 0 ]
}

@test "fenced_store: a holder that slept through the end of its lock is refused" {
	need fenced_store
	run -0 --separate-stderr "$examples/fenced_store" "$ZKLOCK_SERVERS" store.db "$root"
	[[ $output == *"old holder: is awake, token "*", proven for 0 ms"* ]]
	[[ $output == *"new holder: has written"*"old holder: was refused"*"the store stands" ]]
}

@test "fenced_store: a store that has seen a newer token takes no older one afterwards" {
	need fenced_store
	run -0 --separate-stderr "$examples/fenced_store" "$ZKLOCK_SERVERS" store.db "$root"
	first=$(sed -n 's/^new holder: has written, token \([0-9]*\),.*/\1/p' <<<"$output")
	run -0 --separate-stderr "$examples/fenced_store" "$ZKLOCK_SERVERS" store.db "$root"
	second=$(sed -n 's/^new holder: has written, token \([0-9]*\),.*/\1/p' <<<"$output")
	((second > first))
}

@test "guarded_write: the servers refuse the multi of a holder that slept through its lock" {
	run -0 --separate-stderr "$examples/guarded_write" "$ZKLOCK_SERVERS" "/guarded-$$" "$root"
	[ "${lines[0]}" = "new holder: has written" ]
	[ "${lines[1]}" = "old holder: no node" ]
	[ "${lines[2]}" = "the znode stands" ]
}

@test "slow callback: longer than a proof lasts, and no hold or wait is harmed" {
	run -0 "${top_builddir:-$top_srcdir}/tests/examples/slow_callback" "$ZKLOCK_SERVERS" "$root"
	[[ $output == *" locks taken and released within one callback" ]]
}
