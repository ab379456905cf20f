#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# How many requests, transactions and bytes each operation costs, on servers that nobody else uses.
# More than the design allows fails; time is not looked at. A few seconds.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scripts=$(dirname "$here")/scripts
zkbench=${top_builddir:-.}/bench/zkbench

skip() {
	printf 'skipped: %s\n' "$1"
	exit 77
}

[[ -x $zkbench ]] || {
	echo "smoke: no $zkbench: make check builds it; top_builddir says where" >&2
	exit 2
}
[[ -z ${ZKLOCK_NO_LIVE:-} ]] || skip "live tests are not wanted now (ZKLOCK_NO_LIVE)"
[[ -n ${ZOOKEEPER_CLASSPATH:-} || -e /usr/share/java/zookeeper.jar ]] ||
	skip "no ZooKeeper server here: scripts/deps check installs it"

ensemble=
trap '[[ -z $ensemble ]] || "$scripts/ensemble" stop --dir "$ensemble" >/dev/null' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
ensemble=$("$scripts/ensemble" start)
eval "$("$scripts/ensemble" env --dir "$ensemble")"

"$zkbench" smoke --servers "$ZKLOCK_SERVERS"
echo "smoke: requests, transactions and bytes are within what the design allows"
