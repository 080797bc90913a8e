/* SPDX-License-Identifier: MIT */
/*
 * IAM Identity Center, with and without a session.
 */
#include "tests/unit/support/aws_chain.h"

#define PROFILE &cfs_aws_provider_profile
#define START "https://corp.awsapps.com/start"
/* sha1 of "corp" and of the start URL. */
#define SESSION_FILE "/home/ops/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
#define LEGACY_FILE "/home/ops/.aws/sso/cache/a51746d4aa793ae07b25e90c3a5db96fc7832bd7.json"
#define ROLE "sso_account_id = 123456789012\nsso_role_name = Power User\n"
#define SESSION_CONFIG \
	"[default]\nsso_session = corp\n" ROLE \
	"[sso-session corp]\nsso_region = eu-central-1\nsso_start_url = " START "\n"
#define LEGACY_CONFIG "[default]\nsso_region = us-east-1\nsso_start_url = " START "\n" ROLE
#define TOKEN(expires, more) \
	"{\"accessToken\":\"hush-bearer\",\"expiresAt\":\"" expires "\"" more "}"
#define REGISTERED \
	",\"clientId\":\"client\",\"clientSecret\":\"hush\\\"secret\",\"refreshToken\":\"hush-" \
	"r\"," \
	"\"registrationExpiresAt\":\"2024-06-06T00:00:00Z\""
#define PORTAL "https://portal.sso.eu-central-1.amazonaws.com/federation/credentials"
#define QUERY "?role_name=Power%20User&account_id=123456789012"
#define ROLE_KEYS \
	"{\"roleCredentials\":{\"accessKeyId\":\"ASIA\",\"secretAccessKey\":\"hush\"," \
	"\"sessionToken\":\"hush-token\",\"expiration\":1715003600999}}"
#define LOGIN "; sign in with: aws sso login --sso-session corp"

static struct fake_env fake_session(const char *token)
{
	return (struct fake_env){
		.entries = {HOME, {CONFIG, SESSION_CONFIG}, {SESSION_FILE, token}}};
}

static void test_a_session_gives_keys(void **state)
{
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake_session(TOKEN("2024-05-06T18:00:00Z", "")));
	assert_http(&chain, "GET", PORTAL QUERY, "");
	assert_string_equal(chain_header(&chain, "x-amz-sso_bearer_token"), "hush-bearer");
	assert_null(chain_header(&chain, "Authorization"));
	chain_answer(&chain, 200, ROLE_KEYS);
	assert_keys(&chain, "ASIA", "hush", "hush-token", NOW + 3600);
	assert_string_equal(
		chain.step.why, "SSO role Power User in account 123456789012, by profile default");
	chain_end(&chain);
}

static void test_a_profile_without_a_session_gives_keys(void **state)
{
	struct fake_env fake = {
		.entries = {HOME, {CONFIG, LEGACY_CONFIG},
			{LEGACY_FILE, TOKEN("2024-05-06T18:00:00UTC", REGISTERED)}}};
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_http(&chain, "GET",
		"https://portal.sso.us-east-1.amazonaws.com/federation/credentials" QUERY, "");
	chain_answer(&chain, 200, ROLE_KEYS);
	assert_keys(&chain, "ASIA", "hush", "hush-token", NOW + 3600);
	chain_end(&chain);
	/* Its token is not renewed, whatever stands beside it. */
	fake.entries[2].value = TOKEN("2024-05-06T12:53:20Z", REGISTERED);
	assert_refused(PROFILE, NULL, fake, CFS_EXPIRED,
		"the SSO token has expired; sign in with: aws sso login --profile default");
}

static void assert_writes(struct chain *chain, const char *text)
{
	assert_int_equal(chain->step.kind, CFS_STEP_WRITE);
	assert_string_equal(chain->step.path, SESSION_FILE);
	assert_string_equal(cfs_buf_text(&chain->step.bytes), text);
}

/* As botocore writes it: what the file had beside is left out, and so is a token to renew with if
 * none was given. */
