/* SPDX-License-Identifier: Apache-2.0 */
/*
 * talk.h - scripted conversations with a transport, the same for both makes: the real one on the
 * servers of ZKLOCK_SERVERS, and the fake one in virtual time.
 *
 * What is delivered is copied into notes, and read one by one. Waiting for a note that never comes
 * fails the test.
 */
#ifndef TALK_H
#define TALK_H

#include <stdbool.h>
#include <stddef.h>

#include "port/transport.h"

#define TALK_SEAL     "zklock-test:geheim"
#define TALK_OPEN_ACL "world:anyone:cdrwa"

enum make { FAKE, REAL, MAKES };

struct stage;
struct party; /* one transport and what it told */

struct note {
	struct zkl_message m; /* its pointers lead to copies */
	char *path, *data;
	char **children;
};

struct cast {
	const char *name;
	int64_t timeout_ms; /* 0: 6000 */
	const char *seal, *scheme, *secret;
	const char *servers, *chroot; /* NULL: the stage's, none */
	/* Called on the transport's thread, before the note is filed. */
	void (*hook)(struct party *p, const struct zkl_message *m);
	void *ctx;
};

/* ---- stage ---- */
struct stage *stage_new(enum make make);
void stage_free(struct stage *s);
bool stage_is_fake(const struct stage *s);
/* A path that nobody else uses, below "/"; the node does not exist. */
const char *stage_root(const struct stage *s);

/* ---- parties ---- */
struct party *party_open(struct stage *s, const struct cast *cast);
/* As party_open, and waits for CONNECTED. */
struct party *party_join(struct stage *s, const struct cast *cast);
/* Closes, waits for CLOSED and frees. */
void party_leave(struct party *p);
/* Of one whose CLOSED was read. */
void party_free(struct party *p);
void *party_ctx(struct party *p);
int64_t party_session(struct party *p); /* of the last CONNECTED */
bool party_send(struct party *p, const struct zkl_request *q);
enum zkl_moved party_move(struct party *p);
void party_peer(struct party *p, char *buf, size_t size);
bool party_greeting(struct party *p);
void party_close(struct party *p, bool linger);
/* Stopped for longer than its session lasts. */
void party_oversleep(struct party *p);

/* ---- notes; they live until the next call that returns one ---- */
const struct note *party_next(struct party *p);
const struct note *party_next_event(struct party *p, enum zkl_session_event event);
const struct note *party_next_watch(struct party *p, uint64_t client);
const struct note *party_next_reply(struct party *p, uint32_t cookie);
/* Sends and returns the next note, which has to be its reply. */
const struct note *party_ask(struct party *p, const struct zkl_request *q);
/* The next note that is a reply to `cookie`; what comes before is dropped. */
const struct note *party_skip_to_reply(struct party *p, uint32_t cookie);
const struct note *party_skip_to_event(struct party *p, enum zkl_session_event event);
/* How many notes wait to be read. */
size_t party_unread(struct party *p);

/* ---- words ---- */
struct zkl_request ask_create(const char *path, enum zkl_mode mode, enum zkl_acl_kind acl);
struct zkl_request ask(enum zkl_op op, const char *path);
struct zkl_request ask_watch(const char *path, uint64_t client);

#endif
