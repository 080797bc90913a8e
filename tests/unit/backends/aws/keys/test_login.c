/* SPDX-License-Identifier: MIT */
/*
 * The session of `aws login`: its keys, and their renewal beside the other tools that share the file.
 */
#include "tests/unit/support/aws_chain.h"

#include "backends/contract/source.h"

#define PROFILE &cfs_aws_provider_profile
#define NAME "arn:aws:iam::123456789012:user/ann"
/* sha256 of it. */
#define FILE_NAME "143b1fc18f5ca9bb89e81d9a77fe53029e237039039ccab734b6fb08284f7780.json"
#define SESSION_FILE "/home/ops/.aws/login/cache/" FILE_NAME
#define CONFIG_TEXT "[default]\nlogin_session = " NAME "\nregion = eu-west-1\n"
#define KEY \
	"-----BEGIN EC PRIVATE KEY-----\\n" \
	"MHcCAQEEIJDbLHe3A1ii+6W3S0cfRd9qbWq2B06HhfPQO8M6zP3LoAoGCCqGSM49\\n" \
	"AwEHoUQDQgAEibvnCllburQoVTUeq4+emVCc72UihHnxrTgmBbrWgS2aEZeI9vir\\n" \
	"DevuhMnSSFaSIRiO1v9jIKGtLPt8RRFWVQ==\\n-----END EC PRIVATE KEY-----\\n"
#define TOKEN(id, expires) \
	"{\"accessToken\":{\"accessKeyId\":\"" id "\",\"secretAccessKey\":\"hush" id \
	"\",\"sessionToken\":\"hush-token-" id \
	"\",\"accountId\":\"123456789012\",\"expiresAt\":\"" expires "\"}"
#define CLIENT "\"clientId\":\"arn:aws:signin:::devtools/same-device\""
#define REST(refresh) \
	"," CLIENT ",\"refreshToken\":\"" refresh "\",\"dpopKey\":\"" KEY \
	"\",\"tokenType\":\"aws_sigv4\",\"idToken\":\"hush.id.token\",\"other\":[1,{\"a\":null}]}"
#define LIVE "2024-05-06T12:58:21Z" /* five minutes and a second after NOW */
#define OLD "2024-05-06T12:58:20Z"  /* five minutes after NOW: they serve, but are renewed */
#define PAST "2024-05-06T12:53:20Z" /* NOW */
#define URL "https://eu-west-1.signin.aws.amazon.com/v1/token"
#define BODY(refresh) \
	"{" CLIENT ",\"grantType\":\"refresh_token\",\"refreshToken\":\"" refresh "\"}"
#define ANSWER \
	"{\"accessToken\":{\"accessKeyId\":\"NEW\",\"secretAccessKey\":\"hushNEW\"," \
	"\"sessionToken\":\"hush-token-NEW\"},\"expiresIn\":900,\"refreshToken\":\"hush-r2\"," \
	"\"tokenType\":\"aws_sigv4\"}"
#define RENEWED "2024-05-06T13:08:20Z"
#define REFUSED(code) "{\"error\":\"" code "\",\"message\":\"hush of hush-r1\"}"
#define FROM "aws login as " NAME ", by profile default"
#define LOGIN "; sign in with: aws login --profile default"
#define RUN "aws login by profile default, not renewed; run: aws login --profile default "

enum { CONFIG_ENTRY = 1, FILE_ENTRY };

static struct fake_env fake_login(const char *file)
{
	return (struct fake_env){.entries = {HOME, {CONFIG, CONFIG_TEXT}, {SESSION_FILE, file}}};
}

static void assert_asks(const struct chain *chain, const char *refresh)
{
	char body[256];

	snprintf(body, sizeof(body),
		"{" CLIENT ",\"grantType\":\"refresh_token\",\"refreshToken\":\"%s\"}", refresh);
	assert_http(chain, "POST", URL, body);
	assert_string_equal(chain_header(chain, "Content-Type"), "application/json");
	assert_non_null(chain_header(chain, "DPoP"));
	assert_null(chain_header(chain, "Authorization"));
}

/* A write of the file, and how it then ends. */
static void assert_writes(struct chain *chain, const char *text)
{
	assert_int_equal(chain->step.kind, CFS_STEP_WRITE);
	assert_string_equal(chain->step.path, SESSION_FILE);
	assert_string_equal(cfs_buf_text(&chain->step.bytes), text);
}

