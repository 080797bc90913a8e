/* SPDX-License-Identifier: MIT */
/*
 * Static keys: in the environment, and in a profile's files.
 */
#include "tests/unit/support/aws_chain.h"

#define ENVIRONMENT &cfs_aws_provider_environment
#define PROFILE &cfs_aws_provider_profile

/* One step that gives keys. */
static void assert_gives(const struct cfs_provider *provider, const char *profile,
	struct fake_env fake, const char *why, const char *id, const char *secret,
	const char *token, int64_t expires)
{
	struct chain chain;

	chain_begin(&chain, provider, profile, fake);
	assert_string_equal(chain.step.why, why);
	assert_keys(&chain, id, secret, token, expires);
	chain_end(&chain);
}

static void assert_none(const struct cfs_provider *provider, const char *profile,
	struct fake_env fake, const char *why)
{
	struct chain chain;

	chain_begin(&chain, provider, profile, fake);
	assert_absent(&chain, why);
	chain_end(&chain);
}

#define FROM_ENVIRONMENT "the environment (AWS_ACCESS_KEY_ID)"

static void test_environment_gives_keys(void **state)
{
	struct fake_env fake = {.entries = {
					{"AWS_ACCESS_KEY_ID", "AKID"},
					{"AWS_SECRET_ACCESS_KEY", "hush"},
					{"AWS_PROFILE", "ignored"},
				}};

	(void)state;
	assert_gives(ENVIRONMENT, NULL, fake, FROM_ENVIRONMENT, "AKID", "hush", NULL, INT64_MAX);
	fake.entries[3].name = "AWS_SESSION_TOKEN";
	fake.entries[3].value = "token";
	fake.entries[4].name = "AWS_CREDENTIAL_EXPIRATION";
	fake.entries[4].value = "2024-05-06T13:00:00Z";
	assert_gives(ENVIRONMENT, NULL, fake, FROM_ENVIRONMENT, "AKID", "hush", "token", NOW + 400);
	/* Its older name, which botocore takes first. */
	fake.entries[5].name = "AWS_SECURITY_TOKEN";
	fake.entries[5].value = "older";
	assert_gives(ENVIRONMENT, NULL, fake, FROM_ENVIRONMENT, "AKID", "hush", "older", NOW + 400);
}

