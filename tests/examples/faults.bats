#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # bats and helper.bash set what is read here
#
# Rows of docs/faults.md that the command alone can show, on servers of this file's own.

setup_file() {
	load ../cli/helper
	! may_have_servers || own_servers -- --tick 1000
}

teardown_file() { no_own_servers; }

setup() {
	load ../cli/helper
	common_setup
	[[ -n ${ZKLOCK_SERVERS:-} ]] || skip "no ZooKeeper server here"
	export ZKLOCK_SESSION_TIMEOUT=20s
	servers=$ZKLOCK_ENSEMBLE_DIR
}

teardown() {
	common_teardown
	[[ -n ${servers:-} ]] || return 0
	for other in three fast; do
		[[ ! -e $other/servers ]] || "$top_srcdir/scripts/ensemble" stop --dir "$other" 3>&-
	done
	for n in 1 2 3; do ensemble resume "$n" --dir "$servers" || ensemble restart "$n" --dir "$servers"; done
}

ensemble() { "$top_srcdir/scripts/ensemble" "$@" 3>&- 2>/dev/null; }
no_quorum() { ensemble pause 1 && ensemble pause 2; }
quorum() { ensemble resume 1 && ensemble resume 2; }
is_free() { zklock test "$LOCK"; }

# queue_up NAME: it waits, and says so in order of its grant.
queue_up() {
	start zklock run -v "$LOCK" -- sh -c "echo $1 >>order"
	await err "$2"
}

@test "quorum lost while waiting: the deadline holds, and nothing is left behind" {
	holder "$LOCK" free
	start zklock run -w 3 "$LOCK" -- touch never
	waiter=$STARTED
	until_true queue_is 2
	no_quorum
	status=0
	wait "$waiter" || status=$?
	quorum
	[[ $status = 69 || $status = 75 ]]
	touch free
	until_true queue_is 0
	[ ! -e never ]
}

@test "quorum lost while releasing: the lock is free when it is back" {
	start zklock hold --until-signal "$LOCK"
	await out '"held"'
	no_quorum
	kill -TERM "$STARTED"
	await_gone "$STARTED"
	quorum
	until_true is_free
}

@test "all servers restarted with their data: waiters are served in their order, newcomers behind" {
	start zklock hold --until-signal "$LOCK"
	await out '"held"'
	holder_pid=$STARTED
	start zklock run "$LOCK" -- sh -c 'echo b >>order'
	until_true queue_is 2
	start zklock run "$LOCK" -- sh -c 'echo c >>order'
	until_true queue_is 3
	for n in 1 2 3; do ensemble kill "$n"; done
	start zklock run "$LOCK" -- sh -c 'echo d >>order'
	newcomer=$STARTED
	for n in 1 2 3; do ensemble restart "$n" & done
	wait -n
	until_true queue_is 4
	kill -TERM "$holder_pid"
	exits 0 "$newcomer"
	[ "$(paste -sd' ' order)" = "b c d" ]
	is_free
}

# faked COMMAND...: its time of day is as the file clock says; other clocks run as they do.
faked() {
	LD_PRELOAD=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1) FAKETIME_TIMESTAMP_FILE=$PWD/clock \
		FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_FAKE_MONOTONIC=1 "$@"
}
is_past() { (($(date +%s%3N) > $1)); }

@test "the time of day is set: joining, waiting, holding and releasing do not notice" {
	need_faketime
	export ZKLOCK_SESSION_TIMEOUT=4s
	echo +1d >clock
	(($(faked date +%s) > $(date +%s) + 80000)) || skip "faketime does not reach a program here"
	faked start zklock hold --until-signal "$LOCK"
	first=$STARTED
	await out '"held"'
	faked start zklock run -w 60 "$LOCK" -- touch second
	second=$STARTED
	until_true queue_is 2
	for jump in -1d +3600 +0; do
		echo "$jump" >clock
		until_true is_past $(($(date +%s%3N) + 2100)) # longer than a proof
		queue_is 2
	done
	lacks out '"lost"'
	[ ! -e second ]
	echo -1d >clock
	kill -TERM "$first"
	exits 0 "$first"
	exits 0 "$second"
	[ -e second ]
	is_free
}

# A server whose clocks all go a tenth too fast, by its own word.
start_fast() {
	local lib
	lib=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1 2>/dev/null) || skip "no faketime"
	FAKETIME='+0 x1.1' "$top_srcdir/scripts/ensemble" start --servers 1 --tick 1000 --dir fast \
		--wrap "env LD_PRELOAD=$lib" 3>&-
	eval "$("$top_srcdir/scripts/ensemble" env --dir "$PWD/fast")"
}
uptime_ms() {
	exec 5<>"/dev/tcp/127.0.0.1/$(<"$ZKLOCK_ENSEMBLE_DIR/1/port")"
	echo mntr >&5
	awk '$1 == "zk_uptime" { print $2 }' <&5
}
clocks() { echo "$(uptime_ms) $(date +%s%3N)"; }