static void test_keys_that_live_are_used_whatever_else_the_file_holds(void **state)
{
	static const char *const files[] = {TOKEN("OLD", LIVE) REST("hush-r1"),
		TOKEN("OLD", LIVE) "}", TOKEN("OLD", LIVE) ",\"dpopKey\":\"k\"}",
		TOKEN("OLD", LIVE) ",\"dpopKey\":7}",
		"\n" TOKEN("OLD", "2024-05-06 12:58:21.5+00") "}\n"};
	struct chain chain;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		chain_begin(&chain, PROFILE, NULL, fake_login(files[i]));
		assert_keys(&chain, "OLD", "hushOLD", "hush-token-OLD", NOW + 301);
		assert_string_equal(chain.step.why, FROM);
		chain_end(&chain);
	}
}

static void test_old_keys_are_renewed_and_written_back(void **state)
{
	static const char *const files[] = {TOKEN("OLD", OLD) REST("hush-r1"),
		TOKEN("OLD", PAST) REST("hush-r1"),
		TOKEN("OLD", "2020-01-01T00:00:00Z") REST("hush-r1")};
	struct chain chain;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		chain_begin(&chain, PROFILE, NULL, fake_login(files[i]));
		assert_asks(&chain, "hush-r1");
		chain_answer(&chain, 200, ANSWER);
		assert_writes(&chain, TOKEN("NEW", RENEWED) REST("hush-r2"));
		chain_answer(&chain, 0, "");
		assert_keys(&chain, "NEW", "hushNEW", "hush-token-NEW", NOW + 900);
		assert_string_equal(chain.step.why, FROM);
		chain_end(&chain);
	}
}

/* The file's times are those of this host, whose clock is an hour slow here; keys expire by the
 * cloud's. */
static void test_times_in_the_file_are_those_of_this_host(void **state)
{
	struct fake_env fake = fake_login(TOKEN("OLD", "2024-05-06T11:58:21Z") REST("hush-r1"));
	struct chain chain;

	(void)state;
	fake.host_time = NOW - 3600;
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_keys(&chain, "OLD", "hushOLD", "hush-token-OLD", NOW + 301);
	chain_end(&chain);
	fake = fake_login(TOKEN("OLD", "2024-05-06T11:58:20Z") REST("hush-r1"));
	fake.host_time = NOW - 3600;
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_asks(&chain, "hush-r1");
	chain_answer(&chain, 200, ANSWER);
	assert_writes(&chain, TOKEN("NEW", "2024-05-06T12:08:20Z") REST("hush-r2"));
	chain_answer(&chain, 0, "");
	assert_keys(&chain, "NEW", "hushNEW", "hush-token-NEW", NOW + 900);
	chain_end(&chain);
}

static void test_new_keys_serve_where_they_cannot_be_written_back(void **state)
{
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake_login(TOKEN("OLD", PAST) REST("hush-r1")));
	chain_answer(&chain, 200, ANSWER);
	assert_int_equal(chain.step.kind, CFS_STEP_WRITE);
	chain_answer(&chain, -EROFS, "");
	assert_keys(&chain, "NEW", "hushNEW", "hush-token-NEW", NOW + 900);
	assert_string_equal(chain.step.why,
		"aws login by profile default, not written back: Read-only file system");
	chain_end(&chain);
}

