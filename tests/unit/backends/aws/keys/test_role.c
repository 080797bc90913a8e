/* SPDX-License-Identifier: MIT */
/*
 * Roles that are assumed with other keys.
 */
#include "tests/unit/support/aws_chain.h"

#define PROFILE &cfs_aws_provider_profile
#define ARN(name) "arn:aws:iam::123456789012:role/" name
#define ENCODED(name) "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2F" name
#define ROLE(name, more) "role_arn = " ARN(name) "\n" more
#define ACTION "AssumeRole"
#define LATER "2024-05-06T13:53:20Z"

static struct fake_env fake_files(const char *config, const char *credentials)
{
	return (struct fake_env){.entries = {HOME, {CONFIG, config}, {CREDENTIALS, credentials}}};
}

static void assert_scope(const struct chain *chain, const char *scope)
{
	const char *authorization = chain_header(chain, "Authorization");

	assert_non_null(authorization);
	if (!strstr(authorization, scope))
		fail_msg("%s", authorization);
}

static void test_a_role_is_assumed_with_the_keys_of_a_source(void **state)
{
	struct fake_env fake = fake_files(
		"[default]\nregion = eu-west-1\n" ROLE("ops",
			"source_profile = base\nexternal_id = a&b\nrole_session_name = me\n"
			"duration_seconds = 1800\n"),
		"[base]\n" STATIC("BASE") "aws_session_token = hush-session\n");
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_http(&chain, "POST", "https://sts.eu-west-1.amazonaws.com/",
		"Action=AssumeRole&Version=2011-06-15&RoleArn=" ENCODED(
			"ops") "&RoleSessionName=me&ExternalId=a%26b&DurationSeconds=1800");
	assert_scope(&chain, "Credential=BASE/20240506/eu-west-1/sts/aws4_request, ");
	assert_string_equal(chain_header(&chain, "X-Amz-Security-Token"), "hush-session");
	assert_string_equal(chain_header(&chain, "X-Amz-Date"), "20240506T125320Z");
	chain_answer(&chain, 200, STS_KEYS(ACTION, "ASIA", LATER));
	assert_keys(&chain, "ASIA", "hushASIA", "hush-token-ASIA", NOW + 3600);
	assert_string_equal(
		chain.step.why, "role " ARN("ops") ", with profile base in ~/.aws/credentials");
	chain_end(&chain);
}

static void test_roles_of_roles_are_assumed_from_the_bottom(void **state)
{
	struct fake_env fake =
		fake_files("[profile top]\n" ROLE("top",
				   "source_profile = middle\n") "[profile middle]\n" ROLE("middle",
				   "source_profile = low\n") "[profile low]\n" ROLE("low",
				   "credential_source = Environment\n"),
			NULL);
	struct chain chain;

	(void)state;
	fake.entries[3].name = "AWS_ACCESS_KEY_ID";
	fake.entries[3].value = "AKIAENV";
	fake.entries[4].name = "AWS_SECRET_ACCESS_KEY";
	fake.entries[4].value = "hush";
	chain_begin(&chain, PROFILE, "top", fake);
	assert_http(&chain, "POST", "https://sts.amazonaws.com/", NULL);
	assert_non_null(strstr(cfs_buf_text(&chain.step.request.body), ENCODED("low")));
	assert_scope(&chain, "Credential=AKIAENV/20240506/us-east-1/sts/");
	chain_answer(&chain, 200, STS_KEYS(ACTION, "ONE", LATER));
	assert_non_null(strstr(cfs_buf_text(&chain.step.request.body), ENCODED("middle")));
	assert_scope(&chain, "Credential=ONE/");
	assert_string_equal(chain_header(&chain, "X-Amz-Security-Token"), "hush-token-ONE");
	chain_answer(&chain, 200, STS_KEYS(ACTION, "TWO", LATER));
	assert_non_null(strstr(cfs_buf_text(&chain.step.request.body), ENCODED("top")));
	assert_scope(&chain, "Credential=TWO/");
	chain_answer(&chain, 200, STS_KEYS(ACTION, "THREE", LATER));
	assert_keys(&chain, "THREE", "hushTHREE", "hush-token-THREE", NOW + 3600);
	assert_string_equal(
		chain.step.why, "role " ARN("top") ", with the environment (AWS_ACCESS_KEY_ID)");
	chain_end(&chain);
}

