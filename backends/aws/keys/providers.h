/*
 * Where the AWS tools keep keys, or get them from: a file provider_<name>.c each.
 *
 * Source: "Standardized credential providers" in the AWS SDKs and Tools reference guide. The order
 * of the chain, and that of the ways within a profile, are those of botocore and the AWS CLI.
 */
#ifndef CFS_BACKENDS_AWS_KEYS_PROVIDERS_H
#define CFS_BACKENDS_AWS_KEYS_PROVIDERS_H

#include "backends/aws/keys/machine.h"
#include "backends/contract/credentials.h"

/*
 * The chain.
 *
 * The environment is not looked at when the settings name a profile; AWS_PROFILE is no such
 * setting. A profile that assumes a role comes before AWS_WEB_IDENTITY_TOKEN_FILE, every other
 * after it: then its provider is absent, in favour of the next.
 */
extern const struct cfs_provider cfs_aws_provider_environment;
extern const struct cfs_provider cfs_aws_provider_profile;
extern const struct cfs_provider cfs_aws_provider_web_identity;
extern const struct cfs_provider cfs_aws_provider_container;
extern const struct cfs_provider cfs_aws_provider_metadata;

/*
 * Ways to keys. Each looks at the configuration, which outlives the machine, and returns either
 * true, with a machine in *ret_machine that has not made its first step; or false, with *ret_step
 * filled: KEYS, ABSENT or FAILED.
 */
typedef bool cfs_aws_open_fn(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_aws_machine *ret_machine, struct cfs_step *ret_step);

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION. */
cfs_aws_open_fn cfs_aws_provider_environment_open;
/* aws_access_key_id and its like, in the one file and in the other. */
cfs_aws_open_fn cfs_aws_provider_static_open_credentials;
cfs_aws_open_fn cfs_aws_provider_static_open_config;
/* credential_process: a program of the user's that writes keys. */
cfs_aws_open_fn cfs_aws_provider_process_open;
/* web_identity_token_file and role_arn of the profile; with AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME
 * before the profile's own, unless the settings name a profile. */
cfs_aws_open_fn cfs_aws_provider_web_identity_open;
/* sso_session, or sso_start_url and sso_region; sso_account_id, sso_role_name. */
cfs_aws_open_fn cfs_aws_provider_sso_open;
/* role_arn with the keys of source_profile or credential_source, and so on down. */
cfs_aws_open_fn cfs_aws_provider_role_open;
/* AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI. */
cfs_aws_open_fn cfs_aws_provider_container_open;
/* The instance metadata service, version 2 of it. */
cfs_aws_open_fn cfs_aws_provider_metadata_open;

/* Whether the profile assumes a role with other keys. */
bool cfs_aws_provider_role_has(const struct cfs_aws_config *config, const char *profile);

/* Whatever way the profile has beside assuming a role. ABSENT if none. (source.c) */
cfs_aws_open_fn cfs_aws_source_open;

#endif
