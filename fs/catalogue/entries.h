/* SPDX-License-Identifier: MIT */
/*
 * Entries: a table of the instances of one cloud by id, with walks over it.
 *
 * An entry holds what the cloud says about an instance, which is replaced as a whole by each new
 * answer, and what belongs to consolefs and stays: the wake flag and the last failure. If only the
 * id is known, the entry has no instance and walks skip it. When an instance is gone, its entry
 * leaves the table and is marked as gone; it is freed when no node refers to it any more.
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

/* The region of an entry that no region has returned: the account may not list instances. */
#define CFS_REGION_UNKNOWN (-1)

/* What is kept of one cloud at most: entries, and bytes of memory that they take. */
#define CFS_ENTRIES_MAX 1000000
#define CFS_ENTRIES_BYTES_MAX (UINT64_C(512) * 1024 * 1024)

struct cfs_entries;

struct cfs_entry {
	struct cfs_entries *entries;
	struct cfs_link by_id;
	struct cfs_entry *next, *prev; /* list of those with an instance, oldest first */
	struct cfs_instance *instance; /* NULL: only the id is known */
	struct cfs_failure *failure;   /* the last; NULL: none */
	int64_t seen_ms;               /* when the cloud last returned it */
	uint64_t refs;                 /* nodes that refer to it */

	/* For stat, in nanoseconds since the epoch: when it was first known; when what the cloud
	 * says of it last changed; when which live files make sense did; and when the wake flag was
	 * last written or taken. The last three are the first until then. */
	int64_t born_ns;
	int64_t info_ns;
	int64_t offers_ns;
	int64_t wake_ns;

	/* Private to by_name.c: its link in the table of names, and the ring of entries with the
	 * same clean name. */
	struct cfs_link by_name;
	struct cfs_entry *next_namesake, *prev_namesake; /* NULL: in no ring */
	bool leads_namesakes;                            /* by_name is linked */
	bool claims_id;                                  /* its name ends in a valid id */

	bool wake_armed;
	bool gone;            /* no longer in the table */
	int16_t region;       /* index into the catalogue's regions, or CFS_REGION_UNKNOWN */
	uint32_t generation;  /* of the region's listing that last returned it */
	uint32_t since;       /* of the one during which it came */
	uint32_t wake_writes; /* number of writes to `wake` */
	char id[];
};

/* A walk over the entries with an instance. It returns each entry that was there when the walk
 * began and is still there when the walk gets to it, once. */
struct cfs_walk {
	struct cfs_walk *next, **link; /* list of walks; link NULL: not started */
	struct cfs_entry *at, *last;   /* at NULL: at the end */
};

struct cfs_entries {
	struct cfs_table table;
	struct cfs_entry *first, *last; /* with an instance */
	int64_t changed_ns;             /* when one last joined or left the list, since the epoch */
	struct cfs_walk *walks;
	size_t max;         /* of entries: CFS_ENTRIES_MAX, but for tests */
	uint64_t bytes_max; /* CFS_ENTRIES_BYTES_MAX */
	uint64_t bytes;     /* that the entries take now */
};

/* 0 or -ENOMEM. */
int cfs_entries_init(struct cfs_entries *entries);
/* No node may refer to an entry. Accepts zeroed entries. */
void cfs_entries_finish(struct cfs_entries *entries);

/* The entry with that id, or NULL. */
struct cfs_entry *cfs_entries_find(const struct cfs_entries *entries, const char *id);
/* Whether there is room for an instance: in that entry, or in one more if it is NULL. */
bool cfs_entries_have_room(const struct cfs_entries *entries, const struct cfs_entry *entry,
	const struct cfs_instance *instance);
/* Adds an entry without an instance for an id that is not in the table. NULL: out of memory, or
 * there are as many as may be. */
struct cfs_entry *cfs_entries_add(struct cfs_entries *entries, const char *id);
/* Gives the entry an instance, which it owns from now on, in place of the one that it has. With its
 * first one, walks return it from now on. */
void cfs_entries_set(struct cfs_entry *entry, struct cfs_instance *instance);
/* Removes the entry from the table. It is freed when no node refers to it any more. */
void cfs_entries_remove(struct cfs_entry *entry);

struct cfs_entry *cfs_entry_ref(struct cfs_entry *entry);
void cfs_entry_unref(struct cfs_entry *entry);
/* Records the entry's last failure. Without memory or room for it the previous one stays. */
void cfs_entry_failed(struct cfs_entry *entry, const struct cfs_failure *failure);

/* A walk must not be moved until it is stopped. Stopping a stopped or zeroed walk does nothing. */
void cfs_walk_start(struct cfs_walk *walk, struct cfs_entries *entries);
void cfs_walk_stop(struct cfs_walk *walk);
/* The next entry, or NULL at the end. */
struct cfs_entry *cfs_walk_next(struct cfs_walk *walk);

#endif
