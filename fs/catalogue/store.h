/*
 * The store: what is known of one cloud's instances and regions, without asking anybody.
 *
 * Entries come from listing a region (listing.h) or from looking up an id (lookup.h), and are kept
 * by id and by name. A region that is known stays, as its instances may be open.
 */
#ifndef CFS_FS_CATALOGUE_STORE_H
#define CFS_FS_CATALOGUE_STORE_H

#include "fs/catalogue/by_name.h"
#include "fs/catalogue/entries.h"
#include "fs/client/client.h"

/* What could not be found out, the list of a region, an id, or which regions there are, is not
 * tried again for so long. */
#define CFS_STORE_PAUSE_MS 1000

struct cfs_region {
	size_t index; /* among the store's */
	char name[CFS_REGION_MAX + 1];
	bool listed, tried, refreshing;
	int64_t listed_ms, tried_ms; /* when a refresh last succeeded, and when one last ended */
	uint32_t generation;         /* of the listing under way, or of the last */
	size_t instances;
	struct cfs_failure failure; /* of the last refresh; number 0: it succeeded */
};

struct cfs_store {
	struct cfs_client *client;
	struct cfs_entries entries;
	struct cfs_by_name by_name;
	size_t n_regions;
	struct cfs_region *regions[CFS_REGIONS_MAX];
};

/* With the regions that the client names. The client is borrowed. -ENOMEM. */
int cfs_store_init(struct cfs_store *store, struct cfs_client *client);
/* No node may refer to an entry. Accepts one that is zeroed or half initialised. */
void cfs_store_finish(struct cfs_store *store);

/* The region of that name joins, unless it is there already or there are too many. -ENOMEM. */
int cfs_store_add_region(struct cfs_store *store, const char *name);
/* Takes the instance over as what that region now says of it. -ENOMEM. */
int cfs_store_put(struct cfs_store *store, size_t region, struct cfs_instance *instance);
/* An entry for an id of which nothing else is known, unless there is one. NULL without memory. */
struct cfs_entry *cfs_store_put_unknown(struct cfs_store *store, const char *id);
void cfs_store_remove(struct cfs_store *store, struct cfs_entry *entry);

/* Tells the log that something was left out, and why. */
void cfs_store_left_out(const struct cfs_store *store, const char *why);

#endif
