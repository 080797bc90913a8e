/* SPDX-License-Identifier: MIT */
/*
 * Puts the program into the background, in such a way that the command returns only when the mount
 * is usable or has failed.
 */
#ifndef CFS_FS_PROGRAM_DAEMON_H
#define CFS_FS_PROGRAM_DAEMON_H

/* The daemon's connection to the command that started it. */
struct cfs_daemon {
	int parent; /* a pipe's end, -1 in the foreground and after cfs_daemon_ready */
};

/*
 * Forks. Returns 0 in the child, which still has its parent's stdio. The parent does not return: it
 * exits with 0 once the child is ready, with 1 if it ends before. A negative errno: no child was
 * made.
 */
int cfs_daemon_fork(struct cfs_daemon *daemon);
/* Leaves the terminal and lets the parent exit. 0 or a negative errno. In the foreground nothing
 * happens. */
int cfs_daemon_ready(struct cfs_daemon *daemon);

#endif
