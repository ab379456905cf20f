/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h - exit statuses of the zklock command: one cause, one number.
 *
 * The numbers of sysexits(3) where they fit, those of timeout(1) and env(1) where flock's users
 * know them from there. zklock(1) lists them; tests/cli/coverage holds the two lists together.
 */
#ifndef ZKLOCK_TOOLS_STATUS_H
#define ZKLOCK_TOOLS_STATUS_H

enum zkl_status {
	STATUS_OK = 0,
	STATUS_FOUND = 1,	 /* doctor and graph: something is wrong over there */
	STATUS_USAGE = 64,	 /* the command line */
	STATUS_UNAVAILABLE = 69, /* no server, or no quorum, answered */
	STATUS_INTERNAL = 70,	 /* a fault of ours, of the system or of an answer */
	STATUS_SURVIVORS = 71,	 /* processes of the command could not be ended in time */
	STATUS_BUSY = 75,	 /* held by someone else (option -E changes it) */
	STATUS_LOST = 76,	 /* the lock was lost (option --lost-exit-code changes it) */
	STATUS_ACCESS = 77,	 /* ZooKeeper denies access */
	STATUS_CONFIG = 78,	 /* configuration */
	STATUS_AT_MOST = 124,	 /* ended by --at-most */
	STATUS_CANNOT_RUN = 126, /* the command was found and cannot be run */
	STATUS_NOT_FOUND = 127,	 /* the command was not found */
	STATUS_SIGNAL = 128,	 /* plus the number of the signal */
};

#endif
