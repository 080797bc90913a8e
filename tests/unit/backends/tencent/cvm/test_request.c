/* SPDX-License-Identifier: MIT */
/* backends/tencent/cvm/request.h: questions as signed requests. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/tencent/api/tc3.h"
#include "backends/tencent/cvm/account.h"
#include "backends/tencent/cvm/request.h"
#include "backends/tencent/tencent.h"

#define NOW 1551113065
#define ID "ins-r9hr2upy"

static const char *get_nothing(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static struct cfs_account *account_of(
	const char *endpoint, const struct cfs_pair *filters, size_t n)
{
	struct cfs_settings settings = {.endpoint = endpoint, .own = filters, .n_own = n};
	struct cfs_env env = {.get = get_nothing};
	struct cfs_buf why = CFS_BUF_INIT(256);
	struct cfs_account *account = NULL;

	assert_int_equal(cfs_tencent_account_create(&settings, &env, &account, &why), 0);
	cfs_buf_finish(&why);
	return account;
}

static struct cfs_question list(const char *page)
{
	return (struct cfs_question){.verb = CFS_LIST, .region = "ap-guangzhou", .token = page};
}

static struct cfs_question find(void)
{
	return (struct cfs_question){.verb = CFS_FIND, .region = "ap-guangzhou", .id = ID};
}

static struct cfs_question fetch(void)
{
	return (struct cfs_question){.verb = CFS_FETCH,
		.region = "ap-guangzhou",
		.id = ID,
		.live = cfs_tencent_backend.live};
}

static struct cfs_keys keys_of(const char *id, const char *secret, const char *token)
{
	struct cfs_keys keys = CFS_KEYS_INIT;

	assert_int_equal(cfs_secret_set(&keys.id, id, strlen(id)), 0);
	assert_int_equal(cfs_secret_set(&keys.secret, secret, strlen(secret)), 0);
	if (token)
		assert_int_equal(cfs_secret_set(&keys.token, token, strlen(token)), 0);
	return keys;
}

static const char *header(const struct cfs_http_request *request, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < request->n_headers; i++) {
		const char *line = request->headers[i];

		if (strncmp(line, name, strlen(name)) == 0 &&
			strncmp(line + strlen(name), ": ", 2) == 0) {
			assert_null(found);
			found = line + strlen(name) + 2;
		}
	}
	return found;
}

static void assert_body(
	const struct cfs_account *account, struct cfs_question question, const char *expected)
{
	struct cfs_keys keys = keys_of("AKID", "secret", NULL);
	struct cfs_http_request request;

	assert_int_equal(cfs_tencent_request(account, &question, &keys, NOW, &request), 0);
	assert_string_equal(cfs_buf_text(&request.body), expected);
	cfs_http_request_finish(&request);
	cfs_keys_finish(&keys);
}

static void questions_become_bodies(void **state)
{
	struct cfs_account *account = account_of(NULL, NULL, 0);

	(void)state;
	assert_body(account, list(""), "{\"Offset\":0,\"Limit\":100}");
	assert_body(account, list("200"), "{\"Offset\":200,\"Limit\":100}");
	assert_body(account, list("999900"), "{\"Offset\":999900,\"Limit\":100}");
	assert_body(account, find(), "{\"InstanceIds\":[\"" ID "\"]}");
	assert_body(account, fetch(), "{\"InstanceId\":\"" ID "\"}");
	cfs_tencent_account_destroy(account);
}

/* "InstanceIds and Filters cannot be specified at the same time." */
static void filters_go_with_the_listing_and_narrow_the_finding(void **state)
{
	static const struct cfs_pair filters[] = {
		{"filter", "zone=ap-guangzhou-6"}, {"filter", "tag:env=prod,test"}};
	struct cfs_account *account = account_of(NULL, filters, 2);

	(void)state;
#define CONFIGURED \
	"{\"Name\":\"zone\",\"Values\":[\"ap-guangzhou-6\"]}," \
	"{\"Name\":\"tag:env\",\"Values\":[\"prod\",\"test\"]}"
	assert_body(account, list("100"),
		"{\"Offset\":100,\"Limit\":100,\"Filters\":[" CONFIGURED "]}");
	assert_body(account, find(),
		"{\"Filters\":[" CONFIGURED ",{\"Name\":\"instance-id\",\"Values\":[\"" ID
		"\"]}]}");
	assert_body(account, fetch(), "{\"InstanceId\":\"" ID "\"}");
	cfs_tencent_account_destroy(account);
}

