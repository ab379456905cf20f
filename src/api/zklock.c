/* SPDX-License-Identifier: Apache-2.0 */
/* zklock.c - the exported symbols: check the arguments, then let run do it. */
#include <errno.h>
#include <string.h>

#include "api/options.h"
#include "base/error.h"
#include "base/log.h"
#include "core/name.h"
#include "port/zk.h"
#include "run/lock.h"
#include "run/metrics.h"
#include "run/owners.h"
#include "run/pool.h"
#include "run/vigil.h"
#include "run/waiter.h"

#define STRING(x) #x
#define TEXT(x)	  STRING(x)

const char *zklock_strerror(int error)
{
	return zkl_error_text(error);
}

const char *zklock_error_name(int error)
{
	return zkl_error_name(error);
}

const char *zklock_cause_name(enum zklock_cause cause)
{
	return zkl_cause_name(cause);
}

const char *zklock_event_name(enum zklock_event_type type)
{
	return zkl_event_name(type);
}

const char *zklock_version(void)
{
	return TEXT(ZKLOCK_VERSION_MAJOR) "." TEXT(ZKLOCK_VERSION_MINOR) "." TEXT(
		ZKLOCK_VERSION_MICRO);
}

void zklock_set_log(zklock_log_fn fn, int level, void *user)
{
	zkl_log_set(fn, level, user);
}

/* ---- session ------------------------------------------------------------------------------- */

static int check_session(const zklock_session_t *session)
{
	if (!session)
		return ZKLOCK_ERR_INVALID;
	return zkl_pool_is_ours(session) ? ZKLOCK_OK : ZKLOCK_ERR_FORKED;
}

static int check_lock(const zklock_t *lock)
{
	if (!lock)
		return ZKLOCK_ERR_INVALID;
	return zkl_lock_is_alive(lock) ? check_session(zkl_lock_pool(lock)) : ZKLOCK_ERR_INVALID;
}

int zklock_session_open(const char *servers, const zklock_session_options_t *options,
	zklock_session_t **ret_session)
{
	struct zkl_session_config *config;
	zklock_session_t *session;
	int error;

	if (!servers || !ret_session)
		return ZKLOCK_ERR_INVALID;
	error = zkl_options_session(servers, options, &config);
	if (error)
		return error;
	session = zkl_pool_new(zkl_clock_real(), zkl_zk_transport(), config, true);
	if (!session) /* too many descriptors or threads, of this process or of all */
		return errno == ENOMEM ? ZKLOCK_ERR_NOMEM : ZKLOCK_ERR_LIMIT;
	*ret_session = session;
	return ZKLOCK_OK;
}

int zklock_session_close(zklock_session_t *session, int64_t timeout_ms)
{
	int error = check_session(session);

	if (error)
		return error;
	return zkl_pool_close(session, timeout_ms, !zkl_loop_in_callback(zkl_pool_loop(session)));
}

enum zklock_session_state zklock_session_state(zklock_session_t *session)
{
	enum zklock_session_state state;

	if (check_session(session))
		return ZKLOCK_SESSION_CLOSED;
	zkl_loop_enter(zkl_pool_loop(session));
	state = zkl_pool_state(session);
	zkl_loop_leave(zkl_pool_loop(session));
	return state;
}

int zklock_session_wait_connected(zklock_session_t *session, int64_t timeout_ms)
{
	int error = check_session(session), old;
	struct zkl_loop *loop;

	if (error)
		return error;
	loop = zkl_pool_loop(session);
	if (zkl_loop_in_callback(loop))
		return ZKLOCK_ERR_IN_CALLBACK;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	zkl_loop_enter(loop);
	zkl_pool_ref(session); /* another thread may close it while we wait */
	error = zkl_pool_wait_connected(session, zkl_waiter_deadline(loop, timeout_ms));
	zkl_loop_leave(loop);
	zkl_pool_unref(session);
	pthread_setcancelstate(old, NULL);
	return error;
}

