/* SPDX-License-Identifier: MIT */
/*
 * Looks up one instance by its id, in all regions at once.
 *
 * There are four results:
 *
 *   - a region has the instance: it is in the store, and the other requests are cancelled;
 *   - no region has it: a miss, and its entry is removed if there was one;
 *   - it was not found, but a region denied access: the id may be valid, so it gets an entry of
 *     which only the id is known, and opening its files shows whether it is;
 *   - it was not found, but a region failed otherwise: an existing entry stays as it was.
 */
#ifndef CFS_FS_CATALOGUE_LOOKUP_H
#define CFS_FS_CATALOGUE_LOOKUP_H

#include "fs/base/wait.h"
#include "fs/catalogue/store.h"

/* An id that no region has is not looked up again for this long. */
#define CFS_LOOKUP_MISS_MS 5000
#define CFS_LOOKUP_MISSES 256 /* slots of the cache of such ids */

struct cfs_lookup;

/* The lookups in a store. */
struct cfs_lookups {
	struct cfs_store *store;
	struct cfs_lookup *first; /* list of those in progress */
	/* Ids that were not found lately: a direct-mapped cache, in which a new id replaces the
	 * previous one in its slot. */
	struct {
		char id[CFS_ID_MAX + 1];
		int number; /* ENOENT, or the errno of the failed lookup */
		int64_t until_ms;
	} misses[CFS_LOOKUP_MISSES];
};

/* The store is borrowed. */
void cfs_lookup_init(struct cfs_lookups *lookups, struct cfs_store *store);
/* Cancels all lookups without ending the waits. Accepts a zeroed struct. */
void cfs_lookup_finish(struct cfs_lookups *lookups);

/* Starts a lookup of the id unless one is in progress. `wait` may be NULL. 0: the wait is entered;
 * its result is 1 if the store has the id now, or a negative errno. -ENOMEM. */
int cfs_lookup_start(struct cfs_lookups *lookups, const char *id, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);
/* The negative errno of a lookup of this id that failed lately, or 0. */
int cfs_lookup_missed(const struct cfs_lookups *lookups, const char *id);

#endif
