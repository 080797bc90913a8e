#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <openssl/evp.h>

#include "backends/aws/api/endpoints.h"
#include "backends/aws/api/errors.h"
#include "backends/aws/api/sigv4.h"
#include "backends/aws/keys/json.h"
#include "backends/aws/keys/providers.h"
#include "backends/base/digest.h"
#include "backends/base/hex.h"
#include "backends/base/json.h"
#include "backends/base/text.h"
#include "backends/base/time.h"

/*
 * Source: "IAM Identity Center credential provider" in the AWS SDKs and Tools reference guide; the
 * API references of the IAM Identity Center Portal (GetRoleCredentials) and OIDC (CreateToken).
 *
 * `aws sso login` leaves a token in a file of its own, by the hash of the session's name, or of the
 * start URL where there is no session. With the token the portal gives keys for a role. A token of
 * a session that expires soon is refreshed first. The new one is used and forgotten: nothing is
 * written into a file that other tools own, and what the file holds refreshes the next time too.
 */

#define CACHE_DIR "~/.aws/sso/cache/"
#define CACHE_NAME_MAX (2 * EVP_MAX_MD_SIZE)
#define REFRESH_EARLY (15 * 60) /* seconds, as botocore */
#define SHA1_SIZE 20

struct state {
	const char *profile, *session; /* session: NULL for a profile without */
	const char *region, *account, *role;
	struct cfs_aws_endpoints endpoints;
	struct cJSON *cached; /* the file */
	const char *token;    /* in it, or in fresh */
	int64_t expires;      /* the cached token */
	struct cfs_secret fresh;
	bool refreshing;
	unsigned retries;
};

static void destroy(void *arg)
{
	struct state *state = arg;

	cfs_json_wipe(state->cached);
	cfs_secret_finish(&state->fresh);
	cfs_aws_endpoints_finish(&state->endpoints);
	free(state);
}

/* How to get a token. */
static void say_login(
	const struct state *state, enum cfs_fault fault, const char *what, struct cfs_step *step)
{
	cfs_aws_step_say(step, CFS_STEP_FAILED, fault, "%s; sign in with: aws sso login %s %.80s",
		what, state->session ? "--sso-session" : "--profile",
		state->session ? state->session : state->profile);
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

static int add_refresh(struct cfs_buf *body, const struct state *state)
{
	static const char *const members[] = {"clientId", "clientSecret", "refreshToken"};
	cJSON *object = cJSON_CreateObject();
	int r = -ENOMEM;

	if (!cJSON_AddStringToObject(object, "grantType", "refresh_token"))
		goto out;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (!cJSON_AddStringToObject(
			    object, members[i], cfs_aws_json_text(state->cached, members[i])))
			goto out;
	}
	r = cfs_json_print(object, body);
out:
	cfs_json_wipe(object);
	return r;
}

static int make_refresh(const struct state *state, struct cfs_http_request *request)
{
	int r;

	cfs_http_request_init(request, "POST");
	r = add_refresh(&request->body, state);
	if (r == 0)
		r = cfs_http_request_add_header(request, "Content-Type", "application/json");
	return r < 0 ? r : set_url(request, state, CFS_AWS_SSO_OIDC, "token");
}

static int make_fetch(const struct state *state, struct cfs_http_request *request)
{
	struct cfs_buf below = CFS_BUF_INIT(CFS_HTTP_URL_MAX);
	int r;

	cfs_http_request_init(request, "GET");
	cfs_buf_adds(&below, "federation/credentials?role_name=");
	cfs_text_encode(&below, state->role, strlen(state->role), "");
	cfs_buf_adds(&below, "&account_id=");
	cfs_text_encode(&below, state->account, strlen(state->account), "");
	r = cfs_buf_error(&below);
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
	int r = state->refreshing ? make_refresh(state, &request) : make_fetch(state, &request);

	if (r == 0)
		cfs_aws_step_http(step, &request, state->endpoints.ca_file, false,
			CFS_AWS_SERVICE_TIMEOUT_MS);
	else
		cfs_aws_step_errno(step, r, "IAM Identity Center");
	cfs_http_request_finish(&request);
}

/* Answers */

static enum cfs_fault fault_of(int status)
{
	if (status == 401)
		return CFS_EXPIRED;
	if (status == 403)
		return CFS_DENIED;
	if (status == 429)
		return CFS_THROTTLED;
	if (status >= 500)
		return CFS_SERVER;
	return status == 200 ? CFS_OK : CFS_UNAUTHENTICATED;
}

static bool retry(struct state *state, const struct cfs_step_answer *answer)
{
	struct cfs_error error = {.fault = fault_of(answer->status)};

	return cfs_aws_machine_is_transient(answer, &error) &&
		state->retries++ < CFS_AWS_MACHINE_RETRIES;
}