int zklock_session_set_event_callback(zklock_session_t *session, zklock_session_fn fn, void *user)
{
	int error = check_session(session);

	if (error)
		return error;
	zkl_loop_enter(zkl_pool_loop(session));
	zkl_pool_set_callback(session, fn, user);
	zkl_loop_leave(zkl_pool_loop(session));
	return ZKLOCK_OK;
}

int zklock_session_info(zklock_session_t *session, zklock_session_info_t *ret_info)
{
	int error = check_session(session);
	zklock_session_info_t info;

	if (error)
		return error;
	if (!ret_info || ret_info->size < sizeof(size_t))
		return ZKLOCK_ERR_INVALID;
	memset(&info, 0, sizeof(info));
	zkl_loop_enter(zkl_pool_loop(session));
	zkl_pool_info(session, &info);
	zkl_loop_leave(zkl_pool_loop(session));
	info.size = ret_info->size;
	memcpy(ret_info, &info, MIN(info.size, sizeof(info)));
	return ZKLOCK_OK;
}

int zklock_metrics_write(zklock_session_t *session, const char *labels,
	int (*write)(const char *text, size_t len, void *user), void *user)
{
	int error = check_session(session);

	if (error || !write)
		return error ? error : ZKLOCK_ERR_INVALID;
	return zkl_metrics_write(session, labels, write, user);
}

/* ---- lock ---------------------------------------------------------------------------------- */

int zklock_new(zklock_session_t *session, const char *name, const zklock_options_t *options,
	zklock_t **ret_lock)
{
	int error = check_session(session);
	zklock_options_t o;
	bool closing;

	if (error)
		return error;
	if (!name || !ret_lock || !zkl_options_lock(options, &o))
		return ZKLOCK_ERR_INVALID;
	if (!zkl_name_is_valid(name))
		return ZKLOCK_ERR_NAME;
	zkl_loop_enter(zkl_pool_loop(session));
	closing = zkl_pool_closing(session);
	zkl_loop_leave(zkl_pool_loop(session));
	if (closing)
		return ZKLOCK_ERR_CLOSED;
	*ret_lock = zkl_lock_new(session, name, &o);
	return ZKLOCK_OK;
}

int zklock_free(zklock_t *lock)
{
	int error = check_lock(lock);

	if (!error)
		zkl_lock_free(lock);
	return error;
}

const char *zklock_name(zklock_t *lock)
{
	return lock ? zkl_lock_name(lock) : "";
}

int zklock_timedlock(zklock_t *lock, int64_t timeout_ms)
{
	int error = check_lock(lock);

	return error ? error : zkl_lock_acquire(lock, timeout_ms);
}

int zklock_lock(zklock_t *lock)
{
	return zklock_timedlock(lock, -1);
}

int zklock_trylock(zklock_t *lock)
{
	return zklock_timedlock(lock, 0);
}

int zklock_unlock(zklock_t *lock)
{
	int error = check_lock(lock);

	return error ? error : zkl_lock_release(lock);
}

int zklock_cancel(zklock_t *lock)
{
	int error = check_lock(lock);

	if (!error)
		zkl_lock_cancel(lock);
	return error;
}

struct scope {
	zklock_t *lock;
	int error;
};

static void unlock_scope(void *arg)
{
	struct scope *scope = arg;

	scope->error = zklock_unlock(scope->lock);
}

int zklock_with(zklock_t *lock, int64_t timeout_ms, int (*fn)(zklock_t *lock, void *user),
	void *user, int *ret_result)
{
	struct scope scope = {lock, ZKLOCK_OK};
	int error, result;

	if (!fn)
		return ZKLOCK_ERR_INVALID;
	error = zklock_timedlock(lock, timeout_ms);
	if (error)
		return error;
	pthread_cleanup_push(unlock_scope, &scope); /* pthread_cancel() and pthread_exit() in fn */
	result = fn(lock, user);
	pthread_cleanup_pop(1);
	if (ret_result)
		*ret_result = result;
	return scope.error;
}

