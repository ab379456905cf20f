/* SPDX-License-Identifier: Apache-2.0 */
/* test_run.c - the loop's timers and calls without a thread, and owner records, hostile ones too.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <zklock/zklock.h>

#include "lib/check_main.h"
#include "run/book.h"
#include "run/handle.h"
#include "run/loop.h"
#include "run/record.h"
#include "run/strangers.h"
#include "run/tokens.h"
#include "run/watches.h"

/* ---- loop ---- */

static zkl_time time_now;
static GString *told;
static struct zkl_loop *loop;
static struct zkl_timer one, two, three;

static zkl_time now(void *ctx)
{
	return time_now;
}

static uint64_t no_random(void *ctx)
{
	return 0;
}

static const struct zkl_clock fake_clock = {now, no_random, NULL};

static void fire(void *arg)
{
	g_string_append(told, arg);
}

static void fire_again(void *arg)
{
	g_string_append(told, arg);
	zkl_timer_set(&one, time_now);
}

static void begin(void)
{
	time_now = 1000;
	told = g_string_new("");
	loop = zkl_loop_new(&fake_clock, false);
	zkl_loop_enter(loop);
	zkl_timer_init(&one, loop, fire, (void *)"1");
	zkl_timer_init(&two, loop, fire, (void *)"2");
	zkl_timer_init(&three, loop, fire, (void *)"3");
	zkl_loop_leave(loop);
}

static void end(void)
{
	zkl_loop_enter(loop);
	zkl_timer_stop(&one);
	zkl_timer_stop(&two);
	zkl_timer_stop(&three);
	zkl_loop_leave(loop);
	zkl_loop_free(loop);
	g_string_free(told, TRUE);
}

static void step_at(zkl_time time, const char *expected)
{
	time_now = time;
	zkl_loop_step(loop);
	ck_assert_str_eq(told->str, expected);
	g_string_truncate(told, 0);
}

START_TEST(timers_fire_in_order_and_once)
{
	begin();
	ck_assert_int_eq(zkl_loop_next_due(loop), ZKL_NEVER);
	zkl_timer_set(&three, 3000);
	zkl_timer_set(&one, 1500);
	zkl_timer_set(&two, 2000);
	ck_assert_int_eq(zkl_loop_next_due(loop), 1500);
	step_at(1499, "");
	step_at(2500, "12");
	step_at(2500, "");
	step_at(9000, "3");
	ck_assert_int_eq(zkl_loop_next_due(loop), ZKL_NEVER);
	end();
}
END_TEST

START_TEST(timers_can_be_moved_and_stopped)
{
	begin();
	zkl_timer_set(&one, 2000);
	zkl_timer_set_earlier(&one, 3000);
	ck_assert_int_eq(zkl_loop_next_due(loop), 2000);
	zkl_timer_set_earlier(&one, 1500);
	ck_assert_int_eq(zkl_loop_next_due(loop), 1500);
	zkl_timer_set(&one, ZKL_NEVER);
	ck_assert_int_eq(zkl_loop_next_due(loop), ZKL_NEVER);
	zkl_timer_set(&two, 1100);
	zkl_timer_stop(&two);
	zkl_timer_stop(&two);
	step_at(5000, "");
	end();
}
END_TEST

/* One that sets itself for now again must not keep the loop. */
START_TEST(a_timer_cannot_keep_the_loop)
{
	begin();
	one.fire = fire_again;
	zkl_timer_set(&one, 1000);
	step_at(1000, "1");
	step_at(1000, "1");
	end();
}
END_TEST

START_TEST(calls_run_in_order)
{
	begin();
	zkl_loop_defer(loop, fire, (void *)"a");
	zkl_loop_defer(loop, fire, (void *)"b");
	ck_assert_int_eq(zkl_loop_next_due(loop), time_now);
	ck_assert(!zkl_loop_in_callback(loop));
	step_at(1000, "ab");
	end();
}
END_TEST

/* ---- records ---- */

