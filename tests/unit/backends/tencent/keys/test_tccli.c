/* SPDX-License-Identifier: MIT */
/* Keys in the profiles of tccli. */
#include "tests/unit/support/tencent_chain.h"

#include "backends/base/json.h"
#include "backends/tencent/api/tccli_files.h"

#define DEFAULT "/home/op/.tccli/default.credential"
#define WHERE "~/.tccli/default.credential"
#define ARN "qcs::cam::uin/12345678:roleName/testRoleName"
#define KEYS "\"secretId\":\"AKID1\",\"secretKey\":\"" SECRET "\""
#define LATER "1551120265" /* two hours after NOW */

static const char *const home[][2] = {{"HOME", "/home/op"}, {NULL}};

/* Begins a run with one file. */
static void begin_with(struct run *run, const char *path, const char *text)
{
	const struct file files[] = {{path, text, 0}, {0}};

	*run = (struct run){.host = {.variables = home, .files = files}};
	run_begin(run, &cfs_tencent_provider_tccli);
	run->host.files = NULL;
}

static void assert_keys_from(
	const char *text, const char *token, int64_t expires, const char *where)
{
	struct run run;

	begin_with(&run, DEFAULT, text);
	assert_run_keys(&run, "AKID1", SECRET, token, expires, where);
	run_end(&run);
}

static void assert_keys_of(const char *text, const char *token, int64_t expires)
{
	assert_keys_from(text, token, expires, WHERE);
}

static void keys_of_a_profile(void **state)
{
	(void)state;
	assert_keys_of("{" KEYS "}", NULL, INT64_MAX);
	assert_keys_of("{" KEYS ",\"token\":null}", NULL, INT64_MAX);
	assert_keys_of("{" KEYS ",\"token\":\"\",\"type\":\"default\"}", NULL, INT64_MAX);
	assert_keys_of("{" KEYS ",\"token\":\"t\"}", "t", INT64_MAX);
	assert_keys_of("{" KEYS ",\"token\":\"t\",\"expiresAt\":" LATER "}", "t", 1551120265);
	/* Signed in by `tccli auth login` and by `tccli sso login`. */
	assert_keys_from("{\"type\":\"oauth\"," KEYS ",\"token\":\"t\",\"expiresAt\":" LATER
			 ",\"oauth\":{\"openId\":\"o\",\"accessToken\":\"a\","
			 "\"expiresAt\":1551120265,\"refreshToken\":\"r\",\"site\":\"cn\"}}",
		"t", 1551120265, WHERE "; when the keys expire, run `tccli auth login`");
	assert_keys_from("{\"type\":\"sso\"," KEYS ",\"token\":\"t\",\"expiresAt\":" LATER
			 ",\"sso\":{\"token\":\"x\",\"uin\":\"1\"}}",
		"t", 1551120265, WHERE "; when the keys expire, run `tccli sso login`");
	/* Not a time: then it is not known when they expire. */
	assert_keys_of("{" KEYS ",\"token\":\"t\",\"expiresAt\":\"soon\"}", "t", INT64_MAX);
	/* What this machine's keys do is not written beside them. */
	assert_keys_of("{" KEYS ",\"expiresAt\":1}", NULL, INT64_MAX);
}

static void a_profile_without_keys_is_absent(void **state)
{
	static const char *const empty[] = {"{}", "{\"secretId\":\"\",\"secretKey\":\"\"}",
		"{\"secretId\":null,\"token\":\"t\"}", "{\"secretId\":7,\"secretKey\":[]}"};
	struct run run;

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		begin_with(&run, DEFAULT, empty[i]);
		assert_run_absent(&run, WHERE " has no secretId");
		run_end(&run);
	}
	begin_with(&run, "/elsewhere", "{}");
	assert_run_absent(&run, WHERE ": there is no such file");
	run_end(&run);
}

static void no_home_is_no_profile(void **state)
{
	struct run run = {0};

	(void)state;
	run_begin(&run, &cfs_tencent_provider_tccli);
	assert_run_absent(&run, WHERE ": there is no such file");
	assert_int_equal(run.host.reads, 0);
	run_end(&run);
}

