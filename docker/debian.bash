# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A small Debian system in a folder, from the mirror that apt on this host uses. For the base image
# of the containers, and for the clean rooms in which the packages are built and tried.

readonly DEBIAN_SUITE=bookworm

# apt_archive FIELD...: the address of the first Debian archive of apt that has these, or nothing.
apt_archive() {
	command -v apt-get >/dev/null || return 0
	# shellcheck disable=SC2016 # apt's own placeholder
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "$@" \
		2>/dev/null | sed -n '1s,/*$,,p'
}

apt_proxy() {
	local proxy=
	command -v apt-config >/dev/null || return 0
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	[[ $proxy == DIRECT ]] || printf '%s' "$proxy"
}

# Set and export APT_MIRROR, APT_SECURITY_MIRROR and http_proxy, where they are not set and apt knows.
find_mirrors() {
	APT_MIRROR=${APT_MIRROR:-$(apt_archive 'Label: Debian')}
	APT_SECURITY_MIRROR=${APT_SECURITY_MIRROR:-$(apt_archive 'Label: Debian-Security')}
	export APT_MIRROR APT_SECURITY_MIRROR
	http_proxy=${http_proxy:-$(apt_proxy)}
	if [[ -n $http_proxy ]]; then export http_proxy; else unset http_proxy; fi
}

# What is missing on this host for debian_make, as one line; nothing when it can start.
debian_lacks() {
	if ! command -v debootstrap >/dev/null; then
		echo 'debootstrap is missing: apt-get install debootstrap'
	elif [[ $(id -u) != 0 ]]; then
		echo 'debootstrap needs root: run this with sudo'
	elif [[ -z ${APT_MIRROR:-} ]]; then
		echo 'apt on this host names no Debian mirror: set APT_MIRROR'
	fi
}

# debian_make ROOT: a minimal system in the empty folder ROOT; the log is beside it, ROOT.log.
debian_make() {
	chmod 755 "$1"
	debootstrap --variant=minbase --include=ca-certificates "$DEBIAN_SUITE" "$1" "$APT_MIRROR" \
		>"$1.log" 2>&1 || {
		printf 'debootstrap failed; the end of its log:\n%s\n' "$(tail -n 5 "$1.log")" >&2
		return 1
	}
	debian_sources >"$1/etc/apt/sources.list"
	debian_quiet "$1"
}

debian_sources() {
	printf 'deb %s %s main\n' "$APT_MIRROR" "$DEBIAN_SUITE"
	if [[ -n $(apt_archive "Codename: $DEBIAN_SUITE-updates") ]]; then
		printf 'deb %s %s-updates main\n' "$APT_MIRROR" "$DEBIAN_SUITE"
	fi
	if [[ -n ${APT_SECURITY_MIRROR:-} ]]; then
		printf 'deb %s %s-security main\n' "$APT_SECURITY_MIRROR" "$DEBIAN_SUITE"
	fi
}

# No daemon starts on installation, as in every container.
debian_quiet() {
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
	chmod 755 "$1/usr/sbin/policy-rc.d"
}

# debian_slim ROOT: leave out what the slim images leave out: manuals, translations, package lists.
debian_slim() {
	cat >"$1/etc/dpkg/dpkg.cfg.d/slim" <<-'CFG'
		path-exclude /usr/share/doc/*
		path-include /usr/share/doc/*/copyright
		path-exclude /usr/share/info/*
		path-exclude /usr/share/locale/*
		path-exclude /usr/share/man/*
	CFG
	find "$1/usr/share/doc" -type f ! -name copyright -delete
	rm -rf "$1"/usr/share/{info,locale,man}/* "$1"/var/lib/apt/lists/* \
		"$1"/var/cache/apt/*.bin "$1"/var/cache/apt/archives/*.deb "$1"/var/log/*.log
}

# debian_run ROOT COMMAND...: run it in there as root, with a /proc of its own; what it leaves
# running and mounted is gone when it returns.
# shellcheck disable=SC2016 # expanded by the inner shell
debian_run() {
	unshare --mount --pid --fork --kill-child -- bash -c '
		set -e
		mount --make-rprivate /
		mount -t proc proc "$1/proc"
		mount --rbind /dev "$1/dev"
		exec chroot "$@"' debian_run "$@"
}