/* "3 1 " and so on: who watches `node`. */
static const char *watchers(const struct zkl_watches *w, const char *node)
{
	static char text[80];
	GArray *ids = zkl_watches_find(w, node);

	text[0] = '\0';
	for (guint i = 0; i < ids->len; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%" PRIu64 " ",
			g_array_index(ids, uint64_t, i));
	g_array_unref(ids);
	return text;
}

START_TEST(several_watch_one_node)
{
	struct zkl_watches w;

	zkl_watches_init(&w);
	zkl_watches_remove(&w, "a", 1, 0);
	for (uint64_t id = 1; id <= 3; id++) {
		zkl_watches_add(&w, "a", id);
		zkl_watches_add(&w, "a", id);
	}
	zkl_watches_add(&w, "b", 2);
	ck_assert_str_eq(watchers(&w, "a"), "1 2 3 ");
	zkl_watches_remove(&w, "a", 4, 0);
	zkl_watches_remove(&w, "a", 1, 0);
	ck_assert_str_eq(watchers(&w, "a"), "2 3 ");
	zkl_watches_remove(&w, "a", 3, 0);
	ck_assert_str_eq(watchers(&w, "a"), "2 ");
	zkl_watches_remove(&w, "a", 2, 0);
	ck_assert_str_eq(watchers(&w, "a"), "");
	ck_assert_str_eq(watchers(&w, "b"), "2 ");
	zkl_watches_clear(&w);
}
END_TEST

/* The client keeps what nobody waits for any more, until it fires. */
START_TEST(watches_that_are_left_are_counted_until_they_fire)
{
	struct zkl_watches w;

	zkl_watches_init(&w);
	zkl_watches_add(&w, "a", 1);
	zkl_watches_add(&w, "a", 2);
	zkl_watches_remove(&w, "a", 1, 50);
	ck_assert_uint_eq(w.left_bytes, 0); /* the other one waits */
	zkl_watches_remove(&w, "a", 2, 50);
	zkl_watches_remove(&w, "a", 2, 50);
	ck_assert_uint_eq(w.left_bytes, 50);
	ck_assert_str_eq(watchers(&w, "a"), "");
	zkl_watches_add(&w, "a", 3);
	ck_assert_uint_eq(w.left_bytes, 0);
	zkl_watches_remove(&w, "a", 3, 0);
	ck_assert_uint_eq(w.left_bytes, 0); /* it had fired */
	zkl_watches_remove(&w, "b", 1, 70);
	zkl_watches_remove(&w, "c", 1, 80);
	zkl_watches_fired(&w, "b");
	zkl_watches_fired(&w, "b");
	ck_assert_uint_eq(w.left_bytes, 80);
	zkl_watches_session_ended(&w);
	ck_assert_uint_eq(w.left_bytes, 0);
	zkl_watches_clear(&w);
}
END_TEST

static void count_down(void *left)
{
	--*(int *)left;
}

START_TEST(what_is_dropped_lives_until_the_monitor_is_left)
{
	struct zkl_loop *own = zkl_loop_new(zkl_clock_real(), false);
	int left = 2;

	zkl_loop_enter(own);
	zkl_loop_drop(own, count_down, &left);
	zkl_loop_drop(own, count_down, &left);
	ck_assert_int_eq(left, 2);
	ck_assert(zkl_loop_next_due(own) == ZKL_NEVER); /* no thread is woken for it */
	zkl_loop_leave(own);
	ck_assert_int_eq(left, 0);
	zkl_loop_free(own);
}
END_TEST

START_TEST(a_record_is_read_as_it_was_written)
{
	const struct zkl_record_terms terms = {6000, 3200, -1};
	g_autofree char *text =
		zkl_record_text(true, "a label, with \"quotes\" and \n lines", &terms, 77);
	struct zkl_record record;

	zkl_record_parse(text, strlen(text), &record);
	ck_assert_int_eq(record.version, ZKL_RECORD_VERSION);
	ck_assert(record.sealed);
	ck_assert_str_eq(record.label, "a label, with \"quotes\" and \n lines");
	ck_assert_int_eq(record.tid, 77);
	ck_assert_int_eq(record.terms.timeout_ms, 6000);
	ck_assert_int_eq(record.terms.validity_ms, 3200);
	ck_assert_int_eq(record.terms.interval_ms, -1);
	ck_assert_int_gt(record.pid, 0);
	ck_assert_int_gt(record.start_ms, 0);
	ck_assert(zkl_record_trusted(text, strlen(text)));
	zkl_record_clear(&record);
}
END_TEST