int zklock_lock_async(zklock_t *lock, int64_t timeout_ms)
{
	int error = check_lock(lock);

	if (!error && !zkl_lock_is_unbound(lock))
		error = ZKLOCK_ERR_INVALID;
	return error ? error : zkl_lock_acquire_async(lock, timeout_ms);
}

int zklock_unlock_async(zklock_t *lock)
{
	int error = check_lock(lock);

	return error ? error : zkl_lock_release_async(lock);
}

/* ---- what a holder knows ------------------------------------------------------------------- */

bool zklock_is_held(zklock_t *lock)
{
	return check_lock(lock) == ZKLOCK_OK && zkl_lock_is_held(lock);
}

int64_t zklock_remaining_ms(zklock_t *lock)
{
	return check_lock(lock) == ZKLOCK_OK ? zkl_lock_remaining_ms(lock) : 0;
}

int zklock_token(zklock_t *lock, int64_t *ret_token)
{
	int error = check_lock(lock);

	if (!error && !ret_token)
		error = ZKLOCK_ERR_INVALID;
	return error ? error : zkl_lock_token(lock, ret_token);
}

int zklock_node(zklock_t *lock, char *ret_path, size_t size)
{
	int error = check_lock(lock);

	if (!error && !ret_path)
		error = ZKLOCK_ERR_INVALID;
	return error ? error : zkl_lock_node(lock, ret_path, size);
}

int zklock_set_event_callback(zklock_t *lock, zklock_event_fn fn, void *user)
{
	int error = check_lock(lock);

	if (!error)
		zkl_lock_set_callback(lock, fn, user);
	return error;
}

int zklock_fd(zklock_t *lock)
{
	return check_lock(lock) == ZKLOCK_OK ? zkl_lock_fd(lock) : -1;
}

bool zklock_next_event(zklock_t *lock, zklock_event_t *ret_event)
{
	return check_lock(lock) == ZKLOCK_OK && ret_event && zkl_lock_next_event(lock, ret_event);
}

/* ---- who holds, who waits ------------------------------------------------------------------- */

int zklock_owners(zklock_session_t *session, const char *name, size_t max, int64_t timeout_ms,
	zklock_owners_t **ret_owners)
{
	int error = check_session(session);

	if (error)
		return error;
	if (!name || !ret_owners)
		return ZKLOCK_ERR_INVALID;
	if (!zkl_name_is_valid(name))
		return ZKLOCK_ERR_NAME;
	return zkl_owners_read(session, name, max,
		zkl_waiter_deadline(zkl_pool_loop(session), timeout_ms), ret_owners);
}

int zklock_wait_done(zklock_session_t *session, const char *name, int64_t timeout_ms)
{
	int error = check_session(session);

	if (error)
		return error;
	if (!name)
		return ZKLOCK_ERR_INVALID;
	if (!zkl_name_is_valid(name))
		return ZKLOCK_ERR_NAME;
	return zkl_vigil_keep(session, name, timeout_ms);
}

size_t zklock_owners_count(const zklock_owners_t *owners)
{
	return owners ? zkl_owners_count(owners) : 0;
}

size_t zklock_owners_total(const zklock_owners_t *owners)
{
	return owners ? zkl_owners_total(owners) : 0;
}

size_t zklock_owners_strangers(const zklock_owners_t *owners)
{
	return owners ? zkl_owners_strangers(owners) : 0;
}

const zklock_owner_t *zklock_owners_get(const zklock_owners_t *owners, size_t i)
{
	return owners ? zkl_owners_get(owners, i) : NULL;
}

void zklock_owners_free(zklock_owners_t *owners)
{
	if (owners)
		zkl_owners_free(owners);
}