/* What the file holds when the answer comes, and whose keys are used then. */
static void test_a_file_that_another_has_changed_is_not_written_over(void **state)
{
	static const struct {
		const char *file, *id, *why;
	} cases[] = {
		/* Renewed by another tool; signed in again with another key; signed out. */
		{TOKEN("OTHER", RENEWED) REST("hush-r7"), "OTHER", FROM},
		{TOKEN("OTHER", RENEWED) "," CLIENT
					 ",\"refreshToken\":\"hush-r1\",\"dpopKey\":\"x\"}",
			"OTHER", FROM},
		{TOKEN("OTHER", PAST) REST("hush-r7"), "NEW",
			"aws login by profile default, not written back: its file has gone or "
			"changed"},
		{NULL, "NEW",
			"aws login by profile default, not written back: its file has gone or "
			"changed"},
		{"hush", "NEW",
			"aws login by profile default, not written back: its file has gone or "
			"changed"},
	};
	struct chain chain;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		chain_begin(&chain, PROFILE, NULL, fake_login(TOKEN("OLD", PAST) REST("hush-r1")));
		chain.fake.entries[FILE_ENTRY].value = cases[i].file;
		chain_answer(&chain, 200, ANSWER);
		if (chain.step.kind != CFS_STEP_KEYS)
			fail_msg("%zu: %d %s", i, chain.step.kind, chain.step.why);
		assert_string_equal(chain.step.keys.id.data, cases[i].id);
		assert_string_equal(chain.step.why, cases[i].why);
		chain_end(&chain);
	}
	/* What another has written beside the token stays. */
	chain_begin(&chain, PROFILE, NULL, fake_login(TOKEN("OLD", PAST) REST("hush-r1")));
	chain.fake.entries[FILE_ENTRY].value =
		"{\"new\":1," CLIENT ",\"refreshToken\":\"hush-r1\",\"dpopKey\":\"" KEY
		"\",\"accessToken\":{\"accessKeyId\":\"A\","
		"\"secretAccessKey\":\"hush\",\"sessionToken\":\"hush\","
		"\"expiresAt\":\"" PAST "\",\"b\":2}}";
	chain_answer(&chain, 200, ANSWER);
	assert_writes(&chain,
		"{\"new\":1," CLIENT ",\"refreshToken\":\"hush-r2\",\"dpopKey\":\"" KEY
		"\",\"accessToken\":{\"accessKeyId\":\"NEW\",\"secretAccessKey\":\"hushNEW\","
		"\"sessionToken\":\"hush-token-NEW\",\"expiresAt\":\"" RENEWED "\",\"b\":2}}");
	chain_end(&chain);
}

static void test_a_refusal_may_mean_that_another_was_faster(void **state)
{
	struct chain chain;

	(void)state;
	/* Its keys live. */
	chain_begin(&chain, PROFILE, NULL, fake_login(TOKEN("OLD", PAST) REST("hush-r1")));
	chain.fake.entries[FILE_ENTRY].value = TOKEN("OTHER", RENEWED) REST("hush-r7");
	chain_answer(&chain, 401, REFUSED("TOKEN_EXPIRED"));
	assert_keys(&chain, "OTHER", "hushOTHER", "hush-token-OTHER", NOW + 900);
	assert_string_equal(chain.step.why, FROM);
	chain_end(&chain);
	/* They do not, but its token is another; and so on, but not for ever. */
	chain_begin(&chain, PROFILE, NULL, fake_login(TOKEN("OLD", PAST) REST("hush-r1")));
	chain.fake.entries[FILE_ENTRY].value = TOKEN("OTHER", PAST) REST("hush-r7");
	chain_answer(&chain, 401, REFUSED("TOKEN_EXPIRED"));
	assert_asks(&chain, "hush-r7");
	chain.fake.entries[FILE_ENTRY].value = TOKEN("OTHER", PAST) REST("hush-r8");
	chain_answer(&chain, 401, REFUSED("TOKEN_EXPIRED"));
	assert_asks(&chain, "hush-r8");
	chain.fake.entries[FILE_ENTRY].value = TOKEN("OTHER", PAST) REST("hush-r9");
	chain_answer(&chain, 401, REFUSED("TOKEN_EXPIRED"));
	assert_failed(&chain, CFS_EXPIRED, "the login session has ended" LOGIN);
	chain_end(&chain);
	/* The user has signed out. */
	chain_begin(&chain, PROFILE, NULL, fake_login(TOKEN("OLD", PAST) REST("hush-r1")));
	chain.fake.entries[FILE_ENTRY].value = NULL;
	chain_answer(&chain, 401, REFUSED("TOKEN_EXPIRED"));
	assert_failed(&chain, CFS_UNAUTHENTICATED, "there is no login session" LOGIN);
	chain_end(&chain);
}

static void test_a_service_that_fails_is_asked_again_with_a_proof_of_now(void **state)
{
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake_login(TOKEN("OLD", PAST) REST("hush-r1")));
	chain_answer(&chain, 503, "");
	assert_asks(&chain, "hush-r1");
	chain_no_answer(&chain, CFS_RESET);
	assert_asks(&chain, "hush-r1");
	chain_answer(&chain, 429, REFUSED("INVALID_REQUEST"));
	assert_failed(&chain, CFS_THROTTLED,
		"the sign-in service refused it: HTTP status 429 INVALID_REQUEST" LOGIN);
	chain_end(&chain);
	/* What the file holds is looked at before each. */
	chain_begin(&chain, PROFILE, NULL, fake_login(TOKEN("OLD", PAST) REST("hush-r1")));
	chain.fake.entries[FILE_ENTRY].value = TOKEN("OTHER", RENEWED) REST("hush-r7");
	chain_answer(&chain, 503, "");
	assert_keys(&chain, "OTHER", "hushOTHER", "hush-token-OTHER", NOW + 900);
	chain_end(&chain);
}

