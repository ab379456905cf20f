#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What an election costs: the leader is killed while 100 locks are held in a session of each timeout
# given (milliseconds; default 4000 6000 8000 10000 15000 20000). Prints a table; promises nothing.
# The program is tests/live/election of the build tree: make tests/live/election.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=${top_builddir:-$root}/tests/live/election
[[ -x $program ]] || { echo "election: no $program: run make tests/live/election first" >&2 && exit 1; }
(($# > 0)) || set -- 4000 6000 8000 10000 15000 20000

dir=''
stop() { [[ -z $dir ]] || "$root/scripts/ensemble" stop --dir "$dir"; }
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
dir=$("$root/scripts/ensemble" start --servers 3 --tick 2000 --data-tmpfs)
eval "$("$root/scripts/ensemble" env --dir "$dir")"

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

coproc PROGRAM { "$program" "$@"; }
read -r word <&"${PROGRAM[0]}"
[[ $word == ready ]]
leader=$("$root/scripts/ensemble" leader)
killed=$(now_ms)
"$root/scripts/ensemble" kill "$leader"
until "$root/scripts/ensemble" leader >/dev/null 2>&1; do sleep 0.02; done
elected=$(($(now_ms) - killed))
sleep 5 # the clients come back; those that have lost by now have lost before
{ exec {in}>&"${PROGRAM[1]}" && echo end >&"$in"; }
echo "The leader was killed; another one answered $elected ms later (the waits of the client are on top)."
printf '%8s %8s %6s %s\n' T V kept 'least left, ms'
while read -r t v kept least; do
	printf '%8s %8s %6s %s\n' "$t" "$v" "$kept" "$least"
done <&"${PROGRAM[0]}"
