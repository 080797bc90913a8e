/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/json.h"
#include "backends/base/text.h"
#include "backends/contract/json_keys.h"
#include "backends/contract/step.h"
#include "backends/tencent/api/url.h"
#include "backends/tencent/keys/sources.h"
#include "backends/tencent/keys/temporary.h"

/*
 * The metadata service of a CVM: the keys of the role that is bound to the machine.
 *
 *     http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/        its name
 *     http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/<name>  its keys,
 *         {"TmpSecretId", "TmpSecretKey", "Token", "ExpiredTime": seconds, "Code": "Success"}
 *
 * The name leads to an address of the link, 169.254.0.23, from a CVM only; so the service is plain
 * http, never asked through a proxy, and not waited for. 404 for the name: no role is bound.
 * Source: https://cloud.tencent.com/document/product/213/4934
 *
 * TENCENTCLOUD_METADATA_ENDPOINT, http:// and an address of this host or its link, stands in for
 * the name, for tests and for hosts that forward it. No SDK has such a variable.
 */

#define VARIABLE "TENCENTCLOUD_METADATA_ENDPOINT"
#define HOST "metadata.tencentyun.com"
#define PATH "/latest/meta-data/cam/security-credentials/"
#define SERVICE "the metadata service"
#define ROLE_TIMEOUT_MS 1000 /* there may be no service */
#define KEYS_TIMEOUT_MS 5000
#define URL_ROOM (sizeof("http://" PATH) + CFS_HTTP_HOST_MAX + CFS_STEP_ROLE_MAX)

enum phase { AT_ROLE, AT_KEYS };

struct state {
	enum phase phase;
	bool required; /* it is a failure if there is no role */
	char host[CFS_HTTP_HOST_MAX];
	char role[CFS_STEP_ROLE_MAX + 1];
};

static void ask(const struct state *state, struct cfs_step *step)
{
	char url[URL_ROOM];
	struct cfs_http_request request;
	int r;

	snprintf(url, sizeof(url), "http://%s" PATH "%s", state->host, state->role);
	cfs_http_request_init(&request, "GET");
	r = cfs_http_request_set_url(&request, url);
	if (r == 0)
		cfs_step_http(step, &request, NULL, true,
			state->phase == AT_ROLE ? ROLE_TIMEOUT_MS : KEYS_TIMEOUT_MS);
	else
		cfs_step_errno(step, r, SERVICE);
	cfs_http_request_finish(&request);
}

/* There is no role. */
static void none(
	const struct state *state, enum cfs_fault fault, const char *why, struct cfs_step *step)
{
	if (state->required)
		cfs_step_failed(step, fault, "%s", why);
	else
		cfs_step_absent(step, "%s", why);
}

/* Takes the name of the role, a line of text. */
static void take_role(
	struct state *state, const struct cfs_step_answer *answer, struct cfs_step *step)
{
	if (answer->fault != CFS_OK) {
		none(state, answer->fault, "the metadata service does not answer", step);
	} else if (answer->status == 404) {
		none(state, CFS_UNAUTHENTICATED, "no role is bound to this machine", step);
	} else if (answer->status >= 500) {
		cfs_step_failed(
			step, CFS_SERVER, SERVICE " failed: HTTP status %d", answer->status);
	} else if (!cfs_step_role_name(answer, state->role)) {
		none(state, CFS_BAD_ANSWER, "the answer is not from a metadata service", step);
	} else {
		state->phase = AT_KEYS;
		ask(state, step);
	}
}

static void read_keys(
	const char *where, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *step)
{
	static const struct cfs_json_keys names = {
		.id = "TmpSecretId",
		.secret = "TmpSecretKey",
		.token = "Token",
		.expires = "ExpiredTime",
		.time = CFS_JSON_KEYS_SECONDS,
	};
	struct cfs_error error = {.fault = CFS_UNAUTHENTICATED};
	struct cfs_keys keys = CFS_KEYS_INIT;
	cJSON *json = NULL;
	const char *code;
	int r = cfs_json_parse_object(answer->content, answer->len, &json);

	code = cfs_json_text(json, "Code");
	if (r == 0 && (!code || strcmp(code, "Success") != 0)) {
		if (!code)
			code = "no Code";
		cfs_error_say_code(&error, code, strlen(code));
		cfs_tencent_temporary_refused(step, &error, SERVICE, where);
	} else {
		if (r == 0)
			r = cfs_json_keys_read(&names, json, &keys);
		cfs_tencent_temporary_keys(step, r, &keys, now, answer->date, SERVICE, where);
	}
	cfs_json_wipe(json);
}

static void take_keys(const struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *step)
{
	char where[CFS_TENCENT_WHERE_MAX];

	snprintf(where, sizeof(where), "role %s of this machine", state->role);
	if (answer->fault != CFS_OK)
		cfs_step_failed(step, answer->fault, "%s: " SERVICE " stopped answering", where);
	else if (answer->status != 200)
		cfs_step_failed(step, answer->status >= 500 ? CFS_SERVER : CFS_UNAUTHENTICATED,
			"%s: HTTP status %d", where, answer->status);
	else
		read_keys(where, answer, now, step);
}

static void step(
	void *arg, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	struct state *state = arg;

	if (!answer) {
		ask(state, ret_step);
		return;
	}
	switch (state->phase) {
	case AT_ROLE:
		take_role(state, answer, ret_step);
		break;
	case AT_KEYS:
		take_keys(state, answer, now, ret_step);
		break;
	}
}

/* Opening */

static bool open_role(const struct cfs_env *env, bool required, struct cfs_source *ret_source,
	struct cfs_step *ret_step)
{
	const char *own = cfs_env_get(env, VARIABLE), *wrong;
	struct state *state = calloc(1, sizeof(*state));

	if (!state) {
		cfs_step_errno(ret_step, -ENOMEM, SERVICE);
		return false;
	}
	state->required = required;
	snprintf(state->host, sizeof(state->host), HOST);
	wrong = own ? cfs_tencent_url_metadata(own, state->host) : NULL;
	if (wrong) {
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED, VARIABLE " %s", wrong);
		free(state);
		return false;
	}
	*ret_source = (struct cfs_source){.step = step, .destroy = free, .state = state};
	return true;
}

bool cfs_tencent_metadata_open(const struct cfs_settings *settings, const struct cfs_env *env,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	(void)settings;
	(void)now;
	return open_role(env, false, ret_source, ret_step);
}

bool cfs_tencent_metadata_open_required(const struct cfs_settings *settings,
	const struct cfs_env *env, int64_t now, struct cfs_source *ret_source,
	struct cfs_step *ret_step)
{
	(void)settings;
	(void)now;
	return open_role(env, true, ret_source, ret_step);
}