/* The token that was asked for, or else the one there is. */
static void end_refresh(struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *step)
{
	struct cJSON *json = NULL;
	const char *token = NULL;
	int r = 0;

	state->refreshing = false;
	if (answer->fault == CFS_OK && answer->status == 200)
		json = cfs_aws_json_parse(answer->content, answer->len);
	if (json)
		token = cfs_aws_json_text(json, "accessToken");
	if (token)
		r = cfs_secret_set(&state->fresh, token, strlen(token));
	if (token && r == 0)
		state->token = state->fresh.data;
	if (r < 0)
		cfs_aws_step_errno(step, r, "IAM Identity Center");
	else if (token || state->expires > now)
		ask(state, step);
	else if (answer->fault != CFS_OK)
		cfs_aws_step_no_answer(step, answer, "IAM Identity Center");
	else
		say_login(
			state, CFS_EXPIRED, "the SSO token has expired and was not renewed", step);
	cfs_json_wipe(json);
}

/* {"roleCredentials":{..., "expiration":MILLISECONDS}} */
static int read_keys(const struct cJSON *json, struct cfs_keys *keys)
{
	const cJSON *role = cJSON_GetObjectItemCaseSensitive(json, "roleCredentials");
	const cJSON *expiration = cJSON_GetObjectItemCaseSensitive(role, "expiration");
	const char *id = cfs_aws_json_text(role, "accessKeyId");
	const char *secret = cfs_aws_json_text(role, "secretAccessKey");
	const char *token = cfs_aws_json_text(role, "sessionToken");

	/* Milliseconds until the year 9999. */
	if (!id || !secret || !token || !cJSON_IsNumber(expiration) ||
		!(expiration->valuedouble >= 0 && expiration->valuedouble < 2.6e14))
		return -EBADMSG;
	keys->expires = (int64_t)(expiration->valuedouble / 1000);
	return cfs_aws_machine_set_keys(keys, id, secret, token);
}

static void end_fetch(struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *step)
{
	struct cJSON *json = cfs_aws_json_parse(answer->content, answer->len);
	const char *said = json ? cfs_aws_json_text(json, "message") : NULL;
	struct cfs_keys keys = CFS_KEYS_INIT;
	char message[CFS_MESSAGE_MAX] = "";
	struct cfs_error error;
	int r;

	if (answer->status == 401) {
		say_login(state, CFS_EXPIRED, "the SSO session has ended", step);
	} else if (answer->status != 200) {
		/* Whoever refuses a token may quote it. */
		if (said)
			cfs_aws_errors_message(message, sizeof(message), said, strlen(said));
		cfs_error_set(&error, fault_of(answer->status), "HTTP status %d%s%s",
			answer->status, *message ? ": " : "", message);
		cfs_aws_step_error(step, &error, "IAM Identity Center", state->role);
	} else {
		r = json ? read_keys(json, &keys) : -EBADMSG;
		if (r == 0)
			cfs_aws_step_keys(step, &keys, now,
				"SSO role %.60s in account %.20s, by profile %.60s", state->role,
				state->account, state->profile);
		else if (r == -EBADMSG)
			cfs_aws_step_say(step, CFS_STEP_FAILED, CFS_BAD_ANSWER,
				"the answer of IAM Identity Center holds no keys");
		else
			cfs_aws_step_errno(step, r, "IAM Identity Center");
	}
	cfs_keys_finish(&keys);
	cfs_json_wipe(json);
}

static void step(
	void *arg, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	struct state *state = arg;

	if (!answer || retry(state, answer))
		ask(state, ret_step);
	else if (state->refreshing)
		end_refresh(state, answer, now, ret_step);
	else if (answer->fault != CFS_OK)
		cfs_aws_step_no_answer(ret_step, answer, "IAM Identity Center");
	else
		end_fetch(state, answer, now, ret_step);
}

/* Opening */

/* A key of the profile or of its session, which must not differ. */
static bool find(const struct cfs_aws_config *config, const struct state *state, const char *key,
	const char **ret_value, struct cfs_step *step)
{
	const char *value = cfs_aws_config_get(config, state->profile, key), *other = NULL;

	if (state->session)
		other = cfs_aws_config_get_in(config, CFS_AWS_CONFIG_FILE,
			CFS_AWS_SECTION_SSO_SESSION, state->session, key);
	if (value && other && strcmp(value, other) != 0) {
		cfs_aws_step_say(step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED,
			"profile %.80s and sso-session %.80s differ in %s", state->profile,
			state->session, key);
		return false;
	}
	*ret_value = value ? value : other;
	if (*ret_value)
		return true;
	cfs_aws_step_say(step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED,
		"profile %.100s signs in by SSO but has no %s", state->profile, key);
	return false;
}

static int cache_path(const struct cfs_env *env, const char *name, char **ret_path)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	char path[sizeof(CACHE_DIR) + 2 * SHA1_SIZE + sizeof(".json")];
	unsigned n = 0;
	size_t len = strlen(CACHE_DIR);

	if (EVP_Digest(name, strlen(name), hash, &n, EVP_sha1(), NULL) != 1 || n != SHA1_SIZE)
		return -ENOMEM;
	memcpy(path, CACHE_DIR, len);
	cfs_hex_encode(hash, n, path + len);
	memcpy(path + len + 2 * (size_t)n, ".json", sizeof(".json"));
	return cfs_env_expand(env, path, ret_path);
}

