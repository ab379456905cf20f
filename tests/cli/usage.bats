#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2013,SC2030,SC2031 # scripts in quotes are for other shells; helper.bash and bats set what is read here
# The command line: what is wrong, why, and what to do, on one line, with status 64. No server.

setup() {
	load helper
	common_setup
	unset ZKLOCK_SERVERS
}

# refused STATUS WORDS COMMAND...: that status, and one line that has the words.
refused() {
	local status=$1 words=$2
	shift 2
	run "-$status" --separate-stderr "$@"
	[[ ${#stderr_lines[@]} == 1 ]] || fail "not one line: $stderr"
	[[ $stderr == *"$words"* ]] || fail "no '$words' in: $stderr"
	[[ $stderr == "zklock: "* ]]
}

@test "no subcommand: status 64" { refused 64 "zklock help" zklock; }

@test "unknown subcommand: the nearest is suggested" {
	refused 64 "did you mean 'run'?" zklock rnu
	refused 64 "did you mean 'doctor'?" zklock doktor
	refused 64 "unknown subcommand 'xyzzy'" zklock xyzzy
}

@test "unknown option: the nearest is suggested" {
	refused 64 "did you mean --timeout?" zklock run --tiemout=3 a -- true
	refused 64 "did you mean --session-timeout?" zklock who --sesion-timeout=3 a
	refused 64 "did you mean --on-suspend?" zklock run --on-suspned=stop a -- true
}

@test "help: of the command, and --help of each subcommand, status 0" {
	run -0 zklock help
	for subcommand in $(sed -n 's/^  \([a-z]*\)  .*/\1/p' <<<"$output"); do
		run -0 zklock "$subcommand" --help
		[[ $output == *"zklock $subcommand"* ]]
	done
	run -0 zklock --help
	run -0 zklock --version
	[[ $output == "zklock "*"(libzklock "* ]]
}

@test "version: text and --json" {
	run -0 zklock version
	run -0 zklock version --json
	jq -e '.schema == 1 and .zklock and .libzklock' <<<"$output"
}

@test "name: missing, doubled, not allowed" {
	refused 64 "name is missing" zklock run
	refused 64 "name is missing" zklock who
	refused 64 "one name is enough" zklock who a b
	refused 64 "is no name for a lock" zklock who a/b
	refused 64 "is no name for a lock" zklock test ..
	refused 64 "is no name for a lock" zklock test zookeeper
	refused 64 "is no name for a lock" zklock test "$(printf 'a%.0s' {1..129})"
}

@test "name: control characters are escaped before they reach the terminal" {
	refused 64 '\x1b[31m' zklock who $'a\e[31m'
}

@test "run: command missing, behind the name an option, -c and a command" {
	refused 64 "command is missing" zklock run a
	refused 64 "command is missing" zklock run a --
	refused 64 "options come before it" zklock run a -n true
	refused 64 "not both" zklock run -c true a -- true
}

@test "run: -n and -w exclude each other; times and codes are checked" {
	refused 64 "not both" zklock run -n -w 3 a -- true
	refused 64 "is no time" zklock run -w soon a -- true
	refused 64 "is no time" zklock run --timeout=-1 a -- true
	refused 64 "is no time" zklock run --at-least=x a -- true
	refused 64 "is no time" zklock run --at-most=x a -- true
	refused 64 "leaves the command no time" zklock run --at-most=0 a -- true
	refused 64 "from 0 to 255" zklock run -E 256 a -- true
	refused 64 "from 0 to 255" zklock run --conflict-exit-code=-1 a -- true
	refused 64 "from 0 to 255" zklock run --lost-exit-code=300 a -- true
}

@test "a session timeout is more than none" {
	refused 64 "must be a time such as 10s" zklock ls --session-timeout 0
}

@test "run: --if-down=run needs a limit" {
	refused 64 "needs -n or -w" zklock run --if-down=run a -- true
	ZKLOCK_IF_DOWN=run refused 64 "no servers given" zklock run a -- true # stored: for those with a limit
}

@test "words: each option with a list says which words it knows" {
	refused 64 "term, kill, hup, ignore" zklock run --on-lost=x a -- true
	refused 64 "none, stop, term" zklock run --on-suspend=x a -- true
	refused 64 "fail, run" zklock run --if-down=x a -- true
	refused 64 "auto, always, never" zklock ls --color=x
	refused 64 "error, warning, info, debug" zklock ls --log-level=x
	refused 64 "auto, none or a time" zklock ls --proof-interval=x
	refused 64 "must be a time" zklock run --kill-after=x a -- true
	refused 64 "not under /zookeeper" zklock ls --root=/zookeeper
	refused 64 "absolute path" zklock ls --root=locks
}

@test "once: --tick is needed and checked" {
	refused 64 "--tick is missing" zklock once a -- true
	refused 64 "whole seconds" zklock once --tick every=1500ms a -- true
	refused 64 "whole seconds" zklock once --tick every=2d a -- true
	refused 64 "is no key" zklock once --tick a/b a -- true
	refused 64 "from 0 to 255" zklock once --tick a --done-exit-code 999 a -- true
}

@test "no servers: says where to set them" {
	refused 64 "ZKLOCK_SERVERS" zklock who a
}

@test "servers that cannot be parsed: 64 when typed, 78 when stored" {
	# the library's log says in a line before what it cannot parse
	run -64 zklock who --servers ':::' a
	[[ ${lines[-1]} == *"--servers HOST"* ]]
	ZKLOCK_SERVERS=':::' run -78 zklock who a
	[[ ${lines[-1]} == *"--servers HOST"* ]]
}

@test "listings take no name; top needs a terminal; break asks somebody" {
	refused 64 "takes no name" zklock ls a
	refused 64 "takes no argument" zklock doctor a
	refused 64 "takes no argument" zklock config a
	refused 64 "needs a terminal" zklock top
	refused 64 "--delay" zklock top --delay 1ms
	refused 64 "nobody to ask" zklock break a </dev/null
	refused 64 "--max" zklock who --max=-1 a
}

@test "no server answers: status 69, within the limit" {
	run -69 --separate-stderr zklock run -w 1 --servers 127.0.0.1:1 a -- echo ran
	[[ $output != *ran* ]]
	[[ $stderr == *"zklock doctor"* ]]
	run -69 zklock who --session-timeout 4s --servers 127.0.0.1:1 a
}

@test "--if-down=run: no server, the command runs, and it is said loudly" {
	run -3 --separate-stderr zklock run -w 1 --if-down=run --servers 127.0.0.1:1 a -- \
		sh -c 'echo "held $ZKLOCK_HELD token ${ZKLOCK_TOKEN-none}"; exit 3'
	[[ $output == "held 0 token none" ]]
	[[ $stderr == *"WARNING"*"WITHOUT the lock"* ]]
}

@test "secret: mode, owner and form of --auth-file are checked, and it is never shown" {
	echo digest:user:password >secret
	chmod 644 secret
	refused 78 "chmod 600" zklock who --servers 127.0.0.1:1 --auth-file secret a
	chmod 600 secret
	echo nonsense >secret
	refused 78 "SCHEME:SECRET" zklock who --servers 127.0.0.1:1 --auth-file secret a
	[[ $stderr != *nonsense* ]]
	refused 78 "No such file" zklock who --servers 127.0.0.1:1 --auth-file nowhere a
	refused 78 "regular file" zklock who --servers 127.0.0.1:1 --auth-file /dev/null a
}

@test "completion: subcommands, options and their values" {
	# shellcheck source=/dev/null
	source "$top_srcdir/completions/zklock"
	complete_words() {
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_zklock
		printf '%s\n' "${COMPREPLY[@]}"
	}
	[[ $(complete_words zklock 'do') == doctor ]]
	[[ $(complete_words zklock run --on-l) == --on-lost ]]
	[[ $(complete_words zklock run --on-lost ig) == ignore ]]
	[[ $(complete_words zklock run --on-lost = ig) == ignore ]]
	[[ -z $(complete_words zklock who '') ]]
}
