/* SPDX-License-Identifier: MIT */
/* backends/tencent/keys/sts.h: roles assumed with keys, and what STS may answer. */
#include "tests/unit/support/tencent_chain.h"

#include "backends/tencent/api/tc3.h"
#include "backends/tencent/keys/sts.h"

#define ARN "qcs::cam::uin/12345678:roleName/testRoleName"
#define WHERE "TENCENTCLOUD_ROLE_ARN " ARN
#define KEYS \
	{"TENCENTCLOUD_SECRET_ID", "AKIDbase"}, \
	{ \
		"TENCENTCLOUD_SECRET_KEY", SECRET \
	}
#define ROLE \
	{"TENCENTCLOUD_ROLE_ARN", ARN}, \
	{ \
		"TENCENTCLOUD_ROLE_SESSION_NAME", "night.shift@1" \
	}
#define LATER "1551120265" /* two hours after NOW */

#define ANSWER(expires) \
	"{\"Response\":{\"Credentials\":{\"Token\":\"t0ken\",\"TmpSecretId\":\"AKIDtmp\"," \
	"\"TmpSecretKey\":\"" SECRET "\"},\"ExpiredTime\":" expires \
	",\"Expiration\":\"2019-02-25T18:44:25Z\",\"RequestId\":\"r-1\"}}"
#define ERROR(code) \
	"{\"Response\":{\"Error\":{\"Code\":\"" code "\",\"Message\":\"about " SECRET \
	"\"},\"RequestId\":\"r-1\"}}"

#define BEGIN(...) \
	{ \
		.host.variables = (const char *const[][2]) \
		{ \
			__VA_ARGS__, \
			{ \
				NULL \
			} \
		} \
	}

static void begin(struct run *run)
{
	run_begin(run, &cfs_tencent_provider_environment);
}

static void a_role_is_asked_for_as_the_api_has_it(void **state)
{
	struct run run = BEGIN(KEYS, ROLE);
	struct cfs_tc3_request tc3;
	struct cfs_buf expected = CFS_BUF_INIT(CFS_TC3_AUTHORIZATION_MAX);
	struct cfs_keys keys = CFS_KEYS_INIT;

	(void)state;
	begin(&run);
	assert_string_equal(run.step.request.method, "POST");
	assert_string_equal(run.step.request.url, "https://sts.tencentcloudapi.com/");
	assert_string_equal(request_header(&run, "Host"), "sts.tencentcloudapi.com");
	assert_string_equal(request_header(&run, "X-TC-Action"), "AssumeRole");
	assert_string_equal(request_header(&run, "X-TC-Version"), "2018-08-13");
	assert_string_equal(request_header(&run, "X-TC-Region"), "ap-guangzhou");
	assert_string_equal(request_header(&run, "X-TC-Timestamp"), "1551113065");
	assert_null(request_header(&run, "X-TC-Token"));
	assert_string_equal(run.step.request.body.data,
		"{\"RoleArn\":\"" ARN "\",\"RoleSessionName\":\"night.shift@1\","
		"\"DurationSeconds\":7200}");
	assert_false(run.step.direct);
	assert_null(run.step.ca_file);
	assert_in_range(run.step.timeout_ms, 1, 30000);

	/* Signed for the service sts. */
	tc3 = (struct cfs_tc3_request){.content_type = "application/json",
		.host = "sts.tencentcloudapi.com",
		.action = "AssumeRole",
		.service = "sts",
		.body = run.step.request.body.data,
		.body_len = run.step.request.body.len,
		.timestamp = NOW};
	assert_int_equal(cfs_keys_set(&keys, "AKIDbase", SECRET, NULL), 0);
	assert_int_equal(cfs_tc3_authorization(&tc3, &keys, &expected), 0);
	assert_string_equal(request_header(&run, "Authorization"), cfs_buf_text(&expected));
	assert_non_null(strstr(expected.data, "/2019-02-25/sts/tc3_request"));

	run_answer(&run, 200, ANSWER(LATER));
	assert_run_keys(&run, "AKIDtmp", SECRET, "t0ken", 1551120265, WHERE);
	run_end(&run);
	cfs_buf_wipe(&expected);
	cfs_keys_finish(&keys);
}

static void temporary_keys_assume_with_their_token(void **state)
{
	struct run run = BEGIN(KEYS, ROLE, {"TENCENTCLOUD_SESSION_TOKEN", "base-token"});

	(void)state;
	begin(&run);
	assert_string_equal(request_header(&run, "X-TC-Token"), "base-token");
	run_end(&run);
}

