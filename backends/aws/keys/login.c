/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "backends/aws/api/endpoints.h"
#include "backends/aws/keys/dpop.h"
#include "backends/aws/keys/session_file.h"
#include "backends/aws/keys/sources.h"
#include "backends/base/digest.h"
#include "backends/base/json.h"
#include "backends/base/text.h"
#include "backends/base/time.h"
#include "backends/contract/json_keys.h"
#include "backends/contract/step.h"

/*
 * Source: "Login credentials provider" in the AWS SDKs and Tools reference guide; the model of the
 * sign-in service, version 2023-01-01 (CreateOAuth2Token); the official SDKs for JavaScript and
 * Python where those are silent.
 *
 * `aws login` leaves keys for a quarter of an hour in a file of its own, by the hash of what it
 * signed in as, with a token to renew them for half a day, and the key that this takes (see
 * dpop.h). All tools of the user share the file. So it is read again at each step: another tool may
 * have renewed the keys meanwhile, or the user may have signed in as somebody else, or out.
 *
 *     live          keys for more than five minutes: given, whatever else the file holds
 *     old           asks for new ones, writes them back, and gives them whatever came of that
 *     not renewed   the old ones while they last; `why` says so, and what to do
 *
 * The file is written back only if the token in it is still the one that was used. Nothing is ever
 * ABSENT here: a profile that asks for this identity must not end up with another one.
 */

#define CACHE_DIR "~/.aws/login/cache"
#define RENEW_EARLY (5 * 60)    /* seconds, as the SDKs */
#define LIFE 900                /* seconds, where the service does not say */
#define LIFE_MAX (24 * 60 * 60) /* seconds; the service promises 900 at most */
#define REASON_MAX 192
#define NOT_STORED "not written back: its file has gone or changed"

/* What the file holds. */
struct session {
	cJSON *json;
	struct cfs_keys keys;
};

/* The members of the file that it takes to renew the keys: the whole way to new ones. */
static const char *const renewal[] = {"clientId", "refreshToken", "dpopKey"};

#define SESSION_INIT ((struct session){.keys = CFS_KEYS_INIT})

struct state {
	const struct cfs_aws_config *config;
	const char *profile, *name; /* name: login_session */
	char *path;
	struct session used; /* as it was when new keys were asked for */
	struct cfs_keys fresh;
	bool writing;
	unsigned retries;
	struct cfs_aws_endpoints endpoints;
};

static void finish_session(struct session *session)
{
	cfs_json_wipe(session->json);
	cfs_keys_finish(&session->keys);
	*session = SESSION_INIT;
}

static void destroy(void *arg)
{
	struct state *state = arg;

	finish_session(&state->used);
	cfs_keys_finish(&state->fresh);
	cfs_aws_endpoints_finish(&state->endpoints);
	free(state->path);
	free(state);
}

/* How it ends */

static void fail(
	const struct state *state, enum cfs_fault fault, const char *reason, struct cfs_step *step)
{
	if (fault == CFS_NO_MEMORY)
		cfs_step_errno(step, -ENOMEM, "");
	else
		cfs_step_failed(step, fault, "%.120s; sign in with: aws login --profile %.80s",
			reason, state->profile);
}

/* Gives keys. `reason`: why they are not all that they could be, NULL: they are. */
static void give(const struct state *state, struct cfs_keys *keys, const char *reason, int64_t now,
	struct cfs_step *step)
{
	if (reason)
		cfs_step_keys(step, 0, keys, now, "aws login by profile %.40s, %.180s",
			state->profile, reason);
	else
		cfs_step_keys(step, 0, keys, now, "aws login as %.110s, by profile %.60s",
			state->name, state->profile);
}

/* New keys could not be had: those of the file serve while they last. */
static void make_do(struct state *state, enum cfs_fault fault, const char *reason, int64_t now,
	struct cfs_step *step)
{
	char note[CFS_PROVIDER_WHY_MAX];

