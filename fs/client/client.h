/* SPDX-License-Identifier: MIT */
/*
 * A client: makes the API calls of one account, and holds what they share: credentials, rate
 * limits, breakers and counters.
 */
#ifndef CFS_FS_CLIENT_CLIENT_H
#define CFS_FS_CLIENT_CLIENT_H

#include "fs/client/client_data.h"

/* 0; -EINVAL, with a sentence in `why`; -ENOMEM. The runtime is borrowed for the client's life. */
int cfs_client_create(const struct cfs_runtime *runtime, const struct cfs_client_config *config,
	struct cfs_client **ret_client, struct cfs_buf *why);
/* No call may be in progress. Accepts NULL. */
void cfs_client_destroy(struct cfs_client *client);

/* Records a failed call as the client's last failure, logs it, and fills *ret_failure.
 * in_catalogue: the question is about an instance that is listed (see failure.h). */
void cfs_client_failed(struct cfs_client *client, const struct cfs_question *question,
	const struct cfs_error *error, bool in_catalogue, struct cfs_failure *ret_failure);

#endif
