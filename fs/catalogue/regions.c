/*
 * Finding out which regions an account may use, for `regions = all`.
 *
 * Asked for before the first listing, and again behind one every CFS_CATALOGUE_REGIONS_MS. New
 * regions join; one that is known stays, as its instances may be open.
 */
#include <errno.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/catalogue/private.h"

static int take_region(void *arg, const char *name)
{
	return cfs_catalogue_add_region(arg, name);
}

static const struct cfs_question question = {.verb = CFS_REGIONS, .region = ""};

static void answered(void *arg, const struct cfs_error *error)
{
	struct cfs_catalogue *catalogue = arg;
	struct discovery *discovery = &catalogue->discovery;
	struct cfs_error none;

	discovery->asking = false;
	discovery->tried_ms = cfs_clock_ms();
	if (error->fault == CFS_OK && catalogue->n_regions == 0) {
		cfs_error_set(&none, CFS_BAD_ANSWER, "the account may use no region");
		error = &none;
	}
	if (error->fault == CFS_OK) {
		discovery->known = true;
		discovery->known_ms = discovery->tried_ms;
		discovery->failure.number = 0;
	} else {
		cfs_client_failed(catalogue->client, &question, error, false, &discovery->failure);
	}
	cfs_wait_end_all(&discovery->waits, discovery->known ? 0 : -discovery->failure.number);
}

static void ask(struct cfs_catalogue *catalogue)
{
	struct discovery *discovery = &catalogue->discovery;

	discovery->asking = discovery->tried = true;
	discovery->sink.region = take_region;
	discovery->sink.arg = catalogue;
	cfs_call_start(&discovery->call, catalogue->client, &question, &discovery->sink, answered,
		catalogue);
}

int cfs_discovery(struct cfs_catalogue *catalogue, struct cfs_wait *wait,
	void (*fn)(void *arg, int result), void *arg)
{
	struct discovery *discovery = &catalogue->discovery;
	int64_t now = cfs_clock_ms();
	bool failed = discovery->tried && discovery->failure.number != 0;

	if (!discovery->needed)
		return 1;
	if (!discovery->asking && !(failed && now - discovery->tried_ms < CFS_CATALOGUE_PAUSE_MS) &&
		(!discovery->known || now - discovery->known_ms >= CFS_CATALOGUE_REGIONS_MS))
		ask(catalogue);
	if (discovery->known)
		return 1;
	if (!discovery->asking)
		return -discovery->failure.number;
	cfs_wait_enter(&discovery->waits, wait, fn, arg);
	return 0;
}
