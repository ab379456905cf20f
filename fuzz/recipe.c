/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recipe.c - bytes become events, which the recipe must survive with its promises kept (ledger.h).
 *
 * Anything may be answered to anything, watches fire at any time, callers and the session do as
 * they like. What the transport promises holds (port/transport.h): answers come in the order of the
 * requests, those under way when the connection is lost answer UNKNOWN before it is back, and a
 * session that has ended does not come back. Behind the bytes all is well again, and the caller has
 * had enough: then nothing may be left of the contender.
 */
#include "core/recipe.h"

#include "base/trace.h"
#include "ledger.h"
#include "target.h"

#define CHILDREN 8
#define PATIENCE 64

const char fuzz_name[] = "recipe";

struct stage {
	struct zkl_recipe recipe;
	struct ledger ledger;
	struct bytes in;
	int64_t now, session;
	uint32_t guids;
	bool online, expired, tell;
	size_t doomed; /* requests under way whose connection is lost */
	char texts[CHILDREN + 1][96];
	char *children[CHILDREN + 1];
};

static void feed(struct stage *s, struct zkl_event event)
{
	struct zkl_actions actions = {0};

	event.now = ++s->now;
	ledger_event(&s->ledger, &event);
	zkl_recipe_step(&s->recipe, &event, &actions);
	if (s->tell) {
		fprintf(stderr, "event %d, answer %d:", event.type, event.answer);
		for (int i = 0; i < actions.count; i++)
			fprintf(stderr, " action %d", actions.list[i].type);
		fputc('\n', stderr);
	}
	for (int i = 0; i < actions.count; i++) {
		const char *name = actions.list[i].name;

		if (name) /* still there to be read */
			MUST(strlen(name) < sizeof(s->texts[0]));
		if (actions.list[i].type == ZKL_ACT_CREATE)
			snprintf(s->recipe.guid, sizeof(s->recipe.guid),
				"%08x-0000-4000-8000-000000000000", ++s->guids);
	}
	ledger_actions(&s->ledger, &event, &actions);
}

static void on_trace(void *ctx, const char *who, const char *text)
{
	fprintf(stderr, "%s\n", text);
}

/* ---- what an answer can be made of -------------------------------------------------------- */

/* Numbers in the neighbourhood of ours, which are 5 to 8, and at the end of all numbers. */
static int32_t take_seq(struct stage *s)
{
	uint8_t byte = take(&s->in);

	return byte < 240 ? byte % 16 : INT32_MAX - (byte - 240);
}

static const char *make_node(struct stage *s, size_t at, const char *guid, int32_t seq)
{
	snprintf(s->texts[at], sizeof(s->texts[at]), "%s-lock-%010d", guid, seq);
	return s->texts[at];
}

/* Somebody in the queue: of our make, Curator's or kazoo's; or nobody that matters. */
static void make_child(struct stage *s, size_t at)
{
	uint8_t kind = take(&s->in);
	int32_t seq = take_seq(s);
	char *text = s->texts[at];
	size_t size = sizeof(s->texts[at]);

	if (kind % 8 < 4)
		snprintf(
			text, size, "ffffff%02x-0000-4000-8000-000000000000-lock-%010d", kind, seq);
	else if (kind % 8 == 4)
		snprintf(text, size, "_c_ffffff%02x-0000-4000-8000-000000000000-lock-%010d", kind,
			seq);
	else if (kind % 8 == 5)
		snprintf(text, size, "%032x__rlock__%010d", kind, seq);
	else if (kind % 8 == 6)
		snprintf(text, size, "stranger-%d", kind);
	else
		snprintf(text, size, "%s", s->recipe.guid); /* no number: not ours */
}

static size_t make_children(struct stage *s, bool with_own)
{
	size_t n = take(&s->in) % CHILDREN;

	for (size_t i = 0; i < n; i++)
		make_child(s, i);
	if (with_own && s->ledger.fate == OUR_NODE)
		snprintf(s->texts[n++], sizeof(s->texts[0]), "%s", s->ledger.node);
	else if (with_own && s->recipe.guid[0])
		make_node(s, n++, s->recipe.guid, 5 + (int32_t)(s->guids % 4));
	return n;
}