	if (state->used.keys.expires <= now || fault == CFS_NO_MEMORY) {
		fail(state, fault, reason, step);
		return;
	}
	/* The command first: it must not be cut off. */
	snprintf(note, sizeof(note), "not renewed; run: aws login --profile %.40s (%.120s)",
		state->profile, reason);
	give(state, &state->used.keys, note, now, step);
}

/* The file */

static int find_path(const struct cfs_env *env, const char *name, char **ret_path)
{
	const char *directory = cfs_env_get(env, "AWS_LOGIN_CACHE_DIRECTORY");
	struct cfs_buf path = CFS_BUF_INIT(CFS_ENV_FILE_MAX);
	char hash[CFS_DIGEST_HEX_SIZE];
	int r = cfs_digest_sha256(name, strlen(name), hash);

	if (r == 0)
		r = cfs_buf_addf(&path, "%s/%s.json", directory ? directory : CACHE_DIR, hash);
	if (r == 0)
		r = cfs_env_expand_variables(env, cfs_buf_text(&path), ret_path);
	cfs_buf_finish(&path);
	return r;
}

static int load(const struct state *state, int64_t now, struct session *ret_session)
{
	static const struct cfs_json_keys names = {
		.id = "accessKeyId",
		.secret = "secretAccessKey",
		.token = "sessionToken",
		.expires = "expiresAt",
	};
	const struct cfs_env *env = state->config->env;
	struct session session = SESSION_INIT;
	int r = cfs_aws_session_file_load(env, state->path, &session.json);

	if (r == 0)
		r = cfs_json_keys_read(
			&names, cfs_json_object(session.json, "accessToken"), &session.keys);
	if (r < 0) {
		finish_session(&session);
		return r;
	}
	session.keys.expires += cfs_aws_session_file_skew(env, now);
	finish_session(ret_session);
	*ret_session = session;
	return 0;
}

static void fail_load(const struct state *state, int r, struct cfs_step *step)
{
	char reason[REASON_MAX];

	if (r == -ENOMEM)
		fail(state, CFS_NO_MEMORY, "", step);
	else if (r == -ENOENT || r == -ENOTDIR)
		fail(state, CFS_UNAUTHENTICATED, "there is no login session", step);
	else if (r == -EBADMSG)
		fail(state, CFS_UNAUTHENTICATED, "the login session's file holds no keys", step);
	else {
		snprintf(reason, sizeof(reason), "cannot read the login session's file: %s",
			strerror(-r));
		fail(state, CFS_UNAUTHENTICATED, reason, step);
	}
}

/* Whether both have the same way to new keys. */
static bool is_same(const struct session *a, const struct session *b)
{
	return cfs_aws_session_file_is_same(
		a->json, b->json, renewal, sizeof(renewal) / sizeof(renewal[0]));
}

/* The request */

/* The region of the sign-in: that of the file, of the profile, of the account. -EINVAL. */
static int find_region(const struct state *state, const char **ret_region)
{
	const char *region = cfs_json_filled(state->used.json, "signInRegion");

	if (!region)
		region = cfs_aws_config_get(state->config, state->profile, "region");
	if (region && !cfs_aws_endpoint_valid_region(region))
		return -EINVAL;
	*ret_region = region ? region : "";
	return 0;
}

static int set_url(const struct state *state, struct cfs_http_request *request)
{
	struct cfs_buf url = CFS_BUF_INIT(CFS_HTTP_URL_MAX);
	struct cfs_aws_target target;
	const char *region;
	int r = find_region(state, &region);

	if (r < 0)
		return r;
	cfs_aws_endpoints_target(&state->endpoints, CFS_AWS_SIGNIN, region, &target);
	r = cfs_aws_endpoint_url_of(&target.endpoint, "v1/token", &url);
	if (r == 0)
		r = cfs_http_request_set_url(request, cfs_buf_text(&url));
	cfs_buf_finish(&url);
	return r;
}

static int set_body(const struct state *state, struct cfs_http_request *request)
{
	cJSON *body = cJSON_CreateObject();
	int r = -ENOMEM;

	if (body &&
		cJSON_AddStringToObject(
			body, "clientId", cfs_json_filled(state->used.json, "clientId")) &&
		cJSON_AddStringToObject(body, "grantType", "refresh_token") &&
		cJSON_AddStringToObject(
			body, "refreshToken", cfs_json_filled(state->used.json, "refreshToken")))
		r = cfs_json_print(body, &request->body);
	cfs_json_wipe(body);
	return r;
}

