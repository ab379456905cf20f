#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2013,SC2030,SC2031 # scripts in quotes are for other shells; helper.bash and bats set what is read here
# zklock ls, who, top, graph, break and doctor on a real ensemble. Each test has a root of its own.

setup() {
	load helper
	common_setup
	[[ -n ${ZKLOCK_SERVERS:-} ]] || skip "no servers: ZKLOCK_SERVERS is not set"
	export ZKLOCK_ROOT=/look.$LOCK
}
teardown() {
	[[ -z ${TMUX_SOCKET:-} ]] || tmux -S "$TMUX_SOCKET" kill-server 2>/dev/null || true
	common_teardown
}

@test "ls: a root that nobody has used is no error" {
	run -0 zklock ls
	run -0 zklock ls --json
	jq -e '.locks == []' <<<"$output"
}

@test "ls: holder, queue length, token; -a and --all show free locks too" {
	holder "$LOCK" free --why 'the holder'
	start zklock run "$LOCK" -- true
	until_true queue_is 2
	run -0 zklock ls
	[[ ${lines[1]} == "$LOCK"*" 1 "*"the holder (pid "* ]]
	run -0 zklock ls --json
	jq -e --arg name "$LOCK" '.schema == 1 and .locks[0].name == $name and .locks[0].waiting == 1
		and .locks[0].holder.holds and .locks[0].strangers == 0' <<<"$output"
	touch free
	exits 0 "$STARTED"
	run -0 zklock ls -a
	[[ $output != *"$LOCK"* || $output == *"(free)"* ]]
	run -0 zklock ls --all
}

