/* SPDX-License-Identifier: MIT */
/*
 * Keys that the AWS CLI has cached for a role.
 */
#include "tests/unit/support/aws_chain.h"

#include "backends/aws/keys/cache.h"

#define PROFILE &cfs_aws_provider_profile
#define WEB &cfs_aws_provider_web_identity
#define ROLE "arn:aws:iam::123456789012:role/ops"
#define MFA "arn:aws:iam::123456789012:mfa/me"
#define START "https://example.awsapps.com/start"
/* The names that botocore gives them. */
#define FILE_OF(hash) "/home/ops/.aws/cli/cache/" hash ".json"
#define PLAIN FILE_OF("22683b67d5bd46b0335d9327094666b8be5b5cd5")
#define WITH_MFA FILE_OF("42f273b37ec1354bbda551a6d6014fec6dd86e9c")
#define WITH_ALL FILE_OF("2af3515329efec14cdbe9acaace6374ac2267a87")
#define WITH_NAME FILE_OF("6708383a7624d902f34b3bbbf27db4cd17dd1120")
#define BY_START FILE_OF("f229884eaff7c5a0a1523361df75fb5c836a9444")
#define BY_SESSION FILE_OF("fd80bbc36f09334f3df9b80b85d4b93b8e3bdb51")
#define CACHED_UNTIL(id, time) \
	"{\"Credentials\": {\"AccessKeyId\": \"" id "\", \"SecretAccessKey\": \"hush" id \
	"\", \"SessionToken\": \"hush-token-" id "\", \"Expiration\": \"" time "\"}}"
#define CACHED(id) CACHED_UNTIL(id, "2024-05-06T13:53:20UTC")
#define OLD(id) CACHED_UNTIL(id, "2024-05-06T12:53:20UTC")
#define RUN(profile) "; run: aws sts get-caller-identity --profile " profile
#define BASE "[profile base]\n" STATIC("BASE")
#define MFA_ROLE "role_arn = " ROLE "\nsource_profile = base\nmfa_serial = " MFA "\n"

static void the_files_have_the_names_that_botocore_gives_them(void **state)
{
	struct fake_env fake = {
		.entries = {HOME, {PLAIN, CACHED("PLAIN")}, {WITH_MFA, CACHED("MFA")},
			{WITH_ALL, CACHED("ALL")}, {WITH_NAME, CACHED("NAME")},
			{BY_START, CACHED("START")}, {BY_SESSION, CACHED("SESSION")}}};
	const struct cfs_env *env = fake_env_of(&fake);
	const struct {
		struct cfs_aws_sts_role role;
		const char *mfa, *id;
	} cases[] = {
		{{.arn = ROLE}, NULL, "PLAIN"},
		{{.arn = ROLE}, MFA, "MFA"},
		{{.arn = ROLE, .session = "pod"}, NULL, "NAME"},
		{{.arn = ROLE,
			 .session = "me@here",
			 .external_id = "e \"x\"\\ #\xc3\xa9\xf0\x9f\x98\x80\x7f\t",
			 .duration = "03600"},
			MFA, "ALL"},
		{{.arn = ROLE "x"}, MFA, NULL},
		{{.arn = ROLE, .external_id = "x"}, MFA, NULL},
		{{.arn = ROLE, .external_id = "\xff"}, MFA, NULL},
		{{.arn = ROLE, .duration = "000"}, MFA, NULL},
	};
	struct cfs_keys keys;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		int r = cfs_aws_cache_role(env, &cases[i].role, cases[i].mfa, NOW, &keys);

		assert_int_equal(r, cases[i].id ? 0 : -ENOENT);
		if (r < 0)
			continue;
		assert_string_equal(keys.id.data, cases[i].id);
		assert_true(keys.expires == NOW + 3600);
		cfs_keys_finish(&keys);
	}
	assert_int_equal(
		cfs_aws_cache_sso(env, "123456789012", "ops", "corp", START, NOW, &keys), 0);
	assert_string_equal(keys.id.data, "SESSION");
	cfs_keys_finish(&keys);
	assert_int_equal(cfs_aws_cache_sso(env, "123456789012", "ops", NULL, START, NOW, &keys), 0);
	assert_string_equal(keys.id.data, "START");
	cfs_keys_finish(&keys);
}

