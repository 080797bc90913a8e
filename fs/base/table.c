/* SPDX-License-Identifier: MIT */
#include "fs/base/table.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_ROOM 64

int cfs_table_init(struct cfs_table *table)
{
	*table = (struct cfs_table){.chains = calloc(FIRST_ROOM, sizeof(struct cfs_link *))};
	if (!table->chains)
		return -ENOMEM;
	table->n = 1;
	table->room = FIRST_ROOM;
	return 0;
}

void cfs_table_finish(struct cfs_table *table)
{
	if (!table)
		return;
	free(table->chains);
	*table = (struct cfs_table){0};
}

/* The chain for a hash. If that chain does not exist yet, its links are still in the chain that
 * will be split to make it. */
static struct cfs_link **chain(const struct cfs_table *table, uint32_t hash)
{
	size_t i = hash & table->mask;

	return &table->chains[i < table->n ? i : i & table->mask >> 1];
}

static void put(struct cfs_table *table, struct cfs_link *link)
{
	struct cfs_link **head = chain(table, link->hash);

	link->next = *head;
	*head = link;
}

/* Adds one chain by splitting the chain that has held its links so far. */
static void grow(struct cfs_table *table)
{
	struct cfs_link *link, *rest, **chains;

	if (table->n == table->room) {
		chains = reallocarray(table->chains, table->room * 2, sizeof(struct cfs_link *));
		if (!chains)
			return;
		table->chains = chains;
		table->room *= 2;
	}
	if (table->n > table->mask)
		table->mask = 2 * table->mask + 1;
	table->chains[table->n] = NULL;
	link = table->chains[table->n & table->mask >> 1];
	table->chains[table->n & table->mask >> 1] = NULL;
	table->n++;
	for (; link; link = rest) {
		rest = link->next;
		put(table, link);
	}
}

void cfs_table_add(struct cfs_table *table, struct cfs_link *link, uint32_t hash)
{
	if (table->count >= table->n)
		grow(table);
	link->hash = hash;
	put(table, link);
	table->count++;
}

void cfs_table_remove(struct cfs_table *table, struct cfs_link *link)
{
	struct cfs_link **at = chain(table, link->hash);

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	table->count--;
}

static struct cfs_link *same(struct cfs_link *link, uint32_t hash)
{
	while (link && link->hash != hash)
		link = link->next;
	return link;
}

struct cfs_link *cfs_table_first(const struct cfs_table *table, uint32_t hash)
{
	return same(*chain(table, hash), hash);
}

struct cfs_link *cfs_table_next(const struct cfs_link *link)
{
	return same(link->next, link->hash);
}

struct cfs_link *cfs_table_take(struct cfs_table *table, size_t *at)
{
	struct cfs_link *link;

	while (*at < table->n && !table->chains[*at])
		++*at;
	if (*at == table->n)
		return NULL;
	link = table->chains[*at];
	table->chains[*at] = link->next;
	table->count--;
	return link;
}

uint32_t cfs_table_hash(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return (uint32_t)(hash ^ hash >> 32);
}
