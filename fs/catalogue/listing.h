/* SPDX-License-Identifier: MIT */
/*
 * Lists the instances of a region into the store, following continuation tokens.
 *
 * Instances enter the store as they are read. Those that a complete listing did not return are
 * removed at its end, a limited number in each turn of the event loop. A listing that fails, or may
 * be incomplete, removes none, so that no existing instance disappears. One for which there is no
 * room (entries.h) fails, and what came with it is removed: of an endless one nothing stays.
 */
#ifndef CFS_FS_CATALOGUE_LISTING_H
#define CFS_FS_CATALOGUE_LISTING_H

#include "fs/catalogue/store.h"

/* A listing fails after this many requests, or after this many in a row that brought no instance
 * that was not listed before: the server returns continuation tokens without end. A filter that
 * matches nothing makes empty answers of an EC2 of CFS_LISTING_IDLE_MAX * 1000 instances. */
#define CFS_LISTING_REQUESTS_MAX 100000
#define CFS_LISTING_IDLE_MAX 1000

struct cfs_listing;

/* The listings of a store's regions. */
struct cfs_listings {
	struct cfs_store *store;
	void (*ended)(void *arg);
	void *arg;
	struct cfs_listing *of[CFS_REGIONS_MAX]; /* by region; NULL: never listed */
	unsigned idle_max;                       /* CFS_LISTING_IDLE_MAX, but for tests */
};

/* The store is borrowed. ended(arg) is called from the loop whenever the refresh of a region ends,
 * in success or failure: see its struct cfs_region. */
void cfs_listing_init(struct cfs_listings *listings, struct cfs_store *store,
	void (*ended)(void *arg), void *arg);
/* Cancels all refreshes. Accepts a zeroed struct. */
void cfs_listing_finish(struct cfs_listings *listings);

/* Starts a refresh of the region unless one is in progress; `behind`: nobody waits for it. Without memory
 * it fails at once, and region->refreshing stays false. */
void cfs_listing_refresh(struct cfs_listings *listings, struct cfs_region *region, bool behind);

#endif
