/*
 * A call: one question put to a cloud, with its retries.
 *
 * States: keys -> gate -> sending -> done, and from sending back to keys by way of a pause when the
 * attempt failed in a way that may pass. Each attempt is signed anew. Time spent at the gate does
 * not count against the cloud's `timeout`; all other time does. One that is refused because of this
 * machine's clock is tried again once, at once, with the cloud's time. When time runs out in an
 * attempt that had little of it left, the error is that of the attempt before.
 */
#ifndef CFS_CALL_H
#define CFS_CALL_H

#include "backends/backend.h"
#include "fs/cloud.h"

struct cfs_series;

/* Belongs to the caller, stays in place until done or cancelled. Opaque. */
struct cfs_call {
	struct cfs_cloud *cloud; /* NULL when not under way */
	struct cfs_question question;
	struct cfs_sink *sink;
	void (*done)(void *arg, const struct cfs_error *error);
	void *arg;
	unsigned attempts;
	bool passed_gate; /* this attempt */
	bool learnt_time; /* was tried again with the cloud's time */
	int64_t left_ms;  /* of the cloud's timeout */
	int64_t since_ms; /* when the clock of left_ms was last started */
	int64_t began_us;
	struct cfs_series *series; /* where it is counted */
	struct cfs_wait key_wait;
	struct cfs_ticket ticket;
	struct cfs_timer timer;    /* of a pause between attempts */
	struct cfs_timer deadline; /* while it waits for keys */
	struct cfs_transfer transfer;
	struct cfs_reader *reader;
	struct cfs_error error;
};

/*
 * Asks. The question's texts and the sink are borrowed until the call ends. Exactly one done(arg,
 * error) follows, from the loop, never from inside this function; error->fault is CFS_OK on
 * success, when the sink holds the content. The sink may be filled more than once: content is
 * emptied before each attempt, instances are delivered again.
 */
void cfs_call_start(struct cfs_call *call, struct cfs_cloud *cloud,
	const struct cfs_question *question, struct cfs_sink *sink,
	void (*done)(void *arg, const struct cfs_error *error), void *arg);

/* Ends a call without its completion, its transfer at once. Nothing happens to one that is not
 * under way. */
void cfs_call_cancel(struct cfs_call *call);

#endif
