/* SPDX-License-Identifier: MIT */
#include "backends/tencent/keys/sts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/json.h"
#include "backends/base/text.h"
#include "backends/contract/json_keys.h"
#include "backends/contract/step.h"
#include "backends/tencent/api/api.h"
#include "backends/tencent/keys/sources.h"
#include "backends/tencent/keys/temporary.h"

#define NAME "STS" /* for people */
#define SERVICE "sts"
#define VERSION "2018-08-13"
#define LIFE_SECONDS 7200 /* asked for, as the SDKs do */
#define TIMEOUT_MS 10000
#define SESSION_MIN 2
#define SESSION_MAX 128
#define PROVIDER_MAX 256
#define SESSION_ROOM (SESSION_MAX + 1)

static const struct cfs_tencent_api assume_role = {SERVICE, VERSION, "AssumeRole"},
				    assume_role_with_web_identity = {
					    SERVICE, VERSION, "AssumeRoleWithWebIdentity"};

/* What is wrong with a role, NULL if nothing is. "qcs::cam::uin/12345678:roleName/testRoleName" */
static const char *check_role(const struct cfs_tencent_role *role)
{
	size_t len = strlen(role->arn);

	if (len > CFS_TENCENT_ROLE_ARN_MAX || strncmp(role->arn, "qcs:", strlen("qcs:")) != 0 ||
		!cfs_text_is_graphic(role->arn, len, ""))
		return "the role is not an ARN (qcs::cam::uin/...:roleName/...)";
	if (!role->session)
		return NULL;
	len = strlen(role->session);
	if (len < SESSION_MIN || !cfs_text_is_token(role->session, len, SESSION_MAX, "+=,.@_-"))
		return "the role's session name is not 2 to 128 letters, digits and +=,.@_-";
	return NULL;
}

static int add_role(cJSON *body, const struct cfs_tencent_role *role, int64_t now)
{
	char session[SESSION_ROOM];

	if (role->session)
		snprintf(session, sizeof(session), "%s", role->session);
	else
		snprintf(session, sizeof(session), "consolefs-%" PRId64, now);
	if (!cJSON_AddStringToObject(body, "RoleArn", role->arn) ||
		!cJSON_AddStringToObject(body, "RoleSessionName", session) ||
		!cJSON_AddNumberToObject(body, "DurationSeconds", LIFE_SECONDS))
		return -ENOMEM;
	return 0;
}

/* Where a request goes. */
struct destination {
	struct cfs_tencent_endpoint endpoint;
	char region[CFS_REGION_MAX + 1];
};

/* `region` is that to ask in, or NULL: as configured. */
static int find_destination(const struct cfs_settings *settings, const struct cfs_env *env,
	const char *region, struct destination *ret_destination, struct cfs_buf *why)
{
	struct cfs_tencent_endpoints endpoints;
	char *home = NULL;
	int r;

	r = cfs_tencent_endpoint_load(settings, env, &endpoints, &home, why);
	if (r < 0)
		return r;
	if (!region)
		region = cfs_tencent_endpoint_sts_region(home);
	cfs_tencent_endpoint_find(&endpoints, SERVICE, region, &ret_destination->endpoint);
	snprintf(ret_destination->region, sizeof(ret_destination->region), "%s", region);
	free(home);
	return 0;
}

/* The source */

struct state {
	char where[CFS_TENCENT_WHERE_MAX]; /* for people: where the role was found */
	const char *ca_file;
	struct cfs_http_request request; /* until it is handed over */
};

static void destroy(void *arg)
{
	struct state *state = arg;

	cfs_http_request_finish(&state->request);
	free(state);
}

static void take_keys(const struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *step)
{
	static const struct cfs_json_keys names = {
		.within = "Credentials",
		.id = "TmpSecretId",
		.secret = "TmpSecretKey",
		.token = "Token",
		.expires = "ExpiredTime",
		.time = CFS_JSON_KEYS_SECONDS,
	};
	struct cfs_buf content = CFS_BUF_INIT(CFS_PROVIDER_ANSWER_MAX);
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct cfs_error error = {0};
	const cJSON *response = NULL;
	cJSON *tree = NULL;
	int r;

	r = cfs_buf_add(&content, answer->content, answer->len);
	if (r == 0)
		response = cfs_tencent_api_response(answer->status, &content, &tree, &error);
	if (r < 0)
		cfs_step_errno(step, r, NAME);
	else if (!response)
		cfs_tencent_temporary_refused(step, &error, NAME, state->where);
	else
		cfs_tencent_temporary_keys(step, cfs_json_keys_read(&names, response, &keys), &keys,
			now, answer->date, NAME, state->where);
	cfs_json_wipe(tree);
	cfs_buf_wipe(&content);
}

