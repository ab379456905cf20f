#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tests of the torture's checker, in make check.
command -v python3 >/dev/null || exit 77
cd "$(dirname "$0")" || exit 1
PYTHONDONTWRITEBYTECODE=1 exec python3 -m unittest test_check test_logs
