#include "fs/client/rate_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"

struct cfs_rate_queue {
	struct cfs_rate_queue *next;
	struct cfs_rate_queues *queues;
	struct cfs_rate_adaptive adaptive;
	struct cfs_timer timer; /* armed while somebody waits */
	struct cfs_rate_ticket *first, *last;
	const char *action; /* static text of the backend */
	char region[CFS_REGION_MAX + 1];
};

struct cfs_rate_queues {
	struct cfs_loop *loop;
	struct cfs_rate_queue *first; /* regions times actions: a few dozen at the most */
};

int cfs_rate_queues_create(struct cfs_loop *loop, struct cfs_rate_queues **ret_queues)
{
	struct cfs_rate_queues *queues;

	queues = calloc(1, sizeof(*queues));
	if (!queues)
		return -ENOMEM;
	queues->loop = loop;
	*ret_queues = queues;
	return 0;
}

void cfs_rate_queues_destroy(struct cfs_rate_queues *queues)
{
	struct cfs_rate_queue *queue;

	if (!queues)
		return;
	while ((queue = queues->first)) {
		queues->first = queue->next;
		cfs_timer_stop(&queue->timer);
		free(queue);
	}
	free(queues);
}

static void let_through(void *arg)
{
	struct cfs_rate_queue *queue = arg;
	struct cfs_rate_ticket *ticket;
	int64_t delay;

	while ((ticket = queue->first)) {
		delay = cfs_rate_adaptive_take(&queue->adaptive, cfs_clock_ms());
		if (delay > 0) {
			cfs_timer_start(queue->queues->loop, &queue->timer, delay);
			return;
		}
		cfs_rate_queue_leave(ticket);
		ticket->fn(ticket->arg);
	}
}

struct cfs_rate_queue *cfs_rate_queues_find(struct cfs_rate_queues *queues, const char *region,
	const char *action, struct cfs_rate rate)
{
	struct cfs_rate_queue *queue;

	for (queue = queues->first; queue; queue = queue->next)
		if (strcmp(queue->region, region) == 0 && strcmp(queue->action, action) == 0)
			return queue;
	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return NULL;
	queue->queues = queues;
	queue->action = action;
	strncpy(queue->region, region, CFS_REGION_MAX);
	cfs_rate_adaptive_init(&queue->adaptive, rate, cfs_clock_ms());
	cfs_timer_init(&queue->timer, let_through, queue);
	queue->next = queues->first;
	queues->first = queue;
	return queue;
}

bool cfs_rate_queue_enter(
	struct cfs_rate_queue *queue, struct cfs_rate_ticket *ticket, void (*fn)(void *), void *arg)
{
	int64_t delay;

	if (!queue->first) {
		delay = cfs_rate_adaptive_take(&queue->adaptive, cfs_clock_ms());
		if (delay == 0)
			return true;
		cfs_timer_start(queue->queues->loop, &queue->timer, delay);
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
	/* They wait at a gate of their own, so that who comes back meanwhile is not among them. */
	struct cfs_rate_queue open = {.first = queue->first, .last = queue->last};
	struct cfs_rate_ticket *ticket;

	for (ticket = queue->first; ticket; ticket = ticket->next)
		ticket->queue = &open;
	queue->first = queue->last = NULL;
	cfs_timer_stop(&queue->timer);
	while ((ticket = open.first)) {
		cfs_rate_queue_leave(ticket);
		ticket->fn(ticket->arg);
	}
}

void cfs_rate_queue_answered(struct cfs_rate_queue *queue, bool refused, int64_t sent_ms)
{
	double before = cfs_rate_adaptive_rate(&queue->adaptive);

	cfs_rate_adaptive_answered(&queue->adaptive, refused, sent_ms, cfs_clock_ms());
	/* The time that the first in the queue was told is no longer right. */
	if (queue->first && cfs_rate_adaptive_rate(&queue->adaptive) != before)
		cfs_timer_start(queue->queues->loop, &queue->timer, 0);
}

void cfs_rate_queues_each(const struct cfs_rate_queues *queues,
	void (*fn)(
		void *arg, const char *region, const char *action, double adaptive, bool reduced),
	void *arg)
{
	const struct cfs_rate_queue *queue;

	for (queue = queues->first; queue; queue = queue->next)
		fn(arg, queue->region, queue->action, cfs_rate_adaptive_rate(&queue->adaptive),
			queue->adaptive.reduced);
}
