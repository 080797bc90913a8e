#include "backends/tencent/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "backends/tencent/account.h"
#include "backends/tencent/tc3.h"
#include "backends/tencent/tencent.h"

#define SERVICE "cvm"
#define VERSION "2017-03-12"
/* What the API's own examples and the official SDKs send. JSON is UTF-8 without being told so. */
#define CONTENT_TYPE "application/json"
#define OFFSET_DIGITS_MAX 9
#define TIMESTAMP_MAX 24

int cfs_tencent_request_offset(const char *page, int64_t *ret_offset)
{
	size_t len = strlen(page);
	int64_t offset = 0;

	if (len > OFFSET_DIGITS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (page[i] < '0' || page[i] > '9')
			return -EINVAL;
		offset = offset * 10 + (page[i] - '0');
	}
	*ret_offset = offset;
	return 0;
}

static int add_filters(
	cJSON *body, const struct cfs_account *account, const struct cfs_question *question)
{
	cJSON *filters = cJSON_AddArrayToObject(body, "Filters");
	bool find = question->verb == CFS_FIND;
	int r = filters ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < account->n_filters; i++) {
		r = cfs_tencent_filters_add(filters, account->filters[i]);
		/* What two filters of one name mean is documented nowhere. Where ids are
		 * configured, the reader picks the one that is asked for from their answer. */
		if (cfs_tencent_filters_by_id(account->filters[i]))
			find = false;
	}
	if (r == 0 && find)
		r = cfs_tencent_filters_add_one(filters, "instance-id", question->id);
	return r;
}

static int add_list(
	cJSON *body, const struct cfs_account *account, const struct cfs_question *question)
{
	int64_t offset;
	int r;

	r = cfs_tencent_request_offset(question->page, &offset);
	if (r < 0)
		return r;
	if (!cJSON_AddNumberToObject(body, "Offset", (double)offset) ||
		!cJSON_AddNumberToObject(body, "Limit", CFS_TENCENT_PAGE_SIZE))
		return -ENOMEM;
	return account->n_filters ? add_filters(body, account, question) : 0;
}

static int add_find(
	cJSON *body, const struct cfs_account *account, const struct cfs_question *question)
{
	cJSON *ids;

	/* InstanceIds and Filters exclude each other. */
	if (account->n_filters)
		return add_filters(body, account, question);
	ids = cJSON_CreateStringArray(&question->id, 1);
	if (!ids)
		return -ENOMEM;
	if (!cJSON_AddItemToObject(body, "InstanceIds", ids)) {
		cJSON_Delete(ids);
		return -ENOMEM;
	}
	return 0;
}

static int add_parameters(
	cJSON *body, const struct cfs_account *account, const struct cfs_question *question)
{
	switch (question->verb) {
	case CFS_LIST:
		return add_list(body, account, question);
	case CFS_FIND:
		return add_find(body, account, question);
	case CFS_FETCH:
		return cJSON_AddStringToObject(body, "InstanceId", question->id) ? 0 : -ENOMEM;
	case CFS_REGIONS:
	case CFS_WHOAMI:
	case CFS_PROBE:
		break;
	}
	return -EINVAL;
}

int cfs_tencent_request_body(const struct cfs_account *account, const struct cfs_question *question,
	struct cfs_buf *ret_body)
{
	cJSON *body = cJSON_CreateObject();
	char *text = NULL;
	int r;

	r = body ? add_parameters(body, account, question) : -ENOMEM;
	if (r == 0) {
		text = cJSON_PrintUnformatted(body);
		r = text ? cfs_buf_adds(ret_body, text) : -ENOMEM;
	}
	cJSON_free(text);
	cJSON_Delete(body);
	return r;
}

static int add_signature(struct cfs_http_request *request, const struct cfs_tc3_request *tc3,
	const struct cfs_keys *keys)
{
	struct cfs_buf value = CFS_BUF_INIT(CFS_TC3_AUTHORIZATION_MAX);
	int r;

	r = cfs_tc3_authorization(tc3, &keys->id, &keys->secret, &value);
	if (r == 0)
		r = cfs_http_request_add_header(request, "Authorization", value.data);
	cfs_buf_wipe(&value);
	return r;
}

static int add_headers(struct cfs_http_request *request, const struct cfs_tc3_request *tc3,
	const char *region, const struct cfs_keys *keys)
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
		{"X-TC-Version", VERSION},
		{"X-TC-Timestamp", timestamp},
		{"X-TC-Region", region},
		{"X-TC-Language", "en-US"},
		{"X-TC-Token", keys->token.len ? keys->token.data : NULL},
	};
	int r = 0;

	snprintf(timestamp, sizeof(timestamp), "%" PRId64, tc3->timestamp);
	for (size_t i = 0; r == 0 && i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (headers[i].value)
			r = cfs_http_request_add_header(request, headers[i].name, headers[i].value);
	}
	return r;
}

int cfs_tencent_request(const struct cfs_account *account, const struct cfs_question *question,
	const struct cfs_keys *keys, int64_t now, struct cfs_http_request *ret_request)
{
	char host[CFS_TENCENT_HOST_MAX], url[CFS_TENCENT_HOST_MAX + sizeof("https:///")];
	struct cfs_http_request request;
	struct cfs_tc3_request tc3;
	bool tls;
	int r;

	cfs_http_request_init(&request, "POST");
	cfs_tencent_account_host(account, question->region, &tls, host);
	snprintf(url, sizeof(url), "%s://%s/", tls ? "https" : "http", host);
	r = cfs_http_request_set_url(&request, url);
	if (r == 0)
		r = cfs_tencent_request_body(account, question, &request.body);
	if (r < 0)
		goto out;
	tc3 = (struct cfs_tc3_request){
		.content_type = CONTENT_TYPE,
		.host = host,
		.action = cfs_tencent_backend.action(question),
		.service = SERVICE,
		.body = cfs_buf_text(&request.body),
		.body_len = request.body.len,
		.timestamp = now,
	};
	r = add_headers(&request, &tc3, question->region, keys);
	if (r == 0)
		r = add_signature(&request, &tc3, keys);
out:
	if (r < 0)
		cfs_http_request_finish(&request);
	else
		*ret_request = request;
	return r;
}
