/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.h - the subcommands; each has its own file, cmd_NAME.c. argv[0] is the subcommand.
 * Result of each: exit status (status.h).
 */
#ifndef ZKLOCK_TOOLS_COMMANDS_H
#define ZKLOCK_TOOLS_COMMANDS_H

#include "cli.h"

int zkl_cmd_run(struct cli *cli, int argc, char **argv);
int zkl_cmd_once(struct cli *cli, int argc, char **argv);
int zkl_cmd_hold(struct cli *cli, int argc, char **argv);
int zkl_cmd_test(struct cli *cli, int argc, char **argv);
int zkl_cmd_wait(struct cli *cli, int argc, char **argv);
int zkl_cmd_ls(struct cli *cli, int argc, char **argv);
int zkl_cmd_who(struct cli *cli, int argc, char **argv);
int zkl_cmd_top(struct cli *cli, int argc, char **argv);
int zkl_cmd_graph(struct cli *cli, int argc, char **argv);
int zkl_cmd_break(struct cli *cli, int argc, char **argv);
int zkl_cmd_doctor(struct cli *cli, int argc, char **argv);
int zkl_cmd_config(struct cli *cli, int argc, char **argv);
int zkl_cmd_version(struct cli *cli, int argc, char **argv);

#endif