static void test_a_refusal_says_to_sign_in(void **state)
{
	static const struct {
		int status;
		const char *answer;
		enum cfs_fault fault;
		const char *reason;
	} cases[] = {
		{401, REFUSED("TOKEN_EXPIRED"), CFS_EXPIRED, "the login session has ended"},
		{403, REFUSED("USER_CREDENTIALS_CHANGED"), CFS_EXPIRED,
			"the password was changed after signing in"},
		{403, REFUSED("INSUFFICIENT_PERMISSIONS"), CFS_DENIED,
			"signin:CreateOAuth2Token is not allowed"},
		{400, REFUSED("INVALID_REQUEST"), CFS_UNAUTHENTICATED,
			"the sign-in service refused it: HTTP status 400 INVALID_REQUEST"},
		{400, REFUSED("hush \\n\\u001b[31m"), CFS_UNAUTHENTICATED,
			"the sign-in service refused it: HTTP status 400 ?"},
		{403, "<html>hush</html>", CFS_DENIED,
			"the sign-in service refused it: HTTP status 403"},
		{200, "", CFS_BAD_ANSWER, "the sign-in service sent an answer without keys"},
		{200, "{}", CFS_BAD_ANSWER, "the sign-in service sent an answer without keys"},
		{200,
			"{\"accessToken\":{\"accessKeyId\":\"N\",\"secretAccessKey\":\"hush\","
			"\"sessionToken\":\"hush\"},\"expiresIn\":900}",
			CFS_BAD_ANSWER, "the sign-in service sent an answer without keys"},
		{200,
			"{\"accessToken\":{\"accessKeyId\":\"N\",\"secretAccessKey\":\"hush\","
			"\"sessionToken\":\"hush\"},\"expiresIn\":-1,\"refreshToken\":\"hush\"}",
			CFS_BAD_ANSWER, "the sign-in service sent an answer without keys"},
	};
	struct chain chain;
	char why[CFS_PROVIDER_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		chain_begin(&chain, PROFILE, NULL, fake_login(TOKEN("OLD", PAST) REST("hush-r1")));
		chain_answer(&chain, cases[i].status, cases[i].answer);
		snprintf(why, sizeof(why), "%s" LOGIN, cases[i].reason);
		assert_failed(&chain, cases[i].fault, why);
		chain_end(&chain);
		/* Keys that live serve on. */
		chain_begin(&chain, PROFILE, NULL, fake_login(TOKEN("OLD", OLD) REST("hush-r1")));
		chain_answer(&chain, cases[i].status, cases[i].answer);
		assert_keys(&chain, "OLD", "hushOLD", "hush-token-OLD", NOW + 300);
		snprintf(why, sizeof(why), RUN "(%s)", cases[i].reason);
		assert_string_equal(chain.step.why, why);
		chain_end(&chain);
	}
	chain_begin(&chain, PROFILE, NULL, fake_login(TOKEN("OLD", PAST) REST("hush-r1")));
	chain_no_answer(&chain, CFS_UNREACHABLE);
	assert_failed(&chain, CFS_UNREACHABLE, "the sign-in service cannot be reached" LOGIN);
	chain_end(&chain);
}

