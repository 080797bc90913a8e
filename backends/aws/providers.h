/*
 * Where the AWS tools keep keys, each as backends/credentials.h has it.
 *
 * Source: "Standardized credential providers" in the AWS SDKs and Tools reference guide.
 */
#ifndef CFS_AWS_PROVIDERS_H
#define CFS_AWS_PROVIDERS_H

#include "backends/credentials.h"

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION. Absent
 * when the settings name a profile; AWS_PROFILE is no such setting. */
extern const struct cfs_provider cfs_aws_provider_environment;

/* Static keys of a profile. One that gets its keys in another way fails, rather than let a later
 * provider sign in as somebody else. */
extern const struct cfs_provider cfs_aws_provider_profile;

#endif
