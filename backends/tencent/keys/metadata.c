#include "backends/tencent/keys/metadata.h"

#include <stdio.h>
#include <string.h>

#include "backends/base/json.h"
#include "backends/base/text.h"
#include "backends/tencent/api/url.h"
#include "backends/tencent/keys/providers.h"

#define VARIABLE "TENCENTCLOUD_METADATA_ENDPOINT"
#define HOST "metadata.tencentyun.com"
#define PATH "/latest/meta-data/cam/security-credentials/"
#define URL_ROOM (sizeof("http://" PATH) + CFS_HTTP_HOST_MAX + CFS_TENCENT_METADATA_NAME_MAX)

static void ask(const struct cfs_tencent_metadata *metadata, const struct cfs_env *env,
	long timeout_ms, struct cfs_step *ret_step)
{
	const char *own = cfs_env_get(env, VARIABLE), *wrong;
	char host[CFS_HTTP_HOST_MAX] = HOST, url[URL_ROOM];
	struct cfs_http_request request;

	wrong = own ? cfs_tencent_url_metadata(own, host) : NULL;
	if (wrong) {
		cfs_tencent_provider_failed(ret_step, CFS_UNAUTHENTICATED, VARIABLE " %s", wrong);
		return;
	}
	snprintf(url, sizeof(url), "http://%s" PATH "%s", host, metadata->name);
	cfs_http_request_init(&request, "GET");
	if (cfs_http_request_set_url(&request, url) < 0) {
		cfs_tencent_provider_failed(ret_step, CFS_NO_MEMORY, "out of memory");
		return;
	}
	*ret_step = (struct cfs_step){
		.kind = CFS_STEP_HTTP,
		.request = request,
		.direct = true,
		.timeout_ms = timeout_ms,
	};
}

/* There is no role to be had here. */
static void none(struct cfs_step *ret_step, bool required, enum cfs_fault fault, const char *why)
{
	if (required)
		cfs_tencent_provider_failed(ret_step, fault, "%s", why);
	else
		cfs_tencent_provider_absent(ret_step, "%s", why);
}

/* Takes the name of the role, a line of text. false when it is none; *ret_step then says so. */
static bool take_name(struct cfs_tencent_metadata *metadata, bool required,
	const struct cfs_step_answer *answer, struct cfs_step *ret_step)
{
	size_t len;

	if (answer->fault != CFS_OK) {
		none(ret_step, required, answer->fault, "no metadata service answers");
		return false;
	}
	if (answer->status == 404) {
		none(ret_step, required, CFS_UNAUTHENTICATED, "no role is bound to this machine");
		return false;
	}
	if (answer->status >= 500) {
		cfs_tencent_provider_failed(ret_step, CFS_SERVER,
			"the metadata service has a fault: HTTP status %d", answer->status);
		return false;
	}
	len = strcspn(answer->content, "\r\n");
	/* In other networks other services answer to any name. */
	if (answer->status != 200 || strlen(answer->content) != answer->len ||
		!cfs_text_is_token(
			answer->content, len, CFS_TENCENT_METADATA_NAME_MAX, "+=,.@_-")) {
		none(ret_step, required, CFS_BAD_ANSWER, "what answers is no metadata service");
		return false;
	}
	memcpy(metadata->name, answer->content, len);
	metadata->name[len] = '\0';
	return true;
}

static void read_keys(
	const char *where, const cJSON *tree, int64_t now, int64_t date, struct cfs_step *ret_step)
{
	const char *code = cfs_json_text(tree, "Code");
	struct cfs_error error = {.fault = CFS_UNAUTHENTICATED};
	int64_t expires;

	if (!code || strcmp(code, "Success") != 0) {
		cfs_text_line(error.code, sizeof(error.code), code ? code : "no Code",
			code ? strlen(code) : strlen("no Code"));
		cfs_tencent_provider_refused(ret_step, where, "the metadata service", &error);
	} else if (!cfs_json_count(tree, "ExpiredTime", CFS_TENCENT_TIME_LIMIT, &expires)) {
		cfs_tencent_provider_failed(
			ret_step, CFS_BAD_ANSWER, "%s: no ExpiredTime was given", where);
	} else {
		cfs_tencent_provider_temporary(ret_step, where, cfs_json_text(tree, "TmpSecretId"),
			cfs_json_text(tree, "TmpSecretKey"), cfs_json_text(tree, "Token"), expires,
			now, date);
	}
}

static void take_keys(const struct cfs_tencent_metadata *metadata,
	const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	struct cfs_buf content = CFS_BUF_INIT(CFS_PROVIDER_ANSWER_MAX);
	char where[CFS_TENCENT_WHERE_MAX];
	cJSON *tree = NULL;

	snprintf(where, sizeof(where), "role %s of this machine", metadata->name);
	if (answer->fault != CFS_OK)
		cfs_tencent_provider_failed(ret_step, answer->fault,
			"%s: the metadata service stopped answering", where);
	else if (answer->status != 200)
		cfs_tencent_provider_failed(ret_step,
			answer->status >= 500 ? CFS_SERVER : CFS_UNAUTHENTICATED,
			"%s: HTTP status %d", where, answer->status);
	else if (cfs_buf_add(&content, answer->content, answer->len) < 0)
		cfs_tencent_provider_failed(ret_step, CFS_NO_MEMORY, "out of memory");
	else if (cfs_json_parse(&content, &tree) < 0)
		cfs_tencent_provider_failed(
			ret_step, CFS_BAD_ANSWER, "%s: the answer is no valid JSON", where);
	else
		read_keys(where, tree, now, answer->date, ret_step);
	cfs_json_wipe(tree);
	cfs_buf_wipe(&content);
}

void cfs_tencent_metadata_step(struct cfs_tencent_metadata *metadata, const struct cfs_env *env,
	bool required, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	switch (metadata->asked) {
	case CFS_TENCENT_METADATA_NEW:
		metadata->asked = CFS_TENCENT_METADATA_NAME;
		ask(metadata, env, CFS_TENCENT_METADATA_FIRST_MS, ret_step);
		break;
	case CFS_TENCENT_METADATA_NAME:
		if (!take_name(metadata, required, answer, ret_step))
			break;
		metadata->asked = CFS_TENCENT_METADATA_KEYS;
		ask(metadata, env, CFS_TENCENT_METADATA_SECOND_MS, ret_step);
		break;
	case CFS_TENCENT_METADATA_KEYS:
		take_keys(metadata, answer, now, ret_step);
		break;
	}
}