static void step(
	void *arg, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	struct state *state = arg;

	if (!answer)
		cfs_step_http(ret_step, &state->request, state->ca_file, false, TIMEOUT_MS);
	else if (answer->fault != CFS_OK)
		cfs_step_no_answer(ret_step, answer, NAME);
	else
		take_keys(state, answer, now, ret_step);
}

/* Opening */

/* `body` is taken over and wiped; NULL for want of memory. */
static bool open_request(const struct cfs_settings *settings, const struct cfs_env *env,
	const char *where, const char *region, const struct cfs_tencent_api *api, cJSON *body,
	const struct cfs_keys *keys, int64_t now, struct cfs_source *ret_source,
	struct cfs_step *ret_step)
{
	struct cfs_buf why = CFS_BUF_INIT(CFS_PROVIDER_WHY_MAX);
	struct state *state = calloc(1, sizeof(*state));
	struct destination destination;
	int r = body && state ? 0 : -ENOMEM;

	if (r == 0)
		r = find_destination(settings, env, region, &destination, &why);
	if (r == 0)
		r = cfs_tencent_api_request(api, &destination.endpoint, destination.region, body,
			keys, now, &state->request);
	cfs_json_wipe(body);
	if (r == 0) {
		snprintf(state->where, sizeof(state->where), "%s", where);
		state->ca_file = settings->ca_file;
		*ret_source = (struct cfs_source){.step = step, .destroy = destroy, .state = state};
	} else {
		if (r == -ENOMEM)
			cfs_step_errno(ret_step, r, NAME);
		else
			cfs_step_failed(ret_step, CFS_UNAUTHENTICATED, "%s: %s", where,
				why.len ? cfs_buf_text(&why) : "no request can be made from it");
		free(state);
	}
	cfs_buf_finish(&why);
	return r == 0;
}

bool cfs_tencent_sts_open_role(const struct cfs_settings *settings, const struct cfs_env *env,
	const char *where, const struct cfs_tencent_role *role, const struct cfs_keys *keys,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	const char *wrong = check_role(role);
	cJSON *body;

	if (wrong) {
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED, "%s: %s", where, wrong);
		return false;
	}
	body = cJSON_CreateObject();
	if (body && add_role(body, role, now) < 0) {
		cJSON_Delete(body);
		body = NULL;
	}
	return open_request(
		settings, env, where, NULL, &assume_role, body, keys, now, ret_source, ret_step);
}

static const char *check_identity(const struct cfs_tencent_web_identity *identity)
{
	size_t provider_len = strlen(identity->provider), token_len = strlen(identity->token);

	if (!cfs_tencent_endpoint_valid_region(identity->region))
		return "the region is not a region name";
	if (provider_len > PROVIDER_MAX ||
		!cfs_text_is_graphic(identity->provider, provider_len, ""))
		return "the provider id is too long or not printable ASCII";
	if (token_len == 0)
		return "the token file is empty";
	if (token_len > CFS_SECRET_MAX || !cfs_text_is_graphic(identity->token, token_len, ""))
		return "the token file holds no valid token";
	return check_role(&identity->role);
}

bool cfs_tencent_sts_open_web_identity(const struct cfs_settings *settings,
	const struct cfs_env *env, const char *where,
	const struct cfs_tencent_web_identity *identity, int64_t now, struct cfs_source *ret_source,
	struct cfs_step *ret_step)
{
	const char *wrong = check_identity(identity);
	cJSON *body;

	if (wrong) {
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED, "%s: %s", where, wrong);
		return false;
	}
	body = cJSON_CreateObject();
	if (body &&
		(add_role(body, &identity->role, now) < 0 ||
			!cJSON_AddStringToObject(body, "ProviderId", identity->provider) ||
			!cJSON_AddStringToObject(body, "WebIdentityToken", identity->token))) {
		cfs_json_wipe(body);
		body = NULL;
	}
	return open_request(settings, env, where, identity->region, &assume_role_with_web_identity,
		body, NULL, now, ret_source, ret_step);
}
