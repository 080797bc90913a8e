/* SPDX-License-Identifier: MIT */
#include "fs/catalogue/lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/client/call.h"

/* The lookup in one region. */
struct region_lookup {
	struct cfs_lookup *lookup;
	size_t region;
	bool found;
	struct cfs_call call;
	struct cfs_sink sink;
	unsigned left_out; /* lines about that */
};

struct cfs_lookup {
	struct cfs_lookup *next, **link;
	struct cfs_lookups *lookups;
	struct cfs_wait *waits;
	size_t n_regions, pending;
	bool found, denied;
	int failed; /* the errno of the first region that failed for another reason; 0: none */
	char id[CFS_ID_MAX + 1];
	struct region_lookup regions[];
};

static void unlink_lookup(struct cfs_lookup *lookup)
{
	*lookup->link = lookup->next;
	if (lookup->next)
		lookup->next->link = lookup->link;
}

/* The kernel lets processes look up the same name only one after the other. The remembered result
 * is for those after the first, so that they do not each wait for the cloud. */
static void remember_miss(const struct cfs_lookup *lookup, int number, int64_t ms)
{
	struct cfs_lookups *lookups = lookup->lookups;
	size_t miss = cfs_table_hash(lookup->id) % CFS_LOOKUP_MISSES;

	memcpy(lookups->misses[miss].id, lookup->id, sizeof(lookup->id));
	lookups->misses[miss].number = number;
	lookups->misses[miss].until_ms = cfs_clock_ms() + ms;
}

int cfs_lookup_missed(const struct cfs_lookups *lookups, const char *id)
{
	size_t miss = cfs_table_hash(id) % CFS_LOOKUP_MISSES;

	if (strcmp(lookups->misses[miss].id, id) != 0 ||
		cfs_clock_ms() >= lookups->misses[miss].until_ms)
		return 0;
	return -lookups->misses[miss].number;
}

static int conclude(struct cfs_lookup *lookup)
{
	struct cfs_store *store = lookup->lookups->store;
	struct cfs_entry *entry = cfs_entries_find(&store->entries, lookup->id);

	/* An instance that was found, but terminated, has no entry: it counts as not found. */
	if (lookup->found && entry)
		return 1;
	if (lookup->denied) {
		if (entry && entry->instance)
			return 1;
		return cfs_store_put_unknown(store, lookup->id) ? 1 : -ENOMEM;
	}
	if (lookup->failed) {
		remember_miss(lookup, lookup->failed, CFS_STORE_PAUSE_MS);
		return entry ? 1 : -lookup->failed;
	}
	if (entry)
		cfs_store_remove(store, entry);
	remember_miss(lookup, ENOENT, CFS_LOOKUP_MISS_MS);
	return -ENOENT;
}

static struct cfs_question question(const struct region_lookup *region)
{
	const struct cfs_lookup *lookup = region->lookup;

	return (struct cfs_question){
		.verb = CFS_FIND,
		.region = lookup->lookups->store->regions[region->region]->name,
		.id = lookup->id,
	};
}

/* Ends the lookup and cancels the requests to regions that have not answered yet. */
static void end(struct cfs_lookup *lookup)
{
	int result = conclude(lookup);

	unlink_lookup(lookup);
	for (size_t i = 0; i < lookup->n_regions; i++)
		cfs_call_cancel(&lookup->regions[i].call);
	cfs_wait_end_all(&lookup->waits, result);
	free(lookup);
}

static void answered(void *arg, const struct cfs_error *error)
{
	struct region_lookup *region = arg;
	struct cfs_lookup *lookup = region->lookup;
	struct cfs_question find = question(region);
	struct cfs_failure failure;

	if (error->fault == CFS_OK && region->found)
		lookup->found = true;
	if (error->fault != CFS_OK && error->fault != CFS_NOT_FOUND) {
		cfs_client_failed(lookup->lookups->store->client, &find, error, false, &failure);
		if (error->fault == CFS_DENIED)
			lookup->denied = true;
		else if (!lookup->failed)
			lookup->failed = failure.number;
	}
	/* Ids are unique across regions: once found, the other regions do not matter. */
	if (--lookup->pending == 0 || lookup->found)
		end(lookup);
}

static int take_instance(void *arg, struct cfs_instance *instance)
{
	struct region_lookup *region = arg;

	if (strcmp(cfs_instance_id(instance), region->lookup->id) != 0) {
		cfs_instance_destroy(instance);
		return -EBADMSG;
	}
	region->found = true;
	return cfs_store_put(region->lookup->lookups->store, region->region, instance);
}

static void left_out(void *arg, const char *why)
{
	struct region_lookup *region = arg;

	cfs_store_left_out(region->lookup->lookups->store, &region->left_out, why);
}

static void start_in_region(struct cfs_lookup *lookup, size_t i, bool behind)
{
	struct region_lookup *region = &lookup->regions[i];
	struct cfs_question find;

	region->lookup = lookup;
	region->region = i;
	region->sink =
		(struct cfs_sink){.instance = take_instance, .left_out = left_out, .arg = region};
	find = question(region);
	cfs_call_start(&region->call, lookup->lookups->store->client, &find, &region->sink,
		answered, region);
	if (behind)
		cfs_call_yield(&region->call);
}

static struct cfs_lookup *create(struct cfs_lookups *lookups, const char *id, bool behind)
{
	size_t n_regions = lookups->store->n_regions;
	struct cfs_lookup *lookup;

	lookup = calloc(1, sizeof(*lookup) + n_regions * sizeof(lookup->regions[0]));
	if (!lookup)
		return NULL;
	lookup->lookups = lookups;
	lookup->n_regions = lookup->pending = n_regions;
	strncpy(lookup->id, id, CFS_ID_MAX);
	lookup->next = lookups->first;
	lookup->link = &lookups->first;
	if (lookup->next)
		lookup->next->link = &lookup->next;
	lookups->first = lookup;
	for (size_t i = 0; i < n_regions; i++)
		start_in_region(lookup, i, behind);
	return lookup;
}

int cfs_lookup_start(struct cfs_lookups *lookups, const char *id, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg)
{
	struct cfs_lookup *lookup = lookups->first;

	while (lookup && strcmp(lookup->id, id) != 0)
		lookup = lookup->next;
	if (!lookup)
		lookup = create(lookups, id, !wait);
	if (!lookup)
		return -ENOMEM;
	if (wait)
		cfs_wait_enter(&lookup->waits, wait, fn, arg);
	return 0;
}

void cfs_lookup_init(struct cfs_lookups *lookups, struct cfs_store *store)
{
	*lookups = (struct cfs_lookups){.store = store};
}

void cfs_lookup_finish(struct cfs_lookups *lookups)
{
	struct cfs_lookup *lookup;

	while ((lookup = lookups->first)) {
		lookups->first = lookup->next;
		for (size_t i = 0; i < lookup->n_regions; i++)
			cfs_call_cancel(&lookup->regions[i].call);
		free(lookup);
	}
}
