#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What was found before, every single fault at every step, then pairs and random schedules up to a
# count; every move of the recipe must have been seen. The same run on every machine, and a tenth of it
# in a build with a sanitizer. ZKLOCK_EXPLORE_COUNT: how many (140000); ZKLOCK_EXPLORE_SEED: which (1); a
# number of the day makes each day's run another.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
count=${ZKLOCK_EXPLORE_COUNT:-140000}
exec "${top_builddir:-.}/tests/explore/explore" --coverage --corpus "$here/corpus.txt" \
	--count "$count" --least $((count * 5 / 7)) --seed "${ZKLOCK_EXPLORE_SEED:-1}"
