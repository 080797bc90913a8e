#include "fs/catalogue/catalogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/catalogue/private.h"
#include "fs/client/credentials.h"

int cfs_catalogue_create(
	struct cfs_client *client, int64_t list_ttl_ms, struct cfs_catalogue **ret_catalogue)
{
	struct cfs_catalogue *catalogue;
	size_t i;
	int r;

	catalogue = calloc(1, sizeof(*catalogue));
	if (!catalogue)
		return -ENOMEM;
	catalogue->client = client;
	catalogue->list_ttl_ms = list_ttl_ms;
	r = cfs_table_init(&catalogue->entries);
	catalogue->discovery.needed = client->all_regions;
	for (i = 0; i < client->n_regions && r == 0; i++)
		r = cfs_catalogue_add_region(catalogue, client->regions[i]);
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
	struct cfs_link *link;
	size_t i, at = 0;

	if (!catalogue)
		return;
	cfs_lookups_cancel(catalogue);
	cfs_call_cancel(&catalogue->discovery.call);
	for (i = 0; i < catalogue->n_regions; i++) {
		cfs_call_cancel(&catalogue->regions[i]->call);
		cfs_timer_stop(&catalogue->regions[i]->sweep_on);
		cfs_walk_stop(&catalogue->regions[i]->sweep);
		free(catalogue->regions[i]);
	}
	while (catalogue->walks)
		cfs_walk_stop(catalogue->walks);
	while ((link = cfs_table_take(&catalogue->entries, &at)))
		free_entry(CFS_LINKED(link, struct cfs_entry, by_id));
	cfs_table_finish(&catalogue->entries);
	free(catalogue);
}

struct cfs_entry *cfs_catalogue_find(const struct cfs_catalogue *catalogue, const char *id)
{
	struct cfs_link *link = cfs_table_first(&catalogue->entries, cfs_table_hash(id));
	struct cfs_entry *entry;

	for (; link; link = cfs_table_next(link)) {
		entry = CFS_LINKED(link, struct cfs_entry, by_id);
		if (strcmp(entry->id, id) == 0)
			return entry;
	}
	return NULL;
}

void cfs_walk_start(struct cfs_walk *walk, struct cfs_catalogue *catalogue)
{
	walk->at = catalogue->first;
	walk->last = catalogue->last;
	walk->next = catalogue->walks;
	walk->link = &catalogue->walks;
	if (walk->next)
		walk->next->link = &walk->next;
	catalogue->walks = walk;
}

void cfs_walk_stop(struct cfs_walk *walk)
{
	if (!walk->link)
		return;
	*walk->link = walk->next;
	if (walk->next)
		walk->next->link = walk->link;
	*walk = (struct cfs_walk){0};
}

struct cfs_entry *cfs_walk_next(struct cfs_walk *walk)
{
	struct cfs_entry *entry = walk->at;

	if (entry)
		walk->at = entry == walk->last ? NULL : entry->next;
	return entry;
}

/* An entry has got an instance. */
static void enlist(struct cfs_entry *entry)
{
	struct cfs_catalogue *catalogue = entry->catalogue;

	entry->prev = catalogue->last;
	*(entry->prev ? &entry->prev->next : &catalogue->first) = entry;
	catalogue->last = entry;
}

static void delist(struct cfs_entry *entry)
{
	struct cfs_catalogue *catalogue = entry->catalogue;
	struct cfs_walk *walk;

	for (walk = catalogue->walks; walk; walk = walk->next) {
		if (walk->at == entry)
			cfs_walk_next(walk);
		if (walk->last == entry)
			walk->last = entry->prev;
	}
	*(entry->prev ? &entry->prev->next : &catalogue->first) = entry->next;
	*(entry->next ? &entry->next->prev : &catalogue->last) = entry->prev;
}

static struct cfs_entry *add_entry(struct cfs_catalogue *catalogue, const char *id)
{
	struct cfs_entry *entry;
	size_t len = strlen(id);

	entry = calloc(1, offsetof(struct cfs_entry, id) + len + 1);
	if (!entry)
		return NULL;
	memcpy(entry->id, id, len + 1);
	entry->catalogue = catalogue;
	entry->region = CFS_REGION_UNKNOWN;
	cfs_table_add(&catalogue->entries, &entry->by_id, cfs_table_hash(id));
	return entry;
}

static void count_in_region(struct cfs_entry *entry, int change)
{
	if (entry->instance && entry->region >= 0)
		entry->catalogue->regions[entry->region]->instances += (size_t)change;
}

