#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Plain neighbours (P10): real Curator, or real kazoo, in one queue with eight `zklock run`, each of
# which is killed once. Never both at once: they are unsafe with each other (docs/peers.md).

top_srcdir=${top_srcdir:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}

setup() {
	load ../cli/helper
	common_setup
	[[ -n ${ZKLOCK_SERVERS:-} ]] || skip "no ZooKeeper server here, or not wanted"
	cat >section <<'SECTION'
#!/bin/sh
# section FOLDER MAKE TOKEN: what only one may do at a time. The kernel finds a second one.
exec 9>>"$1/inside"
flock -n 9 || { echo "$2 $3" >>"$1/overlaps"; exit 0; }
echo "$3 $2" >>"$1/grants"
sleep 0.01
SECTION
	chmod +x section
	: >grants
}

teardown() { common_teardown; }

# A runner of the eight: killed once, while it holds (odd) or waits (even), then COUNT times in peace.
runner() {
	local n=$1 i pid
	if ((n % 2)); then
		setsid zklock run --session-timeout 4s "$LOCK" -- sh -c "echo held >>held.$n; sleep 1000" 3>&- &
		pid=$!
		until_true test -s "held.$n"
	else
		setsid zklock run --session-timeout 4s -v "$LOCK" -- sleep 0 2>"waits.$n" 3>&- &
		pid=$!
		until_true grep -q . "waits.$n"
	fi
	kill -KILL "$pid" 2>/dev/null || true # one that waited may have had its turn
	wait "$pid" 2>/dev/null || true
	for ((i = 0; i < 5; i++)); do
		zklock run --session-timeout 4s "$LOCK" -- sh -c "exec ./section . zklock.$n \"\$ZKLOCK_TOKEN\"" || echo "runner $n: $?" >>failures
	done
}

# together NEIGHBOUR...: two of them and the eight.
together() {
	local n pids=()
	for n in 1 2; do
		"$@" "$ZKLOCK_SERVERS" "/locks/$LOCK" 25 "$PWD/section" "$PWD" "neighbour.$n" >>"neighbour.$n.log" 2>&1 3>&- &
		pids+=($!)
	done
	for n in 1 2 3 4 5 6 7 8; do
		runner "$n" 3>&- &
		pids+=($!)
	done
	for n in "${pids[@]}"; do wait "$n" || echo "process $n: $?" >>failures; done
	[[ ! -e failures ]] || fail "$(cat failures neighbour.*.log)"
	[[ ! -e overlaps ]] || fail "two inside: $(cat overlaps)"
	[[ $(wc -l <grants) = 90 ]] || fail "$(wc -l <grants) grants, not 2 x 25 + 8 x 5"
	sort -n -k1,1 grants | diff - grants || fail "not in queue order"
	until_true nobody_left
}
nobody_left() { [[ $(zklock who "$LOCK" --json | tr -d ' \n') != *'"node"'* ]]; }

@test "Curator's InterProcessMutex and eight zklock run in one queue" {
	local jar path=
	command -v javac java >/dev/null || skip "no Java here"
	for jar in curator-recipes curator-framework curator-client zookeeper slf4j-nop; do
		[[ -e /usr/share/java/$jar.jar ]] && path+=:/usr/share/java/$jar.jar
	done
	[[ $path == *curator-recipes* ]] || skip "no Curator here (libcurator-recipes-java)"
	javac -nowarn -cp "$path" -d . "$top_srcdir/tests/live/CuratorNeighbour.java"
	together java -Xmx128m -XX:+UseSerialGC -cp ".$path" CuratorNeighbour
}

@test "kazoo's Lock and eight zklock run in one queue" {
	/usr/bin/python3 -c 'import kazoo' 2>/dev/null || skip "no kazoo here (python3-kazoo)"
	together /usr/bin/python3 "$top_srcdir/tests/live/kazoo_neighbour.py"
}
