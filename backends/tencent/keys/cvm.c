#include "backends/tencent/keys/providers.h"

static void step(struct cfs_provider_state *state, const struct cfs_step_answer *answer,
	int64_t now, struct cfs_step *ret_step)
{
	if (state->settings->profile)
		cfs_tencent_provider_absent(
			ret_step, "passed over for profile %s", state->settings->profile);
	else
		cfs_tencent_metadata_step(
			&state->metadata, state->env, false, answer, now, ret_step);
}

const struct cfs_provider cfs_tencent_provider_cvm = {
	.name = "CVM role",
	.create = cfs_tencent_provider_create,
	.step = step,
	.destroy = cfs_tencent_provider_destroy,
};
