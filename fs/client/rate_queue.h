/*
 * Gates: where calls wait their turn, so that a cloud's rates are kept.
 *
 * A cloud has one gate for each region and action, with a pace of its own (pace.h). A call that may
 * go does so at once; the others wait in the order in which they came and may leave at any time.
 */
#ifndef CFS_GATE_H
#define CFS_GATE_H

#include <stdbool.h>

#include "fs/base/loop.h"
#include "fs/client/rate_adaptive.h"

struct cfs_gate;
struct cfs_gates;

/* A place in a queue. Belongs to the caller; zeroed at first. */
struct cfs_ticket {
	struct cfs_gate *gate; /* NULL when not waiting */
	struct cfs_ticket *next, *prev;
	void (*fn)(void *arg);
	void *arg;
};

int cfs_gates_create(struct cfs_loop *loop, struct cfs_gates **ret_gates);
/* Nobody may be waiting. */
void cfs_gates_destroy(struct cfs_gates *gates);

/* The gate of that region and action, made at the first call: `rate` counts then. It lives as long
 * as the gates. NULL without memory. */
struct cfs_gate *cfs_gates_find(
	struct cfs_gates *gates, const char *region, const char *action, struct cfs_rate rate);

/* true: go ahead. false: the ticket waits, and fn(arg) is called once when it may go ahead. */
bool cfs_gate_enter(
	struct cfs_gate *gate, struct cfs_ticket *ticket, void (*fn)(void *), void *arg);
/* Leaves the queue, if the ticket is in one. */
void cfs_ticket_leave(struct cfs_ticket *ticket);
/* Lets all through who wait now, whatever the pace: they will not go far. */
void cfs_gate_open(struct cfs_gate *gate);
/* An attempt that went through was sent at sent_ms and has been answered, `refused`: by the cloud's
 * rate limit. */
void cfs_gate_answered(struct cfs_gate *gate, bool refused, int64_t sent_ms);

/* Calls fn for every gate: its pace in calls a second, and whether it is below the documented one
 * because the cloud has refused calls. */
void cfs_gates_each(const struct cfs_gates *gates,
	void (*fn)(void *arg, const char *region, const char *action, double pace, bool reduced),
	void *arg);

#endif