# is_fast UPTIME TIME UPTIME TIME: by more than a twentieth between the two looks.
is_fast() { ((($3 - $1) * 20 > ($4 - $2) * 21)); }

@test "a server's clock 10 % fast: the queue is as ever, and a command ends before the rival's begins" {
	local before
	export ZKLOCK_SESSION_TIMEOUT=4s
	start_fast
	before=$(clocks)
	start zklock run "$LOCK" -- sh -c 'echo ready; for i in $(seq 100); do sleep 0.05; done; echo first >>order'
	await out ready
	start zklock run "$LOCK" -- sh -c 'echo second >>order'
	second=$STARTED
	until_true queue_is 2
	exits 0 "$second" # the first has held it for longer than a session lasts
	[ "$(paste -sd' ' order)" = "first second" ]
	lacks err 'lost'
	# shellcheck disable=SC2046,SC2086 # four numbers
	is_fast $before $(clocks) || fail "the server's clock is not fast: $before, $(clocks)"

	start zklock run --kill-after 0.3 "$LOCK" -- sh -c 'echo $$ >pid; while :; do date +%s%N >>beat; done'
	until_true test -s beat
	kill -STOP "$STARTED"
	run -0 zklock run "$LOCK" -- sh -c 'date +%s%N'
	is_gone "$(<pid)"
	(($(tail -n 1 beat) < output))
	kill -CONT "$STARTED"
	exits 76 "$STARTED"
}

@test "no descriptors left: joining fails with a clear error, and leaves no znode" {
	zklock run "$LOCK" -- true
	run bash -c "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit -n 10; exec zklock run -w 3 '$LOCK' -- true"
	((status >= 64 && status < 126)) || fail "status $status: $output"
	[[ $output == *"Too many open files"* ]]
	is_free
}

# The server that a process is connected to.
server_of() {
	for n in 1 2 3; do
		if ss -tnpH state established "dport = :$(<"$ZKLOCK_ENSEMBLE_DIR/$n/port")" | grep -q "pid=$1,"; then
			echo "$n"
		fi
	done
}

@test "no descriptors left while holding: no other server can be reached, lost by our own clock" {
	command -v ss >/dev/null || skip "no ss"
	export ZKLOCK_SESSION_TIMEOUT=6s
	start zklock hold --until-signal "$LOCK"
	held=$STARTED
	await out '"held"'
	server=$(server_of "$held")
	[ -n "$server" ]
	prlimit --pid "$held" --nofile=3:3
	ensemble kill "$server"
	await out '"lost"'
	exits 76 "$held"
	ensemble restart "$server"
	until_true is_free
}

# Two of three servers dead, the third one offers itself for reading, to those who ask for that.
@test "read-only server: never asked for, no grant from it, and no proof" {
	export ZKLOCK_SESSION_TIMEOUT=6s
	"$top_srcdir/scripts/ensemble" start --tick 1000 --dir three --jvm -Dreadonlymode.enabled=true 3>&-
	eval "$("$top_srcdir/scripts/ensemble" env --dir "$PWD/three")"
	start zklock hold --until-signal "$LOCK"
	held=$STARTED
	await out '"held"'
	start zklock run "$LOCK" -- touch waiter
	until_true queue_is 2
	ensemble kill 1
	ensemble kill 2
	await out '"lost"'
	exits 76 "$held"
	until_true reads_only 3
	run -69 zklock run -w 3 "$LOCK" -- touch newcomer
	[[ ! -e waiter && ! -e newcomer ]]
}

@test "read-only server: a release waits for another one" {
	export ZKLOCK_SESSION_TIMEOUT=20s
	"$top_srcdir/scripts/ensemble" start --tick 1000 --dir three --jvm -Dreadonlymode.enabled=true 3>&-
	eval "$("$top_srcdir/scripts/ensemble" env --dir "$PWD/three")"
	start zklock hold --until-signal "$LOCK"
	held=$STARTED
	await out '"held"'
	ensemble kill 1
	ensemble kill 2
	until_true reads_only 3
	kill -TERM "$held"
	for n in 1 2; do ensemble restart "$n" & done
	wait -n && wait -n
	exits 0 "$held"
	is_free
}

reads_only() {
	exec 5<>"/dev/tcp/127.0.0.1/$(<"$ZKLOCK_ENSEMBLE_DIR/$1/port")" && echo isro >&5 &&
		[[ $(timeout 5 cat <&5) == ro ]]
}