static struct zkl_event answer_to(struct stage *s, const struct zkl_action *request)
{
	static const enum zkl_event_type types[] = {
		[ZKL_ACT_PEEK] = ZKL_EV_PEEKED,
		[ZKL_ACT_CREATE] = ZKL_EV_CREATED,
		[ZKL_ACT_LIST] = ZKL_EV_LISTED,
		[ZKL_ACT_SYNC] = ZKL_EV_SYNCED,
		[ZKL_ACT_GET_OWN] = ZKL_EV_OWN,
		[ZKL_ACT_GET_PRED] = ZKL_EV_PRED,
		[ZKL_ACT_SIGNOFF] = ZKL_EV_GONE,
		[ZKL_ACT_DELETE] = ZKL_EV_GONE,
	};

	return (struct zkl_event){.type = types[request->type],
		.cookie = request->cookie,
		.session = s->session,
		.czxid = 1000 + s->guids,
		.children = s->children};
}

static struct zkl_action next_request(struct stage *s)
{
	struct zkl_action first = s->ledger.flight[0];

	memmove(s->ledger.flight, s->ledger.flight + 1,
		--s->ledger.in_flight * sizeof(s->ledger.flight[0]));
	return first;
}

/* The answer to the oldest request: good in half of all cases. */
static void answer(struct stage *s)
{
	uint8_t how = take(&s->in);
	struct zkl_action request;
	struct zkl_event event;

	if (!s->ledger.in_flight)
		return;
	request = next_request(s);
	event = answer_to(s, &request);
	event.answer = how & 1 ? (enum zkl_answer)((how >> 1) % (ZKL_ANS_UNKNOWN + 1)) : ZKL_ANS_OK;
	event.until = how & 16 ? s->now + 100 : 0;
	event.busy = event.trusted = how & 32;
	if (s->doomed) {
		s->doomed--;
		event.answer = ZKL_ANS_UNKNOWN;
	}
	if (how & 64)
		event.session++; /* somebody else's node */
	if (event.type == ZKL_EV_CREATED && event.answer == ZKL_ANS_OK)
		event.node = make_node(s, CHILDREN, s->recipe.guid, take_seq(s));
	if (event.type == ZKL_EV_LISTED && event.answer == ZKL_ANS_OK)
		event.n_children = make_children(s, !(how & 128));
	feed(s, event);
}

/* An answer that nobody waits for any more. */
static void stale(struct stage *s)
{
	static const enum zkl_event_type types[] = {ZKL_EV_PEEKED, ZKL_EV_CREATED, ZKL_EV_SYNCED,
		ZKL_EV_LISTED, ZKL_EV_OWN, ZKL_EV_PRED, ZKL_EV_GONE};
	uint32_t cookie = take(&s->in);

	for (size_t i = 0; i < s->ledger.in_flight; i++) {
		if (s->ledger.flight[i].cookie == cookie)
			return;
	}
	feed(s, (struct zkl_event){.type = types[take(&s->in) % 7],
			.cookie = cookie,
			.node = "x-lock-0000000001",
			.session = s->session,
			.until = s->now + 100});
}

/* ---- what happens ------------------------------------------------------------------------- */

static void watch(struct stage *s, enum zkl_event_type type)
{
	uint8_t which = take(&s->in);
	char node[128];

	if (which % 4 == 0)
		snprintf(node, sizeof(node), "%s", s->ledger.node);
	else if (which % 4 == 1)
		snprintf(node, sizeof(node), "somebody-lock-0000000001");
	else
		snprintf(node, sizeof(node), "%s", s->ledger.pred);
	feed(s, (struct zkl_event){
			.type = type, .node = node, .until = which & 16 ? s->now + 100 : 0});
}

static void offline(struct stage *s)
{
	if (!s->online)
		return;
	s->online = false;
	s->doomed = s->ledger.in_flight;
	feed(s, (struct zkl_event){.type = ZKL_EV_OFFLINE});
}

static void expired(struct stage *s)
{
	s->online = false;
	s->doomed = s->ledger.in_flight;
	s->expired = true;
	feed(s, (struct zkl_event){.type = ZKL_EV_EXPIRED});
}

