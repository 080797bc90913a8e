/* SPDX-License-Identifier: MIT */
/*
 * Where the bytes of files go: stdout, without ever blocking the loop, or files below a directory.
 */
#ifndef CFS_FS_GET_OUTPUT_H
#define CFS_FS_GET_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

#include "fs/base/loop.h"

/* stdout, while others may write to it too: its descriptor keeps its flags. */
struct cfs_output {
	struct cfs_loop *loop;
	struct cfs_watch watch;
	bool blocks;      /* it cannot be watched, as a regular file is always ready */
	const char *next; /* what is left of the bytes being written */
	size_t left;
	void (*done)(void *arg, int r);
	void *arg;
};

void cfs_output_init(struct cfs_output *output, struct cfs_loop *loop);
/* What is being written is left unfinished. Accepts a zeroed struct. */
void cfs_output_finish(struct cfs_output *output);

/* Writes bytes, which are borrowed until it has ended; one write at a time. 0: they are written.
 * -EINPROGRESS: done(arg, r) follows from the loop. A negative errno. */
int cfs_output_write(struct cfs_output *output, const char *bytes, size_t len,
	void (*done)(void *arg, int r), void *arg);

/*
 * Writes a file below a directory at a relative path without "..", in one step: whoever opens it sees
 * what was there before or the new content, whole. Directories on the way are made; no symbolic link
 * below `directory` is followed. 0 or a negative errno.
 */
int cfs_output_put(int directory, const char *path, mode_t umask, const struct timespec *modified,
	const char *bytes, size_t len);

#endif
