/*
 * What catalogue.c, listing.c, asking.c and discovery.c share, and nobody else needs.
 */
#ifndef CFS_FS_CATALOGUE_PRIVATE_H
#define CFS_FS_CATALOGUE_PRIVATE_H

#include "fs/base/loop.h"
#include "fs/catalogue/by_name.h"
#include "fs/catalogue/catalogue.h"
#include "fs/client/call.h"

/* Ids that were asked for in vain lately: a direct-mapped cache, an id in a slot replaces the one
 * before.
 */
#define MISSES 256

struct region {
	struct cfs_catalogue *catalogue;
	size_t index;
	char name[CFS_REGION_MAX + 1];
	bool listed, tried, refreshing;
	int64_t listed_ms, tried_ms; /* when a refresh last succeeded, and when one last ended */
	uint32_t generation;         /* of the listing under way, or of the last */
	size_t instances;
	struct cfs_failure failure; /* of the last refresh; number 0: it succeeded */
	/* While refreshing. */
	struct cfs_call call;
	struct cfs_sink sink;
	char page[CFS_PAGE_MAX];
	unsigned pages;
	char mark[CFS_PAGE_MAX]; /* the token of an earlier page: if it comes again, all do */
	unsigned mark_at;        /* the page that is the next mark */
	int64_t total;           /* as the page before had it */
	bool partial;            /* something may not have been mentioned */
	/* At its end: removing what was not mentioned, some of it at a time. */
	struct cfs_walk sweep;
	struct cfs_timer sweep_on;
};

struct ask;

/* Finding out which regions there are, for `regions = all` (discovery.c). */
struct discovery {
	bool needed; /* the configuration leaves the regions to the account */
	bool known, tried, asking;
	int64_t known_ms, tried_ms;
	struct cfs_failure failure; /* of the last attempt; number 0: it succeeded */
	struct cfs_wait *waits;
	struct cfs_call call;
	struct cfs_sink sink;
};

struct cfs_catalogue {
	struct cfs_client *client;
	int64_t list_ttl_ms;
	struct cfs_table entries;
	struct cfs_entry *first, *last; /* with an instance */
	struct cfs_walk *walks;
	struct cfs_by_name *by_name; /* NULL: nobody keeps names */
	struct {
		char id[CFS_ID_MAX + 1];
		int number; /* ENOENT, or why it could not be found out */
		int64_t until_ms;
	} misses[MISSES];
	struct cfs_wait *list_waits;
	struct ask *asks;
	struct discovery discovery;
	size_t n_regions;
	struct region *regions[CFS_REGIONS_MAX];
};

enum age { AGE_FRESH, AGE_OLD, AGE_STALE };
enum age cfs_catalogue_age(const struct cfs_catalogue *catalogue, int64_t since_ms);

/* Takes the instance over as what the region now says of it. -ENOMEM. */
int cfs_catalogue_put(
	struct cfs_catalogue *catalogue, size_t region, struct cfs_instance *instance);
/* An entry for an id of which nothing else is known. NULL without memory. */
struct cfs_entry *cfs_catalogue_put_unknown(struct cfs_catalogue *catalogue, const char *id);
void cfs_catalogue_remove(struct cfs_entry *entry);
/* The region of that name joins, unless it is one already or there are too many. -ENOMEM. */
int cfs_catalogue_add_region(struct cfs_catalogue *catalogue, const char *name);
void cfs_catalogue_left_out(struct cfs_catalogue *catalogue, const char *why);

/* listing.c: starts a refresh of the region unless one is under way. Its end is told to
 * cfs_catalogue_region_listed. */
void cfs_region_refresh(struct region *region);
void cfs_catalogue_region_listed(struct cfs_catalogue *catalogue);

/* discovery.c: 1 when the regions are known, 0 when the wait was entered, whose result 0 means to
 * ask again; a negative errno: they could not be found out. */
int cfs_discovery(struct cfs_catalogue *catalogue, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);

/* asking.c: asks every region for the id, unless that is under way; the wait, if any, is entered.
 * -ENOMEM. */
int cfs_lookup(struct cfs_catalogue *catalogue, const char *id, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg);
void cfs_lookups_cancel(struct cfs_catalogue *catalogue);

#endif
