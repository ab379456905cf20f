/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h - one run of a scenario with faults at given steps: a value that can be written down,
 * read back, and repeated. As text: "SCENARIO/SEED/STEP:KIND:HOST,STEP:KIND:HOST".
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEDULE_FAULTS 8

enum act {
	ACT_LOSE,     /* the message, with its connection */
	ACT_LATE,     /* the message, by most of a second */
	ACT_THROTTLE, /* the request is refused for now */
	ACT_EXPIRE,   /* from here on: done to a host */
	ACT_CUT,
	ACT_DELETE, /* its node, by an operator */
	ACT_WRITE,  /* into its node, by a stranger */
	ACT_ACL,    /* nobody may do anything in the lock's directory, for a while */
	ACT_CANCEL,
	ACT_KILL,
	ACT_NAP,    /* SIGSTOP for less than its proof */
	ACT_SLEEP,  /* SIGSTOP for longer than its session */
	ACT_SILENT, /* its connection passes nothing any more */
	ACT_PAUSE_SERVER,
	ACT_CUT_SERVER,
	ACT_KILL_LEADER,
	ACT_REAP,  /* empty containers */
	ACT_WIPE,  /* all servers start again with empty data */
	ACT_CLOSE, /* its session, gracefully */
};
#define ACTS (ACT_CLOSE + 1)

struct schedule_fault {
	uint64_t step;
	enum act act;
	int host;
};

struct schedule {
	int scenario;
	uint64_t seed; /* 0: no randomness at all */
	size_t n;
	struct schedule_fault faults[SCHEDULE_FAULTS];
};

struct schedule_result {
	uint64_t steps;
	uint64_t hash; /* of the history */
	size_t hits;   /* faults that found something to hit */
	unsigned granted, lost;
	char *violation; /* NULL: none */
};

int schedule_scenarios(void);
const char *schedule_scenario_name(int scenario);
bool act_has_host(enum act act);
const char *act_name(enum act act);

/* tell: the story goes to standard output as it happens. */
struct schedule_result schedule_run(const struct schedule *schedule, bool tell);
void schedule_result_clear(struct schedule_result *result);

/* g_free() it. */
char *schedule_text(const struct schedule *schedule);
bool schedule_parse(const char *text, struct schedule *ret);
/* Of a seed: a scenario with its own timing, and up to SCHEDULE_FAULTS faults. */
struct schedule schedule_random(uint64_t seed);

#endif