static void a_role_with_mfa_has_the_keys_that_the_cli_cached(void **state)
{
	struct fake_env fake = {.entries = {HOME, {CONFIG, "[profile prod]\n" MFA_ROLE BASE},
					{WITH_MFA, CACHED("MFA")}}};
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, "prod", fake);
	assert_keys(&chain, "MFA", "hushMFA", "hush-token-MFA", NOW + 3600);
	assert_string_equal(chain.step.why,
		"role " ROLE
		", with keys that the AWS CLI cached after MFA; when they expire, run: "
		"aws sts get-caller-identity --profile prod");
	chain_end(&chain);
	fake.entries[2].value = OLD("MFA");
	assert_refused(PROFILE, "prod", fake, CFS_EXPIRED,
		"profile prod needs an MFA code, and the keys that the AWS CLI cached have "
		"expired" RUN("prod"));
}

static void what_is_not_cached_needs_a_code(void **state)
{
	static const char *const others[] = {NULL, "", "hush", "[]", "{}", "EACCES",
		"{\"Credentials\": \"hush\"}", "{\"Credentials\": {\"AccessKeyId\": \"hush\"}}",
		CACHED_UNTIL("MFA", "hush"), CACHED_UNTIL("MFA", "2024-05-06T13:53:20")};
	struct fake_env fake = {
		.entries = {HOME, {CONFIG, "[profile prod]\n" MFA_ROLE BASE}, {WITH_MFA, NULL}}};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(others); i++) {
		fake.entries[2].value = others[i];
		assert_refused(PROFILE, "prod", fake, CFS_UNAUTHENTICATED,
			"profile prod needs an MFA code, and there are no keys in the cache of the "
			"AWS CLI" RUN("prod"));
	}
}

static void a_role_above_one_with_mfa_is_assumed_with_them(void **state)
{
	struct fake_env fake = {.entries = {HOME,
					{CONFIG,
						"[profile top]\nrole_arn = " ROLE
						"\nrole_session_name = pod\nsource_profile = prod\n"
						"[profile prod]\n" MFA_ROLE BASE},
					{WITH_MFA, CACHED("MFA")}, {WITH_NAME, CACHED("NAME")}}};
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, "top", fake);
	assert_http(&chain, "POST", "https://sts.amazonaws.com/", NULL);
	assert_non_null(strstr(chain_header(&chain, "Authorization"), "Credential=MFA/"));
	chain_answer(&chain, 200, STS_KEYS("AssumeRole", "ASIA", "2024-05-06T13:53:20Z"));
	assert_keys(&chain, "ASIA", "hushASIA", "hush-token-ASIA", NOW + 3600);
	chain_end(&chain);
	/* Its own keys are as good, when the others have expired. */
	fake.entries[2].value = OLD("MFA");
	chain_begin(&chain, PROFILE, "top", fake);
	assert_keys(&chain, "NAME", "hushNAME", "hush-token-NAME", NOW + 3600);
	chain_end(&chain);
	fake.entries[3].value = OLD("NAME");
	assert_refused(PROFILE, "top", fake, CFS_EXPIRED,
		"profile prod needs an MFA code, and the keys that the AWS CLI cached have "
		"expired" RUN("prod"));
}

static void a_role_whose_keys_cannot_be_had_has_those_that_are_cached(void **state)
{
	struct fake_env fake = {
		.entries = {HOME,
			{CONFIG, "[default]\nrole_arn = " ROLE "\nsource_profile = base\n" BASE},
			{PLAIN, CACHED("PLAIN")}}};
	struct chain chain;

	(void)state;
	/* Its own are better. */
	chain_begin(&chain, PROFILE, NULL, fake);
	chain_answer(&chain, 200, STS_KEYS("AssumeRole", "ASIA", "2024-05-06T13:53:20Z"));
	assert_keys(&chain, "ASIA", "hushASIA", "hush-token-ASIA", NOW + 3600);
	chain_end(&chain);
	chain_begin(&chain, PROFILE, NULL, fake);
	chain_answer(&chain, 403, STS_ERROR("AccessDenied", "no"));
	assert_keys(&chain, "PLAIN", "hushPLAIN", "hush-token-PLAIN", NOW + 3600);
	if (!strstr(chain.step.why, ", with keys that the AWS CLI cached, as STS "))
		fail_msg("%s", chain.step.why);
	chain_end(&chain);
	/* A clock that is off is set first. */
	chain_begin(&chain, PROFILE, NULL, fake);
	chain_answer(&chain, 400, STS_ERROR("RequestExpired", "no"));
	assert_int_equal(chain.step.kind, CFS_STEP_FAILED);
	assert_int_equal(chain.step.fault, CFS_CLOCK_SKEW);
	chain_end(&chain);
	/* At the bottom nothing is found. */
	fake.entries[1].value =
		"[default]\nrole_arn = " ROLE "\nsource_profile = base\n[profile base]\n";
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_keys(&chain, "PLAIN", "hushPLAIN", "hush-token-PLAIN", NOW + 3600);
	chain_end(&chain);
	fake.entries[2].value = OLD("PLAIN");
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_int_equal(chain.step.kind, CFS_STEP_FAILED);
	assert_int_equal(chain.step.fault, CFS_UNAUTHENTICATED);
	chain_end(&chain);
}