#define RENEWED(more) "{\"accessToken\":\"hush-new\",\"expiresIn\":3600" more "}"
#define WRITTEN(expires, more) \
	"{\"startUrl\":\"" START "\",\"region\":\"eu-central-1\"," \
	"\"accessToken\":\"hush-new\",\"expiresAt\":\"" expires "\"," \
	"\"clientId\":\"client\",\"clientSecret\":\"hush\\\"secret\"," \
	"\"registrationExpiresAt\":\"2024-06-06T00:00:00Z\"" more "}"

static void test_a_token_that_expires_soon_is_renewed(void **state)
{
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake_session(TOKEN("2024-05-06T13:00:00Z", REGISTERED)));
	assert_http(&chain, "POST", "https://oidc.eu-central-1.amazonaws.com/token",
		"{\"grantType\":\"refresh_token\",\"clientId\":\"client\",\"clientSecret\":"
		"\"hush\\\"secret\",\"refreshToken\":\"hush-r\"}");
	assert_string_equal(chain_header(&chain, "Content-Type"), "application/json");
	chain_answer(&chain, 200, RENEWED(",\"refreshToken\":\"hush-r2\""));
	assert_writes(&chain, WRITTEN("2024-05-06T13:53:20Z", ",\"refreshToken\":\"hush-r2\""));
	chain_answer(&chain, 0, "");
	assert_http(&chain, "GET", PORTAL QUERY, "");
	assert_string_equal(chain_header(&chain, "x-amz-sso_bearer_token"), "hush-new");
	chain_answer(&chain, 200, ROLE_KEYS);
	assert_keys(&chain, "ASIA", "hush", "hush-token", NOW + 3600);
	chain_end(&chain);
	/* If it cannot be, it serves to its end. */
	chain_begin(&chain, PROFILE, NULL, fake_session(TOKEN("2024-05-06T13:00:00Z", REGISTERED)));
	chain_answer(&chain, 400, "{\"error\":\"invalid_grant\"}");
	assert_http(&chain, "GET", PORTAL QUERY, "");
	assert_string_equal(chain_header(&chain, "x-amz-sso_bearer_token"), "hush-bearer");
	chain_end(&chain);
	/* Without what it takes, too. */
	chain_begin(&chain, PROFILE, NULL, fake_session(TOKEN("2024-05-06T13:00:00Z", "")));
	assert_http(&chain, "GET", PORTAL QUERY, "");
	chain_end(&chain);
}

static void test_a_renewed_token_is_written_back_unless_the_file_has_changed(void **state)
{
	static const char *const others[] = {NULL, "hush", "{}",
		TOKEN("2024-05-06T18:00:00Z",
			",\"clientId\":\"client\",\"clientSecret\":\"hush\\\"secret\","
			"\"refreshToken\":\"hush-r9\"")};
	struct fake_env fake =
		fake_session(TOKEN("2024-05-06T13:00:00Z", REGISTERED ",\"other\":[1]"));
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake);
	chain_answer(&chain, 200, RENEWED(""));
	assert_writes(&chain, WRITTEN("2024-05-06T13:53:20Z", ""));
	chain_answer(&chain, -EROFS, "");
	chain_answer(&chain, 200, ROLE_KEYS);
	assert_keys(&chain, "ASIA", "hush", "hush-token", NOW + 3600);
	assert_string_equal(chain.step.why,
		"SSO role Power User in account 123456789012, by profile default; its new token "
		"was not written back: Read-only file system");
	chain_end(&chain);
	for (size_t i = 0; i < N_ELEMENTS(others); i++) {
		chain_begin(&chain, PROFILE, NULL, fake);
		chain.fake.entries[2].value = others[i];
		chain_answer(&chain, 200, RENEWED(",\"refreshToken\":\"hush-r2\""));
		assert_http(&chain, "GET", PORTAL QUERY, "");
		assert_string_equal(chain_header(&chain, "x-amz-sso_bearer_token"), "hush-new");
		chain_end(&chain);
	}
}

