/* SPDX-License-Identifier: MIT */
/*
 * Asks the cloud which regions an account may use, for `regions = all`.
 *
 * That is done before the first listing, and again in the background when the result is older than
 * CFS_REGIONS_AGE_MS.
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
	struct cfs_failure failure; /* of the last request; number 0: it succeeded */
	struct cfs_wait *waits;
	struct cfs_call call;
	struct cfs_sink sink;
};

/* The store is borrowed. */
void cfs_regions_init(struct cfs_regions *regions, struct cfs_store *store);
/* Cancels a request in progress without ending the waits. Accepts a zeroed struct. */
void cfs_regions_finish(struct cfs_regions *regions);

/* Makes sure that the store knows its regions. 1: it does. 0: the wait is entered; its result is 0
 * (call this function again) or a negative errno. A negative errno: the request failed. */
int cfs_regions_get(struct cfs_regions *regions, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);

#endif
