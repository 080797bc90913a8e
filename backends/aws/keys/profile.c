/* SPDX-License-Identifier: MIT */
#include "backends/aws/keys/sources.h"
#include "backends/contract/step.h"

/* In botocore's order: keys in the credentials file beat `aws login`, which beats a process, which
 * beats keys in the config file. */
static const struct {
	const char *key, *other; /* the profile has one of them */
	cfs_aws_open_fn *open;
} ways[] = {
	{"web_identity_token_file", NULL, cfs_aws_web_identity_open},
	{"sso_account_id", "sso_role_name", cfs_aws_sso_open},
	{"aws_access_key_id", NULL, cfs_aws_static_open_credentials},
	{"login_session", NULL, cfs_aws_login_open},
	{"credential_process", NULL, cfs_aws_process_open},
	{"aws_access_key_id", NULL, cfs_aws_static_open_config},
};

bool cfs_aws_profile_open(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!cfs_aws_config_get(config, profile, ways[i].key) &&
			!(ways[i].other && cfs_aws_config_get(config, profile, ways[i].other)))
			continue;
		if (ways[i].open(config, profile, now, ret_source, ret_step))
			return true;
		if (ret_step->kind != CFS_STEP_ABSENT)
			return false;
	}
	cfs_step_absent(ret_step,
		"profile %.80s in %.60s or %.60s has neither aws_access_key_id nor another source "
		"of keys",
		profile, config->path[CFS_AWS_CREDENTIALS_FILE], config->path[CFS_AWS_CONFIG_FILE]);
	return false;
}
