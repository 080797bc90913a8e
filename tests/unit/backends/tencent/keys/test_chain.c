/* SPDX-License-Identifier: MIT */
/* backends/tencent/keys/providers.h: which of several places the keys come from. */
#include "tests/unit/support/tencent_chain.h"

#define HOME_FILE "/home/op/.tencentcloud/credentials"
#define TCCLI_FILE "/home/op/.tccli/default.credential"
#define PROD_FILE "/home/op/.tccli/prod.credential"
#define TOKEN_FILE "/var/run/token"

#define FILE_KEYS "[default]\nsecret_id = AKIDfile\nsecret_key = k\n"
#define TCCLI_KEYS "{\"secretId\":\"AKIDtccli\",\"secretKey\":\"k\"}"

#define HOME \
	{ \
		"HOME", "/home/op" \
	}
#define ENV \
	{"TENCENTCLOUD_SECRET_ID", "AKIDenv"}, \
	{ \
		"TENCENTCLOUD_SECRET_KEY", "k" \
	}
#define TKE \
	{"TKE_REGION", "ap-guangzhou"}, {"TKE_PROVIDER_ID", "p"}, \
		{"TKE_WEB_IDENTITY_TOKEN_FILE", TOKEN_FILE}, \
	{ \
		"TKE_ROLE_ARN", "qcs::cam::uin/1:roleName/pod" \
	}
#define ROLE \
	{"TENCENTCLOUD_ROLE_ARN", "qcs::cam::uin/1:roleName/r"}, \
	{ \
		"TENCENTCLOUD_ROLE_SESSION_NAME", "s1" \
	}

/* What the metadata service says. */
enum metadata { NO_SERVICE, NO_ROLE, BOUND };

/*
 * `winner` is the id of the keys found, "none", or "failed" when the search ends in a failure.
 * `sdk` is what DefaultCredentialProvider of tencentcloud-sdk-nodejs-common 4.1.220 finds in the
 * same place, run by hand with its fetch() replaced; NULL where tccli is in it, which it does not
 * know. Where the two differ is said in the name.
 */
