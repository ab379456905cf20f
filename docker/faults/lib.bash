# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the fault cases share. Each client is a container that runs `zklock run` on one lock; while it
# holds, its child tells every 50 ms that it works:
#
#	UPTIME TOKEN
#
# UPTIME is /proc/uptime: one clock for all containers, since they share the kernel, and one that goes
# on for a container that is paused. So the order of the lines of two containers is the order in which
# they worked. Cases say what is done to whom, then what must be true; they wait for events only.

# shellcheck source-path=SCRIPTDIR source=../lib.bash
source "$BATS_TEST_DIRNAME/../lib.bash"

PROJECT=${COMPOSE_PROJECT_NAME:?run the cases by docker/check, which starts the servers}
NETWORK=${PROJECT}_ensemble
IMAGE=${ZKLOCK_IMAGE:-libzklock/run}
readonly PROJECT NETWORK IMAGE
readonly LIMIT=120 # seconds until a wait is given up; a hang guard, not a promise
# shellcheck disable=SC2034 # for the cases
readonly LOST=76 # what `zklock run` ends with when its lock was lost
# shellcheck disable=SC2034 # for the cases
readonly OVERRAN=71 # the same, and its child was not ended before the proof was
# shellcheck disable=SC2016 # expanded in the container
readonly WORK='while :; do read -r up _ </proc/uptime; echo "$up $ZKLOCK_TOKEN"; sleep 0.05; done'

setup() {
	lock=$(basename "$BATS_TEST_FILENAME" .bats)-$BATS_TEST_NUMBER-$SRANDOM
	clients=()
	timeout=6 # session timeout of the clients, in seconds, and their servers: a case may set its own
	servers=zk1,zk2,zk3
}

teardown() {
	local name
	if [[ -z ${BATS_TEST_COMPLETED:-} ]]; then show_clients; fi
	for name in "${clients[@]}"; do docker rm --force --volumes "$(container "$name")" >/dev/null; done
	heal_servers
}

show_clients() {
	local name
	for name in "${clients[@]}"; do
		printf -- '-- %s: %s\n' "$name" "$(state "$name")"
		docker logs "$(container "$name")" 2>&1 | tail -n 15
	done
}

# --- clients --------------------------------------------------------------------------------------

container() { printf '%s-%s-%s\n' "$PROJECT" "$lock" "$1"; }

# client NAME [OPTION...]: start a container that wants the lock, and work under it.
client() {
	local name=$1
	shift
	clients+=("$name")
	docker run --detach --name "$(container "$name")" --hostname "$name" --network "$NETWORK" \
		--env ZKLOCK_SERVERS="$servers" --env ZKLOCK_SESSION_TIMEOUT="$timeout" \
		"$IMAGE" run "$@" "$lock" -- sh -c "$WORK" >/dev/null
}

state() { docker inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$(container "$1")"; }
lines() { docker logs "$(container "$1")" 2>/dev/null; }
first_work() { lines "$1" | head -n 1 | cut -d ' ' -f 1; }
last_work() { lines "$1" | tail -n 1 | cut -d ' ' -f 1; }
token() { lines "$1" | head -n 1 | cut -d ' ' -f 2; }
last_token() { lines "$1" | tail -n 1 | cut -d ' ' -f 2; }
has_worked() { [[ -n $(first_work "$1") ]]; }
has_ended() { [[ $(state "$1") == exited* ]]; }

# Its work goes on after this moment.
works_now() {
	local now
	read -r now _ </proc/uptime
	await has_worked_since "$1" "$now"
}

has_worked_since() { earlier "$2" "$(last_work "$1")"; }

# Does it stand in the queue? Asked of ZooKeeper, not of the client.
is_queued() {
	docker run --rm --network "$NETWORK" --env ZKLOCK_SERVERS=zk1,zk2,zk3 "$IMAGE" \
		who --json "$lock" | grep -q "\"$1\""
}

await() {
	local end=$((SECONDS + LIMIT))
	until "$@"; do
		((SECONDS < end)) || fail "waited $LIMIT s in vain for: $*"
		sleep 0.05
	done
}

# --- what is done to them -------------------------------------------------------------------------

cut_off() { docker network disconnect "$NETWORK" "$(container "$1")"; }
reconnect() { docker network connect "$NETWORK" "$(container "$1")"; }
pause() { docker pause "$(container "$1")" >/dev/null; }
resume() { docker unpause "$(container "$1")" >/dev/null; }
slay() { docker kill "$(container "$1")" >/dev/null; }
stop() { docker stop --time 30 "$(container "$1")" >/dev/null; }
restart() { docker restart --time 30 "$(container "$1")" >/dev/null; }

# --- servers --------------------------------------------------------------------------------------

# The server that a client is connected to, by the servers' own word.
server_of() {
	local name address
	address=$(docker inspect --format "{{(index .NetworkSettings.Networks \"$NETWORK\").IPAddress}}" \
		"$(container "$1")")
	for name in zk1 zk2 zk3; do
		if ask "$name" cons | grep -qF "/$address:"; then echo "$name"; fi
	done
}

restart_server() {
	docker restart --time 5 "$(service "$1")" >/dev/null
	await serves "$1"
}

# A case leaves the servers as it found them.
heal_servers() {
	local name id
	for name in zk1 zk2 zk3; do
		id=$(service "$name")
		case $(docker inspect --format '{{.State.Status}}' "$id") in
		paused) docker unpause "$id" >/dev/null ;;
		exited) docker start "$id" >/dev/null ;;
		esac
		if [[ $(docker inspect --format '{{len .NetworkSettings.Networks}}' "$id") == 0 ]]; then
			docker network connect --alias "$name" "$NETWORK" "$id"
		fi
	done
	for name in zk1 zk2 zk3; do await serves "$name"; done
}

# --- what must be true ----------------------------------------------------------------------------

fail() {
	printf '%s\n' "$*" >&2
	return 1
}

earlier() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'; }

# All work of A came before any work of B.
worked_before() {
	earlier "$(last_work "$1")" "$(first_work "$2")" ||
		fail "$1 worked until $(last_work "$1"), but $2 from $(first_work "$2") on"
}

ended_with() {
	await has_ended "$1"
	[[ $(state "$1") == "exited $2" ]] || fail "$1 must end with $2, but: $(state "$1")"
}

has_not_worked() { ! has_worked "$1" || fail "$1 has worked under the lock"; }

# A store that refuses every token below one that it has seen takes nothing from A after B's first
# work: all that A did since carries a smaller token.
is_fenced() {
	(($(token "$1") < $(token "$2"))) || fail "token of $1 $(token "$1"), then of $2 $(token "$2")"
	! lines "$1" | grep -qv " $(token "$1")\$" || fail "$1 showed more than one token"
}
