/* SPDX-License-Identifier: MIT */
#include "fs/node/fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/client/call.h"
#include "fs/node/failure_page.h"
#include "fs/node/wake.h"

struct cfs_fetch {
	struct cfs_node *node;
	struct cfs_wait *waits;
	struct cfs_wake wake;
	size_t region;            /* index of the one that is asked now */
	struct cfs_error refusal; /* of a region before it; CFS_OK: there was none */
	size_t last_region;       /* where an instance of unknown region is asked for last */
	struct cfs_call call;
	struct cfs_sink sink;
	struct cfs_buf content;
};

/* Whoever waits may fetch the node again when told, so this fetch has left the node before. */
static void end(struct cfs_fetch *fetch, int result)
{
	fetch->node->fetch = NULL;
	cfs_wait_end_all(&fetch->waits, result);
	cfs_buf_wipe(&fetch->content);
	free(fetch);
}

static struct cfs_question question(const struct cfs_fetch *fetch)
{
	const struct cfs_node *node = fetch->node;

	return (struct cfs_question){
		.verb = CFS_FETCH,
		.region = cfs_catalogue_region_name(node->cloud->catalogue, fetch->region),
		.id = node->entry->id,
		.live = node->live,
		.wake = fetch->wake.taken,
	};
}

static void answered(void *arg, const struct cfs_error *error);

static void ask(struct cfs_fetch *fetch)
{
	struct cfs_question fetching = question(fetch);

	cfs_call_start(
		&fetch->call, fetch->node->cloud->client, &fetching, &fetch->sink, answered, fetch);
}

/* Where the content came from. NULL without memory: then the content is served without it. */
static struct cfs_origin *origin_of(const struct cfs_fetch *fetch, const struct cfs_error *error)
{
	struct cfs_origin *origin = calloc(1, sizeof(*origin));

	if (!origin)
		return NULL;
	memcpy(origin->request_id, error->request_id, sizeof(error->request_id));
	origin->region = question(fetch).region;
	origin->woken = fetch->wake.taken;
	return origin;
}

/* The content is the snapshot of every open that waits. The error may be CFS_OK. */
static void succeed(struct cfs_fetch *fetch, const struct cfs_error *error)
{
	cfs_node_fill(fetch->node, &fetch->content, origin_of(fetch, error));
	end(fetch, 0);
}

/* Where the cloud does not say which state keeps it from answering, the listed one does: waiting
 * does not help with an instance that is off, or whose launch failed. */
static void settle_state(const struct cfs_entry *entry, struct cfs_error *error)
{
	if (error->fault == CFS_WRONG_STATE && entry->instance &&
		entry->instance->power == CFS_POWER_OFF)
		error->fault = CFS_STOPPED;
}

static void fail(struct cfs_fetch *fetch, const struct cfs_error *error)
{
	struct cfs_node *node = fetch->node;
	struct cfs_question asked = question(fetch);
	struct cfs_error settled = *error;
	struct cfs_failure failure;
	bool listed = node->entry->instance && !node->entry->gone;

	settle_state(node->entry, &settled);
	cfs_client_failed(node->cloud->client, &asked, &settled, listed, &failure);
	cfs_entry_failed(node->entry, &failure);
	cfs_wake_give_back(node->entry, &fetch->wake);
	/* A web page says itself why it is not what was asked for. */
	if (node->live->page) {
		cfs_buf_clear(&fetch->content);
		if (cfs_failure_page(node, &failure, &fetch->content) == 0) {
			succeed(fetch, error);
			return;
		}
	}
	end(fetch, -failure.number);
}

/* Whether the next region is to be asked, for an instance whose region is not known. A refusal is
 * kept, as it says more than that a region does not have the instance. */
static bool asks_next_region(struct cfs_fetch *fetch, const struct cfs_error *error)
{
	bool refused = error->fault == CFS_DENIED || error->fault == CFS_UNAUTHENTICATED ||
		error->fault == CFS_NOT_ENABLED;

	if (refused && fetch->refusal.fault == CFS_OK)
		fetch->refusal = *error;
	return (refused || error->fault == CFS_NOT_FOUND) && fetch->region < fetch->last_region;
}

static void answered(void *arg, const struct cfs_error *error)
{
	struct cfs_fetch *fetch = arg;

	if (error->fault == CFS_OK) {
		succeed(fetch, error);
	} else if (asks_next_region(fetch, error)) {
		fetch->region++;
		ask(fetch);
	} else {
		if (error->fault == CFS_NOT_FOUND && fetch->refusal.fault != CFS_OK)
			error = &fetch->refusal;
		fail(fetch, error);
	}
}

static struct cfs_fetch *begin(struct cfs_node *node)
{
	struct cfs_fetch *fetch;
	int16_t region = node->entry->region;

	fetch = calloc(1, sizeof(*fetch));
	if (!fetch)
		return NULL;
	fetch->node = node;
	fetch->region = region == CFS_REGION_UNKNOWN ? 0 : (size_t)region;
	fetch->last_region = region == CFS_REGION_UNKNOWN
		? cfs_catalogue_n_regions(node->cloud->catalogue) - 1
		: (size_t)region;
	if (cfs_nodes_buffer(node->nodes, node->live->nominal, &fetch->content) < 0) {
		free(fetch);
		return NULL;
	}
	fetch->sink.content = &fetch->content;
	if (node->live->wakes)
		fetch->wake = cfs_wake_take(node->entry);
	node->fetch = fetch;
	ask(fetch);
	return fetch;
}

int cfs_fetch(
	struct cfs_node *node, struct cfs_wait *wait, void (*fn)(void *arg, int result), void *arg)
{
	struct cfs_fetch *fetch = node->fetch ? node->fetch : begin(node);

	if (!fetch)
		return -ENOMEM;
	cfs_wait_enter(&fetch->waits, wait, fn, arg);
	return 0;
}

void cfs_fetch_leave(struct cfs_node *node, struct cfs_wait *wait)
{
	struct cfs_fetch *fetch = node->fetch;

	cfs_wait_leave(wait);
	if (!fetch || fetch->waits)
		return;
	cfs_call_cancel(&fetch->call);
	cfs_wake_give_back(node->entry, &fetch->wake);
	end(fetch, -EINTR);
}
