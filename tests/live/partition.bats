#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The holder always knows: partitions between three servers, and between a server and the holder, by
# packet filter in a network namespace of this file's own. Promises P3, P4, P11; faults.md rows
# 6, 7, 8, 9. What is true is read from the leader's transaction log. Needs root.
# Each case runs once, or PARTITION_RUNS times.

setup_file() {
	load ../cli/helper
	unset NS
	may_have_servers && [[ $(id -u) = 0 ]] || return 0
	for tool in ip iptables ss jq; do command -v "$tool" >/dev/null || return 0; done
	/usr/bin/python3 -c 'import kazoo' 2>/dev/null || return 0
	NS=zklock-part-$$
	ip netns add "$NS" 2>/dev/null || {
		unset NS
		return 0
	}
	export NS
	ip netns exec "$NS" ip link set lo up
	# syncLimit: a cut follower serves its clients for 20 s, twice the longest session timeout
	own_servers ip netns exec "$NS" -- --tick 2000 --conf syncLimit=10 --data-tmpfs
}

teardown_file() {
	no_own_servers
	[[ -z ${NS:-} ]] || ip netns del "$NS"
}

setup() {
	load ../cli/helper
	common_setup
	[[ -n ${ZKLOCK_ENSEMBLE_DIR:-} ]] || skip "needs root, network namespaces, iptables, ss, jq, kazoo and a ZooKeeper server"
	# shellcheck disable=SC2034 # read by helper.bash
	WITHIN=(ip netns exec "$NS")
	heal
}

teardown() {
	[[ -z ${ZKLOCK_ENSEMBLE_DIR:-} ]] || heal
	common_teardown
}

# shellcheck disable=SC2154 # set by helper.bash
ensemble() { ip netns exec "$NS" "$top_srcdir/scripts/ensemble" "$@" 3>&-; }
ns() { ip netns exec "$NS" "$@"; }
in_ns() { start ip netns exec "$NS" "$@"; }

# All as it was. A connection that was cut for seconds waits as long again before it is tried.
heal() {
	local n
	ns iptables -F INPUT
	[[ -z ${CUT:-} ]] || ensemble restart "$CUT"
	CUT=
	for n in 1 2 3; do ensemble resume "$n" 2>/dev/null || true; done
	for n in 1 2 3; do ensemble wait "$n"; done
}

client_port() { cat "$ZKLOCK_ENSEMBLE_DIR/$1/port"; }
address() { echo "127.0.0.1:$(client_port "$1")"; }
pid_of() { cat "$ZKLOCK_ENSEMBLE_DIR/$1/pid"; }
quorum_port() { sed -n "s/^server\.$1=[^:]*:\([0-9]*\):.*/\1/p" "$ZKLOCK_ENSEMBLE_DIR/1/zoo.cfg"; }
followers() { local l n; l=$(ensemble leader); for n in 1 2 3; do [[ $n = "$l" ]] || echo "$n"; done; }

# cut_follower N: no packet passes between follower N and its leader any more; nobody is told.
cut_follower() {
	local quorum port
	quorum=$(quorum_port "$(ensemble leader)")
	port=$(ns ss -tnpH "dport = :$quorum" | grep "pid=$(pid_of "$1")," | awk '{ sub(/.*:/, "", $4); print $4 }')
	[[ -n $port ]] || fail "follower $1 has no connection to its leader"
	CUT=$1
	ns iptables -A INPUT -p tcp --sport "$port" --dport "$quorum" -j DROP
	ns iptables -A INPUT -p tcp --sport "$quorum" --dport "$port" -j DROP
}

# drop_link PID N: the packets of the process' connection to server N vanish, both ways.
drop_link() {
	local port
	port=$(local_port "$1" "$2")
	ns iptables -A INPUT -p tcp --sport "$port" -j DROP
	ns iptables -A INPUT -p tcp --dport "$port" -j DROP
}

local_port() {
	ns ss -tnpH state established "dport = :$(client_port "$2")" | grep "pid=$1," |
		awk '{ sub(/.*:/, "", $3); print $3 }'
}

# shellcheck disable=SC2016 # the words are for the shell under the lock
# hold_and_beat SERVERS T: a command under the lock notes the time, fifty times a second.
hold_and_beat() {
	in_ns zklock run --servers "$1" --session-timeout "${2}s" --kill-after 500ms "$LOCK" -- \
		bash -c 'echo "$ZKLOCK_NODE" >node; echo "$ZKLOCK_TOKEN" >token; echo $$ >child
			printf "%d\n" "$ZKLOCK_SESSION" >session
			exec {never}<> <(:)
			while now=${EPOCHREALTIME/[.,]/}; do
				echo "${now%???}" >>beats
				read -rt 0.02 -u "$never"
			done'
	HOLDER=$STARTED
	await beats .
}

last_beat() { tail -n 1 beats; }

# When the leader ended the node, by its own log: with its session, or by name.
node_end() {
	local node session
	node=$(cat node) session=$(printf '0x%x' "$(cat session)")
	"$top_srcdir/tests/lib/txnlog.py" "$(cat "$ZKLOCK_ENSEMBLE_DIR/$(ensemble leader)/datadir")" |
		awk -v node="$node" -v session="$session" \
			'($3 == "close" && $4 "" == session "") || ($3 == "delete" && $5 == node) { print $2; exit }'
}
node_has_ended() { [[ -n $(node_end) ]]; }

# A client of the cut follower that believes in what it can read.
reader() {
	in_ns /usr/bin/python3 - "$1" "$(cat node)" <<'PYTHON'
import sys, time
from kazoo.client import KazooClient
client = KazooClient(hosts=sys.argv[1], timeout=10)
client.start(timeout=30)
with open("reads", "w", buffering=1) as out:
    while client.exists(sys.argv[2]):
        print(int(time.time() * 1000), file=out)
        time.sleep(0.02)
PYTHON
	await reads .
}

