/*
 * A probe: a cheap question of our own that tells whether a cloud answers at all.
 *
 * It is a single attempt, made outside the rate limit and whether or not the cloud is thought to be
 * down. What the answer says is not looked at.
 */
#ifndef CFS_FS_CLIENT_PROBE_H
#define CFS_FS_CLIENT_PROBE_H

#include "fs/base/wait.h"
#include "fs/client/attempt.h"

/* Belongs to the caller, stays in place until done or cancelled. Opaque but for `client`. */
struct cfs_probe {
	struct cfs_client *client; /* NULL when not under way */
	const struct cfs_question *question;
	struct cfs_attempt attempt;
	struct cfs_wait wait;   /* for credentials */
	struct cfs_timer timer; /* until it begins, then the limit of that wait */
	int64_t ends_ms;        /* cfs_clock_ms */
	struct cfs_sink sink;
	struct cfs_buf content;
	void (*done)(void *arg, bool sent, const struct cfs_error *error);
	void *arg;
};

/* The question that stands for another in a probe: its action, without its effect or the length of
 * its answer. */
struct cfs_question cfs_probe_question(const struct cfs_question *question);

/* Asks the question, which is borrowed until the end. Exactly one done(arg, sent, error) follows
 * within timeout_ms, from the loop, unless the probe is cancelled before; not sent: error says why
 * not. */
void cfs_probe_start(struct cfs_probe *probe, struct cfs_client *client,
	const struct cfs_question *question, int64_t timeout_ms,
	void (*done)(void *arg, bool sent, const struct cfs_error *error), void *arg);
/* Ends it at once, without its completion. Nothing happens to one that is not under way. */
void cfs_probe_cancel(struct cfs_probe *probe);

#endif
