/* SPDX-License-Identifier: Apache-2.0 */
/* notice.c - what the client tells unasked: the session and the watches. */
#include "port/zk/notice.h"

#include "port/zk/bell.h"
#include "port/zk/call.h"
#include "port/zk/connection.h"
#include "port/zk/zhandle.h"

static enum zkl_watch_type watch_type(int type)
{
	if (type == ZOO_CHANGED_EVENT)
		return ZKL_WATCH_CHANGED;
	return type == ZOO_DELETED_EVENT ? ZKL_WATCH_DELETED : ZKL_WATCH_OTHER;
}

/* The client tells session events to every watch as well, and keeps the watch: ignored here,
 * on_session has them. */
void zkl_notice_watch(zhandle_t *zh, int type, int state, const char *path, void *context)
{
	(void)state;
	struct zkl_transport *t = (struct zkl_transport *)zoo_get_context(zh);
	if (type == ZOO_SESSION_EVENT || t->ended)
		return;
	struct zkl_message m = {.kind = ZKL_MSG_WATCH,
		.client = (uintptr_t)context,
		.path = path,
		.watch = watch_type(type)};
	zkl_zhandle_deliver(t, &m);
}

static void suspend(struct zkl_transport *t)
{
	pthread_mutex_lock(&t->lock);
	bool told = t->connected && !t->ended;
	t->connected = false;
	t->greeted = false;
	pthread_cond_broadcast(&t->wake);
	pthread_mutex_unlock(&t->lock);
	if (!told)
		return;
	zkl_connection_disclaim(t);
	zkl_bell_ring(); /* the names may lead elsewhere now */
	zkl_zhandle_tell(t, ZKL_SESSION_SUSPENDED);
	zkl_call_answer_all(t, ZCONNECTIONLOSS);
}

static void end_session(struct zkl_transport *t, enum zkl_session_event event)
{
	pthread_mutex_lock(&t->lock);
	bool told = t->ended;
	t->ended = true;
	t->connected = false;
	pthread_cond_broadcast(&t->wake);
	pthread_mutex_unlock(&t->lock);
	if (told)
		return;
	zkl_connection_disclaim(t);
	zkl_zhandle_tell(t, event);
	zkl_call_answer_all(t, ZSESSIONEXPIRED);
}

static bool enter(struct zkl_transport *t, zhandle_t *zh)
{
	pthread_mutex_lock(&t->lock);
	zkl_zhandle_take(t, zh);
	t->connected = !t->ended && zkl_identity_give(&t->identity, zh);
	bool entered = t->connected;
	pthread_cond_broadcast(&t->wake);
	pthread_mutex_unlock(&t->lock);
	return entered;
}

static void connect_session(struct zkl_transport *t, zhandle_t *zh)
{
	struct zkl_message m = {.kind = ZKL_MSG_SESSION,
		.event = ZKL_SESSION_CONNECTED,
		.session_id = zoo_client_id(zh)->client_id,
		.timeout_ms = zoo_recv_timeout(zh)};
	suspend(t); /* nothing to do, unless the client lost the last connection in silence */
	if (t->session_id != 0 && m.session_id != t->session_id) {
		end_session(t, ZKL_SESSION_EXPIRED);
		return;
	}
	t->session_id = m.session_id;
	if (!enter(t, zh))
		return;
	zkl_connection_claim(t);
	zkl_zhandle_deliver(t, &m);
}

/* On the completion thread; perhaps before zookeeper_init2() has returned on the keeper. */
void zkl_notice_session(zhandle_t *zh, int type, int state, const char *path, void *context)
{
	(void)path;
	struct zkl_transport *t = context;
	if (type != ZOO_SESSION_EVENT)
		return;
	if (state == ZOO_CONNECTED_STATE)
		connect_session(t, zh);
	else if (state == ZOO_EXPIRED_SESSION_STATE)
		end_session(t, ZKL_SESSION_EXPIRED);
	else if (state == ZOO_AUTH_FAILED_STATE)
		end_session(t, ZKL_SESSION_AUTH_FAILED);
	else
		suspend(t);
}
