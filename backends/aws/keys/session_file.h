/* SPDX-License-Identifier: MIT */
/*
 * The file in which the AWS CLI keeps what somebody has signed in with: a token, and what it takes to
 * renew it. All tools of the user share it, and each writes back what it has renewed, because the new
 * token makes the old one invalid.
 *
 * So who renews reads the file again before writing it, and leaves it alone if another has changed
 * it meanwhile.
 */
#ifndef CFS_BACKENDS_AWS_KEYS_SESSION_FILE_H
#define CFS_BACKENDS_AWS_KEYS_SESSION_FILE_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "backends/contract/credentials.h"

/* The file's object, which the caller wipes. -EBADMSG: it has none; what read_file of the env says;
 * -ENOMEM. */
int cfs_aws_session_file_load(const struct cfs_env *env, const char *path, cJSON **ret_session);

/* Whether both have the n members that renewing takes, and the same texts in them. */
bool cfs_aws_session_file_is_same(
	const cJSON *a, const cJSON *b, const char *const *members, size_t n);

/* Fills *ret_step with a WRITE of the session; or nothing, -EFBIG, -ENOMEM. */
int cfs_aws_session_file_write(const char *path, const cJSON *session, struct cfs_step *ret_step);

/* The seconds that the cloud is ahead of this host. Times in these files were written by this host's
 * clock, while keys expire by the cloud's, which is `now`. */
int64_t cfs_aws_session_file_skew(const struct cfs_env *env, int64_t now);

#endif
