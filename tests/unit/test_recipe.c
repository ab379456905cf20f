/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_recipe.c - the recipe alone, event by event: what it asks for in each place, and what it
 * ignores. What comes of it among others is told in tests/story.
 */
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "core/recipe.h"
#include "lib/check_main.h"

#define ME    "00000000-0000-4000-8000-000000000001-lock-0000000005"
#define OTHER "00000000-0000-4000-8000-000000000002-lock-0000000004"
#define FIRST "00000000-0000-4000-8000-000000000003-lock-0000000003"
#define GUID  "00000000-0000-4000-8000-000000000001"

static struct zkl_recipe r;
static struct zkl_actions out;
static GString *told;
static uint32_t cookies[ZKL_SLOTS];
static const char *const queue[] = {FIRST, OTHER, ME};

static const char *const action_names[] = {
	[ZKL_ACT_PEEK] = "peek",
	[ZKL_ACT_PARENTS] = "parents",
	[ZKL_ACT_CREATE] = "create",
	[ZKL_ACT_LIST] = "list",
	[ZKL_ACT_SYNC] = "sync",
	[ZKL_ACT_GET_OWN] = "get-own",
	[ZKL_ACT_GET_PRED] = "get-pred",
	[ZKL_ACT_UNWATCH] = "unwatch",
	[ZKL_ACT_PROVE] = "prove",
	[ZKL_ACT_SIGNOFF] = "signoff",
	[ZKL_ACT_DELETE] = "delete",
	[ZKL_ACT_RETRY] = "retry",
	[ZKL_ACT_QUEUED] = "QUEUED",
	[ZKL_ACT_GRANT] = "GRANT",
	[ZKL_ACT_FAIL] = "FAIL",
	[ZKL_ACT_LOST] = "LOST",
	[ZKL_ACT_RELEASED] = "RELEASED",
	[ZKL_ACT_END] = "END",
};

static void remember_cookie(const struct zkl_action *action)
{
	static const int slots[] = {
		[ZKL_ACT_PEEK] = ZKL_SLOT_LIST,
		[ZKL_ACT_CREATE] = ZKL_SLOT_CREATE,
		[ZKL_ACT_LIST] = ZKL_SLOT_LIST,
		[ZKL_ACT_GET_OWN] = ZKL_SLOT_OWN,
		[ZKL_ACT_GET_PRED] = ZKL_SLOT_PRED,
		[ZKL_ACT_SIGNOFF] = ZKL_SLOT_GONE,
		[ZKL_ACT_DELETE] = ZKL_SLOT_GONE,
	};

	if (action->cookie)
		cookies[slots[action->type]] = action->cookie;
}

/* Feed an event; "action action" is what comes out. */
static void step(struct zkl_event event, const char *expected)
{
	event.now = 1000;
	zkl_recipe_step(&r, &event, &out);
	g_string_truncate(told, 0);
	for (int i = 0; i < out.count; i++) {
		remember_cookie(&out.list[i]);
		g_string_append_printf(told, "%s%s", i ? " " : "", action_names[out.list[i].type]);
		if (out.list[i].type == ZKL_ACT_CREATE)
			strcpy(r.guid, GUID);
	}
	ck_assert_str_eq(told->str, expected);
}

static void begin(void)
{
	told = g_string_new("");
	zkl_recipe_init(&r, ZKL_EXCLUSIVE, 1, "test");
	r.sealed = true;
	step((struct zkl_event){.type = ZKL_EV_START}, "");
	step((struct zkl_event){.type = ZKL_EV_ONLINE, .session = 7}, "create list");
}

static void end(void)
{
	zkl_recipe_clear(&r);
	g_string_free(told, TRUE);
}

#define ANSWER(kind, slot, ...)                                                                    \
	((struct zkl_event){.type = (kind), .cookie = cookies[slot], .until = 9000, __VA_ARGS__})
#define EVENT(kind, ...) ((struct zkl_event){.type = (kind), .until = 9000, __VA_ARGS__})

