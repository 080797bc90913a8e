/* SPDX-License-Identifier: MIT */
#include "fs/catalogue/entries.h"

#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"

#define BLOCK_OVERHEAD 16 /* bytes that the allocator needs beside each block, about */

/* Its share of the table of ids included. */
static uint64_t size_of_entry(const char *id)
{
	return offsetof(struct cfs_entry, id) + strlen(id) + 1 + BLOCK_OVERHEAD +
		2 * sizeof(struct cfs_link *);
}

static uint64_t size_of_instance(const struct cfs_instance *instance)
{
	return instance ? instance->size + (uint64_t)BLOCK_OVERHEAD : 0;
}

static uint64_t size_of_failure(const struct cfs_failure *failure)
{
	return failure ? sizeof(*failure) + BLOCK_OVERHEAD : 0;
}

static void free_entry(struct cfs_entry *entry)
{
	entry->entries->bytes -= size_of_entry(entry->id) + size_of_instance(entry->instance) +
		size_of_failure(entry->failure);
	cfs_instance_destroy(entry->instance);
	free(entry->failure);
	free(entry);
}

int cfs_entries_init(struct cfs_entries *entries)
{
	*entries = (struct cfs_entries){
		.changed_ns = cfs_clock_wall_ns(),
		.max = CFS_ENTRIES_MAX,
		.bytes_max = CFS_ENTRIES_BYTES_MAX,
	};
	return cfs_table_init(&entries->table);
}

void cfs_entries_finish(struct cfs_entries *entries)
{
	struct cfs_link *link;
	size_t at = 0;

	while (entries->walks)
		cfs_walk_stop(entries->walks);
	while ((link = cfs_table_take(&entries->table, &at)))
		free_entry(CFS_LINKED(link, struct cfs_entry, by_id));
	cfs_table_finish(&entries->table);
}

struct cfs_entry *cfs_entries_find(const struct cfs_entries *entries, const char *id)
{
	struct cfs_link *link = cfs_table_first(&entries->table, cfs_table_hash(id));
	struct cfs_entry *entry;

	for (; link; link = cfs_table_next(link)) {
		entry = CFS_LINKED(link, struct cfs_entry, by_id);
		if (strcmp(entry->id, id) == 0)
			return entry;
	}
	return NULL;
}

static bool have_bytes(const struct cfs_entries *entries, uint64_t bytes)
{
	return entries->bytes <= entries->bytes_max && bytes <= entries->bytes_max - entries->bytes;
}

bool cfs_entries_have_room(const struct cfs_entries *entries, const struct cfs_entry *entry,
	const struct cfs_instance *instance)
{
	uint64_t more = size_of_instance(instance), before;

	if (!entry)
		return entries->table.count < entries->max &&
			have_bytes(entries, more + size_of_entry(cfs_instance_id(instance)));
	before = size_of_instance(entry->instance);
	return more <= before || have_bytes(entries, more - before);
}

struct cfs_entry *cfs_entries_add(struct cfs_entries *entries, const char *id)
{
	struct cfs_entry *entry;
	size_t len = strlen(id);

	if (entries->table.count >= entries->max || !have_bytes(entries, size_of_entry(id)))
		return NULL;
	entry = calloc(1, offsetof(struct cfs_entry, id) + len + 1);
	if (!entry)
		return NULL;
	memcpy(entry->id, id, len + 1);
	entries->bytes += size_of_entry(id);
	entry->entries = entries;
	entry->region = CFS_REGION_UNKNOWN;
	entry->born_ns = entry->info_ns = entry->offers_ns = entry->wake_ns = cfs_clock_wall_ns();
	cfs_table_add(&entries->table, &entry->by_id, cfs_table_hash(id));
	return entry;
}

static void enlist(struct cfs_entry *entry)
{
	struct cfs_entries *entries = entry->entries;

	entry->prev = entries->last;
	*(entry->prev ? &entry->prev->next : &entries->first) = entry;
	entries->last = entry;
	entries->changed_ns = cfs_clock_wall_ns();
}

void cfs_entries_set(struct cfs_entry *entry, struct cfs_instance *instance)
{
	if (!entry->instance)
		enlist(entry);
	entry->entries->bytes += size_of_instance(instance) - size_of_instance(entry->instance);
	cfs_instance_destroy(entry->instance);
	entry->instance = instance;
}

static void delist(struct cfs_entry *entry)
{
	struct cfs_entries *entries = entry->entries;

	for (struct cfs_walk *walk = entries->walks; walk; walk = walk->next) {
		if (walk->at == entry)
			cfs_walk_next(walk);
		if (walk->last == entry)
			walk->last = entry->prev;
	}
	*(entry->prev ? &entry->prev->next : &entries->first) = entry->next;
	*(entry->next ? &entry->next->prev : &entries->last) = entry->prev;
	entries->changed_ns = cfs_clock_wall_ns();
}

void cfs_entries_remove(struct cfs_entry *entry)
{
	cfs_table_remove(&entry->entries->table, &entry->by_id);
	if (entry->instance)
		delist(entry);
	entry->gone = true;
	if (entry->refs == 0)
		free_entry(entry);
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
		/* Only the id was known, which may be wrong, and no listing would remove it. */
		cfs_entries_remove(entry);
}

void cfs_entry_failed(struct cfs_entry *entry, const struct cfs_failure *failure)
{
	if (!entry->failure && have_bytes(entry->entries, size_of_failure(failure))) {
		entry->failure = malloc(sizeof(*entry->failure));
		entry->entries->bytes += size_of_failure(entry->failure);
	}
	if (entry->failure)
		*entry->failure = *failure;
}

void cfs_walk_start(struct cfs_walk *walk, struct cfs_entries *entries)
{
	walk->at = entries->first;
	walk->last = entries->last;
	walk->next = entries->walks;
	walk->link = &entries->walks;
	if (walk->next)
		walk->next->link = &walk->next;
	entries->walks = walk;
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