static int add_proof(const struct state *state, int64_t now, struct cfs_http_request *request)
{
	const struct cfs_env *env = state->config->env;
	struct cfs_buf proof = CFS_BUF_INIT(CFS_AWS_DPOP_MAX);
	unsigned char random[CFS_AWS_DPOP_RANDOM];
	int r = env->random(env->arg, random, sizeof(random));

	if (r == 0)
		r = cfs_aws_dpop_add(&proof, cfs_json_filled(state->used.json, "dpopKey"),
			request->method, request->url, now, random);
	if (r == 0)
		r = cfs_http_request_add_header(request, "DPoP", cfs_buf_text(&proof));
	cfs_buf_wipe(&proof);
	return r;
}

static int make_request(const struct state *state, int64_t now, struct cfs_http_request *request)
{
	int r;

	cfs_http_request_init(request, "POST");
	r = set_url(state, request);
	if (r == 0)
		r = set_body(state, request);
	if (r == 0)
		r = cfs_http_request_add_header(request, "Content-Type", "application/json");
	return r == 0 ? add_proof(state, now, request) : r;
}

/* The endpoints are those of the account. Returns false, with *step filled, if they cannot be had. */
static bool find_endpoints(struct state *state, int64_t now, struct cfs_step *step)
{
	struct cfs_buf why = CFS_BUF_INIT(4 * CFS_PROVIDER_WHY_MAX);
	int r;

	cfs_aws_endpoints_finish(&state->endpoints);
	state->endpoints = (struct cfs_aws_endpoints){0};
	r = cfs_aws_endpoints_load(&state->endpoints, state->config, &why);
	if (r == 0)
		r = cfs_aws_endpoints_check(&state->endpoints, CFS_AWS_SIGNIN, &why);
	if (r < 0)
		make_do(state, r == -ENOMEM ? CFS_NO_MEMORY : CFS_UNAUTHENTICATED,
			cfs_buf_text(&why), now, step);
	cfs_buf_finish(&why);
	return r == 0;
}

static void ask(struct state *state, int64_t now, struct cfs_step *step)
{
	struct cfs_http_request request;
	char reason[REASON_MAX];
	int r;

	for (size_t i = 0; i < sizeof(renewal) / sizeof(renewal[0]); i++) {
		if (cfs_json_filled(state->used.json, renewal[i]))
			continue;
		snprintf(reason, sizeof(reason), "the login session's file has no %s", renewal[i]);
		make_do(state, CFS_EXPIRED, reason, now, step);
		return;
	}
	if (!find_endpoints(state, now, step))
		return;
	r = make_request(state, now, &request);
	if (r == 0)
		cfs_step_http(step, &request, state->endpoints.ca_file, false,
			CFS_AWS_SERVICE_TIMEOUT_MS);
	else if (r == -EBADMSG)
		make_do(state, CFS_EXPIRED,
			"the dpopKey in the login session's file is no P-256 key", now, step);
	else if (r == -EINVAL)
		make_do(state, CFS_UNAUTHENTICATED, "signInRegion or region is not a region name",
			now, step);
	else
		make_do(state, r == -ENOMEM ? CFS_NO_MEMORY : CFS_UNAUTHENTICATED,
			"the login session's file holds what cannot be sent", now, step);
	cfs_http_request_finish(&request);
}

/* Reads the file, and asks for new keys if it has none that last. */
static void begin(struct state *state, int64_t now, struct cfs_step *step)
{
	int r = load(state, now, &state->used);

	if (r < 0)
		fail_load(state, r, step);
	else if (state->used.keys.expires - now > RENEW_EARLY)
		give(state, &state->used.keys, NULL, now, step);
	else
		ask(state, now, step);
}

/* Answers */