static void online(struct stage *s)
{
	if (s->online)
		return;
	while (s->doomed)
		answer(s);
	s->session += s->expired * 2;
	s->online = true;
	s->expired = false;
	feed(s, (struct zkl_event){.type = ZKL_EV_ONLINE, .session = s->session});
}

static void happen(struct stage *s)
{
	uint8_t what = take(&s->in);
	struct zkl_event event = {.until = what & 128 ? s->now + 100 : 0};

	if (s->ledger.in_flight > LEDGER_FLIGHT / 2)
		what = 0;
	switch (what % 16) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		answer(s);
		return;
	case 5:
		watch(s, ZKL_EV_CHANGED);
		return;
	case 6:
		watch(s, ZKL_EV_DELETED);
		return;
	case 7:
		online(s);
		return;
	case 8:
		offline(s);
		return;
	case 9:
		expired(s);
		return;
	case 10:
		stale(s);
		return;
	case 11:
		if (!s->ledger.retry)
			return;
		event.type = ZKL_EV_RETRY;
		break;
	case 12:
		event.type = ZKL_EV_PROVEN;
		break;
	case 13:
		event.type = what & 64 ? ZKL_EV_UNPROVEN : ZKL_EV_MISSING;
		break;
	case 14:
		event.type = what & 64 ? ZKL_EV_LEAVE : ZKL_EV_PARENTS;
		event.error = what & 32 ? ZKLOCK_ERR_TIMEOUT : ZKLOCK_ERR_CANCELLED;
		break;
	default:
		event.type = ZKL_EV_RELEASE;
	}
	feed(s, event);
}

/* ---- the end ------------------------------------------------------------------------------ */

/* As a sound ensemble answers one that stands alone. */
static void answer_well(struct stage *s)
{
	struct zkl_action request = next_request(s);
	struct zkl_event event = answer_to(s, &request);

	event.until = s->now + 100;
	if (s->doomed) {
		s->doomed--;
		event.answer = ZKL_ANS_UNKNOWN;
	} else if (event.type == ZKL_EV_CREATED) {
		event.node = make_node(s, CHILDREN, s->recipe.guid, 7);
	} else if (event.type == ZKL_EV_LISTED && s->ledger.fate == OUR_NODE) {
		snprintf(s->texts[0], sizeof(s->texts[0]), "%s", s->ledger.node);
		event.n_children = 1;
	} else if (event.type == ZKL_EV_PRED) {
		event.answer = ZKL_ANS_NO_NODE;
	}
	feed(s, event);
}

static void calm_down(struct stage *s)
{
	feed(s, (struct zkl_event){.type = ZKL_EV_LEAVE, .error = ZKLOCK_ERR_CANCELLED});
	feed(s, (struct zkl_event){.type = ZKL_EV_RELEASE});
	for (int i = 0; i < PATIENCE && !s->ledger.ended; i++) {
		if (s->ledger.in_flight)
			answer_well(s);
		else if (!s->online)
			online(s);
		else if (s->ledger.prove)
			feed(s, (struct zkl_event){.type = ZKL_EV_PROVEN, .until = s->now + 100});
		else
			feed(s, (struct zkl_event){.type = ZKL_EV_RETRY});
	}
	MUST(s->ledger.ended);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stage s = {.in = {data, size}, .session = 7};
	uint8_t how = take(&s.in);

	s.tell = getenv("FUZZ_STORY"); /* in the numbers of core/event.h */
	zkl_trace_set(s.tell ? on_trace : NULL, NULL);
	for (size_t i = 0; i <= CHILDREN; i++)
		s.children[i] = s.texts[i];
	zkl_recipe_init(
		&s.recipe, how & 1 ? ZKL_SHARED : ZKL_EXCLUSIVE, 1 + (how >> 1 & 1), "fuzz");
	s.recipe.sealed = how & 4;
	ledger_open(&s.ledger, &s.recipe);
	feed(&s, (struct zkl_event){.type = ZKL_EV_START, .trying = how & 8});
	if (!(how & 16))
		online(&s);
	while (s.in.left && !s.ledger.ended)
		happen(&s);
	calm_down(&s);
	zkl_recipe_clear(&s.recipe);
	return 0;
}
