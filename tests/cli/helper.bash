# SPDX-License-Identifier: Apache-2.0
# For all bats files here: where things are, and how to wait for an event.
# shellcheck shell=bash
bats_require_minimum_version 1.5.0

top_srcdir=${top_srcdir:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}
top_builddir=${top_builddir:-$top_srcdir}
PATH=$top_builddir/tools:$PATH
readonly HANG=60 # seconds after which a test that waits has failed

# No setting of the user or the machine reaches a test; servers come from the runner.
common_setup() {
	local variable
	for variable in $(compgen -e ZKLOCK_ | grep -vE '^ZKLOCK_(SERVERS|ENSEMBLE_DIR|VALGRIND|NO_LIVE)$'); do
		unset "$variable"
	done
	unset NO_COLOR COLUMNS
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config LC_ALL=C.UTF-8
	export LOCK="t.${BATS_TEST_NUMBER:-0}.$$.$RANDOM"
	mkdir -p "$XDG_CONFIG_HOME"
	! grep -q 'jq ' "$BATS_TEST_FILENAME" || command -v jq >/dev/null || skip "no jq: apt-get install jq"
	cd "$BATS_TEST_TMPDIR" || return
	PIDS=() WITHIN=() SERVERS=${ZKLOCK_SERVERS:-}
}

# A test that passed leaves nothing on the servers: its processes end as they do for a user, and what
# none of them holds any more is waited for. One that failed may have left anything anywhere.
common_teardown() {
	local pid signal=KILL status=0
	[[ -z ${BATS_TEST_COMPLETED:-} || -z $SERVERS ]] || signal=TERM
	for pid in "${PIDS[@]}"; do
		kill -CONT "$pid" 2>/dev/null || true
		kill "-$signal" "$pid" 2>/dev/null || true
	done
	[[ $signal == KILL ]] || until_true nothing_left || status=1
	for pid in "${PIDS[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
	return "$status"
}

# --- what the servers keep ---

# For how many clients' watches and ephemeral znodes, which all contenders are, a server cares; `dead`
# cares for none. WITHIN is the command by which it can be reached.
kept_by() {
	# shellcheck disable=SC2016 # for that shell
	timeout 5 "${WITHIN[@]}" bash -c 'exec 9<>"/dev/tcp/${1%:*}/${1##*:}" || { echo dead && exit; }
		printf mntr >&9 && cat <&9' - "$1" 2>/dev/null |
		awk '/^zk_(watch|ephemerals)_count\t/ { kept += $2; known++ } /^dead/ { known = 2 }
			END { print known == 2 ? kept + 0 : "unknown" }'
}

nothing_left() {
	local server servers=${SERVERS%%/*}
	for server in ${servers//,/ }; do [[ $(kept_by "$server") == 0 ]] || return; done
}

# --- servers of a file's own, for tests that hurt them ---

# In setup_file: servers of its own are wanted and can be had; those of the runner are not used.
may_have_servers() {
	unset ZKLOCK_SERVERS ZKLOCK_ENSEMBLE_DIR
	[[ -z ${ZKLOCK_NO_LIVE:-} && (-n ${ZOOKEEPER_CLASSPATH:-} || -e /usr/share/java/zookeeper.jar) ]]
}

# own_servers [WITHIN...] -- OPTION...: start them, by the command WITHIN if given. Descriptor 3
# belongs to bats.
own_servers() {
	local dir within=()
	while [[ $1 != -- ]]; do
		within+=("$1")
		shift
	done
	shift
	dir=$("${within[@]}" "$top_srcdir/scripts/ensemble" start "$@" 3>&-)
	eval "$("$top_srcdir/scripts/ensemble" env --dir "$dir")"
	export ZKLOCK_SERVERS ZKLOCK_ENSEMBLE_DIR
}

# In teardown_file, where what setup_file has loaded is still there.
no_own_servers() { [[ -z ${ZKLOCK_ENSEMBLE_DIR:-} ]] || "$top_srcdir/scripts/ensemble" stop; }

fail() {
	printf '%s\n' "$*" >&2
	return 1
}

# until_true COMMAND...: wait until it succeeds. Looks often; fails after HANG seconds.
until_true() {
	local end=$((SECONDS + HANG))
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || fail "waited ${HANG} s for: $*" || return
		read -rt 0.02 <> <(:) || true
	done
}

# await FILE PATTERN: wait for a line in a file.
await() { until_true grep -qE -- "$2" "$1"; }

# lacks FILE PATTERN: the opposite, now.
lacks() { ! grep -E -- "$2" "$1"; }

# A zombie is as good as gone: it cannot do anything.
is_gone() { [[ ! -e /proc/$1 || $(awk '/^State:/ { print $2 }' "/proc/$1/status" 2>/dev/null) == Z ]]; }
await_gone() { until_true is_gone "$1"; }

# start COMMAND...: in the background, with output in the files out and err of the test's folder;
# its pid is in $STARTED. Descriptor 3 belongs to bats. A shell starts background commands with INT
# and QUIT ignored, which zklock would respect.
start() {
	env --default-signal=INT,QUIT "$@" >>out 2>>err <&0 3>&- &
	STARTED=$!
	PIDS+=("$STARTED")
}

# exits CODE PID: wait for a process that we started; that is its exit status.
exits() {
	local status=0
	wait "$2" || status=$?
	((status == $1)) || fail "status $status, not $1: $(cat err)"
}

# holder LOCK FILE: hold it in the background until FILE exists; returns when it is held.
holder() {
	start zklock run "${@:3}" "$1" -- sh -c 'echo "holding $$"; until [ -e "'"$2"'" ]; do sleep 0.02; done'
	await out holding
}

queue_is() { [[ $(zklock who --json "${@:2}" "$LOCK" | jq .total) == "$1" ]]; }

# Not with sanitizers: both want to be loaded first.
need_faketime() {
	command -v faketime >/dev/null || skip "no faketime"
	faketime -f +0s zklock version || skip "faketime and this build of the command do not get on"
}