static void created(void)
{
	step(ANSWER(ZKL_EV_CREATED, ZKL_SLOT_CREATE, .node = ME, .czxid = 55, .session = 7), "");
}

static void listed(int from, const char *expected)
{
	step(ANSWER(ZKL_EV_LISTED, ZKL_SLOT_LIST, .children = (char *const *)(queue + from),
		     .n_children = (size_t)(3 - from)),
		expected);
}

static void hold(void)
{
	begin();
	created();
	listed(2, "GRANT");
	ck_assert_int_eq(out.list[0].czxid, 55);
	ck_assert_int_eq(r.state, ZKL_HELD);
}

static void wait_in_queue(bool trusted)
{
	begin();
	created();
	listed(0, "get-own get-pred");
	step(ANSWER(ZKL_EV_OWN, ZKL_SLOT_OWN, .session = 7, .czxid = 55), "");
	step(ANSWER(ZKL_EV_PRED, ZKL_SLOT_PRED, .trusted = trusted), "QUEUED");
	ck_assert_int_eq(r.state, ZKL_WAITING);
}

START_TEST(grants_the_first)
{
	hold();
	end();
}
END_TEST

START_TEST(proves_before_it_grants)
{
	begin();
	created();
	step((struct zkl_event){.type = ZKL_EV_LISTED,
		     .cookie = cookies[ZKL_SLOT_LIST],
		     .children = (char *const *)(queue + 2),
		     .n_children = 1},
		"prove");
	step((struct zkl_event){.type = ZKL_EV_PROVEN}, "prove");
	step(EVENT(ZKL_EV_PROVEN), "GRANT");
	end();
}
END_TEST

START_TEST(a_sign_off_hands_over)
{
	wait_in_queue(true);
	step(EVENT(ZKL_EV_CHANGED, .node = OTHER), "unwatch GRANT");
	end();
}
END_TEST

START_TEST(an_untrusted_change_only_means_look_again)
{
	wait_in_queue(false);
	step(EVENT(ZKL_EV_CHANGED, .node = OTHER), "get-pred");
	end();
}
END_TEST

START_TEST(a_change_without_the_own_watch_only_means_look_again)
{
	wait_in_queue(true);
	r.own_watched = false;
	step(EVENT(ZKL_EV_CHANGED, .node = OTHER), "get-own get-pred");
	end();
}
END_TEST

START_TEST(a_death_never_grants)
{
	wait_in_queue(true);
	step(EVENT(ZKL_EV_DELETED, .node = OTHER), "unwatch get-pred");
	step(ANSWER(ZKL_EV_PRED, ZKL_SLOT_PRED, .answer = ZKL_ANS_NO_NODE), "unwatch list");
	listed(2, "GRANT");
	end();
}
END_TEST

START_TEST(events_of_others_are_ignored)
{
	wait_in_queue(true);
	step(EVENT(ZKL_EV_CHANGED, .node = FIRST), "");
	step(EVENT(ZKL_EV_DELETED, .node = FIRST), "");
	step(EVENT(ZKL_EV_PROVEN), "");
	step(EVENT(ZKL_EV_UNPROVEN), "");
	step(EVENT(ZKL_EV_RELEASE), "");
	end();
}
END_TEST

START_TEST(stale_answers_are_ignored)
{
	wait_in_queue(true);
	step((struct zkl_event){.type = ZKL_EV_LISTED,
		     .cookie = 1,
		     .children = (char *const *)(queue + 2),
		     .n_children = 1,
		     .until = 9000},
		"");
	step((struct zkl_event){.type = ZKL_EV_PRED, .cookie = 0, .answer = ZKL_ANS_NO_NODE}, "");
	step((struct zkl_event){.type = ZKL_EV_CREATED, .cookie = 1, .answer = ZKL_ANS_UNKNOWN},
		"");
	step((struct zkl_event){.type = ZKL_EV_GONE, .cookie = 99}, "");
	ck_assert_int_eq(r.state, ZKL_WAITING);
	end();
}
END_TEST

