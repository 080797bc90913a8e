/* SPDX-License-Identifier: MIT */
#include "sso.h"

#include "form.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECONDS 3600
#define TOKEN_SECONDS 28800

static void begin(struct sim_answer *answer, const char *action)
{
	answer->status = 200;
	answer->content_type = "application/json";
	answer->request_id_header = "x-amzn-RequestId";
	answer->record.cloud = "aws";
	snprintf(answer->record.action, sizeof(answer->record.action), "%s", action);
}

/* An error's name is in a header; its message in the body, in each service's own way. */
static void fail(struct sim_answer *answer, unsigned status, const char *code)
{
	answer->status = status;
	answer->header = "x-amzn-ErrorType";
	snprintf(answer->header_value, sizeof(answer->header_value), "%s", code);
	snprintf(answer->record.code, sizeof(answer->record.code), "%s", code);
	sim_buf_reset(&answer->body);
}

static void fail_portal(
	struct sim_answer *answer, unsigned status, const char *code, const char *message)
{
	fail(answer, status, code);
	sim_buf_adds(&answer->body, "{\"message\":");
	sim_buf_add_json(&answer->body, message);
	sim_buf_adds(&answer->body, ",\"__type\":\"com.amazonaws.switchboard.portal#");
	sim_buf_addf(&answer->body, "%s\"}", code);
}

static void fail_oidc(struct sim_answer *answer, unsigned status, const char *code,
	const char *error, const char *description)
{
	fail(answer, status, code);
	sim_buf_addf(&answer->body, "{\"error\":\"%s\",\"error_description\":", error);
	sim_buf_add_json(&answer->body, description);
	sim_buf_adds(&answer->body, "}");
}

/* True when a fault of the service has made the answer. */
static bool portal_fault(struct sim_answer *answer, const struct sim_effect *effect)
{
	if (effect->kind == SIM_FAULT_THROTTLE)
		fail_portal(answer, 429, "TooManyRequestsException", "Too many requests");
	else if (effect->kind == SIM_FAULT_CODE)
		fail_portal(answer, strstr(effect->arg, "Unauthorized") ? 401 : 403, effect->arg,
			"Simulated error");
	else
		return false;
	return true;
}

static void give_credentials(
	struct sim *sim, const struct sim_effect *effect, struct sim_answer *answer)
{
	const struct sim_session *session =
		sim_session_make(sim, SIM_AWS, SIM_ROLE_OPERATOR, SIM_USER, SECONDS);
	if (!session) {
		fail_portal(answer, 500, "InternalServerException", "Internal error");
		return;
	}
	sim_buf_adds(&answer->body, "{\"roleCredentials\":{");
	if (effect->kind != SIM_FAULT_EMPTY)
		sim_buf_addf(&answer->body,
			"\"accessKeyId\":\"%s\",\"secretAccessKey\":\"%s\","
			"\"sessionToken\":\"%s\",\"expiration\":%" PRId64,
			session->id, session->secret, session->token, session->expires_ms);
	if (effect->kind == SIM_FAULT_OVERSIZE)
		sim_buf_fill(&answer->body, ' ', SIM_FAULT_OVERSIZE_BYTES);
	sim_buf_adds(&answer->body, "}}");
}

void sim_sso_portal(struct sim *sim, const struct sim_request *request, const char *query,
	struct sim_answer *answer)
{
	struct sim_form form = {0};
	const char *token = sim_request_header(request, "x-amz-sso_bearer_token");
	begin(answer, "GetRoleCredentials");
	struct sim_effect effect = sim_pick_fault(sim, SIM_AWS, &answer->record);
	if (sim_answer_fault(answer, &effect) || portal_fault(answer, &effect))
		return;
	if (sim_form_parse(query, strlen(query), &form) < 0) {
		fail_portal(answer, 400, "InvalidRequestException", "The query cannot be read");
		return;
	}
	const char *role = sim_form_get(&form, "role_name");
	const char *account = sim_form_get(&form, "account_id");
	if (!role || !account || !token)
		fail_portal(answer, 400, "InvalidRequestException",
			"role_name, account_id and a bearer token are needed");
	else if (strcmp(token, SIM_SSO_ACCESS_TOKEN) != 0 &&
		!sim_session_ticket_is_good(sim, SIM_TICKET_SSO_ACCESS, token))
		fail_portal(
			answer, 401, "UnauthorizedException", "Session token not found or invalid");
	else if (strcmp(role, SIM_ROLE_OPERATOR) != 0 || strcmp(account, SIM_ACCOUNT) != 0)
		fail_portal(answer, 403, "ForbiddenException", "No access");
	else
		give_credentials(sim, &effect, answer);
	sim_form_finish(&form);
}

