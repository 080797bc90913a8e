/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backends/aws/api/endpoint.h"
#include "backends/aws/keys/sources.h"
#include "backends/base/json.h"
#include "backends/base/text.h"
#include "backends/contract/json_keys.h"
#include "backends/contract/step.h"

#define SERVICE "the instance metadata service"
#define IPV4 "http://169.254.169.254/"
#define IPV6 "http://[fd00:ec2::254]/"
#define TOKEN_PATH "latest/api/token"
#define ROLE_PATH "latest/meta-data/iam/security-credentials/"
#define TOKEN_TTL "21600" /* seconds, the most */
#define TOKEN_MAX 1024
#define TIMEOUT_MS 1000
#define TIMEOUT_MAX_S 60
/* Seconds that keys are still used which the service could not renew: an instance whose metadata
 * service is impaired goes on with what it has, and the services go along with that. */
#define EXTENSION 600

/*
 * Source: "Retrieve security credentials from instance metadata" in the EC2 user guide. Three
 * requests: for a token, for the name of the role, for its keys. Version 1 of the service is not
 * used: anybody able to make this host send a GET could ask it.
 */
enum phase { AT_TOKEN, AT_ROLE, AT_KEYS };

struct state {
	enum phase phase;
	struct cfs_aws_endpoint base;
	long timeout_ms;
	struct cfs_secret token;
	char role[CFS_STEP_ROLE_MAX + 1];
	unsigned retries;
};

static void destroy(void *arg)
{
	struct state *state = arg;

	cfs_secret_finish(&state->token);
	free(state);
}

static int make(const struct state *state, struct cfs_http_request *request)
{
	struct cfs_buf below = CFS_BUF_INIT(CFS_HTTP_URL_MAX);
	struct cfs_buf url = CFS_BUF_INIT(CFS_HTTP_URL_MAX);
	int r;

	cfs_http_request_init(request, state->phase == AT_TOKEN ? "PUT" : "GET");
	cfs_buf_adds(&below, state->phase == AT_TOKEN ? TOKEN_PATH : ROLE_PATH);
	if (state->phase == AT_KEYS)
		cfs_text_encode(&below, state->role, strlen(state->role), "");
	r = cfs_buf_error(&below);
	if (r == 0)
		r = cfs_aws_endpoint_url_of(&state->base, cfs_buf_text(&below), &url);
	if (r == 0)
		r = cfs_http_request_set_url(request, cfs_buf_text(&url));
	if (r == 0 && state->phase == AT_TOKEN)
		r = cfs_http_request_add_header(
			request, "x-aws-ec2-metadata-token-ttl-seconds", TOKEN_TTL);
	else if (r == 0)
		r = cfs_http_request_add_header(
			request, "x-aws-ec2-metadata-token", state->token.data);
	cfs_buf_finish(&below);
	cfs_buf_finish(&url);
	return r;
}

static void ask(struct state *state, struct cfs_step *step)
{
	struct cfs_http_request request;
	int r = make(state, &request);

	if (r == 0)
		cfs_step_http(step, &request, NULL, true, state->timeout_ms);
	else
		cfs_step_errno(step, r, SERVICE);
	cfs_http_request_finish(&request);
}

static void fail(const struct cfs_step_answer *answer, const char *what, struct cfs_step *step)
{
	cfs_step_failed(
		step, CFS_BAD_ANSWER, SERVICE " gave no %s (HTTP status %d)", what, answer->status);
}

static void take_token(
	struct state *state, const struct cfs_step_answer *answer, struct cfs_step *step)
{
	char words[CFS_STEP_WORDS_MAX];

	/* Not everybody runs on EC2, nor has every other answer a meaning there. */
	if (answer->fault != CFS_OK) {
		cfs_step_fault_words(answer, words);
		cfs_step_absent(step, SERVICE " %s", words);
	} else if (answer->status != 200) {
		cfs_step_absent(step, SERVICE " gave no token (HTTP status %d)", answer->status);
	} else if (!cfs_text_is_token(
			   answer->content, answer->len, TOKEN_MAX, "-._~+/=:,;!@#$%^&*")) {
		fail(answer, "valid token", step);
	} else if (cfs_secret_set(&state->token, answer->content, answer->len) < 0) {
		cfs_step_errno(step, -ENOMEM, SERVICE);
	} else {
		state->phase = AT_ROLE;
		ask(state, step);
	}
}

static void take_role(
	struct state *state, const struct cfs_step_answer *answer, struct cfs_step *step)
{
	if (answer->fault != CFS_OK) {
		cfs_step_no_answer(step, answer, SERVICE);
	} else if (answer->status == 404) {
		cfs_step_absent(step, "this EC2 instance has no role attached");
	} else if (!cfs_step_role_name(answer, state->role)) {
		fail(answer, "valid role name", step);
	} else {
		state->phase = AT_KEYS;
		ask(state, step);
	}
}

