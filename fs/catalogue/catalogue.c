/* SPDX-License-Identifier: MIT */
#include "fs/catalogue/catalogue.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/base/clock.h"
#include "fs/client/credentials.h"

static void region_listed(void *arg);

int cfs_catalogue_create(
	struct cfs_client *client, int64_t list_ttl_ms, struct cfs_catalogue **ret_catalogue)
{
	struct cfs_catalogue *catalogue;
	int r;

	catalogue = calloc(1, sizeof(*catalogue));
	if (!catalogue)
		return -ENOMEM;
	catalogue->client = client;
	catalogue->list_ttl_ms = list_ttl_ms;
	cfs_listing_init(&catalogue->listings, &catalogue->store, region_listed, catalogue);
	cfs_lookup_init(&catalogue->lookups, &catalogue->store);
	cfs_regions_init(&catalogue->regions, &catalogue->store);
	r = cfs_store_init(&catalogue->store, client);
	if (r < 0) {
		cfs_catalogue_destroy(catalogue);
		return r;
	}
	*ret_catalogue = catalogue;
	return 0;
}

void cfs_catalogue_destroy(struct cfs_catalogue *catalogue)
{
	if (!catalogue)
		return;
	cfs_regions_finish(&catalogue->regions);
	cfs_lookup_finish(&catalogue->lookups);
	cfs_listing_finish(&catalogue->listings);
	cfs_store_finish(&catalogue->store);
	free(catalogue);
}

enum age { FRESH, OLD, STALE };

static enum age age_of(const struct cfs_catalogue *catalogue, int64_t since_ms)
{
	int64_t age = cfs_clock_ms() - since_ms, ttl = catalogue->list_ttl_ms;

	return age <= ttl ? FRESH : age <= ttl * CFS_CATALOGUE_STALE ? OLD : STALE;
}

/*
 * Whether the list must wait until the region's refresh ends. A region that failed lately is not
 * waited for if another region has a list to show: an endpoint that hangs delays one `ls`, not
 * every one.
 */
static bool must_wait(const struct cfs_catalogue *catalogue, const struct cfs_region *region)
{
	bool usable = region->listed && age_of(catalogue, region->listed_ms) != STALE;
	bool failing = region->failure.number && age_of(catalogue, region->tried_ms) != STALE;

	return region->refreshing && !usable && !(failing && cfs_catalogue_is_listed(catalogue));
}

static bool must_wait_for_any(const struct cfs_catalogue *catalogue)
{
	for (size_t i = 0; i < catalogue->store.n_regions; i++)
		if (must_wait(catalogue, catalogue->store.regions[i]))
			return true;
	return false;
}

static void refresh_if_due(struct cfs_catalogue *catalogue, struct cfs_region *region)
{
	bool failed = region->tried && region->failure.number;
	enum age age = region->listed ? age_of(catalogue, region->listed_ms) : STALE;

	if (failed && cfs_clock_ms() - region->tried_ms < CFS_STORE_PAUSE_MS)
		return;
	if (age != FRESH)
		cfs_listing_refresh(&catalogue->listings, region, age == OLD);
}

/* 1 if any region has a list; otherwise the error of the first region. */
static int list_result(const struct cfs_catalogue *catalogue)
{
	if (cfs_catalogue_is_listed(catalogue))
		return 1;
	if (catalogue->store.n_regions > 0)
		return -catalogue->store.regions[0]->failure.number;
	/* No region is configured. Missing keys are the more important error. */
	return cfs_credentials_source(catalogue->client->credentials)[0] ? -EINVAL : -EACCES;
}

int cfs_catalogue_list(struct cfs_catalogue *catalogue, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg)
{
	int r;

	r = cfs_regions_get(&catalogue->regions, wait, fn, arg);
	if (r <= 0)
		return r;
	for (size_t i = 0; i < catalogue->store.n_regions; i++)
		refresh_if_due(catalogue, catalogue->store.regions[i]);
	if (!must_wait_for_any(catalogue))
		return list_result(catalogue);
	cfs_wait_enter(&catalogue->list_waits, wait, fn, arg);
	return 0;
}

static void region_listed(void *arg)
{
	struct cfs_catalogue *catalogue = arg;

	if (!must_wait_for_any(catalogue))
		cfs_wait_end_all(&catalogue->list_waits, list_result(catalogue));
}

int cfs_catalogue_regions(struct cfs_catalogue *catalogue, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg)
{
	return cfs_regions_get(&catalogue->regions, wait, fn, arg);
}

int cfs_catalogue_refresh_missed(struct cfs_catalogue *catalogue, int64_t missed_ms,
	struct cfs_wait *wait, void (*fn)(void *arg, int result), void *arg)
{
	struct cfs_region *region;
	bool refreshing = false;

