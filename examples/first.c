/* SPDX-License-Identifier: Apache-2.0 */
/* first.c - the program of the README: first SERVERS. */
#include <stdio.h>
#include <zklock/zklock.h>

int main(int argc, char **argv)
{
	zklock_session_t *session = NULL;
	zklock_t *lock = NULL;
	int error = zklock_session_open(argv[argc - 1], NULL, &session);

	zklock_new(session, "reports", NULL, &lock);
	error = error ? error : zklock_timedlock(lock, 5000);
	if (error == ZKLOCK_OK) { /* work, as long as zklock_remaining_ms(lock) > 0 */
		printf("ours, proven for %lld ms\n", (long long)zklock_remaining_ms(lock));
		error = zklock_unlock(lock); /* says so if it was not ours to the end */
	}
	printf("%s\n", zklock_strerror(error));
	zklock_free(lock);
	zklock_session_close(session, 1000);
	return error != ZKLOCK_OK;
}
