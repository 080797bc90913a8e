/*
 * Gates: where calls wait their turn, so that a cloud's rates are kept.
 *
 * A cloud has one gate for each region and action, with a pace of its own (pace.h). A call that may
 * go does so at once; the others wait in the order in which they came and may leave at any time.
 */
#ifndef CFS_FS_CLIENT_RATE_QUEUE_H
#define CFS_FS_CLIENT_RATE_QUEUE_H

#include <stdbool.h>

#include "fs/base/loop.h"
#include "fs/client/rate_adaptive.h"

struct cfs_rate_queue;
struct cfs_rate_queues;

/* A place in a queue. Belongs to the caller; zeroed at first. */
struct cfs_rate_ticket {
	struct cfs_rate_queue *queue; /* NULL when not waiting */
	struct cfs_rate_ticket *next, *prev;
	void (*fn)(void *arg);
	void *arg;
};

int cfs_rate_queues_create(struct cfs_loop *loop, struct cfs_rate_queues **ret_queues);
/* Nobody may be waiting. */
void cfs_rate_queues_destroy(struct cfs_rate_queues *queues);

/* The gate of that region and action, made at the first call: `rate` counts then. It lives as long
 * as the gates. NULL without memory. */
struct cfs_rate_queue *cfs_rate_queues_find(struct cfs_rate_queues *queues, const char *region,
	const char *action, struct cfs_rate rate);

/* true: go ahead. false: the ticket waits, and fn(arg) is called once when it may go ahead. */
bool cfs_rate_queue_enter(struct cfs_rate_queue *queue, struct cfs_rate_ticket *ticket,
	void (*fn)(void *), void *arg);
/* Leaves the queue, if the ticket is in one. */
void cfs_rate_queue_leave(struct cfs_rate_ticket *ticket);
/* Lets all through who wait now, whatever the pace: they will not go far. */
void cfs_rate_queue_flush(struct cfs_rate_queue *queue);
/* An attempt that went through was sent at sent_ms and has been answered, `refused`: by the cloud's
 * rate limit. */
void cfs_rate_queue_answered(struct cfs_rate_queue *queue, bool refused, int64_t sent_ms);

/* Calls fn for every gate: its pace in calls a second, and whether it is below the documented one
 * because the cloud has refused calls. */
void cfs_rate_queues_each(const struct cfs_rate_queues *queues,
	void (*fn)(
		void *arg, const char *region, const char *action, double adaptive, bool reduced),
	void *arg);

#endif