@test "who: all in order, -m and --max from the front" {
	holder "$LOCK" free --why first
	start zklock run --why second "$LOCK" -- true
	until_true queue_is 2
	start zklock run --why third "$LOCK" -- true
	until_true queue_is 3
	run -0 zklock who --json "$LOCK"
	jq -e '[.contenders[].label] == ["first", "second", "third"]' <<<"$output"
	jq -e '[.contenders[].holds] == [true, false, false]' <<<"$output"
	jq -e '.contenders[0] | .make == "zklock" and .pid > 0 and .record_version == 1 and .token > 0' <<<"$output"
	run -0 zklock who -m 1 --json "$LOCK"
	jq -e '(.contenders | length) == 1 and .total == 3' <<<"$output"
	run -0 zklock who --max 2 "$LOCK"
	[[ ${#lines[@]} == 3 && ${lines[1]} == holds* ]]
	touch free
}

@test "who: how long each proof of the holder lasts, and that one makes none" {
	holder "$LOCK" free --session-timeout 10s
	run -0 zklock who --json "$LOCK"
	jq -e '.contenders[0] | .session_timeout_ms == 10000 and .proof_interval_ms == 1666 and .validity_ms == 5533' <<<"$output"
	run -0 zklock who "$LOCK"
	[[ ${lines[0]} == *PROOF* && ${lines[1]} == *' 5.5s '* && $output != *'no proofs'* ]]
	touch free
	exits 0 "$STARTED"
	rm free out
	holder "$LOCK" free --proof-interval none
	await err 'no proofs'
	run -0 zklock who --json "$LOCK"
	jq -e '.contenders[0] | .proof_interval_ms == -1 and .validity_ms == 0' <<<"$output"
	run -0 zklock who "$LOCK"
	[[ $output == *'the holder makes no proofs'* && $output == *' none '* ]]
	touch free
}

@test "who: a record of a later version is shown" {
	/usr/bin/python3 -c 'import kazoo' 2>/dev/null || skip "no kazoo"
	start /usr/bin/python3 - "$ZKLOCK_SERVERS" "$ZKLOCK_ROOT/$LOCK" <<'PYTHON'
import signal, sys
from kazoo.client import KazooClient
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
client = KazooClient(hosts=sys.argv[1])
client.start(timeout=30)
client.create(sys.argv[2] + "/00000000-0000-4000-8000-000000000000-lock-", ephemeral=True, sequence=True,
              makepath=True, value=b"[zklock]\nversion=7\nsealed=true\nhost=a-host\nlabel=of-later\nnews=1\n")
signal.sigwait([signal.SIGTERM])
client.stop()
PYTHON
	until_true queue_is 1
	run -0 zklock who --json "$LOCK"
	jq -e '.contenders[0] | .record_version == 7 and .label == "of-later" and .proof_interval_ms == 0' <<<"$output"
	run -0 zklock who "$LOCK"
	[[ $output == *of-later*a-host* && $output == *' - '* ]]
}

@test "who: nobody" {
	run -0 zklock who "$LOCK"
	[[ $output == *"is free"* ]]
}

@test "who: what others wrote is escaped" {
	ZKLOCK_WHY=$'evil \e[31m \xe2\x80\xae text' holder "$LOCK" free # U+202E, whatever the locale
	run -0 zklock who "$LOCK"
	[[ $output != *$'\e'* && $output == *'\x1b[31m'* && $output == *'\u{202e}'* ]]
	run -0 zklock who --json "$LOCK"
	[[ $output == *'\u001b[31m \u202e text'* ]]
	[[ $(jq -r '.contenders[0].label' <<<"$output") == $'evil \e[31m \xe2\x80\xae text' ]]
	touch free
}

# nested OUTER INNER: hold OUTER and wait for INNER inside, as two careless scripts do.
nested() {
	start zklock run "$1" -- sh -c "echo have-$1; until [ -e go ]; do sleep 0.02; done; zklock run -w 20 $2 -- true"
	await out "have-$1"
}

@test "graph: no deadlock is status 0 and DOT" {
	holder "$LOCK" free
	start zklock run "$LOCK" -- true
	until_true queue_is 2
	run -0 zklock graph
	[[ $output == "digraph zklock {"* && $output == *"-> n0 [label=\"$LOCK\"];"* ]]
	touch free
}

@test "graph: a deadlock is found, named, drawn red: status 1" {
	nested "$LOCK.a" "$LOCK.b"
	one=$STARTED
	nested "$LOCK.b" "$LOCK.a"
	touch go
	LOCK=$LOCK.a until_true queue_is 2
	LOCK=$LOCK.b until_true queue_is 2
	run -1 --separate-stderr zklock graph
	[[ $output == *"color=red"* ]]
	[[ $stderr == *"deadlock: "*"waits for '$LOCK.a' behind"* ]]
	run -1 zklock graph --json
	jq -e '[.edges[] | select(.deadlock)] | length == 4' <<<"${lines[0]}"
	kill -TERM "$one" "$STARTED"
}

@test "break: shows, asks, and removes nothing without a yes" {
	holder "$LOCK" free
	run -1 script -qec "zklock break $LOCK" /dev/null <<<n
	[[ $output == *"Holds '$LOCK'"*"Remove it?"* ]]
	queue_is 1
	run -0 script -qec "zklock break $LOCK" /dev/null <<<y
	exits 76 "$STARTED"
}

@test "break: --yes, -y, and --node for a waiter; nobody to remove" {
	holder "$LOCK" free
	first=$STARTED
	start zklock run --lost-exit-code 42 "$LOCK" -- true
	until_true queue_is 2
	node=$(zklock who --json "$LOCK" | jq -r '.contenders[1].node')
	run -1 zklock break --yes --node nonsense "$LOCK"
	run -0 zklock break --yes --node "$node" "$LOCK"
	run -0 zklock break -y "$LOCK"
	exits 76 "$first"
	exits 0 "$STARTED" # a waiter that was removed joins again, and gets its turn
	run -0 zklock break -y "$LOCK"
	[[ $output == *"nobody to remove"* ]]
}

@test "doctor: a healthy ensemble, a verdict each, status 0; --no-trial takes no lock" {
	run -0 zklock doctor
	for what in 'serves as' version tickTime 'trial lock' seal proof clock ACLs; do
		[[ $output == *"$what"* ]] || fail "$what"
	done
	[[ $output != *BAD* ]]
	run -0 zklock doctor --json --no-trial
	jq -e '.verdict != "BAD" and (.checks | length > 5)' <<<"$output"
	[[ $output != *trial* ]]
	run -0 zklock ls --json --all
	jq -e '.locks == []' <<<"$output"
}

@test "doctor: a server that does not answer is BAD, status 1" {
	run -1 zklock doctor --servers "127.0.0.1:1,$ZKLOCK_SERVERS"
	[[ $output == *"BAD"*"127.0.0.1:1"*"does not answer"* ]]
}

@test "doctor: a session timeout that does not fit the ticks is BAD" {
	run zklock doctor --session-timeout 3s --proof-interval none
	((status != 0))
	[[ $output == *"tickTime"*"more than half of the session timeout"* ]]
}

screen_has() { tmux -S "$TMUX_SOCKET" capture-pane -p | grep -qE -- "$1"; }

@test "top: locks, the queue of one, filter, sort, quit, under tmux" {
	command -v tmux >/dev/null || skip "no tmux"
	TMUX_SOCKET=$BATS_TEST_TMPDIR/tmux
	holder "$LOCK.x" free --why holder-of-x
	start zklock run --why waiter-of-x "$LOCK.x" -- true
	LOCK=$LOCK.x until_true queue_is 2
	holder "$LOCK.y" free --why holder-of-y
	until_true eval 'zklock ls | grep -q holder-of-y'
	tmux -S "$TMUX_SOCKET" -f /dev/null new-session -d -x 160 -y 30 "zklock top -d 200ms; echo status \$? >top.status"
	until_true screen_has "$LOCK.x +1 .*holder-of-x"
	until_true screen_has "$LOCK.y +0 .*holder-of-y"
	tmux -S "$TMUX_SOCKET" send-keys w
	until_true screen_has 'sorted by waiting'
	tmux -S "$TMUX_SOCKET" send-keys Enter
	until_true screen_has "queue of $LOCK.x"
	until_true screen_has "all locks"
	until_true screen_has '1 .*waiter-of-x'
	tmux -S "$TMUX_SOCKET" send-keys BSpace / .y Enter
	until_true screen_has 'filter: .y'
	until_true eval '! screen_has holder-of-x'
	tmux -S "$TMUX_SOCKET" send-keys q
	until_true grep -q 'status 0' top.status
	run -64 zklock top --delay 2s
	touch free
}

@test "completion: names of locks only with ZKLOCK_COMPLETE" {
	# shellcheck source=/dev/null
	source "$top_srcdir/completions/zklock"
	holder "$LOCK" free
	COMP_WORDS=(zklock who "${LOCK:0:4}") COMP_CWORD=2
	_zklock
	[[ ${#COMPREPLY[@]} == 0 ]]
	export ZKLOCK_COMPLETE=1
	_zklock
	[[ ${COMPREPLY[*]} == "$LOCK" ]]
	touch free
}

@test "terminal: Ctrl-Z stops command and zklock, fg continues both, under tmux" {
	command -v tmux >/dev/null || skip "no tmux"
	TMUX_SOCKET=$BATS_TEST_TMPDIR/tmux
	tmux -S "$TMUX_SOCKET" -f /dev/null new-session -d -x 160 -y 30 'bash --norc --noprofile'
	tmux -S "$TMUX_SOCKET" send-keys "zklock run $LOCK -- sh -c 'echo up-\$\$; read -r w; echo got-\$w'" Enter
	until_true screen_has '^up-[0-9]'
	tmux -S "$TMUX_SOCKET" send-keys C-z
	until_true screen_has '[Ss]topped'
	tmux -S "$TMUX_SOCKET" send-keys fg Enter
	until_true screen_has 'zklock run.*$'
	tmux -S "$TMUX_SOCKET" send-keys word Enter
	until_true screen_has '^got-word'
}
