/* SPDX-License-Identifier: MIT */
#include "backends/contract/owner.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/base/text.h"

#define MEMFD "/memfd:" /* what the kernel has before the name of such a file */
#define SHOWN_MAX 256   /* bytes of a path in a message */

/* Returns whether somebody else can change it, and says who. */
static bool is_foreign(const struct stat *st, const char *path, struct cfs_buf *foreign)
{
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);
	char shown[SHOWN_MAX];

	cfs_text_line(shown, sizeof(shown), path, strlen(path));
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		cfs_buf_addf(foreign, "%s belongs to uid %u", shown, (unsigned)st->st_uid);
		return true;
	}
	if (sticky || !(st->st_mode & (S_IWGRP | S_IWOTH)))
		return false;
	cfs_buf_addf(foreign, "%s can be changed by %s (chmod go-w %s)", shown,
		st->st_mode & S_IWOTH ? "everybody" : "its group", shown);
	return true;
}

/* The directories that the file is in, from its own to the root. */
static int check_parents(char *path, struct cfs_buf *foreign)
{
	struct stat st;
	char *slash;

	while ((slash = strrchr(path, '/'))) {
		*slash = '\0';
		if (lstat(*path ? path : "/", &st) < 0)
			return -errno;
		if (is_foreign(&st, *path ? path : "/", foreign))
			return 0;
	}
	return 0;
}

int cfs_owner_check(int fd, struct cfs_buf *foreign)
{
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(fd)], target[PATH_MAX];
	size_t before = foreign->len;
	struct stat st;
	bool named;
	ssize_t len;
	int r;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	len = readlink(self, target, sizeof(target) - 1);
	if (len < 0 || fstat(fd, &st) < 0)
		return -errno;
	target[len] = '\0';
	if (S_ISCHR(st.st_mode))
		return 0; /* /dev/null: there is no file */
	/* What has been removed is in no directory. */
	named = st.st_nlink > 0 && target[0] == '/';
	/* Of memfd_create(2): open to all who have a descriptor of it. */
	if (!named && strncmp(target, MEMFD, strlen(MEMFD)) == 0)
		st.st_mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
	r = is_foreign(&st, target, foreign) || !named ? 0 : check_parents(target, foreign);
	if (r == 0)
		r = cfs_buf_error(foreign);
	if (r < 0)
		cfs_buf_cut(foreign, before);
	return r;
}
