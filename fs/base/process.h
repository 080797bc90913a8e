/*
 * A child process whose output is wanted: a credential process of the user's.
 *
 * Run without a shell, its stdin and stderr closed off (it may write secrets to either end of
 * them), in a process group of its own, which is killed when its time is up, its output passes the
 * limit, or it is cancelled.
 */
#ifndef CFS_FS_BASE_PROCESS_H
#define CFS_FS_BASE_PROCESS_H

#include "backends/contract/credentials.h"
#include "fs/base/loop.h"

/* Belongs to the caller, stays in place until done or cancelled; zeroed at first. Opaque. */
struct cfs_process {
	struct cfs_loop *loop; /* NULL when not under way */
	int pid, pidfd, output_fd;
	bool ended; /* pid has been waited for */
	int status;
	enum cfs_fault fault;
	struct cfs_watch end_watch, output_watch;
	struct cfs_timer timer;
	struct cfs_buf output;
	void (*done)(void *arg, const struct cfs_step_answer *answer);
	void *arg;
};

/*
 * Starts argv[0], looked up in PATH. Exactly one done(arg, answer) follows, from the loop, unless
 * it is cancelled: fault is CFS_OK when the process ended by itself, CFS_TIMED_OUT, CFS_TOO_LARGE
 * past max bytes of output, or CFS_REFUSED if it could not be started. The answer's content is
 * wiped when done returns.
 */
void cfs_process_start(struct cfs_process *process, struct cfs_loop *loop, char **argv,
	long timeout_ms, size_t max, void (*done)(void *arg, const struct cfs_step_answer *answer),
	void *arg);
void cfs_process_cancel(struct cfs_process *process);

#endif
