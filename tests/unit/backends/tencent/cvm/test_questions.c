/* SPDX-License-Identifier: MIT */
/* backends/tencent/cvm/request.h: what is asked of an account and not of an instance. */
#include "tests/unit/support/tencent_reading.h"

#include "backends/tencent/api/tc3.h"

#define NOW 1551113065

static const char *get_region(void *arg, const char *name)
{
	return strcmp(name, "TENCENTCLOUD_REGION") == 0 ? arg : NULL;
}

/* A request of an account with this endpoint and region, to be finished. */
static struct cfs_http_request request_of(
	const char *endpoint, char *region, const struct cfs_question *question)
{
	struct cfs_settings settings = {.name = "tencent", .endpoint = endpoint};
	struct cfs_env env = {.get = get_region, .arg = region};
	struct cfs_buf why = CFS_BUF_INIT(256);
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct cfs_http_request request;
	struct cfs_account *own = NULL;

	assert_int_equal(cfs_secret_set(&keys.id, "AKID1", 5), 0);
	assert_int_equal(cfs_secret_set(&keys.secret, "secret", 6), 0);
	assert_int_equal(cfs_tencent_account_create(&settings, &env, &own, &why), 0);
	assert_int_equal(cfs_tencent_request(own, question, &keys, NOW, &request), 0);
	cfs_tencent_account_destroy(own);
	cfs_keys_finish(&keys);
	return request;
}

static const char *header(const struct cfs_http_request *request, const char *name)
{
	for (size_t i = 0; i < request->n_headers; i++) {
		const char *line = request->headers[i];

		if (strncmp(line, name, strlen(name)) == 0 &&
			strncmp(line + strlen(name), ": ", 2) == 0)
			return line + strlen(name) + 2;
	}
	return NULL;
}

static void assert_request(struct cfs_http_request request, const char *url, const char *action,
	const char *version, const char *region, const char *body, const char *service)
{
	char scope[64];

	assert_string_equal(request.url, url);
	assert_string_equal(header(&request, "X-TC-Action"), action);
	assert_string_equal(header(&request, "X-TC-Version"), version);
	if (region)
		assert_string_equal(header(&request, "X-TC-Region"), region);
	else
		assert_null(header(&request, "X-TC-Region"));
	assert_string_equal(cfs_buf_text(&request.body), body);
	snprintf(scope, sizeof(scope), "Credential=AKID1/2019-02-25/%s/tc3_request,", service);
	assert_non_null(strstr(header(&request, "Authorization"), scope));
	cfs_http_request_finish(&request);
}

static void regions_are_asked_of_the_region_service(void **state)
{
	static const char product[] = "{\"Product\":\"cvm\"}";
	char fsi[] = "ap-shanghai-fsi";

	(void)state;
	assert_request(request_of(NULL, NULL, &question_regions),
		"https://region.tencentcloudapi.com/", "DescribeRegions", "2022-06-27", NULL,
		product, "region");
	assert_request(request_of(NULL, fsi, &question_regions),
		"https://region.tencentcloudapi.com/", "DescribeRegions", "2022-06-27", NULL,
		product, "region");
	assert_request(request_of("https://cvm.intl.tencentcloudapi.com", NULL, &question_regions),
		"https://region.intl.tencentcloudapi.com/", "DescribeRegions", "2022-06-27", NULL,
		product, "region");
	assert_request(request_of("https://127.0.0.1:4321", NULL, &question_regions),
		"https://127.0.0.1:4321/", "DescribeRegions", "2022-06-27", NULL, product,
		"region");
}

static void whoami_is_asked_of_sts(void **state)
{
	struct cfs_question there = {.verb = CFS_WHOAMI, .region = "eu-frankfurt"};
	char usual[] = "eu-frankfurt", fsi[] = "ap-shanghai-fsi", wrong[] = "nowhere";

	(void)state;
	assert_request(request_of(NULL, NULL, &question_whoami), "https://sts.tencentcloudapi.com/",
		"GetCallerIdentity", "2018-08-13", "ap-guangzhou", "{}", "sts");
	assert_request(request_of(NULL, usual, &question_whoami),
		"https://sts.tencentcloudapi.com/", "GetCallerIdentity", "2018-08-13",
		"ap-guangzhou", "{}", "sts");
	assert_request(request_of(NULL, wrong, &question_whoami),
		"https://sts.tencentcloudapi.com/", "GetCallerIdentity", "2018-08-13",
		"ap-guangzhou", "{}", "sts");
	assert_request(request_of(NULL, fsi, &question_whoami),
		"https://sts.ap-shanghai-fsi.tencentcloudapi.com/", "GetCallerIdentity",
		"2018-08-13", "ap-shanghai-fsi", "{}", "sts");
	assert_request(request_of(NULL, NULL, &there), "https://sts.tencentcloudapi.com/",
		"GetCallerIdentity", "2018-08-13", "eu-frankfurt", "{}", "sts");
	assert_request(request_of("https://cvm.intl.tencentcloudapi.com", NULL, &question_whoami),
		"https://sts.intl.tencentcloudapi.com/", "GetCallerIdentity", "2018-08-13",
		"ap-guangzhou", "{}", "sts");
	assert_request(request_of("http://localhost:4321", NULL, &question_whoami),
		"http://localhost:4321/", "GetCallerIdentity", "2018-08-13", "ap-guangzhou", "{}",
		"sts");
}

