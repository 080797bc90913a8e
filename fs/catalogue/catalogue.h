/*
 * The catalogue: the instances of one cloud, as far as they are known.
 *
 * An entry is an instance's place in it. Entries come from listing a region, or from asking for an
 * id. What the cloud says of an instance is replaced as a whole whenever it is heard again; what
 * belongs to us, the wake flag and the last failure, stays with the entry. An entry whose instance
 * is gone leaves the table and lives on, marked so, while a node refers to it.
 *
 * Ages. A region's list is fresh for list_ttl; past it, it is served at once and refreshed behind;
 * past ten times that it is refreshed first. A failed refresh keeps the old list. One refresh at a
 * time per region, regions in parallel, and one question at a time for an id. The same ages hold
 * for an instance that is asked for by its id.
 */
#ifndef CFS_FS_CATALOGUE_CATALOGUE_H
#define CFS_FS_CATALOGUE_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "fs/base/table.h"
#include "fs/base/wait.h"
#include "fs/client/client.h"

/* A list this many times older than its time to live is not served without a refresh. */
#define CFS_CATALOGUE_STALE 10
/* An id that no region knows is not asked for again for so long. */
#define CFS_CATALOGUE_MISS_MS 5000
/* With `regions = all`, new regions are looked for again after so long. */
#define CFS_CATALOGUE_REGIONS_MS (60 * 60 * 1000)
/* A list older than this is refreshed when a name is missed. */
#define CFS_CATALOGUE_HURRY_MS 5000
/* A region that could not be listed, or an id that could not be asked for, is not tried again for
 * so long. */
#define CFS_CATALOGUE_PAUSE_MS 1000
/* More pages than this are no listing: a server that hands out pages without end is not followed.
 */
#define CFS_CATALOGUE_PAGES_MAX 100000

/* The region of an entry that was not seen in any: the account may not list. */
#define CFS_REGION_UNKNOWN (-1)

struct cfs_entry {
	struct cfs_catalogue *catalogue;
	struct cfs_link by_id;
	struct cfs_entry *next, *prev; /* of those with an instance, in the order of coming */
	struct cfs_instance *instance; /* NULL: nothing is known but the id */
	struct cfs_failure *failure;   /* the last, NULL when there was none */
	int64_t seen_ms;               /* when the cloud last spoke of it */
	struct timespec seen_at;
	uint64_t refs; /* nodes that refer to it */

	/* byname.c: its place among the names, and the ring of those with the same one. */
	struct cfs_link by_name;
	struct cfs_entry *next_namesake, *prev_namesake; /* NULL: its name stands for nobody */
	bool leads_namesakes;                            /* by_name is linked */
	bool claims_id;                                  /* its name ends in what is an id */

	bool wake_armed;
	bool gone;            /* no longer in the table */
	int16_t region;       /* index into the cloud's regions, or CFS_REGION_UNKNOWN */
	uint32_t generation;  /* of the region's listing that last had it */
	uint32_t wake_writes; /* counts what was written to `wake` */
	char id[];
};

/* A walk over the entries with an instance: over those that were there when it began and still are
 * when it comes to them, each once. */
struct cfs_walk {
	struct cfs_walk *next, **link; /* of the catalogue's; link NULL: not under way */
	struct cfs_entry *at, *last;   /* at NULL: at its end */
};

/* How a region stands, for `status`. */
struct cfs_region_state {
	const char *name;
	bool listed;
	bool refreshing;
	int64_t age_ms; /* of the list, when listed */
	size_t instances;
	const struct cfs_failure *failure; /* of the last refresh, NULL when it succeeded */
};

/* The client is borrowed. */
int cfs_catalogue_create(
	struct cfs_client *client, int64_t list_ttl_ms, struct cfs_catalogue **ret_catalogue);
/* Cancels its calls, without completing the waits. No node may refer to an entry. */
void cfs_catalogue_destroy(struct cfs_catalogue *catalogue);

/*
 * Wants the list. 1: there is one to be shown. 0: the wait is entered, and its result is as this
 * function's, 1 or a negative errno. A negative errno: no region could be listed.
 */
int cfs_catalogue_list(struct cfs_catalogue *catalogue, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);

/*
 * Wants an instance. 1: *ret_entry is it, valid until control returns to the loop unless it is
 * referred to. 0: the wait is entered; with result 1 cfs_catalogue_find has it, with 0 ask again.
 * -ENOENT: there is no such instance. Another negative errno: it could not be found out.
 */
int cfs_catalogue_look(struct cfs_catalogue *catalogue, const char *id, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg, struct cfs_entry **ret_entry);
/* The entry of that id as it is known now, or NULL. Asks nobody. */
struct cfs_entry *cfs_catalogue_find(const struct cfs_catalogue *catalogue, const char *id);

struct cfs_entry *cfs_entry_ref(struct cfs_entry *entry);
void cfs_entry_unref(struct cfs_entry *entry);
/* Remembers the failure as the entry's last. Without memory the older one stays. */
void cfs_entry_failed(struct cfs_entry *entry, const struct cfs_failure *failure);

/* Wants the regions to be known, as cfs_catalogue_list wants the list. */
int cfs_catalogue_regions(struct cfs_catalogue *catalogue, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);
/* Somebody misses an instance since missed_ms: every list that was older than
 * CFS_CATALOGUE_HURRY_MS then is refreshed, once. 1: that has been done. 0: the wait is entered,
 * after whose result there is a younger list to look in, and this to call again. */
int cfs_catalogue_hurry(struct cfs_catalogue *catalogue, int64_t missed_ms, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);
struct cfs_client *cfs_catalogue_client(const struct cfs_catalogue *catalogue);

/* The walk stays in place until it is stopped; it may be stopped again, and when it is zeroed. */
void cfs_walk_start(struct cfs_walk *walk, struct cfs_catalogue *catalogue);
void cfs_walk_stop(struct cfs_walk *walk);
/* NULL at the end. */
struct cfs_entry *cfs_walk_next(struct cfs_walk *walk);

/* Calls fn for every instance known, in no order, until it returns non-zero, and returns that. */
int cfs_catalogue_each(const struct cfs_catalogue *catalogue,
	int (*fn)(void *arg, const struct cfs_entry *entry), void *arg);
/* The regions there are; with `regions = all` none until they were found out. Once known, a region
 * stays. */
size_t cfs_catalogue_n_regions(const struct cfs_catalogue *catalogue);
const char *cfs_catalogue_region_name(const struct cfs_catalogue *catalogue, size_t region);
/* Why the regions could not be found out, NULL if they could or need not. */
const struct cfs_failure *cfs_catalogue_regions_failure(const struct cfs_catalogue *catalogue);
size_t cfs_catalogue_size(const struct cfs_catalogue *catalogue);
void cfs_catalogue_region(
	const struct cfs_catalogue *catalogue, size_t index, struct cfs_region_state *ret_state);

#endif
