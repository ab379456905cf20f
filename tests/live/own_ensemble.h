/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_ensemble.h - three servers for one test program, to be hurt by it. They end with the program,
 * however it ends.
 */
#ifndef OWN_ENSEMBLE_H
#define OWN_ENSEMBLE_H

#include <stdbool.h>

#include <check.h>

#define OWN_SERVERS 3

/* Run the suite on servers started with `options` of scripts/ensemble, which ZKLOCK_SERVERS names
 * then; what main() returns. 77, "skipped": nobody wants live tests here, or nothing is installed
 * to run them on. */
int own_ensemble_run(const char *options, Suite *(*make)(void));
/* "host:port" of server 1 to 3. */
const char *own_ensemble_address(int number);
const char *own_ensemble_list(void); /* all of them, as a connect string */
int own_ensemble_number(const char *address);
int own_ensemble_leader(void);
/* "pause", "resume", "kill", "restart", "wait". */
void own_ensemble_do(const char *verb, int number);
/* Kill all servers and start them again, with their data or emptied. */
void own_ensemble_restart_all(bool empty);
const char *own_ensemble_dir(void); /* the data of server N is in N/data */

#endif
