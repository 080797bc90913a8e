/* SPDX-License-Identifier: MIT */
#include "fs/catalogue/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"

int cfs_store_init(struct cfs_store *store, struct cfs_client *client)
{
	int r;

	*store = (struct cfs_store){.client = client, .born_ns = cfs_clock_wall_ns()};
	store->regions_changed_ns = store->born_ns;
	r = cfs_entries_init(&store->entries);
	if (r == 0)
		r = cfs_by_name_init(&store->by_name, &store->entries, client->backend->valid_id);
	for (size_t i = 0; i < client->n_regions && r == 0; i++)
		r = cfs_store_add_region(store, client->regions[i]);
	return r;
}

void cfs_store_finish(struct cfs_store *store)
{
	while (store->n_regions > 0)
		free(store->regions[--store->n_regions]);
	cfs_by_name_finish(&store->by_name);
	cfs_entries_finish(&store->entries);
}

int cfs_store_add_region(struct cfs_store *store, const char *name)
{
	struct cfs_region *region;

	for (size_t i = 0; i < store->n_regions; i++)
		if (strcmp(store->regions[i]->name, name) == 0)
			return 0;
	if (store->n_regions == CFS_REGIONS_MAX) {
		if (!store->too_many_regions)
			cfs_log(CFS_LOG_WARNING,
				"%s: the account has too many regions; the rest are left out",
				store->client->settings.name);
		store->too_many_regions = true;
		return 0;
	}
	region = calloc(1, sizeof(*region));
	if (!region)
		return -ENOMEM;
	region->index = store->n_regions;
	strncpy(region->name, name, CFS_REGION_MAX);
	region->changed_ns = store->regions_changed_ns = cfs_clock_wall_ns();
	store->regions[store->n_regions++] = region;
	return 0;
}

static void count_in_region(struct cfs_store *store, const struct cfs_entry *entry, int change)
{
	struct cfs_region *region;

	if (!entry->instance || entry->region < 0)
		return;
	region = store->regions[entry->region];
	region->instances += (size_t)change;
	region->changed_ns = cfs_clock_wall_ns();
}

void cfs_store_remove(struct cfs_store *store, struct cfs_entry *entry)
{
	if (entry->instance) {
		cfs_by_name_leave(&store->by_name, entry);
		count_in_region(store, entry, -1);
	}
	cfs_entries_remove(entry);
}

/* Notes which of the times of the entry, an instance of that region from now on, change. */
static void note_changes(
	struct cfs_entry *entry, const struct cfs_instance *instance, int16_t region)
{
	const struct cfs_instance *old = entry->instance;
	bool says_more = !old || entry->region != region || !cfs_instance_says_same(old, instance);
	bool offers_other = !old || old->offers != instance->offers;
	int64_t now_ns = says_more || offers_other ? cfs_clock_wall_ns() : 0;

	if (says_more)
		entry->info_ns = now_ns;
	if (offers_other)
		entry->offers_ns = now_ns;
}

/* Makes the instance that of the entry, which owns it from now on. */
static void set_instance(
	struct cfs_store *store, struct cfs_entry *entry, struct cfs_instance *instance)
{
	struct cfs_instance *old = entry->instance;
	bool renamed = !old ||
		strcmp(cfs_instance_field(old, CFS_FIELD_NAME),
			cfs_instance_field(instance, CFS_FIELD_NAME)) != 0;

	/* Most refreshes change nothing: then keep the old copy, which does not fragment the
	 * heap. */
	if (old && cfs_instance_equal(old, instance)) {
		cfs_instance_destroy(instance);
		return;
	}
	if (old && renamed)
		cfs_by_name_leave(&store->by_name, entry);
	cfs_entries_set(entry, instance);
	if (renamed)
		cfs_by_name_enter(&store->by_name, entry);
}

int cfs_store_put(struct cfs_store *store, size_t region, struct cfs_instance *instance)
{
	struct cfs_entry *entry = cfs_entries_find(&store->entries, cfs_instance_id(instance));
	struct cfs_region *into = store->regions[region];
	bool joins; /* the region */

	if (instance->power == CFS_POWER_GONE) {
		if (entry &&
			(entry->region == CFS_REGION_UNKNOWN || entry->region == (int16_t)region))
			cfs_store_remove(store, entry);
		cfs_instance_destroy(instance);
		return 0;
	}
	if (!cfs_entries_have_room(&store->entries, entry, instance)) {
		cfs_instance_destroy(instance);
		return -EFBIG;
	}
	if (!entry) {
		entry = cfs_entries_add(&store->entries, cfs_instance_id(instance));
		if (!entry) {
			cfs_instance_destroy(instance);
			return -ENOMEM;
		}
		entry->since = into->generation;
	} else if (entry->region != (int16_t)region) {
		entry->since = into->generation - 1; /* in another region, but before */
	}
	joins = !entry->instance || entry->region != (int16_t)region;
	into->found += joins || entry->generation != into->generation;
	if (joins)
		count_in_region(store, entry, -1);
	note_changes(entry, instance, (int16_t)region);
	set_instance(store, entry, instance);
	entry->region = (int16_t)region;
	entry->generation = into->generation;
	if (joins)
		count_in_region(store, entry, 1);
	entry->seen_ms = cfs_clock_ms();
	return 0;
}

struct cfs_entry *cfs_store_put_unknown(struct cfs_store *store, const char *id)
{
	struct cfs_entry *entry = cfs_entries_find(&store->entries, id);

	if (!entry)
		entry = cfs_entries_add(&store->entries, id);
	if (entry)
		entry->seen_ms = cfs_clock_ms();
	return entry;
}

void cfs_store_left_out(const struct cfs_store *store, unsigned *n, const char *why)
{
	const char *name = store->client->settings.name;

	if (*n > CFS_STORE_LEFT_OUT_LINES)
		return;
	if (++*n <= CFS_STORE_LEFT_OUT_LINES)
		cfs_log(CFS_LOG_WARNING, "%s: %s", name, why);
	else
		cfs_log(CFS_LOG_WARNING, "%s: more is left out, without a line for each", name);
}
