#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2030,SC2031,SC2154 # bats and helper.bash set what is read here
#
# Servers that are known by name: a name server that goes silent, and servers that move to other
# addresses (faults.md rows 16 and 32). Names are resolved in a mount namespace of this file's own,
# by a name server of its own. Needs root.

setup_file() {
	load ../cli/helper
	unset NS DNS
	may_have_servers && [[ $(id -u) = 0 ]] || return 0
	for tool in ss jq python3; do command -v "$tool" >/dev/null || return 0; done
	unshare --mount true 2>/dev/null || return 0
	address=127.53.$((SRANDOM % 255)).$((1 + SRANDOM % 254))
	python3 "$top_srcdir/tests/lib/nameserver.py" "$address" "$BATS_FILE_TMPDIR" 3>&- &
	DNS=$!
	# 30 s for each question, and once
	printf 'nameserver %s\noptions timeout:30 attempts:1\n' "$address" >"$BATS_FILE_TMPDIR/resolv.conf"
	echo 'hosts: dns' >"$BATS_FILE_TMPDIR/nsswitch.conf"
	# shellcheck disable=SC2016 # for that shell
	unshare --mount sh -c 'mount --bind "$1/resolv.conf" /etc/resolv.conf &&
		mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf && touch "$1/ready" && exec sleep infinity' \
		sh "$BATS_FILE_TMPDIR" 3>&- &
	NS=$!
	export NS DNS
	own_servers -- --tick 2000 --hosts 127.0.0.1,127.0.0.2,127.0.0.3
	dir=$ZKLOCK_ENSEMBLE_DIR
	ZKLOCK_SERVERS=zk1.test:$(<"$dir/1/port"),zk2.test:$(<"$dir/2/port"),zk3.test:$(<"$dir/3/port")
	export ZKLOCK_SERVERS
}

teardown_file() {
	no_own_servers
	[[ -z ${NS:-} ]] || kill "$NS" "$DNS"
}

setup() {
	load ../cli/helper
	common_setup
	[[ -n ${ZKLOCK_ENSEMBLE_DIR:-} ]] || skip "needs root, mount namespaces, ss, jq, python3 and a ZooKeeper server"
	until_true test -e "$BATS_FILE_TMPDIR/ready"
	rm -f "$BATS_FILE_TMPDIR/silent"
	[[ -e $BATS_FILE_TMPDIR/zone ]] || move_to 127.0.0 # nobody: as they were started
	for n in 1 2 3; do ensemble wait "$n" || ensemble restart "$n"; done
	export ZKLOCK_SESSION_TIMEOUT=20s
	# shellcheck disable=SC2034 # read by helper.bash
	WITHIN=(nsenter --target "$NS" --mount)
}

teardown() {
	rm -f "$BATS_FILE_TMPDIR/silent"
	common_teardown
}

ensemble() { "$top_srcdir/scripts/ensemble" "$@" 3>&- 2>/dev/null; }
silence() { touch "$BATS_FILE_TMPDIR/silent"; }
questions() { wc -l <"$BATS_FILE_TMPDIR/asked"; }
has_asked() { (($(questions) > $1)); }

# Commands that know the servers by their names.
named() { nsenter --target "$NS" --mount -- env -C "$PWD" "$@"; }
in_names() { start nsenter --target "$NS" --mount -- env -C "$PWD" "$@"; }
zklock() { named zklock "$@"; }

# move_to NET SERVER...: server N listens on NET.N from its next start on, and is known to.
move_to() {
	local net=$1 n
	shift
	for n; do
		sed -i "s/^clientPortAddress=.*/clientPortAddress=$net.$n/" "$ZKLOCK_ENSEMBLE_DIR/$n/zoo.cfg"
		echo "$net.$n" >"$ZKLOCK_ENSEMBLE_DIR/$n/host"
	done
	for n in 1 2 3; do echo "zk$n.test $(<"$ZKLOCK_ENSEMBLE_DIR/$n/host")"; done >"$BATS_FILE_TMPDIR/zone"
}

# The server that a process is connected to.
server_of() {
	local n
	for n in 1 2 3; do
		if ss -tnpH state established "dport = :$(<"$ZKLOCK_ENSEMBLE_DIR/$n/port")" | grep -q "pid=$1,"; then
			echo "$n"
		fi
	done
}
has_server() { [[ -n $(server_of "$1") ]]; }
has_left() { [[ -n $(server_of "$1") && $(server_of "$1") != "$2" ]]; }

# hold_and_queue: one holds, one waits; both by name.
hold_and_queue() {
	in_names zklock hold --until-signal "$LOCK"
	holder=$STARTED
	await out '"held"'
	in_names zklock run "$LOCK" -- sh -c 'echo waiter >>order'
	waiter=$STARTED
	until_true queue_is 2
}

@test "name server silent for 30 s: who waits, holds or releases does not notice" {
	local server
	hold_and_queue
	silence
	server=$(server_of "$holder")
	ensemble kill "$server"
	until_true has_left "$holder" "$server"
	ensemble restart "$server"
	server=$(server_of "$waiter")
	ensemble kill "$server"
	until_true has_left "$waiter" "$server"
	lacks out '"lost"'
	[ ! -e order ]
	kill -TERM "$holder"
	ensemble restart "$server"
	exits 0 "$holder"
	exits 0 "$waiter"
	[ "$(<order)" = waiter ]
}

@test "name server silent for 30 s: who joins ends at the deadline, and has waited, not worked" {
	local TIMEFORMAT='%R %U %S' real user system
	silence
	{ time { named zklock run -w 4 "$LOCK" -- touch never || echo $? >status; } 2>err; } 2>spent
	[ "$(<status)" = 69 ]
	[ ! -e never ]
	read -r real user system <spent
	awk -v r="$real" -v u="$user" -v s="$system" 'BEGIN { exit !(u + s < r / 2) }' ||
		fail "of $real s it worked $user + $system s"
}

@test "rolling replacement, other addresses: nobody is harmed, and the names lead to the new ones" {
	local n
	hold_and_queue
	for n in 1 2 3; do
		ensemble kill "$n"
		move_to 127.0.1 "$n"
		ensemble restart "$n"
		ensemble wait "$n"
	done
	until_true has_server "$holder"
	lacks out '"lost"'
	queue_is 2
	kill -TERM "$holder"
	exits 0 "$holder"
	exits 0 "$waiter"
	[ "$(<order)" = waiter ]
}

@test "all servers at other addresses: found" {
	local joiner before n
	export ZKLOCK_SESSION_TIMEOUT=4s
	hold_and_queue
	for n in 1 2 3; do ensemble kill "$n"; done
	kill -TERM "$holder" # its release has nobody to go to
	before=$(questions)
	in_names zklock run "$LOCK" -- sh -c 'echo joiner >>order'
	joiner=$STARTED
	until_true has_asked $((before + 5)) # two for each name: it knows the old addresses
	move_to 127.0.2 1 2 3
	for n in 1 2 3; do ensemble restart "$n" & done
	wait -n && wait -n && wait -n
	await_gone "$holder"
	exits 0 "$waiter"
	exits 0 "$joiner"
	[ "$(sort order | paste -sd' ')" = "joiner waiter" ]
	zklock test "$LOCK"
}
