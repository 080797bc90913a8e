/* SPDX-License-Identifier: MIT */
/*
 * A probe: a cheap request that only finds out whether a cloud answers at all.
 *
 * It is a single attempt that bypasses the rate limit and the breaker. The content of the answer is
 * ignored.
 */
#ifndef CFS_FS_CLIENT_PROBE_H
#define CFS_FS_CLIENT_PROBE_H

#include "fs/base/wait.h"
#include "fs/client/attempt.h"

/* Owned by the caller, who must not move it until it is done or cancelled. Opaque except for
 * `client`. */
struct cfs_probe {
	struct cfs_client *client; /* NULL when not in progress */
	const struct cfs_question *question;
	struct cfs_attempt attempt;
	struct cfs_wait wait;   /* for credentials */
	struct cfs_timer timer; /* until the probe begins, then the limit of that wait */
	int64_t ends_ms;        /* cfs_clock_ms */
	struct cfs_sink sink;
	struct cfs_buf content;
	void (*done)(void *arg, bool sent, const struct cfs_error *error);
	void *arg;
};

/* The question to probe with in place of another: the same action, but without side effects and
 * with a short answer. */
struct cfs_question cfs_probe_question(const struct cfs_question *question);

/* Sends the question, which is borrowed until the probe ends. done(arg, sent, error) is called
 * exactly once, from the loop, within timeout_ms, unless the probe is cancelled. If it could not be
 * sent, error says why. */
void cfs_probe_start(struct cfs_probe *probe, struct cfs_client *client,
	const struct cfs_question *question, int64_t timeout_ms,
	void (*done)(void *arg, bool sent, const struct cfs_error *error), void *arg);
/* Ends the probe at once without calling done. Does nothing if it is not in progress. */
void cfs_probe_cancel(struct cfs_probe *probe);

#endif
