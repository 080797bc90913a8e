/* SPDX-License-Identifier: MIT */
/* backends/tencent/keys/providers.h: the identity of a pod in TKE. */
#include "tests/unit/support/tencent_chain.h"

#include "backends/tencent/keys/sts.h"

#define ARN "qcs::cam::uin/12345678:roleName/pod"
#define WHERE "TKE_ROLE_ARN " ARN
#define PATH "/var/run/secrets/token"
#define TOKEN "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"
#define LATER "1551120265" /* two hours after NOW */

#define VARIABLES(region, provider, path, role) \
	{ \
		{"TKE_REGION", region}, {"TKE_PROVIDER_ID", provider}, \
			{"TKE_WEB_IDENTITY_TOKEN_FILE", path}, {"TKE_ROLE_ARN", role}, {NULL}, \
	}

static const char *const all[][2] = VARIABLES("ap-singapore", "my-provider", PATH, ARN);

static void begin(struct run *run, const char *const (*variables)[2], const struct file *files)
{
	run->host = (struct host){.variables = variables, .files = files};
	run_begin(run, &cfs_tencent_provider_tke);
}

static void a_pod_asks_for_its_role_without_a_signature(void **state)
{
	static const struct file files[] = {{PATH, TOKEN "\n", 0}, {0}};
	struct run run = {0};

	(void)state;
	begin(&run, all, files);
	assert_string_equal(run.step.request.method, "POST");
	assert_string_equal(run.step.request.url, "https://sts.tencentcloudapi.com/");
	assert_string_equal(request_header(&run, "X-TC-Action"), "AssumeRoleWithWebIdentity");
	assert_string_equal(request_header(&run, "X-TC-Version"), "2018-08-13");
	assert_string_equal(request_header(&run, "X-TC-Region"), "ap-singapore");
	assert_string_equal(request_header(&run, "Authorization"), "SKIP");
	assert_null(request_header(&run, "X-TC-Token"));
	assert_string_equal(run.step.request.body.data,
		"{\"RoleArn\":\"" ARN "\",\"RoleSessionName\":\"consolefs-1551113065\","
		"\"DurationSeconds\":7200,\"ProviderId\":\"my-provider\","
		"\"WebIdentityToken\":\"" TOKEN "\"}");
	assert_false(run.step.direct);
	run_answer(&run, 200,
		"{\"Response\":{\"Credentials\":{\"TmpSecretId\":\"AKIDtmp\","
		"\"TmpSecretKey\":\"k\",\"Token\":\"t\"},\"ExpiredTime\":" LATER "}}");
	assert_run_keys(&run, "AKIDtmp", "k", "t", 1551120265, WHERE);
	run_end(&run);
}

static void a_token_of_any_length_is_sent_whole(void **state)
{
	static char token[CFS_SECRET_MAX + 1];
	const struct file files[] = {{PATH, token, 0}, {0}};
	struct run run = {0};
	const char *sent;

	(void)state;
	memset(token, 'x', CFS_SECRET_MAX);
	/* What JSON escapes. */
	memset(token, '"', 100);
	begin(&run, all, files);
	assert_int_equal(run.step.kind, CFS_STEP_HTTP);
	sent = strstr(run.step.request.body.data, "\"WebIdentityToken\":\"");
	assert_non_null(sent);
	assert_int_equal(strlen(sent),
		strlen("\"WebIdentityToken\":\"") + CFS_SECRET_MAX + 100 + strlen("\"}"));
	run_end(&run);
}

static void a_finance_region_has_its_own_sts(void **state)
{
	static const char *const variables[][2] =
		VARIABLES("ap-shanghai-fsi", "my-provider", PATH, ARN);
	static const struct file files[] = {{PATH, TOKEN, 0}, {0}};
	struct run run = {0};

	(void)state;
	begin(&run, variables, files);
	assert_string_equal(
		run.step.request.url, "https://sts.ap-shanghai-fsi.tencentcloudapi.com/");
	run_end(&run);
	run.settings.endpoint = "https://127.0.0.1:4321";
	begin(&run, variables, files);
	assert_string_equal(run.step.request.url, "https://127.0.0.1:4321/");
	run_end(&run);
}

