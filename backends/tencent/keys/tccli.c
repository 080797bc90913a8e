#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backends/base/json.h"
#include "backends/tencent/api/tccli_files.h"
#include "backends/tencent/keys/providers.h"
#include "backends/tencent/keys/sts.h"

#define FILE_MAX (sizeof("~/.tccli/.credential") + CFS_TENCENT_PROFILE_MAX)

_Static_assert(FILE_MAX < CFS_TENCENT_WHERE_MAX, "no room for a role beside the file it is in");

/* Values of `type` that need more than keys, and what makes them anew. */
static const struct {
	const char *type, *command;
} logins[] = {
	{"oauth", "tccli auth login"},
	{"sso", "tccli sso login"},
};

/* The command that signs in again, NULL when the type knows none. */
static const char *find_login(const cJSON *credential)
{
	const char *type = cfs_json_text(credential, "type");

	for (size_t i = 0; type && i < sizeof(logins) / sizeof(logins[0]); i++) {
		if (strcmp(logins[i].type, type) == 0)
			return logins[i].command;
	}
	return NULL;
}

/* The role of the variables, which are no part of a profile that the configuration names. */
static bool find_own_role(const struct cfs_provider_state *state, struct cfs_tencent_role *ret_role)
{
	if (state->settings->profile)
		return false;
	ret_role->arn = cfs_env_get(state->env, "TENCENTCLOUD_ROLE_ARN");
	ret_role->session = cfs_env_get(state->env, "TENCENTCLOUD_ROLE_SESSION_NAME");
	return ret_role->arn && ret_role->session;
}

static bool find_role(const cJSON *credential, struct cfs_tencent_role *ret_role)
{
	ret_role->arn = cfs_json_filled(credential, "role-arn");
	ret_role->session = cfs_json_filled(credential, "role-session-name");
	return ret_role->arn != NULL;
}

/* The keys that stand in the file, for as long as they are good. */
static void find_keys(
	const char *where, const cJSON *credential, int64_t now, struct cfs_step *ret_step)
{
	const char *id = cfs_json_filled(credential, "secretId");
	const char *secret = cfs_json_filled(credential, "secretKey");
	const char *token = cfs_json_filled(credential, "token");
	const char *login = find_login(credential);
	int64_t expires = INT64_MAX;

	if (!id && !secret) {
		if (login)
			cfs_tencent_provider_failed(ret_step, CFS_UNAUTHENTICATED,
				"%s: nobody is signed in; run `%s`", where, login);
		else
			cfs_tencent_provider_absent(ret_step, "%s has no secretId", where);
		return;
	}
	if (!cfs_json_count(credential, "expiresAt", CFS_TENCENT_TIME_LIMIT, &expires) || !token)
		cfs_tencent_provider_keys(ret_step, where, id, secret, token);
	else if (expires > now || !login)
		cfs_tencent_provider_temporary(ret_step, where, id, secret, token, expires, now, 0);
	else
		cfs_tencent_provider_failed(
			ret_step, CFS_EXPIRED, "%s: the keys have expired; run `%s`", where, login);
}

static void assume(struct cfs_provider_state *state, const char where[static FILE_MAX],
	const struct cfs_tencent_role *role, int64_t now, struct cfs_step *step)
{
	struct cfs_keys keys = step->keys;

	snprintf(state->where, sizeof(state->where), "%s, role %s", where, role->arn);
	cfs_tencent_sts_assume(state->settings, state->env, state->where, role, &keys, now, step);
	cfs_keys_finish(&keys);
}

static void begin(struct cfs_provider_state *state, const char *profile, const cJSON *credential,
	int64_t now, struct cfs_step *ret_step)
{
	const char *type = cfs_json_text(credential, "type");
	char where[FILE_MAX];
	struct cfs_tencent_role role;
	bool has_role = find_own_role(state, &role);

	snprintf(
		where, sizeof(where), "~/.tccli/%.*s.credential", CFS_TENCENT_PROFILE_MAX, profile);
	/* As in tccli: the machine's role goes before one in the file, and after the variables'. */
	if (!has_role && type && strcmp(type, "cvm-role") == 0) {
		cfs_tencent_metadata_step(&state->metadata, state->env, true, NULL, now, ret_step);
		return;
	}
	if (!has_role)
		has_role = find_role(credential, &role);
	find_keys(where, credential, now, ret_step);
	if (!has_role)
		return;
	if (ret_step->kind == CFS_STEP_KEYS)
		assume(state, where, &role, now, ret_step);
	else if (ret_step->kind == CFS_STEP_ABSENT)
		cfs_tencent_provider_failed(ret_step, CFS_UNAUTHENTICATED,
			"%s has a role, but no secretId to assume it with", where);
}

static void step(struct cfs_provider_state *state, const struct cfs_step_answer *answer,
	int64_t now, struct cfs_step *ret_step)
{
	const char *profile = cfs_tencent_tccli_profile(state->settings, state->env);
	struct cfs_buf why = CFS_BUF_INIT(CFS_PROVIDER_WHY_MAX);
	cJSON *credential = NULL;
	int r;

	if (answer && state->metadata.asked != CFS_TENCENT_METADATA_NEW) {
		cfs_tencent_metadata_step(
			&state->metadata, state->env, true, answer, now, ret_step);
		return;
	}
	if (answer) {
		cfs_tencent_sts_take(state->where, answer, now, ret_step);
		return;
	}
	r = cfs_tencent_tccli_read(state->env, profile, CFS_TENCENT_CREDENTIAL, &credential, &why);
	if (r == 0)
		begin(state, profile, credential, now, ret_step);
	else if (r == -ENOENT && !cfs_env_get(state->env, "TCCLI_PROFILE"))
		cfs_tencent_provider_absent(ret_step, "%s", cfs_buf_text(&why));
	else if (r == -ENOMEM)
		cfs_tencent_provider_failed(ret_step, CFS_NO_MEMORY, "out of memory");
	else
		cfs_tencent_provider_failed(
			ret_step, CFS_UNAUTHENTICATED, "%s", cfs_buf_text(&why));
	cfs_buf_finish(&why);
	cfs_json_wipe(credential);
}

const struct cfs_provider cfs_tencent_provider_tccli = {
	.name = "tccli profile",
	.create = cfs_tencent_provider_create,
	.step = step,
	.destroy = cfs_tencent_provider_destroy,
};
