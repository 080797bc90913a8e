#include "backends/tencent/keys/sts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/json.h"
#include "backends/base/text.h"
#include "backends/tencent/api/api.h"
#include "backends/tencent/keys/providers.h"

#define SERVICE "sts"
#define VERSION "2018-08-13"
#define SESSION_MIN 2
#define SESSION_MAX 128
#define PROVIDER_MAX 256
#define SESSION_ROOM (SESSION_MAX + 1)

static const struct cfs_tencent_api assume_role = {SERVICE, VERSION, "AssumeRole"},
				    assume_role_with_web_identity = {
					    SERVICE, VERSION, "AssumeRoleWithWebIdentity"};

/* Why a role cannot be one, NULL if it can. "qcs::cam::uin/12345678:roleName/testRoleName" */
static const char *check_role(const struct cfs_tencent_role *role)
{
	size_t len = strlen(role->arn);

	if (len > CFS_TENCENT_ROLE_ARN_MAX || strncmp(role->arn, "qcs:", strlen("qcs:")) != 0 ||
		!cfs_tencent_provider_is_key(role->arn))
		return "the role is no ARN (qcs::cam::uin/...:roleName/...)";
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
		!cJSON_AddNumberToObject(body, "DurationSeconds", CFS_TENCENT_STS_SECONDS))
		return -ENOMEM;
	return 0;
}

/* What of the configuration a request takes, and where it goes. */
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

	r = cfs_tencent_endpoint_configure(settings, env, &endpoints, &home, why);
	if (r < 0)
		return r;
	if (!region)
		region = cfs_tencent_endpoint_sts_region(home);
	cfs_tencent_endpoint_find(&endpoints, SERVICE, region, &ret_destination->endpoint);
	snprintf(ret_destination->region, sizeof(ret_destination->region), "%s", region);
	free(home);
	return 0;
}

/* Sends what is asked. `body` is taken over and wiped; NULL for want of memory. */
static void send(const struct cfs_settings *settings, const struct cfs_env *env, const char *where,
	const char *region, const struct cfs_tencent_api *api, cJSON *body,
	const struct cfs_keys *keys, int64_t now, struct cfs_step *ret_step)
{
	struct cfs_buf why = CFS_BUF_INIT(CFS_PROVIDER_WHY_MAX);
	struct cfs_http_request request;
	struct destination destination;
	int r = body ? 0 : -ENOMEM;

	if (r == 0)
		r = find_destination(settings, env, region, &destination, &why);
	if (r == 0)
		r = cfs_tencent_api_request(
			api, &destination.endpoint, destination.region, body, keys, now, &request);
	if (r == -ENOMEM)
		cfs_tencent_provider_failed(ret_step, CFS_NO_MEMORY, "out of memory");
	else if (r < 0)
		cfs_tencent_provider_failed(ret_step, CFS_UNAUTHENTICATED, "%s: %s", where,
			why.len ? cfs_buf_text(&why) : "no request can be made of it");
	else
		*ret_step = (struct cfs_step){
			.kind = CFS_STEP_HTTP,
			.request = request,
			.ca_file = settings->ca_file,
			.timeout_ms = CFS_TENCENT_STS_TIMEOUT_MS,
		};
	cfs_buf_finish(&why);
	cfs_json_wipe(body);
}

void cfs_tencent_sts_assume(const struct cfs_settings *settings, const struct cfs_env *env,
	const char *where, const struct cfs_tencent_role *role, const struct cfs_keys *keys,
	int64_t now, struct cfs_step *ret_step)
{
	const char *wrong = check_role(role);
	cJSON *body;

	if (wrong) {
		cfs_tencent_provider_failed(ret_step, CFS_UNAUTHENTICATED, "%s: %s", where, wrong);
		return;
	}
	body = cJSON_CreateObject();
	if (body && add_role(body, role, now) < 0) {
		cJSON_Delete(body);
		body = NULL;
	}
	send(settings, env, where, NULL, &assume_role, body, keys, now, ret_step);
}

static const char *check_identity(const struct cfs_tencent_web_identity *identity)
{
	size_t len = strlen(identity->provider);

	if (!cfs_tencent_endpoint_valid_region(identity->region))
		return "the region is no region's name";
	if (len > PROVIDER_MAX || !cfs_tencent_provider_is_key(identity->provider))
		return "the provider's id is no name";
	if (identity->token[0] == '\0')
		return "the token's file is empty";
	if (strlen(identity->token) > CFS_SECRET_MAX ||
		!cfs_tencent_provider_is_key(identity->token))
		return "the token's file holds no token";
	return check_role(&identity->role);
}

void cfs_tencent_sts_assume_with_web_identity(const struct cfs_settings *settings,
	const struct cfs_env *env, const char *where,
	const struct cfs_tencent_web_identity *identity, int64_t now, struct cfs_step *ret_step)
{
	const char *wrong = check_identity(identity);
	cJSON *body;

	if (wrong) {
		cfs_tencent_provider_failed(ret_step, CFS_UNAUTHENTICATED, "%s: %s", where, wrong);
		return;
	}
	body = cJSON_CreateObject();
	if (body &&
		(add_role(body, &identity->role, now) < 0 ||
			!cJSON_AddStringToObject(body, "ProviderId", identity->provider) ||
			!cJSON_AddStringToObject(body, "WebIdentityToken", identity->token))) {
		cfs_json_wipe(body);
		body = NULL;
	}
	send(settings, env, where, identity->region, &assume_role_with_web_identity, body, NULL,
		now, ret_step);
}

void cfs_tencent_sts_take(const char *where, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *ret_step)
{
	struct cfs_buf content = CFS_BUF_INIT(CFS_PROVIDER_ANSWER_MAX);
	const cJSON *response = NULL, *credentials;
	cJSON *tree = NULL;
	struct cfs_error error = {0};
	int64_t expires = 0;

	if (answer->fault != CFS_OK) {
		cfs_tencent_provider_failed(
			ret_step, answer->fault, "%s: STS could not be reached", where);
		goto out;
	}
	if (cfs_buf_add(&content, answer->content, answer->len) < 0) {
		cfs_tencent_provider_failed(ret_step, CFS_NO_MEMORY, "out of memory");
		goto out;
	}
	response = cfs_tencent_api_response(answer->status, &content, &tree, &error);
	if (!response) {
		cfs_tencent_provider_refused(ret_step, where, "STS", &error);
		goto out;
	}
	credentials = cfs_json_object(response, "Credentials");
	if (!cfs_json_count(response, "ExpiredTime", CFS_TENCENT_TIME_LIMIT, &expires)) {
		cfs_tencent_provider_failed(
			ret_step, CFS_BAD_ANSWER, "%s: STS gave no ExpiredTime", where);
		goto out;
	}
	cfs_tencent_provider_temporary(ret_step, where, cfs_json_text(credentials, "TmpSecretId"),
		cfs_json_text(credentials, "TmpSecretKey"), cfs_json_text(credentials, "Token"),
		expires, now, answer->date);
out:
	cfs_json_wipe(tree);
	cfs_buf_wipe(&content);
}
