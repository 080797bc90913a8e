/* SPDX-License-Identifier: MIT */
#include "backends/tencent/api/api.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backends/base/json.h"
#include "backends/base/text.h"
#include "backends/tencent/api/errors.h"
#include "backends/tencent/api/tc3.h"

/* What the API's own examples and the official SDKs send. JSON is UTF-8 without being told so. */
#define CONTENT_TYPE "application/json"
/* Of AssumeRoleWithWebIdentity: "Authorization should be SKIP". */
#define UNSIGNED "SKIP"
#define TIMESTAMP_MAX 24

static int add_signature(struct cfs_http_request *request, const struct cfs_tc3_request *tc3,
	const struct cfs_keys *keys)
{
	struct cfs_buf value = CFS_BUF_INIT(CFS_TC3_AUTHORIZATION_MAX);
	int r;

	if (!keys)
		return cfs_http_request_add_header(request, "Authorization", UNSIGNED);
	r = cfs_tc3_authorization(tc3, keys, &value);
	if (r == 0)
		r = cfs_http_request_add_header(request, "Authorization", value.data);
	cfs_buf_wipe(&value);
	return r;
}

static int add_headers(struct cfs_http_request *request, const struct cfs_tc3_request *tc3,
	const char *version, const char *region, const struct cfs_keys *keys)
{
	char timestamp[TIMESTAMP_MAX];
	const struct {
		const char *name, *value;
	} headers[] = {
		/* Host too, so that what is sent is what is signed whatever the engine would add.
		 */
		{"Host", tc3->host},
		{"Content-Type", tc3->content_type},
		{"X-TC-Action", tc3->action},
		{"X-TC-Version", version},
		{"X-TC-Timestamp", timestamp},
		{"X-TC-Region", region[0] ? region : NULL},
		{"X-TC-Language", "en-US"},
		{"X-TC-Token", keys && keys->token.len ? keys->token.data : NULL},
	};
	int r = 0;

	snprintf(timestamp, sizeof(timestamp), "%" PRId64, tc3->timestamp);
	for (size_t i = 0; r == 0 && i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (headers[i].value)
			r = cfs_http_request_add_header(request, headers[i].name, headers[i].value);
	}
	return r;
}

int cfs_tencent_api_request(const struct cfs_tencent_api *api,
	const struct cfs_tencent_endpoint *endpoint, const char *region, const cJSON *body,
	const struct cfs_keys *keys, int64_t now, struct cfs_http_request *ret_request)
{
	char url[CFS_HTTP_HOST_MAX + sizeof("https:///")];
	struct cfs_http_request request;
	struct cfs_tc3_request tc3;
	int r;

	cfs_http_request_init(&request, "POST");
	snprintf(url, sizeof(url), "%s://%s/", endpoint->tls ? "https" : "http", endpoint->host);
	r = cfs_http_request_set_url(&request, url);
	if (r == 0)
		r = cfs_json_print(body, &request.body);
	if (r < 0)
		goto out;
	tc3 = (struct cfs_tc3_request){
		.content_type = CONTENT_TYPE,
		.host = endpoint->host,
		.action = api->action,
		.service = api->service,
		.body = cfs_buf_text(&request.body),
		.body_len = request.body.len,
		.timestamp = now,
	};
	r = add_headers(&request, &tc3, api->version, region, keys);
	if (r == 0)
		r = add_signature(&request, &tc3, keys);
out:
	if (r < 0)
		cfs_http_request_finish(&request);
	else
		*ret_request = request;
	return r;
}

/* The cloud's own account of a failure. */
static void read_error(const cJSON *cloud_error, struct cfs_error *error)
{
	const char *code = cfs_json_text(cloud_error, "Code");
	const char *message = cfs_json_text(cloud_error, "Message");

	if (!code || code[0] == '\0') {
		cfs_error_set(error, CFS_BAD_ANSWER, "the answer is an error without a code");
		return;
	}
	if (!message)
		message = "";
	cfs_error_say_code(error, code, strlen(code));
	cfs_error_say_message(error, message, strlen(message));
	error->fault = cfs_tencent_errors_fault(error->code);
}

const cJSON *cfs_tencent_api_response(
	int status, struct cfs_buf *body, cJSON **ret_tree, struct cfs_error *ret_error)
{
	const cJSON *response, *cloud_error;
	const char *request_id;

	*ret_tree = NULL;
	*ret_error = (struct cfs_error){0};
	if (status != 200) {
		cfs_error_set(ret_error, cfs_fault_from_status(status), "HTTP status %d", status);
		return NULL;
	}
	if (cfs_json_parse(body, ret_tree) < 0) {
		cfs_error_set(ret_error, CFS_BAD_ANSWER, "the answer is not valid JSON");
		return NULL;
	}
	response = cfs_json_object(*ret_tree, "Response");
	if (!response) {
		cfs_error_set(ret_error, CFS_BAD_ANSWER, "the answer has no Response");
		return NULL;
	}
	cloud_error = cJSON_GetObjectItemCaseSensitive(response, "Error");
	if (cloud_error && !cJSON_IsNull(cloud_error)) {
		read_error(cloud_error, ret_error);
		response = NULL;
	}
	request_id = cfs_json_text(cfs_json_object(*ret_tree, "Response"), "RequestId");
	if (request_id)
		cfs_error_say_request_id(ret_error, request_id, strlen(request_id));
	return response;
}
