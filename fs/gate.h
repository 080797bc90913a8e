/*
 * Gates: where calls wait their turn so that a cloud's documented rates are kept.
 *
 * A cloud has one gate for each region and action. A call that finds a token goes through at once;
 * the others wait in the order in which they came and may leave at any time.
 */
#ifndef CFS_GATE_H
#define CFS_GATE_H

#include <stdbool.h>

#include "fs/loop.h"
#include "fs/rate.h"

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

/*
 * 1: go ahead. 0: the ticket waits, and fn(arg) is called once when it may go ahead. -ENOMEM.
 * `rate` counts when the gate is first used.
 */
int cfs_gates_enter(struct cfs_gates *gates, const char *region, const char *action,
	struct cfs_rate rate, struct cfs_ticket *ticket, void (*fn)(void *), void *arg);
/* Leaves the queue, if the ticket is in one. */
void cfs_ticket_leave(struct cfs_ticket *ticket);

#endif