static void a_configured_filter_by_id_is_sent_once(void **state)
{
	static const struct cfs_pair filter = {"filter", "instance-id=ins-aaaaaaaa,ins-bbbbbbbb"};
	struct cfs_account *account = account_of(NULL, &filter, 1);

	(void)state;
	assert_body(account, find(),
		"{\"Filters\":[{\"Name\":\"instance-id\","
		"\"Values\":[\"ins-aaaaaaaa\",\"ins-bbbbbbbb\"]}]}");
	cfs_tencent_account_destroy(account);
}

static void a_page_that_is_no_token_is_refused(void **state)
{
	static const char *const bad[] = {"-1", "1x", " 1", "1 ", "0x10", "1e3", "1234567890"};
	struct cfs_account *account = account_of(NULL, NULL, 0);
	struct cfs_keys keys = keys_of("id", "secret", NULL);
	int64_t offset = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cfs_question question = list(bad[i]);
		struct cfs_http_request request;

		assert_int_equal(cfs_tencent_request_offset(bad[i], &offset), -EINVAL);
		assert_int_equal(offset, 77);
		assert_int_equal(
			cfs_tencent_request(account, &question, &keys, NOW, &request), -EINVAL);
	}
	assert_int_equal(cfs_tencent_request_offset("", &offset), 0);
	assert_int_equal(offset, 0);
	cfs_keys_finish(&keys);
	cfs_tencent_account_destroy(account);
}

static void requests_carry_the_common_parameters(void **state)
{
	struct cfs_account *account = account_of(NULL, NULL, 0);
	struct cfs_keys keys = keys_of("AKIDEXAMPLE", "secret", NULL);
	struct cfs_question question = fetch();
	struct cfs_http_request request;

	(void)state;
	assert_int_equal(cfs_tencent_request(account, &question, &keys, NOW, &request), 0);
	assert_string_equal(request.method, "POST");
	assert_string_equal(request.url, "https://cvm.tencentcloudapi.com/");
	assert_string_equal(cfs_buf_text(&request.body), "{\"InstanceId\":\"" ID "\"}");
	assert_string_equal(header(&request, "Host"), "cvm.tencentcloudapi.com");
	assert_string_equal(header(&request, "Content-Type"), "application/json");
	assert_string_equal(header(&request, "X-TC-Action"), "DescribeInstanceVncUrl");
	assert_string_equal(header(&request, "X-TC-Version"), "2017-03-12");
	assert_string_equal(header(&request, "X-TC-Timestamp"), "1551113065");
	assert_string_equal(header(&request, "X-TC-Region"), "ap-guangzhou");
	assert_string_equal(header(&request, "X-TC-Language"), "en-US");
	assert_null(header(&request, "X-TC-Token"));
	assert_int_equal(request.n_headers, 8);
	cfs_http_request_finish(&request);

	question = list("");
	assert_int_equal(cfs_tencent_request(account, &question, &keys, NOW, &request), 0);
	assert_string_equal(header(&request, "X-TC-Action"), "DescribeInstances");
	cfs_http_request_finish(&request);
	cfs_keys_finish(&keys);
	cfs_tencent_account_destroy(account);
}

static void temporary_keys_send_their_token(void **state)
{
	struct cfs_account *account = account_of(NULL, NULL, 0);
	struct cfs_keys keys = keys_of("AKIDEXAMPLE", "secret", "a-token");
	struct cfs_question question = find();
	struct cfs_http_request request;

	(void)state;
	assert_int_equal(cfs_tencent_request(account, &question, &keys, NOW, &request), 0);
	assert_string_equal(header(&request, "X-TC-Token"), "a-token");
	cfs_http_request_finish(&request);
	cfs_keys_finish(&keys);
	cfs_tencent_account_destroy(account);
}

/* What is signed must be what is sent: the header's own values, signed again, give its signature.
 */
