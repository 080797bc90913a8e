#include "fs/catalogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/catalogue_private.h"
#include "fs/clock.h"
#include "fs/log.h"

#define FIRST_BUCKETS 64 /* a power of two, as every later size */

int cfs_catalogue_create(struct cfs_cloud *cloud, struct cfs_catalogue **ret_catalogue)
{
	struct cfs_catalogue *catalogue;
	size_t i;
	int r = 0;

	catalogue = calloc(1, sizeof(*catalogue));
	if (!catalogue)
		return -ENOMEM;
	catalogue->cloud = cloud;
	catalogue->version = 1;
	catalogue->buckets = calloc(FIRST_BUCKETS, sizeof(*catalogue->buckets));
	if (!catalogue->buckets)
		r = -ENOMEM;
	else
		catalogue->n_buckets = FIRST_BUCKETS;
	catalogue->discovery.needed = cloud->config->all_regions;
	for (i = 0; i < cloud->n_regions && r == 0; i++)
		r = cfs_catalogue_add_region(catalogue, cloud->regions[i]);
	if (r < 0) {
		cfs_catalogue_destroy(catalogue);
		return r;
	}
	*ret_catalogue = catalogue;
	return 0;
}

int cfs_catalogue_add_region(struct cfs_catalogue *catalogue, const char *name)
{
	struct region *region;
	size_t i;

	for (i = 0; i < catalogue->n_regions; i++)
		if (strcmp(catalogue->regions[i]->name, name) == 0)
			return 0;
	if (catalogue->n_regions == CFS_REGIONS_MAX) {
		cfs_catalogue_left_out(
			catalogue, "the account has more regions than are looked at");
		return 0;
	}
	region = calloc(1, sizeof(*region));
	if (!region)
		return -ENOMEM;
	region->catalogue = catalogue;
	region->index = catalogue->n_regions;
	strncpy(region->name, name, CFS_REGION_MAX);
	catalogue->regions[catalogue->n_regions++] = region;
	return 0;
}

static void free_entry(struct cfs_entry *entry)
{
	cfs_instance_destroy(entry->instance);
	free(entry->failure);
	free(entry);
}

void cfs_catalogue_destroy(struct cfs_catalogue *catalogue)
{
	struct cfs_entry *entry;
	size_t i;

	if (!catalogue)
		return;
	cfs_asks_cancel(catalogue);
	cfs_call_cancel(&catalogue->discovery.call);
	for (i = 0; i < catalogue->n_regions; i++) {
		cfs_call_cancel(&catalogue->regions[i]->call);
		free(catalogue->regions[i]);
	}
	for (i = 0; i < catalogue->n_buckets; i++) {
		while ((entry = catalogue->buckets[i])) {
			catalogue->buckets[i] = entry->next;
			free_entry(entry);
		}
	}
	free(catalogue->buckets);
	free(catalogue);
}

/* FNV-1a. Whoever could choose ids to collide already owns the account. */
uint64_t cfs_catalogue_hash(const char *id)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * UINT64_C(1099511628211);
	return hash;
}

static struct cfs_entry **slot(const struct cfs_catalogue *catalogue, uint64_t hash)
{
	return &catalogue->buckets[(hash ^ hash >> 32) & (catalogue->n_buckets - 1)];
}

struct cfs_entry *cfs_catalogue_find(const struct cfs_catalogue *catalogue, const char *id)
{
	uint64_t hash = cfs_catalogue_hash(id);
	struct cfs_entry *entry;

	for (entry = *slot(catalogue, hash); entry; entry = entry->next)
		if (entry->hash == hash && strcmp(entry->id, id) == 0)
			return entry;
	return NULL;
}

/* Doubles the table when it is full. Without memory it stays as it is: slower, not wrong. */
static void grow(struct cfs_catalogue *catalogue)
{
	struct cfs_entry **old = catalogue->buckets, *entry;
	size_t i, n = catalogue->n_buckets;

	if (catalogue->n_entries < n)
		return;
	catalogue->buckets = calloc(n * 2, sizeof(*catalogue->buckets));
	if (!catalogue->buckets) {
		catalogue->buckets = old;
		return;
	}
	catalogue->n_buckets = n * 2;
	for (i = 0; i < n; i++) {
		while ((entry = old[i])) {
			old[i] = entry->next;
			entry->next = *slot(catalogue, entry->hash);
			*slot(catalogue, entry->hash) = entry;
		}
	}
	free(old);
}

static struct cfs_entry *add_entry(struct cfs_catalogue *catalogue, const char *id)
{
	struct cfs_entry *entry;
	size_t len = strlen(id);

	grow(catalogue);
	entry = calloc(1, sizeof(*entry) + len + 1);
	if (!entry)
		return NULL;
	memcpy(entry->id, id, len + 1);
	entry->catalogue = catalogue;
	entry->region = CFS_REGION_UNKNOWN;
	entry->hash = cfs_catalogue_hash(id);
	entry->next = *slot(catalogue, entry->hash);
	*slot(catalogue, entry->hash) = entry;
	catalogue->n_entries++;
	return entry;
}

