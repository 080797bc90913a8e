/*
 * Listing a region's instances into the store, one request after the other.
 *
 * Instances enter the store as they are read. Those that a whole listing did not mention are
 * removed at its end, some of them in each turn of the loop; a listing that fails half way, or may
 * not have been whole, removes none, so that no instance is taken for gone that is there.
 */
#ifndef CFS_FS_CATALOGUE_LISTING_H
#define CFS_FS_CATALOGUE_LISTING_H

#include "fs/catalogue/store.h"

/* A listing of more requests than this does not end: a server that hands out continuation tokens
 * without end is not followed. */
#define CFS_LISTING_REQUESTS_MAX 100000

struct cfs_listing;

/* The listings of a store's regions. */
struct cfs_listings {
	struct cfs_store *store;
	void (*ended)(void *arg);
	void *arg;
	struct cfs_listing *of[CFS_REGIONS_MAX]; /* by region; NULL: not listed yet */
};

/* The store is borrowed. ended(arg) is called from the loop whenever a region's refresh has ended,
 * well or not: its struct cfs_region says how. */
void cfs_listing_init(struct cfs_listings *listings, struct cfs_store *store,
	void (*ended)(void *arg), void *arg);
/* Cancels refreshes under way. Accepts one that is zeroed. */
void cfs_listing_finish(struct cfs_listings *listings);

/* Starts a refresh of the region unless one is under way. Without memory it has failed at once,
 * and nothing is under way. */
void cfs_listing_refresh(struct cfs_listings *listings, struct cfs_region *region);

#endif
