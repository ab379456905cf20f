#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What docs/faults.md, bugs.md, traps.md and recipe.md say is tested, is: every test they name exists.
bats_require_minimum_version 1.5.0

setup_file() {
	export top_srcdir=${top_srcdir:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}
}

setup() { cd "$top_srcdir" || return; }

# file_of TAG: where the tests of a tag are.
file_of() {
	case $1 in
	counts) echo tests/story/test_counts.c ;;
	calls | ends | stories | handles | proofs) echo "tests/story/test_$1.c" ;;
	options | recipe | core | port | servers | prover) echo "tests/unit/test_$1.c" ;;
	fake) echo tests/unit/test_fake_zk.c ;;
	loop) echo tests/unit/test_run.c ;;
	process | rights | sleep | frames | mutex | move | keeper | peers | vigil | crowd | restless) echo "tests/live/test_$1.c" ;;
	knows) echo tests/live/test_holder.c ;;
	talk) echo tests/live/test_conversation.c ;;
	layers) echo tests/layers_test.sh ;;
	partition | clone | queue | names) echo "tests/live/$1.bats" ;;
	run | loss | hold | once | guard | look | usage | config | doctor) echo "tests/cli/$1.bats" ;;
	example) echo tests/examples/examples.bats ;;
	faults) echo tests/examples/faults.bats ;;
	neighbours) echo tests/live/neighbours.bats ;;
	holder | waiter) echo "docker/faults/$1.bats" ;;
	all) echo docker/faults/servers.bats ;;
	*) return 1 ;;
	esac
}

# exists TAG NAME: a story, a fault of the explorer, or a test whose title begins so.
exists() {
	case $1 in
	story) [[ -e tests/story/$2.story ]] ;;
	plant) [[ -e tests/sanity/plants/$2.plant ]] ;;
	model) grep -qE "^	'$2 +\|" verify/run ;;
	explore) grep -qF "= \"$2\"," tests/explore/schedule.c ;;
	*)
		local file
		file=$(file_of "$1") && [[ -e $file ]] || return
		if [[ $file == *.sh ]]; then grep -qF "$2() {" "$file"; elif [[ $file == *.bats ]]; then grep -qF "@test \"$2" "$file"; else grep -qE "^START_TEST\($2|^static void $2\(" "$file"; fi
		;;
	esac
}

# named FILE: the tests that a page names, one a line: `tag:name`
# shellcheck disable=SC2016 # the backticks are those of the page
named() { grep -oE '`[a-z]+:[A-Za-z][^`]*`' "$1" | tr -d '`' | sort -u; }

all_exist() {
	local name bad=0
	[[ -n $(named "$1") ]]
	while read -r name; do
		exists "${name%%:*}" "${name#*:}" || { echo "no such test: $name" && bad=1; }
	done < <(named "$1")
	return "$bad"
}

@test "faults: every test that is named exists" { all_exist docs/faults.md; }

@test "faults: 37 rows, four cells each, each with a test or n/a" {
	[ "$(grep -cE '^\| [0-9]+ \|' docs/faults.md)" -eq 37 ]
	[ "$(grep -oE '^\| [0-9]+ \|' docs/faults.md | sort -u | wc -l)" -eq 37 ]
	run awk -F '|' '/^\| [0-9]+ \|/ {
		if (NF != 8) print "row" $2 "has " NF - 4 " cells"
		for (i = 4; i <= 7; i++) if ($i !~ /`[a-z]+:/ && $i !~ /n\/a/ || $i ~ /no test yet/)
			print "row" $2 "cell " i - 3 " is bare:" $i
	}' docs/faults.md
	[ -z "$output" ]
}

@test "recipe: every planted bug that is named exists" { all_exist docs/recipe.md; }

@test "bugs: every test that is named exists" { all_exist docs/bugs.md; }

@test "peers: every test that is named exists" { all_exist docs/peers.md; }

@test "bugs: 57 rows of peers, each with a test, a rule, or a feature it waits for" {
	[ "$(grep -cE '^\| [0-9]+ \|' docs/bugs.md)" -eq 57 ]
	run awk -F '|' '/^\| [0-9]+ \|/ && $5 !~ /`[a-z]+:/ && $5 !~ /waits for/ && $5 !~ /rule/ || /no test yet/ { print }' docs/bugs.md
	[ -z "$output" ]
}

@test "traps: every test that is named exists" { all_exist docs/traps.md; }

@test "traps: 30 rows, each with a test, or why there is none" {
	[ "$(grep -cE '^\| [0-9]+ \|' docs/traps.md)" -eq 30 ]
	run awk -F '|' '/^\| [0-9]+ \|/ && (NF != 8 || $7 !~ /`[a-z]+:/ && $7 !~ /no test: /) { print }' docs/traps.md
	[ -z "$output" ]
}