static void count_in_region(struct cfs_entry *entry, int change)
{
	if (entry->instance && entry->region >= 0)
		entry->catalogue->regions[entry->region]->instances += (size_t)change;
}

void cfs_catalogue_remove(struct cfs_entry *entry)
{
	struct cfs_entry **at;

	for (at = slot(entry->catalogue, entry->hash); *at != entry; at = &(*at)->next)
		;
	*at = entry->next;
	entry->catalogue->n_entries--;
	entry->catalogue->version++;
	count_in_region(entry, -1);
	entry->gone = true;
	if (entry->refs == 0)
		free_entry(entry);
}

static void seen(struct cfs_entry *entry)
{
	entry->seen_ms = cfs_clock_ms();
	entry->seen_at = cfs_clock_wall();
}

static const char *name_of(const struct cfs_instance *instance)
{
	return cfs_instance_field(instance, CFS_FIELD_NAME);
}

int cfs_catalogue_put(struct cfs_catalogue *catalogue, size_t region, struct cfs_instance *instance)
{
	struct cfs_entry *entry = cfs_catalogue_find(catalogue, cfs_instance_id(instance));

	if (instance->power == CFS_POWER_GONE) {
		if (entry &&
			(entry->region == CFS_REGION_UNKNOWN || entry->region == (int16_t)region))
			cfs_catalogue_remove(entry);
		cfs_instance_destroy(instance);
		return 0;
	}
	if (!entry)
		entry = add_entry(catalogue, cfs_instance_id(instance));
	if (!entry) {
		cfs_instance_destroy(instance);
		return -ENOMEM;
	}
	count_in_region(entry, -1);
	if (!entry->instance || strcmp(name_of(entry->instance), name_of(instance)) != 0)
		catalogue->version++;
	cfs_instance_destroy(entry->instance);
	entry->instance = instance;
	entry->region = (int16_t)region;
	entry->generation = catalogue->regions[region]->generation;
	count_in_region(entry, 1);
	seen(entry);
	return 0;
}

struct cfs_entry *cfs_catalogue_put_unknown(struct cfs_catalogue *catalogue, const char *id)
{
	struct cfs_entry *entry = cfs_catalogue_find(catalogue, id);

	if (!entry)
		entry = add_entry(catalogue, id);
	if (entry)
		seen(entry);
	return entry;
}

struct cfs_entry *cfs_entry_ref(struct cfs_entry *entry)
{
	entry->refs++;
	return entry;
}

void cfs_entry_unref(struct cfs_entry *entry)
{
	if (!entry || --entry->refs > 0)
		return;
	if (entry->gone)
		free_entry(entry);
	else if (!entry->instance && !entry->wake_armed)
		/* Only somebody's guess, and he has gone: no list would ever remove it. */
		cfs_catalogue_remove(entry);
}

void cfs_entry_failed(struct cfs_entry *entry, const struct cfs_failure *failure)
{
	if (!entry->failure)
		entry->failure = malloc(sizeof(*entry->failure));
	if (entry->failure)
		*entry->failure = *failure;
}

void cfs_catalogue_left_out(struct cfs_catalogue *catalogue, const char *why)
{
	cfs_log(CFS_LOG_WARNING, "%s: %s", catalogue->cloud->config->name, why);
}

enum age cfs_catalogue_age(const struct cfs_catalogue *catalogue, int64_t since_ms)
{
	int64_t age = cfs_clock_ms() - since_ms, ttl = catalogue->cloud->config->list_ttl_ms;

	return age <= ttl ? AGE_FRESH : age <= ttl * CFS_CATALOGUE_STALE ? AGE_OLD : AGE_STALE;
}

static bool is_any_listed(const struct cfs_catalogue *catalogue)
{
	size_t i;

	for (i = 0; i < catalogue->n_regions; i++)
		if (catalogue->regions[i]->listed)
			return true;
	return false;
}

/*
 * Whether the region's list cannot be shown before the refresh under way has ended. A region that
 * has failed lately is not waited for while there is anything to show: an endpoint that hangs
 * delays one listing, not each.
 */
static bool must_wait(const struct region *region)
{
	const struct cfs_catalogue *catalogue = region->catalogue;
	bool usable =
		region->listed && cfs_catalogue_age(catalogue, region->listed_ms) != AGE_STALE;
	bool failing = region->failure.number &&
		cfs_catalogue_age(catalogue, region->tried_ms) != AGE_STALE;

	return region->refreshing && !usable && !(failing && is_any_listed(catalogue));
}

static void refresh_if_due(struct region *region)
{
	int64_t pause = CFS_CATALOGUE_PAUSE_MS;

	if (region->tried && region->failure.number && cfs_clock_ms() - region->tried_ms < pause)
		return;
	if (!region->listed || cfs_catalogue_age(region->catalogue, region->listed_ms) != AGE_FRESH)
		cfs_region_refresh(region);
}

/* 1, or why no region has a list: the first region's reason. */
static int list_result(const struct cfs_catalogue *catalogue)
{
	if (is_any_listed(catalogue))
		return 1;
	if (catalogue->n_regions > 0)
		return -catalogue->regions[0]->failure.number;
	/* No region is configured. Without keys that is the lesser trouble. */
	return cfs_keyring_source(catalogue->cloud->keyring)[0] ? -EINVAL : -EACCES;
}

