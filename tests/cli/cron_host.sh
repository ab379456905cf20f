#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A host with cron and a clock that is off: cron_host HOST SHIFT UNTIL runs the same line every three
# seconds of its own clock until UNTIL (seconds since the epoch, true time).
set -euo pipefail
host=$1 shift_s=$2 until_s=$3

# The job sends a message. With the file `slow` there, one of them hangs in the middle.
# shellcheck disable=SC2016 # expanded by the job's own shell
job='echo "begin $ZKLOCK_TICK '$host'" >>log
	if mv slow "slow.'$host'" 2>/dev/null; then echo "hangs $ZKLOCK_TICK '$host'" >>log; sleep 1000; fi
	echo "sent $ZKLOCK_TICK '$host'" >>log'

own_clock() { awk -v now="$(date +%s.%N)" -v off="$shift_s" 'BEGIN { printf "%.3f", now + off }'; }

while (($(date +%s) < until_s)); do
	pause=$(awk -v now="$(own_clock)" 'BEGIN { printf "%.3f", 3 - now % 3 + 0.01 }')
	sleep "$pause"
	FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f "+${shift_s}s" \
		zklock once --session-timeout 4s --tick every=3s --recover "$LOCK" -- sh -c "$job" &
done
wait
