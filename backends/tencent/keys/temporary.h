/* SPDX-License-Identifier: MIT */
/*
 * Temporary keys as STS and the metadata service of Tencent Cloud give them, as a step.
 */
#ifndef CFS_BACKENDS_TENCENT_KEYS_TEMPORARY_H
#define CFS_BACKENDS_TENCENT_KEYS_TEMPORARY_H

#include "backends/contract/credentials.h"

/*
 * KEYS or FAILED. `r` is what came of filling *keys, as for cfs_step_keys, or -EBADMSG if the
 * answer of `who` holds none. Keys that have expired already are CFS_CLOCK_SKEW if the time of the
 * service, `date` (0: unknown), is far from `now`, else CFS_EXPIRED. *keys are taken over.
 */
void cfs_tencent_temporary_keys(struct cfs_step *ret_step, int r, struct cfs_keys *keys,
	int64_t now, int64_t date, const char *who, const char *where);

/*
 * FAILED: `who` refused to give keys for `where`. Only the code of the error is shown: its message
 * may quote what was sent. The fault is that of the code where this is about time, limits and the
 * service itself; anything else is CFS_UNAUTHENTICATED, as no key came of it.
 */
void cfs_tencent_temporary_refused(struct cfs_step *ret_step, const struct cfs_error *error,
	const char *who, const char *where);

#endif
