/* SPDX-License-Identifier: MIT */
/*
 * The store: the known instances and regions of one cloud. It never asks the cloud itself.
 *
 * Instances are put in by listing a region (listing.h) or by looking up an id (lookup.h), and are
 * found by id and by name. A region is never removed, because files of its instances may be open.
 */
#ifndef CFS_FS_CATALOGUE_STORE_H
#define CFS_FS_CATALOGUE_STORE_H

#include "fs/catalogue/by_name.h"
#include "fs/catalogue/entries.h"
#include "fs/client/client.h"

/* After a failure to list a region, look up an id or ask for the regions, that is not tried again
 * for this long. */
#define CFS_STORE_PAUSE_MS 1000
#define CFS_STORE_LEFT_OUT_LINES 10

struct cfs_region {
	size_t index; /* in the store's regions */
	char name[CFS_REGION_MAX + 1];
	bool listed, tried, refreshing;
	int64_t listed_ms, tried_ms; /* when a refresh last succeeded, and when one last ended */
	uint32_t generation;         /* of the current listing, or of the last */
	size_t instances;
	uint64_t found;             /* by all listings, each instance once in each */
	int64_t changed_ns;         /* when an instance last joined or left it, since the epoch */
	struct cfs_failure failure; /* of the last refresh; number 0: it succeeded */
};

struct cfs_store {
	struct cfs_client *client;
	struct cfs_entries entries;
	struct cfs_by_name by_name;
	int64_t born_ns;            /* when it was created, since the epoch */
	int64_t regions_changed_ns; /* when the last region was added */
	size_t n_regions;
	struct cfs_region *regions[CFS_REGIONS_MAX];
	bool too_many_regions; /* some were left out */
};

/* Starts with the regions that the client is configured with. The client is borrowed. 0 or
 * -ENOMEM. */
int cfs_store_init(struct cfs_store *store, struct cfs_client *client);
/* No node may refer to an entry. Accepts a zeroed or half initialised struct. */
void cfs_store_finish(struct cfs_store *store);

/* Adds a region, unless it is there already or there are too many. 0 or -ENOMEM. */
int cfs_store_add_region(struct cfs_store *store, const char *name);
/* Adds or replaces an instance that a region returned, and takes ownership of it. A terminated one
 * is removed from the store. 0, -ENOMEM, or -EFBIG: there is no room for it (entries.h). */
int cfs_store_put(struct cfs_store *store, size_t region, struct cfs_instance *instance);
/* Finds or adds the entry of an id of which nothing else is known. NULL: out of memory, or
 * of room. */
struct cfs_entry *cfs_store_put_unknown(struct cfs_store *store, const char *id);
void cfs_store_remove(struct cfs_store *store, struct cfs_entry *entry);

/* Logs that something was left out, and why. *n counts how often, by one listing or lookup: a cloud
 * may send any amount of what makes no sense, so only the first CFS_STORE_LEFT_OUT_LINES are
 * logged. */
void cfs_store_left_out(const struct cfs_store *store, unsigned *n, const char *why);

#endif
