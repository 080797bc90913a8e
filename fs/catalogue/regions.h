/*
 * Finding out which regions an account may use, for `regions = all`.
 *
 * They are asked for before the first listing, and again behind one every CFS_REGIONS_AGE_MS.
 */
#ifndef CFS_FS_CATALOGUE_REGIONS_H
#define CFS_FS_CATALOGUE_REGIONS_H

#include "fs/base/wait.h"
#include "fs/catalogue/store.h"
#include "fs/client/call.h"

#define CFS_REGIONS_AGE_MS (60 * 60 * 1000)

struct cfs_regions {
	struct cfs_store *store;
	bool known, tried, asking;
	int64_t known_ms, tried_ms;
	struct cfs_failure failure; /* of the last attempt; number 0: it succeeded */
	struct cfs_wait *waits;
	struct cfs_call call;
	struct cfs_sink sink;
};

/* The store is borrowed. */
void cfs_regions_init(struct cfs_regions *regions, struct cfs_store *store);
/* Cancels what is under way, without completing the waits. Accepts one that is zeroed. */
void cfs_regions_finish(struct cfs_regions *regions);

/* Has the store know its regions. 1: it does. 0: the wait is entered, whose result is 0: ask again,
 * or a negative errno. A negative errno: they could not be found out. */
int cfs_regions_get(struct cfs_regions *regions, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);

#endif
