#include "backends/aws/request.h"

#include <errno.h>
#include <string.h>

#include "backends/aws/account.h"
#include "backends/aws/aws.h"
#include "backends/aws/sigv4.h"

#define SERVICE "ec2"
#define CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"
#define SIGNED_HEADERS_MAX 4

static int add_parameter(struct cfs_buf *form, const char *name, const char *value)
{
	int r = cfs_buf_addf(form, "&%s=", name);

	return r < 0 ? r : cfs_sigv4_encode(form, value, strlen(value), "");
}

/* An operator who narrows his listing expects no other instance by its id either, so the filters go
 * with both. */
static int add_filters(struct cfs_buf *form, const struct cfs_account *account)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < account->n_filters; i++)
		r = cfs_aws_filters_add(form, i + 1, account->filters[i]);
	return r;
}

static int add_list(struct cfs_buf *form, const struct cfs_account *account, const char *page)
{
	int r = cfs_buf_addf(form, "&MaxResults=%d", CFS_AWS_PAGE_SIZE);

	if (r == 0 && page && *page)
		r = add_parameter(form, "NextToken", page);
	return r == 0 ? add_filters(form, account) : r;
}

/* GetConsoleOutput is asked without Latest, although that gives a fresher log on Nitro: on every
 * other type it is an error, and a question does not know the instance's type. */
static int add_body(struct cfs_buf *form, const struct cfs_account *account,
	const struct cfs_question *question)
{
	const char *action = cfs_aws_backend.action(question);
	int r;

	r = cfs_buf_addf(form, "Action=%s&Version=" CFS_AWS_API_VERSION, action);
	if (r < 0)
		return r;
	switch (question->verb) {
	case CFS_LIST:
		return add_list(form, account, question->page);
	case CFS_FIND:
		r = add_parameter(form, "InstanceId.1", question->id);
		return r == 0 ? add_filters(form, account) : r;
	case CFS_FETCH:
		r = add_parameter(form, "InstanceId", question->id);
		if (r == 0 && question->live->wakes && question->wake)
			r = add_parameter(form, "WakeUp", "true");
		return r;
	case CFS_REGIONS:
	case CFS_WHOAMI:
	case CFS_PROBE:
		break;
	}
	return -EINVAL;
}

/* Signs what stands in the request and adds the headers. */
static int sign(struct cfs_http_request *request, const struct cfs_aws_endpoint *endpoint,
	const struct cfs_sigv4_scope *scope, const struct cfs_keys *keys)
{
	struct cfs_sigv4_header headers[SIGNED_HEADERS_MAX] = {
		/* Sent as it is signed, and not left to the HTTP engine. */
		{"Host", endpoint->host},
		{"Content-Type", CONTENT_TYPE},
		{"X-Amz-Date", scope->date},
	};
	struct cfs_sigv4_request signing = {
		.method = request->method,
		.path = endpoint->path,
		.query = "",
		.headers = headers,
		.n_headers = 3,
		.body = cfs_buf_text(&request->body),
		.body_len = request->body.len,
	};
	struct cfs_buf authorization = CFS_BUF_INIT(CFS_SIGV4_AUTHORIZATION_MAX);
	int r;

	if (keys->token.data && keys->token.len > 0)
		headers[signing.n_headers++] =
			(struct cfs_sigv4_header){"X-Amz-Security-Token", keys->token.data};
	r = cfs_sigv4_authorization(&signing, scope, keys, &authorization);
	for (size_t i = 0; r == 0 && i < signing.n_headers; i++)
		r = cfs_http_request_add_header(request, headers[i].name, headers[i].value);
	if (r == 0)
		r = cfs_http_request_add_header(
			request, "Authorization", cfs_buf_text(&authorization));
	cfs_buf_wipe(&authorization);
	return r;
}

int cfs_aws_request(const struct cfs_account *account, const struct cfs_question *question,
	const struct cfs_keys *keys, int64_t now, struct cfs_http_request *ret_request)
{
	struct cfs_http_request request;
	struct cfs_aws_endpoint endpoint;
	struct cfs_sigv4_scope scope;
	struct cfs_buf url = CFS_BUF_INIT(CFS_HTTP_URL_MAX);
	int r;

	cfs_http_request_init(&request, "POST");
	cfs_aws_account_endpoint(account, question->region, &endpoint);
	r = cfs_sigv4_scope(now, question->region, SERVICE, &scope);
	if (r == 0)
		r = cfs_aws_endpoint_url(&endpoint, &url);
	if (r == 0)
		r = cfs_http_request_set_url(&request, cfs_buf_text(&url));
	if (r == 0)
		r = add_body(&request.body, account, question);
	if (r == 0)
		r = sign(&request, &endpoint, &scope, keys);
	cfs_buf_finish(&url);
	if (r < 0) {
		cfs_http_request_finish(&request);
		return r;
	}
	*ret_request = request;
	return 0;
}