START_TEST(the_own_end_forfeits_the_place)
{
	wait_in_queue(true);
	step(EVENT(ZKL_EV_DELETED, .node = ME), "unwatch create list");
	step(EVENT(ZKL_EV_CHANGED, .node = OTHER), "");
	end();
}
END_TEST

START_TEST(a_create_of_unknown_fate_is_looked_for)
{
	begin();
	step((struct zkl_event){.type = ZKL_EV_OFFLINE}, "");
	step(ANSWER(ZKL_EV_CREATED, ZKL_SLOT_CREATE, .answer = ZKL_ANS_UNKNOWN), "");
	ck_assert_int_eq(r.state, ZKL_FINDING);
	step((struct zkl_event){.type = ZKL_EV_ONLINE, .session = 7}, "sync list");
	listed(0, "get-own");
	step(ANSWER(ZKL_EV_OWN, ZKL_SLOT_OWN, .session = 7, .czxid = 55), "list");
	listed(2, "GRANT");
	end();
}
END_TEST

/* The connection ends between the two sends of a flight: the list is known to be lost before the
 * create is answered. */
START_TEST(a_list_that_was_not_sent_waits_for_the_create)
{
	begin();
	step(ANSWER(ZKL_EV_LISTED, ZKL_SLOT_LIST, .answer = ZKL_ANS_UNKNOWN), "");
	ck_assert_int_eq(r.state, ZKL_JOINING);
	step(ANSWER(ZKL_EV_CREATED, ZKL_SLOT_CREATE, .node = ME, .session = 7), "list");
	ck_assert_int_eq(r.state, ZKL_LISTING);
	listed(2, "GRANT");
	end();
	begin();
	step(ANSWER(ZKL_EV_LISTED, ZKL_SLOT_LIST, .answer = ZKL_ANS_UNKNOWN), "");
	step((struct zkl_event){.type = ZKL_EV_OFFLINE}, "");
	step(ANSWER(ZKL_EV_CREATED, ZKL_SLOT_CREATE, .answer = ZKL_ANS_UNKNOWN), "");
	ck_assert_int_eq(r.state, ZKL_FINDING);
	step((struct zkl_event){.type = ZKL_EV_ONLINE, .session = 7}, "sync list");
	end();
}
END_TEST

START_TEST(a_node_of_another_session_is_not_ours)
{
	begin();
	step((struct zkl_event){.type = ZKL_EV_OFFLINE}, "");
	step(ANSWER(ZKL_EV_CREATED, ZKL_SLOT_CREATE, .answer = ZKL_ANS_UNKNOWN), "");
	step((struct zkl_event){.type = ZKL_EV_ONLINE, .session = 8}, "sync list");
	listed(0, "get-own");
	step(ANSWER(ZKL_EV_OWN, ZKL_SLOT_OWN, .session = 7, .czxid = 55), "create list");
	end();
}
END_TEST

START_TEST(who_leaves_in_between_leaves_nothing)
{
	begin();
	step(EVENT(ZKL_EV_LEAVE, .error = ZKLOCK_ERR_CANCELLED), "FAIL");
	step(ANSWER(ZKL_EV_CREATED, ZKL_SLOT_CREATE, .node = ME, .session = 7), "delete");
	listed(2, "");
	step(ANSWER(ZKL_EV_GONE, ZKL_SLOT_GONE, .answer = ZKL_ANS_UNKNOWN), "retry");
	step(EVENT(ZKL_EV_RETRY), "delete");
	step(ANSWER(ZKL_EV_GONE, ZKL_SLOT_GONE, .answer = ZKL_ANS_NO_NODE), "END");
	ck_assert_int_eq(r.state, ZKL_ENDED);
	end();
}
END_TEST

