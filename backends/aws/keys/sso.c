/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/api/endpoints.h"
#include "backends/aws/api/errors.h"
#include "backends/aws/keys/cache.h"
#include "backends/aws/keys/session_file.h"
#include "backends/aws/keys/sources.h"
#include "backends/base/json.h"
#include "backends/base/text.h"
#include "backends/base/time.h"
#include "backends/contract/json_keys.h"
#include "backends/contract/step.h"

/*
 * Source: "IAM Identity Center credential provider" in the AWS SDKs and Tools reference guide; the
 * API references of the IAM Identity Center Portal (GetRoleCredentials) and OIDC (CreateToken).
 *
 * `aws sso login` leaves a token in a file of its own, by the hash of the session's name, or of the
 * start URL where there is no session. With the token the portal gives keys for a role. A token of
 * a session that expires soon is renewed first, and the new one written back as botocore does it
 * (botocore/tokens.py): the service may give another token to renew with, and then no longer takes
 * the one in the file.
 */

#define CACHE_DIR "~/.aws/sso/cache"
#define REFRESH_EARLY (15 * 60)       /* seconds, as botocore */
#define LIFE_MAX (366 * 24 * 60 * 60) /* seconds that a token may live */

enum phase { AT_TOKEN, AT_WRITTEN, AT_KEYS };

/* The members of the file that are sent to renew the token. */
static const char *const renewal[] = {"clientId", "clientSecret", "refreshToken"};
#define N_RENEWAL (sizeof(renewal) / sizeof(renewal[0]))

struct state {
	enum phase phase;
	const char *profile, *session; /* session: NULL for a profile without */
	const char *region, *account, *role, *start_url;
	const struct cfs_env *env;
	struct cfs_aws_endpoints endpoints;
	char *path;        /* of the file */
	cJSON *cached;     /* what it holds */
	const char *token; /* in it, or in fresh */
	int64_t expires;   /* the cached token, by the cloud's clock */
	int write_error;   /* 0, or why the new token could not be written back */
	struct cfs_secret fresh;
	unsigned retries;
};

static void destroy(void *arg)
{
	struct state *state = arg;

	free(state->path);
	cfs_json_wipe(state->cached);
	cfs_secret_finish(&state->fresh);
	cfs_aws_endpoints_finish(&state->endpoints);
	free(state);
}

/* FAILED, with the command that signs in. Returns false. */
static bool say_login(
	const struct state *state, enum cfs_fault fault, const char *what, struct cfs_step *step)
{
	cfs_step_failed(step, fault, "%s; sign in with: aws sso login %s %.80s", what,
		state->session ? "--sso-session" : "--profile",
		state->session ? state->session : state->profile);
	return false;
}

/* Requests */

static int set_url(struct cfs_http_request *request, const struct state *state,
	enum cfs_aws_service service, const char *below)
{
	struct cfs_aws_target target;
	struct cfs_buf url = CFS_BUF_INIT(CFS_HTTP_URL_MAX);
	int r;

	cfs_aws_endpoints_target(&state->endpoints, service, state->region, &target);
	r = cfs_aws_endpoint_url_of(&target.endpoint, below, &url);
	if (r == 0)
		r = cfs_http_request_set_url(request, cfs_buf_text(&url));
	cfs_buf_finish(&url);
	return r;
}

static int make_token_request(const struct state *state, struct cfs_http_request *request)
{
	cJSON *body = cJSON_CreateObject();
	int r = body && cJSON_AddStringToObject(body, "grantType", "refresh_token") ? 0 : -ENOMEM;

	cfs_http_request_init(request, "POST");
	for (size_t i = 0; r == 0 && i < N_RENEWAL; i++) {
		if (!cJSON_AddStringToObject(
			    body, renewal[i], cfs_json_filled(state->cached, renewal[i])))
			r = -ENOMEM;
	}
	if (r == 0)
		r = cfs_json_print(body, &request->body);
	cfs_json_wipe(body);
	if (r == 0)
		r = cfs_http_request_add_header(request, "Content-Type", "application/json");
	return r < 0 ? r : set_url(request, state, CFS_AWS_SSO_OIDC, "token");
}

static int make_keys_request(const struct state *state, struct cfs_http_request *request)
{
	struct cfs_buf below = CFS_BUF_INIT(CFS_HTTP_URL_MAX);
	int r;

	cfs_http_request_init(request, "GET");
	r = cfs_buf_adds(&below, "federation/credentials?role_name=");
	if (r == 0)
		r = cfs_text_encode(&below, state->role, strlen(state->role), "");
	if (r == 0)
		r = cfs_buf_adds(&below, "&account_id=");
	if (r == 0)
		r = cfs_text_encode(&below, state->account, strlen(state->account), "");
	if (r == 0)
		r = set_url(request, state, CFS_AWS_SSO, cfs_buf_text(&below));
	if (r == 0)
		r = cfs_http_request_add_header(request, "x-amz-sso_bearer_token", state->token);
	cfs_buf_finish(&below);
	return r;
}

