# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of this folder share: say what happens, and a copy of the sources to work on.
# They set `top`, the folder of the project, and `work`, a folder of their own that they remove.
: "${top:?}"

say() { printf '%s: %s\n' "${0##*/}" "$*"; }

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# attempt LOG COMMAND...: run it, output into LOG, how it ended in `status`. Not for use in a condition:
# there the commands inside would no longer stop at the first failure.
attempt() {
	local log=$1
	shift
	set +e
	(set -e && "$@") >"$log" 2>&1
	status=$?
	set -e
}

# step TEXT COMMAND...: run it; its output is shown only if it fails.
step() {
	local text=$1 start=$SECONDS status
	shift
	attempt "${work:?}/step.log" "$@"
	if ((status != 0)); then
		grep -aE '^(FAIL|not ok|ERROR)|rror: ' "$work/step.log" | head -n 20 | cut -c -400 >&2 || true
		tail -n 60 "$work/step.log" | cut -c -400 >&2
		die "$text: FAILED"
	fi
	say "$text: ok ($((SECONDS - start)) s)"
}

# copy_sources TO: what git tracks or would track; in an unpacked tarball, everything.
copy_sources() {
	local to=$1
	mkdir -p "$to"
	if git -C "$top" rev-parse --git-dir >/dev/null 2>&1; then
		git -C "$top" ls-files -z --cached --others --exclude-standard |
			(cd "$top" && existing) | tar -C "$top" --create --no-recursion --null --files-from=- |
			tar -C "$to" --extract
	else
		tar -C "$top" --create . | tar -C "$to" --extract
	fi
}

# Of the names on standard input, each ended by a zero byte, those that are files.
existing() {
	local name
	while IFS= read -rd '' name; do
		if [[ -e $name || -L $name ]]; then printf '%s\0' "$name"; fi
	done
}

# make_tarball TO: the release tarball, made as a release would make it.
make_tarball() {
	copy_sources "$1/sources"
	[[ -e $1/sources/configure ]] || autoreconf -fi "$1/sources"
	mkdir -p "$1/dist"
	(cd "$1/dist" && ../sources/configure && make dist)
}
