/* SPDX-License-Identifier: MIT */
/*
 * Roles for a token of another issuer's.
 */
#include "tests/unit/support/aws_chain.h"

#define WEB &cfs_aws_provider_web_identity
#define PROFILE &cfs_aws_provider_profile
#define ARN "arn:aws:iam::123456789012:role/pod"
#define ARN_ENCODED "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpod"
#define ACTION "AssumeRoleWithWebIdentity"

static struct fake_env fake_web(const char *token)
{
	return (struct fake_env){
		.entries = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}, {"AWS_ROLE_ARN", ARN},
			{"AWS_REGION", "eu-west-1"}, {"/token", token}}};
}

static void test_a_token_gives_a_role(void **state)
{
	struct fake_env fake = fake_web("hush.jwt+=\n");
	struct chain chain;

	(void)state;
	chain_begin(&chain, WEB, NULL, fake);
	assert_http(&chain, "POST", "https://sts.eu-west-1.amazonaws.com/",
		"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" ARN_ENCODED
		"&RoleSessionName=consolefs-1715000000&WebIdentityToken=hush.jwt%2B%3D");
	assert_null(chain_header(&chain, "Authorization"));
	assert_string_equal(chain_header(&chain, "Content-Type"),
		"application/x-www-form-urlencoded; charset=utf-8");
	assert_false(chain.step.direct);
	assert_null(chain.step.ca_file);
	chain_answer(&chain, 200, STS_KEYS(ACTION, "ASIA", "2024-05-06T13:53:20Z"));
	assert_keys(&chain, "ASIA", "hushASIA", "hush-token-ASIA", NOW + 3600);
	assert_string_equal(chain.step.why, "role " ARN ", with the token in /token");
	chain_end(&chain);
	/* The name of the session, and an authority of one's own. */
	fake.entries[4].name = "AWS_ROLE_SESSION_NAME";
	fake.entries[4].value = "pod 1";
	fake.entries[5].name = "AWS_CA_BUNDLE";
	fake.entries[5].value = "/ca.pem";
	chain_begin(&chain, WEB, NULL, fake);
	assert_non_null(
		strstr(cfs_buf_text(&chain.step.request.body), "&RoleSessionName=pod%201&"));
	assert_string_equal(chain.step.ca_file, "/ca.pem");
	chain_end(&chain);
}

