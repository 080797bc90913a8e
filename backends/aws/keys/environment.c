/* SPDX-License-Identifier: MIT */
#include "backends/aws/keys/sources.h"
#include "backends/base/time.h"
#include "backends/contract/step.h"

bool cfs_aws_environment_open(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	const struct cfs_env *env = config->env;
	const char *id = cfs_env_get(env, "AWS_ACCESS_KEY_ID");
	const char *secret = cfs_env_get(env, "AWS_SECRET_ACCESS_KEY");
	/* The old name of AWS_SESSION_TOKEN. */
	const char *token = cfs_env_get(env, "AWS_SECURITY_TOKEN");
	const char *expiration = cfs_env_get(env, "AWS_CREDENTIAL_EXPIRATION");
	struct cfs_keys keys = CFS_KEYS_INIT;
	int r;

	(void)profile;
	(void)ret_source;
	if (!token)
		token = cfs_env_get(env, "AWS_SESSION_TOKEN");
	if (!id) {
		cfs_step_absent(ret_step, "AWS_ACCESS_KEY_ID is not set");
	} else if (!secret) {
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED,
			"AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not");
	} else if (expiration && cfs_time_parse_iso8601(expiration, &keys.expires) < 0) {
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED,
			"AWS_CREDENTIAL_EXPIRATION is not a time like 2024-05-06T12:53:20Z");
	} else {
		r = cfs_keys_set(&keys, id, secret, token);
		cfs_step_keys(ret_step, r, &keys, now, "%s", "the environment (AWS_ACCESS_KEY_ID)");
	}
	return false;
}
