/* SPDX-License-Identifier: MIT */
#include "fs/get/progress.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EVERY_MS 200
#define SHOWN_MAX 128 /* bytes of the line */

/* A terminal that is stopped (Ctrl-S) gets no line rather than hold the loop up. */
static void write_line(const char *line)
{
	struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (poll(&ready, 1, 0) == 1 && write(STDERR_FILENO, line, strlen(line)) < 0)
		return; /* it is only a line that tells how far things are */
}

static void show(void *arg)
{
	struct cfs_progress *progress = arg;
	char line[SHOWN_MAX];

	snprintf(line, sizeof(line), "\r\033[K%zu got, %zu failed ", progress->got,
		progress->failed);
	write_line(line);
	progress->shown = true;
	cfs_timer_start(progress->loop, &progress->timer, EVERY_MS);
}

void cfs_progress_start(struct cfs_progress *progress, struct cfs_loop *loop, bool if_terminal)
{
	*progress = (struct cfs_progress){.loop = loop};
	cfs_timer_init(&progress->timer, show, progress);
	if (if_terminal && isatty(STDERR_FILENO))
		cfs_timer_start(loop, &progress->timer, EVERY_MS);
}

void cfs_progress_hide(struct cfs_progress *progress)
{
	if (progress->shown)
		write_line("\r\033[K");
	progress->shown = false;
}

void cfs_progress_stop(struct cfs_progress *progress)
{
	cfs_progress_hide(progress);
	cfs_timer_stop(&progress->timer);
}
