# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What demo, check and lint share: where the tree is, how it is built, how they speak. Sourced.

# Most scripts that source this file use some of these and not others.
# shellcheck disable=SC2034
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

bold='' dim='' red='' green='' yellow='' cyan='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
	bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' cyan=$'\e[36m'
	plain=$'\e[0m'
fi

say() { printf '%s\n' "$*"; }
heading() { printf '%s== %s%s\n' "$bold" "$*" "$plain"; }

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# configure, when the sources of it are newer.
bootstrap() {
	local source
	for source in configure.ac Makefile.am m4/options.m4 m4/zookeeper.m4 \
		$(cd "$root" && echo */Makefile.inc); do
		if [[ ! -e $root/configure || $root/$source -nt $root/configure ||
			! -e $root/Makefile.in || $root/$source -nt $root/Makefile.in ]]; then
			(cd "$root" && autoreconf --force --install)
			return
		fi
	done
}

# build DIR [CONFIGURE-OPTION...]: configure (again, when the options are others) and make.
build() {
	local dir=$1
	shift
	mkdir -p "$dir" || return
	if [[ ! -e $dir/Makefile || $root/configure -nt $dir/Makefile ||
		$(cat "$dir/.options" 2>/dev/null) != "$*" ]]; then
		(cd "$dir" && "$root/configure" --quiet "$@") || return
		printf '%s\n' "$*" >"$dir/.options"
	fi
	make -C "$dir" --no-print-directory -s -j"$(nproc)"
}
