/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backends/base/json.h"
#include "backends/contract/backend.h"
#include "backends/contract/step.h"
#include "backends/tencent/api/tccli_files.h"
#include "backends/tencent/keys/sources.h"
#include "backends/tencent/keys/sts.h"

#define TIME_LIMIT INT64_C(253402300799) /* the end of the year 9999 */
#define FILE_MAX (sizeof("~/.tccli/.credential") + CFS_TENCENT_PROFILE_MAX)

_Static_assert(FILE_MAX < CFS_TENCENT_WHERE_MAX, "no room for a role beside the file it is in");

/* Values of `type` whose keys expire, and the command that signs in again. */
static const struct {
	const char *type, *command;
} logins[] = {
	{"oauth", "tccli auth login"},
	{"sso", "tccli sso login"},
};

/* The command that signs in again, NULL when the type has none. */
static const char *find_login(const cJSON *credential)
{
	const char *type = cfs_json_text(credential, "type");

	for (size_t i = 0; type && i < sizeof(logins) / sizeof(logins[0]); i++) {
		if (strcmp(logins[i].type, type) == 0)
			return logins[i].command;
	}
	return NULL;
}

/* The role of the variables, which do not count when the configuration names a profile. */
static bool find_own_role(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_tencent_role *ret_role)
{
	if (settings->profile)
		return false;
	ret_role->arn = cfs_env_get(env, "TENCENTCLOUD_ROLE_ARN");
	ret_role->session = cfs_env_get(env, "TENCENTCLOUD_ROLE_SESSION_NAME");
	return ret_role->arn && ret_role->session;
}

static bool find_role(const cJSON *credential, struct cfs_tencent_role *ret_role)
{
	ret_role->arn = cfs_json_filled(credential, "role-arn");
	ret_role->session = cfs_json_filled(credential, "role-session-name");
	return ret_role->arn != NULL;
}

/* The keys in the file, until they expire. */
static void find_keys(
	const char *where, const cJSON *credential, int64_t now, struct cfs_step *step)
{
	const char *id = cfs_json_filled(credential, "secretId");
	const char *secret = cfs_json_filled(credential, "secretKey");
	const char *token = cfs_json_filled(credential, "token");
	const char *login = find_login(credential);
	struct cfs_keys keys = CFS_KEYS_INIT;
	int r;

	if (!id && !secret) {
		if (login)
			cfs_step_failed(step, CFS_UNAUTHENTICATED,
				"%s: nobody is signed in; run `%s`", where, login);
		else
			cfs_step_absent(step, "%s has no secretId", where);
		return;
	}
	r = cfs_keys_set(&keys, id, secret, token);
	if (token)
		(void)cfs_json_count(credential, "expiresAt", TIME_LIMIT, &keys.expires);
	if (r == 0 && keys.expires <= now && login)
		cfs_step_failed(
			step, CFS_EXPIRED, "%s: the keys have expired; run `%s`", where, login);
	else if (login && keys.expires != INT64_MAX)
		cfs_step_keys(
			step, r, &keys, now, "%s; when the keys expire, run `%s`", where, login);
	else
		cfs_step_keys(step, r, &keys, now, "%s", where);
	cfs_keys_finish(&keys);
}

static bool open_role(const struct cfs_settings *settings, const struct cfs_env *env,
	const char where[static FILE_MAX], const struct cfs_tencent_role *role, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *step)
{
	struct cfs_keys keys = step->keys;
	char place[CFS_TENCENT_WHERE_MAX];
	bool opened;

	snprintf(place, sizeof(place), "%s, role %s", where, role->arn);
	opened =
		cfs_tencent_sts_open_role(settings, env, place, role, &keys, now, ret_source, step);
	cfs_keys_finish(&keys);
	return opened;
}

static bool open_credential(const struct cfs_settings *settings, const struct cfs_env *env,
	const char *profile, const cJSON *credential, int64_t now, struct cfs_source *ret_source,
	struct cfs_step *ret_step)
{
	const char *type = cfs_json_text(credential, "type");
	char where[FILE_MAX];
	struct cfs_tencent_role role;
	bool has_role = find_own_role(settings, env, &role);

	/* As in tccli: the machine's role goes before one in the file, and after the variables'. */
	if (!has_role && type && strcmp(type, "cvm-role") == 0)
		return cfs_tencent_metadata_open_required(settings, env, now, ret_source, ret_step);
	if (!has_role)
		has_role = find_role(credential, &role);
	snprintf(
		where, sizeof(where), "~/.tccli/%.*s.credential", CFS_TENCENT_PROFILE_MAX, profile);
	find_keys(where, credential, now, ret_step);
	if (has_role && ret_step->kind == CFS_STEP_KEYS)
		return open_role(settings, env, where, &role, now, ret_source, ret_step);
	if (has_role && ret_step->kind == CFS_STEP_ABSENT)
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED,
			"%s has a role, but no secretId to assume it with", where);
	return false;
}

bool cfs_tencent_tccli_open(const struct cfs_settings *settings, const struct cfs_env *env,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	const char *profile = cfs_tencent_tccli_profile(settings, env);
	struct cfs_buf why = CFS_BUF_INIT(CFS_PROVIDER_WHY_MAX);
	cJSON *credential = NULL;
	bool opened = false;
	int r;

	r = cfs_tencent_tccli_read(env, profile, CFS_TENCENT_CREDENTIAL, &credential, &why);
	if (r == 0)
		opened = open_credential(
			settings, env, profile, credential, now, ret_source, ret_step);
	else if (r == -ENOENT && !cfs_env_get(env, "TCCLI_PROFILE"))
		cfs_step_absent(ret_step, "%s", cfs_buf_text(&why));
	else
		cfs_step_unset(ret_step, r, &why);
	cfs_buf_finish(&why);
	cfs_json_wipe(credential);
	return opened;
}
