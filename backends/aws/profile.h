/*
 * A profile of the two files that the AWS tools share: ~/.aws/config and ~/.aws/credentials.
 *
 * Source: "Shared config and credentials files" in the AWS SDKs and Tools reference guide. In the
 * config file a profile is the section `[profile NAME]`, or bare `[default]`; in the credentials
 * file it is `[NAME]`. Sections of one name are one profile, whose later values win; the
 * credentials file wins over the config file; keys are in any case.
 */
#ifndef CFS_AWS_PROFILE_H
#define CFS_AWS_PROFILE_H

#include <stdbool.h>

#include "backends/buf.h"
#include "backends/env.h"
#include "backends/secret.h"

enum cfs_aws_profile_key {
	CFS_AWS_PROFILE_REGION,
	CFS_AWS_PROFILE_ACCESS_KEY_ID,
	CFS_AWS_PROFILE_SECRET_ACCESS_KEY,
	CFS_AWS_PROFILE_SESSION_TOKEN,
	CFS_AWS_PROFILE_ROLE_ARN,
	CFS_AWS_PROFILE_SSO_SESSION,
	CFS_AWS_PROFILE_SSO_START_URL,
	CFS_AWS_PROFILE_CREDENTIAL_PROCESS,
	CFS_AWS_N_PROFILE_KEYS
};

enum cfs_aws_profile_file {
	CFS_AWS_CREDENTIALS_FILE,
	CFS_AWS_CONFIG_FILE,
	CFS_AWS_N_PROFILE_FILES
};

/* To be zeroed before the first load. Owns its values; name and paths are borrowed from settings
 * and environment. */
struct cfs_aws_profile {
	const char *name;
	bool named; /* somebody named it: it has to exist */
	struct cfs_aws_profile_part {
		const char *path; /* of the file, as it was configured */
		bool found;       /* the file has the profile */
		struct cfs_secret value[CFS_AWS_N_PROFILE_KEYS];
	} part[CFS_AWS_N_PROFILE_FILES];
};

/*
 * Reads the profile `name`; NULL: AWS_PROFILE, AWS_DEFAULT_PROFILE, `default`. A file that is not
 * there is empty. -EINVAL for a file that is none of this kind, or what reading it returned, with a
 * sentence in why (without any value); -ENOMEM. On failure too the caller finishes *profile.
 */
int cfs_aws_profile_load(const char *name, const struct cfs_env *env,
	struct cfs_aws_profile *profile, struct cfs_buf *why);
void cfs_aws_profile_finish(struct cfs_aws_profile *profile);

/* Whether either file has the profile. */
bool cfs_aws_profile_found(const struct cfs_aws_profile *profile);

/* The value of a key, NULL when it is absent or empty. */
const char *cfs_aws_profile_get(
	const struct cfs_aws_profile *profile, enum cfs_aws_profile_key key);

/* The key as it is written in the files. */
const char *cfs_aws_profile_key_name(enum cfs_aws_profile_key key);

#endif