void cfs_catalogue_remove(struct cfs_entry *entry)
{
	cfs_table_remove(&entry->catalogue->entries, &entry->by_id);
	if (entry->instance) {
		cfs_by_name_leave(entry->catalogue->by_name, entry);
		delist(entry);
		count_in_region(entry, -1);
	}
	entry->gone = true;
	if (entry->refs == 0)
		free_entry(entry);
}

static void seen(struct cfs_entry *entry)
{
	entry->seen_ms = cfs_clock_ms();
	entry->seen_at = cfs_clock_wall();
}

/* Takes the instance over as what the entry is now. */
static void become(struct cfs_entry *entry, struct cfs_instance *instance)
{
	struct cfs_instance *old = entry->instance;
	struct cfs_by_name *by_name = entry->catalogue->by_name;
	bool renamed = !old ||
		strcmp(cfs_instance_field(old, CFS_FIELD_NAME),
			cfs_instance_field(instance, CFS_FIELD_NAME)) != 0;

	/* A refresh mostly says what is known: the heap then stays as it is. */
	if (old && cfs_instance_equal(old, instance)) {
		cfs_instance_destroy(instance);
		return;
	}
	if (!old)
		enlist(entry);
	else if (renamed)
		cfs_by_name_leave(by_name, entry);
	entry->instance = instance;
	cfs_instance_destroy(old);
	if (renamed)
		cfs_by_name_enter(by_name, entry);
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
	become(entry, instance);
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
	cfs_log(CFS_LOG_WARNING, "%s: %s", catalogue->client->settings.name, why);
}

enum age cfs_catalogue_age(const struct cfs_catalogue *catalogue, int64_t since_ms)
{
	int64_t age = cfs_clock_ms() - since_ms, ttl = catalogue->list_ttl_ms;

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
	return cfs_credentials_source(catalogue->client->credentials)[0] ? -EINVAL : -EACCES;
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

struct cfs_client *cfs_catalogue_client(const struct cfs_catalogue *catalogue)
{
	return catalogue->client;
}

void cfs_catalogue_region_listed(struct cfs_catalogue *catalogue)
{
	if (!must_wait_for_any(catalogue))
		cfs_wait_end_all(&catalogue->list_waits, list_result(catalogue));
}

/* The errno with which the id was asked for in vain, as long as that is remembered; else 0. */
static int missed_lately(const struct cfs_catalogue *catalogue, const char *id)
{
	size_t miss = cfs_table_hash(id) % MISSES;

	if (strcmp(catalogue->misses[miss].id, id) != 0 ||
		cfs_clock_ms() >= catalogue->misses[miss].until_ms)
		return 0;
	return catalogue->misses[miss].number;
}

int cfs_catalogue_look(struct cfs_catalogue *catalogue, const char *id, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, struct cfs_entry **ret_entry)
{
	struct cfs_entry *entry;
	enum age age;
	int r, miss;

	if (!catalogue->client->backend->valid_id(id))
		return -ENOENT;
	r = cfs_discovery(catalogue, wait, fn, arg);
	if (r <= 0)
		return r;
	if (catalogue->n_regions == 0)
		return list_result(catalogue);
	entry = cfs_catalogue_find(catalogue, id);
	miss = missed_lately(catalogue, id);
	if (!entry)
		return miss ? -miss : cfs_lookup(catalogue, id, wait, fn, arg);
	age = cfs_catalogue_age(catalogue, entry->seen_ms);
	if (age == AGE_STALE && !miss)
		return cfs_lookup(catalogue, id, wait, fn, arg);
	if (age == AGE_OLD) {
		/* Behind it: by listing where that has worked, else by its id. */
		if (entry->region >= 0 && catalogue->regions[entry->region]->listed)
			refresh_if_due(catalogue->regions[entry->region]);
		else
			cfs_lookup(catalogue, id, NULL, NULL, NULL);
	}
	*ret_entry = entry;
	return 1;
}

int cfs_catalogue_each(const struct cfs_catalogue *catalogue,
	int (*fn)(void *arg, const struct cfs_entry *entry), void *arg)
{
	const struct cfs_entry *entry;
	int r = 0;

	for (entry = catalogue->first; entry && r == 0; entry = entry->next)
		r = fn(arg, entry);
	return r;
}

size_t cfs_catalogue_size(const struct cfs_catalogue *catalogue)
{
	return catalogue->entries.count;
}

size_t cfs_catalogue_n_regions(const struct cfs_catalogue *catalogue)
{
	return catalogue->n_regions;
}

const char *cfs_catalogue_region_name(const struct cfs_catalogue *catalogue, size_t region)
{
	return catalogue->regions[region]->name;
}

const struct cfs_failure *cfs_catalogue_regions_failure(const struct cfs_catalogue *catalogue)
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