static void the_signature_is_of_what_is_sent(void **state)
{
	static const char *const endpoints[] = {NULL, "https://cvm.intl.tencentcloudapi.com",
		"https://CVM.example:443/", "https://127.0.0.1:4321", "http://[::1]:80/"};
	static const struct {
		const char *url, *host;
	} expected[] = {
		{"https://cvm.tencentcloudapi.com/", "cvm.tencentcloudapi.com"},
		{"https://cvm.intl.tencentcloudapi.com/", "cvm.intl.tencentcloudapi.com"},
		{"https://cvm.example/", "cvm.example"},
		{"https://127.0.0.1:4321/", "127.0.0.1:4321"},
		{"http://[::1]/", "[::1]"},
	};
	struct cfs_keys keys = keys_of("AKIDEXAMPLE", "secret", NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		struct cfs_account *account = account_of(endpoints[i], NULL, 0);
		struct cfs_buf value = CFS_BUF_INIT(CFS_TC3_AUTHORIZATION_MAX);
		struct cfs_question question = list("");
		struct cfs_http_request request;
		struct cfs_tc3_request tc3;

		assert_int_equal(cfs_tencent_request(account, &question, &keys, NOW, &request), 0);
		assert_string_equal(request.url, expected[i].url);
		assert_string_equal(header(&request, "Host"), expected[i].host);
		tc3 = (struct cfs_tc3_request){
			.content_type = header(&request, "Content-Type"),
			.host = header(&request, "Host"),
			.action = header(&request, "X-TC-Action"),
			.service = "cvm",
			.body = request.body.data,
			.body_len = request.body.len,
			.timestamp = strtoll(header(&request, "X-TC-Timestamp"), NULL, 10),
		};
		assert_int_equal(cfs_tc3_authorization(&tc3, &keys, &value), 0);
		assert_string_equal(header(&request, "Authorization"), cfs_buf_text(&value));
		assert_non_null(strstr(value.data, "SignedHeaders=content-type;host;x-tc-action,"));
		assert_non_null(strstr(value.data, "AKIDEXAMPLE/2019-02-25/cvm/tc3_request,"));
		cfs_buf_wipe(&value);
		cfs_http_request_finish(&request);
		cfs_tencent_account_destroy(account);
	}
	cfs_keys_finish(&keys);
}

static void finance_regions_are_asked_at_their_own_endpoints(void **state)
{
	struct cfs_account *account = account_of(NULL, NULL, 0);
	struct cfs_keys keys = keys_of("AKIDEXAMPLE", "secret", NULL);
	struct cfs_question question = list("");
	struct cfs_http_request request;

	(void)state;
	question.region = "ap-shenzhen-fsi";
	assert_int_equal(cfs_tencent_request(account, &question, &keys, NOW, &request), 0);
	assert_string_equal(request.url, "https://cvm.ap-shenzhen-fsi.tencentcloudapi.com/");
	assert_string_equal(header(&request, "X-TC-Region"), "ap-shenzhen-fsi");
	assert_non_null(strstr(header(&request, "Authorization"), "/cvm/tc3_request"));
	cfs_http_request_finish(&request);
	cfs_keys_finish(&keys);
	cfs_tencent_account_destroy(account);
}

static void the_largest_question_fits(void **state)
{
	char text[CFS_TENCENT_FILTER_TEXT_MAX + 1], token[CFS_SECRET_MAX + 1];
	struct cfs_pair filters[CFS_TENCENT_FILTERS_OWN_MAX];
	struct cfs_question question = find();
	struct cfs_http_request request;
	struct cfs_account *account;
	struct cfs_keys keys;

	(void)state;
	/* Every byte of a quotation mark is two in JSON. */
	memset(text, '"', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	text[1] = '=';
	for (size_t i = 0; i < CFS_TENCENT_FILTERS_OWN_MAX; i++)
		filters[i] = (struct cfs_pair){"filter", text};
	memset(token, 't', CFS_SECRET_MAX);
	token[CFS_SECRET_MAX] = '\0';
	account = account_of(NULL, filters, CFS_TENCENT_FILTERS_OWN_MAX);
	keys = keys_of(token, token, token);
	assert_int_equal(cfs_tencent_request(account, &question, &keys, NOW, &request), 0);
	cfs_http_request_finish(&request);
	cfs_keys_finish(&keys);
	cfs_tencent_account_destroy(account);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_become_bodies),
		cmocka_unit_test(filters_go_with_the_listing_and_narrow_the_finding),
		cmocka_unit_test(a_configured_filter_by_id_is_sent_once),
		cmocka_unit_test(a_page_that_is_no_token_is_refused),
		cmocka_unit_test(requests_carry_the_common_parameters),
		cmocka_unit_test(temporary_keys_send_their_token),
		cmocka_unit_test(the_signature_is_of_what_is_sent),
		cmocka_unit_test(finance_regions_are_asked_at_their_own_endpoints),
		cmocka_unit_test(the_largest_question_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
