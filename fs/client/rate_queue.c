/* SPDX-License-Identifier: MIT */
#include "fs/client/rate_queue.h"

#include "fs/base/clock.h"

static void let_through(void *arg);

void cfs_rate_queue_init(
	struct cfs_rate_queue *queue, struct cfs_loop *loop, struct cfs_rate documented)
{
	*queue = (struct cfs_rate_queue){.loop = loop};
	cfs_rate_adaptive_init(&queue->rate, documented, cfs_clock_ms());
	cfs_timer_init(&queue->timer, let_through, queue);
}

void cfs_rate_queue_finish(struct cfs_rate_queue *queue)
{
	cfs_timer_stop(&queue->timer);
}

static void let_through(void *arg)
{
	struct cfs_rate_queue *queue = arg;
	struct cfs_rate_ticket *ticket;
	int64_t delay;

	while ((ticket = queue->first)) {
		delay = cfs_rate_adaptive_take(&queue->rate, cfs_clock_ms());
		if (delay > 0) {
			cfs_timer_start(queue->loop, &queue->timer, delay);
			return;
		}
		cfs_rate_queue_leave(ticket);
		ticket->fn(ticket->arg);
	}
}

bool cfs_rate_queue_enter(
	struct cfs_rate_queue *queue, struct cfs_rate_ticket *ticket, void (*fn)(void *), void *arg)
{
	int64_t delay;

	if (!queue->first) {
		delay = cfs_rate_adaptive_take(&queue->rate, cfs_clock_ms());
		if (delay == 0)
			return true;
		cfs_timer_start(queue->loop, &queue->timer, delay);
	}
	*ticket =
		(struct cfs_rate_ticket){.queue = queue, .prev = queue->last, .fn = fn, .arg = arg};
	*(queue->last ? &queue->last->next : &queue->first) = ticket;
	queue->last = ticket;
	return false;
}

void cfs_rate_queue_leave(struct cfs_rate_ticket *ticket)
{
	struct cfs_rate_queue *queue = ticket->queue;

	if (!queue)
		return;
	*(ticket->prev ? &ticket->prev->next : &queue->first) = ticket->next;
	*(ticket->next ? &ticket->next->prev : &queue->last) = ticket->prev;
	ticket->queue = NULL;
	if (!queue->first)
		cfs_timer_stop(&queue->timer);
}

void cfs_rate_queue_flush(struct cfs_rate_queue *queue)
{
	/* Move the tickets to a queue of their own, so that calls that come back meanwhile are not
	 * let through too. */
	struct cfs_rate_queue open = {.first = queue->first, .last = queue->last};
	struct cfs_rate_ticket *ticket;

	for (struct cfs_rate_ticket *each = queue->first; each; each = each->next)
		each->queue = &open;
	queue->first = queue->last = NULL;
	cfs_timer_stop(&queue->timer);
	while ((ticket = open.first)) {
		cfs_rate_queue_leave(ticket);
		ticket->fn(ticket->arg);
	}
}

void cfs_rate_queue_answered(struct cfs_rate_queue *queue, bool refused, int64_t sent_ms)
{
	double before = cfs_rate_adaptive_rate(&queue->rate);

	cfs_rate_adaptive_answered(&queue->rate, refused, sent_ms, cfs_clock_ms());
	/* The timer was set for the old rate: compute it again. */
	if (queue->first && cfs_rate_adaptive_rate(&queue->rate) != before)
		cfs_timer_start(queue->loop, &queue->timer, 0);
}
