/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.c - a small process between zklock and its command that holds the deadline.
 *
 * Both sides are here: first what travels, then the guard itself, then the calls of zklock.
 * The guard has one thread, all signals blocked, and does nothing but wait, signal and reap.
 */
#include "guard.h"

#include "child.h"
#include "plan.h"
#include "status.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ENVIRONMENT	 24
#define ENVIRONMENT_SIZE 6000
#define AGAIN_MS	 20 /* between two rounds of SIGKILL */

_Static_assert(GUARD_NEVER == PLAN_NEVER, "one word for never");

/* ---- what travels --------------------------------------------------------------------------- */

enum order_type { ORDER_START, ORDER_EXTEND, ORDER_SIGNAL, ORDER_END };

struct order {
	enum order_type type;
	int value; /* SIGNAL: its number. END: the reason */
	int64_t valid_until, validity_ms, at_most_ms;
	size_t text_len;
	char text[ENVIRONMENT_SIZE]; /* START: NAME=value, each with its NUL */
};

int64_t zkl_guard_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the guard ------------------------------------------------------------------------------ */

struct keeper {
	const struct guard_options *options;
	int socket, signals, timer;
	struct child child;
	bool running;	/* the command, or something it has started */
	bool abandoned; /* zklock is gone */
	bool late;
	int niceness; /* as we found it */
	enum guard_reason reason;
	struct plan plan;
	struct order order; /* the last one; the command's environment points into it */
	char *environment[MAX_ENVIRONMENT + 1];
};

/* To standard error, but only when that does not block: the command's end must not wait for a
 * reader. What is said fits into PIPE_BUF, so it goes out in one piece. */
static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
	va_list args;

	if (poll(&out, 1, 0) != 1 || !(out.revents & POLLOUT))
		return;
	va_start(args, format);
	vdprintf(STDERR_FILENO, format, args);
	va_end(args);
}

