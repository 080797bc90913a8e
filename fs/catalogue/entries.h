/*
 * Entries: the table of the instances of one cloud, and walks over it.
 *
 * An entry is an instance's place in it. What the cloud says of an instance is replaced as a whole
 * whenever it is heard again; what belongs to us, the wake flag and the last failure, stays with
 * the entry. An entry of which nothing but the id is known has no instance, and no walk comes to
 * it. An entry whose instance is gone leaves the table and lives on, marked so, while a node refers
 * to it.
 */
#ifndef CFS_FS_CATALOGUE_ENTRIES_H
#define CFS_FS_CATALOGUE_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "backends/contract/instance.h"
#include "fs/base/table.h"
#include "fs/client/failure.h"

/* The region of an entry that was not seen in any: the account may not list. */
#define CFS_REGION_UNKNOWN (-1)

struct cfs_entries;

struct cfs_entry {
	struct cfs_entries *entries;
	struct cfs_link by_id;
	struct cfs_entry *next, *prev; /* of those with an instance, in the order of coming */
	struct cfs_instance *instance; /* NULL: nothing is known but the id */
	struct cfs_failure *failure;   /* the last, NULL when there was none */
	int64_t seen_ms;               /* when the cloud last spoke of it */
	struct timespec seen_at;
	uint64_t refs; /* nodes that refer to it */

	/* by_name.c: its place among the names, and the ring of those with the same one. */
	struct cfs_link by_name;
	struct cfs_entry *next_namesake, *prev_namesake; /* NULL: its name stands for nobody */
	bool leads_namesakes;                            /* by_name is linked */
	bool claims_id;                                  /* its name ends in what is an id */

	bool wake_armed;
	bool gone;            /* no longer in the table */
	int16_t region;       /* index into the catalogue's regions, or CFS_REGION_UNKNOWN */
	uint32_t generation;  /* of the region's listing that last had it */
	uint32_t wake_writes; /* counts what was written to `wake` */
	char id[];
};

/* A walk over the entries with an instance: over those that were there when it began and still are
 * when it comes to them, each once. */
struct cfs_walk {
	struct cfs_walk *next, **link; /* of the entries'; link NULL: not under way */
	struct cfs_entry *at, *last;   /* at NULL: at its end */
};

struct cfs_entries {
	struct cfs_table table;
	struct cfs_entry *first, *last; /* with an instance */
	struct cfs_walk *walks;
};

/* -ENOMEM. */
int cfs_entries_init(struct cfs_entries *entries);
/* No node may refer to an entry. Accepts zeroed entries. */
void cfs_entries_finish(struct cfs_entries *entries);

/* The entry of that id as it is known now, or NULL. */
struct cfs_entry *cfs_entries_find(const struct cfs_entries *entries, const char *id);
/* A new entry without an instance, for an id that has none. NULL without memory. */
struct cfs_entry *cfs_entries_add(struct cfs_entries *entries, const char *id);
/* The entry is about to get its first instance: walks come to it from now on. */
void cfs_entries_enlist(struct cfs_entry *entry);
/* Takes the entry out. It is freed when no node refers to it any more. */
void cfs_entries_remove(struct cfs_entry *entry);

struct cfs_entry *cfs_entry_ref(struct cfs_entry *entry);
void cfs_entry_unref(struct cfs_entry *entry);
/* Remembers the failure as the entry's last. Without memory the older one stays. */
void cfs_entry_failed(struct cfs_entry *entry, const struct cfs_failure *failure);

/* The walk stays in place until it is stopped; it may be stopped again, and when it is zeroed. */
void cfs_walk_start(struct cfs_walk *walk, struct cfs_entries *entries);
void cfs_walk_stop(struct cfs_walk *walk);
/* NULL at the end. */
struct cfs_entry *cfs_walk_next(struct cfs_walk *walk);

#endif