static void a_web_identity_without_a_token_has_the_keys_that_are_cached(void **state)
{
	struct fake_env fake = {
		.entries = {HOME, {"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}, {"AWS_ROLE_ARN", ROLE},
			{"AWS_ROLE_SESSION_NAME", "pod"}, {WITH_NAME, CACHED("NAME")}}};
	struct chain chain;

	(void)state;
	chain_begin(&chain, WEB, NULL, fake);
	assert_keys(&chain, "NAME", "hushNAME", "hush-token-NAME", NOW + 3600);
	assert_string_equal(chain.step.why,
		"role " ROLE ", with keys that the AWS CLI cached, as cannot read a token from "
		"/token: No such file or directory");
	chain_end(&chain);
	fake.entries[5].name = "/token";
	fake.entries[5].value = "hush";
	chain_begin(&chain, WEB, NULL, fake);
	chain_answer(&chain, 400, STS_ERROR("ExpiredTokenException", "no"));
	assert_keys(&chain, "NAME", "hushNAME", "hush-token-NAME", NOW + 3600);
	chain_end(&chain);
}

#define SSO "sso_account_id = 123456789012\nsso_role_name = ops\n"

static void a_session_that_is_over_leaves_the_keys_that_are_cached(void **state)
{
	struct fake_env fake = {
		.entries = {HOME,
			{CONFIG,
				"[default]\nsso_session = corp\n" SSO
				"[sso-session corp]\nsso_region = eu-central-1\nsso_start_url "
				"= " START "\n"},
			{BY_SESSION, CACHED("SESSION")}, {BY_START, CACHED("START")}}};
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_keys(&chain, "SESSION", "hushSESSION", "hush-token-SESSION", NOW + 3600);
	assert_string_equal(chain.step.why,
		"SSO role ops, with keys that the AWS CLI cached, as there is no SSO token; sign "
		"in "
		"with: aws sso login --sso-session corp");
	chain_end(&chain);
	fake.entries[1].value =
		"[default]\nsso_region = eu-central-1\nsso_start_url = " START "\n" SSO;
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_keys(&chain, "START", "hushSTART", "hush-token-START", NOW + 3600);
	chain_end(&chain);
	/* It ends while it is asked. sha1 of the start URL. */
	fake.entries[4].name =
		"/home/ops/.aws/sso/cache/e8be5486177c5b5392bd9aa76563515b29358e6e.json";
	fake.entries[4].value =
		"{\"accessToken\":\"hush-bearer\",\"expiresAt\":\"2024-05-06T18:00:00Z\"}";
	chain_begin(&chain, PROFILE, NULL, fake);
	chain_answer(&chain, 401, "{}");
	assert_keys(&chain, "START", "hushSTART", "hush-token-START", NOW + 3600);
	chain_end(&chain);
	/* Nothing is taken from the cache for a profile that is wrong. */
	fake.entries[1].value = "[default]\nsso_region = -\nsso_start_url = " START "\n" SSO;
	assert_refused(PROFILE, NULL, fake, CFS_UNAUTHENTICATED, "sso_region is not a region name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_files_have_the_names_that_botocore_gives_them),
		cmocka_unit_test(a_role_with_mfa_has_the_keys_that_the_cli_cached),
		cmocka_unit_test(what_is_not_cached_needs_a_code),
		cmocka_unit_test(a_role_above_one_with_mfa_is_assumed_with_them),
		cmocka_unit_test(a_role_whose_keys_cannot_be_had_has_those_that_are_cached),
		cmocka_unit_test(a_web_identity_without_a_token_has_the_keys_that_are_cached),
		cmocka_unit_test(a_session_that_is_over_leaves_the_keys_that_are_cached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
