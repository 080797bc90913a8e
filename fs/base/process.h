/* SPDX-License-Identifier: MIT */
/*
 * Runs a program and collects its output, for the user's credential processes.
 *
 * The program runs without a shell, in a process group of its own, with stdin and stderr connected
 * to /dev/null (it may print secrets on stderr). The whole group is killed when the program takes
 * too long, prints too much, or is cancelled.
 */
#ifndef CFS_FS_BASE_PROCESS_H
#define CFS_FS_BASE_PROCESS_H

#include "backends/contract/credentials.h"
#include "fs/base/loop.h"

/* Owned by the caller, who must not move it until it is done or cancelled; zeroed at first.
 * Opaque. */
struct cfs_process {
	struct cfs_loop *loop; /* NULL when not running */
	int pid, pidfd, output_fd;
	bool ended; /* pid has been reaped */
	int status;
	enum cfs_fault fault;
	struct cfs_watch end_watch, output_watch;
	struct cfs_timer timer;
	struct cfs_buf output;
	void (*done)(void *arg, const struct cfs_step_answer *answer);
	void *arg;
};

/*
 * Starts argv[0], looked up in PATH, in that directory as cfs_spawn has it. done(arg, answer) is
 * called exactly once, from the loop, unless the process is cancelled. answer->fault is CFS_OK when
 * the process ended by itself, CFS_TIMED_OUT, CFS_TOO_LARGE if it printed more than max bytes, or
 * CFS_REFUSED if it could not be started. The answer's content is wiped when done returns.
 */
void cfs_process_start(struct cfs_process *process, struct cfs_loop *loop, char **argv,
	const char *directory, long timeout_ms, size_t max,
	void (*done)(void *arg, const struct cfs_step_answer *answer), void *arg);
/* Kills the process without calling done. Does nothing if it is not running. */
void cfs_process_cancel(struct cfs_process *process);

#endif