static void test_a_refusal_may_mean_that_another_was_faster(void **state)
{
	struct chain chain;

	(void)state;
	/* Its token is used, or renewed in turn; but not for ever. */
	chain_begin(&chain, PROFILE, NULL, fake_session(TOKEN("2024-05-06T12:00:00Z", REGISTERED)));
	chain.fake.entries[2].value = TOKEN("2024-05-06T18:00:00Z", "");
	chain_answer(&chain, 400, "{\"error\":\"invalid_grant\"}");
	assert_http(&chain, "GET", PORTAL QUERY, "");
	chain_end(&chain);
	chain_begin(&chain, PROFILE, NULL, fake_session(TOKEN("2024-05-06T12:00:00Z", REGISTERED)));
	for (int i = 0; i < 2; i++) {
		chain.fake.entries[2].value = TOKEN("2024-05-06T12:00:00Z",
			",\"clientId\":\"c\",\"clientSecret\":\"hush\",\"refreshToken\":\"hush-"
			"r2\","
			"\"registrationExpiresAt\":\"2024-06-06T00:00:00Z\"");
		if (i == 1)
			chain.fake.entries[2].value = TOKEN("2024-05-06T12:00:00Z", REGISTERED);
		chain_answer(&chain, 400, "{\"error\":\"invalid_grant\"}");
		assert_int_equal(chain.step.kind, CFS_STEP_HTTP);
		assert_non_null(strstr(
			cfs_buf_text(&chain.step.request.body), i == 0 ? "hush-r2" : "hush-r\""));
	}
	chain.fake.entries[2].value = NULL;
	chain_answer(&chain, 400, "{\"error\":\"invalid_grant\"}");
	assert_failed(
		&chain, CFS_EXPIRED, "the SSO token has expired and could not be renewed" LOGIN);
	chain_end(&chain);
}

/* The file's time is that of this host, which is an hour slow or fast here; keys expire by the
 * cloud's. */
static void test_a_token_expires_by_the_clock_of_this_host(void **state)
{
	struct fake_env fake = fake_session(TOKEN("2024-05-06T12:30:00Z", REGISTERED));
	struct chain chain;

	(void)state;
	fake.host_time = NOW - 3600;
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_http(&chain, "GET", PORTAL QUERY, "");
	chain_answer(&chain, 200, ROLE_KEYS);
	assert_keys(&chain, "ASIA", "hush", "hush-token", NOW + 3600);
	chain_end(&chain);
	fake = fake_session(TOKEN("2024-05-06T13:30:00Z", REGISTERED));
	fake.host_time = NOW + 3600;
	chain_begin(&chain, PROFILE, NULL, fake);
	chain_answer(&chain, 200, RENEWED(""));
	assert_writes(&chain, WRITTEN("2024-05-06T14:53:20Z", ""));
	chain_end(&chain);
}

static void test_a_token_that_has_expired_is_renewed_or_fails(void **state)
{
	static const char *const useless[] = {
		"", "{}", "hush", "{\"accessToken\":7}", "{\"accessToken\":\"\"}"};
	struct fake_env expired = fake_session(TOKEN("2024-05-06T12:53:20Z", REGISTERED));
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, expired);
	chain_answer(&chain, 200, "{\"accessToken\":\"hush-new\"}");
	assert_http(&chain, "GET", PORTAL QUERY, "");
	chain_end(&chain);
	for (size_t i = 0; i < N_ELEMENTS(useless); i++) {
		chain_begin(&chain, PROFILE, NULL, expired);
		chain_answer(&chain, 200, useless[i]);
		assert_failed(&chain, CFS_EXPIRED,
			"the SSO token has expired and could not be renewed" LOGIN);
		chain_end(&chain);
	}
	chain_begin(&chain, PROFILE, NULL, expired);
	chain_no_answer(&chain, CFS_REFUSED);
	assert_failed(&chain, CFS_REFUSED, "IAM Identity Center refused the connection");
	chain_end(&chain);
	/* A registration that is over renews nothing. */
	expired.entries[2].value = TOKEN("2024-05-06T12:53:20Z",
		",\"clientId\":\"c\",\"clientSecret\":\"hush\",\"refreshToken\":\"hush\","
		"\"registrationExpiresAt\":\"2024-05-06T12:00:00Z\"");
	assert_refused(PROFILE, NULL, expired, CFS_EXPIRED, "the SSO token has expired" LOGIN);
}

