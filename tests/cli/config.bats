#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2013,SC2030,SC2031 # scripts in quotes are for other shells; helper.bash and bats set what is read here
# Settings: built-in < system < user < environment < option, and where each one comes from.

setup() {
	load helper
	common_setup
	unset ZKLOCK_SERVERS
	user=$XDG_CONFIG_HOME/zklock.conf
}

value() { zklock config --json "$@" | jq -r ".settings[\"$key\"].value"; }
source_of() { zklock config --json "$@" | jq -r ".settings[\"$key\"].source"; }

@test "built-in values" {
	for pair in root=/locks session-timeout=10s proof-interval=auto acl=open color=auto \
		log-level=warning kill-after=5s on-lost=term on-suspend=none if-down=fail; do
		key=${pair%%=*}
		[[ $(value) == "${pair#*=}" ]] || fail "$pair"
		[[ $(source_of) == "built in" ]]
	done
}

@test "user's file, environment, option: the later wins and is named" {
	key=root
	printf '[zklock]\nroot=/user\n' >"$user"
	[[ $(value) == /user && $(source_of) == "$user" ]]
	export ZKLOCK_ROOT=/env
	[[ $(value) == /env && $(source_of) == ZKLOCK_ROOT ]]
	[[ $(value --root /option) == /option && $(source_of --root /option) == --root ]]
}

@test "every setting has a variable and an option" {
	while read -r key variable sample; do
		[[ $(env "$variable=$sample" zklock config --json |
			jq -r ".settings[\"$key\"] | .value + \" \" + .source") == "$sample $variable" ]] ||
			fail "$variable"
		[[ $(value "--$key=$sample") == "$sample" ]] || fail "--$key"
	done <<'TABLE'
servers ZKLOCK_SERVERS h1,h2:2182
root ZKLOCK_ROOT /app/locks
session-timeout ZKLOCK_SESSION_TIMEOUT 15s
proof-interval ZKLOCK_PROOF_INTERVAL none
auth-file ZKLOCK_AUTH_FILE /etc/secret
acl ZKLOCK_ACL creator
why ZKLOCK_WHY testing
color ZKLOCK_COLOR never
log-level ZKLOCK_LOG_LEVEL debug
kill-after ZKLOCK_KILL_AFTER 1m
on-lost ZKLOCK_ON_LOST kill
on-suspend ZKLOCK_ON_SUSPEND stop
if-down ZKLOCK_IF_DOWN run
metrics-file ZKLOCK_METRICS_FILE /tmp/x.prom
TABLE
}

@test "ZKLOCK_CONFIG replaces the user's file, and must exist" {
	key=root
	printf '[zklock]\nroot=/user\n' >"$user"
	printf '[zklock]\nroot=/other\n' >other.conf
	[[ $(ZKLOCK_CONFIG=$PWD/other.conf value) == /other ]]
	ZKLOCK_CONFIG=$PWD/nowhere.conf run -78 zklock config
}

@test "a mistake in a file is an error with status 78, not a silent default" {
	printf '[zklock]\nsession-timeuot=5\n' >"$user"
	run -78 zklock config
	[[ $output == *"did you mean 'session-timeout'?"* ]]
	printf '[zklok]\nroot=/x\n' >"$user"
	run -78 zklock config
	[[ $output == *"unknown group [zklok]"* ]]
	printf '[zklock]\non-lost=explode\n' >"$user"
	run -78 zklock config
	[[ $output == *"term, kill, hup, ignore"* ]]
	printf 'nonsense\n' >"$user"
	run -78 zklock config
	[[ $output == *"$user"* ]]
}

@test "a bad value in a variable is named with the variable" {
	ZKLOCK_ON_LOST=x run -78 zklock config
	[[ $output == *ZKLOCK_ON_LOST* ]]
}

@test "the user's file is not read when rights are borrowed" {
	[[ $(id -u) == 0 ]] || skip "needs root to make a set-user-ID copy"
	command -v setpriv >/dev/null || skip "needs setpriv"
	printf '[zklock]\nroot=/user\n' >"$user"
	chmod -R a+rX "$BATS_TEST_TMPDIR" "$XDG_CONFIG_HOME"
	key=root
	# real user 0, effective user 65534: as a set-user-ID program would find it
	program=$(command -v zklock)
	borrowed=(setpriv --euid 65534 --clear-groups)
	if [[ -e $top_builddir/tools/.libs/zklock ]]; then
		# not built in: libtool's wrapper is a shell, which gives the rights back
		program=$top_builddir/tools/.libs/zklock
		borrowed+=("$(ldd "$program" | grep -oE '/[^ ]*/ld-[^ ]*')" --library-path "$top_builddir/src/.libs")
	fi
	borrowed+=("$program")
	"${borrowed[@]}" version || skip "other users cannot run this build of the command here"
	run -0 "${borrowed[@]}" config --json
	[[ $(jq -r .settings.root.value <<<"$output") == /locks ]]
}

@test "table: colours only when asked for, NO_COLOR honoured, text escaped" {
	run -0 zklock config --color=never
	[[ $output != *$'\e['* ]]
	run -0 zklock config --color=always
	[[ $output == *$'\e[1m'* ]]
	run -0 zklock config --color=always --why $'bad\e]0;title\a'
	[[ $output == *'bad\x1b]0;title\x07'* ]]
	TERM=xterm run -0 script -qec "zklock config" /dev/null
	[[ $output == *$'\e[1m'* ]]
	NO_COLOR=1 TERM=xterm run -0 script -qec "zklock config" /dev/null
	[[ $output != *$'\e[1m'* ]]
}

@test "table: fits the terminal, and is whole in a pipe" {
	long=$(printf 'x%.0s' {1..300})
	run -0 zklock config --why "$long"
	[[ $output == *"$long"* ]]
	COLUMNS=60 NO_COLOR=1 TERM=xterm run -0 script -qec "zklock config --why $long" /dev/null
	[[ $output != *"$long"* ]]
	while IFS= read -r line; do
		line=${line%$'\r'}
		((${#line} <= 60)) || fail "too wide: $line"
	done <<<"$output"
}
