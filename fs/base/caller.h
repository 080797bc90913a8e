/* SPDX-License-Identifier: MIT */
/*
 * Finds the process that made a filesystem request: its pid and name.
 *
 * The kernel reports a thread, but users know processes, so both are looked up: a thumbnailer may
 * do its work in a thread called "pool-3". The names are what proc(5) calls comm: the first 15
 * bytes of the program's name, unless the program has set another.
 */
#ifndef CFS_FS_BASE_CALLER_H
#define CFS_FS_BASE_CALLER_H

#include <stdbool.h>
#include <stddef.h>

#define CFS_COMM_MAX 15 /* bytes of a comm; TASK_COMM_LEN less its NUL */

/* The names are raw: a process may call itself anything, so escape them before they are shown. */
struct cfs_caller {
	int pid; /* of the process; the thread's when the process is not known */
	char comm[CFS_COMM_MAX + 1]; /* "" when not known */
	/* The part of the program that does the work: the thread's comm, or, for a KIO worker (one
	 * program for many purposes), the plugin it runs ("thumbnail.so"). */
	char worker[CFS_COMM_MAX + 1];
};

/* Reads at most size bytes of /proc/PID/NAME. Returns how many were read, or a negative errno. */
typedef long cfs_proc_reader(int pid, const char *name, char *bytes, size_t size);

/* Reads the /proc of this host. */
cfs_proc_reader cfs_proc_read;

/* Looks up a thread. Returns false if there is no such thread: it has ended, or it is in another
 * PID namespace (tid 0). *ret_caller is then still filled with what is known. */
bool cfs_caller_find(int tid, cfs_proc_reader *read, struct cfs_caller *ret_caller);

/* The caller of the request being answered, looked up on first use and at most once a request. */
struct cfs_current_caller {
	int tid; /* 0: there is no request */
	bool looked, found;
	struct cfs_caller caller; /* valid when looked */
};

/* Sets the thread whose request is answered from now on. */
void cfs_caller_set_current(struct cfs_current_caller *current_caller, int tid);

/* Like cfs_caller_find, for the current request. *ret_caller points into current_caller. */
bool cfs_caller_get_current(struct cfs_current_caller *current_caller, cfs_proc_reader *read,
	const struct cfs_caller **ret_caller);

#endif
