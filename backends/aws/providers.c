#include "backends/aws/providers.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/profile.h"
#include "backends/aws/time.h"
#include "backends/backend.h"
#include "backends/text.h"

struct cfs_provider_state {
	const struct cfs_settings *settings;
	const struct cfs_env *env;
};

static int create(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	struct cfs_provider_state *state = malloc(sizeof(*state));

	if (!state)
		return -ENOMEM;
	*state = (struct cfs_provider_state){.settings = settings, .env = env};
	*ret_state = state;
	return 0;
}

static void destroy(struct cfs_provider_state *state)
{
	free(state);
}

/* Fills the step but for its keys. */
__attribute__((format(printf, 4, 5))) static void say(struct cfs_step *step,
	enum cfs_step_kind kind, enum cfs_fault fault, const char *format, ...)
{
	char text[4 * CFS_PROVIDER_WHY_MAX];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	*step = (struct cfs_step){.kind = kind, .fault = fault, .keys = CFS_KEYS_INIT};
	cfs_text_line(step->why, sizeof(step->why), text, strlen(text));
}

/* What can stand in a header of a request. */
static bool is_printable(const char *text)
{
	for (; *text; text++) {
		if (*text <= ' ' || *text > '~')
			return false;
	}
	return true;
}

/* Three texts, the last one possibly NULL, as keys. `from` says where they come from. */
static void give_keys(struct cfs_step *step, const char *id, const char *secret, const char *token,
	int64_t expires, const char *from)
{
	struct cfs_keys keys = CFS_KEYS_INIT;
	int r;

	if (!is_printable(id) || !is_printable(secret) || (token && !is_printable(token))) {
		say(step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED,
			"%s: the keys hold blanks, control bytes or characters beyond ASCII", from);
		return;
	}
	keys.expires = expires;
	r = cfs_secret_set(&keys.id, id, strlen(id));
	if (r == 0)
		r = cfs_secret_set(&keys.secret, secret, strlen(secret));
	if (r == 0 && token)
		r = cfs_secret_set(&keys.token, token, strlen(token));
	if (r < 0) {
		cfs_keys_finish(&keys);
		say(step, CFS_STEP_FAILED, r == -ENOMEM ? CFS_NO_MEMORY : CFS_UNAUTHENTICATED,
			"%s: %s", from, r == -ENOMEM ? "out of memory" : "a key is too long");
		return;
	}
	say(step, CFS_STEP_KEYS, CFS_OK, "%s", from);
	step->keys = keys;
}

/* Environment */

