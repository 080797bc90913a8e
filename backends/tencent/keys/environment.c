#include <stdio.h>

#include "backends/tencent/keys/providers.h"
#include "backends/tencent/keys/sts.h"

#define ID "TENCENTCLOUD_SECRET_ID"
#define KEY "TENCENTCLOUD_SECRET_KEY"

/* Other tools have other uses for one of the two variables alone. */
static bool has_role(const struct cfs_env *env, struct cfs_tencent_role *ret_role)
{
	*ret_role = (struct cfs_tencent_role){
		.arn = cfs_env_get(env, "TENCENTCLOUD_ROLE_ARN"),
		.session = cfs_env_get(env, "TENCENTCLOUD_ROLE_SESSION_NAME"),
	};
	return ret_role->arn && ret_role->session;
}

static void find_keys(struct cfs_provider_state *state, struct cfs_step *ret_step)
{
	const char *id = cfs_env_get(state->env, ID);
	const char *secret = cfs_env_get(state->env, KEY);
	const char *token = cfs_env_get(state->env, "TENCENTCLOUD_TOKEN");

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

static void step(struct cfs_provider_state *state, const struct cfs_step_answer *answer,
	int64_t now, struct cfs_step *ret_step)
{
	struct cfs_tencent_role role;
	struct cfs_keys keys;

	if (answer) {
		cfs_tencent_sts_take(state->where, answer, now, ret_step);
		return;
	}
	find_keys(state, ret_step);
	if (ret_step->kind != CFS_STEP_KEYS || !has_role(state->env, &role))
		return;
	keys = ret_step->keys;
	snprintf(state->where, sizeof(state->where), "TENCENTCLOUD_ROLE_ARN %s", role.arn);
	cfs_tencent_sts_assume(
		state->settings, state->env, state->where, &role, &keys, now, ret_step);
	cfs_keys_finish(&keys);
}

const struct cfs_provider cfs_tencent_provider_environment = {
	.name = "environment",
	.create = cfs_tencent_provider_create,
	.step = step,
	.destroy = cfs_tencent_provider_destroy,
};
