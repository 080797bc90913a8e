#include "backends/tencent/providers.h"

#define ID "TENCENTCLOUD_SECRET_ID"
#define KEY "TENCENTCLOUD_SECRET_KEY"

static void step(struct cfs_provider_state *state, const struct cfs_step_answer *answer,
	int64_t now, struct cfs_step *ret_step)
{
	const char *id = cfs_env_get(state->env, ID);
	const char *secret = cfs_env_get(state->env, KEY);
	const char *token = cfs_env_get(state->env, "TENCENTCLOUD_TOKEN");

	(void)answer;
	(void)now;
	if (!token)
		token = cfs_env_get(state->env, "TENCENTCLOUD_SESSION_TOKEN");
	if (state->settings->profile)
		cfs_tencent_provider_absent(
			ret_step, "passed over for profile %s", state->settings->profile);
	else if (!id && !secret)
		cfs_tencent_provider_absent(ret_step, ID " and " KEY " are not set");
	else if (!secret)
		cfs_tencent_provider_failed(
			ret_step, CFS_UNAUTHENTICATED, ID " is set, but " KEY " is not");
	else if (!id)
		cfs_tencent_provider_failed(
			ret_step, CFS_UNAUTHENTICATED, KEY " is set, but " ID " is not");
	else
		cfs_tencent_provider_keys(ret_step, ID, id, secret, token);
}

const struct cfs_provider cfs_tencent_provider_environment = {
	.name = "environment",
	.create = cfs_tencent_provider_create,
	.step = step,
	.destroy = cfs_tencent_provider_destroy,
};
