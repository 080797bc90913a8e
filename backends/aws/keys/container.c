/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/api/endpoints.h"
#include "backends/aws/keys/sources.h"
#include "backends/base/json.h"
#include "backends/base/text.h"
#include "backends/contract/json_keys.h"
#include "backends/contract/step.h"

#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
#define RELATIVE_BASE "http://169.254.170.2"
#define TOKEN_MAX 16384
#define QUERY_ALSO "-._~%!$&'()*+,;=:@/?" /* RFC 3986, section 3.4 */
#define TIMEOUT_MS 2000                   /* botocore's */

/* Source: "Container credential provider" in the AWS SDKs and Tools reference guide. */
struct state {
	const struct cfs_env *env;
	struct cfs_buf url;
	const char *from; /* the variable */
	struct cfs_aws_endpoints endpoints;
	unsigned retries;
};

static void destroy(void *arg)
{
	struct state *state = arg;

	cfs_buf_wipe(&state->url);
	cfs_aws_endpoints_finish(&state->endpoints);
	free(state);
}

/* What is wrong with a URL: it must be https, or lead to loopback or an agent of ECS or EKS. */
static const char *check_url(const char *url)
{
	static const char *const agents[] = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
	struct cfs_aws_endpoint endpoint;
	size_t len = strcspn(url, "?");
	bool loopback;
	const char *why, *query = url[len] ? url + len + 1 : "";
	char *base = strndup(url, len); /* whose path an endpoint might have, and no query */

	if (!base)
		return "could not be checked: out of memory";
	why = cfs_aws_endpoint_split(base, &endpoint, &loopback);
	free(base);
	if (!why && *query &&
		!cfs_text_is_token(query, strlen(query), CFS_HTTP_URL_MAX, QUERY_ALSO))
		why = "has a query with a byte that must be percent-encoded";
	if (why || endpoint.tls || loopback)
		return why;
	for (size_t i = 0; i < sizeof(agents) / sizeof(agents[0]); i++) {
		len = strlen(agents[i]);
		if (strncmp(endpoint.host, agents[i], len) == 0 &&
			(endpoint.host[len] == '\0' || endpoint.host[len] == ':'))
			return NULL;
	}
	return "is http to a host that is neither loopback nor an agent of ECS or EKS";
}

/* Adds the token. Its file changes and is read each time. Returns false if the step is filled. */
static bool add_token(struct state *state, struct cfs_http_request *request, struct cfs_step *step)
{
	struct cfs_buf content = CFS_BUF_INIT(TOKEN_MAX);
	const char *path = cfs_env_get(state->env, TOKEN_FILE);
	const char *token = cfs_env_get(state->env, TOKEN);
	bool added = false;
	int r = 0;

	if (path) {
		r = cfs_env_read(state->env, path, &content);
		token = cfs_buf_text(&content);
	}
	if (r == -ENOMEM) {
		cfs_step_errno(step, r, "the container's credentials");
	} else if (r < 0) {
		cfs_step_failed(step, CFS_UNAUTHENTICATED, "cannot read the token in %.120s: %s",
			path, strerror(-r));
	} else if (token && (strpbrk(token, "\r\n") || (path && strlen(token) != content.len))) {
		cfs_step_failed(step, CFS_UNAUTHENTICATED,
			"the token in %s holds more than one line", path ? TOKEN_FILE : TOKEN);
	} else {
		r = token ? cfs_http_request_add_header(request, "Authorization", token) : 0;
		added = r == 0;
		if (r < 0)
			cfs_step_errno(step, r, path ? TOKEN_FILE : TOKEN);
	}
	cfs_buf_wipe(&content);
	return added;
}

static void ask(struct state *state, struct cfs_step *step)
{
	struct cfs_http_request request;
	int r;

	cfs_http_request_init(&request, "GET");
	r = cfs_http_request_set_url(&request, cfs_buf_text(&state->url));
	if (r == 0)
		r = cfs_http_request_add_header(&request, "Accept", "application/json");
	if (r < 0)
		cfs_step_errno(step, r, state->from);
	else if (add_token(state, &request, step))
		cfs_step_http(step, &request, state->endpoints.ca_file, true, TIMEOUT_MS);
	cfs_http_request_finish(&request);
}

static void read_keys(struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *step)
{
	static const struct cfs_json_keys names = {
		.id = "AccessKeyId",
		.secret = "SecretAccessKey",
		.token = "Token",
		.expires = "Expiration",
	};
	struct cfs_keys keys = CFS_KEYS_INIT;
	cJSON *json = NULL;
	int r = cfs_json_parse_object(answer->content, answer->len, &json);

	if (r == 0)
		r = cfs_json_keys_read(&names, json, &keys);
	if (r == -EBADMSG)
		cfs_step_failed(
			step, CFS_BAD_ANSWER, "the container's agent sent an answer without keys");
	else
		cfs_step_keys(step, r, &keys, now, "the container (%s)", state->from);
	cfs_json_wipe(json);
}

static void step(
	void *arg, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	struct state *state = arg;
	enum cfs_fault fault = answer && answer->status >= 500 ? CFS_SERVER : CFS_OK;

	if (!answer || cfs_source_retry(&state->retries, answer, fault))
		ask(state, ret_step);
	else if (answer->fault != CFS_OK)
		cfs_step_no_answer(ret_step, answer, "the container's agent");
	else if (answer->status != 200)
		cfs_step_failed(ret_step, fault == CFS_SERVER ? fault : CFS_UNAUTHENTICATED,
			"the container's agent answered with HTTP status %d", answer->status);
	else
		read_keys(state, answer, now, ret_step);
}

static bool prepare(const struct cfs_aws_config *config, struct state *state, const char *relative,
	const char *full, struct cfs_step *step)
{
	struct cfs_buf why = CFS_BUF_INIT(4 * CFS_PROVIDER_WHY_MAX);
	const char *wrong = NULL;
	int r;

	state->from = relative ? RELATIVE : FULL;
	r = cfs_buf_addf(
		&state->url, "%s%s", relative ? RELATIVE_BASE : "", relative ? relative : full);
	if (r == 0 && relative && *relative != '/')
		wrong = "does not begin with /";
	if (r == 0 && !wrong)
		wrong = check_url(cfs_buf_text(&state->url));
	if (wrong)
		r = cfs_buf_addf(&why, "%s %s", state->from, wrong) < 0 ? -ENOMEM : -EINVAL;
	else if (r == 0)
		r = cfs_aws_endpoints_load(&state->endpoints, config, &why);
	if (r == -EFBIG)
		cfs_step_errno(step, r, state->from);
	else if (r < 0)
		cfs_step_unset(step, r, &why);
	cfs_buf_finish(&why);
	return r == 0;
}

bool cfs_aws_container_open(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	const char *relative = cfs_env_get(config->env, RELATIVE);
	const char *full = cfs_env_get(config->env, FULL);
	struct state *state;

	(void)profile;
	(void)now;
	if (!relative && !full) {
		cfs_step_absent(ret_step, "neither " RELATIVE " nor " FULL " is set");
		return false;
	}
	state = calloc(1, sizeof(*state));
	if (!state) {
		cfs_step_errno(ret_step, -ENOMEM, "the container's credentials");
		return false;
	}
	state->env = config->env;
	cfs_buf_init(&state->url, CFS_HTTP_URL_MAX);
	if (!prepare(config, state, relative, full, ret_step)) {
		destroy(state);
		return false;
	}
	*ret_source = (struct cfs_source){.step = step, .destroy = destroy, .state = state};
	return true;
}