static void a_variable_that_is_missing_makes_it_absent(void **state)
{
	static const char *const variables[][5][2] = {
		VARIABLES(NULL, "p", PATH, ARN),
		VARIABLES("ap-tokyo", "", PATH, ARN),
		VARIABLES("ap-tokyo", "p", NULL, ARN),
		VARIABLES("ap-tokyo", "p", PATH, ""),
	};
	static const char *const whys[] = {"TKE_REGION is not set", "TKE_PROVIDER_ID is not set",
		"TKE_WEB_IDENTITY_TOKEN_FILE is not set", "TKE_ROLE_ARN is not set"};
	static const struct file files[] = {{PATH, TOKEN, 0}, {0}};

	(void)state;
	for (size_t i = 0; i < sizeof(whys) / sizeof(whys[0]); i++) {
		struct run run = {0};

		begin(&run, variables[i], files);
		assert_run_absent(&run, whys[i]);
		run_end(&run);
	}
}

static void what_cannot_be_asked_is_a_failure(void **state)
{
	static char endless[CFS_SECRET_MAX + 2];
	static const struct {
		const char *variables[5][2];
		struct file files[2];
		const char *why;
	} cases[] = {
		{VARIABLES("ap-tokyo", "p", PATH, ARN), {{0}},
			"TKE_WEB_IDENTITY_TOKEN_FILE: " PATH ": No such file or directory"},
		{VARIABLES("ap-tokyo", "p", PATH, ARN), {{PATH, NULL, -EACCES}},
			"TKE_WEB_IDENTITY_TOKEN_FILE: " PATH ": Permission denied"},
		{VARIABLES("ap-tokyo", "p", PATH, ARN), {{PATH, NULL, -EFBIG}},
			"TKE_WEB_IDENTITY_TOKEN_FILE: " PATH ": the file is too large"},
		{VARIABLES("ap-tokyo", "p", PATH, ARN), {{PATH, " \n", 0}},
			WHERE ": the token file is empty"},
		{VARIABLES("ap-tokyo", "p", PATH, ARN), {{PATH, TOKEN "\n" SECRET, 0}},
			WHERE ": the token file holds no valid token"},
		{VARIABLES("ap-tokyo", "p", PATH, ARN), {{PATH, endless, 0}},
			WHERE ": the token file holds no valid token"},
		{VARIABLES("Tokyo", "p", PATH, ARN), {{PATH, TOKEN, 0}},
			WHERE ": the region is not a region name"},
		{VARIABLES("ap-tokyo", "p q", PATH, ARN), {{PATH, TOKEN, 0}},
			WHERE ": the provider id is too long or not printable ASCII"},
		{VARIABLES("ap-tokyo", "p", PATH, "pod"), {{PATH, TOKEN, 0}},
			"TKE_ROLE_ARN pod: the role is not an ARN "
			"(qcs::cam::uin/...:roleName/...)"},
	};

	(void)state;
	memset(endless, 'x', sizeof(endless) - 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run = {0};

		begin(&run, cases[i].variables, cases[i].files);
		assert_run_failed(&run, CFS_UNAUTHENTICATED, cases[i].why);
		run_end(&run);
	}
}

static void a_token_that_is_refused_is_a_failure_that_does_not_show_it(void **state)
{
	static const struct file files[] = {{PATH, SECRET, 0}, {0}};
	struct run run = {0};

	(void)state;
	begin(&run, all, files);
	run_answer(&run, 200,
		"{\"Response\":{\"Error\":{\"Code\":\"InvalidParameter.WebIdentityTokenError\","
		"\"Message\":\"" SECRET " is no token\"},\"RequestId\":\"r\"}}");
	assert_run_failed(&run, CFS_UNAUTHENTICATED,
		"STS gave no keys for " WHERE ": InvalidParameter.WebIdentityTokenError");
	run_end(&run);
}

static void a_profile_passes_over_the_pod(void **state)
{
	static const struct file files[] = {{PATH, TOKEN, 0}, {0}};
	struct run run = {.settings.profile = "prod"};

	(void)state;
	begin(&run, all, files);
	assert_run_absent(&run, "skipped: the configuration names profile prod");
	assert_int_equal(run.host.reads, 0);
	run_end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_asks_for_its_role_without_a_signature),
		cmocka_unit_test(a_token_of_any_length_is_sent_whole),
		cmocka_unit_test(a_finance_region_has_its_own_sts),
		cmocka_unit_test(a_variable_that_is_missing_makes_it_absent),
		cmocka_unit_test(what_cannot_be_asked_is_a_failure),
		cmocka_unit_test(a_token_that_is_refused_is_a_failure_that_does_not_show_it),
		cmocka_unit_test(a_profile_passes_over_the_pod),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
