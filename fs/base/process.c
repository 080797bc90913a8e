/* SPDX-License-Identifier: MIT */
#include "fs/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "fs/base/spawn.h"

#define READ_SIZE 4096

/* Kills the process and its children, unless it has ended, and reaps it. */
static void reap(struct cfs_process *process)
{
	if (process->pid > 0 && !process->ended) {
		kill(-process->pid, SIGKILL);
		while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	process->pid = 0;
}

static void clean(struct cfs_process *process)
{
	cfs_timer_stop(&process->timer);
	cfs_watch_stop(&process->end_watch);
	cfs_watch_stop(&process->output_watch);
	reap(process);
	if (process->pidfd >= 0)
		close(process->pidfd);
	if (process->output_fd >= 0)
		close(process->output_fd);
	process->pidfd = process->output_fd = -1;
	process->loop = NULL;
}

static void finish(struct cfs_process *process)
{
	struct cfs_buf output = process->output;
	struct cfs_step_answer answer = {
		.fault = process->fault,
		.status = process->status,
		.content = cfs_buf_text(&output),
		.len = output.len,
	};

	clean(process);
	process->output = CFS_BUF_INIT(0);
	process->done(process->arg, &answer);
	cfs_buf_wipe(&output);
}

/* Reads all output available now. 0, -EFBIG past the limit, or -ENOMEM. */
static int take_output(struct cfs_process *process)
{
	char bytes[READ_SIZE];
	ssize_t n;
	int r = 0;

	while (r == 0) {
		n = read(process->output_fd, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			cfs_watch_stop(&process->output_watch);
			break;
		}
		r = cfs_buf_add(&process->output, bytes, (size_t)n);
	}
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return r;
}

static void on_output(void *arg)
{
	struct cfs_process *process = arg;
	int r;

	r = take_output(process);
	if (r == 0)
		return;
	process->fault = cfs_fault_from_errno(r);
	finish(process);
}

/* Called when the process ends: its output is complete. Children that it left running may still
 * have its stdout open, so end of file is not waited for. */
static void on_end(void *arg)
{
	struct cfs_process *process = arg;
	siginfo_t info = {0};
	int r;

	if (waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED) < 0) {
		process->fault = CFS_REFUSED;
	} else {
		process->ended = true;
		process->status =
			info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	}
	if (process->output_watch.loop) {
		r = take_output(process);
		if (r < 0)
			process->fault = cfs_fault_from_errno(r);
	}
	finish(process);
}

static void on_timer(void *arg)
{
	struct cfs_process *process = arg;

	/* A process that could not be started also ends here, so that done is always called from
	 * the loop. */
	if (process->fault == CFS_OK)
		process->fault = CFS_TIMED_OUT;
	finish(process);
}

static int start(struct cfs_process *process, char **argv, const char *directory)
{
	int pipes[2], r;

	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	process->output_fd = pipes[0];
	/* Programs expect a blocking stdout, so the child's end of the pipe blocks. */
	r = fcntl(pipes[1], F_SETFL, 0) < 0
		? -errno
		: cfs_spawn((const char *const *)argv, directory, pipes[1], -1, &process->pid);
	close(pipes[1]);
	if (r < 0) {
		process->pid = 0;
		return r;
	}
	process->pidfd = pidfd_open(process->pid, 0);
	if (process->pidfd < 0)
		return -errno;
	r = cfs_watch_start(process->loop, &process->end_watch, process->pidfd, on_end, process);
	if (r == 0)
		r = cfs_watch_start(process->loop, &process->output_watch, process->output_fd,
			on_output, process);
	return r;
}

void cfs_process_start(struct cfs_process *process, struct cfs_loop *loop, char **argv,
	const char *directory, long timeout_ms, size_t max,
	void (*done)(void *arg, const struct cfs_step_answer *answer), void *arg)
{
	*process = (struct cfs_process){.loop = loop,
		.pidfd = -1,
		.output_fd = -1,
		.output = CFS_BUF_INIT(max),
		.done = done,
		.arg = arg};
	cfs_timer_init(&process->timer, on_timer, process);
	if (start(process, argv, directory) < 0) {
		process->fault = CFS_REFUSED;
		timeout_ms = 0;
	}
	cfs_timer_start(loop, &process->timer, timeout_ms);
}

void cfs_process_cancel(struct cfs_process *process)
{
	if (!process->loop)
		return;
	clean(process);
	cfs_buf_wipe(&process->output);
}
