/*
 * One configured AWS account: where its API is, and what its listing is narrowed to. Slots of the
 * backend, as backends/backend.h has them.
 */
#ifndef CFS_AWS_ACCOUNT_H
#define CFS_AWS_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "backends/aws/endpoint.h"
#include "backends/aws/filters.h"
#include "backends/backend.h"

struct cfs_account {
	bool has_endpoint;                /* else every region has its own */
	struct cfs_aws_endpoint endpoint; /* with has_endpoint */
	char *ca_file;                    /* NULL: the system's authorities */
	char *region;                     /* "" when none is configured */
	char *filters[CFS_AWS_FILTERS_MAX];
	size_t n_filters;
};

extern const char *const cfs_aws_account_keys[];
const char *cfs_aws_account_check(const char *key, const char *value);

/*
 * The endpoint: settings, AWS_ENDPOINT_URL_EC2, AWS_ENDPOINT_URL (both unless
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true). The CA file: settings, AWS_CA_BUNDLE. The region:
 * AWS_REGION, AWS_DEFAULT_REGION, the profile's `region`.
 */
int cfs_aws_account_create(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_account **ret_account, struct cfs_buf *why);
void cfs_aws_account_destroy(struct cfs_account *account);
const char *cfs_aws_account_ca_file(const struct cfs_account *account);
int cfs_aws_account_region(const struct cfs_account *account, const char **ret_region);

/* The endpoint that answers for a region. */
void cfs_aws_account_endpoint(const struct cfs_account *account, const char *region,
	struct cfs_aws_endpoint *ret_endpoint);

#endif
