/*
 * A rate queue: where the calls of one endpoint wait their turn, so that a cloud's rate limit is
 * kept.
 *
 * A call that may go does so at once; the others wait in the order in which they came and may leave
 * at any time.
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
	struct cfs_timer timer; /* armed while a call waits */
	struct cfs_rate_ticket *first, *last;
};

/* A place in a queue. Belongs to the caller; zeroed at first. */
struct cfs_rate_ticket {
	struct cfs_rate_queue *queue; /* NULL when not waiting */
	struct cfs_rate_ticket *next, *prev;
	void (*fn)(void *arg);
	void *arg;
};

/* `documented`: the rate from which it starts. The queue stays in place. */
void cfs_rate_queue_init(
	struct cfs_rate_queue *queue, struct cfs_loop *loop, struct cfs_rate documented);
/* Nobody may be waiting. */
void cfs_rate_queue_finish(struct cfs_rate_queue *queue);

/* true: the call may go. false: the ticket waits, and fn(arg) is called once when it may go. */
bool cfs_rate_queue_enter(struct cfs_rate_queue *queue, struct cfs_rate_ticket *ticket,
	void (*fn)(void *), void *arg);
/* Leaves the queue, if the ticket is in one. */
void cfs_rate_queue_leave(struct cfs_rate_ticket *ticket);
/* Lets all through that wait now, whatever the rate: they will be refused. */
void cfs_rate_queue_flush(struct cfs_rate_queue *queue);
/* An attempt that went through was sent at sent_ms and has been answered; `refused`: by the cloud's
 * rate limit. */
void cfs_rate_queue_answered(struct cfs_rate_queue *queue, bool refused, int64_t sent_ms);

#endif