static const struct row {
	const char *name;
	const char *variables[10][2];
	struct file files[4];
	enum metadata metadata;
	const char *profile, *winner, *sdk;
} rows[] = {
	{"nothing at all", {HOME}, {{0}}, NO_SERVICE, NULL, "none", "none"},
	{"the environment", {HOME, ENV}, {{0}}, NO_SERVICE, NULL, "AKIDenv", "AKIDenv"},
	{"the environment before all else", {HOME, ENV, TKE},
		{{HOME_FILE, FILE_KEYS, 0}, {TCCLI_FILE, TCCLI_KEYS, 0}, {TOKEN_FILE, "eyJ", 0}},
		BOUND, NULL, "AKIDenv", "AKIDenv"},
	{"half a pair: the SDK goes on", {HOME, {"TENCENTCLOUD_SECRET_ID", "AKIDenv"}},
		{{HOME_FILE, FILE_KEYS, 0}}, NO_SERVICE, NULL, "failed", "AKIDfile"},
	{"empty variables are none",
		{HOME, {"TENCENTCLOUD_SECRET_ID", ""}, {"TENCENTCLOUD_SECRET_KEY", ""}},
		{{HOME_FILE, FILE_KEYS, 0}}, NO_SERVICE, NULL, "AKIDfile", "AKIDfile"},
	{"a role in the environment, as tccli has it", {HOME, ENV, ROLE}, {{0}}, NO_SERVICE, NULL,
		"AKIDrole", "AKIDenv"},
	{"the credentials file", {HOME}, {{HOME_FILE, FILE_KEYS, 0}}, NO_SERVICE, NULL, "AKIDfile",
		"AKIDfile"},
	{"the credentials file before pod and machine", {HOME, TKE},
		{{HOME_FILE, FILE_KEYS, 0}, {TOKEN_FILE, "eyJ", 0}}, BOUND, NULL, "AKIDfile",
		"AKIDfile"},
	{"a credentials file without the section", {HOME},
		{{HOME_FILE, "[prod]\nsecret_id = AKIDfile\nsecret_key = k\n", 0}}, BOUND, NULL,
		"AKIDcvm", "AKIDcvm"},
	{"a credentials file without keys", {HOME}, {{HOME_FILE, "[default]\nregion = x\n", 0}},
		BOUND, NULL, "AKIDcvm", "AKIDcvm"},
	{"a credentials file with half a pair: the SDK goes on", {HOME},
		{{HOME_FILE, "[default]\nsecret_id = AKIDfile\n", 0}}, BOUND, NULL, "failed",
		"AKIDcvm"},
	{"a credentials file that is none: the SDK goes on", {HOME}, {{HOME_FILE, "garbage\n", 0}},
		BOUND, NULL, "failed", "AKIDcvm"},
	{"a credentials file of a name: of the SDKs, Go's looks there",
		{HOME, {"TENCENTCLOUD_CREDENTIALS_FILE", "/k"}},
		{{HOME_FILE, FILE_KEYS, 0},
			{"/k", "[default]\nsecret_id = AKIDnamed\nsecret_key = k\n", 0}},
		NO_SERVICE, NULL, "AKIDnamed", "AKIDfile"},
	{"the credentials file before tccli", {HOME},
		{{HOME_FILE, FILE_KEYS, 0}, {TCCLI_FILE, TCCLI_KEYS, 0}}, NO_SERVICE, NULL,
		"AKIDfile", NULL},
	{"tccli", {HOME}, {{TCCLI_FILE, TCCLI_KEYS, 0}}, NO_SERVICE, NULL, "AKIDtccli", NULL},
	{"tccli before pod and machine", {HOME, TKE},
		{{TCCLI_FILE, TCCLI_KEYS, 0}, {TOKEN_FILE, "eyJ", 0}}, BOUND, NULL, "AKIDtccli",
		NULL},
	{"tccli, profile by variable", {HOME, {"TCCLI_PROFILE", "prod"}},
		{{TCCLI_FILE, TCCLI_KEYS, 0},
			{PROD_FILE, "{\"secretId\":\"AKIDprod\",\"secretKey\":\"k\"}", 0}},
		NO_SERVICE, NULL, "AKIDprod", NULL},
	{"the pod", {HOME, TKE}, {{TOKEN_FILE, "eyJ", 0}}, NO_SERVICE, NULL, "AKIDtke", "AKIDtke"},
	{"the pod on a machine without a role", {HOME, TKE}, {{TOKEN_FILE, "eyJ", 0}}, NO_ROLE,
		NULL, "AKIDtke", "AKIDtke"},
	{"the pod before its machine, as tccli has it", {HOME, TKE}, {{TOKEN_FILE, "eyJ", 0}},
		BOUND, NULL, "AKIDtke", "AKIDcvm"},
	{"half a pod is none",
		{HOME, {"TKE_REGION", "ap-guangzhou"}, {"TKE_PROVIDER_ID", ""},
			{"TKE_WEB_IDENTITY_TOKEN_FILE", TOKEN_FILE},
			{"TKE_ROLE_ARN", "qcs::cam::uin/1:roleName/pod"}},
		{{TOKEN_FILE, "eyJ", 0}}, BOUND, NULL, "AKIDcvm", "AKIDcvm"},
	{"the machine's role", {HOME}, {{0}}, BOUND, NULL, "AKIDcvm", "AKIDcvm"},
	{"a machine without a role", {HOME}, {{0}}, NO_ROLE, NULL, "none", "none"},
	{"no home", {{0}}, {{0}}, BOUND, NULL, "AKIDcvm", NULL},

	/* With a profile in the configuration. The SDK knows none. */
	{"a profile passes over what has no profiles", {HOME, ENV, TKE}, {{TOKEN_FILE, "eyJ", 0}},
		BOUND, "prod", "none", NULL},
	{"a profile of the credentials file", {HOME, ENV, TKE},
		{{HOME_FILE, "[prod]\nsecret_id = AKIDprod\nsecret_key = k\n", 0},
			{TOKEN_FILE, "eyJ", 0}},
		BOUND, "prod", "AKIDprod", NULL},
	{"a profile of tccli", {HOME, ENV, TKE, ROLE},
		{{HOME_FILE, FILE_KEYS, 0},
			{PROD_FILE, "{\"secretId\":\"AKIDprod\",\"secretKey\":\"k\"}", 0}},
		BOUND, "prod", "AKIDprod", NULL},
	{"a profile of tccli that is the machine's role", {HOME, ENV},
		{{PROD_FILE, "{\"type\":\"cvm-role\"}", 0}}, BOUND, "prod", "AKIDcvm", NULL},
};

