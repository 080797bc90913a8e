/*
 * A hash table of things that link themselves into it.
 *
 * It grows by one chain with every link that is added (linear hashing), so that no addition pays
 * for a table of a hundred thousand at once; and adding cannot fail: without memory for more chains
 * those that are there grow longer.
 */
#ifndef CFS_FS_BASE_TABLE_H
#define CFS_FS_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* A place in a table, as a member of what stands there. */
struct cfs_link {
	struct cfs_link *next;
	uint32_t hash;
};

struct cfs_table {
	struct cfs_link **chains;
	size_t n, room; /* chains, and for how many there is memory */
	size_t mask;    /* of the smallest power of two that is not below n */
	size_t count;   /* links */
};

/* What the link is a member of. */
#define CFS_LINKED(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* -ENOMEM. */
int cfs_table_init(struct cfs_table *table);
/* What is linked stays the caller's. */
void cfs_table_finish(struct cfs_table *table);

void cfs_table_add(struct cfs_table *table, struct cfs_link *link, uint32_t hash);
/* The link is in the table. */
void cfs_table_remove(struct cfs_table *table, struct cfs_link *link);

/* The first link of that hash, and the next after one; NULL when there is none. */
struct cfs_link *cfs_table_first(const struct cfs_table *table, uint32_t hash);
struct cfs_link *cfs_table_next(const struct cfs_link *link);
/* Removes any link and returns it, NULL when the table is empty. *at is 0 at first; nothing is
 * added between calls that share it. */
struct cfs_link *cfs_table_take(struct cfs_table *table, size_t *at);

/* FNV-1a. Whoever could choose texts to collide already owns the account. */
uint32_t cfs_table_hash(const char *text);

#endif
