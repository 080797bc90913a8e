/* SPDX-License-Identifier: MIT */
/*
 * An intrusive hash table: the structs in it have a `struct cfs_link` as a member.
 *
 * It grows by one chain with every link that is added (linear hashing), so that no single addition
 * has to rehash a hundred thousand links. Adding cannot fail: without memory for more chains, the
 * existing ones grow longer.
 */
#ifndef CFS_FS_BASE_TABLE_H
#define CFS_FS_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* The member by which a struct is in a table. */
struct cfs_link {
	struct cfs_link *next;
	uint32_t hash;
};

struct cfs_table {
	struct cfs_link **chains;
	size_t n, room; /* chains in use, and allocated */
	size_t mask;    /* n rounded up to a power of two, less 1 */
	size_t count;   /* links */
};

/* The struct that the link is a member of. */
#define CFS_LINKED(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* 0 or -ENOMEM. */
int cfs_table_init(struct cfs_table *table);
/* Does not free the structs that are linked. Accepts NULL. */
void cfs_table_finish(struct cfs_table *table);

void cfs_table_add(struct cfs_table *table, struct cfs_link *link, uint32_t hash);
/* The link must be in the table. */
void cfs_table_remove(struct cfs_table *table, struct cfs_link *link);

/* The first link with that hash, and the next one with the same hash; NULL at the end. Different
 * keys may have the same hash, so the caller compares them. */
struct cfs_link *cfs_table_first(const struct cfs_table *table, uint32_t hash);
struct cfs_link *cfs_table_next(const struct cfs_link *link);
/* Removes some link and returns it; NULL when the table is empty. Start with *at = 0 and add
 * nothing between the calls that share it. */
struct cfs_link *cfs_table_take(struct cfs_table *table, size_t *at);

/* FNV-1a. Not keyed: an attacker who can choose colliding ids already controls the account. */
uint32_t cfs_table_hash(const char *text);

#endif
