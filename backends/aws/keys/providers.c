/* SPDX-License-Identifier: MIT */
#include "backends/aws/keys/providers.h"

#include <errno.h>
#include <stdlib.h>

#include "backends/aws/keys/sources.h"
#include "backends/contract/backend.h"
#include "backends/contract/step.h"

const struct cfs_provider *const cfs_aws_providers[] = {
	&cfs_aws_provider_environment,
	&cfs_aws_provider_profile,
	&cfs_aws_provider_web_identity,
	&cfs_aws_provider_container,
	&cfs_aws_provider_metadata,
	NULL,
};

/* A source together with the configuration that it was opened with. */
struct state {
	struct cfs_aws_config config;
	struct cfs_source source;
};

static void step(
	void *arg, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	struct state *state = arg;

	state->source.step(state->source.state, answer, now, ret_step);
}

static void destroy(void *arg)
{
	struct state *state = arg;

	cfs_source_finish(&state->source);
	cfs_aws_config_finish(&state->config);
	free(state);
}

static bool open_with_config(cfs_aws_open_fn *open, bool reads_files,
	const struct cfs_settings *settings, const struct cfs_env *env, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	struct state *state = calloc(1, sizeof(*state));
	struct cfs_buf why = CFS_BUF_INIT(4 * CFS_PROVIDER_WHY_MAX);
	int r = 0;

	if (!state) {
		cfs_step_errno(ret_step, -ENOMEM, "");
		return false;
	}
	cfs_aws_config_init(&state->config, settings, env);
	if (reads_files)
		r = cfs_aws_config_load(&state->config, &why);
	if (r < 0)
		cfs_step_unset(ret_step, r, &why);
	cfs_buf_finish(&why);
	if (r < 0 || !open(&state->config, state->config.profile, now, &state->source, ret_step)) {
		destroy(state);
		return false;
	}
	*ret_source = (struct cfs_source){.step = step, .destroy = destroy, .state = state};
	return true;
}

/* Environment */

static bool open_environment(const struct cfs_settings *settings, const struct cfs_env *env,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	if (cfs_source_is_skipped(settings, ret_step))
		return false;
	return open_with_config(
		cfs_aws_environment_open, false, settings, env, now, ret_source, ret_step);
}

static int create_environment(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return cfs_source_provider_create(open_environment, settings, env, ret_state);
}

const struct cfs_provider cfs_aws_provider_environment = {
	.name = "environment",
	.create = create_environment,
	.step = cfs_source_provider_step,
	.destroy = cfs_source_provider_destroy,
};

/* Profile */

static bool open_any(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	const char *const *path = config->path;

	if (!cfs_aws_config_has(config, CFS_AWS_SECTION_PROFILE, profile)) {
		/* A profile that was named must exist; `default` need not. */
		if (config->named)
			cfs_step_failed(ret_step, CFS_UNAUTHENTICATED,
				"there is no profile %.80s in %.80s or %.80s", profile,
				path[CFS_AWS_CREDENTIALS_FILE], path[CFS_AWS_CONFIG_FILE]);
		else
			cfs_step_absent(ret_step, "there is no profile %.80s in %.80s or %.80s",
				profile, path[CFS_AWS_CREDENTIALS_FILE], path[CFS_AWS_CONFIG_FILE]);
		return false;
	}
	if (cfs_aws_role_has(config, profile))
		return cfs_aws_role_open(config, profile, now, ret_source, ret_step);
	if (!config->settings->profile && cfs_env_get(config->env, "AWS_WEB_IDENTITY_TOKEN_FILE")) {
		cfs_step_absent(ret_step, "skipped: AWS_WEB_IDENTITY_TOKEN_FILE comes first");
		return false;
	}
	return cfs_aws_profile_open(config, profile, now, ret_source, ret_step);
}

static bool open_profile(const struct cfs_settings *settings, const struct cfs_env *env,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	return open_with_config(open_any, true, settings, env, now, ret_source, ret_step);
}

static int create_profile(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return cfs_source_provider_create(open_profile, settings, env, ret_state);
}

const struct cfs_provider cfs_aws_provider_profile = {
	.name = "profile",
	.create = create_profile,
	.step = cfs_source_provider_step,
	.destroy = cfs_source_provider_destroy,
};

/* Web identity */

static bool open_web_identity(const struct cfs_settings *settings, const struct cfs_env *env,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	if (cfs_source_is_skipped(settings, ret_step))
		return false;
	return open_with_config(
		cfs_aws_web_identity_open, true, settings, env, now, ret_source, ret_step);
}

static int create_web_identity(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return cfs_source_provider_create(open_web_identity, settings, env, ret_state);
}

const struct cfs_provider cfs_aws_provider_web_identity = {
	.name = "web identity",
	.create = create_web_identity,
	.step = cfs_source_provider_step,
	.destroy = cfs_source_provider_destroy,
};

/* Container */

static bool open_container(const struct cfs_settings *settings, const struct cfs_env *env,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	return open_with_config(
		cfs_aws_container_open, true, settings, env, now, ret_source, ret_step);
}

static int create_container(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return cfs_source_provider_create(open_container, settings, env, ret_state);
}

const struct cfs_provider cfs_aws_provider_container = {
	.name = "container",
	.create = create_container,
	.step = cfs_source_provider_step,
	.destroy = cfs_source_provider_destroy,
};

/* Instance metadata */

static bool open_metadata(const struct cfs_settings *settings, const struct cfs_env *env,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	return open_with_config(
		cfs_aws_metadata_open, true, settings, env, now, ret_source, ret_step);
}

static int create_metadata(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return cfs_source_provider_create(open_metadata, settings, env, ret_state);
}

const struct cfs_provider cfs_aws_provider_metadata = {
	.name = "instance metadata",
	.create = create_metadata,
	.step = cfs_source_provider_step,
	.destroy = cfs_source_provider_destroy,
};
