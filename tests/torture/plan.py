# SPDX-License-Identifier: Apache-2.0
"""Which faults, in which order, how long: all from the seed, before anything runs.

A lane is a row of faults one after the other; lanes run side by side, so that faults overlap. A lane
deals its kinds from a shuffled bag and fills the bag again when it is empty: each kind comes equally
often. Whom a fault hits is a number from the plan, taken modulo those who are there at that time.
"""
import random
from collections import namedtuple

Fault = namedtuple("Fault", "number lane kind gap seconds dice")

# kind: shortest and longest time between harm and healing, in seconds
LANES = {
    "servers": {
        "server-kill": (1.0, 4.0),
        "server-stop-short": (0.5, 2.0),
        "server-stop-long": (7.0, 9.0),
        "leader-kill": (1.0, 4.0),
        "leader-stop": (2.0, 7.0),
        "rolling-restart": (0.0, 0.0),
        "quorum-loss": (2.0, 7.0),
        "follower-cut": (5.0, 8.0),
    },
    "links": {
        "link-reset": (0.0, 0.0),
        "link-half-open": (2.0, 8.0),
        "link-silent": (2.0, 8.0),
        "link-oneway-up": (2.0, 6.0),
        "link-oneway-down": (2.0, 6.0),
        "link-slow": (2.0, 6.0),
    },
    "workers": {
        "worker-kill": (0.0, 0.0),
        "worker-term": (0.0, 0.0),
        "worker-stop-short": (0.3, 1.2),
        "worker-stop-long": (1.2, 1.8),  # times T, and a tick
        "run-kill": (0.0, 0.0),
        "run-stop": (1.2, 1.8),  # times T, and a tick
        "clock-step": (1.0, 4.0),
    },
    "operator": {
        "delete-holder": (0.0, 0.0),
        "delete-waiter": (0.0, 0.0),
        "delete-parent": (0.0, 0.0),
        "foreign-write": (0.0, 0.0),
        "acl-taken": (1.0, 3.0),
    },
}
KINDS = [kind for kinds in LANES.values() for kind in kinds]
LONGEST_BAG = 180.0  # seconds: an hour has twenty bags
SHARE = 0.75  # of the time, for the first bag: the rest is for what takes longer than planned


def lane_faults(seed, lane, seconds, left_out):
    """Endless row of the faults of a lane."""
    dice = random.Random(f"{seed}/{lane}")
    kinds = [kind for kind in LANES[lane] if kind not in left_out]
    busy = sum(sum(LANES[lane][kind]) / 2 + 1.5 for kind in kinds)
    gap = max(0.3, (min(LONGEST_BAG, seconds * SHARE) - busy) / max(1, len(kinds)))
    number = 0
    while kinds:
        bag = kinds[:]
        dice.shuffle(bag)
        for kind in bag:
            number += 1
            yield Fault(number, lane, kind, dice.uniform(0.4, 1.6) * gap,
                        round(dice.uniform(*LANES[lane][kind]), 2), dice.randrange(1 << 30))


def quota(minutes):
    """How often each kind must come: once in two minutes, ten times in an hour."""
    return 0 if minutes < 2 else max(1, int(minutes / 6))