static void test_the_source_may_take_steps_of_its_own(void **state)
{
	struct fake_env fake = fake_files(
		"[default]\n" ROLE("ops",
			"source_profile = base\n") "[profile base]\ncredential_process = keys\n",
		NULL);
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_int_equal(chain.step.kind, CFS_STEP_PROCESS);
	chain_answer(
		&chain, 0, "{\"Version\":1,\"AccessKeyId\":\"PROC\",\"SecretAccessKey\":\"hush\"}");
	assert_http(&chain, "POST", "https://sts.amazonaws.com/", NULL);
	assert_scope(&chain, "Credential=PROC/");
	assert_null(chain_header(&chain, "X-Amz-Security-Token"));
	chain_end(&chain);
	/* One that fails is said as it is. */
	chain_begin(&chain, PROFILE, NULL, fake);
	chain_answer(&chain, 1, "");
	assert_failed(&chain, CFS_UNAUTHENTICATED,
		"credential_process of profile base ended with status 1");
	chain_end(&chain);
}

static void test_the_metadata_service_may_be_the_source(void **state)
{
	struct fake_env fake = fake_files(
		"[default]\n" ROLE("ops", "credential_source = Ec2InstanceMetadata\n"), NULL);
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_http(&chain, "PUT", "http://169.254.169.254/latest/api/token", "");
	assert_true(chain.step.direct);
	chain_no_answer(&chain, CFS_TIMED_OUT);
	assert_failed(&chain, CFS_UNAUTHENTICATED,
		"no keys from Ec2InstanceMetadata to assume role " ARN(
			"ops") ": the instance metadata service did not answer in time");
	chain_end(&chain);
	fake.entries[1].value = "[default]\n" ROLE("ops", "credential_source = EcsContainer\n");
	assert_refused(PROFILE, NULL, fake, CFS_UNAUTHENTICATED,
		"no keys from EcsContainer to assume role " ARN(
			"ops") ": neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
			       "AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
}

static void test_a_profile_may_be_its_own_source(void **state)
{
	struct fake_env fake = fake_files(
		"[default]\n" ROLE("ops", "source_profile = default\n") STATIC("SELF"), NULL);
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_http(&chain, "POST", "https://sts.amazonaws.com/", NULL);
	assert_scope(&chain, "Credential=SELF/");
	chain_end(&chain);
}

static void assert_files(const char *config, const char *credentials, const char *why)
{
	assert_refused(PROFILE, NULL, fake_files(config, credentials), CFS_UNAUTHENTICATED, why);
}

static void test_loops_are_refused(void **state)
{
	(void)state;
	assert_files("[default]\n" ROLE("ops", "source_profile = default\n"), NULL,
		"profile default is its own source: the profiles form a loop");
	assert_files("[default]\n" ROLE("a", "source_profile = b\n") "[profile b]\n" ROLE(
			     "b", "source_profile = default\n"),
		NULL, "profile default is its own source: the profiles form a loop");
	assert_files(
		"[default]\n" ROLE("a", "source_profile = b\n") "[profile b]\n" ROLE("b",
			"source_profile = c\n") "[profile c]\n" ROLE("c", "source_profile = b\n"),
		NULL, "profile b is its own source: the profiles form a loop");
	/* With keys or without. */
	assert_files("[default]\n" ROLE("a", "source_profile = b\n")
			     STATIC("A") "[profile b]\n" ROLE("b", "source_profile = default\n"),
		NULL, "profile default is its own source: the profiles form a loop");
}

static void test_roles_are_counted(void **state)
{
	struct cfs_buf text = CFS_BUF_INIT(65536);
	struct chain chain;

	(void)state;
	assert_int_equal(cfs_buf_adds(&text, "[default]\n" ROLE("x", "source_profile = p1\n")), 0);
	for (int i = 1; i < 8; i++)
		assert_int_equal(
			cfs_buf_addf(&text, "[profile p%d]\n" ROLE("x", "source_profile = p%d\n"),
				i, i + 1),
			0);
	assert_int_equal(cfs_buf_adds(&text, "[profile p8]\n"), 0);
	text.data[text.len] = '\0';
	{
		struct cfs_buf eight = CFS_BUF_INIT(65536);

		assert_int_equal(cfs_buf_addf(&eight, "%s%s", text.data, STATIC("P")), 0);
		chain_begin(&chain, PROFILE, NULL, fake_files(cfs_buf_text(&eight), NULL));
		assert_http(&chain, "POST", "https://sts.amazonaws.com/", NULL);
		chain_end(&chain);
		cfs_buf_finish(&eight);
	}
	assert_int_equal(cfs_buf_adds(&text, ROLE("x", "source_profile = p9\n[profile p9]\n")), 0);
	assert_files(cfs_buf_text(&text), NULL,
		"profile default needs more than 8 roles, each to assume the next");
	cfs_buf_finish(&text);
}

static void test_what_is_wrong_with_a_role_is_said(void **state)
{
	(void)state;
	assert_files("[default]\n" ROLE("ops", ""), "[default]\n" STATIC("X"),
		"profile default has role_arn, but neither source_profile nor credential_source");
	assert_files("[default]\n" ROLE("ops", "source_profile = b\ncredential_source = x\n"), NULL,
		"profile default has role_arn, and both source_profile and credential_source");
	assert_files("[default]\n" ROLE("ops", "source_profile = b\n"), NULL,
		"source_profile b of profile default does not exist");
	assert_files("[default]\n" ROLE("ops", "source_profile = b\n") "[profile b]\n", NULL,
		"no keys from b to assume role " ARN(
			"ops") ": profile b in ~/.aws/credentials or ~/.aws/config has neither "
			       "aws_access_key_id nor another source of keys");
	assert_files("[default]\n" ROLE("ops", "credential_source = ouija\n"), NULL,
		"credential_source ouija of profile default is unknown");
}

static void test_a_role_of_another_partition_is_asked_for_there(void **state)
{
	struct fake_env fake =
		fake_files("[default]\nrole_arn = arn:aws-cn:iam::1:role/x\nsource_profile = b\n",
			"[b]\n" STATIC("B"));
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_http(&chain, "POST", "https://sts.cn-northwest-1.amazonaws.com.cn/", NULL);
	assert_scope(&chain, "/cn-northwest-1/sts/");
	chain_end(&chain);
}

static void test_a_clock_that_is_off_is_told_apart(void **state)
{
	struct fake_env fake =
		fake_files("[default]\n" ROLE("ops", "source_profile = b\n"), "[b]\n" STATIC("B"));
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake);
	chain_answer(&chain, 403,
		STS_ERROR("SignatureDoesNotMatch",
			"Signature expired: 20240506T125320Z is now earlier than "
			"20240507T000000Z"));
	assert_int_equal(chain.step.kind, CFS_STEP_FAILED);
	assert_int_equal(chain.step.fault, CFS_CLOCK_SKEW);
	chain_end(&chain);
	chain_begin(&chain, PROFILE, NULL, fake);
	chain_answer(&chain, 403,
		STS_ERROR("SignatureDoesNotMatch", "Signature not yet current: later"));
	assert_int_equal(chain.step.fault, CFS_CLOCK_SKEW);
	chain_end(&chain);
	chain_begin(&chain, PROFILE, NULL, fake);
	chain_answer(&chain, 403,
		STS_ERROR("SignatureDoesNotMatch", "The request signature we calculated"));
	assert_int_equal(chain.step.fault, CFS_UNAUTHENTICATED);
	chain_end(&chain);
	chain_begin(&chain, PROFILE, NULL, fake);
	chain_answer(&chain, 403, STS_ERROR("ExpiredToken", "The security token expired"));
	assert_int_equal(chain.step.fault, CFS_EXPIRED);
	chain_end(&chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_role_is_assumed_with_the_keys_of_a_source),
		cmocka_unit_test(test_roles_of_roles_are_assumed_from_the_bottom),
		cmocka_unit_test(test_the_source_may_take_steps_of_its_own),
		cmocka_unit_test(test_the_metadata_service_may_be_the_source),
		cmocka_unit_test(test_a_profile_may_be_its_own_source),
		cmocka_unit_test(test_loops_are_refused),
		cmocka_unit_test(test_roles_are_counted),
		cmocka_unit_test(test_what_is_wrong_with_a_role_is_said),
		cmocka_unit_test(test_a_role_of_another_partition_is_asked_for_there),
		cmocka_unit_test(test_a_clock_that_is_off_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
