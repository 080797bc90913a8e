#include "fs/client/rate_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"

struct cfs_gate {
	struct cfs_gate *next;
	struct cfs_gates *gates;
	struct cfs_pace pace;
	struct cfs_timer timer; /* armed while somebody waits */
	struct cfs_ticket *first, *last;
	const char *action; /* static text of the backend */
	char region[CFS_REGION_MAX + 1];
};

struct cfs_gates {
	struct cfs_loop *loop;
	struct cfs_gate *first; /* regions times actions: a few dozen at the most */
};

int cfs_gates_create(struct cfs_loop *loop, struct cfs_gates **ret_gates)
{
	struct cfs_gates *gates;

	gates = calloc(1, sizeof(*gates));
	if (!gates)
		return -ENOMEM;
	gates->loop = loop;
	*ret_gates = gates;
	return 0;
}

void cfs_gates_destroy(struct cfs_gates *gates)
{
	struct cfs_gate *gate;

	if (!gates)
		return;
	while ((gate = gates->first)) {
		gates->first = gate->next;
		cfs_timer_stop(&gate->timer);
		free(gate);
	}
	free(gates);
}

static void let_through(void *arg)
{
	struct cfs_gate *gate = arg;
	struct cfs_ticket *ticket;
	int64_t delay;

	while ((ticket = gate->first)) {
		delay = cfs_pace_take(&gate->pace, cfs_clock_ms());
		if (delay > 0) {
			cfs_timer_start(gate->gates->loop, &gate->timer, delay);
			return;
		}
		cfs_ticket_leave(ticket);
		ticket->fn(ticket->arg);
	}
}

struct cfs_gate *cfs_gates_find(
	struct cfs_gates *gates, const char *region, const char *action, struct cfs_rate rate)
{
	struct cfs_gate *gate;

	for (gate = gates->first; gate; gate = gate->next)
		if (strcmp(gate->region, region) == 0 && strcmp(gate->action, action) == 0)
			return gate;
	gate = calloc(1, sizeof(*gate));
	if (!gate)
		return NULL;
	gate->gates = gates;
	gate->action = action;
	strncpy(gate->region, region, CFS_REGION_MAX);
	cfs_pace_init(&gate->pace, rate, cfs_clock_ms());
	cfs_timer_init(&gate->timer, let_through, gate);
	gate->next = gates->first;
	gates->first = gate;
	return gate;
}

bool cfs_gate_enter(struct cfs_gate *gate, struct cfs_ticket *ticket, void (*fn)(void *), void *arg)
{
	int64_t delay;

	if (!gate->first) {
		delay = cfs_pace_take(&gate->pace, cfs_clock_ms());
		if (delay == 0)
			return true;
		cfs_timer_start(gate->gates->loop, &gate->timer, delay);
	}
	*ticket = (struct cfs_ticket){.gate = gate, .prev = gate->last, .fn = fn, .arg = arg};
	*(gate->last ? &gate->last->next : &gate->first) = ticket;
	gate->last = ticket;
	return false;
}

void cfs_ticket_leave(struct cfs_ticket *ticket)
{
	struct cfs_gate *gate = ticket->gate;

	if (!gate)
		return;
	*(ticket->prev ? &ticket->prev->next : &gate->first) = ticket->next;
	*(ticket->next ? &ticket->next->prev : &gate->last) = ticket->prev;
	ticket->gate = NULL;
	if (!gate->first)
		cfs_timer_stop(&gate->timer);
}

void cfs_gate_open(struct cfs_gate *gate)
{
	/* They wait at a gate of their own, so that who comes back meanwhile is not among them. */
	struct cfs_gate open = {.first = gate->first, .last = gate->last};
	struct cfs_ticket *ticket;

	for (ticket = gate->first; ticket; ticket = ticket->next)
		ticket->gate = &open;
	gate->first = gate->last = NULL;
	cfs_timer_stop(&gate->timer);
	while ((ticket = open.first)) {
		cfs_ticket_leave(ticket);
		ticket->fn(ticket->arg);
	}
}

void cfs_gate_answered(struct cfs_gate *gate, bool refused, int64_t sent_ms)
{
	double before = cfs_pace_rate(&gate->pace);

	cfs_pace_answered(&gate->pace, refused, sent_ms, cfs_clock_ms());
	/* The time that the first in the queue was told is no longer right. */
	if (gate->first && cfs_pace_rate(&gate->pace) != before)
		cfs_timer_start(gate->gates->loop, &gate->timer, 0);
}

void cfs_gates_each(const struct cfs_gates *gates,
	void (*fn)(void *arg, const char *region, const char *action, double pace, bool reduced),
	void *arg)
{
	const struct cfs_gate *gate;

	for (gate = gates->first; gate; gate = gate->next)
		fn(arg, gate->region, gate->action, cfs_pace_rate(&gate->pace),
			gate->pace.adaptive);
}