static void ask(struct state *state, struct cfs_step *step)
{
	struct cfs_http_request request;
	int r = state->phase == AT_TOKEN ? make_token_request(state, &request)
					 : make_keys_request(state, &request);

	if (r == 0)
		cfs_step_http(step, &request, state->endpoints.ca_file, false,
			CFS_AWS_SERVICE_TIMEOUT_MS);
	else
		cfs_step_errno(step, r, "IAM Identity Center");
	cfs_http_request_finish(&request);
}

/* Answers */

static enum cfs_fault fault_of(int status)
{
	enum cfs_fault fault = cfs_fault_from_status(status);

	if (status == 401)
		return CFS_EXPIRED;
	if (status == 403)
		return CFS_DENIED;
	return fault == CFS_BAD_ANSWER ? CFS_UNAUTHENTICATED : fault;
}

/* What botocore would write. NULL: there is nothing to write, or no memory for it. */
static cJSON *make_session(const struct state *state, const cJSON *answer, int64_t now)
{
	const char *refresh = cfs_json_filled(answer, "refreshToken");
	char expires[CFS_TIME_TEXT];
	const struct {
		const char *name, *text;
	} members[] = {
		{"startUrl", state->start_url},
		{"region", state->region},
		{"accessToken", state->fresh.data},
		{"expiresAt", expires},
		{"clientId", cfs_json_filled(state->cached, "clientId")},
		{"clientSecret", cfs_json_filled(state->cached, "clientSecret")},
		{"registrationExpiresAt", cfs_json_filled(state->cached, "registrationExpiresAt")},
		{"refreshToken", refresh},
	};
	size_t n = sizeof(members) / sizeof(members[0]) - (refresh ? 0 : 1);
	cJSON *session;
	int64_t life;

	if (!cfs_json_count(answer, "expiresIn", LIFE_MAX, &life))
		return NULL;
	cfs_time_format(now + life - cfs_aws_session_file_skew(state->env, now), expires);
	session = cJSON_CreateObject();
	for (size_t i = 0; session && i < n; i++) {
		if (!cJSON_AddStringToObject(session, members[i].name, members[i].text)) {
			cfs_json_wipe(session);
			return NULL;
		}
	}
	return session;
}

/* Whether the file is no longer what the token was renewed with. */
static bool is_changed(const struct state *state)
{
	cJSON *disk = NULL;
	bool same = cfs_aws_session_file_load(state->env, state->path, &disk) == 0 &&
		cfs_aws_session_file_is_same(state->cached, disk, renewal, N_RENEWAL);

	cfs_json_wipe(disk);
	return !same;
}

/* Writes the new token back, or asks for keys if that is not to be done: another tool may have
 * renewed it too, or the user may have signed out. */
static void store(struct state *state, const cJSON *answer, int64_t now, struct cfs_step *step)
{
	cJSON *session = is_changed(state) ? NULL : make_session(state, answer, now);
	int r = session ? cfs_aws_session_file_write(state->path, session, step) : -ENOENT;

	cfs_json_wipe(session);
	if (r == 0) {
		state->phase = AT_WRITTEN;
		return;
	}
	state->phase = AT_KEYS;
	ask(state, step);
}

static bool begin(struct state *state, int64_t now, struct cfs_step *step);

/* The token could not be renewed. Another tool may have been faster; else the cached one serves
 * while it lasts. */
static void make_do(struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *step)
{
	if (answer->fault == CFS_OK && is_changed(state) && state->retries++ < CFS_SOURCE_RETRIES) {
		if (begin(state, now, step))
			ask(state, step);
		return;
	}
	state->phase = AT_KEYS;
	if (state->expires > now)
		ask(state, step);
	else if (answer->fault != CFS_OK)
		cfs_step_no_answer(step, answer, "IAM Identity Center");
	else
		say_login(state, CFS_EXPIRED, "the SSO token has expired and could not be renewed",
			step);
}

static void take_token(struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *step)
{
	cJSON *json = NULL;
	const char *token = NULL;
	int r = 0;

	if (answer->fault == CFS_OK && answer->status == 200)
		r = cfs_json_parse_object(answer->content, answer->len, &json);
	if (r == -EBADMSG)
		r = 0;
	token = cfs_json_filled(json, "accessToken");
	if (token)
		r = cfs_secret_set(&state->fresh, token, strlen(token));
	if (r < 0) {
		cfs_step_errno(step, r, "IAM Identity Center");
	} else if (token) {
		state->token = state->fresh.data;
		store(state, json, now, step);
	} else {
		make_do(state, answer, now, step);
	}
	cfs_json_wipe(json);
}

