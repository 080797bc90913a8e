/* SPDX-License-Identifier: MIT */
#include "fs/catalogue/regions.h"

#include "fs/base/clock.h"

static const struct cfs_question question = {.verb = CFS_REGIONS, .region = ""};

static int take_region(void *arg, const char *name)
{
	struct cfs_regions *regions = arg;

	return cfs_store_add_region(regions->store, name);
}

static void answered(void *arg, const struct cfs_error *error)
{
	struct cfs_regions *regions = arg;
	struct cfs_error none;

	regions->asking = false;
	regions->tried_ms = cfs_clock_ms();
	if (error->fault == CFS_OK && regions->store->n_regions == 0) {
		cfs_error_set(&none, CFS_BAD_ANSWER, "the cloud lists no region for this account");
		error = &none;
	}
	if (error->fault == CFS_OK) {
		regions->known = true;
		regions->known_ms = regions->tried_ms;
		regions->failure.number = 0;
	} else {
		cfs_client_failed(
			regions->store->client, &question, error, false, &regions->failure);
	}
	cfs_wait_end_all(&regions->waits, regions->known ? 0 : -regions->failure.number);
}

static void ask(struct cfs_regions *regions)
{
	regions->asking = regions->tried = true;
	regions->sink = (struct cfs_sink){.region = take_region, .arg = regions};
	cfs_call_start(&regions->call, regions->store->client, &question, &regions->sink, answered,
		regions);
}

static bool is_due(const struct cfs_regions *regions)
{
	int64_t now = cfs_clock_ms();
	bool failed = regions->tried && regions->failure.number != 0;

	if (regions->asking || (failed && now - regions->tried_ms < CFS_STORE_PAUSE_MS))
		return false;
	return !regions->known || now - regions->known_ms >= CFS_REGIONS_AGE_MS;
}

int cfs_regions_get(struct cfs_regions *regions, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg)
{
	if (!regions->store->client->all_regions)
		return 1;
	if (is_due(regions))
		ask(regions);
	if (regions->known)
		return 1;
	if (!regions->asking)
		return -regions->failure.number;
	cfs_wait_enter(&regions->waits, wait, fn, arg);
	return 0;
}

void cfs_regions_init(struct cfs_regions *regions, struct cfs_store *store)
{
	*regions = (struct cfs_regions){.store = store};
}

void cfs_regions_finish(struct cfs_regions *regions)
{
	cfs_call_cancel(&regions->call);
}
