/* SPDX-License-Identifier: MIT */
#include "fs/catalogue/listing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/client/call.h"

/* Entries checked in one turn of the event loop, at the end of a listing. */
#define SWEEP_STEP 4096

struct cfs_listing {
	struct cfs_listings *listings;
	struct cfs_region *region;
	struct cfs_call call;
	struct cfs_sink sink;
	char token[CFS_TOKEN_MAX]; /* continuation token of the current request; "": the first */
	unsigned requests;
	unsigned idle;  /* of them, the last ones that brought nothing new */
	uint64_t found; /* by the region's listings, when the current request was made */
	unsigned left_out;
	char mark[CFS_TOKEN_MAX]; /* an earlier token: if it comes again, the server loops */
	unsigned mark_at;         /* the number of the request whose token is the next mark */
	int64_t total;            /* as in the previous answer */
	bool behind;              /* nobody waits for it */
	bool partial;             /* the listing may be incomplete: remove nothing */
	bool full;                /* there is no room for the rest: remove what came with it */
	struct cfs_walk sweep;    /* removes one of these, at the end */
	struct cfs_timer next_sweep;
};

static void answered(void *arg, const struct cfs_error *error);

static struct cfs_question question(const struct cfs_region *region, const char *token)
{
	return (struct cfs_question){.verb = CFS_LIST, .region = region->name, .token = token};
}

static void request(struct cfs_listing *listing)
{
	struct cfs_question list = question(listing->region, listing->token);

	listing->found = listing->region->found;
	cfs_call_start(&listing->call, listing->listings->store->client, &list, &listing->sink,
		answered, listing);
	if (listing->behind)
		cfs_call_yield(&listing->call);
}

static int take_instance(void *arg, struct cfs_instance *instance)
{
	struct cfs_listing *listing = arg;
	int r = cfs_store_put(listing->listings->store, listing->region->index, instance);

	if (r == -EFBIG)
		listing->full = true;
	return r;
}

static void left_out(void *arg, const char *why)
{
	struct cfs_listing *listing = arg;

	cfs_store_left_out(listing->listings->store, &listing->left_out, why);
}

static struct cfs_listing *create(struct cfs_listings *listings, struct cfs_region *region)
{
	struct cfs_listing *listing = calloc(1, sizeof(*listing));

	if (!listing)
		return NULL;
	listing->listings = listings;
	listing->region = region;
	listing->sink =
		(struct cfs_sink){.instance = take_instance, .left_out = left_out, .arg = listing};
	listings->of[region->index] = listing;
	return listing;
}

static void set_failed(
	struct cfs_listings *listings, struct cfs_region *region, const struct cfs_error *error)
{
	struct cfs_question list = question(region, "");

	region->refreshing = false;
	region->tried = true;
	region->tried_ms = cfs_clock_ms();
	cfs_client_failed(listings->store->client, &list, error, false, &region->failure);
}

void cfs_listing_refresh(struct cfs_listings *listings, struct cfs_region *region, bool behind)
{
	struct cfs_listing *listing = listings->of[region->index];
	struct cfs_error error;

	if (region->refreshing)
		return;
	if (!listing)
		listing = create(listings, region);
	if (!listing) {
		cfs_error_set(&error, CFS_NO_MEMORY, "out of memory");
		set_failed(listings, region, &error);
		return;
	}
	region->refreshing = true;
	region->generation++;
	listing->behind = behind;
	listing->requests = listing->idle = listing->left_out = 0;
	listing->partial = listing->full = false;
	listing->token[0] = listing->mark[0] = '\0';
	listing->mark_at = 0;
	request(listing);
}

static void fail(struct cfs_listing *listing, const struct cfs_error *error)
{
	set_failed(listing->listings, listing->region, error);
	listing->listings->ended(listing->listings->arg);
}

static void fail_full(struct cfs_listing *listing)
{
	const struct cfs_entries *entries = &listing->listings->store->entries;
	struct cfs_error error;

	cfs_error_set(&error, CFS_TOO_LARGE,
		"the cloud lists more than %zu instances, or more than %" PRIu64
		" MiB of them: name fewer `regions`, or set a `filter`",
		entries->max, entries->bytes_max >> 20);
	fail(listing, &error);
}