static void answer_metadata(struct run *run, enum metadata metadata)
{
	static const char keys[] =
		"{\"TmpSecretId\":\"AKIDcvm\",\"TmpSecretKey\":\"k\",\"Token\":\"t\","
		"\"ExpiredTime\":4102444800,\"Code\":\"Success\"}";
	const char *url = run->step.request.url;

	assert_true(run->step.direct);
	if (metadata == NO_SERVICE)
		run_lose(run, CFS_UNREACHABLE);
	else if (metadata == NO_ROLE)
		run_answer(run, 404, "");
	else
		run_answer(run, 200, url[strlen(url) - 1] == '/' ? "vm-role" : keys);
}

static void answer_sts(struct run *run)
{
	bool role = strcmp(request_header(run, "X-TC-Action"), "AssumeRole") == 0;
	char text[256];

	snprintf(text, sizeof(text),
		"{\"Response\":{\"Credentials\":{\"TmpSecretId\":\"%s\",\"TmpSecretKey\":\"k\","
		"\"Token\":\"t\"},\"ExpiredTime\":4102444800,\"RequestId\":\"r\"}}",
		role ? "AKIDrole" : "AKIDtke");
	run_answer(run, 200, text);
}

/* Goes through the chain as the keyring does. */
static void find_winner(const struct row *row, char winner[static 32])
{
	snprintf(winner, 32, "none");
	for (size_t i = 0; cfs_tencent_providers[i]; i++) {
		struct run run = {
			.host = {.variables = row->variables, .files = row->files},
			.settings.profile = row->profile,
		};
		bool ended;

		run_begin(&run, cfs_tencent_providers[i]);
		for (unsigned steps = 0; run.step.kind == CFS_STEP_HTTP; steps++) {
			assert_true(steps < CFS_PROVIDER_STEPS_MAX);
			if (strncmp(run.step.request.url, "http://metadata.", 16) == 0)
				answer_metadata(&run, row->metadata);
			else
				answer_sts(&run);
		}
		ended = run.step.kind != CFS_STEP_ABSENT;
		if (run.step.kind == CFS_STEP_FAILED)
			snprintf(winner, 32, "failed");
		else if (ended)
			snprintf(winner, 32, "%s", run.step.keys.id.data);
		run_end(&run);
		if (ended)
			return;
	}
}

static void keys_come_from_the_first_place_that_has_them(void **state)
{
	char winner[32];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		find_winner(&rows[i], winner);
		if (strcmp(winner, rows[i].winner) != 0)
			fail_msg("%s: %s instead of %s", rows[i].name, winner, rows[i].winner);
	}
}

/* The table itself: what differs from the SDK does so on purpose, and is said to. */
static void only_what_is_said_to_differs_from_the_sdk(void **state)
{
	static const char *const said[] = {"the SDK goes on", "as tccli has it", "of the SDKs,"};
	size_t same = 0, different = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool is_said = false;

		if (!rows[i].sdk)
			continue;
		for (size_t j = 0; j < sizeof(said) / sizeof(said[0]); j++)
			is_said = is_said || strstr(rows[i].name, said[j]);
		assert_int_equal(strcmp(rows[i].winner, rows[i].sdk) != 0, is_said);
		if (is_said)
			different++;
		else
			same++;
	}
	assert_int_equal(same, 13);
	assert_int_equal(different, 6);
}

static void every_provider_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; cfs_tencent_providers[i]; i++) {
		assert_true(strlen(cfs_tencent_providers[i]->name) > 0);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(
				cfs_tencent_providers[i]->name, cfs_tencent_providers[j]->name);
		cfs_tencent_providers[i]->destroy(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_come_from_the_first_place_that_has_them),
		cmocka_unit_test(only_what_is_said_to_differs_from_the_sdk),
		cmocka_unit_test(every_provider_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
