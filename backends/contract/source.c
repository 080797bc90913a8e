/* SPDX-License-Identifier: MIT */
#include "backends/contract/source.h"

#include <errno.h>
#include <stdlib.h>

#include "backends/contract/backend.h"
#include "backends/contract/step.h"

void cfs_source_finish(struct cfs_source *source)
{
	if (!source || !source->state)
		return;
	source->destroy(source->state);
	*source = (struct cfs_source){0};
}

bool cfs_source_retry(unsigned *retries, const struct cfs_step_answer *answer, enum cfs_fault fault)
{
	return cfs_step_is_transient(answer, fault) && (*retries)++ < CFS_SOURCE_RETRIES;
}

struct cfs_provider_state {
	cfs_source_open_fn *open;
	const struct cfs_settings *settings;
	const struct cfs_env *env;
	struct cfs_source source;
};

int cfs_source_provider_create(cfs_source_open_fn *open, const struct cfs_settings *settings,
	const struct cfs_env *env, struct cfs_provider_state **ret_state)
{
	struct cfs_provider_state *state = malloc(sizeof(*state));

	if (!state)
		return -ENOMEM;
	*state = (struct cfs_provider_state){.open = open, .settings = settings, .env = env};
	*ret_state = state;
	return 0;
}

void cfs_source_provider_step(struct cfs_provider_state *state,
	const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	struct cfs_source *source = &state->source;

	if (source->state || state->open(state->settings, state->env, now, source, ret_step))
		source->step(source->state, answer, now, ret_step);
}

void cfs_source_provider_destroy(struct cfs_provider_state *state)
{
	if (!state)
		return;
	cfs_source_finish(&state->source);
	free(state);
}

bool cfs_source_is_skipped(const struct cfs_settings *settings, struct cfs_step *ret_step)
{
	if (!settings->profile)
		return false;
	cfs_step_absent(ret_step, "skipped: the configuration names profile %s", settings->profile);
	return true;
}
