/* SPDX-License-Identifier: MIT */
/*
 * Starts a program without a shell.
 *
 * It gets a process group of its own, no descriptors but stdin, stdout and stderr, and the default
 * signal mask and dispositions.
 */
#ifndef CFS_FS_BASE_SPAWN_H
#define CFS_FS_BASE_SPAWN_H

#include <sys/types.h>

/*
 * argv[0] is looked up in PATH. The program runs in `directory`, if that is still there; NULL: where
 * this process is. stdin is /dev/null; stdout and stderr are the descriptors `output`
 * and `errors`, or /dev/null for -1. 0 or a negative errno.
 */
int cfs_spawn(
	const char *const argv[], const char *directory, int output, int errors, pid_t *ret_pid);

#endif
