/* SPDX-License-Identifier: MIT */
/*
 * Which endpoints an account uses, for each service that is asked: the cloud itself and those that
 * give credentials out.
 *
 * Source: "Service-specific endpoints", "Dual-stack and FIPS endpoints" and "AWS STS Regional
 * endpoints" in the AWS SDKs and Tools reference guide.
 *
 * A configured URL comes from, in this order: the settings (EC2 only); AWS_ENDPOINT_URL_<SERVICE>;
 * AWS_ENDPOINT_URL; `endpoint_url` of the service in the `services` section that the profile names;
 * `endpoint_url` of the profile. All but the first are disregarded when
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS or `ignore_configured_endpoint_urls` is true. It serves every
 * region, and FIPS and dual stack do not change it.
 *
 * STS is asked in the region, as newer SDKs do it; only with AWS_STS_REGIONAL_ENDPOINTS or
 * `sts_regional_endpoints` set to `legacy` is it asked at its global endpoint from the regions that
 * existed before there were others. Without a region it is the global one.
 */
#ifndef CFS_BACKENDS_AWS_API_ENDPOINTS_H
#define CFS_BACKENDS_AWS_API_ENDPOINTS_H

#include <stdbool.h>

#include "backends/aws/api/config.h"
#include "backends/aws/api/endpoint.h"
#include "backends/contract/backend.h"

enum cfs_aws_service {
	CFS_AWS_EC2,
	CFS_AWS_STS,
	CFS_AWS_SSO,
	CFS_AWS_SSO_OIDC,
	CFS_AWS_SIGNIN,
	CFS_AWS_N_SERVICES,
};

/* Opaque, except for region and ca_file. */
struct cfs_aws_endpoints {
	char region[CFS_REGION_MAX]; /* "" when none is configured */
	char *ca_file;               /* NULL: the system's authorities */
	bool fips, dual_stack, legacy_sts;
	bool configured[CFS_AWS_N_SERVICES];
	struct cfs_aws_endpoint endpoint[CFS_AWS_N_SERVICES]; /* with configured */
	const char *wrong[CFS_AWS_N_SERVICES];                /* with its configured URL */
	char from[CFS_AWS_N_SERVICES][64];                    /* where that comes from */
};

/* A place to ask, and the region to sign for. */
struct cfs_aws_target {
	struct cfs_aws_endpoint endpoint;
	char region[CFS_REGION_MAX];
};

/* To be zeroed before. 0; -EINVAL with a sentence in why that names the setting; -ENOMEM. On
 * failure too the caller finishes it. */
int cfs_aws_endpoints_load(struct cfs_aws_endpoints *endpoints, const struct cfs_aws_config *config,
	struct cfs_buf *why);
void cfs_aws_endpoints_finish(struct cfs_aws_endpoints *endpoints);

/* Whether the service can be asked: -EINVAL, with a sentence in why, if its URL is none. */
int cfs_aws_endpoints_check(const struct cfs_aws_endpoints *endpoints, enum cfs_aws_service service,
	struct cfs_buf *why);

/* Where a service that can be asked answers for a region; "" for the account's own, or else for the
 * one that the commercial cloud is asked in. */
void cfs_aws_endpoints_target(const struct cfs_aws_endpoints *endpoints,
	enum cfs_aws_service service, const char *region, struct cfs_aws_target *ret_target);

/* The service's name in the scope of a signature. */
const char *cfs_aws_endpoints_signing_name(enum cfs_aws_service service);

#endif
