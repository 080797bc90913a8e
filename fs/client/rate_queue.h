/* SPDX-License-Identifier: MIT */
/*
 * A rate queue: delays the calls of one endpoint so that they stay within the cloud's rate limit.
 *
 * A call within the limit goes ahead at once. The others wait in first-in, first-out order and may
 * leave at any time.
 */
#ifndef CFS_FS_CLIENT_RATE_QUEUE_H
#define CFS_FS_CLIENT_RATE_QUEUE_H

#include <stdbool.h>

#include "fs/base/loop.h"
#include "fs/client/rate_adaptive.h"

struct cfs_rate_ticket;

struct cfs_rate_queue {
	struct cfs_loop *loop;
	struct cfs_rate_adaptive rate;
	struct cfs_timer timer; /* until the first call may go; armed while a call waits */
	struct cfs_rate_ticket *first, *last;
};

/* A place in a queue. Owned by the caller; zeroed at first. */
struct cfs_rate_ticket {
	struct cfs_rate_queue *queue; /* NULL when not waiting */
	struct cfs_rate_ticket *next, *prev;
	void (*fn)(void *arg);
	void *arg;
};

/* `documented` is the rate it starts with. The queue must not be moved. */
void cfs_rate_queue_init(
	struct cfs_rate_queue *queue, struct cfs_loop *loop, struct cfs_rate documented);
/* No ticket may be waiting. */
void cfs_rate_queue_finish(struct cfs_rate_queue *queue);

/* true: the call may go now. false: the ticket waits, and fn(arg) is called once when it may go. */
bool cfs_rate_queue_enter(struct cfs_rate_queue *queue, struct cfs_rate_ticket *ticket,
	void (*fn)(void *), void *arg);
/* Leaves the queue, if the ticket is in one. */
void cfs_rate_queue_leave(struct cfs_rate_ticket *ticket);
/* Lets all waiting calls go now, regardless of the rate: the breaker is going to refuse them. */
void cfs_rate_queue_flush(struct cfs_rate_queue *queue);
/* Reports any answer to an attempt that was sent at sent_ms; `refused`: by the cloud's rate
 * limit. */
void cfs_rate_queue_answered(struct cfs_rate_queue *queue, bool refused, int64_t sent_ms);

#endif
