/*
 * Uninvited guests: programs that open every file they find, of their own accord.
 *
 * Every open of a live file is a call, and some of these mint a link to a machine's keyboard. So
 * indexers and thumbnailers, known by the name of their command, are refused (EACCES), unless the
 * configuration lists others.
 */
#ifndef CFS_FS_CLOUD_GUESTS_H
#define CFS_FS_CLOUD_GUESTS_H

#include <stdbool.h>
#include <stddef.h>

#include "fs/base/caller.h"

#define CFS_GUESTS_MAX 128 /* names in a list */

/* A value: copied by assignment. */
struct cfs_guests {
	/* As much of a name as a comm has; one of those in `prefixes` stands for all that begin so.
	 */
	char names[CFS_GUESTS_MAX][CFS_COMM_MAX + 1];
	bool prefixes[CFS_GUESTS_MAX];
	size_t n;
};

/* Those that are refused when nobody says otherwise, as one would write them. */
extern const char cfs_guests_default[];

/* Reads a list: names separated by commas, colons and blanks, each of which may end in '*'. An
 * empty one names nobody. NULL; or what is wrong with it, a static text, and nothing is changed. */
const char *cfs_guests_parse(const char *text, struct cfs_guests *ret_guests);

/* Whether the caller is one of them, by the name of its process or of what does the work in it. */
bool cfs_guests_match(const struct cfs_guests *guests, const struct cfs_caller *caller);

#endif
