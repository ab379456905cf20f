#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2013,SC2030,SC2031 # scripts in quotes are for other shells; helper.bash and bats set what is read here
# The manual: clean, complete, and what it shows is what the command knows.

setup() {
	load helper
	common_setup
	man=$top_srcdir/docs/man
}

@test "mandoc finds nothing to complain about" {
	command -v mandoc >/dev/null || skip "no mandoc"
	# two files: its two streams, in one, cut each other's lines to pieces
	mandoc -Tlint -W style "$man"/*.[1357] >lint 2>problems || true
	# pages that are not installed yet are no fault
	complaints=$(grep -hvE 'referenced manual not found|outdated mandoc.db' lint problems || true)
	[[ -z $complaints ]] || fail "$complaints"
}

@test "every option of every subcommand is in zklock(1)" {
	run -0 zklock help
	for subcommand in $(sed -n 's/^  \([a-z]*\)  .*/\1/p' <<<"$output"); do
		for option in $(zklock "$subcommand" --help | grep -oE -- '--[a-z][a-z-]*' | sort -u); do
			grep -qF "Fl -${option#--}" "$man/zklock.1" || fail "$subcommand $option"
		done
	done
}

@test "every option in zklock(1) is known to a subcommand" {
	for subcommand in $(zklock help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
		zklock "$subcommand" --help
	done >all
	for option in $(grep -oE 'Fl -[a-z][a-z-]*' "$man/zklock.1" | sed 's/Fl //' | sort -u); do
		grep -qF -- "-$option" all || fail "-$option"
	done
}

@test "every key of zklock.conf(5) is a setting, and the other way round" {
	diff <(sed -n 's/^\.It Cm //p' "$man/zklock.conf.5" | sort) \
		<(zklock config --json | jq -r '.settings | keys[]' | sort)
}

@test "every public function has a page" {
	for name in $(grep -ohE 'zklock_[a-z_]+\(' "$top_srcdir"/include/zklock/*.h | tr -d '(' | sort -u); do
		grep -qE "^\.Nm $name( ,)?$" "$man"/*.3 || fail "$name"
	done
}

# without_comments: the public headers, each comment one blank
without_comments() {
	cat "$top_srcdir"/include/zklock/*.h | tr '\n\t' '  ' | sed 's#/[*]#\x01#g; s#[*]/#\x02#g; s#\x01[^\x02]*\x02# #g'
}

@test "every public enumerator is in a page" {
	names=$(without_comments | grep -oE 'enum zklock_[a-z_]+ \{[^}]*\}' | grep -oE 'ZKLOCK_[A-Z_]+' | sort -u)
	[ "$(wc -l <<<"$names")" -ge 60 ]
	for name in $names; do
		grep -qE "^\.(It )?Dv (.* )?$name( |$)" "$man"/*.3 || fail "$name"
	done
	for name in $(grep -oE '^ZKLOCK_(OK|ERR_[A-Z_]+)$' <<<"$names"); do
		grep -qx ".It Dv $name" "$man/zklock_strerror.3" || fail "zklock_strerror(3): $name"
	done
}

@test "every field of a public struct is in a page that names the struct" {
	without_comments | grep -oE 'typedef struct zklock_[a-z_]+ \{[^}]*\} zklock_[a-z_]+;' >structs
	[ "$(wc -l <structs)" -eq 6 ]
	while IFS= read -r struct; do
		type=$(grep -oE '[a-z_]+;$' <<<"$struct" | tr -d ';')
		pages=$(grep -lwE "$type" "$man"/*.3)
		fields=$(sed 's/.*{//; s/}.*//; s/[[][0-9]*[]]//g; s/[,;]/\n/g' <<<"$struct" | grep -oE '[a-z_]+ *$')
		[[ -n $fields ]]
		for field in $fields; do
			# shellcheck disable=SC2086 # several pages
			grep -qE "^\.(It )?Va (.* )?$field( |$)" $pages || fail "$type: $field"
		done
	done <structs
}
