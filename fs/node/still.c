/* SPDX-License-Identifier: MIT */
#include "fs/node/still.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/base/caller.h"
#include "fs/base/clock.h"
#include "fs/base/loop.h"
#include "fs/node/fetch.h"

/* A still file that was looked at: it is being fetched, or filled, or the fetch has failed. */
struct cfs_held {
	struct cfs_still *still;
	struct cfs_held *next, *prev;
	struct cfs_node
		*node; /* one of its lookups is ours; one of its opens too, unless it failed */
	struct cfs_wait fetch;
	struct cfs_wait *waits; /* of those who look while it is being fetched */
	int failure;            /* a negative errno; 0: none */
	int64_t since_ms;       /* when the fetch ended */
	struct {
		int tid;    /* of the thread that looked */
		int64_t ms; /* when, if it has not opened it since; 0 */
	} looks[CFS_STILL_LOOKERS];
	int64_t looked_ms;    /* the last look of which nobody knows any more whose it was */
	uint32_t wake_writes; /* when it began */
	uint64_t bytes;       /* of memory, when filled */
	bool opened;          /* by anybody but us */
	struct cfs_timer end;
};

void cfs_still_init(
	struct cfs_still *still, struct cfs_loop *loop, const struct cfs_mount_config *config)
{
	*still = (struct cfs_still){.loop = loop, .config = config};
}

static void append(struct cfs_held *held)
{
	struct cfs_still *still = held->still;

	held->prev = still->last;
	held->next = NULL;
	*(still->last ? &still->last->next : &still->first) = held;
	still->last = held;
}

static void take_out(struct cfs_held *held)
{
	struct cfs_still *still = held->still;

	*(held->prev ? &held->prev->next : &still->first) = held->next;
	*(held->next ? &held->next->prev : &still->last) = held->prev;
}

/* Others may have the node open still: they keep the snapshot. */
static void let_go(struct cfs_held *held)
{
	struct cfs_node *node = held->node;

	cfs_timer_stop(&held->end);
	take_out(held);
	held->still->bytes -= held->bytes;
	node->held = NULL;
	if (!held->failure)
		cfs_node_released(node);
	cfs_node_forget(node, 1);
	free(held);
}

void cfs_still_finish(struct cfs_still *still)
{
	for (struct cfs_held *held = still->first, *next; held; held = next) {
		next = held->next;
		let_go(held);
	}
}

static bool is_in_use(const struct cfs_held *held)
{
	return !held->failure && held->node->opens > 1;
}

void cfs_still_let_go_retired(struct cfs_still *still)
{
	struct cfs_held *next;

	for (struct cfs_held *held = still->first; held; held = next) {
		next = held->next;
		if (held->node->cloud->retired && !held->node->fetch && !is_in_use(held))
			let_go(held);
	}
}

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The thread for which this is done, 0 if it is not known. */
static int asker(const struct cfs_node *node)
{
	const struct cfs_current_caller *current = node->cloud->client->runtime->current_caller;

	return current ? current->tid : 0;
}

static void note_look(struct cfs_held *held)
{
	int tid = asker(held->node);
	size_t slot = 0;

	for (size_t i = 0; i < CFS_STILL_LOOKERS; i++) {
		if (held->looks[i].tid == tid) {
			slot = i;
			break;
		}
		if (held->looks[i].ms < held->looks[slot].ms)
			slot = i;
	}
	if (held->looks[slot].tid != tid)
		held->looked_ms = max(held->looked_ms, held->looks[slot].ms);
	held->looks[slot].tid = tid;
	held->looks[slot].ms = cfs_clock_ms();
}

/* Whoever looked has opened it. */
static void forget_look(struct cfs_held *held)
{
	int tid = asker(held->node);

	for (size_t i = 0; i < CFS_STILL_LOOKERS; i++) {
		if (held->looks[i].tid == tid)
			held->looks[i].ms = 0;
	}
}

static int64_t last_look_ms(const struct cfs_held *held)
{
	int64_t last_ms = held->looked_ms;

	for (size_t i = 0; i < CFS_STILL_LOOKERS; i++)
		last_ms = max(last_ms, held->looks[i].ms);
	return last_ms;
}