static void take_written(
	struct state *state, const struct cfs_step_answer *answer, struct cfs_step *step)
{
	state->write_error = answer->status;
	state->phase = AT_KEYS;
	ask(state, step);
}

/* The message may quote the token. */
static void refuse(const struct state *state, const struct cfs_step_answer *answer,
	const cJSON *json, struct cfs_step *step)
{
	const char *said = cfs_json_filled(json, "message");
	struct cfs_error error = {0};

	if (said)
		cfs_aws_errors_message(&error, said, strlen(said));
	cfs_error_hide(&error, state->token);
	cfs_error_set(&error, fault_of(answer->status), "HTTP status %d%s%s", answer->status,
		*error.message ? ": " : "", error.message);
	cfs_step_refused(step, &error, "IAM Identity Center", state->role);
}

/* {"roleCredentials":{...}} */
static void take_keys(struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *step)
{
	static const struct cfs_json_keys names = {
		.id = "accessKeyId",
		.secret = "secretAccessKey",
		.token = "sessionToken",
		.expires = "expiration",
		.time = CFS_JSON_KEYS_MILLISECONDS,
	};
	struct cfs_keys keys = CFS_KEYS_INIT;
	cJSON *json = NULL;
	int r = cfs_json_parse_object(answer->content, answer->len, &json);

	if (answer->fault != CFS_OK) {
		cfs_step_no_answer(step, answer, "IAM Identity Center");
	} else if (answer->status == 401) {
		say_login(state, CFS_EXPIRED, "the SSO session has ended", step);
	} else if (answer->status != 200) {
		refuse(state, answer, json, step);
	} else {
		if (r == 0)
			r = cfs_json_keys_read(
				&names, cfs_json_object(json, "roleCredentials"), &keys);
		if (r == -EBADMSG)
			cfs_step_failed(step, CFS_BAD_ANSWER,
				"IAM Identity Center sent an answer without keys");
		else
			cfs_step_keys(step, r, &keys, now,
				"SSO role %.60s in account %.20s, by profile %.60s%s%s",
				state->role, state->account, state->profile,
				state->write_error ? "; its new token was not written back: " : "",
				state->write_error ? strerror(-state->write_error) : "");
	}
	cfs_json_wipe(json);
}

/* When there is no session, or its end is near and nobody answers: the keys that the AWS CLI has
 * cached for the role, which outlive the session. `aws sso logout` deletes them. */
static void fall_back(const struct state *state, int64_t now, struct cfs_step *step)
{
	struct cfs_keys keys;
	char why[CFS_PROVIDER_WHY_MAX];

	if (!cfs_aws_cache_may_help(step) ||
		cfs_aws_cache_sso(state->env, state->account, state->role, state->session,
			state->start_url, now, &keys) < 0)
		return;
	memcpy(why, step->why, sizeof(why));
	cfs_step_keys(step, 0, &keys, now,
		"SSO role %.60s, with keys that the AWS CLI cached, as %s", state->role, why);
}

static void step(
	void *arg, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	struct state *state = arg;

	if (!answer ||
		(state->phase != AT_WRITTEN &&
			cfs_source_retry(&state->retries, answer, fault_of(answer->status)))) {
		ask(state, ret_step);
		return;
	}
	switch (state->phase) {
	case AT_WRITTEN:
		take_written(state, answer, ret_step);
		break;
	case AT_TOKEN:
		take_token(state, answer, now, ret_step);
		break;
	case AT_KEYS:
		take_keys(state, answer, now, ret_step);
		break;
	}
	fall_back(state, now, ret_step);
}

/* Opening */

/* Finds a key of the profile or of its session; where both have it they must agree. */
static bool find(const struct cfs_aws_config *config, const struct state *state, const char *key,
	const char **ret_value, struct cfs_step *step)
{
	const char *value = cfs_aws_config_get(config, state->profile, key), *other = NULL;

	if (state->session)
		other = cfs_aws_config_get_in(config, CFS_AWS_CONFIG_FILE,
			CFS_AWS_SECTION_SSO_SESSION, state->session, key);
	if (value && other && strcmp(value, other) != 0) {
		cfs_step_failed(step, CFS_UNAUTHENTICATED,
			"profile %.80s and sso-session %.80s have different values of %s",
			state->profile, state->session, key);
		return false;
	}
	*ret_value = value ? value : other;
	if (*ret_value)
		return true;
	cfs_step_failed(step, CFS_UNAUTHENTICATED, "profile %.100s signs in with SSO but has no %s",
		state->profile, key);
	return false;
}