	for (size_t i = 0; i < catalogue->store.n_regions; i++) {
		region = catalogue->store.regions[i];
		if (region->tried_ms > missed_ms - CFS_CATALOGUE_MISSED_MS)
			continue;
		cfs_listing_refresh(&catalogue->listings, region, false);
		refreshing = refreshing || region->refreshing;
	}
	if (!refreshing)
		return 1;
	cfs_wait_enter(&catalogue->list_waits, wait, fn, arg);
	return 0;
}

/* Refreshes an entry in the background: by listing its region if that has worked before, otherwise
 * by looking up its id. */
static void refresh_entry(struct cfs_catalogue *catalogue, const struct cfs_entry *entry)
{
	struct cfs_region *region =
		entry->region >= 0 ? catalogue->store.regions[entry->region] : NULL;

	if (region && region->listed)
		refresh_if_due(catalogue, region);
	else
		/* Without memory the entry stays as it is. */
		(void)cfs_lookup_start(&catalogue->lookups, entry->id, NULL, NULL, NULL);
}

int cfs_catalogue_lookup(struct cfs_catalogue *catalogue, const char *id, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, struct cfs_entry **ret_entry)
{
	struct cfs_entry *entry;
	enum age age;
	int r, miss;

	if (!catalogue->client->backend->valid_id(id))
		return -ENOENT;
	r = cfs_regions_get(&catalogue->regions, wait, fn, arg);
	if (r <= 0)
		return r;
	if (catalogue->store.n_regions == 0)
		return list_result(catalogue);
	entry = cfs_catalogue_find(catalogue, id);
	miss = cfs_lookup_missed(&catalogue->lookups, id);
	if (!entry && miss < 0)
		return miss;
	age = entry ? age_of(catalogue, entry->seen_ms) : STALE;
	if (age == STALE && miss == 0)
		return cfs_lookup_start(&catalogue->lookups, id, wait, fn, arg);
	if (age == OLD)
		refresh_entry(catalogue, entry);
	*ret_entry = entry;
	return 1;
}

struct cfs_entry *cfs_catalogue_find(const struct cfs_catalogue *catalogue, const char *id)
{
	return cfs_entries_find(&catalogue->store.entries, id);
}

bool cfs_catalogue_is_stale(const struct cfs_catalogue *catalogue, const struct cfs_entry *entry)
{
	return age_of(catalogue, entry->seen_ms) == STALE;
}

int cfs_catalogue_find_name(
	const struct cfs_catalogue *catalogue, const char *name, struct cfs_entry **ret_entry)
{
	return cfs_by_name_find(&catalogue->store.by_name, name, ret_entry);
}

void cfs_catalogue_walk(struct cfs_catalogue *catalogue, struct cfs_walk *walk)
{
	cfs_walk_start(walk, &catalogue->store.entries);
}

size_t cfs_catalogue_size(const struct cfs_catalogue *catalogue)
{
	return catalogue->store.entries.table.count;
}

size_t cfs_catalogue_n_regions(const struct cfs_catalogue *catalogue)
{
	return catalogue->store.n_regions;
}

const char *cfs_catalogue_region_name(const struct cfs_catalogue *catalogue, size_t region)
{
	return catalogue->store.regions[region]->name;
}

void cfs_catalogue_region(
	const struct cfs_catalogue *catalogue, size_t index, struct cfs_region_state *ret_state)
{
	const struct cfs_region *region = catalogue->store.regions[index];

	*ret_state = (struct cfs_region_state){
		.name = region->name,
		.listed = region->listed,
		.refreshing = region->refreshing,
		.age_ms = region->listed ? cfs_clock_ms() - region->listed_ms : 0,
		.instances = region->instances,
		.failure = region->failure.number ? &region->failure : NULL,
	};
}

bool cfs_catalogue_is_listed(const struct cfs_catalogue *catalogue)
{
	for (size_t i = 0; i < catalogue->store.n_regions; i++)
		if (catalogue->store.regions[i]->listed)
			return true;
	return false;
}

int64_t cfs_catalogue_born_ns(const struct cfs_catalogue *catalogue)
{
	return catalogue->store.born_ns;
}

int64_t cfs_catalogue_instances_ns(const struct cfs_catalogue *catalogue)
{
	return catalogue->store.entries.changed_ns;
}

int64_t cfs_catalogue_names_ns(const struct cfs_catalogue *catalogue)
{
	return catalogue->store.by_name.changed_ns;
}

int64_t cfs_catalogue_regions_ns(const struct cfs_catalogue *catalogue)
{
	return catalogue->store.regions_changed_ns;
}

int64_t cfs_catalogue_region_ns(const struct cfs_catalogue *catalogue, size_t region)
{
	return catalogue->store.regions[region]->changed_ns;
}

const struct cfs_failure *cfs_catalogue_regions_failure(const struct cfs_catalogue *catalogue)
{
	const struct cfs_failure *failure = &catalogue->regions.failure;

	return failure->number ? failure : NULL;
}