static void a_probe_is_the_call_for_an_id_that_nothing_has(void **state)
{
	struct cfs_question made_up = probe_vnc_url(NULL), listed = probe_vnc_url("ins-r9hr2upy");

	(void)state;
	assert_true(cfs_tencent_instances_valid_id(CFS_TENCENT_MADE_UP_ID));
	assert_request(request_of(NULL, NULL, &made_up), "https://cvm.tencentcloudapi.com/",
		"DescribeInstanceVncUrl", "2017-03-12", "ap-guangzhou",
		"{\"InstanceId\":\"ins-00000000\"}", "cvm");
	assert_request(request_of(NULL, NULL, &listed), "https://cvm.tencentcloudapi.com/",
		"DescribeInstanceVncUrl", "2017-03-12", "ap-guangzhou",
		"{\"InstanceId\":\"ins-r9hr2upy\"}", "cvm");
}

static void available_regions_are_taken(void **state)
{
	static char text[FIXTURE_MAX];
	size_t len = load("regions.json", text);
	struct outcome outcome = {0};

	(void)state;
	for (size_t split = 0; split <= len; split++) {
		read_split(&outcome, &question_regions, 200, text, len, split);
		assert_int_equal(outcome.error.fault, CFS_OK);
		assert_int_equal(outcome.n_regions, 4);
		assert_string_equal(outcome.regions[0], "ap-beijing");
		assert_string_equal(outcome.regions[1], "ap-shanghai-fsi");
		assert_string_equal(outcome.regions[2], "na-siliconvalley");
		assert_string_equal(outcome.regions[3], "me-saudi-arabia");
		assert_string_equal(
			outcome.error.request_id, "c563943b-3bea-fe92-29fe-591eaeb7871f");
		outcome_finish(&outcome);
	}
	for (size_t cut = 0; cut < len; cut++) {
		read_bytes(&outcome, &question_regions, text, cut);
		assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
		assert_int_equal(outcome.n_regions, 0);
		outcome_finish(&outcome);
	}
}

static void what_is_no_region_is_left_out(void **state)
{
	static const char *const none[] = {
		"[]",
		"[null,7,\"ap-tokyo\",{},[]]",
		"[{\"Region\":\"ap-tokyo\"}]",
		"[{\"Region\":\"ap-tokyo\",\"RegionState\":\"available\"}]",
		"[{\"Region\":\"ap-tokyo\",\"RegionState\":7}]",
		"[{\"Region\":\"../x\",\"RegionState\":\"AVAILABLE\"}]",
		"[{\"Region\":\"\",\"RegionState\":\"AVAILABLE\"}]",
		"[{\"Region\":\"ap-tokyo\\u0000/..\",\"RegionState\":\"AVAILABLE\"}]",
		"[{\"Region\":null,\"RegionState\":\"AVAILABLE\"}]",
	};
	static const char *const bad[] = {"{\"Response\":{}}",
		"{\"Response\":{\"RegionSet\":null}}", "{\"Response\":{\"RegionSet\":{}}}",
		"{\"Response\":[]}", "[]", ""};
	char text[256];
	struct outcome outcome = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		snprintf(text, sizeof(text), "{\"Response\":{\"RegionSet\":%s}}", none[i]);
		read_text(&outcome, &question_regions, text);
		assert_int_equal(outcome.error.fault, CFS_OK);
		assert_int_equal(outcome.n_regions, 0);
		outcome_finish(&outcome);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		read_text(&outcome, &question_regions, bad[i]);
		assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
		outcome_finish(&outcome);
	}
}

