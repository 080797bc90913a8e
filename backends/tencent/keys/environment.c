/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "backends/contract/step.h"
#include "backends/tencent/keys/sources.h"
#include "backends/tencent/keys/sts.h"

#define ID "TENCENTCLOUD_SECRET_ID"
#define KEY "TENCENTCLOUD_SECRET_KEY"

static void find_keys(const struct cfs_env *env, int64_t now, struct cfs_step *step)
{
	const char *id = cfs_env_get(env, ID);
	const char *secret = cfs_env_get(env, KEY);
	const char *token = cfs_env_get(env, "TENCENTCLOUD_TOKEN");
	struct cfs_keys keys = CFS_KEYS_INIT;
	int r;

	if (!token)
		token = cfs_env_get(env, "TENCENTCLOUD_SESSION_TOKEN");
	if (!id && !secret) {
		cfs_step_absent(step, ID " and " KEY " are not set");
	} else if (!secret) {
		cfs_step_failed(step, CFS_UNAUTHENTICATED, ID " is set, but " KEY " is not");
	} else if (!id) {
		cfs_step_failed(step, CFS_UNAUTHENTICATED, KEY " is set, but " ID " is not");
	} else {
		r = cfs_keys_set(&keys, id, secret, token);
		cfs_step_keys(step, r, &keys, now, ID);
	}
}

bool cfs_tencent_environment_open(const struct cfs_settings *settings, const struct cfs_env *env,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	const struct cfs_tencent_role role = {
		.arn = cfs_env_get(env, "TENCENTCLOUD_ROLE_ARN"),
		.session = cfs_env_get(env, "TENCENTCLOUD_ROLE_SESSION_NAME"),
	};
	char where[CFS_TENCENT_WHERE_MAX];
	struct cfs_keys keys;
	bool opened;

	find_keys(env, now, ret_step);
	/* Other tools have other uses for one of the two variables alone. */
	if (ret_step->kind != CFS_STEP_KEYS || !role.arn || !role.session)
		return false;
	keys = ret_step->keys;
	snprintf(where, sizeof(where), "TENCENTCLOUD_ROLE_ARN %s", role.arn);
	opened = cfs_tencent_sts_open_role(
		settings, env, where, &role, &keys, now, ret_source, ret_step);
	cfs_keys_finish(&keys);
	return opened;
}
