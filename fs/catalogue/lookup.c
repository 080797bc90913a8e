/*
 * Asking for one instance by its id, in every region at once.
 *
 * The answers together say one of four things. Found in a region: the entry is there, and the
 * other regions are asked no longer. Found in none: a miss, and the entry leaves if
 * there was one. Not found, and not allowed to ask somewhere: the id may be right, so it gets an
 * entry of which only the id is known, and opening its files tells. Not found, and something
 * failed: nothing is known; an entry stays as it was.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/catalogue/private.h"
#include "fs/client/failure.h"

struct region_ask {
	struct ask *ask;
	size_t region;
	bool found;
	struct cfs_call call;
	struct cfs_sink sink;
};

struct ask {
	struct ask *next, **link;
	struct cfs_catalogue *catalogue;
	struct cfs_wait *waits;
	size_t n_regions, pending;
	bool found, denied;
	int failed; /* the errno of the first region that failed otherwise */
	char id[CFS_ID_MAX + 1];
	struct region_ask regions[];
};

static void unlink_ask(struct ask *ask)
{
	*ask->link = ask->next;
	if (ask->next)
		ask->next->link = ask->link;
}

/* The kernel looks one name up for one process after the other: those behind the first are told
 * what he was, and do not each wait as long. */
static void remember(const struct ask *ask, int number, int64_t ms)
{
	struct cfs_catalogue *catalogue = ask->catalogue;
	size_t miss = cfs_table_hash(ask->id) % MISSES;

	memcpy(catalogue->misses[miss].id, ask->id, sizeof(ask->id));
	catalogue->misses[miss].number = number;
	catalogue->misses[miss].until_ms = cfs_clock_ms() + ms;
}

static int conclude(struct ask *ask)
{
	struct cfs_catalogue *catalogue = ask->catalogue;
	struct cfs_entry *entry = cfs_catalogue_find(catalogue, ask->id);

	/* Found terminated it is as good as not found. */
	if (ask->found && entry)
		return 1;
	if (ask->denied) {
		if (entry && entry->instance)
			return 1;
		return cfs_catalogue_put_unknown(catalogue, ask->id) ? 1 : -ENOMEM;
	}
	if (ask->failed) {
		remember(ask, ask->failed, CFS_CATALOGUE_PAUSE_MS);
		return entry ? 1 : -ask->failed;
	}
	if (entry)
		cfs_catalogue_remove(entry);
	remember(ask, ENOENT, CFS_CATALOGUE_MISS_MS);
	return -ENOENT;
}

static struct cfs_question question(const struct region_ask *region)
{
	return (struct cfs_question){
		.verb = CFS_FIND,
		.region = region->ask->catalogue->regions[region->region]->name,
		.id = region->ask->id,
	};
}

/* The last of an ask: regions that have not answered are not waited for. */
static void end_ask(struct ask *ask)
{
	int result = conclude(ask);
	size_t i;

	unlink_ask(ask);
	for (i = 0; i < ask->n_regions; i++)
		cfs_call_cancel(&ask->regions[i].call);
	cfs_wait_end_all(&ask->waits, result);
	free(ask);
}

static void region_answered(void *arg, const struct cfs_error *error)
{
	struct region_ask *region = arg;
	struct ask *ask = region->ask;
	struct cfs_question find = question(region);
	struct cfs_failure failure;

	if (error->fault == CFS_OK && region->found)
		ask->found = true;
	if (error->fault != CFS_OK && error->fault != CFS_NOT_FOUND) {
		cfs_client_failed(ask->catalogue->client, &find, error, false, &failure);
		if (error->fault == CFS_DENIED)
			ask->denied = true;
		else if (!ask->failed)
			ask->failed = failure.number;
	}
	/* Ids are unique: what the other regions would say does not matter. */
	if (--ask->pending == 0 || ask->found)
		end_ask(ask);
}

static int take_instance(void *arg, struct cfs_instance *instance)
{
	struct region_ask *region = arg;
	struct cfs_catalogue *catalogue = region->ask->catalogue;

	if (strcmp(cfs_instance_id(instance), region->ask->id) != 0) {
		cfs_instance_destroy(instance);
		return -EBADMSG;
	}
	region->found = true;
	return cfs_catalogue_put(catalogue, region->region, instance);
}

static void left_out(void *arg, const char *why)
{
	struct region_ask *region = arg;

	cfs_catalogue_left_out(region->ask->catalogue, why);
}

static struct ask *begin(struct cfs_catalogue *catalogue, const char *id)
{
	struct cfs_question find;
	struct ask *ask;
	size_t i;

	ask = calloc(1, sizeof(*ask) + catalogue->n_regions * sizeof(ask->regions[0]));
	if (!ask)
		return NULL;
	ask->catalogue = catalogue;
	ask->n_regions = ask->pending = catalogue->n_regions;
	strncpy(ask->id, id, CFS_ID_MAX);
	ask->next = catalogue->asks;
	ask->link = &catalogue->asks;
	if (ask->next)
		ask->next->link = &ask->next;
	catalogue->asks = ask;
	for (i = 0; i < catalogue->n_regions; i++) {
		ask->regions[i].ask = ask;
		ask->regions[i].region = i;
		ask->regions[i].sink.instance = take_instance;
		ask->regions[i].sink.left_out = left_out;
		ask->regions[i].sink.arg = &ask->regions[i];
		find = question(&ask->regions[i]);
		cfs_call_start(&ask->regions[i].call, catalogue->client, &find,
			&ask->regions[i].sink, region_answered, &ask->regions[i]);
	}
	return ask;
}

int cfs_lookup(struct cfs_catalogue *catalogue, const char *id, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg)
{
	struct ask *ask;

	for (ask = catalogue->asks; ask; ask = ask->next)
		if (strcmp(ask->id, id) == 0)
			break;
	if (!ask)
		ask = begin(catalogue, id);
	if (!ask)
		return -ENOMEM;
	if (wait)
		cfs_wait_enter(&ask->waits, wait, fn, arg);
	return 0;
}

void cfs_lookups_cancel(struct cfs_catalogue *catalogue)
{
	struct ask *ask, *next;
	size_t i;

	for (ask = catalogue->asks; ask; ask = next) {
		next = ask->next;
		for (i = 0; i < ask->n_regions; i++)
			cfs_call_cancel(&ask->regions[i].call);
		free(ask);
	}
	catalogue->asks = NULL;
}
