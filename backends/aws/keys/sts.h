/* SPDX-License-Identifier: MIT */
/*
 * The Security Token Service, which gives out keys for roles.
 *
 * Source: the STS API reference, version 2011-06-15: AssumeRole, AssumeRoleWithWebIdentity.
 */
#ifndef CFS_BACKENDS_AWS_KEYS_STS_H
#define CFS_BACKENDS_AWS_KEYS_STS_H

#include "backends/aws/api/endpoints.h"
#include "backends/contract/credentials.h"

/* What is asked for. */
struct cfs_aws_sts_role {
	const char *arn;
	const char *session;                /* NULL: "consolefs-" and the time */
	const char *external_id, *duration; /* NULL: none */
	const char *web_identity; /* a token of another issuer's, with which nothing is signed */
};

/* The request for a role's keys. keys are NULL with a web identity. Errors are those of
 * cfs_aws_query_finish. */
int cfs_aws_sts_request(const struct cfs_aws_endpoints *endpoints,
	const struct cfs_aws_sts_role *role, const struct cfs_keys *keys, int64_t now,
	struct cfs_http_request *ret_request);

/* Reads the answer. *ret_error is CFS_OK if it gave keys, which are then the caller's to finish. */
void cfs_aws_sts_read(const struct cfs_step_answer *answer, struct cfs_keys *ret_keys,
	struct cfs_error *ret_error);

#endif