static void keys_that_cannot_be_used_are_a_failure(void **state)
{
	static const struct {
		const char *text;
		enum cfs_fault fault;
		const char *why;
	} cases[] = {
		{"{\"secretId\":\"AKID1\"}", CFS_UNAUTHENTICATED,
			WHERE ": the secret key is missing"},
		{"{\"secretKey\":\"" SECRET "\"}", CFS_UNAUTHENTICATED,
			WHERE ": the key id is missing"},
		{"{\"secretId\":\"AK\\nID\",\"secretKey\":\"" SECRET "\"}", CFS_UNAUTHENTICATED,
			WHERE ": the key id holds a blank, a control character or "
			      "one that is not ASCII"},
		{"{" KEYS ",\"token\":\"t\",\"expiresAt\":1551113065}", CFS_EXPIRED,
			WHERE ": the keys have expired"},
		{"{\"type\":\"oauth\"," KEYS ",\"token\":\"t\",\"expiresAt\":1}", CFS_EXPIRED,
			WHERE ": the keys have expired; run `tccli auth login`"},
		{"{\"type\":\"sso\"," KEYS ",\"token\":\"t\",\"expiresAt\":1}", CFS_EXPIRED,
			WHERE ": the keys have expired; run `tccli sso login`"},
		{"{\"type\":\"sso\",\"sso\":{\"authUrl\":\"https://x\"}}", CFS_UNAUTHENTICATED,
			WHERE ": nobody is signed in; run `tccli sso login`"},
		{"{\"role-arn\":\"" ARN "\"}", CFS_UNAUTHENTICATED,
			WHERE " has a role, but no secretId to assume it with"},
		{"", CFS_UNAUTHENTICATED, WHERE ": not a JSON object"},
		{"[]", CFS_UNAUTHENTICATED, WHERE ": not a JSON object"},
		{"{" KEYS, CFS_UNAUTHENTICATED, WHERE ": not a JSON object"},
		{"{" KEYS "} x", CFS_UNAUTHENTICATED, WHERE ": not a JSON object"},
		{"\xef\xbb\xbf[default]\nsecret_id = x\n", CFS_UNAUTHENTICATED,
			WHERE ": not a JSON object"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run;

		begin_with(&run, DEFAULT, cases[i].text);

		assert_run_failed(&run, cases[i].fault, cases[i].why);
		run_end(&run);
	}
}

static void a_file_that_cannot_be_read_is_a_failure(void **state)
{
	static const struct {
		int error;
		const char *why;
	} cases[] = {
		{-EACCES, WHERE ": Permission denied"},
		{-EISDIR, WHERE ": Is a directory"},
		{-EFBIG, WHERE ": the file is too large"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct file files[] = {{DEFAULT, NULL, cases[i].error}, {0}};
		struct run run = {.host = {.variables = home, .files = files}};

		run_begin(&run, &cfs_tencent_provider_tccli);
		assert_run_failed(&run, CFS_UNAUTHENTICATED, cases[i].why);
		run_end(&run);
	}
}

static void a_profile_that_is_named_must_be_there_and_be_a_name(void **state)
{
	static const char *const names[] = {"prod", "../x", "/etc/passwd", ".",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"a"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *const variables[][2] = {
			{"HOME", "/home/op"}, {"TCCLI_PROFILE", names[i]}, {NULL}};
		struct run run = {.host = {.variables = variables}};

		run_begin(&run, &cfs_tencent_provider_tccli);
		assert_int_equal(run.step.kind, CFS_STEP_FAILED);
		assert_int_equal(run.step.fault, CFS_UNAUTHENTICATED);
		assert_int_equal(run.host.reads, strchr(names[i], '/') || i == 4 ? 0 : 1);
		run_end(&run);
	}
}

/* A profile with a role: its keys assume it, under the session's name or one of ours. */
static void a_role_of_a_profile_is_assumed_with_its_keys(void **state)
{
	static const struct {
		const char *text, *body;
	} cases[] = {
		{"{" KEYS ",\"role-arn\":\"" ARN "\",\"role-session-name\":\"ops\"}",
			"{\"RoleArn\":\"" ARN "\",\"RoleSessionName\":\"ops\","
			"\"DurationSeconds\":7200}"},
		{"{" KEYS ",\"role-arn\":\"" ARN "\"}",
			"{\"RoleArn\":\"" ARN "\",\"RoleSessionName\":\"consolefs-1551113065\","
			"\"DurationSeconds\":7200}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run;

		begin_with(&run, DEFAULT, cases[i].text);

		assert_string_equal(request_header(&run, "X-TC-Action"), "AssumeRole");
		assert_non_null(strstr(request_header(&run, "Authorization"), "Credential=AKID1/"));
		assert_string_equal(run.step.request.body.data, cases[i].body);
		run_answer(&run, 200,
			"{\"Response\":{\"Credentials\":{\"TmpSecretId\":\"AKIDtmp\","
			"\"TmpSecretKey\":\"k\",\"Token\":\"t\"},\"ExpiredTime\":" LATER "}}");
		assert_run_keys(&run, "AKIDtmp", "k", "t", 1551120265, WHERE ", role " ARN);
		run_end(&run);
	}
}

static void the_variables_role_goes_before_the_profiles(void **state)
{
	static const char *const variables[][2] = {{"HOME", "/home/op"},
		{"TENCENTCLOUD_ROLE_ARN", "qcs::cam::uin/1:roleName/variable"},
		{"TENCENTCLOUD_ROLE_SESSION_NAME", "v1"}, {NULL}};
	static const char text[] = "{\"type\":\"cvm-role\"," KEYS ",\"role-arn\":\"" ARN "\"}";
	static const struct file files[] = {
		{DEFAULT, text, 0}, {"/home/op/.tccli/prod.credential", text, 0}, {0}};
	struct run run = {.host = {.variables = variables, .files = files}};

	(void)state;
	run_begin(&run, &cfs_tencent_provider_tccli);
	assert_non_null(strstr(cfs_buf_text(&run.step.request.body), "roleName/variable"));
	run_end(&run);
	/* A profile that the configuration names is what it says, whatever the variables. */
	run.settings.profile = "prod";
	run_begin(&run, &cfs_tencent_provider_tccli);
	assert_string_equal(run.step.request.method, "GET");
	run_end(&run);
}

static void a_cvm_role_is_the_machines_and_required(void **state)
{
	struct run run;

	(void)state;
	begin_with(&run, DEFAULT, "{\"type\":\"cvm-role\"}");
	assert_string_equal(run.step.request.url,
		"http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/");
	run_answer(&run, 404, "");
	assert_run_failed(&run, CFS_UNAUTHENTICATED, "no role is bound to this machine");
	run_end(&run);

	begin_with(&run, DEFAULT, "{\"type\":\"cvm-role\"," KEYS "}");
	run_lose(&run, CFS_TIMED_OUT);
	assert_run_failed(&run, CFS_TIMED_OUT, "the metadata service does not answer");
	run_end(&run);

	begin_with(&run, DEFAULT, "{\"type\":\"cvm-role\"}");
	run_answer(&run, 200, "ops");
	run_answer(&run, 200,
		"{\"TmpSecretId\":\"AKIDtmp\",\"TmpSecretKey\":\"k\",\"Token\":\"t\","
		"\"ExpiredTime\":" LATER ",\"Code\":\"Success\"}");
	assert_run_keys(&run, "AKIDtmp", "k", "t", 1551120265, "role ops of this machine");
	run_end(&run);
}

/* Whatever stands in the file of a stranger's making. */
static void damaged_files_do_no_harm(void **state)
{
	static const char good[] =
		"{\"type\":\"oauth\"," KEYS ",\"token\":\"t\",\"expiresAt\":" LATER
		",\"role-arn\":\"" ARN "\",\"role-session-name\":\"ops\"}";
	static const char spice[] = "{}[]\",:\\u0eE+-.\xff\x80\n\x1f";
	uint64_t random = 42;

	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		char text[sizeof(good)];
		struct run run;
		size_t n;

		memcpy(text, good, sizeof(good));
		random = random * 6364136223846793005u + 1442695040888963407u;
		n = 1 + (random >> 61);
		while (n--) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			text[(random >> 33) % (sizeof(good) - 1)] =
				spice[(random >> 20) % (sizeof(spice) - 1)];
		}
		begin_with(&run, DEFAULT, text);
		run_end(&run);
	}
}

static void a_configure_file_gives_region_and_endpoints(void **state)
{
	static const struct {
		const char *text, *region, *cvm;
	} cases[] = {
		{"{\"_sys_param\":{\"region\":\"ap-tokyo\",\"output\":\"json\"},"
		 "\"cvm\":{\"endpoint\":\"cvm.intl.tencentcloudapi.com\","
		 "\"version\":\"2017-03-12\"}}",
			"ap-tokyo", "cvm.intl.tencentcloudapi.com"},
		{"{\"region\":\"ap-old\",\"output\":\"json\"}", "ap-old", NULL},
		{"{\"region\":\"ap-old\",\"_sys_param\":{\"region\":\"\"},\"cvm\":[]}", "ap-old",
			NULL},
		{"{\"_sys_param\":7,\"cvm\":{\"endpoint\":7}}", NULL, NULL},
		{"{}", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct file files[] = {
			{"/home/op/.tccli/p.configure", cases[i].text, 0}, {0}};
		struct host host = {.variables = home, .files = files};
		struct cfs_env env = {.get = host_get, .read_file = host_read_file, .arg = &host};
		struct cfs_buf why = CFS_BUF_INIT(256);
		cJSON *tree = NULL;
		const char *text;

		assert_int_equal(
			cfs_tencent_tccli_read(&env, "p", CFS_TENCENT_CONFIGURE, &tree, &why), 0);
		text = cfs_tencent_tccli_region(tree);
		assert_string_equal(text ? text : "-", cases[i].region ? cases[i].region : "-");
		text = cfs_tencent_tccli_endpoint(tree, "cvm");
		assert_string_equal(text ? text : "-", cases[i].cvm ? cases[i].cvm : "-");
		assert_null(why.data);
		cfs_json_wipe(tree);
	}
	assert_null(cfs_tencent_tccli_region(NULL));
	assert_null(cfs_tencent_tccli_endpoint(NULL, "cvm"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_a_profile),
		cmocka_unit_test(a_profile_without_keys_is_absent),
		cmocka_unit_test(no_home_is_no_profile),
		cmocka_unit_test(keys_that_cannot_be_used_are_a_failure),
		cmocka_unit_test(a_file_that_cannot_be_read_is_a_failure),
		cmocka_unit_test(a_profile_that_is_named_must_be_there_and_be_a_name),
		cmocka_unit_test(a_role_of_a_profile_is_assumed_with_its_keys),
		cmocka_unit_test(the_variables_role_goes_before_the_profiles),
		cmocka_unit_test(a_cvm_role_is_the_machines_and_required),
		cmocka_unit_test(damaged_files_do_no_harm),
		cmocka_unit_test(a_configure_file_gives_region_and_endpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