static void report(struct keeper *keeper, enum guard_report_type type, int value)
{
	struct guard_report message;

	memset(&message, 0, sizeof(message)); /* its padding travels, too */
	message.type = type;
	message.value = value;
	message.reason = keeper->reason;
	message.late = keeper->late;
	while (send(keeper->socket, &message, sizeof(message), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void send_first_signal(struct keeper *keeper)
{
	int first = keeper->child.reaped ? SIGTERM : keeper->options->first_signal;

	zkl_child_signal_all(&keeper->child, first);
	zkl_child_signal_all(&keeper->child, SIGCONT); /* a stopped one could not obey */
}

static void kill_everything(struct keeper *keeper)
{
	zkl_child_hurry(&keeper->child);
	zkl_plan_killing(&keeper->plan, zkl_guard_now());
	zkl_child_signal_all(&keeper->child, SIGKILL);
}

/* Begin to end the command, or what it left behind (GUARD_NONE). */
static void begin_end(struct keeper *keeper, enum guard_reason reason)
{
	if (keeper->plan.phase != PLAN_RUNNING)
		return;
	keeper->reason = reason;
	zkl_plan_ending(&keeper->plan, zkl_guard_now());
	if (reason != GUARD_NONE && keeper->options->first_signal == SIGKILL)
		kill_everything(keeper);
	else
		send_first_signal(keeper);
}

static void complain(struct keeper *keeper)
{
	char state = '?';
	pid_t pid = zkl_child_survivor(&state);

	if (keeper->late || !pid)
		return;
	keeper->late = true;
	say("zklock: WARNING: process %d (state %c) of the command survives SIGKILL past the "
	    "end of the lock; another host may hold the lock now\n",
		(int)pid, state);
}

static void obey_plan(struct keeper *keeper)
{
	int64_t now = zkl_guard_now();

	if (!keeper->running)
		return;
	switch (zkl_plan_step(&keeper->plan, now)) {
	case PLAN_END_UNPROVEN:
		begin_end(keeper, GUARD_UNPROVEN);
		break;
	case PLAN_END_AT_MOST:
		begin_end(keeper, GUARD_AT_MOST);
		break;
	case PLAN_KILL:
		kill_everything(keeper);
		if (now >= zkl_plan_late(&keeper->plan))
			complain(keeper);
		break;
	case PLAN_WAIT:
		break;
	}
}

static void set_timer(struct keeper *keeper)
{
	int64_t at = keeper->running ? zkl_plan_next(&keeper->plan) : PLAN_NEVER;
	struct itimerspec when = {0};

	if (keeper->running && keeper->plan.phase == PLAN_KILLING)
		at = zkl_guard_now() + AGAIN_MS;
	if (at != PLAN_NEVER) {
		at = at < 1 ? 1 : at; /* zero would disarm it */
		when.it_value.tv_sec = at / 1000;
		when.it_value.tv_nsec = at % 1000 * 1000000;
	}
	timerfd_settime(keeper->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* ---- orders */

static void read_environment(struct keeper *keeper)
{
	size_t count = 0;

	for (size_t at = 0; at < keeper->order.text_len && count < MAX_ENVIRONMENT;) {
		keeper->environment[count++] = keeper->order.text + at;
		at += strlen(keeper->order.text + at) + 1;
	}
	keeper->environment[count] = NULL;
}

static void start_command(struct keeper *keeper)
{
	const struct order *order = &keeper->order;
	struct child_spec spec = {
		.argv = keeper->options->argv,
		.environment = keeper->environment,
		.signal_mask = keeper->options->signal_mask,
		.niceness = keeper->niceness,
		.foreground = keeper->options->foreground,
	};
	int error;

	if (keeper->running)
		return;
	read_environment(keeper);
	keeper->reason = GUARD_NONE;
	keeper->late = false;
	zkl_plan_init(&keeper->plan, zkl_guard_now(), order->valid_until, order->validity_ms,
		keeper->options->kill_after_ms, order->at_most_ms);
	error = zkl_child_start(&keeper->child, &spec);
	keeper->running = error == 0;
	report(keeper, error ? GUARD_REFUSED : GUARD_STARTED, error ? error : keeper->child.pid);
}

static void end_command(struct keeper *keeper)
{
	if (keeper->order.valid_until < keeper->plan.valid_until)
		keeper->plan.valid_until = keeper->order.valid_until;
	begin_end(keeper, (enum guard_reason)keeper->order.value);
}

/* Stop and continue reach daemons too: they are the command's, and the lock's, as much. */
static void pass_signal(struct keeper *keeper, int signal)
{
	if (!keeper->running)
		return;
	if (signal == SIGSTOP || signal == SIGCONT)
		zkl_child_signal_all(&keeper->child, signal);
	else
		zkl_child_signal(&keeper->child, signal);
}

static void obey_order(struct keeper *keeper)
{
	switch (keeper->order.type) {
	case ORDER_START:
		start_command(keeper);
		break;
	case ORDER_EXTEND:
		keeper->plan.valid_until = keeper->order.valid_until;
		break;
	case ORDER_SIGNAL:
		pass_signal(keeper, keeper->order.value);
		break;
	case ORDER_END:
		if (keeper->running)
			end_command(keeper);
		break;
	}
}

static void abandon(struct keeper *keeper)
{
	keeper->abandoned = true;
	if (!keeper->running)
		return;
	begin_end(keeper, GUARD_ORPHANED);
	say("zklock: zklock itself was killed; ending its command\n");
}

static void read_order(struct keeper *keeper)
{
	ssize_t len;

	do
		len = recv(keeper->socket, &keeper->order, sizeof(keeper->order), 0);
	while (len < 0 && errno == EINTR);
	if (len == sizeof(keeper->order))
		obey_order(keeper);
	else
		abandon(keeper);
}

/* ---- ends */

static void finish(struct keeper *keeper)
{
	int64_t now = zkl_guard_now();

	keeper->running = false;
	if (keeper->reason == GUARD_UNPROVEN && now > keeper->plan.valid_until && !keeper->late) {
		keeper->late = true;
		say("zklock: WARNING: the command ended %lld ms after the end of the lock's "
		    "proof; another host may have held the lock meanwhile\n",
			(long long)(now - keeper->plan.valid_until));
	}
	report(keeper, GUARD_ENDED, keeper->child.wait_status);
}

static void reap(struct keeper *keeper)
{
	struct signalfd_siginfo info;
	bool was_stopped = keeper->child.stopped != 0, gone;

	while (read(keeper->signals, &info, sizeof(info)) == sizeof(info))
		;
	gone = zkl_child_reap(&keeper->child);
	if (!keeper->running)
		return;
	if (gone)
		finish(keeper);
	else if (keeper->child.reaped)
		begin_end(keeper, GUARD_NONE);
	else if (keeper->child.stopped && !was_stopped)
		report(keeper, GUARD_STOPPED, keeper->child.stopped);
}

static bool open_descriptors(struct keeper *keeper)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	keeper->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	keeper->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	return keeper->signals >= 0 && keeper->timer >= 0;
}

static void wait_for_something(struct keeper *keeper)
{
	struct pollfd fds[] = {{.fd = keeper->signals, .events = POLLIN},
		{.fd = keeper->timer, .events = POLLIN},
		{.fd = keeper->abandoned ? -1 : keeper->socket, .events = POLLIN}};
	uint64_t ticks;

	set_timer(keeper);
	if (poll(fds, 3, -1) < 0)
		return;
	if (read(keeper->timer, &ticks, sizeof(ticks)) < 0 && errno != EAGAIN)
		say("zklock: guard: timer: %s\n", strerror(errno));
	if (fds[2].revents)
		read_order(keeper);
	obey_plan(keeper);
	reap(keeper);
}

/* A deadline is only worth something when we get the processor then. Without the right to ask for
 * it (CAP_SYS_NICE) this changes nothing. */
static void take_precedence(struct keeper *keeper)
{
	struct sched_param lowest = {.sched_priority = 1};

	keeper->niceness = getpriority(PRIO_PROCESS, 0);
	sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest);
}

/* Own group: a signal for zklock's group, such as a stop from the shell, must not reach us. */
static _Noreturn void be_the_guard(int socket, const struct guard_options *options)
{
	struct keeper keeper = {.options = options, .socket = socket};

	setpgid(0, 0);
	prctl(PR_SET_NAME, "zklock-guard", 0, 0, 0);
	zkl_child_adopt();
	take_precedence(&keeper);
	if (!open_descriptors(&keeper)) {
		say("zklock: guard: %s\n", strerror(errno));
		_exit(STATUS_INTERNAL);
	}
	while (keeper.running || !keeper.abandoned)
		wait_for_something(&keeper);
	_exit(STATUS_OK);
}

/* ---- zklock's side -------------------------------------------------------------------------- */

bool zkl_guard_fork(struct guard *guard, const struct guard_options *options)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	zkl_child_adopt(); /* what the guard leaves behind when it is killed comes to us */
	*guard = (struct guard){.fd = ends[0], .pid = fork()};
	if (guard->pid == 0) {
		close(ends[0]);
		be_the_guard(ends[1], options);
	}
	close(ends[1]);
	if (guard->pid < 0)
		close(ends[0]);
	return guard->pid > 0;
}

/* A guard that is gone is noticed by zkl_guard_next(). */
static void send_order(struct guard *guard, const struct order *order)
{
	while (send(guard->fd, order, sizeof(*order), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

void zkl_guard_start(struct guard *guard, const struct guard_start *start)
{
	struct order order = {.type = ORDER_START,
		.valid_until = start->valid_until,
		.validity_ms = start->validity_ms,
		.at_most_ms = start->at_most_ms};

	for (char **entry = start->environment; *entry; entry++) {
		size_t len = strlen(*entry) + 1;

		if (order.text_len + len > sizeof(order.text))
			break;
		memcpy(order.text + order.text_len, *entry, len);
		order.text_len += len;
	}
	send_order(guard, &order);
}

void zkl_guard_extend(struct guard *guard, int64_t valid_until)
{
	struct order order = {.type = ORDER_EXTEND, .valid_until = valid_until};

	send_order(guard, &order);
}

void zkl_guard_signal(struct guard *guard, int signal)
{
	struct order order = {.type = ORDER_SIGNAL, .value = signal};

	send_order(guard, &order);
}

void zkl_guard_end(struct guard *guard, enum guard_reason reason, int64_t valid_until)
{
	struct order order = {.type = ORDER_END, .value = (int)reason, .valid_until = valid_until};

	send_order(guard, &order);
}

int zkl_guard_next(struct guard *guard, struct guard_report *ret_report)
{
	ssize_t len;

	do
		len = recv(guard->fd, ret_report, sizeof(*ret_report), MSG_DONTWAIT);
	while (len < 0 && errno == EINTR);
	if (len < 0 && errno == EAGAIN)
		return 0;
	if (len != sizeof(*ret_report))
		return -1;
	if (ret_report->type == GUARD_STARTED)
		guard->group = ret_report->value;
	if (ret_report->type == GUARD_ENDED)
		guard->group = 0;
	return 1;
}

void zkl_guard_avenge(struct guard *guard)
{
	struct child child = {.pid = guard->group, .group = guard->group};
	struct timespec pause = {.tv_nsec = AGAIN_MS * 1000000};

	while (!zkl_child_reap(&child)) {
		zkl_child_signal_all(&child, SIGKILL);
		nanosleep(&pause, NULL);
	}
	guard->group = 0;
}

void zkl_guard_close(struct guard *guard)
{
	close(guard->fd);
	while (guard->pid > 0 && waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
		;
	guard->pid = 0;
}
