/* SPDX-License-Identifier: MIT */
/*
 * A running consolefs-sim, the simulated cloud that the demo mounts, with the files that it writes.
 */
#ifndef CFS_FS_PROGRAM_SIMULATOR_H
#define CFS_FS_PROGRAM_SIMULATOR_H

#include <sys/types.h>

#include "backends/base/buf.h"

#define CFS_SIMULATOR_URL_MAX 128 /* bytes of its URL */

struct cfs_simulator {
	pid_t pid;
	char *directory; /* of the files below */
	char *ca_file;   /* the authority that it is trusted by */
	char *log;       /* the requests it gets */
	char *ready_file, *errors;
	char url[CFS_SIMULATOR_URL_MAX + 1];
};

/* Starts the simulator that is found beside this program or in PATH, with these options besides its
 * own (NULL-terminated), and waits until it answers. *simulator holds zeros before. A negative errno
 * with a sentence in why; then nothing is left of it, and it holds zeros again. */
int cfs_simulator_start(struct cfs_simulator *simulator, char *const *options, struct cfs_buf *why);
/* Ends it, and removes its files. Does nothing to one of zeros. */
void cfs_simulator_stop(struct cfs_simulator *simulator);

#endif
