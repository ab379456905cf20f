#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Every option, exit status and variable of zklock(1) is named by a test here. Prints what is not.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
page=$here/../../docs/man/zklock.1
missing=0

# One item a line, from the lists of the page.
options() { grep -oE '^\.It .*Fl -[a-z][a-z-]*' "$page" | grep -oE -- '-[a-z][a-z-]*$' | sed 's/^/-/'; }
short_options() { sed -n 's/^\.It Fl \([a-zA-Z]\) ,.*/-\1/p' "$page"; }
statuses() { sed -n '/^\.Sh EXIT STATUS/,/^\.Sh JSON/s/^\.It \([0-9]*\)$/\1/p' "$page"; }
variables() { sed -n '/^\.Sh ENVIRONMENT/,/^\.Sh FILES/s/^\.It Ev //p' "$page" | tr -d ',' | tr ' ' '\n' | sed '/^$/d'; }
subcommands() { sed -n '/^\.Bl -tag -width "version"/,/^\.El/s/^\.It Cm //p' "$page"; }

# named WHAT PATTERN: is it in a test?
named() {
	grep -qE -- "$2" "$here"/*.bats && return
	printf 'no test names %s\n' "$1"
	missing=$((missing + 1))
}

total=0
check() {
	local kind=$1 pattern=$2 item
	while read -r item; do
		total=$((total + 1))
		# shellcheck disable=SC2059 # the pattern is ours
		named "$kind $item" "$(printf -- "$pattern" "$item")"
	done
}

check option '%s([^a-z-]|$)' < <(options)
check option '(^|[ "])%s([ =]|$)' < <(short_options)
check status '(run|refused|exits) -?%s |== %s( |$|\\])' < <(statuses | sed 's/.*/& &/' | cut -d' ' -f1)
check variable '%s' < <(variables)
check subcommand 'zklock %s' < <(subcommands)
printf '%s of %s items of the manual are named by tests\n' $((total - missing)) "$total"
((total > 60 && missing == 0))