/* Reads the token of the last sign-in. */
static bool read_cache(struct state *state, int64_t now, struct cfs_step *step)
{
	const char *expires;
	int r = 0;

	cfs_json_wipe(state->cached);
	state->cached = NULL;
	if (!state->path)
		r = cfs_aws_cache_path(state->env, CACHE_DIR,
			state->session ? state->session : state->start_url, &state->path);
	if (r == 0)
		r = cfs_aws_session_file_load(state->env, state->path, &state->cached);
	if (r == -ENOMEM) {
		cfs_step_errno(step, r, "the SSO token");
		return false;
	}
	if (r < 0 && r != -EBADMSG)
		return say_login(state, CFS_UNAUTHENTICATED, "there is no SSO token", step);
	state->token = cfs_json_filled(state->cached, "accessToken");
	expires = cfs_json_filled(state->cached, "expiresAt");
	/* Only the token of a session is ever renewed. Of others botocore does not read the time. */
	if (state->token && expires && !state->session)
		state->expires = INT64_MAX;
	if (!state->token || !expires ||
		(cfs_time_parse_iso8601(expires, &state->expires) < 0 && state->session))
		return say_login(state, CFS_UNAUTHENTICATED, "the SSO token cannot be read", step);
	if (state->session)
		state->expires += cfs_aws_session_file_skew(state->env, now);
	return true;
}

/* Whether the token belongs to a session, and the file has all that renewing it takes. */
static bool may_refresh(const struct state *state, int64_t now)
{
	const char *registered = cfs_json_filled(state->cached, "registrationExpiresAt");
	int64_t until = 0;

	return state->session &&
		cfs_aws_session_file_is_same(state->cached, state->cached, renewal, N_RENEWAL) &&
		registered && cfs_time_parse_iso8601(registered, &until) == 0 && until > now;
}

/* Reads the configuration. */
static bool prepare(const struct cfs_aws_config *config, struct state *state, struct cfs_step *step)
{
	struct cfs_buf why = CFS_BUF_INIT(4 * CFS_PROVIDER_WHY_MAX);
	int r;

	if (state->session &&
		!cfs_aws_config_has(config, CFS_AWS_SECTION_SSO_SESSION, state->session)) {
		cfs_step_failed(step, CFS_UNAUTHENTICATED,
			"there is no sso-session %.100s, which profile %.100s names",
			state->session, state->profile);
		return false;
	}
	if (!find(config, state, "sso_role_name", &state->role, step) ||
		!find(config, state, "sso_account_id", &state->account, step) ||
		!find(config, state, "sso_region", &state->region, step) ||
		!find(config, state, "sso_start_url", &state->start_url, step))
		return false;
	r = cfs_aws_endpoints_load(&state->endpoints, config, &why);
	if (r == 0)
		r = cfs_aws_endpoints_check(&state->endpoints, CFS_AWS_SSO, &why);
	if (r == 0)
		r = cfs_aws_endpoints_check(&state->endpoints, CFS_AWS_SSO_OIDC, &why);
	if (r == 0 && !cfs_aws_endpoint_valid_region(state->region))
		r = cfs_buf_adds(&why, "sso_region is not a region name") < 0 ? -ENOMEM : -EINVAL;
	if (r < 0)
		cfs_step_unset(step, r, &why);
	cfs_buf_finish(&why);
	return r == 0;
}

/* Whether there is something to ask. */
static bool begin(struct state *state, int64_t now, struct cfs_step *step)
{
	if (!read_cache(state, now, step))
		return false;
	if (state->expires - now < REFRESH_EARLY && may_refresh(state, now))
		state->phase = AT_TOKEN;
	else if (state->expires > now)
		state->phase = AT_KEYS;
	else
		return say_login(state, CFS_EXPIRED, "the SSO token has expired", step);
	return true;
}

bool cfs_aws_sso_open(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	struct state *state;
	bool opened;

	if (!cfs_aws_config_get(config, profile, "sso_role_name") &&
		!cfs_aws_config_get(config, profile, "sso_account_id")) {
		cfs_step_absent(ret_step, "profile %.100s has no sso_account_id", profile);
		return false;
	}
	state = calloc(1, sizeof(*state));
	if (!state) {
		cfs_step_errno(ret_step, -ENOMEM, "IAM Identity Center");
		return false;
	}
	state->profile = profile;
	state->session = cfs_aws_config_get_name(
		config, profile, "sso_session", CFS_AWS_SECTION_SSO_SESSION);
	state->env = config->env;
	opened = prepare(config, state, ret_step);
	if (opened && !begin(state, now, ret_step)) {
		fall_back(state, now, ret_step);
		opened = false;
	}
	if (!opened) {
		destroy(state);
		return false;
	}
	*ret_source = (struct cfs_source){.step = step, .destroy = destroy, .state = state};
	return true;
}