static void test_a_file_that_cannot_renew_says_what_it_lacks(void **state)
{
	static const struct {
		const char *rest, *reason;
	} cases[] = {
		{"}", "the login session's file has no clientId"},
		{"," CLIENT ",\"dpopKey\":\"hush\"}",
			"the login session's file has no refreshToken"},
		{"," CLIENT ",\"refreshToken\":\"hush\"}",
			"the login session's file has no dpopKey"},
		{"," CLIENT ",\"refreshToken\":\"hush\",\"dpopKey\":\"hush\"}",
			"the dpopKey in the login session's file is no P-256 key"},
		{",\"signInRegion\":\"evil.example/\"" REST("hush-r1"),
			"signInRegion or region is not a region name"},
	};
	char file[2048], why[CFS_PROVIDER_WHY_MAX];
	struct chain chain;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		snprintf(file, sizeof(file), TOKEN("OLD", PAST) "%s", cases[i].rest);
		snprintf(why, sizeof(why), "%s" LOGIN, cases[i].reason);
		chain_begin(&chain, PROFILE, NULL, fake_login(file));
		assert_string_equal(chain.step.why, why);
		assert_int_equal(chain.step.kind, CFS_STEP_FAILED);
		chain_end(&chain);
		snprintf(file, sizeof(file), TOKEN("OLD", OLD) "%s", cases[i].rest);
		snprintf(why, sizeof(why), RUN "(%s)", cases[i].reason);
		chain_begin(&chain, PROFILE, NULL, fake_login(file));
		assert_keys(&chain, "OLD", "hushOLD", "hush-token-OLD", NOW + 300);
		assert_string_equal(chain.step.why, why);
		chain_end(&chain);
	}
}

/* Neither to keys of the profile's own nor to those of the next provider. */
static void test_a_profile_that_asks_for_it_gets_no_other_identity(void **state)
{
	static const char *const bad[] = {"", "hush", "[]", "{}", "{\"accessToken\":7}",
		"{\"accessToken\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"hush\"}}",
		TOKEN("OLD", "hush") "}", TOKEN("OLD", "") REST("hush-r1")};
	struct fake_env fake = fake_login(NULL);

	(void)state;
	fake.entries[CONFIG_ENTRY].value =
		CONFIG_TEXT STATIC("OTHER") "credential_process = other\n";
	assert_refused(PROFILE, NULL, fake, CFS_UNAUTHENTICATED, "there is no login session" LOGIN);
	fake.entries[FILE_ENTRY].value = "EACCES";
	assert_refused(PROFILE, NULL, fake, CFS_UNAUTHENTICATED,
		"cannot read the login session's file: Permission denied" LOGIN);
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		fake.entries[FILE_ENTRY].value = bad[i];
		assert_refused(PROFILE, NULL, fake, CFS_UNAUTHENTICATED,
			"the login session's file holds no keys" LOGIN);
	}
	fake.entries[0].value = NULL;
	fake.entries[3].name = "AWS_CONFIG_FILE";
	fake.entries[3].value = CONFIG;
	fake.entries[4].name = "AWS_SHARED_CREDENTIALS_FILE";
	fake.entries[4].value = "/none";
	assert_refused(PROFILE, NULL, fake, CFS_UNAUTHENTICATED,
		"the session of aws login cannot be found: HOME is not set");
}

static void test_keys_of_the_credentials_file_come_first(void **state)
{
	struct fake_env fake = fake_login(TOKEN("OLD", LIVE) "}");
	struct chain chain;

	(void)state;
	fake.entries[3].name = CREDENTIALS;
	fake.entries[3].value = "[default]\n" STATIC("FILE");
	chain_begin(&chain, PROFILE, NULL, fake);
	assert_keys(&chain, "FILE", "hushFILE", NULL, INT64_MAX);
	chain_end(&chain);
}

static void test_the_directory_is_that_of_the_variable(void **state)
{
	static const char *const ways[] = {"/home/ops/mine", "~/mine", "$HOME/mine", "~/${PLACE}"};
	struct fake_env fake = fake_login(NULL);
	struct chain chain;

	(void)state;
	fake.entries[2].name = "/home/ops/mine/" FILE_NAME;
	fake.entries[2].value = TOKEN("OLD", LIVE) "}";
	fake.entries[3].name = "AWS_LOGIN_CACHE_DIRECTORY";
	fake.entries[4].name = "PLACE";
	fake.entries[4].value = "mine";
	for (size_t i = 0; i < N_ELEMENTS(ways); i++) {
		fake.entries[3].value = ways[i];
		chain_begin(&chain, PROFILE, NULL, fake);
		assert_keys(&chain, "OLD", "hushOLD", "hush-token-OLD", NOW + 301);
		chain_end(&chain);
	}
}

