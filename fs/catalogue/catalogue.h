/* SPDX-License-Identifier: MIT */
/*
 * The catalogue: a cache of the instances of one cloud, which decides when to ask the cloud again.
 *
 * A region's list is fresh for list_ttl. After that it is still served at once, and refreshed in
 * the background. When it is older than ten times list_ttl, it is refreshed first. A failed refresh
 * keeps the old list. The same ages apply to an instance that is looked up by its id. Regions are
 * refreshed in parallel, but there is at most one refresh per region and one lookup per id at a
 * time.
 */
#ifndef CFS_FS_CATALOGUE_CATALOGUE_H
#define CFS_FS_CATALOGUE_CATALOGUE_H

#include "fs/catalogue/listing.h"
#include "fs/catalogue/lookup.h"
#include "fs/catalogue/regions.h"
#include "fs/catalogue/store.h"

/* A list this many times older than its time to live is not served without a refresh. */
#define CFS_CATALOGUE_STALE 10
/* A list older than this is refreshed when a name is not found in it. */
#define CFS_CATALOGUE_MISSED_MS 5000

struct cfs_catalogue {
	struct cfs_client *client;
	int64_t list_ttl_ms;
	struct cfs_store store;
	struct cfs_listings listings;
	struct cfs_lookups lookups;
	struct cfs_regions regions;
	struct cfs_wait *list_waits;
};

/* The state of a region, for the file `status`. */
struct cfs_region_state {
	const char *name;
	bool listed;
	bool refreshing;
	int64_t age_ms; /* of the list, when listed */
	size_t instances;
	const struct cfs_failure *failure; /* of the last refresh, NULL when it succeeded */
};

/* The client is borrowed for the catalogue's life. 0 or -ENOMEM. */
int cfs_catalogue_create(
	struct cfs_client *client, int64_t list_ttl_ms, struct cfs_catalogue **ret_catalogue);
/* Cancels its calls without ending the waits. No node may refer to an entry. Accepts NULL. */
void cfs_catalogue_destroy(struct cfs_catalogue *catalogue);

/*
 * Makes sure there is a list of instances to show. 1: there is one. 0: the wait is entered; its
 * result is 1, a negative errno, or 0 (call this function again). A negative errno: no region could
 * be listed.
 */
int cfs_catalogue_list(struct cfs_catalogue *catalogue, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);

/*
 * Looks up an instance by its id. 1: *ret_entry is the instance; take a reference to keep it after
 * control returns to the loop. 0: the wait is entered; with result 1 cfs_catalogue_find finds it,
 * with 0 call this function again. -ENOENT: there is no such instance. Another negative errno: the
 * lookup failed.
 */
int cfs_catalogue_lookup(struct cfs_catalogue *catalogue, const char *id, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, struct cfs_entry **ret_entry);

/* Makes sure that the regions are known. Results as for cfs_catalogue_list. */
int cfs_catalogue_regions(struct cfs_catalogue *catalogue, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);

/* Refreshes the lists because a name was not found at missed_ms: each list that was older than
 * CFS_CATALOGUE_MISSED_MS then is refreshed once. 1: done. 0: the wait is entered; after it look
 * for the name again, and if it is still missing call this function again. */
int cfs_catalogue_refresh_missed(struct cfs_catalogue *catalogue, int64_t missed_ms,
	struct cfs_wait *wait, void (*fn)(void *arg, int result), void *arg);

/* The following functions return what is known now and never ask the cloud. */

/* The entry with that id, or NULL. */
struct cfs_entry *cfs_catalogue_find(const struct cfs_catalogue *catalogue, const char *id);
/* The instance with that name in by-name/. 0 or -ENOENT. */
int cfs_catalogue_find_name(
	const struct cfs_catalogue *catalogue, const char *name, struct cfs_entry **ret_entry);
/* Whether a lookup of the instance would ask the cloud first. */
bool cfs_catalogue_is_stale(const struct cfs_catalogue *catalogue, const struct cfs_entry *entry);
/* Starts a walk over the instances (entries.h). */
void cfs_catalogue_walk(struct cfs_catalogue *catalogue, struct cfs_walk *walk);
/* The number of entries, including those without an instance. */
size_t cfs_catalogue_size(const struct cfs_catalogue *catalogue);
/* The number of regions. With `regions = all` it is 0 until the cloud has been asked. A known
 * region is never removed. */
size_t cfs_catalogue_n_regions(const struct cfs_catalogue *catalogue);
const char *cfs_catalogue_region_name(const struct cfs_catalogue *catalogue, size_t region);
void cfs_catalogue_region(
	const struct cfs_catalogue *catalogue, size_t index, struct cfs_region_state *ret_state);
/* Whether a region has been listed. */
bool cfs_catalogue_is_listed(const struct cfs_catalogue *catalogue);
/* Times of change, in nanoseconds since the epoch: when the catalogue was created; when an instance
 * last came or went; when a name in by-name/ last changed; when the last region was added; and when
 * an instance last came to a region or left it. A refresh that finds nothing new changes none. */
int64_t cfs_catalogue_born_ns(const struct cfs_catalogue *catalogue);
int64_t cfs_catalogue_instances_ns(const struct cfs_catalogue *catalogue);
int64_t cfs_catalogue_names_ns(const struct cfs_catalogue *catalogue);
int64_t cfs_catalogue_regions_ns(const struct cfs_catalogue *catalogue);
int64_t cfs_catalogue_region_ns(const struct cfs_catalogue *catalogue, size_t region);
/* Why the regions could not be found out, or NULL. */
const struct cfs_failure *cfs_catalogue_regions_failure(const struct cfs_catalogue *catalogue);

#endif