static void test_a_file_without_a_token_is_told(void **state)
{
	static const char *const bad[] = {"", "hush", "[]", "{}", "{\"accessToken\":\"hush\"}",
		"{\"expiresAt\":\"2024-05-06T18:00:00Z\"}",
		"{\"accessToken\":1,\"expiresAt\":\"2024-05-06T18:00:00Z\"}", TOKEN("hush", ""),
		"{\"accessToken\":\"hush\",\"expiresAt\":\"2024-05-06T18:00:00Z\""};

	(void)state;
	assert_refused(PROFILE, NULL, fake_session(NULL), CFS_UNAUTHENTICATED,
		"there is no SSO token" LOGIN);
	assert_refused(PROFILE, NULL, fake_session("EACCES"), CFS_UNAUTHENTICATED,
		"there is no SSO token" LOGIN);
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_refused(PROFILE, NULL, fake_session(bad[i]), CFS_UNAUTHENTICATED,
			"the SSO token cannot be read" LOGIN);
	/* A header it could end. */
	assert_refused(PROFILE, NULL,
		fake_session("{\"accessToken\":\"hush\\r\\nX: y\","
			     "\"expiresAt\":\"2024-05-06T18:00:00Z\"}"),
		CFS_UNAUTHENTICATED,
		"the configured values for IAM Identity Center cannot be sent");
}

static void assert_config(const char *config, const char *why)
{
	struct fake_env fake = fake_session(TOKEN("2024-05-06T18:00:00Z", ""));

	fake.entries[1].value = config;
	assert_refused(PROFILE, NULL, fake, CFS_UNAUTHENTICATED, why);
}

static void test_what_is_missing_or_contradicts_is_named(void **state)
{
	(void)state;
	assert_config("[default]\nsso_account_id = 1\n",
		"profile default signs in with SSO but has no sso_role_name");
	assert_config("[default]\nsso_role_name = 1\n",
		"profile default signs in with SSO but has no sso_account_id");
	assert_config("[default]\n" ROLE "sso_start_url = x\n",
		"profile default signs in with SSO but has no sso_region");
	assert_config("[default]\n" ROLE "sso_region = us-east-1\n",
		"profile default signs in with SSO but has no sso_start_url");
	assert_config("[default]\nsso_session = corp\n" ROLE,
		"there is no sso-session corp, which profile default names");
	assert_config(SESSION_CONFIG "[default]\nsso_region = eu-west-1\n",
		"profile default and sso-session corp have different values of sso_region");
	assert_config("[default]\n" ROLE "sso_region = a/../b\nsso_start_url = x\n",
		"sso_region is not a region name");
}

static void assert_portal(int status, const char *answer, enum cfs_fault fault, const char *why)
{
	struct chain chain;

	chain_begin(&chain, PROFILE, NULL, fake_session(TOKEN("2024-05-06T18:00:00Z", "")));
	chain_answer(&chain, status, answer);
	assert_failed(&chain, fault, why);
	chain_end(&chain);
}

/* As long as a token. */
#define TEN "hush123456"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

#define NO_KEYS "IAM Identity Center sent an answer without keys"

