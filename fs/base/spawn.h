/*
 * Starting a program: without a shell, in a process group of its own, with no descriptor but its
 * stdio, and with the signal mask and dispositions that every program expects.
 */
#ifndef CFS_FS_BASE_SPAWN_H
#define CFS_FS_BASE_SPAWN_H

#include <sys/types.h>

/*
 * argv[0] is looked up in PATH. stdin is empty; what is written to `output` and `errors` goes to
 * those descriptors, or nowhere where they are -1. 0 or a negative errno.
 */
int cfs_spawn(const char *const argv[], int output, int errors, pid_t *ret_pid);

#endif
