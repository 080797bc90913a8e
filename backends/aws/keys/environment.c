#include <string.h>

#include "backends/aws/keys/providers.h"
#include "backends/base/time.h"
#include "backends/contract/backend.h"

bool cfs_aws_provider_environment_open(const struct cfs_aws_config *config, const char *profile,
	int64_t now, struct cfs_aws_machine *ret_machine, struct cfs_step *ret_step)
{
	const struct cfs_env *env = config->env;
	const char *id = cfs_env_get(env, "AWS_ACCESS_KEY_ID");
	const char *secret = cfs_env_get(env, "AWS_SECRET_ACCESS_KEY");
	/* What AWS_SESSION_TOKEN was called once. */
	const char *token = cfs_env_get(env, "AWS_SECURITY_TOKEN");
	const char *expiration = cfs_env_get(env, "AWS_CREDENTIAL_EXPIRATION");
	struct cfs_keys keys = CFS_KEYS_INIT;
	int r;

	(void)profile;
	(void)ret_machine;
	if (!token)
		token = cfs_env_get(env, "AWS_SESSION_TOKEN");
	if (!id) {
		cfs_aws_step_say(ret_step, CFS_STEP_ABSENT, CFS_OK, "AWS_ACCESS_KEY_ID is not set");
	} else if (!secret) {
		cfs_aws_step_say(ret_step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED,
			"AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not");
	} else if (expiration && cfs_time_parse(expiration, &keys.expires) < 0) {
		cfs_aws_step_say(ret_step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED,
			"AWS_CREDENTIAL_EXPIRATION is not a time");
	} else if ((r = cfs_aws_machine_set_keys(&keys, id, secret, token)) < 0) {
		cfs_keys_finish(&keys);
		cfs_aws_step_errno(ret_step, r, "the keys in the environment");
	} else {
		cfs_aws_step_keys(
			ret_step, &keys, now, "%s", "the environment (AWS_ACCESS_KEY_ID)");
	}
	return false;
}
