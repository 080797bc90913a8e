/* SPDX-License-Identifier: MIT */
/*
 * One configured AWS account: the endpoints of its APIs and the filters of its listing. The functions
 * are slots of the backend, described in backends/contract/backend.h.
 */
#ifndef CFS_BACKENDS_AWS_EC2_ACCOUNT_H
#define CFS_BACKENDS_AWS_EC2_ACCOUNT_H

#include <stddef.h>

#include "backends/aws/api/endpoints.h"
#include "backends/aws/ec2/filters.h"
#include "backends/contract/backend.h"

struct cfs_account {
	struct cfs_aws_endpoints endpoints;
	char *filters[CFS_AWS_FILTERS_MAX];
	size_t n_filters;
};

extern const struct cfs_setting cfs_aws_account_settings[];

/* Reads the files and variables that the AWS tools share, this once: see endpoints.h. */
int cfs_aws_account_create(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_account **ret_account, struct cfs_buf *why);
void cfs_aws_account_destroy(struct cfs_account *account);
const char *cfs_aws_account_ca_file(const struct cfs_account *account);
int cfs_aws_account_region(const struct cfs_account *account, const char **ret_region);

/* The endpoint for a question. */
void cfs_aws_account_target(const struct cfs_account *account, const struct cfs_question *question,
	enum cfs_aws_service *ret_service, struct cfs_aws_target *ret_target);

#endif