static const struct {
	const char *code;
	enum cfs_fault fault;
	const char *words;
} refusals[] = {
	{"TOKEN_EXPIRED", CFS_EXPIRED, "the login session has ended"},
	{"USER_CREDENTIALS_CHANGED", CFS_EXPIRED, "the password was changed after signing in"},
	{"INSUFFICIENT_PERMISSIONS", CFS_DENIED, "signin:CreateOAuth2Token is not allowed"},
};

static enum cfs_fault fault_of(int status)
{
	enum cfs_fault fault = cfs_fault_from_status(status);

	if (status == 401)
		return CFS_EXPIRED;
	if (status == 403)
		return CFS_DENIED;
	return fault == CFS_BAD_ANSWER || fault == CFS_OK ? CFS_UNAUTHENTICATED : fault;
}

/* Why there are no new keys in an answer. Its message is not shown: it may quote the token. */
static enum cfs_fault read_refusal(const struct state *state, const struct cfs_step_answer *answer,
	char ret_reason[static REASON_MAX])
{
	struct cfs_error error = {0};
	cJSON *json = NULL;
	const char *code;
	enum cfs_fault fault = fault_of(answer->status);
	char words[CFS_STEP_WORDS_MAX];

	if (answer->fault != CFS_OK) {
		cfs_step_fault_words(answer, words);
		snprintf(ret_reason, REASON_MAX, "the sign-in service %s", words);
		return answer->fault;
	}
	if (answer->status == 200) {
		snprintf(ret_reason, REASON_MAX, "the sign-in service sent an answer without keys");
		return CFS_BAD_ANSWER;
	}
	(void)cfs_json_parse_object(answer->content, answer->len, &json);
	code = cfs_json_filled(json, "error");
	if (code)
		cfs_error_say_code(&error, code, strlen(code));
	cfs_error_hide(&error, cfs_json_filled(state->used.json, "refreshToken"));
	code = error.code;
	snprintf(ret_reason, REASON_MAX, "the sign-in service refused it: HTTP status %d%s%s",
		answer->status, *code ? " " : "", code);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (strcmp(code, refusals[i].code) != 0)
			continue;
		fault = refusals[i].fault;
		snprintf(ret_reason, REASON_MAX, "%s", refusals[i].words);
	}
	cfs_json_wipe(json);
	return fault;
}

/* Somebody else may have renewed the keys, or signed in again, while we were refused. */
static void refuse(struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *step)
{
	struct session other = SESSION_INIT;
	char reason[REASON_MAX];
	enum cfs_fault fault = read_refusal(state, answer, reason);
	int r = load(state, now, &other);
	bool changed = r == 0 && !is_same(&state->used, &other);

	finish_session(&other);
	if (changed && state->retries++ < CFS_SOURCE_RETRIES)
		begin(state, now, step);
	else if (r < 0)
		fail_load(state, r, step);
	else
		make_do(state, fault, reason, now, step);
}

/* {"accessToken":{...},"expiresIn":900,"refreshToken":...}. -EBADMSG, -EFBIG, -ENOMEM. */
static int read_fresh(const cJSON *json, int64_t now, struct cfs_keys *ret_keys)
{
	const cJSON *token = cfs_json_object(json, "accessToken");
	const char *secret = cfs_json_filled(token, "secretAccessKey");
	const char *session = cfs_json_filled(token, "sessionToken");
	const char *id = cfs_json_filled(token, "accessKeyId");
	int64_t life = LIFE;

	if (!id || !secret || !session || !cfs_json_filled(json, "refreshToken"))
		return -EBADMSG;
	if (cJSON_HasObjectItem(json, "expiresIn") &&
		(!cfs_json_count(json, "expiresIn", LIFE_MAX, &life) || life == 0))
		return -EBADMSG;
	ret_keys->expires = now + life;
	return cfs_keys_set(ret_keys, id, secret, session);
}

/* Of a member that is a text already. */
static bool set_text(cJSON *object, const char *name, const char *text)
{
	cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	/* Wiped and empty, it is not where the new text is put. */
	OPENSSL_cleanse(member->valuestring, strlen(member->valuestring));
	return cJSON_SetValuestring(member, text);
}

