/*
 * The catalogue: the instances of one cloud, as far as they are known, and when to ask again.
 *
 * Ages. A region's list is fresh for list_ttl; past it, it is served at once and refreshed behind;
 * past ten times that it is refreshed first. A failed refresh keeps the old list. One refresh at a
 * time per region, regions in parallel, and one lookup at a time for an id. The same ages hold for
 * an instance that is looked up by its id.
 */
#ifndef CFS_FS_CATALOGUE_CATALOGUE_H
#define CFS_FS_CATALOGUE_CATALOGUE_H

#include "fs/catalogue/listing.h"
#include "fs/catalogue/lookup.h"
#include "fs/catalogue/regions.h"
#include "fs/catalogue/store.h"

/* A list this many times older than its time to live is not served without a refresh. */
#define CFS_CATALOGUE_STALE 10
/* A list older than this is refreshed when a name is missed. */
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

/* How a region stands, for `status`. */
struct cfs_region_state {
	const char *name;
	bool listed;
	bool refreshing;
	int64_t age_ms; /* of the list, when listed */
	size_t instances;
	const struct cfs_failure *failure; /* of the last refresh, NULL when it succeeded */
};

/* The client is borrowed. 0 or -ENOMEM. */
int cfs_catalogue_create(
	struct cfs_client *client, int64_t list_ttl_ms, struct cfs_catalogue **ret_catalogue);
/* Cancels its calls, without completing the waits. No node may refer to an entry. Accepts NULL. */
void cfs_catalogue_destroy(struct cfs_catalogue *catalogue);

/*
 * Wants the list. 1: there is one to be shown. 0: the wait is entered, and its result is as this
 * function's, 1 or a negative errno, or 0: ask again. A negative errno: no region could be listed.
 */
int cfs_catalogue_list(struct cfs_catalogue *catalogue, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);

/*
 * Wants an instance. 1: *ret_entry is it, valid until control returns to the loop unless it is
 * referred to. 0: the wait is entered; with result 1 cfs_catalogue_find has it, with 0 ask again.
 * -ENOENT: there is no such instance. Another negative errno: it could not be found out.
 */
int cfs_catalogue_lookup(struct cfs_catalogue *catalogue, const char *id, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, struct cfs_entry **ret_entry);

/* Wants the regions to be known, as cfs_catalogue_list wants the list. */
int cfs_catalogue_regions(struct cfs_catalogue *catalogue, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);

/* An instance is missed since missed_ms: every list that was older than CFS_CATALOGUE_MISSED_MS
 * then is refreshed, once. 1: that has been done. 0: the wait is entered, after whose result there
 * is a younger list to look in, and this to call again. */
int cfs_catalogue_refresh_missed(struct cfs_catalogue *catalogue, int64_t missed_ms,
	struct cfs_wait *wait, void (*fn)(void *arg, int result), void *arg);

/* What follows tells what is known now, and asks nobody. */

/* The entry of that id, or NULL. */
struct cfs_entry *cfs_catalogue_find(const struct cfs_catalogue *catalogue, const char *id);
/* The instance of that name in by-name/. 0; -ENOENT. */
int cfs_catalogue_find_name(
	const struct cfs_catalogue *catalogue, const char *name, struct cfs_entry **ret_entry);
/* Starts a walk over the instances (entries.h). */
void cfs_catalogue_walk(struct cfs_catalogue *catalogue, struct cfs_walk *walk);
/* Entries, those without an instance included. */
size_t cfs_catalogue_size(const struct cfs_catalogue *catalogue);
/* The regions there are; with `regions = all` none until they were found out. Once known, a region
 * stays. */
size_t cfs_catalogue_n_regions(const struct cfs_catalogue *catalogue);
const char *cfs_catalogue_region_name(const struct cfs_catalogue *catalogue, size_t region);
void cfs_catalogue_region(
	const struct cfs_catalogue *catalogue, size_t index, struct cfs_region_state *ret_state);
/* Why the regions could not be found out, NULL if they could or need not. */
const struct cfs_failure *cfs_catalogue_regions_failure(const struct cfs_catalogue *catalogue);

#endif