/* A later release's record is shown as far as it is understood; to trust it would be to guess. */
START_TEST(an_unknown_version_is_shown_and_not_trusted)
{
	const char *text = "[zklock]\nversion=2\nsealed=true\nhost=h\nlabel=l\nnews=1\n";
	struct zkl_record record;

	zkl_record_parse(text, strlen(text), &record);
	ck_assert_int_eq(record.version, 2);
	ck_assert_str_eq(record.host, "h");
	ck_assert_str_eq(record.label, "l");
	ck_assert_int_eq(record.terms.interval_ms, 0);
	ck_assert(!zkl_record_trusted(text, strlen(text)));
	zkl_record_clear(&record);
}
END_TEST

/* What only informs may be absent (older) or more (newer). */
START_TEST(keys_that_inform_do_not_matter_for_trust)
{
	const char *text = "[zklock]\nversion=1\nsealed=true\nnews=1\n";

	ck_assert(zkl_record_trusted(text, strlen(text)));
}
END_TEST

static const char *const hostile[] = {
	"",
	"revoke",
	"[zklock]",
	"[zklock]\nversion=1\n",
	"[zklock]\nversion=1\nsealed=false\n",
	"[zklock]\nversion=2\nsealed=true\n",
	"[zklock]\nversion=99999999999999999999\nsealed=true\n",
	"[zklock]\nversion=-1\nsealed=true\n",
	"[zklock]\nversion=x\nsealed=true\n",
	"[other]\nversion=1\nsealed=true\n",
	"version=1\nsealed=true\n",
	"192.168.0.1",
	"\xff\xfe\n[zklock]\n",
};

/* Only what we know in full may grant without looking (R3). */
START_TEST(no_other_record_is_trusted)
{
	g_autofree char *huge = g_strnfill(100000, 'x');
	g_autofree char *sealed =
		g_strconcat("[zklock]\nversion=1\nsealed=true\nlabel=", huge, NULL);
	struct zkl_record record;

	for (size_t i = 0; i < G_N_ELEMENTS(hostile); i++) {
		ck_assert_msg(
			!zkl_record_trusted(hostile[i], strlen(hostile[i])), "%s", hostile[i]);
		zkl_record_parse(hostile[i], strlen(hostile[i]), &record);
		zkl_record_clear(&record);
	}
	ck_assert(!zkl_record_trusted(NULL, 0));
	ck_assert(!zkl_record_trusted(sealed, strlen(sealed)));
	zkl_record_parse(NULL, 0, &record);
	ck_assert_int_eq(record.version, 0);
	zkl_record_clear(&record);
}
END_TEST

/* A file is opened with the lowest number that is free: what lies below is in use. */
static void leave_descriptors(rlim_t n)
{
	struct rlimit limit;
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(lowest, 0);
	close(lowest);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)lowest + n;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(too_few_descriptors_are_a_limit_and_not_memory)
{
	struct rlimit before;
	zklock_session_t *const untouched = (zklock_session_t *)&before, *session = untouched;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (rlim_t n = 0; n < 2; n++) { /* the loop needs two */
		leave_descriptors(n);
		ck_assert_int_eq(
			zklock_session_open("127.0.0.1:1", NULL, &session), ZKLOCK_ERR_LIMIT);
		ck_assert_ptr_eq(session, untouched);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	}
	ck_assert_int_eq(zklock_session_open("127.0.0.1:1", NULL, &session), ZKLOCK_OK);
	ck_assert_int_eq(zklock_session_close(session, 0), ZKLOCK_OK);
}
END_TEST