/* Reads the token of the last sign-in. */
static bool read_cache(const struct cfs_env *env, struct state *state, const char *start_url,
	struct cfs_step *step)
{
	struct cfs_buf content = CFS_BUF_INIT(CFS_PROVIDER_ANSWER_MAX);
	const char *expires;
	char *path = NULL;
	int r = cache_path(env, state->session ? state->session : start_url, &path);

	if (r == 0)
		r = env->read_file(env->arg, path, &content);
	if (r == 0)
		state->cached = cfs_aws_json_parse(cfs_buf_text(&content), content.len);
	free(path);
	cfs_buf_wipe(&content);
	if (r == -ENOMEM) {
		cfs_aws_step_errno(step, r, "the SSO token");
		return false;
	}
	if (r < 0) {
		say_login(state, CFS_UNAUTHENTICATED, "there is no SSO token", step);
		return false;
	}
	state->token = state->cached ? cfs_aws_json_text(state->cached, "accessToken") : NULL;
	expires = state->cached ? cfs_aws_json_text(state->cached, "expiresAt") : NULL;
	if (!state->token || !expires || cfs_time_parse(expires, &state->expires) < 0) {
		say_login(state, CFS_UNAUTHENTICATED, "the SSO token cannot be read", step);
		return false;
	}
	return true;
}

/* Whether the token is of a session, and all that it takes to renew it is there. */
static bool may_refresh(const struct state *state, int64_t now)
{
	const char *registered = cfs_aws_json_text(state->cached, "registrationExpiresAt");
	int64_t until = 0;

	return state->session && cfs_aws_json_text(state->cached, "clientId") &&
		cfs_aws_json_text(state->cached, "clientSecret") &&
		cfs_aws_json_text(state->cached, "refreshToken") && registered &&
		cfs_time_parse(registered, &until) == 0 && until > now;
}

static bool prepare(const struct cfs_aws_config *config, struct state *state, int64_t now,
	struct cfs_step *step)
{
	struct cfs_buf why = CFS_BUF_INIT(4 * CFS_PROVIDER_WHY_MAX);
	const char *start_url;
	int r;

	if (state->session &&
		!cfs_aws_config_has(config, CFS_AWS_SECTION_SSO_SESSION, state->session)) {
		cfs_aws_step_say(step, CFS_STEP_FAILED, CFS_UNAUTHENTICATED,
			"there is no sso-session %.100s, which profile %.100s names",
			state->session, state->profile);
		return false;
	}
	if (!find(config, state, "sso_role_name", &state->role, step) ||
		!find(config, state, "sso_account_id", &state->account, step) ||
		!find(config, state, "sso_region", &state->region, step) ||
		!find(config, state, "sso_start_url", &start_url, step))
		return false;
	r = cfs_aws_endpoints_load(&state->endpoints, config, &why);
	if (r == 0)
		r = cfs_aws_endpoints_check(&state->endpoints, CFS_AWS_SSO, &why);
	if (r == 0)
		r = cfs_aws_endpoints_check(&state->endpoints, CFS_AWS_SSO_OIDC, &why);
	if (r == 0 && !cfs_aws_endpoint_valid_region(state->region))
		r = cfs_buf_adds(&why, "sso_region is no name of a region") < 0 ? -ENOMEM : -EINVAL;
	if (r < 0)
		cfs_aws_step_unset(step, r, &why);
	cfs_buf_finish(&why);
	if (r < 0 || !read_cache(config->env, state, start_url, step))
		return false;
	state->refreshing = state->expires - now < REFRESH_EARLY && may_refresh(state, now);
	if (state->refreshing || state->expires > now)
		return true;
	say_login(state, CFS_EXPIRED, "the SSO token has expired", step);
	return false;
}

bool cfs_aws_provider_sso_open(const struct cfs_aws_config *config, const char *profile,
	int64_t now, struct cfs_aws_machine *ret_machine, struct cfs_step *ret_step)
{
	struct state *state;

	if (!cfs_aws_config_get(config, profile, "sso_role_name") &&
		!cfs_aws_config_get(config, profile, "sso_account_id")) {
		cfs_aws_step_say(ret_step, CFS_STEP_ABSENT, CFS_OK,
			"profile %.100s has no sso_account_id", profile);
		return false;
	}
	state = calloc(1, sizeof(*state));
	if (!state) {
		cfs_aws_step_errno(ret_step, -ENOMEM, "IAM Identity Center");
		return false;
	}
	state->profile = profile;
	state->session = cfs_aws_config_get(config, profile, "sso_session");
	if (!prepare(config, state, now, ret_step)) {
		destroy(state);
		return false;
	}
	*ret_machine = (struct cfs_aws_machine){.step = step, .destroy = destroy, .state = state};
	return true;
}
