/*
 * Looking up one instance by its id, in every region at once.
 *
 * The answers together say one of four things. Found in a region: the entry is there, and the other
 * regions are asked no longer. Found in none: a miss, and the entry leaves if there was one. Not
 * found, and not allowed to ask somewhere: the id may be right, so it gets an entry of which only
 * the id is known, and opening its files tells. Not found, and something failed: nothing is known;
 * an entry stays as it was.
 */
#ifndef CFS_FS_CATALOGUE_LOOKUP_H
#define CFS_FS_CATALOGUE_LOOKUP_H

#include "fs/base/wait.h"
#include "fs/catalogue/store.h"

/* An id that no region knows is not looked up again for so long. */
#define CFS_LOOKUP_MISS_MS 5000
#define CFS_LOOKUP_MISSES 256 /* that are remembered */

struct cfs_lookup;

/* The lookups in a store. */
struct cfs_lookups {
	struct cfs_store *store;
	struct cfs_lookup *first; /* under way */
	/* Ids that were looked up in vain lately: a direct-mapped cache, where an id in a slot
	 * replaces the one before. */
	struct {
		char id[CFS_ID_MAX + 1];
		int number; /* ENOENT, or the errno of why it could not be found out */
		int64_t until_ms;
	} misses[CFS_LOOKUP_MISSES];
};

/* The store is borrowed. */
void cfs_lookup_init(struct cfs_lookups *lookups, struct cfs_store *store);
/* Cancels what is under way, without completing the waits. Accepts one that is zeroed. */
void cfs_lookup_finish(struct cfs_lookups *lookups);

/* Looks the id up, unless that is under way. 0: the wait, if any, is entered; with result 1 the
 * store has the id, a negative errno: it has not. -ENOMEM. */
int cfs_lookup_start(struct cfs_lookups *lookups, const char *id, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);
/* The negative errno with which the id was looked up in vain, as long as that is remembered; else
 * 0. */
int cfs_lookup_missed(const struct cfs_lookups *lookups, const char *id);

#endif