static const char *get(const cJSON *object, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsString(value) ? value->valuestring : "";
}

static void give_token(struct sim *sim, const struct sim_effect *effect, struct sim_answer *answer)
{
	unsigned seconds = sim_session_seconds(sim, TOKEN_SECONDS);
	const char *access = sim_session_ticket(sim, SIM_TICKET_SSO_ACCESS, seconds);
	const char *refresh = sim_session_ticket(sim, SIM_TICKET_SSO_REFRESH, 90 * 86400);
	if (!access || !refresh) {
		fail_oidc(answer, 500, "InternalServerException", "server_error", "Internal error");
		return;
	}
	sim_buf_adds(&answer->body, "{");
	if (effect->kind != SIM_FAULT_EMPTY)
		sim_buf_addf(&answer->body,
			"\"accessToken\":\"%s\",\"expiresIn\":%u,\"idToken\":null,"
			"\"refreshToken\":\"%s\",\"tokenType\":\"Bearer\"",
			access, seconds, refresh);
	if (effect->kind == SIM_FAULT_OVERSIZE)
		sim_buf_fill(&answer->body, ' ', SIM_FAULT_OVERSIZE_BYTES);
	sim_buf_adds(&answer->body, "}");
}

static void judge_token(struct sim *sim, const cJSON *asked, const struct sim_effect *effect,
	struct sim_answer *answer)
{
	const char *refresh = get(asked, "refreshToken");
	if (!cJSON_IsObject(asked))
		fail_oidc(answer, 400, "InvalidRequestException", "invalid_request",
			"The body is no JSON object");
	else if (strcmp(get(asked, "clientId"), SIM_SSO_CLIENT_ID) != 0 ||
		strcmp(get(asked, "clientSecret"), SIM_SSO_CLIENT_SECRET) != 0)
		fail_oidc(answer, 401, "InvalidClientException", "invalid_client",
			"Invalid client credentials");
	else if (strcmp(get(asked, "grantType"), "refresh_token") != 0)
		fail_oidc(answer, 400, "UnsupportedGrantTypeException", "unsupported_grant_type",
			"Only refresh_token is simulated");
	else if (strcmp(refresh, SIM_SSO_REFRESH_TOKEN) != 0 &&
		!sim_session_ticket_is_good(sim, SIM_TICKET_SSO_REFRESH, refresh))
		fail_oidc(answer, 400, "InvalidGrantException", "invalid_grant",
			"Invalid refresh token provided");
	else
		give_token(sim, effect, answer);
}

void sim_sso_token(struct sim *sim, const struct sim_request *request, const char *query,
	struct sim_answer *answer)
{
	const char *type = sim_request_header(request, "content-type");
	(void)query;
	begin(answer, "CreateToken");
	struct sim_effect effect = sim_pick_fault(sim, SIM_AWS, &answer->record);
	if (sim_answer_fault(answer, &effect))
		return;
	if (effect.kind == SIM_FAULT_THROTTLE) {
		fail_oidc(answer, 400, "SlowDownException", "slow_down", "Too many requests");
	} else if (effect.kind == SIM_FAULT_CODE) {
		fail_oidc(answer, 400, effect.arg, "invalid_request", "Simulated error");
	} else if (!type || strncmp(type, "application/json", 16) != 0) {
		fail_oidc(answer, 400, "InvalidRequestException", "invalid_request",
			"The body must be JSON");
	} else {
		cJSON *asked = cJSON_ParseWithLength(
			request->body.data ? request->body.data : "", request->body.len);
		judge_token(sim, asked, &effect, answer);
		cJSON_Delete(asked);
	}
}
