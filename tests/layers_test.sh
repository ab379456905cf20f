#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The rooms of the house and the arrows between them, read from the #include lines of src, tools and
# examples: base <- core <- run <- api, base <- port <- run; the tools know the public header alone.
# Wrong arrows, cycles between files, and libraries in rooms that must not know them fail.
set -euo pipefail

root=${top_srcdir:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
cd "$root"

# room: the rooms that it may include, itself among them
declare -A may=(
	[base]="base"
	[core]="base core"
	[port]="base port"
	[run]="base core port run"
	[api]="base core port run api"
)
wrong=0

complain() {
	printf '%s\n' "$*" >&2
	wrong=$((wrong + 1))
}

# file<TAB>included, for includes in quotes
ours() { grep -HoP '^\s*#\s*include\s*"\K[^"]+' "$@" | sed 's/:/\t/'; }
# file<TAB>included, for includes in angles
theirs() { grep -HoP '^\s*#\s*include\s*<\K[^>]+' "$@" | sed 's/:/\t/'; }

check_arrows() {
	local file target room to
	while IFS=$'\t' read -r file target; do
		room=${file#src/} room=${room%%/*}
		to=${target%%/*}
		if [[ $target != */* ]]; then
			complain "$file: \"$target\" names no room: write \"$room/$target\""
		elif [[ " ${may[$room]:-} " != *" $to "* ]]; then
			complain "$file: $room may not include $to ($target)"
		elif [[ ! -e src/$target && $target != */*.def ]]; then
			complain "$file: there is no src/$target"
		fi
	done < <(ours "${sources[@]}")
}

# A cycle: tsort cannot put the files in order.
check_cycles() {
	local out
	out=$(ours "${sources[@]}" | awk -F'\t' '$1 != "src/" $2 { print $1, "src/" $2 }' |
		tsort 2>&1 >/dev/null) || complain "the includes of src go in a circle:" "$out"
}

check_libraries() {
	local file target
	while IFS=$'\t' read -r file target; do
		case $target in
		zookeeper*)
			[[ $file == src/port/zk/* ]] ||
				complain "$file: only src/port/zk/ may include <$target>"
			;;
		glib* | gio*)
			[[ $file != src/base/* && $file != src/core/* ]] ||
				complain "$file: GLib begins in port and run, not here"
			;;
		pthread.h | time.h | sys/* | unistd.h)
			[[ $file != src/core/* ]] ||
				complain "$file: core knows no thread, no clock and no I/O (<$target>)"
			;;
		esac
	done < <(theirs "${sources[@]}")
}

# Calls of the client with which others went wrong are not made: those that block, that take watches
# away; and exists never watches (docs/bugs.md 26, 41, 47, 48).
readonly calls="zookeeper_init2 zookeeper_close zookeeper_get_connected_host zoo_acreate zoo_acreate2
	zoo_add_auth zoo_adelete zoo_aget_acl zoo_aget_children zoo_amulti zoo_aset zoo_async zoo_awexists
	zoo_awget zoo_check_op_init zoo_client_id zoo_create_op_init zoo_delete_op_init zoo_get_context
	zoo_recv_timeout zoo_set_debug_level zoo_set_op_init zoo_set_servers zoo_set_servers_resolution_delay
	zoo_state"
check_calls() {
	local file name
	while IFS=: read -r file name; do
		[[ ${calls//[[:space:]]/ } =~ (^| )$name( |$) ]] ||
			complain "$file: $name() is none of the calls of the client that we make"
	done < <(grep -oHP '\b(zoo|zookeeper)_[a-z_0-9]+(?=\()' "${sources[@]}")
	name=$(grep -nP 'zoo_awexists\((?!zh, [^,]*, NULL, NULL, )' "${sources[@]}" || true)
	[[ -z $name ]] || complain "exists must not watch: $name"
}

# A user's view: what is not installed cannot be included.
check_outside() {
	local file target
	while IFS=$'\t' read -r file target; do
		case $target in
		base/* | core/* | port/* | run/* | api/*)
			complain "$file: only the public header is known out here, not $target"
			;;
		esac
	done < <(ours "$@")
}

readarray -t sources < <(find src -name '*.[ch]' | sort)
readarray -t outside < <(find tools examples -name '*.[ch]' | sort)
((${#sources[@]})) || complain "no sources found in $root/src"
check_arrows
check_cycles
check_libraries
check_calls
((${#outside[@]} == 0)) || check_outside "${outside[@]}"
((wrong == 0)) || exit 1
printf 'layers: %d files, every arrow as drawn\n' "${#sources[@]}"