static void take_keys(struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *step)
{
	static const struct cfs_json_keys names = {
		.id = "AccessKeyId",
		.secret = "SecretAccessKey",
		.token = "Token",
		.expires = "Expiration",
	};
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct cfs_error error = {0};
	char what[sizeof("role ") + CFS_STEP_ROLE_MAX];
	const char *code, *message;
	cJSON *json = NULL;
	int r = -EBADMSG;

	if (answer->fault != CFS_OK) {
		cfs_step_no_answer(step, answer, SERVICE);
		return;
	}
	if (answer->status == 200)
		r = cfs_json_parse_object(answer->content, answer->len, &json);
	code = cfs_json_filled(json, "Code");
	message = cfs_json_filled(json, "Message");
	if (code && strcmp(code, "Success") != 0) {
		snprintf(what, sizeof(what), "role %s", state->role);
		error.fault = CFS_UNAUTHENTICATED;
		cfs_error_say_code(&error, code, strlen(code));
		if (message)
			cfs_error_say_message(&error, message, strlen(message));
		cfs_error_hide(&error, state->token.data);
		cfs_step_refused(step, &error, SERVICE, what);
		goto out;
	}
	if (r == 0)
		r = cfs_json_keys_read(&names, json, &keys);
	if (r == -EBADMSG) {
		fail(answer, "keys", step);
		goto out;
	}
	/* Expired by its own clock, not by ours. */
	if (answer->date > 0 && keys.expires <= answer->date)
		keys.expires = now + EXTENSION;
	cfs_step_keys(step, r, &keys, now, "the role of this EC2 instance (%.100s)", state->role);
out:
	cfs_json_wipe(json);
}

static void step(
	void *arg, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	struct state *state = arg;
	enum cfs_fault fault = answer && answer->status >= 500 ? CFS_SERVER : CFS_OK;
	/* Outside EC2 nothing answers: do not wait for it more than once. */
	bool patient = answer && (state->phase != AT_TOKEN || answer->fault != CFS_TIMED_OUT);

	if (!answer || (patient && cfs_source_retry(&state->retries, answer, fault))) {
		ask(state, ret_step);
		return;
	}
	switch (state->phase) {
	case AT_TOKEN:
		take_token(state, answer, ret_step);
		break;
	case AT_ROLE:
		take_role(state, answer, ret_step);
		break;
	case AT_KEYS:
		take_keys(state, answer, now, ret_step);
		break;
	}
}

/* Opening */

static const char *choose_base(const struct cfs_aws_config *config)
{
	const char *url = cfs_aws_config_setting(
		config, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
	const char *mode = cfs_aws_config_setting(config, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
		"ec2_metadata_service_endpoint_mode");

	if (url)
		return url;
	if (mode ? strcasecmp(mode, "ipv6") == 0
		 : cfs_aws_config_flag(config, "AWS_IMDS_USE_IPV6", "imds_use_ipv6"))
		return IPV6;
	return IPV4;
}

static long choose_timeout(const struct cfs_aws_config *config)
{
	const char *text = cfs_aws_config_setting(
		config, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout");
	long seconds;

	if (!text || text[strspn(text, "0123456789")])
		return TIMEOUT_MS;
	seconds = strtol(text, NULL, 10);
	if (seconds < 1)
		return TIMEOUT_MS;
	return 1000 * (seconds > TIMEOUT_MAX_S ? TIMEOUT_MAX_S : seconds);
}

bool cfs_aws_metadata_open(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	const char *disabled = cfs_env_get(config->env, "AWS_EC2_METADATA_DISABLED"), *wrong;
	struct state *state;
	bool loopback;

	(void)profile;
	(void)now;
	if (disabled && strcasecmp(disabled, "true") == 0) {
		cfs_step_absent(ret_step, "skipped: AWS_EC2_METADATA_DISABLED is true");
		return false;
	}
	state = calloc(1, sizeof(*state));
	if (!state) {
		cfs_step_errno(ret_step, -ENOMEM, SERVICE);
		return false;
	}
	state->timeout_ms = choose_timeout(config);
	wrong = cfs_aws_endpoint_split(choose_base(config), &state->base, &loopback);
	if (wrong) {
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED,
			"the URL of the instance metadata service %s", wrong);
		destroy(state);
		return false;
	}
	*ret_source = (struct cfs_source){.step = step, .destroy = destroy, .state = state};
	return true;
}