static void a_sink_may_refuse_a_region(void **state)
{
	static char text[FIXTURE_MAX];
	size_t len = load("regions.json", text);
	struct outcome outcome = {.refuses = -ENOMEM};

	(void)state;
	read_bytes(&outcome, &question_regions, text, len);
	assert_int_equal(outcome.error.fault, CFS_NO_MEMORY);
	assert_int_equal(outcome.n_regions, 1);
	outcome_finish(&outcome);
}

static void whoami_gives_the_arn(void **state)
{
	static char text[FIXTURE_MAX];
	size_t len = load("caller_identity.json", text);
	struct outcome outcome = {0};

	(void)state;
	for (size_t split = 0; split <= len; split++) {
		read_split(&outcome, &question_whoami, 200, text, len, split);
		assert_int_equal(outcome.error.fault, CFS_OK);
		assert_string_equal(cfs_buf_text(&outcome.content),
			"qcs::cam::uin/100026259384:uin/100026259385");
		outcome_finish(&outcome);
	}
	read_text(
		&outcome, &question_whoami, "{\"Response\":{\"Arn\":\"a\\r\\nb\\u001b[2J\xff\"}}");
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_string_equal(cfs_buf_text(&outcome.content), "a??b?[2J?");
	outcome_finish(&outcome);
}

static void an_identity_without_an_arn_is_a_bad_answer(void **state)
{
	static const char *const bad[] = {"{\"Response\":{}}", "{\"Response\":{\"Arn\":null}}",
		"{\"Response\":{\"Arn\":\"\"}}", "{\"Response\":{\"Arn\":{}}}", "{}"};
	struct outcome outcome = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		read_text(&outcome, &question_whoami, bad[i]);
		assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
		assert_int_equal(outcome.content.len, 0);
		outcome_finish(&outcome);
	}
}

static void a_probe_is_what_its_error_tells(void **state)
{
	static const struct {
		const char *code;
		enum cfs_fault fault;
	} cases[] = {
		{"InvalidInstanceId.NotFound", CFS_OK},
		{"UnsupportedOperation.InstanceStateStopped", CFS_OK},
		{"OperationDenied.InstanceOperationInProgress", CFS_OK},
		{"UnauthorizedOperation", CFS_DENIED},
		{"AuthFailure.UnauthorizedOperation", CFS_DENIED},
		{"UnauthorizedOperation.MFAExpired", CFS_UNAUTHENTICATED},
		{"AuthFailure.SecretIdNotFound", CFS_UNAUTHENTICATED},
		{"AuthFailure.SignatureExpire", CFS_CLOCK_SKEW},
		{"RequestLimitExceeded", CFS_THROTTLED},
		{"InternalError", CFS_SERVER},
		{"InvalidParameterValue", CFS_REJECTED},
	};
	const struct cfs_question probe = probe_vnc_url(NULL);
	struct outcome outcome = {0};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text),
			"{\"Response\":{\"Error\":{\"Code\":\"%s\",\"Message\":\"m\"},"
			"\"RequestId\":\"r\"}}",
			cases[i].code);
		read_text(&outcome, &probe, text);
		assert_int_equal(outcome.error.fault, cases[i].fault);
		assert_string_equal(outcome.error.code, cases[i].fault ? cases[i].code : "");
		assert_string_equal(outcome.error.request_id, "r");
		outcome_finish(&outcome);
	}
}

/* Of an instance that is there, the link is dropped. */
static void a_probe_that_succeeds_keeps_no_link(void **state)
{
	static char text[FIXTURE_MAX];
	size_t len = load("vnc_url.json", text);
	const struct cfs_question probe = probe_vnc_url("ins-r9hr2upy");
	struct outcome outcome = {0};

	(void)state;
	read_bytes(&outcome, &probe, text, len);
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_string_equal(outcome.error.message, "");
	assert_int_equal(outcome.content.len, 0);
	outcome_finish(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regions_are_asked_of_the_region_service),
		cmocka_unit_test(whoami_is_asked_of_sts),
		cmocka_unit_test(a_probe_is_the_call_for_an_id_that_nothing_has),
		cmocka_unit_test(available_regions_are_taken),
		cmocka_unit_test(what_is_no_region_is_left_out),
		cmocka_unit_test(a_sink_may_refuse_a_region),
		cmocka_unit_test(whoami_gives_the_arn),
		cmocka_unit_test(an_identity_without_an_arn_is_a_bad_answer),
		cmocka_unit_test(a_probe_is_what_its_error_tells),
		cmocka_unit_test(a_probe_that_succeeds_keeps_no_link),
	};

	return cmocka_run_group_tests(tests, make_account, destroy_account);
}