/* Puts the new keys into the file as it is now, where all else stays. */
static int update(cJSON *file, const struct cfs_keys *keys, const char *refresh_token, int64_t skew)
{
	cJSON *token = cJSON_GetObjectItemCaseSensitive(file, "accessToken");
	char expires[CFS_TIME_TEXT];

	cfs_time_format(keys->expires - skew, expires);
	return set_text(token, "accessKeyId", keys->id.data) &&
			set_text(token, "secretAccessKey", keys->secret.data) &&
			set_text(token, "sessionToken", keys->token.data) &&
			set_text(token, "expiresAt", expires) &&
			set_text(file, "refreshToken", refresh_token)
		? 0
		: -ENOMEM;
}

/* Writes the new keys back, unless the file is not what it was: then it is somebody else's turn. */
static void store(
	struct state *state, const char *refresh_token, int64_t now, struct cfs_step *step)
{
	struct session disk = SESSION_INIT;
	int r = load(state, now, &disk);

	if (r == 0 && !is_same(&state->used, &disk)) {
		if (disk.keys.expires > now)
			give(state, &disk.keys, NULL, now, step);
		else
			give(state, &state->fresh, NOT_STORED, now, step);
		goto out;
	}
	if (r == 0)
		r = update(disk.json, &state->fresh, refresh_token,
			cfs_aws_session_file_skew(state->config->env, now));
	if (r == 0)
		r = cfs_aws_session_file_write(state->path, disk.json, step);
	state->writing = true;
	if (r == -ENOMEM)
		cfs_step_errno(step, r, "");
	else if (r < 0)
		give(state, &state->fresh, NOT_STORED, now, step);
out:
	finish_session(&disk);
}

static void take_answer(struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *step)
{
	cJSON *json = NULL;
	int r = -EBADMSG;

	if (answer->fault == CFS_OK && answer->status == 200)
		r = cfs_json_parse_object(answer->content, answer->len, &json);
	if (r == 0)
		r = read_fresh(json, now, &state->fresh);
	if (r == 0)
		store(state, cfs_json_filled(json, "refreshToken"), now, step);
	else if (r == -ENOMEM)
		cfs_step_errno(step, r, "");
	else
		refuse(state, answer, now, step);
	cfs_json_wipe(json);
}

static void take_written(struct state *state, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *step)
{
	char reason[REASON_MAX];

	snprintf(reason, sizeof(reason), "not written back: %s", strerror(-answer->status));
	give(state, &state->fresh, answer->status < 0 ? reason : NULL, now, step);
}

static void step(
	void *arg, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	struct state *state = arg;

	if (state->writing)
		take_written(state, answer, now, ret_step);
	else if (!answer || cfs_source_retry(&state->retries, answer, fault_of(answer->status)))
		begin(state, now, ret_step);
	else
		take_answer(state, answer, now, ret_step);
}

bool cfs_aws_login_open(const struct cfs_aws_config *config, const char *profile, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	const char *name = cfs_aws_config_get(config, profile, "login_session");
	struct state *state;
	int r;

	(void)now;
	if (!name) {
		cfs_step_absent(ret_step, "profile %.100s has no login_session", profile);
		return false;
	}
	state = calloc(1, sizeof(*state));
	if (!state) {
		cfs_step_errno(ret_step, -ENOMEM, "");
		return false;
	}
	*state = (struct state){.config = config,
		.profile = profile,
		.name = name,
		.used = SESSION_INIT,
		.fresh = CFS_KEYS_INIT};
	r = find_path(config->env, name, &state->path);
	if (r < 0) {
		if (r == -ENOMEM)
			cfs_step_errno(ret_step, r, "");
		else
			cfs_step_failed(ret_step, CFS_UNAUTHENTICATED,
				"the session of aws login cannot be found: %s",
				r == -ENOENT ? "HOME is not set"
					     : "AWS_LOGIN_CACHE_DIRECTORY is too long");
		destroy(state);
		return false;
	}
	*ret_source = (struct cfs_source){.step = step, .destroy = destroy, .state = state};
	return true;
}
