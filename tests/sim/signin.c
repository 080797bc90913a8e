/* SPDX-License-Identifier: MIT */
#include "signin.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define SECONDS 900
#define TOKEN_SECONDS 43200
#define TOKEN_MAX 2048
#define URL_MAX 512

static void fail(struct sim_answer *answer, unsigned status, const char *name, const char *code,
	const char *message)
{
	answer->status = status;
	answer->header = "x-amzn-ErrorType";
	snprintf(answer->header_value, sizeof(answer->header_value), "%s", name);
	snprintf(answer->record.code, sizeof(answer->record.code), "%s", code);
	sim_buf_reset(&answer->body);
	sim_buf_adds(&answer->body, "{\"error\":");
	sim_buf_add_json(&answer->body, code);
	sim_buf_adds(&answer->body, ",\"message\":");
	sim_buf_add_json(&answer->body, message);
	sim_buf_adds(&answer->body, "}");
}

static void fail_request(struct sim_answer *answer, const char *message)
{
	fail(answer, 400, "ValidationException", "INVALID_REQUEST", message);
}

/* True when a fault of the service has made the answer. */
static bool service_fault(struct sim_answer *answer, const struct sim_effect *effect)
{
	static const struct {
		const char *code;
		unsigned status;
	} denied[] = {{"TOKEN_EXPIRED", 401}, {"USER_CREDENTIALS_CHANGED", 403},
		{"INSUFFICIENT_PERMISSIONS", 403}};
	if (effect->kind == SIM_FAULT_THROTTLE) {
		fail(answer, 429, "TooManyRequestsError", "INVALID_REQUEST", "Too many requests");
		return true;
	}
	if (effect->kind != SIM_FAULT_CODE)
		return false;
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
		if (strcmp(denied[i].code, effect->arg) != 0)
			continue;
		fail(answer, denied[i].status, "AccessDeniedException", effect->arg,
			"Simulated error");
		return true;
	}
	fail(answer, 400, "ValidationException", effect->arg, "Simulated error");
	return true;
}

/* Whether the token was handed out, has not expired, and is the key's. */
static bool is_good(const struct sim *sim, const char *token, const char *key)
{
	const char *dot = strrchr(token, '.');
	char ticket[SIM_TICKET_SIZE];
	if (!dot || strcmp(dot + 1, key) != 0 || (size_t)(dot - token) >= sizeof(ticket))
		return false;
	memcpy(ticket, token, (size_t)(dot - token));
	ticket[dot - token] = '\0';
	return strcmp(ticket, SIM_LOGIN_REFRESH_TOKEN) == 0 ||
		sim_session_ticket_is_good(sim, SIM_TICKET_LOGIN_REFRESH, ticket);
}

static void give_keys(struct sim *sim, const char *key, const struct sim_effect *effect,
	struct sim_answer *answer)
{
	unsigned seconds = sim_session_seconds(sim, SECONDS);
	const struct sim_session *session =
		sim_session_make(sim, SIM_AWS, SIM_ROLE_CONSOLE, SIM_USER, seconds);
	const char *ticket = sim_session_ticket(sim, SIM_TICKET_LOGIN_REFRESH, TOKEN_SECONDS);
	if (!session || !ticket) {
		fail(answer, 500, "InternalServerException", "server_error", "Internal error");
		return;
	}
	sim_buf_adds(&answer->body, "{");
	if (effect->kind != SIM_FAULT_EMPTY)
		sim_buf_addf(&answer->body,
			"\"accessToken\":{\"accessKeyId\":\"%s\",\"secretAccessKey\":\"%s\","
			"\"sessionToken\":\"%s\"},\"tokenType\":\"aws_sigv4\",\"expiresIn\":%u,"
			"\"refreshToken\":\"%s.%s\"",
			session->id, session->secret, session->token, seconds, ticket, key);
	if (effect->kind == SIM_FAULT_OVERSIZE)
		sim_buf_fill(&answer->body, ' ', SIM_FAULT_OVERSIZE_BYTES);
	sim_buf_adds(&answer->body, "}");
}

static const char *get(const cJSON *object, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsString(value) ? value->valuestring : "";
}

/* What is wrong with the body, or NULL. */
static const char *check_body(const cJSON *asked)
{
	static const char *const names[] = {"clientId", "grantType", "refreshToken"};
	const char *client = get(asked, "clientId");
	size_t known = 0;
	if (!cJSON_IsObject(asked))
		return "The body is no JSON object";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		known += *get(asked, names[i]) ? 1 : 0;
	if (known != sizeof(names) / sizeof(names[0]))
		return "clientId, grantType and refreshToken are needed";
	if (cJSON_GetArraySize(asked) != (int)known)
		return "A member is not known, or not for this grant";
	if (strcmp(client, SIM_LOGIN_CLIENT_ID) != 0 &&
		strcmp(client, "arn:aws:signin:::devtools/cross-device") != 0)
		return "clientId is not one of the tools'";
	if (strcmp(get(asked, "grantType"), "refresh_token") != 0)
		return "Only refresh_token is simulated";
	if (strlen(get(asked, "refreshToken")) > TOKEN_MAX)
		return "refreshToken is too long";
	return NULL;
}

static void judge(struct sim *sim, const struct sim_request *request, const cJSON *asked,
	const struct sim_effect *effect, struct sim_answer *answer)
{
	const char *host = sim_request_header(request, "host");
	struct sim_proof proof;
	char url[URL_MAX], message[128];
	size_t proofs = 0;
	for (size_t i = 0; i < request->n_headers; i++)
		proofs += strcmp(request->headers[i].name, "dpop") == 0 ? 1 : 0;
	snprintf(url, sizeof(url), "https://%s/v1/token", host ? host : "");
	const char *wrong = proofs > 1
		? "there are two"
		: sim_proof_verify(sim_request_header(request, "dpop"), request->method, url,
			  sim_now_ms(sim), &sim->proofs, &proof);
	snprintf(answer->record.signature, sizeof(answer->record.signature), "%s",
		wrong ? wrong : "ok");
	if (wrong) {
		snprintf(message, sizeof(message), "Invalid DPoP proof: %s", wrong);
		fail_request(answer, message);
		return;
	}
	if (service_fault(answer, effect))
		return;
	wrong = check_body(asked);
	if (wrong)
		fail_request(answer, wrong);
	else if (!is_good(sim, get(asked, "refreshToken"), proof.key))
		fail(answer, 401, "AccessDeniedException", "TOKEN_EXPIRED",
			"The refresh token is not valid for this key");
	else
		give_keys(sim, proof.key, effect, answer);
}

void sim_signin_token(struct sim *sim, const struct sim_request *request, const char *query,
	struct sim_answer *answer)
{
	const char *type = sim_request_header(request, "content-type");
	answer->status = 200;
	answer->content_type = "application/json";
	answer->request_id_header = "x-amzn-RequestId";
	answer->record.cloud = "aws";
	snprintf(answer->record.action, sizeof(answer->record.action), "CreateOAuth2Token");
	struct sim_effect effect = sim_pick_fault(sim, SIM_AWS, &answer->record);
	if (sim_answer_fault(answer, &effect))
		return;
	if (*query || sim_request_header(request, "authorization")) {
		fail_request(answer, "Only public clients are simulated");
	} else if (!type || strncmp(type, "application/json", 16) != 0) {
		fail_request(answer, "The body must be JSON");
	} else {
		cJSON *asked = cJSON_ParseWithLength(
			request->body.data ? request->body.data : "", request->body.len);
		judge(sim, request, asked, &effect, answer);
		cJSON_Delete(asked);
	}
}
