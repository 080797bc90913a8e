/* SPDX-License-Identifier: MIT */
/*
 * Uninvited guests: indexers and thumbnailers, which open every file they find without anybody
 * having asked them to.
 *
 * Every open of a live file is a call, and some of these calls make a link with which anybody can
 * type on a virtual machine. So such programs are refused (EACCES) by the name of their command,
 * unless the configuration lists others.
 */
#ifndef CFS_FS_CLOUD_GUESTS_H
#define CFS_FS_CLOUD_GUESTS_H

#include <stdbool.h>
#include <stddef.h>

#include "fs/base/caller.h"

#define CFS_GUESTS_MAX 128 /* names in a list */

/* A value: copied by assignment. */
struct cfs_guests {
	/* As much of a name as a comm has. With prefixes[i], names[i] stands for all that begin so.
	 */
	char names[CFS_GUESTS_MAX][CFS_COMM_MAX + 1];
	bool prefixes[CFS_GUESTS_MAX];
	size_t n;
};

/* The list that is used unless the configuration has one. */
extern const char cfs_guests_default[];

/* Reads a list: names separated by commas, colons and blanks, each of which may end in '*'. An
 * empty one refuses nobody. NULL; or what is wrong, a static text that follows the name in
 * *ret_name, which is a part of the text, and nothing is changed. */
const char *cfs_guests_parse(const char *text, struct cfs_guests *ret_guests, const char **ret_name,
	size_t *ret_name_len);

/* Whether the caller is one of them, by the name of its process or of what does the work in it. */
bool cfs_guests_match(const struct cfs_guests *guests, const struct cfs_caller *caller);

#endif
