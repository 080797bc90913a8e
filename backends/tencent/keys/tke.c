#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backends/tencent/keys/providers.h"
#include "backends/tencent/keys/sts.h"

#define REGION "TKE_REGION"
#define PROVIDER "TKE_PROVIDER_ID"
#define TOKEN_FILE "TKE_WEB_IDENTITY_TOKEN_FILE"
#define ROLE "TKE_ROLE_ARN"

/* Ends the text where white space begins that only ends a file. */
static void trim_end(struct cfs_buf *text)
{
	while (text->len > 0 && strchr(" \t\r\n", text->data[text->len - 1]))
		text->data[--text->len] = '\0';
}

static void ask(struct cfs_provider_state *state, const char *path,
	struct cfs_tencent_web_identity *identity, int64_t now, struct cfs_step *ret_step)
{
	struct cfs_buf token = CFS_BUF_INIT(CFS_ENV_FILE_MAX);
	int r;

	r = state->env->read_file(state->env->arg, path, &token);
	if (r == -ENOMEM) {
		cfs_tencent_provider_failed(ret_step, CFS_NO_MEMORY, "out of memory");
	} else if (r < 0) {
		cfs_tencent_provider_failed(ret_step, CFS_UNAUTHENTICATED, TOKEN_FILE ": %s: %s",
			path, r == -EFBIG ? "the file is too large" : strerror(-r));
	} else {
		trim_end(&token);
		identity->token = cfs_buf_text(&token);
		snprintf(state->where, sizeof(state->where), ROLE " %s", identity->role.arn);
		cfs_tencent_sts_assume_with_web_identity(
			state->settings, state->env, state->where, identity, now, ret_step);
	}
	cfs_buf_wipe(&token);
}

static void step(struct cfs_provider_state *state, const struct cfs_step_answer *answer,
	int64_t now, struct cfs_step *ret_step)
{
	static const char *const names[] = {REGION, PROVIDER, TOKEN_FILE, ROLE};
	const char *values[sizeof(names) / sizeof(names[0])];
	struct cfs_tencent_web_identity identity;

	if (answer) {
		cfs_tencent_sts_take(state->where, answer, now, ret_step);
		return;
	}
	if (state->settings->profile) {
		cfs_tencent_provider_absent(
			ret_step, "passed over for profile %s", state->settings->profile);
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		values[i] = cfs_env_get(state->env, names[i]);
		if (!values[i]) {
			cfs_tencent_provider_absent(ret_step, "%s is not set", names[i]);
			return;
		}
	}
	identity = (struct cfs_tencent_web_identity){
		.region = values[0],
		.provider = values[1],
		.role.arn = values[3],
	};
	ask(state, values[2], &identity, now, ret_step);
}

const struct cfs_provider cfs_tencent_provider_tke = {
	.name = "TKE pod identity",
	.create = cfs_tencent_provider_create,
	.step = step,
	.destroy = cfs_tencent_provider_destroy,
};