static void succeed(struct cfs_listing *listing)
{
	struct cfs_listings *listings = listing->listings;
	struct cfs_region *region = listing->region;

	region->refreshing = false;
	region->tried = region->listed = true;
	region->tried_ms = region->listed_ms = cfs_clock_ms();
	region->failure.number = 0;
	cfs_log(CFS_LOG_DEBUG, "%s: %s: %zu instances", listings->store->client->settings.name,
		region->name, region->instances);
	listings->ended(listings->arg);
}

/* Whether an entry goes at the end of a listing of its region. */
static bool goes(const struct cfs_listing *listing, const struct cfs_entry *entry)
{
	uint32_t generation = listing->region->generation;

	return listing->full ? entry->since == generation : entry->generation != generation;
}

/* Removes entries, a limited number in each turn of the loop. */
static void sweep(void *arg)
{
	struct cfs_listing *listing = arg;
	const struct cfs_region *region = listing->region;
	struct cfs_store *store = listing->listings->store;
	struct cfs_entry *entry;

	for (unsigned looked_at = 0; looked_at < SWEEP_STEP; looked_at++) {
		entry = cfs_walk_next(&listing->sweep);
		if (!entry) {
			cfs_walk_stop(&listing->sweep);
			if (listing->full)
				fail_full(listing);
			else
				succeed(listing);
			return;
		}
		if (entry->region == (int16_t)region->index && goes(listing, entry))
			cfs_store_remove(store, entry);
	}
	cfs_timer_start(store->client->runtime->loop, &listing->next_sweep, 0);
}

static void end(struct cfs_listing *listing, const struct cfs_error *error)
{
	if (error->fault != CFS_OK && !listing->full) {
		fail(listing, error);
	} else if (listing->partial && !listing->full) {
		succeed(listing);
	} else {
		cfs_timer_init(&listing->next_sweep, sweep, listing);
		cfs_walk_start(&listing->sweep, &listing->listings->store->entries);
		sweep(listing);
	}
}

/*
 * Whether the answer's continuation token is new, as far as is known. Detects a server that returns
 * tokens in a loop by remembering a single token, by Brent's algorithm ("An improved Monte Carlo
 * factorization algorithm", 1980): the token is replaced at requests 1, 2, 4, 8 and so on. Sooner
 * or later it is part of the loop, and comes again before it is replaced.
 */
static bool is_new(struct cfs_listing *listing)
{
	const char *next = listing->sink.token;

	if (strcmp(next, listing->token) == 0 || strcmp(next, listing->mark) == 0)
		return false;
	if (listing->requests == listing->mark_at) {
		memcpy(listing->mark, next, sizeof(listing->mark));
		listing->mark_at = 2 * listing->mark_at + 1;
	}
	return true;
}

static void answered(void *arg, const struct cfs_error *error)
{
	struct cfs_listing *listing = arg;
	struct cfs_error endless;

	if (listing->sink.partial ||
		(listing->requests > 0 && listing->sink.total != listing->total))
		listing->partial = true;
	listing->total = listing->sink.total;
	listing->idle = listing->region->found == listing->found ? listing->idle + 1 : 0;
	if (error->fault != CFS_OK || listing->sink.token[0] == '\0') {
		end(listing, error);
	} else if (!is_new(listing) || ++listing->requests >= CFS_LISTING_REQUESTS_MAX ||
		listing->idle >= listing->listings->idle_max) {
		cfs_error_set(&endless, CFS_BAD_ANSWER, "the listing does not end");
		end(listing, &endless);
	} else {
		memcpy(listing->token, listing->sink.token, sizeof(listing->token));
		request(listing);
	}
}

void cfs_listing_init(
	struct cfs_listings *listings, struct cfs_store *store, void (*ended)(void *arg), void *arg)
{
	*listings = (struct cfs_listings){
		.store = store, .ended = ended, .arg = arg, .idle_max = CFS_LISTING_IDLE_MAX};
}

void cfs_listing_finish(struct cfs_listings *listings)
{
	struct cfs_listing *listing;

	for (size_t i = 0; i < CFS_REGIONS_MAX; i++) {
		listing = listings->of[i];
		if (!listing)
			continue;
		cfs_call_cancel(&listing->call);
		cfs_timer_stop(&listing->next_sweep);
		cfs_walk_stop(&listing->sweep);
		free(listing);
	}
}
