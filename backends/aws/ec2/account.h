/*
 * One configured AWS account: where its APIs are, and what its listing is narrowed to. Slots of the
 * backend, as backends/contract/backend.h has them.
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

/* What the files and variables of the AWS tools say is read here, once: see endpoints.h. */
int cfs_aws_account_create(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_account **ret_account, struct cfs_buf *why);
void cfs_aws_account_destroy(struct cfs_account *account);
const char *cfs_aws_account_ca_file(const struct cfs_account *account);
int cfs_aws_account_region(const struct cfs_account *account, const char **ret_region);

/* Where a question is asked. */
void cfs_aws_account_target(const struct cfs_account *account, const struct cfs_question *question,
	enum cfs_aws_service *ret_service, struct cfs_aws_target *ret_target);

#endif