static void test_what_is_missing_is_named(void **state)
{
	struct fake_env fake = fake_web("hush");
	struct chain chain;

	(void)state;
	fake.entries[1].value = NULL;
	assert_refused(WEB, NULL, fake, CFS_UNAUTHENTICATED,
		"there is a web identity token, but neither AWS_ROLE_ARN nor role_arn");
	fake = fake_web(NULL);
	assert_refused(WEB, NULL, fake, CFS_UNAUTHENTICATED,
		"cannot read a token from /token: No such file or directory");
	fake = fake_web("\n");
	assert_refused(WEB, NULL, fake, CFS_UNAUTHENTICATED,
		"cannot read a token from /token: it holds no token");
	fake = fake_web("EACCES");
	assert_refused(WEB, NULL, fake, CFS_UNAUTHENTICATED,
		"cannot read a token from /token: Permission denied");
	chain_begin(&chain, WEB, NULL, (struct fake_env){0});
	assert_absent(&chain, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
	chain_end(&chain);
	chain_begin(&chain, WEB, "prod", fake);
	assert_absent(&chain, "skipped: the configuration names profile prod");
	chain_end(&chain);
}

static void test_a_profile_may_have_the_token(void **state)
{
	struct fake_env fake = {.entries = {HOME, {"/token", "hush"},
					{CONFIG,
						"[profile p]\nweb_identity_token_file = /token\n"
						"role_arn = " ARN "\nrole_session_name = mine\n"},
					{"AWS_ROLE_ARN", "arn:aws:iam::1:role/env"}}};
	struct chain chain;

	(void)state;
	/* A profile of our configuration is all there is. */
	chain_begin(&chain, PROFILE, "p", fake);
	assert_http(&chain, "POST", "https://sts.amazonaws.com/",
		"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" ARN_ENCODED
		"&RoleSessionName=mine&WebIdentityToken=hush");
	chain_end(&chain);
	/* Otherwise the variables come first. */
	fake.entries[4].name = "AWS_PROFILE";
	fake.entries[4].value = "p";
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_non_null(strstr(cfs_buf_text(&chain.step.request.body), "role%2Fenv"));
	chain_end(&chain);
	/* And a token of theirs leaves the profile alone. */
	fake.entries[5].name = "AWS_WEB_IDENTITY_TOKEN_FILE";
	fake.entries[5].value = "/other";
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_absent(&chain, "skipped: AWS_WEB_IDENTITY_TOKEN_FILE comes first");
	chain_end(&chain);
}

static void assert_error(int status, const char *answer, enum cfs_fault fault, const char *why)
{
	struct chain chain;

	chain_begin(&chain, WEB, NULL, fake_web("hush"));
	chain_answer(&chain, status, answer);
	assert_failed(&chain, fault, why);
	chain_end(&chain);
}

static void test_what_sts_says_is_said(void **state)
{
	(void)state;
	assert_error(400, STS_ERROR("ExpiredTokenException", "Token expired"), CFS_EXPIRED,
		"STS gave no keys for " ARN ": ExpiredTokenException: Token expired");
	assert_error(403, STS_ERROR("AccessDenied", "Not authorized"), CFS_DENIED,
		"STS gave no keys for " ARN ": AccessDenied: Not authorized");
	assert_error(400, STS_ERROR("InvalidIdentityToken", "No&#10;provider"), CFS_UNAUTHENTICATED,
		"STS gave no keys for " ARN ": InvalidIdentityToken: No?provider");
	assert_error(403, "<html>no</html>", CFS_UNAUTHENTICATED,
		"STS gave no keys for " ARN ": HTTP status 403 without an error code");
	assert_error(200, STS_KEYS(ACTION, "ASIA", "soon"), CFS_BAD_ANSWER,
		"STS gave no keys for " ARN ": the answer has no keys");
	assert_error(200, "<DescribeRegionsResponse/>", CFS_BAD_ANSWER,
		"STS gave no keys for " ARN ": the answer has no keys");
	assert_error(200, STS_KEYS(ACTION, "ASIA", "2024-05-06T12:53:20Z"), CFS_EXPIRED,
		"role " ARN ", with the token in /token: the keys have expired");
}

/* No part of an answer is an answer. */
static void test_an_answer_cut_anywhere_holds_no_keys(void **state)
{
	static const char whole[] = STS_KEYS(ACTION, "ASIA", "2024-05-06T13:53:20Z");
	char text[sizeof(whole)];
	struct chain chain;

	(void)state;
	for (size_t len = 0; len < strlen(whole); len++) {
		memcpy(text, whole, len);
		text[len] = '\0';
		chain_begin(&chain, WEB, NULL, fake_web("hush"));
		chain_answer(&chain, 200, text);
		assert_int_equal(chain.step.kind, CFS_STEP_FAILED);
		assert_int_equal(chain.step.fault, CFS_BAD_ANSWER);
		chain_end(&chain);
	}
}

static void test_a_failing_service_is_asked_again(void **state)
{
	struct chain chain;

	(void)state;
	chain_begin(&chain, WEB, NULL, fake_web("hush"));
	chain_no_answer(&chain, CFS_RESET);
	chain_answer(&chain, 400, STS_ERROR("IDPCommunicationError", "later"));
	assert_http(&chain, "POST", "https://sts.eu-west-1.amazonaws.com/", NULL);
	chain_answer(&chain, 200, STS_KEYS(ACTION, "ASIA", "2024-05-06T13:53:20Z"));
	assert_keys(&chain, "ASIA", "hushASIA", "hush-token-ASIA", NOW + 3600);
	chain_end(&chain);
	/* But not for ever. */
	chain_begin(&chain, WEB, NULL, fake_web("hush"));
	chain_answer(&chain, 503, "");
	chain_answer(&chain, 500, STS_ERROR("InternalFailure", "x"));
	chain_no_answer(&chain, CFS_TIMED_OUT);
	assert_failed(&chain, CFS_TIMED_OUT, "STS did not answer in time");
	chain_end(&chain);
	/* Nor where it is no use. */
	chain_begin(&chain, WEB, NULL, fake_web("hush"));
	chain_no_answer(&chain, CFS_TLS);
	assert_failed(&chain, CFS_TLS, "STS could not be asked over TLS");
	chain_end(&chain);
}

static void test_a_wrong_setting_is_named(void **state)
{
	struct fake_env fake = fake_web("hush");

	(void)state;
	fake.entries[4].name = "AWS_ENDPOINT_URL_STS";
	fake.entries[4].value = "http://hush.example.com";
	assert_refused(WEB, NULL, fake, CFS_UNAUTHENTICATED,
		"AWS_ENDPOINT_URL_STS is http, which is for loopback hosts only: `insecure_http = "
		"yes` allows others");
	fake.entries[4].name = "AWS_STS_REGIONAL_ENDPOINTS";
	fake.entries[4].value = "hush";
	assert_refused(WEB, NULL, fake, CFS_UNAUTHENTICATED,
		"AWS_STS_REGIONAL_ENDPOINTS or sts_regional_endpoints is neither regional nor "
		"legacy");
	fake.entries[4].value = NULL;
	fake.entries[2].value = "hush region";
	assert_refused(WEB, NULL, fake, CFS_UNAUTHENTICATED,
		"AWS_REGION, AWS_DEFAULT_REGION or region of the profile is not a region name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_token_gives_a_role),
		cmocka_unit_test(test_what_is_missing_is_named),
		cmocka_unit_test(test_a_profile_may_have_the_token),
		cmocka_unit_test(test_what_sts_says_is_said),
		cmocka_unit_test(test_an_answer_cut_anywhere_holds_no_keys),
		cmocka_unit_test(test_a_failing_service_is_asked_again),
		cmocka_unit_test(test_a_wrong_setting_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
