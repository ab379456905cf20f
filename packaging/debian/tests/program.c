/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest honest user: take a lock, do something while it is proven, give it back. */
#include <stdio.h>
#include <zklock/zklock.h>

static int under_lock(zklock_t *lock, void *user)
{
	int64_t token = 0;

	(void)user;
	zklock_token(lock, &token);
	printf("held: token %lld, proven for %lld ms\n", (long long)token,
		(long long)zklock_remaining_ms(lock));
	return !zklock_is_held(lock);
}

int main(int argc, char **argv)
{
	zklock_session_t *session = NULL;
	zklock_t *lock = NULL;
	int work = 1;
	int error = zklock_session_open(argc > 1 ? argv[1] : "", NULL, &session);

	if (!error)
		error = zklock_new(session, "user-program", NULL, &lock);
	if (!error)
		error = zklock_with(lock, 30000, under_lock, NULL, &work);
	if (error)
		fprintf(stderr, "%s\n", zklock_strerror(error));
	if (lock)
		zklock_free(lock);
	if (session)
		zklock_session_close(session, 5000);
	return error || work;
}