static bool must_wait_for_any(const struct cfs_catalogue *catalogue)
{
	size_t i;

	for (i = 0; i < catalogue->n_regions; i++)
		if (must_wait(catalogue->regions[i]))
			return true;
	return false;
}

int cfs_catalogue_list(struct cfs_catalogue *catalogue, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg)
{
	size_t i;
	int r;

	r = cfs_discovery(catalogue, wait, fn, arg);
	if (r <= 0)
		return r;
	for (i = 0; i < catalogue->n_regions; i++)
		refresh_if_due(catalogue->regions[i]);
	if (!must_wait_for_any(catalogue))
		return list_result(catalogue);
	cfs_wait_enter(&catalogue->list_waits, wait, fn, arg);
	return 0;
}

int cfs_catalogue_regions(struct cfs_catalogue *catalogue, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg)
{
	return cfs_discovery(catalogue, wait, fn, arg);
}

int cfs_catalogue_hurry(struct cfs_catalogue *catalogue, int64_t missed_ms, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg)
{
	bool owing = false;
	size_t i;

	for (i = 0; i < catalogue->n_regions; i++) {
		if (catalogue->regions[i]->tried_ms > missed_ms - CFS_CATALOGUE_HURRY_MS)
			continue;
		cfs_region_refresh(catalogue->regions[i]);
		owing = true;
	}
	if (!owing)
		return 1;
	cfs_wait_enter(&catalogue->list_waits, wait, fn, arg);
	return 0;
}

uint64_t cfs_catalogue_version(const struct cfs_catalogue *catalogue)
{
	return catalogue->version;
}

struct cfs_cloud *cfs_catalogue_cloud(const struct cfs_catalogue *catalogue)
{
	return catalogue->cloud;
}

void cfs_catalogue_region_listed(struct cfs_catalogue *catalogue)
{
	if (!must_wait_for_any(catalogue))
		cfs_wait_end_all(&catalogue->list_waits, list_result(catalogue));
}

int cfs_catalogue_look(struct cfs_catalogue *catalogue, const char *id, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, struct cfs_entry **ret_entry)
{
	struct cfs_entry *entry;
	size_t miss;
	enum age age;
	int r;

	if (!catalogue->cloud->backend->valid_id(id))
		return -ENOENT;
	r = cfs_discovery(catalogue, wait, fn, arg);
	if (r <= 0)
		return r;
	if (catalogue->n_regions == 0)
		return list_result(catalogue);
	entry = cfs_catalogue_find(catalogue, id);
	if (!entry) {
		miss = cfs_catalogue_hash(id) % MISSES;
		if (strcmp(catalogue->misses[miss].id, id) == 0 &&
			cfs_clock_ms() < catalogue->misses[miss].until_ms)
			return -ENOENT;
		return cfs_ask(catalogue, id, wait, fn, arg);
	}
	age = cfs_catalogue_age(catalogue, entry->seen_ms);
	if (age == AGE_STALE)
		return cfs_ask(catalogue, id, wait, fn, arg);
	if (age == AGE_OLD) {
		/* Behind it: by listing where that has worked, else by its id. */
		if (entry->region >= 0 && catalogue->regions[entry->region]->listed)
			refresh_if_due(catalogue->regions[entry->region]);
		else
			cfs_ask(catalogue, id, NULL, NULL, NULL);
	}
	*ret_entry = entry;
	return 1;
}

int cfs_catalogue_each(const struct cfs_catalogue *catalogue,
	int (*fn)(void *arg, const struct cfs_entry *entry), void *arg)
{
	const struct cfs_entry *entry;
	size_t i;
	int r;

	for (i = 0; i < catalogue->n_buckets; i++) {
		for (entry = catalogue->buckets[i]; entry; entry = entry->next) {
			r = entry->instance ? fn(arg, entry) : 0;
			if (r != 0)
				return r;
		}
	}
	return 0;
}

size_t cfs_catalogue_size(const struct cfs_catalogue *catalogue)
{
	return catalogue->n_entries;
}

size_t cfs_catalogue_n_regions(const struct cfs_catalogue *catalogue)
{
	return catalogue->n_regions;
}

const char *cfs_catalogue_region_name(const struct cfs_catalogue *catalogue, size_t region)
{
	return catalogue->regions[region]->name;
}

const struct cfs_failure *cfs_catalogue_discovery_failure(const struct cfs_catalogue *catalogue)
{
	return catalogue->discovery.failure.number ? &catalogue->discovery.failure : NULL;
}

void cfs_catalogue_region(
	const struct cfs_catalogue *catalogue, size_t index, struct cfs_region_state *ret_state)
{
	const struct region *region = catalogue->regions[index];

	*ret_state = (struct cfs_region_state){
		.name = region->name,
		.listed = region->listed,
		.refreshing = region->refreshing,
		.age_ms = region->listed ? cfs_clock_ms() - region->listed_ms : 0,
		.instances = region->instances,
		.failure = region->failure.number ? &region->failure : NULL,
	};
}
