/* SPDX-License-Identifier: MIT */
/*
 * The places where the AWS tools keep keys or get them from: each is a source of keys, in the file
 * <name>.c.
 *
 * Source: "Standardized credential providers" in the AWS SDKs and Tools reference guide.
 */
#ifndef CFS_BACKENDS_AWS_KEYS_SOURCES_H
#define CFS_BACKENDS_AWS_KEYS_SOURCES_H

#include "backends/aws/api/config.h"
#include "backends/contract/source.h"

/* Milliseconds that STS and IAM Identity Center, or a process, may take. */
#define CFS_AWS_SERVICE_TIMEOUT_MS 15000
#define CFS_AWS_PROCESS_TIMEOUT_MS 60000

/* As cfs_source_open_fn, for a profile of a configuration that has been read and outlives the
 * source. */
typedef bool cfs_aws_open_fn(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step);

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION. */
cfs_aws_open_fn cfs_aws_environment_open;
/* aws_access_key_id and its like, in the one file and in the other. */
cfs_aws_open_fn cfs_aws_static_open_credentials;
cfs_aws_open_fn cfs_aws_static_open_config;
/* credential_process: a program of the user's that writes keys. */
cfs_aws_open_fn cfs_aws_process_open;
/* web_identity_token_file and role_arn of the profile; with AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME
 * before the profile's own, unless the settings name a profile. */
cfs_aws_open_fn cfs_aws_web_identity_open;
/* sso_session, or sso_start_url and sso_region; sso_account_id, sso_role_name. */
cfs_aws_open_fn cfs_aws_sso_open;
/* login_session: what `aws login` has signed in as. */
cfs_aws_open_fn cfs_aws_login_open;
/* role_arn with the keys of source_profile or credential_source, and so on down. */
cfs_aws_open_fn cfs_aws_role_open;
/* AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI. */
cfs_aws_open_fn cfs_aws_container_open;
/* The instance metadata service, version 2 of it. */
cfs_aws_open_fn cfs_aws_metadata_open;

/* The first of these that the profile configures, role aside. ABSENT if none. */
cfs_aws_open_fn cfs_aws_profile_open;

/* Whether the profile assumes a role with other keys. */
bool cfs_aws_role_has(const struct cfs_aws_config *config, const char *profile);

#endif