START_TEST(a_waiter_leaves_by_a_plain_delete)
{
	wait_in_queue(true);
	step(EVENT(ZKL_EV_LEAVE, .error = ZKLOCK_ERR_TIMEOUT), "FAIL unwatch delete");
	step(EVENT(ZKL_EV_LEAVE, .error = ZKLOCK_ERR_TIMEOUT), "");
	end();
}
END_TEST

START_TEST(a_holder_signs_off)
{
	hold();
	step(EVENT(ZKL_EV_RELEASE), "signoff");
	step(ANSWER(ZKL_EV_GONE, ZKL_SLOT_GONE), "RELEASED END");
	end();
}
END_TEST

START_TEST(a_refused_sign_off_becomes_a_delete)
{
	hold();
	step(EVENT(ZKL_EV_RELEASE), "signoff");
	step(ANSWER(ZKL_EV_GONE, ZKL_SLOT_GONE, .answer = ZKL_ANS_BAD_VERSION), "delete");
	step(ANSWER(ZKL_EV_GONE, ZKL_SLOT_GONE, .answer = ZKL_ANS_DENIED), "RELEASED retry");
	ck_assert_int_eq(r.state, ZKL_LEAVING);
	step((struct zkl_event){.type = ZKL_EV_EXPIRED}, "END");
	end();
}
END_TEST

START_TEST(lost_is_told_once)
{
	hold();
	step((struct zkl_event){.type = ZKL_EV_UNPROVEN}, "LOST delete");
	ck_assert_int_eq(out.list[0].cause, ZKLOCK_CAUSE_UNPROVEN);
	step((struct zkl_event){.type = ZKL_EV_EXPIRED}, "END");
	step((struct zkl_event){.type = ZKL_EV_UNPROVEN}, "");
	end();
}
END_TEST

START_TEST(a_holder_whose_node_is_gone_has_lost)
{
	hold();
	step((struct zkl_event){.type = ZKL_EV_MISSING}, "LOST END");
	ck_assert_int_eq(out.list[0].cause, ZKLOCK_CAUSE_DELETED);
	end();
}
END_TEST

START_TEST(a_proof_that_misses_an_older_node_is_no_news)
{
	wait_in_queue(true);
	step(EVENT(ZKL_EV_DELETED, .node = ME), "unwatch create list");
	step((struct zkl_event){.type = ZKL_EV_MISSING}, "");
	end();
}
END_TEST

START_TEST(expiry_begins_again_at_the_tail)
{
	wait_in_queue(true);
	step((struct zkl_event){.type = ZKL_EV_EXPIRED}, "unwatch");
	ck_assert_int_eq(r.state, ZKL_IDLE);
	step((struct zkl_event){.type = ZKL_EV_ONLINE, .session = 8}, "create list");
	end();
}
END_TEST

START_TEST(after_the_end_nothing_matters)
{
	hold();
	step(EVENT(ZKL_EV_RELEASE), "signoff");
	step(ANSWER(ZKL_EV_GONE, ZKL_SLOT_GONE), "RELEASED END");
	for (int type = ZKL_EV_START; type <= ZKL_EV_DELETED; type++)
		step(EVENT((enum zkl_event_type)type, .node = ME, .cookie = 1), "");
	end();
}
END_TEST

CHECK_MAIN("recipe", grants_the_first, proves_before_it_grants, a_sign_off_hands_over,
	an_untrusted_change_only_means_look_again,
	a_change_without_the_own_watch_only_means_look_again, a_death_never_grants,
	events_of_others_are_ignored, stale_answers_are_ignored, the_own_end_forfeits_the_place,
	a_create_of_unknown_fate_is_looked_for, a_list_that_was_not_sent_waits_for_the_create,
	a_node_of_another_session_is_not_ours, who_leaves_in_between_leaves_nothing,
	a_waiter_leaves_by_a_plain_delete, a_holder_signs_off, a_refused_sign_off_becomes_a_delete,
	lost_is_told_once, a_holder_whose_node_is_gone_has_lost,
	a_proof_that_misses_an_older_node_is_no_news, expiry_begins_again_at_the_tail,
	after_the_end_nothing_matters)
