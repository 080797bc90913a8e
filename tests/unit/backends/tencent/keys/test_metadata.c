/* SPDX-License-Identifier: MIT */
/* The role of a CVM, from its metadata service. */
#include "tests/unit/support/tencent_chain.h"

#define BASE "http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/"
#define WHERE "role ops-role of this machine"
#define REFUSED "the metadata service gave no keys for " WHERE ": "
#define NO_KEYS REFUSED "the answer has no keys"
#define LATER "1551120265" /* two hours after NOW */
#define ANSWER(code, expires) \
	"{\"TmpSecretId\":\"AKIDtmp\",\"TmpSecretKey\":\"" SECRET "\",\"Token\":\"t0ken\"," \
	"\"ExpiredTime\":" expires ",\"Expiration\":\"2019-02-25T18:44:25Z\",\"Code\":\"" code \
	"\"}"

static void begin(struct run *run)
{
	run_begin(run, &cfs_tencent_provider_cvm);
}

static void begin_keys(struct run *run)
{
	begin(run);
	run_answer(run, 200, "ops-role");
}

static void the_role_is_asked_for_and_then_its_keys(void **state)
{
	struct run run = {0};

	(void)state;
	begin(&run);
	assert_string_equal(run.step.request.method, "GET");
	assert_string_equal(run.step.request.url, BASE);
	assert_int_equal(run.step.request.n_headers, 0);
	assert_int_equal(run.step.request.body.len, 0);
	/* Never through a proxy, and not waited for: elsewhere there is no such service. */
	assert_true(run.step.direct);
	assert_in_range(run.step.timeout_ms, 1, 2000);
	run_answer(&run, 200, "ops-role");
	assert_string_equal(run.step.request.method, "GET");
	assert_string_equal(run.step.request.url, BASE "ops-role");
	assert_true(run.step.direct);
	assert_in_range(run.step.timeout_ms, 1, 10000);
	run_answer(&run, 200, ANSWER("Success", LATER));
	assert_run_keys(&run, "AKIDtmp", SECRET, "t0ken", 1551120265, WHERE);
	run_end(&run);
}

static void a_line_feed_ends_the_name(void **state)
{
	static const char *const names[] = {"ops-role\n", "ops-role\r\n", "ops-role\nother"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct run run = {0};

		begin(&run);
		run_answer(&run, 200, names[i]);
		assert_string_equal(run.step.request.url, BASE "ops-role");
		run_end(&run);
	}
}

static void no_role_and_no_service_is_absent(void **state)
{
	static const enum cfs_fault faults[] = {CFS_UNREACHABLE, CFS_REFUSED, CFS_RESET,
		CFS_TIMED_OUT, CFS_BAD_ANSWER, CFS_TOO_LARGE, CFS_REJECTED};
	struct run run = {0};

	(void)state;
	begin(&run);
	run_answer(&run, 404, "<html>Not Found</html>");
	assert_run_absent(&run, "no role is bound to this machine");
	run_end(&run);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		begin(&run);
		run_lose(&run, faults[i]);
		assert_run_absent(&run, "the metadata service does not answer");
		run_end(&run);
	}
}

/* In a hotel, or behind a resolver that answers to every name. */
static void what_answers_elsewhere_is_no_service(void **state)
{
	static char endless[4096];
	static const struct {
		int status;
		const char *content;
	} cases[] = {
		{200, ""},
		{200, "\n"},
		{200, "<!doctype html><title>Welcome</title>"},
		{200, "../../user-data"},
		{200, "role?x=1"},
		{200, "role#x"},
		{200, "role name"},
		{200, "role%2f"},
		{200, "r\xc3\xb4le"},
		{200, "\x01"},
		{200, endless},
		{302, "ops-role"},
		{401, "ops-role"},
		{204, ""},
	};

	(void)state;
	memset(endless, 'x', sizeof(endless) - 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run = {0};

		begin(&run);
		run_answer(&run, cases[i].status, cases[i].content);
		assert_run_absent(&run, "the answer is not from a metadata service");
		run_end(&run);
	}
}

static void a_name_does_not_end_at_a_nul(void **state)
{
	struct cfs_step_answer answer = {.status = 200, .content = "ops-role\0x", .len = 10};
	struct run run = {0};

	(void)state;
	begin(&run);
	cfs_http_request_finish(&run.step.request);
	run_step(&run, &answer, NOW);
	assert_run_absent(&run, "the answer is not from a metadata service");
	run_end(&run);
}

