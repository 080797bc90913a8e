/* SPDX-License-Identifier: MIT */
/*
 * The line on a terminal that says how far a run has come.
 */
#ifndef CFS_FS_GET_PROGRESS_H
#define CFS_FS_GET_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "fs/base/loop.h"

struct cfs_progress {
	struct cfs_loop *loop;
	struct cfs_timer timer;
	bool shown; /* a line stands there now */
	size_t got, failed;
};

/* Shows nothing unless stderr is a terminal, and then only `if_terminal`. */
void cfs_progress_start(struct cfs_progress *progress, struct cfs_loop *loop, bool if_terminal);
/* Takes the line away, so that another can be written. It comes back after a while. */
void cfs_progress_hide(struct cfs_progress *progress);
void cfs_progress_stop(struct cfs_progress *progress);

#endif
