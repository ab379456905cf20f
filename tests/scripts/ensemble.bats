#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# scripts/ensemble: the servers that every live test stands on.

setup_file() {
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export root ensemble=$root/scripts/ensemble
	unset ZKLOCK_ENSEMBLE_DIR
	three=$("$ensemble" start --dir "$BATS_FILE_TMPDIR/three" --tick 1000)
	export three
}

teardown_file() {
	[[ ! -e $three/servers ]] || "$ensemble" stop --dir "$three"
}

lines_with() { grep -c "$1" <<<"$output"; }

@test "three servers serve when start returns: one leads, two follow" {
	run "$ensemble" status --dir "$three"
	[ "$status" -eq 0 ]
	[ "$(lines_with ' leader$')" -eq 1 ]
	[ "$(lines_with ' follower$')" -eq 2 ]
}

@test "env prints a line that exports the servers and the folder" {
	eval "$("$ensemble" env --dir "$three")"
	[[ $ZKLOCK_SERVERS =~ ^127.0.0.1:[0-9]+,127.0.0.1:[0-9]+,127.0.0.1:[0-9]+$ ]]
	[ "$ZKLOCK_ENSEMBLE_DIR" = "$three" ]
	run bash -c 'echo "$ZKLOCK_SERVERS"'
	[ "$output" = "$ZKLOCK_SERVERS" ]
}

@test "a killed leader is dead, another one leads, and it comes back" {
	killed=$("$ensemble" leader --dir "$three")
	"$ensemble" kill "$killed" --dir "$three"
	run "$ensemble" status --dir "$three"
	grep -q "^$killed .* - dead$" <<<"$output"
	for n in 1 2 3; do [ "$n" = "$killed" ] || "$ensemble" wait "$n" --dir "$three"; done
	[ "$("$ensemble" leader --dir "$three")" != "$killed" ]
	"$ensemble" restart "$killed" --dir "$three"
	run "$ensemble" status --dir "$three"
	[ "$(lines_with ' dead$')" -eq 0 ]
}

@test "a paused server is shown as such until it is resumed" {
	"$ensemble" pause 2 --dir "$three"
	run "$ensemble" status --dir "$three"
	"$ensemble" resume 2 --dir "$three"
	grep -q '^2 .* paused$' <<<"$output"
	"$ensemble" wait 2 --dir "$three"
	run "$ensemble" status --dir "$three"
	[ "$(lines_with ' paused$')" -eq 0 ]
}

@test "another ensemble lives beside it, takes options, and stop leaves nothing" {
	one=$("$ensemble" start --servers 1 --dir "$BATS_TEST_TMPDIR/one" --conf maxSessionTimeout=12345 \
		--jvm -Dzklock.mark="$BATS_TEST_TMPDIR" --data-tmpfs)
	grep -qx 'maxSessionTimeout=12345' "$one/1/zoo.cfg"
	read -r _ _ pid mode < <("$ensemble" status --dir "$one")
	[ "$mode" = standalone ]
	tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qx -- "-Dzklock.mark=$BATS_TEST_TMPDIR"
	data=$(cat "$one/1/datadir")
	"$ensemble" stop --dir "$one"
	[ ! -e "$one" ]
	[ ! -e "$data" ]
	run grep -qs zoo.cfg "/proc/$pid/cmdline"
	[ "$status" -ne 0 ]
	run "$ensemble" status --dir "$three"
	[ "$(lines_with ' dead$')" -eq 0 ]
}

@test "a folder that was there before stays, without what start has put in" {
	mkdir "$BATS_TEST_TMPDIR/mine"
	touch "$BATS_TEST_TMPDIR/mine/keep"
	"$ensemble" start --servers 1 --dir "$BATS_TEST_TMPDIR/mine"
	"$ensemble" stop --dir "$BATS_TEST_TMPDIR/mine"
	[ "$(ls -A "$BATS_TEST_TMPDIR/mine")" = keep ]
}

@test "a start that is interrupted leaves no server and no folder" {
	timeout --foreground -s INT 0.5 "$ensemble" start --dir "$BATS_TEST_TMPDIR/gone" || true
	[ ! -e "$BATS_TEST_TMPDIR/gone" ]
	run pgrep -f "$BATS_TEST_TMPDIR/gone/"
	[ "$status" -ne 0 ]
}

@test "bad input is named, with the cure" {
	run "$ensemble" status
	[ "$status" -ne 0 ]
	[[ $output == *'--dir'* ]]
	run "$ensemble" status --dir "$BATS_TEST_TMPDIR"
	[ "$status" -ne 0 ]
	[[ $output == *"is no ensemble"* ]]
	run "$ensemble" kill 4 --dir "$three"
	[ "$status" -ne 0 ]
	[[ $output == *"1 to 3"* ]]
	run "$ensemble" start --servers 2
	[ "$status" -ne 0 ]
	[[ $output == *"1, 3 or 5"* ]]
	run "$ensemble" dance
	[ "$status" -ne 0 ]
	[[ $output == *help* ]]
}
