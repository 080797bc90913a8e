/* SPDX-License-Identifier: MIT */
#include "backends/tencent/keys/providers.h"

#include "backends/contract/backend.h"
#include "backends/contract/step.h"
#include "backends/tencent/keys/sources.h"

const struct cfs_provider *const cfs_tencent_providers[] = {
	&cfs_tencent_provider_environment,
	&cfs_tencent_provider_file,
	&cfs_tencent_provider_tccli,
	&cfs_tencent_provider_tke,
	&cfs_tencent_provider_cvm,
	NULL,
};

/* Environment */

static bool open_environment(const struct cfs_settings *settings, const struct cfs_env *env,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	return !cfs_source_is_skipped(settings, ret_step) &&
		cfs_tencent_environment_open(settings, env, now, ret_source, ret_step);
}

static int create_environment(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return cfs_source_provider_create(open_environment, settings, env, ret_state);
}

const struct cfs_provider cfs_tencent_provider_environment = {
	.name = "environment",
	.create = create_environment,
	.step = cfs_source_provider_step,
	.destroy = cfs_source_provider_destroy,
};

/* Credentials file */

static int create_file(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return cfs_source_provider_create(cfs_tencent_file_open, settings, env, ret_state);
}

const struct cfs_provider cfs_tencent_provider_file = {
	.name = "credentials file",
	.create = create_file,
	.step = cfs_source_provider_step,
	.destroy = cfs_source_provider_destroy,
};

/* tccli */

static int create_tccli(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return cfs_source_provider_create(cfs_tencent_tccli_open, settings, env, ret_state);
}

const struct cfs_provider cfs_tencent_provider_tccli = {
	.name = "tccli profile",
	.create = create_tccli,
	.step = cfs_source_provider_step,
	.destroy = cfs_source_provider_destroy,
};

/* TKE */

static bool open_tke(const struct cfs_settings *settings, const struct cfs_env *env, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	return !cfs_source_is_skipped(settings, ret_step) &&
		cfs_tencent_tke_open(settings, env, now, ret_source, ret_step);
}

static int create_tke(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return cfs_source_provider_create(open_tke, settings, env, ret_state);
}

const struct cfs_provider cfs_tencent_provider_tke = {
	.name = "TKE pod identity",
	.create = create_tke,
	.step = cfs_source_provider_step,
	.destroy = cfs_source_provider_destroy,
};

/* CVM role */

static bool open_cvm(const struct cfs_settings *settings, const struct cfs_env *env, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	return !cfs_source_is_skipped(settings, ret_step) &&
		cfs_tencent_metadata_open(settings, env, now, ret_source, ret_step);
}

static int create_cvm(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_provider_state **ret_state)
{
	return cfs_source_provider_create(open_cvm, settings, env, ret_state);
}

const struct cfs_provider cfs_tencent_provider_cvm = {
	.name = "CVM role",
	.create = create_cvm,
	.step = cfs_source_provider_step,
	.destroy = cfs_source_provider_destroy,
};