static void a_service_with_a_fault_is_a_failure(void **state)
{
	struct run run = {0};

	(void)state;
	begin(&run);
	run_answer(&run, 503, "");
	assert_run_failed(&run, CFS_SERVER, "the metadata service failed: HTTP status 503");
	run_end(&run);
	begin_keys(&run);
	run_lose(&run, CFS_TIMED_OUT);
	assert_run_failed(&run, CFS_TIMED_OUT, WHERE ": the metadata service stopped answering");
	run_end(&run);
	begin_keys(&run);
	run_answer(&run, 500, "");
	assert_run_failed(&run, CFS_SERVER, WHERE ": HTTP status 500");
	run_end(&run);
	begin_keys(&run);
	run_answer(&run, 404, "");
	assert_run_failed(&run, CFS_UNAUTHENTICATED, WHERE ": HTTP status 404");
	run_end(&run);
}

static void only_success_is_success(void **state)
{
	static const struct {
		const char *content;
		enum cfs_fault fault;
		const char *why;
	} cases[] = {
		{ANSWER("Failed", LATER), CFS_UNAUTHENTICATED, REFUSED "Failed"},
		{ANSWER("success", LATER), CFS_UNAUTHENTICATED, REFUSED "success"},
		{ANSWER("no\\n" SECRET " you", LATER), CFS_UNAUTHENTICATED,
			REFUSED "the error has no valid code"},
		{"{}", CFS_UNAUTHENTICATED, REFUSED "the error has no valid code"},
		{"{\"Code\":7}", CFS_UNAUTHENTICATED, REFUSED "the error has no valid code"},
		{"{\"Code\":\"Success\"}", CFS_BAD_ANSWER, NO_KEYS},
		{"{\"Code\":\"Success\",\"ExpiredTime\":" LATER "}", CFS_BAD_ANSWER, NO_KEYS},
		{"{\"Code\":\"Success\",\"Token\":\"t\",\"ExpiredTime\":" LATER "}", CFS_BAD_ANSWER,
			NO_KEYS},
		{ANSWER("Success", "\"" LATER "\""), CFS_BAD_ANSWER, NO_KEYS},
		{ANSWER("Success", "null"), CFS_BAD_ANSWER, NO_KEYS},
		{ANSWER("Success", "-5"), CFS_BAD_ANSWER, NO_KEYS},
		{ANSWER("Success", "1551113065"), CFS_EXPIRED, WHERE ": the keys have expired"},
		{"", CFS_BAD_ANSWER, NO_KEYS},
		{"<html>", CFS_BAD_ANSWER, NO_KEYS},
		{"[]", CFS_BAD_ANSWER, NO_KEYS},
		{"null", CFS_BAD_ANSWER, NO_KEYS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run = {0};

		begin_keys(&run);
		run_answer(&run, 200, cases[i].content);
		assert_run_failed(&run, cases[i].fault, cases[i].why);
		run_end(&run);
	}
}

static void the_address_may_be_another_of_this_machine_or_its_link(void **state)
{
	static const struct {
		const char *variable, *url;
	} good[] = {
		{"http://127.0.0.1:4321",
			"http://127.0.0.1:4321/latest/meta-data/cam/security-credentials/"},
		{"http://169.254.0.23/",
			"http://169.254.0.23/latest/meta-data/cam/security-credentials/"},
		{"http://localhost:80",
			"http://localhost/latest/meta-data/cam/security-credentials/"},
	};
	static const char *const bad[] = {"127.0.0.1:4321", "https://127.0.0.1:4321",
		"http://10.0.0.1", "http://metadata.example", "http://169.254.evil.example",
		"http://127.0.0.1/x", "http://127.0.0.1?x", "http://user@127.0.0.1", "http://"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const char *const variables[][2] = {
			{"TENCENTCLOUD_METADATA_ENDPOINT", good[i].variable}, {NULL}};
		struct run run = {.host.variables = variables};

		begin(&run);
		assert_string_equal(run.step.request.url, good[i].url);
		run_end(&run);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const variables[][2] = {
			{"TENCENTCLOUD_METADATA_ENDPOINT", bad[i]}, {NULL}};
		struct run run = {.host.variables = variables};

		begin(&run);
		assert_int_equal(run.step.kind, CFS_STEP_FAILED);
		assert_non_null(strstr(run.step.why, "TENCENTCLOUD_METADATA_ENDPOINT "));
		run_end(&run);
	}
}

static void a_profile_passes_over_the_machine(void **state)
{
	struct run run = {.settings.profile = "prod"};

	(void)state;
	begin(&run);
	assert_run_absent(&run, "skipped: the configuration names profile prod");
	run_end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_role_is_asked_for_and_then_its_keys),
		cmocka_unit_test(a_line_feed_ends_the_name),
		cmocka_unit_test(no_role_and_no_service_is_absent),
		cmocka_unit_test(what_answers_elsewhere_is_no_service),
		cmocka_unit_test(a_name_does_not_end_at_a_nul),
		cmocka_unit_test(a_service_with_a_fault_is_a_failure),
		cmocka_unit_test(only_success_is_success),
		cmocka_unit_test(the_address_may_be_another_of_this_machine_or_its_link),
		cmocka_unit_test(a_profile_passes_over_the_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