static void test_what_the_portal_says_is_said(void **state)
{
	static const char *const bad[] = {"", "hush", "[]", "{}", "{\"roleCredentials\":[]}",
		"{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"hush\","
		"\"sessionToken\":\"hush\"}}",
		"{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"hush\","
		"\"sessionToken\":\"hush\",\"expiration\":1e300}}",
		"{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"hush\","
		"\"sessionToken\":\"hush\",\"expiration\":-1}}",
		"{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"hush\","
		"\"sessionToken\":\"hush\",\"expiration\":\"1715003600999\"}}"};

	(void)state;
	assert_portal(401, "{\"message\":\"Session token not found or invalid\"}", CFS_EXPIRED,
		"the SSO session has ended" LOGIN);
	assert_portal(403, "{\"message\":\"No access\\n\"}", CFS_DENIED,
		"IAM Identity Center gave no keys for Power User: HTTP status 403: No access");
	assert_portal(403, "{\"message\":\"bad token " LONG "\"}", CFS_DENIED,
		"IAM Identity Center gave no keys for Power User: HTTP status 403: bad token");
	assert_portal(404, "<html>", CFS_UNAUTHENTICATED,
		"IAM Identity Center gave no keys for Power User: HTTP status 404");
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_portal(200, bad[i], CFS_BAD_ANSWER, NO_KEYS);
	assert_portal(200,
		"{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"hush\","
		"\"sessionToken\":\"hush\",\"expiration\":1}}",
		CFS_EXPIRED,
		"SSO role Power User in account 123456789012, by profile default: the keys have "
		"expired");
}

static void test_an_answer_cut_anywhere_holds_no_keys(void **state)
{
	char text[sizeof(ROLE_KEYS)];

	(void)state;
	for (size_t len = 0; len < strlen(ROLE_KEYS); len++) {
		memcpy(text, ROLE_KEYS, len);
		text[len] = '\0';
		assert_portal(200, text, CFS_BAD_ANSWER, NO_KEYS);
	}
}

static void test_a_failing_portal_is_asked_again(void **state)
{
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake_session(TOKEN("2024-05-06T18:00:00Z", "")));
	chain_answer(&chain, 429, "");
	assert_http(&chain, "GET", PORTAL QUERY, "");
	chain_answer(&chain, 500, "");
	assert_http(&chain, "GET", PORTAL QUERY, "");
	chain_answer(&chain, 503, "");
	assert_failed(&chain, CFS_SERVER,
		"IAM Identity Center gave no keys for Power User: HTTP status 503");
	chain_end(&chain);
}

static void test_both_services_may_be_elsewhere(void **state)
{
	struct fake_env fake = fake_session(TOKEN("2024-05-06T13:00:00Z", REGISTERED));
	struct chain chain;

	(void)state;
	fake.entries[3].name = "AWS_ENDPOINT_URL_SSO";
	fake.entries[3].value = "https://127.0.0.1:1/sso";
	fake.entries[4].name = "AWS_ENDPOINT_URL_SSO_OIDC";
	fake.entries[4].value = "https://127.0.0.1:1/oidc/";
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_http(&chain, "POST", "https://127.0.0.1:1/oidc/token", NULL);
	chain_answer(&chain, 400, "");
	assert_http(&chain, "GET", "https://127.0.0.1:1/sso/federation/credentials" QUERY, NULL);
	chain_end(&chain);
	fake.entries[3].value = "hush";
	assert_refused(PROFILE, NULL, fake, CFS_UNAUTHENTICATED,
		"AWS_ENDPOINT_URL_SSO does not begin with https://");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_session_gives_keys),
		cmocka_unit_test(test_a_profile_without_a_session_gives_keys),
		cmocka_unit_test(test_a_token_that_expires_soon_is_renewed),
		cmocka_unit_test(test_a_renewed_token_is_written_back_unless_the_file_has_changed),
		cmocka_unit_test(test_a_refusal_may_mean_that_another_was_faster),
		cmocka_unit_test(test_a_token_expires_by_the_clock_of_this_host),
		cmocka_unit_test(test_a_token_that_has_expired_is_renewed_or_fails),
		cmocka_unit_test(test_a_file_without_a_token_is_told),
		cmocka_unit_test(test_what_is_missing_or_contradicts_is_named),
		cmocka_unit_test(test_what_the_portal_says_is_said),
		cmocka_unit_test(test_an_answer_cut_anywhere_holds_no_keys),
		cmocka_unit_test(test_a_failing_portal_is_asked_again),
		cmocka_unit_test(test_both_services_may_be_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
