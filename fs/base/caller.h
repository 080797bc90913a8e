/*
 * Who asks: the process behind a request of the kernel's.
 *
 * The kernel names a thread. What a user knows is its process, so both are looked at: a thumbnailer
 * may well do its work in a thread called "pool-3". Their names are what proc(5) calls comm, the
 * first 15 bytes of the program's name unless the program says otherwise.
 */
#ifndef CFS_FS_BASE_CALLER_H
#define CFS_FS_BASE_CALLER_H

#include <stdbool.h>
#include <stddef.h>

#define CFS_COMM_MAX 15 /* bytes of a comm; TASK_COMM_LEN less its NUL */

/* Texts are as the kernel has them: a process calls itself what it likes. */
struct cfs_caller {
	int pid; /* of the process; the thread's when the process is not known */
	char comm[CFS_COMM_MAX + 1]; /* "" when not known */
	/* What does the work in it: the thread's comm; or of a KIO worker, which is a program for
	 * many purposes, the purpose ("thumbnail.so"). */
	char worker[CFS_COMM_MAX + 1];
};

/* Reads at most size bytes of /proc/PID/NAME. Their number, or a negative errno. */
typedef long cfs_proc_reader(int pid, const char *name, char *bytes, size_t size);

/* The reader of this machine's /proc. */
cfs_proc_reader cfs_proc_read;

/* Looks a thread up. False when there is none of that number, as there is not when it has ended,
 * or is of another PID namespace (0). *ret_caller is filled as far as is known all the same. */
bool cfs_caller_find(int tid, cfs_proc_reader *read, struct cfs_caller *ret_caller);

/* Whose request is being answered: looked up when that is wanted, and then only once. */
struct cfs_current_caller {
	int tid; /* 0: nobody's */
	bool looked, found;
	struct cfs_caller caller; /* valid when looked */
};

/* From now on it is that thread's. */
void cfs_caller_set_current(struct cfs_current_caller *current_caller, int tid);

/* As cfs_caller_find. The caller is the asker's own. */
bool cfs_caller_get_current(struct cfs_current_caller *current_caller, cfs_proc_reader *read,
	const struct cfs_caller **ret_caller);

#endif