static void test_environment_without_a_key_id_is_absent(void **state)
{
	struct fake_env fake = {
		.entries = {{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", "hush"}}};

	(void)state;
	assert_none(ENVIRONMENT, NULL, (struct fake_env){0}, "AWS_ACCESS_KEY_ID is not set");
	/* Empty is unset; and a secret alone is nothing to botocore either. */
	assert_none(ENVIRONMENT, NULL, fake, "AWS_ACCESS_KEY_ID is not set");
}

static void test_a_profile_of_our_configuration_beats_the_environment(void **state)
{
	struct fake_env fake = {
		.entries = {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "hush"}}};

	(void)state;
	assert_none(ENVIRONMENT, "prod", fake, "skipped: the configuration names profile prod");
}

static void test_unusable_keys_in_the_environment_end_the_chain(void **state)
{
	struct fake_env fake = {.entries = {
					{"AWS_ACCESS_KEY_ID", "ASIA"},
					{"AWS_SECRET_ACCESS_KEY", "hush"},
					{"AWS_CREDENTIAL_EXPIRATION", "2024-05-06T12:53:20Z"},
				}};

	(void)state;
	assert_refused(
		ENVIRONMENT, NULL, fake, CFS_EXPIRED, FROM_ENVIRONMENT ": the keys have expired");
	fake.entries[2].value = "tomorrow";
	assert_refused(ENVIRONMENT, NULL, fake, CFS_UNAUTHENTICATED,
		"AWS_CREDENTIAL_EXPIRATION is not a time like 2024-05-06T12:53:20Z");
	fake.entries[2].value = NULL;
	fake.entries[1].value = "hush\r\nX-Injected: 1";
	assert_refused(ENVIRONMENT, NULL, fake, CFS_UNAUTHENTICATED,
		FROM_ENVIRONMENT ": the secret key holds a blank, a control character or "
				 "one that is not ASCII");
	fake.entries[1].value = NULL;
	assert_refused(ENVIRONMENT, NULL, fake, CFS_UNAUTHENTICATED,
		"AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not");
}

static void test_static_keys_of_the_default_profile(void **state)
{
	static const char text[] = "# a comment\r\n[other]\r\naws_access_key_id = NO\r\n"
				   "[default]\r\nAWS_Access_Key_Id = AKID ; comment\r\n"
				   "aws_secret_access_key=hush/+=\r\naws_session_token = tok\r\n";
	struct fake_env fake = {.entries = {HOME, {CREDENTIALS, text}}};

	(void)state;
	assert_gives(PROFILE, NULL, fake, "profile default in ~/.aws/credentials", "AKID",
		"hush/+=", "tok", INT64_MAX);
	/* In the config file it may be [default] or [profile default]. */
	fake.entries[1].name = CONFIG;
	assert_gives(PROFILE, NULL, fake, "profile default in ~/.aws/config", "AKID",
		"hush/+=", "tok", INT64_MAX);
	fake.entries[1].value = "[profile default]\n" STATIC("A");
	assert_gives(PROFILE, NULL, fake, "profile default in ~/.aws/config", "A", "hushA", NULL,
		INT64_MAX);
}

static void test_who_names_the_profile(void **state)
{
	static const char text[] = "[a]\n" STATIC("A") "[b]\n" STATIC("B") "[c]\n" STATIC("C");
	struct fake_env fake = {.entries = {HOME, {CREDENTIALS, text}, {"AWS_PROFILE", "b"},
					{"AWS_DEFAULT_PROFILE", "c"}}};

	(void)state;
	assert_gives(PROFILE, "a", fake, "profile a in ~/.aws/credentials", "A", "hushA", NULL,
		INT64_MAX);
	assert_gives(PROFILE, NULL, fake, "profile b in ~/.aws/credentials", "B", "hushB", NULL,
		INT64_MAX);
	fake.entries[2].value = "";
	assert_gives(PROFILE, NULL, fake, "profile c in ~/.aws/credentials", "C", "hushC", NULL,
		INT64_MAX);
}

static void test_the_credentials_file_wins_and_pairs_are_never_mixed(void **state)
{
	struct fake_env fake = {
		.entries = {HOME, {CREDENTIALS, "[default]\n" STATIC("FIRST")},
			{CONFIG, "[default]\n" STATIC("SECOND") "aws_session_token=token2\n"}}};

	(void)state;
	assert_gives(PROFILE, NULL, fake, "profile default in ~/.aws/credentials", "FIRST",
		"hushFIRST", NULL, INT64_MAX);
	fake.entries[1].value = "[default]\naws_access_key_id=FIRST\n";
	assert_refused(PROFILE, NULL, fake, CFS_UNAUTHENTICATED,
		"profile default in ~/.aws/credentials has aws_access_key_id but no "
		"aws_secret_access_key");
	fake.entries[1].value = "[default]\naws_access_key_id =\naws_secret_access_key =\n";
	assert_gives(PROFILE, NULL, fake, "profile default in ~/.aws/config", "SECOND",
		"hushSECOND", "token2", INT64_MAX);
	fake.entries[1].value = "[default]\naws_secret_access_key=hush\n";
	assert_gives(PROFILE, NULL, fake, "profile default in ~/.aws/config", "SECOND",
		"hushSECOND", "token2", INT64_MAX);
}

static void test_files_are_where_the_environment_says(void **state)
{
	struct fake_env fake = {.entries = {
					{"AWS_SHARED_CREDENTIALS_FILE", "/elsewhere"},
					{"AWS_CONFIG_FILE", "/nowhere"},
					{"/elsewhere", "[default]\n" STATIC("A")},
				}};

	(void)state;
	assert_gives(PROFILE, NULL, fake, "profile default in /elsewhere", "A", "hushA", NULL,
		INT64_MAX);
}

static void test_no_profile_says_where_it_was_looked_for(void **state)
{
	struct fake_env fake = {.entries = {HOME}};

	(void)state;
	assert_none(PROFILE, NULL, fake,
		"there is no profile default in ~/.aws/credentials or ~/.aws/config");
	/* Not even a home directory. */
	assert_none(PROFILE, NULL, (struct fake_env){0},
		"there is no profile default in ~/.aws/credentials or ~/.aws/config");
	/* What somebody named has to be there. */
	assert_refused(PROFILE, "prod", fake, CFS_UNAUTHENTICATED,
		"there is no profile prod in ~/.aws/credentials or ~/.aws/config");
	fake.entries[1].name = "AWS_PROFILE";
	fake.entries[1].value = "prod";
	assert_refused(PROFILE, NULL, fake, CFS_UNAUTHENTICATED,
		"there is no profile prod in ~/.aws/credentials or ~/.aws/config");
	fake.entries[1].name = CONFIG;
	fake.entries[1].value = "[default]\nregion = us-east-1\n";
	assert_none(PROFILE, NULL, fake,
		"profile default in ~/.aws/credentials or ~/.aws/config has neither "
		"aws_access_key_id nor another source of keys");
}

static void test_a_file_that_cannot_be_used_is_named(void **state)
{
	struct fake_env fake = {.entries = {HOME, {CREDENTIALS, "[default]\nhush-hush\n"}}};

	(void)state;
	assert_refused(PROFILE, NULL, fake, CFS_UNAUTHENTICATED,
		"line 2 of ~/.aws/credentials is neither [SECTION] nor KEY = VALUE");
	fake.entries[1].value = "EACCES";
	assert_refused(PROFILE, NULL, fake, CFS_UNAUTHENTICATED,
		"cannot read ~/.aws/credentials: Permission denied");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environment_gives_keys),
		cmocka_unit_test(test_environment_without_a_key_id_is_absent),
		cmocka_unit_test(test_a_profile_of_our_configuration_beats_the_environment),
		cmocka_unit_test(test_unusable_keys_in_the_environment_end_the_chain),
		cmocka_unit_test(test_static_keys_of_the_default_profile),
		cmocka_unit_test(test_who_names_the_profile),
		cmocka_unit_test(test_the_credentials_file_wins_and_pairs_are_never_mixed),
		cmocka_unit_test(test_files_are_where_the_environment_says),
		cmocka_unit_test(test_no_profile_says_where_it_was_looked_for),
		cmocka_unit_test(test_a_file_that_cannot_be_used_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