static void one_of_the_two_variables_is_no_role(void **state)
{
	struct run arn = BEGIN(KEYS, {"TENCENTCLOUD_ROLE_ARN", ARN});
	struct run session = BEGIN(KEYS, {"TENCENTCLOUD_ROLE_SESSION_NAME", "s1"});

	(void)state;
	begin(&arn);
	assert_run_keys(&arn, "AKIDbase", SECRET, NULL, INT64_MAX, "TENCENTCLOUD_SECRET_ID");
	run_end(&arn);
	begin(&session);
	assert_run_keys(&session, "AKIDbase", SECRET, NULL, INT64_MAX, "TENCENTCLOUD_SECRET_ID");
	run_end(&session);
}

static void a_role_that_is_none_is_a_failure(void **state)
{
	static char endless[CFS_TENCENT_ROLE_ARN_MAX + 8] = "qcs:";
	static const char *const arns[] = {
		"x", "arn:aws:iam::1:role/r", "qcs::cam::uin/1:roleName/a b", "qcs:\n", endless};
	static const char *const sessions[] = {"a", "a b", "a/b", "a\nb", "\xc3\xa9t\xc3\xa9",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"a"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

	(void)state;
	memset(endless + 4, 'x', sizeof(endless) - 5);
	for (size_t i = 0; i < sizeof(arns) / sizeof(arns[0]); i++) {
		struct run run = BEGIN(KEYS, {"TENCENTCLOUD_ROLE_ARN", arns[i]},
			{"TENCENTCLOUD_ROLE_SESSION_NAME", "s1"});

		begin(&run);
		assert_int_equal(run.step.kind, CFS_STEP_FAILED);
		assert_int_equal(run.step.fault, CFS_UNAUTHENTICATED);
		run_end(&run);
	}
	for (size_t i = 0; i < sizeof(sessions) / sizeof(sessions[0]); i++) {
		struct run run = BEGIN(KEYS, {"TENCENTCLOUD_ROLE_ARN", ARN},
			{"TENCENTCLOUD_ROLE_SESSION_NAME", sessions[i]});

		begin(&run);
		assert_run_failed(&run, CFS_UNAUTHENTICATED,
			WHERE ": the role's session name is not 2 to 128 letters, digits and "
			      "+=,.@_-");
		run_end(&run);
	}
}

static void sts_is_where_the_configuration_leads(void **state)
{
	static const struct {
		const char *endpoint, *variable, *region, *url, *asked_in;
	} cases[] = {
		{NULL, NULL, "eu-frankfurt", "https://sts.tencentcloudapi.com/", "ap-guangzhou"},
		{NULL, NULL, "ap-shanghai-fsi", "https://sts.ap-shanghai-fsi.tencentcloudapi.com/",
			"ap-shanghai-fsi"},
		{NULL, NULL, "no region", "https://sts.tencentcloudapi.com/", "ap-guangzhou"},
		{"https://cvm.intl.tencentcloudapi.com", NULL, NULL,
			"https://sts.intl.tencentcloudapi.com/", "ap-guangzhou"},
		{"https://127.0.0.1:4321", NULL, NULL, "https://127.0.0.1:4321/", "ap-guangzhou"},
		{"http://localhost:4321", NULL, NULL, "http://localhost:4321/", "ap-guangzhou"},
		{"https://127.0.0.1:4321", "https://sts.example:8443", NULL,
			"https://sts.example:8443/", "ap-guangzhou"},
		{NULL, "sts.internal.tencentcloudapi.com", NULL,
			"https://sts.internal.tencentcloudapi.com/", "ap-guangzhou"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run = BEGIN(KEYS, ROLE, {"TENCENTCLOUD_STS_ENDPOINT", cases[i].variable},
			{"TENCENTCLOUD_REGION", cases[i].region});

		run.settings.endpoint = cases[i].endpoint;
		run.settings.ca_file = "/ca.pem";
		begin(&run);
		assert_string_equal(run.step.request.url, cases[i].url);
		assert_string_equal(request_header(&run, "X-TC-Region"), cases[i].asked_in);
		assert_string_equal(run.step.ca_file, "/ca.pem");
		run_end(&run);
	}
}

static void keys_are_never_sent_in_the_clear(void **state)
{
	static const char *const bad[] = {"http://sts.tencentcloudapi.com", "ftp://sts.example",
		"http://10.0.0.1", "https://sts.example/path", "sts.example/path", "a b", "://"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct run run = BEGIN(KEYS, ROLE, {"TENCENTCLOUD_STS_ENDPOINT", bad[i]});

		begin(&run);
		assert_int_equal(run.step.kind, CFS_STEP_FAILED);
		assert_non_null(strstr(run.step.why, "TENCENTCLOUD_STS_ENDPOINT "));
		run_end(&run);
	}
}

#define REFUSED "STS gave no keys for " WHERE ": "

static void a_refusal_is_told_by_its_code_alone(void **state)
{
	static const struct {
		const char *answer, *why;
		int status;
		enum cfs_fault fault;
	} cases[] = {
		{ERROR("AuthFailure.SignatureExpire"), REFUSED "AuthFailure.SignatureExpire", 200,
			CFS_CLOCK_SKEW},
		{ERROR("AuthFailure.SecretIdNotFound"), REFUSED "AuthFailure.SecretIdNotFound", 200,
			CFS_UNAUTHENTICATED},
		{ERROR("UnauthorizedOperation"), REFUSED "UnauthorizedOperation", 200,
			CFS_UNAUTHENTICATED},
		{ERROR("ResourceNotFound.RoleNotFound"), REFUSED "ResourceNotFound.RoleNotFound",
			200, CFS_UNAUTHENTICATED},
		{ERROR("InternalError.IllegalRole"), REFUSED "InternalError.IllegalRole", 200,
			CFS_UNAUTHENTICATED},
		{ERROR("InternalError.DbError"), REFUSED "InternalError.DbError", 200, CFS_SERVER},
		{ERROR("RequestLimitExceeded"), REFUSED "RequestLimitExceeded", 200, CFS_THROTTLED},
		{ERROR("InvalidParameter.OverLimit"), REFUSED "InvalidParameter.OverLimit", 200,
			CFS_THROTTLED},
		{ERROR("Some" SECRET " thing"), REFUSED "the error has no valid code", 200,
			CFS_UNAUTHENTICATED},
		{"", REFUSED "HTTP status 502", 502, CFS_SERVER},
		{"", REFUSED "HTTP status 403", 403, CFS_UNAUTHENTICATED},
		{"", REFUSED "the answer is not valid JSON", 200, CFS_BAD_ANSWER},
		{"<html>", REFUSED "the answer is not valid JSON", 200, CFS_BAD_ANSWER},
		{"[]", REFUSED "the answer has no Response", 200, CFS_BAD_ANSWER},
		{"{\"Response\":{\"Error\":{}}}", REFUSED "the answer is an error without a code",
			200, CFS_BAD_ANSWER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run = BEGIN(KEYS, ROLE);

		begin(&run);
		run_answer(&run, cases[i].status, cases[i].answer);
		assert_run_failed(&run, cases[i].fault, cases[i].why);
		run_end(&run);
	}
}

#define CREDENTIALS(text) "{\"Response\":{" text ",\"RequestId\":\"r\"}}"

static void an_answer_without_good_keys_is_a_failure(void **state)
{
	static const char *const bad[] = {
		CREDENTIALS("\"Credentials\":null,\"ExpiredTime\":" LATER),
		CREDENTIALS("\"Credentials\":[],\"ExpiredTime\":" LATER),
		CREDENTIALS("\"Credentials\":{},\"ExpiredTime\":" LATER),
		CREDENTIALS("\"Credentials\":{\"Token\":\"t\",\"TmpSecretId\":\"i\"},"
			    "\"ExpiredTime\":" LATER),
		CREDENTIALS("\"Credentials\":{\"TmpSecretId\":\"i\",\"TmpSecretKey\":\"k\"},"
			    "\"ExpiredTime\":" LATER),
		CREDENTIALS("\"Credentials\":{\"Token\":\"t\",\"TmpSecretId\":\"i\","
			    "\"TmpSecretKey\":\"k\\r\\nX-Evil: 1\"},\"ExpiredTime\":" LATER),
		CREDENTIALS("\"Credentials\":{\"Token\":[\"t\"],\"TmpSecretId\":{},"
			    "\"TmpSecretKey\":7},\"ExpiredTime\":" LATER),
		ANSWER("null"),
		ANSWER("\"" LATER "\""),
		ANSWER("-1"),
		ANSWER("1e300"),
		ANSWER("1551120265.5"),
		ANSWER("999999999999999999"),
		"{\"Response\":{}}",
		"{\"Response\":[]}",
		"{\"Response\":null}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct run run = BEGIN(KEYS, ROLE);

		begin(&run);
		run_answer(&run, 200, bad[i]);
		assert_int_equal(run.step.kind, CFS_STEP_FAILED);
		assert_true(
			run.step.fault == CFS_UNAUTHENTICATED || run.step.fault == CFS_BAD_ANSWER);
		run_end(&run);
	}
}

static void a_truncated_answer_gives_no_keys(void **state)
{
	static const char whole[] = ANSWER(LATER);

	(void)state;
	for (size_t len = 0; len < strlen(whole); len++) {
		struct run run = BEGIN(KEYS, ROLE);
		char text[sizeof(whole)];

		snprintf(text, sizeof(text), "%.*s", (int)len, whole);
		begin(&run);
		run_answer(&run, 200, text);
		assert_int_equal(run.step.kind, CFS_STEP_FAILED);
		run_end(&run);
	}
}

static void an_answer_may_be_as_long_as_answers_may_be(void **state)
{
	static char text[CFS_PROVIDER_ANSWER_MAX + 1];
	struct run run = BEGIN(KEYS, ROLE);

	(void)state;
	memset(text, ' ', CFS_PROVIDER_ANSWER_MAX);
	memcpy(text, ANSWER(LATER), strlen(ANSWER(LATER)));
	begin(&run);
	run_answer(&run, 200, text);
	assert_int_equal(run.step.kind, CFS_STEP_KEYS);
	run_end(&run);
}

static void keys_that_have_expired_already_are_the_clocks_fault_or_their_own(void **state)
{
	static const struct {
		int64_t date;
		enum cfs_fault fault;
		const char *why;
	} cases[] = {
		{NOW, CFS_EXPIRED, WHERE ": the keys have expired"},
		{0, CFS_EXPIRED, WHERE ": the keys have expired"},
		{NOW - 86400, CFS_CLOCK_SKEW,
			WHERE ": the keys have expired by this computer's clock"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run = BEGIN(KEYS, ROLE);
		struct cfs_step_answer answer = {.status = 200,
			.date = cases[i].date,
			.content = ANSWER("1551113065"),
			.len = strlen(ANSWER("1551113065"))};

		begin(&run);
		cfs_http_request_finish(&run.step.request);
		run_step(&run, &answer, NOW);
		assert_run_failed(&run, cases[i].fault, cases[i].why);
		run_end(&run);
	}
}

static void an_sts_that_does_not_answer_is_its_own_fault(void **state)
{
	static const struct {
		enum cfs_fault fault;
		const char *why;
	} cases[] = {
		{CFS_UNREACHABLE, "STS cannot be reached"},
		{CFS_REFUSED, "STS refused the connection"},
		{CFS_RESET, "STS closed the connection"},
		{CFS_TIMED_OUT, "STS did not answer in time"},
		{CFS_TLS, "STS could not be asked over TLS"},
		{CFS_TOO_LARGE, "STS sent an answer that is too long"},
		{CFS_BAD_ANSWER, "STS sent an invalid answer"},
		{CFS_NO_MEMORY, "STS could not be asked: out of memory"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run = BEGIN(KEYS, ROLE);

		begin(&run);
		run_lose(&run, cases[i].fault);
		assert_run_failed(&run, cases[i].fault, cases[i].why);
		run_end(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_role_is_asked_for_as_the_api_has_it),
		cmocka_unit_test(temporary_keys_assume_with_their_token),
		cmocka_unit_test(one_of_the_two_variables_is_no_role),
		cmocka_unit_test(a_role_that_is_none_is_a_failure),
		cmocka_unit_test(sts_is_where_the_configuration_leads),
		cmocka_unit_test(keys_are_never_sent_in_the_clear),
		cmocka_unit_test(a_refusal_is_told_by_its_code_alone),
		cmocka_unit_test(an_answer_without_good_keys_is_a_failure),
		cmocka_unit_test(a_truncated_answer_gives_no_keys),
		cmocka_unit_test(an_answer_may_be_as_long_as_answers_may_be),
		cmocka_unit_test(keys_that_have_expired_already_are_the_clocks_fault_or_their_own),
		cmocka_unit_test(an_sts_that_does_not_answer_is_its_own_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
