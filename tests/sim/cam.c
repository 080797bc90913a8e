/* SPDX-License-Identifier: MIT */
#include "cam.h"

#include "clock.h"
#include "roles.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECONDS_DEFAULT 7200
#define SECONDS_MOST 43200
#define PROVIDER "consolefs-sim-oidc"

/* A text parameter, or NULL. */
static const char *get(const struct sim_api3_call *call, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(call->params, name);
	return value ? value->valuestring : NULL;
}

/* A required text parameter, or NULL after an error answer. */
static const char *need(const struct sim_api3_call *call, const char *name)
{
	const char *value = get(call, name);
	if (!value)
		sim_api3_error(call->answer, "MissingParameter",
			"The request is missing a required parameter `%s`.", name);
	return value;
}

/* The role, and the session's name. False after an error answer. */
static bool need_role(
	const struct sim_api3_call *call, char ret_role[SIM_ROLE_SIZE], const char **ret_name)
{
	const char *arn = need(call, "RoleArn");
	const char *name = arn ? need(call, "RoleSessionName") : NULL;
	if (!name)
		return false;
	if (strlen(name) < 2 || strlen(name) > 128 || !sim_roles_is_session_name(name)) {
		sim_api3_error(call->answer, "InvalidParameter.ParamError",
			"RoleSessionName is not of the form [\\w+=,.@_-]{2,128}.");
		return false;
	}
	if (!sim_roles_parse(SIM_TENCENT, arn, ret_role) || !sim_roles_exists(ret_role)) {
		sim_api3_error(
			call->answer, "ResourceNotFound.RoleNotFound", "The role does not exist.");
		return false;
	}
	*ret_name = name;
	return true;
}

static void give(struct sim_api3_call *call, const char *role, const char *name)
{
	const cJSON *asked = cJSON_GetObjectItemCaseSensitive(call->params, "DurationSeconds");
	int seconds = asked ? asked->valueint : SECONDS_DEFAULT;
	struct sim_buf *body = &call->answer->body;
	char expiration[SIM_TIME_TEXT];
	if (seconds < 1 || seconds > SECONDS_MOST) {
		sim_api3_error(call->answer, "InvalidParameter.OverTimeError",
			"DurationSeconds must be from 1 to %d.", SECONDS_MOST);
		return;
	}
	const struct sim_session *session =
		sim_session_make(call->sim, SIM_TENCENT, role, name, (unsigned)seconds);
	if (!session) {
		sim_api3_error(call->answer, "InternalError", "An internal error has occurred.");
		return;
	}
	sim_clock_format(session->expires_ms, 0, expiration);
	sim_buf_adds(body, "{\"Response\":{");
	if (call->effect.kind != SIM_FAULT_EMPTY)
		sim_buf_addf(body,
			"\"Credentials\":{\"Token\":\"%s\",\"TmpSecretId\":\"%s\","
			"\"TmpSecretKey\":\"%s\"},\"ExpiredTime\":%" PRId64
			",\"Expiration\":\"%s\",",
			session->token, session->id, session->secret, session->expires_ms / 1000,
			expiration);
	if (call->effect.kind == SIM_FAULT_OVERSIZE)
		sim_buf_fill(body, ' ', SIM_FAULT_OVERSIZE_BYTES);
	sim_buf_addf(body, "\"RequestId\":\"%s\"}}", call->answer->request_id);
}

static void assume_role(struct sim_api3_call *call)
{
	char role[SIM_ROLE_SIZE];
	const char *name;
	if (!need_role(call, role, &name))
		return;
	if (!sim_roles_may(role, call->session, get(call, "ExternalId")))
		sim_api3_error(call->answer, "UnauthorizedOperation",
			"you are not authorized to perform operation (sts:AssumeRole) resource "
			"(%.200s) has no permission",
			get(call, "RoleArn"));
	else
		give(call, role, name);
}

static void assume_role_with_web_identity(struct sim_api3_call *call)
{
	const char *provider = need(call, "ProviderId");
	const char *token = provider ? need(call, "WebIdentityToken") : NULL;
	char role[SIM_ROLE_SIZE];
	const char *name;
	if (!token || !need_role(call, role, &name))
		return;
	if (strcmp(provider, PROVIDER) != 0 ||
		!sim_is_token(token, call->sim->options.web_identity_file, SIM_WEB_IDENTITY))
		sim_api3_error(call->answer, "InvalidParameter.WebIdentityTokenError",
			"The web identity token is invalid.");
	else if (strcmp(role, SIM_ROLE_FEDERATED) != 0)
		sim_api3_error(call->answer, "UnauthorizedOperation",
			"you are not authorized to perform operation "
			"(sts:AssumeRoleWithWebIdentity)");
	else
		give(call, role, name);
}

static void get_caller_identity(struct sim_api3_call *call)
{
	struct sim_buf *body = &call->answer->body;
	sim_buf_adds(body, "{\"Response\":{");
	if (call->effect.kind != SIM_FAULT_EMPTY) {
		sim_buf_adds(body, "\"Arn\":\"");
		sim_roles_add_caller(body, SIM_TENCENT, call->session);
		sim_buf_adds(body, "\",\"AccountId\":\"" SIM_UIN "\",\"UserId\":\"");
		if (call->session)
			sim_roles_add_id(body, call->session);
		else
			sim_buf_adds(body, SIM_SUB_UIN);
		sim_buf_addf(body, "\",\"PrincipalId\":\"" SIM_SUB_UIN "\",\"Type\":\"%s\",",
			call->session ? "CAMRole" : "SubAccount");
	}
	if (call->effect.kind == SIM_FAULT_OVERSIZE)
		sim_buf_fill(body, ' ', SIM_FAULT_OVERSIZE_BYTES);
	sim_buf_addf(body, "\"RequestId\":\"%s\"}}", call->answer->request_id);
}

static const struct sim_api3_action actions[] = {
	{"GetCallerIdentity", true, false, get_caller_identity, {{0}}},
	{"AssumeRole", true, false, assume_role,
		{{"RoleArn", SIM_API3_STRING}, {"RoleSessionName", SIM_API3_STRING},
			{"DurationSeconds", SIM_API3_INTEGER}, {"Policy", SIM_API3_STRING},
			{"ExternalId", SIM_API3_STRING}, {"SourceIdentity", SIM_API3_STRING},
			{"SerialNumber", SIM_API3_STRING}, {"TokenCode", SIM_API3_STRING}}},
	{"AssumeRoleWithWebIdentity", true, true, assume_role_with_web_identity,
		{{"ProviderId", SIM_API3_STRING}, {"WebIdentityToken", SIM_API3_STRING},
			{"RoleArn", SIM_API3_STRING}, {"RoleSessionName", SIM_API3_STRING},
			{"DurationSeconds", SIM_API3_INTEGER}}},
};

const struct sim_api3_service sim_cam_sts = {
	.name = "sts",
	.version = "2018-08-13",
	.everywhere = true,
	.actions = actions,
	.n_actions = sizeof(actions) / sizeof(actions[0]),
};