# P3: holders of three session timeouts know one server, which is cut from the leader.
holders_of_a_cut_follower() {
	local follower leader t
	leader=$(ensemble leader) follower=$(followers | head -n 1)
	for t in 4 6 10; do
		enter "$t"
		hold_and_beat "$(address "$follower")" "$t"
		reader "$(address "$follower")"
		holders[t]=$HOLDER
		in_ns zklock run --servers "$(address "$leader")" --session-timeout "${t}s" "$LOCK" -- \
			sh -c 'date +%s%3N >rival'
		leave
	done
	cut_follower "$follower"
	for t in 4 6 10; do
		enter "$t"
		until_true test -s rival
		until_true node_has_ended
		node_end >end
		tail -n 1 reads >fooled
		leave
	done
	heal
	for t in 4 6 10; do
		enter "$t"
		was_dead_in_time "${holders[t]}" "$t"
		leave
	done
}

was_dead_in_time() {
	local end fooled
	end=$(cat end) fooled=$(cat fooled)
	exits 76 "$1"
	echo "# T=$2 s: last beat $((end - $(last_beat))) ms before the leader ended the node, the rival" \
		"began $(($(cat rival) - end)) ms after it; a reader was fooled for $((fooled - end)) ms" >&3
	(($(last_beat) < end)) || fail "the command ran on after the leader had ended the node"
	(($(last_beat) < $(cat rival))) || fail "the command ran beside the rival's"
	grep -q 'no proof in time' err || fail "$(cat err)"
	((fooled > end)) || fail "this run does not show how a read is fooled"
}

# A folder and a lock of its own.
enter() {
	mkdir -p "$PWD/$1"
	cd "$PWD/$1" || return
	LOCK=$LOCK.$1
}
leave() {
	cd ..
	LOCK=${LOCK%.*}
}

# times COMMAND...: PARTITION_RUNS times.
times() {
	local run
	for ((run = 1; run <= ${PARTITION_RUNS:-1}; run++)); do
		enter "$run"
		"$@"
		leave
	done
}

@test "cut follower, T = 4 s, 6 s and 10 s: the command is dead before the leader ends the node" {
	local holders=()
	times holders_of_a_cut_follower
}

# A holder that knows all servers and is attached to a follower, which is then $FOLLOWER.
hold_on_a_follower() {
	local n
	while :; do
		rm -f beats node token child session
		hold_and_beat "$ZKLOCK_SERVERS" 10
		for n in $(followers); do
			[[ -n $(local_port "$HOLDER" "$n") ]] || continue
			FOLLOWER=$n
			return
		done
		kill -TERM "$HOLDER"
		exits 143 "$HOLDER"
	done
}

# P11: the silent server is left in time. One and a half session timeouts later all is as it was.
silent_follower() {
	local silenced
	hold_on_a_follower
	silenced=$(date +%s%3N)
	"$@"
	until_true has_moved
	echo "# another server after $(($(date +%s%3N) - silenced)) ms" >&3
	until_true beats_after $((silenced + 15000))
	[[ $(ns zklock who --servers "$(address "$(ensemble leader)")" --json "$LOCK" |
		jq '.contenders[0].token') == "$(cat token)" ]] || fail "another holder than before"
	has_not lost
	has_not 'no proof'
	kill -TERM "$HOLDER"
	exits 143 "$HOLDER"
	heal
}
has_moved() {
	local n
	for n in 1 2 3; do
		[[ $n = "$FOLLOWER" || -z $(local_port "$HOLDER" "$n") ]] || return 0
	done
	return 1
}
beats_after() { (($(last_beat) > $1)); }
has_not() { if grep -e "$1" err; then fail "it should not say so"; fi; }

@test "follower cut from its leader, others known, T = 10 s: same node, same token, no loss" {
	cut() { cut_follower "$FOLLOWER"; }
	times silent_follower cut
}

@test "follower frozen, others known, T = 10 s: same node, same token, no loss" {
	freeze() { ensemble pause "$FOLLOWER"; }
	times silent_follower freeze
}

@test "link to the follower silently dropped, others known, T = 10 s: same node, same token, no loss" {
	drop() { drop_link "$HOLDER" "$FOLLOWER"; }
	times silent_follower drop
}

# lost_by_clock COMMAND...: which takes all contact; what comes back after the loss changes nothing.
lost_by_clock() {
	hold_and_beat "$ZKLOCK_SERVERS" 4
	"$@"
	await_gone "$(cat child)"
	heal
	exits 76 "$HOLDER"
	grep -q 'no proof in time' err || fail "$(cat err)"
	has_not 'contact again'
}

@test "quorum lost, T = 4 s: lost by our own clock" {
	take() { ensemble pause 1 && ensemble pause 2; }
	times lost_by_clock take
}

@test "all packets dropped, T = 4 s: lost by our own clock" {
	take() { ns iptables -A INPUT -p tcp -j DROP; }
	times lost_by_clock take
}

# drop_all WORD: every packet that comes from (--sport) or goes to (--dport) a server's client port.
drop_all() {
	local n
	for n in 1 2 3; do ns iptables -A INPUT -p tcp "$1" "$(client_port "$n")" -j DROP; done
}

@test "replies dropped, T = 4 s: lost by our own clock" {
	times lost_by_clock drop_all --sport
}

@test "requests dropped, T = 4 s: lost by our own clock" {
	times lost_by_clock drop_all --dport
}
