/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim.h - the durable record that a run was taken, and how it went.
 *
 * Layout (also in zklock(7); examples/job_runner.c uses the same):
 *
 *	<root>-once/NAME/KEY      persistent znode, for example
 * /locks-once/report/2026-11-21T13:40:00Z
 *
 * Beside the locks' root and not below it, since everything below a lock is taken for a contender.
 * Data: GKeyFile text, one group.
 *
 *	[claim]
 *	version=1
 *	id=GUID              of the claimer: tells our own create from another's after a lost reply
 *	state=claimed        claimed, running, done, skipped
 *	host=h1              of the one who claimed, or took over
 *	pid=17
 *	session=0x1000...    ZooKeeper session of the claimer
 *	token=4294967311     fencing token of the run; 0 before it
 *	attempts=1           runs begun
 *	claimed=ms start=ms end=ms    (each its own line) wall clock of the host, 0 when not yet
 *	status=0             exit status, when done
 *
 * Rules. 1. Whoever creates KEY has the tick; everybody else leaves it alone. 2. A claimer stands
 * in the queue of the lock NAME before it creates, and holds the lock while state is "running". So
 * a holder of the lock that sees "running", or "claimed" by a session that is not in the queue,
 * knows that the runner is dead, and may take over (--recover). 3. Every change names the version
 *it was made from, and a change by a holder checks the lock's node in the same transaction.
 */
#ifndef ZKLOCK_TOOLS_CLAIM_H
#define ZKLOCK_TOOLS_CLAIM_H

#include "cli.h"

enum claim_state { CLAIM_CLAIMED, CLAIM_RUNNING, CLAIM_DONE, CLAIM_SKIPPED, CLAIM_UNREADABLE };

struct claim {
	char *key, *id, *host;
	enum claim_state state;
	int64_t pid, session_id, token, attempts, claimed_ms, start_ms, end_ms;
	int status;
	int32_t version; /* of the znode */
	int64_t czxid;
};

typedef struct claim claim_t;

struct claim *zkl_claim_new(const char *key, int64_t session_id);
void zkl_claim_free(struct claim *claim);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(claim_t, zkl_claim_free)

/** Results: errors of the library. Each call settles lost replies by itself, up to timeout_ms. */
int zkl_claim_create(const struct cli *cli, const char *name, struct claim *claim);
int zkl_claim_read(
	const struct cli *cli, const char *name, const char *key, struct claim **ret_claim);
/** Write it back; guard: the held lock, or NULL. Errors: ZKLOCK_ERR_VERSION when somebody else
 *  changed it. */
int zkl_claim_write(const struct cli *cli, const char *name, struct claim *claim, zklock_t *guard);
/** All keys of the job, sorted. Free with g_strfreev(). */
int zkl_claim_keys(const struct cli *cli, const char *name, char ***ret_keys);
/** Remove the oldest claims beyond the newest `keep`; unfinished ones stay when keep_unfinished. */
int zkl_claim_prune(
	const struct cli *cli, const char *name, guint keep, bool keep_unfinished, zklock_t *guard);

const char *zkl_claim_state_name(enum claim_state state);

#endif
