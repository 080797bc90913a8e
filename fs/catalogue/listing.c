/*
 * Listing a region, page by page.
 *
 * Instances enter the catalogue as they are read. Those that a whole listing did not mention are
 * removed at its end, some of them in each turn of the loop; a listing that fails half way, or may
 * not have been whole, removes none, so that nobody takes an instance for gone that is there.
 */
#include <errno.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/catalogue/private.h"

/* Entries looked at in one turn of the loop, at the end of a listing. */
#define SWEEP_STEP 4096

static void page_done(void *arg, const struct cfs_error *error);

static struct cfs_question question(const struct region *region)
{
	return (struct cfs_question){
		.verb = CFS_LIST, .region = region->name, .page = region->page};
}

static void ask_for_page(struct region *region)
{
	struct cfs_question list = question(region);

	cfs_call_start(
		&region->call, region->catalogue->client, &list, &region->sink, page_done, region);
}

static int take_instance(void *arg, struct cfs_instance *instance)
{
	struct region *region = arg;

	return cfs_catalogue_put(region->catalogue, region->index, instance);
}

static void left_out(void *arg, const char *why)
{
	struct region *region = arg;

	cfs_catalogue_left_out(region->catalogue, why);
}

void cfs_region_refresh(struct region *region)
{
	if (region->refreshing)
		return;
	region->refreshing = true;
	region->generation++;
	region->pages = 0;
	region->partial = false;
	region->page[0] = region->mark[0] = '\0';
	region->mark_at = 0;
	region->sink.instance = take_instance;
	region->sink.left_out = left_out;
	region->sink.arg = region;
	ask_for_page(region);
}

static void listed(struct region *region)
{
	region->refreshing = false;
	region->tried = region->listed = true;
	region->tried_ms = region->listed_ms = cfs_clock_ms();
	region->failure.number = 0;
	cfs_log(CFS_LOG_DEBUG, "%s: %s: %zu instances", region->catalogue->client->settings.name,
		region->name, region->instances);
	cfs_catalogue_region_listed(region->catalogue);
}

/* Removes what the listing did not mention, as far as a turn of the loop may go. */
static void sweep(void *arg)
{
	struct region *region = arg;
	struct cfs_entry *entry;
	unsigned seen;

	for (seen = 0; seen < SWEEP_STEP; seen++) {
		entry = cfs_walk_next(&region->sweep);
		if (!entry) {
			cfs_walk_stop(&region->sweep);
			listed(region);
			return;
		}
		if (entry->region == (int16_t)region->index &&
			entry->generation != region->generation)
			cfs_catalogue_remove(entry);
	}
	cfs_timer_start(region->catalogue->client->runtime->loop, &region->sweep_on, 0);
}

static void end_refresh(struct region *region, const struct cfs_error *error)
{
	struct cfs_question list = question(region);

	if (error->fault == CFS_OK && region->partial) {
		listed(region);
	} else if (error->fault == CFS_OK) {
		cfs_timer_init(&region->sweep_on, sweep, region);
		cfs_walk_start(&region->sweep, region->catalogue);
		sweep(region);
	} else {
		region->refreshing = false;
		region->tried = true;
		region->tried_ms = cfs_clock_ms();
		cfs_client_failed(region->catalogue->client, &list, error, false, &region->failure);
		cfs_catalogue_region_listed(region->catalogue);
	}
}

/*
 * Whether the next page may be one that was not read yet. A server that hands out tokens in a
 * circle is found out by one token kept: another is kept at every page whose number is a power of
 * two, so that in the end it is one of the circle, and the next comes after a whole round (Brent,
 * "An improved Monte Carlo factorization algorithm", 1980).
 */
static bool is_new(struct region *region)
{
	const char *next = region->sink.page;

	if (strcmp(next, region->page) == 0 || strcmp(next, region->mark) == 0)
		return false;
	if (region->pages == region->mark_at) {
		memcpy(region->mark, next, sizeof(region->mark));
		region->mark_at = 2 * region->mark_at + 1;
	}
	return true;
}

static void page_done(void *arg, const struct cfs_error *error)
{
	struct region *region = arg;
	struct cfs_error endless;

	if (region->sink.partial || (region->pages > 0 && region->sink.total != region->total))
		region->partial = true;
	region->total = region->sink.total;
	if (error->fault != CFS_OK || region->sink.page[0] == '\0') {
		end_refresh(region, error);
	} else if (!is_new(region) || ++region->pages >= CFS_CATALOGUE_PAGES_MAX) {
		cfs_error_set(&endless, CFS_BAD_ANSWER, "the listing does not end");
		end_refresh(region, &endless);
	} else {
		memcpy(region->page, region->sink.page, sizeof(region->page));
		ask_for_page(region);
	}
}