/* When it is due to go. */
static int64_t end_ms(const struct cfs_held *held)
{
	int64_t ttl_ms = held->still->config->still_ttl_ms;
	int64_t last_ms = held->since_ms + ttl_ms * CFS_STILL_UNOPENED;

	if (held->failure)
		return held->since_ms + CFS_STILL_FAILURE_MS;
	if (!held->opened)
		return last_ms;
	return min(last_ms,
		max(held->since_ms + ttl_ms,
			last_look_ms(held) + min(CFS_STILL_LOOK_MS, ttl_ms / 20)));
}

static void start_timer(struct cfs_held *held)
{
	cfs_timer_start(held->still->loop, &held->end, max(end_ms(held) - cfs_clock_ms(), 0));
}

static void at_end(void *arg)
{
	struct cfs_held *held = arg;

	if (is_in_use(held))
		/* Whoever looks after it is closed finds it too old; else it goes then. */
		cfs_timer_start(held->still->loop, &held->end, held->still->config->still_ttl_ms);
	else if (end_ms(held) > cfs_clock_ms())
		start_timer(held);
	else
		let_go(held);
}

static bool is_current(const struct cfs_held *held)
{
	const struct cfs_node *node = held->node;

	if (node->live->wakes && node->entry->wake_writes != held->wake_writes)
		return false;
	return end_ms(held) > cfs_clock_ms();
}

/* Lets go of the oldest until the others have their bounds. `newest` stays in any case. */
static void make_room(struct cfs_still *still, const struct cfs_held *newest)
{
	struct cfs_held *next;

	for (struct cfs_held *held = still->first; held && still->bytes > still->config->still_max;
		held = next) {
		next = held->next;
		if (held != newest && held->bytes > 0 && !is_in_use(held))
			let_go(held);
	}
}

static void filled(struct cfs_held *held)
{
	/* Without the memory for a copy it stays as large as it is. */
	(void)cfs_node_trim(held->node);
	held->bytes = held->node->snapshot.cap;
	held->still->bytes += held->bytes;
	take_out(held);
	append(held);
	make_room(held->still, held);
}

static void fetched(void *arg, int result)
{
	struct cfs_held *held = arg;

	held->since_ms = cfs_clock_ms();
	if (result < 0) {
		held->failure = result;
		cfs_node_released(held->node);
	} else {
		filled(held);
	}
	start_timer(held);
	cfs_wait_end_all(&held->waits, result);
}

static int begin(struct cfs_node *node, struct cfs_held **ret_held)
{
	struct cfs_held *held = calloc(1, sizeof(*held));
	int r;

	if (!held)
		return -ENOMEM;
	held->still = cfs_nodes_still(node->nodes);
	held->node = node;
	held->wake_writes = node->entry->wake_writes;
	cfs_timer_init(&held->end, at_end, held);
	cfs_node_opened(node);
	r = cfs_fetch(node, &held->fetch, fetched, held);
	if (r < 0) {
		cfs_node_released(node);
		free(held);
		return r;
	}
	node->held = held;
	node->lookups++;
	append(held);
	*ret_held = held;
	return 0;
}

int cfs_still_look(
	struct cfs_node *node, struct cfs_wait *wait, void (*fn)(void *arg, int result), void *arg)
{
	struct cfs_held *held = node->held;
	int r;

	if (held && !node->fetch) {
		if (is_in_use(held))
			return 1;
		if (is_current(held)) {
			note_look(held);
			return held->failure ? held->failure : 1;
		}
		let_go(held);
		held = NULL;
	}
	r = held ? 0 : begin(node, &held);
	if (r == 0)
		cfs_wait_enter(&held->waits, wait, fn, arg);
	return r;
}

void cfs_still_leave(struct cfs_node *node, struct cfs_wait *wait)
{
	struct cfs_held *held = node->held;

	cfs_wait_leave(wait);
	if (!held || !node->fetch || held->waits)
		return;
	cfs_fetch_leave(node, &held->fetch);
	let_go(held);
}

void cfs_still_opened(struct cfs_node *node)
{
	struct cfs_held *held = node->held;

	if (!held)
		return;
	forget_look(held);
	if (!held->opened) {
		held->opened = true;
		start_timer(held);
	}
}
