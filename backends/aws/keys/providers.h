/* SPDX-License-Identifier: MIT */
/*
 * The chain of credential providers of AWS: where keys are looked for, in this order.
 *
 * The order of the chain, and that of the sources within a profile, are those of botocore and the
 * AWS CLI. The environment is skipped when the settings (not just AWS_PROFILE) name a profile. A
 * profile that assumes a role comes before AWS_WEB_IDENTITY_TOKEN_FILE, every other after it: then
 * its provider is absent, in favour of the next.
 */
#ifndef CFS_BACKENDS_AWS_KEYS_PROVIDERS_H
#define CFS_BACKENDS_AWS_KEYS_PROVIDERS_H

#include "backends/contract/credentials.h"

extern const struct cfs_provider cfs_aws_provider_environment;
extern const struct cfs_provider cfs_aws_provider_profile;
extern const struct cfs_provider cfs_aws_provider_web_identity;
extern const struct cfs_provider cfs_aws_provider_container;
extern const struct cfs_provider cfs_aws_provider_metadata;

/* All, NULL-terminated. */
extern const struct cfs_provider *const cfs_aws_providers[];

#endif