/* The clock that ends a close may meet the end of the last client: one of them ends the session. */
START_TEST(a_session_is_ended_once)
{
	for (int i = 0; i < 200; i++) {
		zklock_session_t *session;

		ck_assert_int_eq(zklock_session_open("127.0.0.1:1", NULL, &session), ZKLOCK_OK);
		ck_assert_int_eq(zklock_session_close(session, 0), ZKLOCK_OK);
	}
}
END_TEST

/* ---- what all sessions of a process share ---- */

START_TEST(of_locks_without_number_a_few_are_known)
{
	GHashTable *strangers = zkl_strangers_new();
	char dir[32];

	for (int i = 0; i < 3 * ZKL_STRANGERS_MAX; i++) {
		snprintf(dir, sizeof(dir), "/locks/%d", i);
		zkl_strangers_set(strangers, dir, i, 2);
		ck_assert_int_eq(zkl_strangers_known(strangers, dir, i), 2);
		zkl_strangers_set(strangers, dir, i, 3); /* no new entry: nothing is forgotten */
		ck_assert_int_eq(zkl_strangers_known(strangers, dir, i), 3);
	}
	ck_assert_uint_le(g_hash_table_size(strangers), ZKL_STRANGERS_MAX);
	ck_assert_int_eq(zkl_strangers_known(strangers, "/locks/0", 0), -1);
	g_hash_table_destroy(strangers);
}
END_TEST

/* To hash or to compare it takes about as long as all the rest of a round. */
#define LONG_KEY 200000

struct crowd {
	char *key;
	uint64_t holder;
	atomic_bool over;
};

static void *read_tokens(void *arg)
{
	struct crowd *crowd = arg;

	while (!atomic_load(&crowd->over)) {
		zkl_tokens_grow(crowd->key, 1);
		g_str_hash(crowd->key); /* outside, so that others get in, too */
	}
	return NULL;
}

static void *read_book(void *arg)
{
	struct crowd *crowd = arg;

	while (!atomic_load(&crowd->over)) {
		zkl_book_elsewhere(crowd->holder, crowd->key, NULL);
		g_str_hash(crowd->key);
	}
	return NULL;
}

/* Uses what the parent's threads were in the middle of; the alarm ends a hang. */
static bool child_gets_through(uint64_t holder)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGALRM, SIG_DFL); /* and not that of check */
		alarm(60);
		zkl_tokens_grow("x", 1);
		zkl_book_elsewhere(holder, "x", NULL);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status == 0;
}

START_TEST(a_child_finds_no_lock_taken_by_threads_it_has_not)
{
	struct crowd crowd = {.key = g_strnfill(LONG_KEY, 'x'), .holder = zkl_book_thread()};
	struct zklock lock = {.refs = 1};
	pthread_t readers[2];

	zkl_book_enter(crowd.holder, crowd.key, &lock);
	ck_assert(zkl_tokens_grow(crowd.key, 1));
	pthread_create(&readers[0], NULL, read_tokens, &crowd);
	pthread_create(&readers[1], NULL, read_book, &crowd);
	for (int i = 0; i < 50; i++)
		ck_assert(child_gets_through(crowd.holder));
	atomic_store(&crowd.over, true);
	pthread_join(readers[0], NULL);
	pthread_join(readers[1], NULL);
	zkl_book_leave(crowd.holder, crowd.key, &lock);
	ck_assert_uint_eq(lock.refs, 1);
	g_free(crowd.key);
}
END_TEST

CHECK_MAIN("run", timers_fire_in_order_and_once, timers_can_be_moved_and_stopped,
	a_timer_cannot_keep_the_loop, calls_run_in_order, several_watch_one_node,
	watches_that_are_left_are_counted_until_they_fire,
	what_is_dropped_lives_until_the_monitor_is_left, a_record_is_read_as_it_was_written,
	an_unknown_version_is_shown_and_not_trusted, keys_that_inform_do_not_matter_for_trust,
	no_other_record_is_trusted, too_few_descriptors_are_a_limit_and_not_memory,
	a_session_is_ended_once, of_locks_without_number_a_few_are_known,
	a_child_finds_no_lock_taken_by_threads_it_has_not)
