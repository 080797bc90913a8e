/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/keys/cache.h"
#include "backends/aws/keys/sources.h"
#include "backends/aws/keys/sts.h"
#include "backends/contract/backend.h"
#include "backends/contract/step.h"

#define TOKEN_MAX 20000 /* bytes: what STS takes */

/* Source: "Assume role with web identity or OpenID Connect" in the AWS SDKs and Tools guide. */
struct state {
	const struct cfs_aws_config *config;
	const char *arn, *session, *path;
	struct cfs_aws_endpoints endpoints;
	struct cfs_buf token; /* that was sent */
	unsigned retries;
};

static void destroy(void *arg)
{
	struct state *state = arg;

	cfs_aws_endpoints_finish(&state->endpoints);
	cfs_buf_wipe(&state->token);
	free(state);
}

/* The file is read each time, since it is replaced before the token expires. */
static void ask(struct state *state, int64_t now, struct cfs_step *step)
{
	struct cfs_buf *token = &state->token;
	struct cfs_aws_sts_role role = {.arn = state->arn, .session = state->session};
	struct cfs_http_request request;
	int r;

	cfs_buf_wipe(token);
	cfs_buf_init(token, TOKEN_MAX);
	r = cfs_env_read(state->config->env, state->path, token);
	if (r == -ENOMEM) {
		cfs_step_errno(step, r, "the token");
		return;
	}
	while (token->len > 0 && strchr("\r\n", token->data[token->len - 1]))
		token->data[--token->len] = '\0';
	if (r < 0 || token->len == 0 || memchr(token->data, '\0', token->len)) {
		cfs_step_failed(step, CFS_UNAUTHENTICATED, "cannot read a token from %.120s: %s",
			state->path,
			r == -EFBIG     ? "it is too long"
				: r < 0 ? strerror(-r)
					: "it holds no token");
		return;
	}
	role.web_identity = cfs_buf_text(token);
	r = cfs_aws_sts_request(&state->endpoints, &role, NULL, now, &request);
	if (r < 0)
		cfs_step_errno(step, r, "the role of the web identity");
	else
		cfs_step_http(step, &request, state->endpoints.ca_file, false,
			CFS_AWS_SERVICE_TIMEOUT_MS);
}

/* When the role's keys cannot be had: those that the AWS CLI has cached for it. */
static void fall_back(const struct state *state, int64_t now, struct cfs_step *step)
{
	const struct cfs_aws_sts_role role = {.arn = state->arn, .session = state->session};
	struct cfs_keys keys;
	char why[CFS_PROVIDER_WHY_MAX];

	if (!cfs_aws_cache_may_help(step) ||
		cfs_aws_cache_role(state->config->env, &role, NULL, now, &keys) < 0)
		return;
	memcpy(why, step->why, sizeof(why));
	cfs_step_keys(step, 0, &keys, now, "role %.100s, with keys that the AWS CLI cached, as %s",
		state->arn, why);
}

static void take_answer(struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *ret_step)
{
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct cfs_error error = {0};

	if (answer->fault == CFS_OK)
		cfs_aws_sts_read(answer, &keys, &error);
	if (cfs_source_retry(&state->retries, answer, error.fault)) {
		ask(state, now, ret_step);
	} else if (answer->fault != CFS_OK) {
		cfs_step_no_answer(ret_step, answer, "STS");
	} else if (error.fault != CFS_OK) {
		cfs_error_hide(&error, cfs_buf_text(&state->token));
		cfs_step_refused(ret_step, &error, "STS", state->arn);
	} else {
		cfs_step_keys(ret_step, 0, &keys, now, "role %.100s, with the token in %.100s",
			state->arn, state->path);
	}
	cfs_keys_finish(&keys);
}

static void step(
	void *arg, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	struct state *state = arg;

	if (answer)
		take_answer(state, answer, now, ret_step);
	else
		ask(state, now, ret_step);
	fall_back(state, now, ret_step);
}

/* The variable, unless a profile of the settings counts and nothing else; else the profile's key.
 */
static const char *find(const struct cfs_aws_config *config, const char *profile,
	const char *variable, const char *key)
{
	const char *value = NULL;

	/* A profile that is another's source is a profile that was named, too. */
	if (!config->settings->profile && strcmp(profile, config->profile) == 0)
		value = cfs_env_get(config->env, variable);
	return value ? value : cfs_aws_config_get(config, profile, key);
}

bool cfs_aws_web_identity_open(const struct cfs_aws_config *config, const char *profile,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	const char *path =
		find(config, profile, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
	const char *arn = find(config, profile, "AWS_ROLE_ARN", "role_arn");
	struct cfs_buf why = CFS_BUF_INIT(4 * CFS_PROVIDER_WHY_MAX);
	struct state *state = NULL;
	int r;

	(void)now;
	if (!path) {
		cfs_step_absent(ret_step, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
		return false;
	}
	if (!arn) {
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED,
			"there is a web identity token, but neither AWS_ROLE_ARN nor role_arn");
		return false;
	}
	state = calloc(1, sizeof(*state));
	if (!state) {
		cfs_step_errno(ret_step, -ENOMEM, "STS");
		return false;
	}
	state->config = config;
	state->path = path;
	state->arn = arn;
	state->session = find(config, profile, "AWS_ROLE_SESSION_NAME", "role_session_name");
	r = cfs_aws_endpoints_load(&state->endpoints, config, &why);
	if (r == 0)
		r = cfs_aws_endpoints_check(&state->endpoints, CFS_AWS_STS, &why);
	if (r == 0) {
		*ret_source = (struct cfs_source){.step = step, .destroy = destroy, .state = state};
	} else {
		cfs_step_unset(ret_step, r, &why);
		destroy(state);
	}
	cfs_buf_finish(&why);
	return r == 0;
}
