#include "backends/aws/keys/providers.h"

#include <errno.h>
#include <stdlib.h>

#include "backends/contract/backend.h"

/* One of the chain at work: its first step reads the files and opens a machine, to which the others
 * go. */
struct cfs_provider_state {
	cfs_aws_open_fn *open;
	bool reads_files;
	struct cfs_aws_config config;
	struct cfs_aws_machine machine;
};

static int create(cfs_aws_open_fn *open, bool reads_files, const struct cfs_settings *settings,
	const struct cfs_env *env, struct cfs_provider_state **ret_state)
{
	struct cfs_provider_state *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->open = open;
	state->reads_files = reads_files;
	cfs_aws_config_init(&state->config, settings, env);
	*ret_state = state;
	return 0;
}

static void step(struct cfs_provider_state *state, const struct cfs_step_answer *answer,
	int64_t now, struct cfs_step *ret_step)
{
	struct cfs_aws_machine *machine = &state->machine;
	struct cfs_buf why = CFS_BUF_INIT(4 * CFS_PROVIDER_WHY_MAX);
	int r = 0;

	if (!answer && state->reads_files)
		r = cfs_aws_config_load(&state->config, &why);
	if (r < 0)
		cfs_aws_step_unset(ret_step, r, &why);
	else if (machine->state ||
		state->open(&state->config, state->config.profile, now, machine, ret_step))
		machine->step(machine->state, answer, now, ret_step);
	cfs_buf_finish(&why);
}

static void destroy(struct cfs_provider_state *state)
{
	if (!state)
		return;
	cfs_aws_machine_finish(&state->machine);
	cfs_aws_config_finish(&state->config);
	free(state);
}

/* Environment */

static bool open_environment(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_aws_machine *ret_machine, struct cfs_step *ret_step)
{
	if (!config->settings->profile)
		return cfs_aws_provider_environment_open(
			config, profile, now, ret_machine, ret_step);
	cfs_aws_step_say(ret_step, CFS_STEP_ABSENT, CFS_OK,
		"not looked at, since the configuration names profile %s", profile);
	return false;
}

static int create_environment(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return create(open_environment, false, settings, env, ret_state);
}

const struct cfs_provider cfs_aws_provider_environment = {
	.name = "environment",
	.create = create_environment,
	.step = step,
	.destroy = destroy,
};

/* Profile */

static bool open_profile(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_aws_machine *ret_machine, struct cfs_step *ret_step)
{
	if (!cfs_aws_config_has(config, CFS_AWS_SECTION_PROFILE, profile)) {
		/* What somebody named has to be there. */
		cfs_aws_step_say(ret_step, config->named ? CFS_STEP_FAILED : CFS_STEP_ABSENT,
			config->named ? CFS_UNAUTHENTICATED : CFS_OK,
			"no profile %.80s in %.80s, %.80s", profile,
			config->path[CFS_AWS_CREDENTIALS_FILE], config->path[CFS_AWS_CONFIG_FILE]);
		return false;
	}
	if (cfs_aws_provider_role_has(config, profile))
		return cfs_aws_provider_role_open(config, profile, now, ret_machine, ret_step);
	if (!config->settings->profile && cfs_env_get(config->env, "AWS_WEB_IDENTITY_TOKEN_FILE")) {
		cfs_aws_step_say(ret_step, CFS_STEP_ABSENT, CFS_OK,
			"left for AWS_WEB_IDENTITY_TOKEN_FILE, which comes first");
		return false;
	}
	return cfs_aws_source_open(config, profile, now, ret_machine, ret_step);
}

static int create_profile(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return create(open_profile, true, settings, env, ret_state);
}

const struct cfs_provider cfs_aws_provider_profile = {
	.name = "profile",
	.create = create_profile,
	.step = step,
	.destroy = destroy,
};

/* Web identity */

static bool open_web_identity(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_aws_machine *ret_machine, struct cfs_step *ret_step)
{
	if (!config->settings->profile)
		return cfs_aws_provider_web_identity_open(
			config, profile, now, ret_machine, ret_step);
	cfs_aws_step_say(ret_step, CFS_STEP_ABSENT, CFS_OK,
		"not looked at, since the configuration names profile %s", profile);
	return false;
}

static int create_web_identity(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return create(open_web_identity, true, settings, env, ret_state);
}

const struct cfs_provider cfs_aws_provider_web_identity = {
	.name = "web identity",
	.create = create_web_identity,
	.step = step,
	.destroy = destroy,
};

/* Container */

static int create_container(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return create(cfs_aws_provider_container_open, true, settings, env, ret_state);
}

const struct cfs_provider cfs_aws_provider_container = {
	.name = "container",
	.create = create_container,
	.step = step,
	.destroy = destroy,
};

/* Instance metadata */

static int create_metadata(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return create(cfs_aws_provider_metadata_open, true, settings, env, ret_state);
}

const struct cfs_provider cfs_aws_provider_metadata = {
	.name = "instance metadata",
	.create = create_metadata,
	.step = step,
	.destroy = destroy,
};
