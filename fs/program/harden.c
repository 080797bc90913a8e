/* SPDX-License-Identifier: MIT */
#include "fs/program/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fs/base/log.h"

/* Screens are tens of kilobytes and short-lived. Kept off the heap, their memory goes back to the
 * system when they are closed, however many were open at once. */
#define OWN_PAGES_FROM (32 * 1024)
/* What the heap keeps in reserve: enough for one call, so that calls one after the other ask the
 * system for nothing. */
#define RESERVE (256 * 1024)

/* Keys lock the pages that they are in by themselves: see backends/base/secret.h. */
static void tell_whether_memory_can_be_locked(void)
{
	struct rlimit limit = {0, 0};
	char probe = 0;

	(void)getrlimit(RLIMIT_MEMLOCK, &limit);
	if (mlock(&probe, sizeof(probe)) < 0) {
		cfs_log(CFS_LOG_DEBUG,
			"keys may be swapped out: cannot lock memory: %s; the limit (ulimit -l) "
			"is %llu KiB",
			strerror(errno), (unsigned long long)limit.rlim_cur / 1024);
		return;
	}
	(void)munlock(&probe, sizeof(probe));
	if (limit.rlim_cur == RLIM_INFINITY)
		cfs_log(CFS_LOG_DEBUG, "keys are kept in locked memory, without a limit");
	else
		cfs_log(CFS_LOG_DEBUG, "keys are kept in locked memory, at most %llu KiB",
			(unsigned long long)limit.rlim_cur / 1024);
}

void cfs_harden(void)
{
	struct rlimit none = {0, 0}, files;

	/* An allocator other than glibc's may not know these. */
	(void)mallopt(M_MMAP_THRESHOLD, OWN_PAGES_FROM);
	(void)mallopt(M_TRIM_THRESHOLD, RESERVE);
	(void)mallopt(M_TOP_PAD, RESERVE / 4);
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		cfs_log(CFS_LOG_WARNING, "cannot turn core dumps off: %s", strerror(errno));
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files) < 0)
			cfs_log(CFS_LOG_WARNING, "cannot raise the limit of open files: %s",
				strerror(errno));
	}
	tell_whether_memory_can_be_locked();
}

bool cfs_harden_stdio(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) != fd)
			return false;
	}
	return true;
}
