/* SPDX-License-Identifier: MIT */
/*
 * Turns questions into signed requests to EC2, or to STS for GetCallerIdentity. Also tells which
 * action and which permission answer a question, and how often EC2 allows it.
 */
#ifndef CFS_BACKENDS_AWS_EC2_REQUEST_H
#define CFS_BACKENDS_AWS_EC2_REQUEST_H

#include "backends/contract/backend.h"

#define CFS_AWS_API_VERSION "2016-11-15"
#define CFS_AWS_LIST_SIZE 1000 /* instances of one answer: the most EC2 allows */

/* Slots of the backend, described in backends/contract/backend.h. */
const char *cfs_aws_request_action(const struct cfs_question *question);
const char *cfs_aws_request_permission(const struct cfs_question *question);
struct cfs_rate cfs_aws_request_rate(const struct cfs_question *question);
int cfs_aws_request(const struct cfs_account *account, const struct cfs_question *question,
	const struct cfs_keys *keys, int64_t now, struct cfs_http_request *ret_request);

#endif
