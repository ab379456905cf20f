/* SPDX-License-Identifier: Apache-2.0 */
/* fork.h - which process are we? A child has our memory but none of our threads (row 24). */
#ifndef ZKL_RUN_FORK_H
#define ZKL_RUN_FORK_H

/* Changes in each fork()ed child; compare with the value of when an object was made. */
unsigned zkl_fork_generation(void);

#endif