static void step_environment(struct cfs_provider_state *state, const struct cfs_step_answer *answer,
	int64_t now, struct cfs_step *ret_step)
{
	const struct cfs_env *env = state->env;
	const char *id = cfs_env_get(env, "AWS_ACCESS_KEY_ID");
	const char *secret = cfs_env_get(env, "AWS_SECRET_ACCESS_KEY");
	const char *token = cfs_env_get(env, "AWS_SESSION_TOKEN");
	const char *expiration = cfs_env_get(env, "AWS_CREDENTIAL_EXPIRATION");
	int64_t expires = INT64_MAX;

	(void)answer;
	if (state->settings->profile)
		say(ret_step, CFS_STEP_ABSENT, CFS_OK,
			"not looked at, since the configuration names profile %s",
			state->settings->profile);
	else if (!id && !secret)
		say(ret_step, CFS_STEP_ABSENT, CFS_OK, "AWS_ACCESS_KEY_ID is not set");
	else if (!id || !secret)
		say(ret_step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED, "%s is set but %s is not",
			id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
			id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
	else if (expiration && cfs_aws_time_parse(expiration, &expires) < 0)
		say(ret_step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED,
			"AWS_CREDENTIAL_EXPIRATION is not a time");
	else if (expires <= now)
		say(ret_step, CFS_STEP_FAILED, CFS_EXPIRED,
			"the keys in the environment have expired (AWS_CREDENTIAL_EXPIRATION)");
	else
		give_keys(ret_step, id, secret, token, expires,
			"the environment (AWS_ACCESS_KEY_ID)");
}

const struct cfs_provider cfs_aws_provider_environment = {
	.name = "environment",
	.create = create,
	.step = step_environment,
	.destroy = destroy,
};

/* Profile */

/* Ways to keys that this version does not know, in the SDKs' order before and after static keys. */
static const enum cfs_aws_profile_key before_static[] = {
	CFS_AWS_PROFILE_ROLE_ARN, CFS_AWS_PROFILE_SSO_SESSION, CFS_AWS_PROFILE_SSO_START_URL};
static const enum cfs_aws_profile_key after_static[] = {CFS_AWS_PROFILE_CREDENTIAL_PROCESS};

static bool needs_other(const struct cfs_aws_profile *profile, const enum cfs_aws_profile_key *keys,
	size_t n, struct cfs_step *step)
{
	for (size_t i = 0; i < n; i++) {
		if (!cfs_aws_profile_get(profile, keys[i]))
			continue;
		say(step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED,
			"profile %s needs %s, which this version cannot use", profile->name,
			cfs_aws_profile_key_name(keys[i]));
		return true;
	}
	return false;
}

/* Keys of one file: a pair is never made of two. Whether the file has any. */
static bool step_part(const struct cfs_aws_profile *profile, enum cfs_aws_profile_file file,
	struct cfs_step *step)
{
	const struct cfs_aws_profile_part *part = &profile->part[file];
	const char *id = part->value[CFS_AWS_PROFILE_ACCESS_KEY_ID].data;
	const char *secret = part->value[CFS_AWS_PROFILE_SECRET_ACCESS_KEY].data;
	const char *token = part->value[CFS_AWS_PROFILE_SESSION_TOKEN].data;
	char from[CFS_PROVIDER_WHY_MAX];

	if (id && !*id)
		id = NULL;
	if (secret && !*secret)
		secret = NULL;
	if (token && !*token)
		token = NULL;
	if (!id && !secret)
		return false;
	snprintf(from, sizeof(from), "profile %.100s in %.120s", profile->name, part->path);
	if (!id || !secret)
		say(step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED, "%s has %s but no %s", from,
			id ? "aws_access_key_id" : "aws_secret_access_key",
			id ? "aws_secret_access_key" : "aws_access_key_id");
	else
		give_keys(step, id, secret, token, INT64_MAX, from);
	return true;
}

static void step_loaded(const struct cfs_aws_profile *profile, struct cfs_step *step)
{
	const char *credentials = profile->part[CFS_AWS_CREDENTIALS_FILE].path;
	const char *config = profile->part[CFS_AWS_CONFIG_FILE].path;

	if (!cfs_aws_profile_found(profile)) {
		say(step, profile->named ? CFS_STEP_FAILED : CFS_STEP_ABSENT,
			profile->named ? CFS_UNAUTHENTICATED : CFS_OK, "no profile %s in %s, %s",
			profile->name, credentials, config);
		return;
	}
	if (needs_other(
		    profile, before_static, sizeof(before_static) / sizeof(before_static[0]), step))
		return;
	if (step_part(profile, CFS_AWS_CREDENTIALS_FILE, step) ||
		step_part(profile, CFS_AWS_CONFIG_FILE, step))
		return;
	if (needs_other(
		    profile, after_static, sizeof(after_static) / sizeof(after_static[0]), step))
		return;
	say(step, CFS_STEP_ABSENT, CFS_OK, "profile %s in %s, %s has no aws_access_key_id",
		profile->name, credentials, config);
}

static void step_profile(struct cfs_provider_state *state, const struct cfs_step_answer *answer,
	int64_t now, struct cfs_step *ret_step)
{
	struct cfs_aws_profile profile = {0};
	struct cfs_buf why = CFS_BUF_INIT(4 * CFS_PROVIDER_WHY_MAX);
	int r;

	(void)answer;
	(void)now;
	r = cfs_aws_profile_load(state->settings->profile, state->env, &profile, &why);
	if (r == -ENOMEM)
		say(ret_step, CFS_STEP_FAILED, CFS_NO_MEMORY, "out of memory");
	else if (r < 0)
		say(ret_step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED, "%s", cfs_buf_text(&why));
	else
		step_loaded(&profile, ret_step);
	cfs_aws_profile_finish(&profile);
	cfs_buf_finish(&why);
}

const struct cfs_provider cfs_aws_provider_profile = {
	.name = "profile",
	.create = create,
	.step = step_profile,
	.destroy = destroy,
};