/* The region of the sign-in: the file's, the profile's, the account's, and none. */
static void test_the_service_of_the_right_region_is_asked(void **state)
{
	static const struct {
		const char *config, *region, *file, *url;
	} cases[] = {
		{"region = eu-west-1\n", "us-west-2", "\"signInRegion\":\"us-gov-west-1\",",
			"https://us-gov-west-1.signin.amazonaws-us-gov.com/v1/token"},
		{"region = eu-west-1\n", "us-west-2", "\"signInRegion\":\"\",", URL},
		{"region = eu-west-1\n", "us-west-2", "\"signInRegion\":7,", URL},
		{"", "us-west-2", "", "https://us-west-2.signin.aws.amazon.com/v1/token"},
		{"", NULL, "", "https://us-east-1.signin.aws.amazon.com/v1/token"},
		{"endpoint_url = https://sign.example/in\n", "us-west-2", "",
			"https://sign.example/in/v1/token"},
	};
	char config[256], file[2048];
	struct chain chain;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct fake_env fake = fake_login(file);

		snprintf(config, sizeof(config), "[default]\nlogin_session = " NAME "\n%s",
			cases[i].config);
		snprintf(file, sizeof(file), "{%s%s", cases[i].file,
			&(TOKEN("OLD", PAST) REST("hush-r1"))[1]);
		fake.entries[CONFIG_ENTRY].value = config;
		fake.entries[3].name = "AWS_REGION";
		fake.entries[3].value = cases[i].region;
		chain_begin(&chain, PROFILE, NULL, fake);
		assert_http(&chain, "POST", cases[i].url, BODY("hush-r1"));
		chain_end(&chain);
	}
}

static void test_a_role_may_be_assumed_with_it(void **state)
{
	struct fake_env fake = fake_login(TOKEN("OLD", PAST) REST("hush-r1"));
	struct chain chain;

	(void)state;
	fake.entries[CONFIG_ENTRY].value =
		"[profile r]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = "
		"default\n" CONFIG_TEXT;
	chain_begin(&chain, PROFILE, "r", fake);
	assert_asks(&chain, "hush-r1");
	chain_answer(&chain, 200, ANSWER);
	assert_int_equal(chain.step.kind, CFS_STEP_WRITE);
	chain_answer(&chain, 0, "");
	assert_int_equal(chain.step.kind, CFS_STEP_HTTP);
	assert_non_null(strstr(chain_header(&chain, "Authorization"), "Credential=NEW/"));
	chain_answer(&chain, 200, STS_KEYS("AssumeRole", "ROLE", "2024-05-06T13:53:20Z"));
	assert_keys(&chain, "ROLE", "hushROLE", "hush-token-ROLE", NOW + 3600);
	chain_end(&chain);
}

/* Everything that may stand before the write, and the roles that may stand above. */
static void test_the_steps_for_one_set_of_keys_suffice(void **state)
{
	struct chain chain;
	unsigned n = 0;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, fake_login(TOKEN("OLD", PAST) REST("hush-r1")));
	while (chain.step.kind == CFS_STEP_HTTP && n < CFS_SOURCE_RETRIES) {
		chain_answer(&chain, 503, "");
		n++;
	}
	chain_answer(&chain, 200, ANSWER);
	chain_answer(&chain, 0, "");
	assert_int_equal(chain.step.kind, CFS_STEP_KEYS);
	/* With 8 roles, and the retries of STS. */
	assert_true(n + 2 + 8 + CFS_SOURCE_RETRIES <= CFS_PROVIDER_STEPS_MAX);
	chain_end(&chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_that_live_are_used_whatever_else_the_file_holds),
		cmocka_unit_test(test_old_keys_are_renewed_and_written_back),
		cmocka_unit_test(test_times_in_the_file_are_those_of_this_host),
		cmocka_unit_test(test_new_keys_serve_where_they_cannot_be_written_back),
		cmocka_unit_test(test_a_file_that_another_has_changed_is_not_written_over),
		cmocka_unit_test(test_a_refusal_may_mean_that_another_was_faster),
		cmocka_unit_test(test_a_service_that_fails_is_asked_again_with_a_proof_of_now),
		cmocka_unit_test(test_a_refusal_says_to_sign_in),
		cmocka_unit_test(test_a_file_that_cannot_renew_says_what_it_lacks),
		cmocka_unit_test(test_a_profile_that_asks_for_it_gets_no_other_identity),
		cmocka_unit_test(test_keys_of_the_credentials_file_come_first),
		cmocka_unit_test(test_the_directory_is_that_of_the_variable),
		cmocka_unit_test(test_the_service_of_the_right_region_is_asked),
		cmocka_unit_test(test_a_role_may_be_assumed_with_it),
		cmocka_unit_test(test_the_steps_for_one_set_of_keys_suffice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
