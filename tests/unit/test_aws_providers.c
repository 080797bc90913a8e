#include "test_aws_support.h"

#include "backends/aws/profile.h"
#include "backends/aws/providers.h"
#include "backends/aws/time.h"

#define NOW INT64_C(1715000000) /* 2024-05-06T12:53:20Z */

/* One run of a provider that needs one step. The caller finishes the keys. */
static struct cfs_step run(
	const struct cfs_provider *provider, const char *profile, struct fake_env fake)
{
	struct cfs_settings settings = {.name = "aws", .profile = profile};
	struct cfs_provider_state *state;
	struct cfs_step step;

	memset(&step, 0xa5, sizeof(step));
	assert_int_equal(provider->create(&settings, fake_env_of(&fake), &state), 0);
	provider->step(state, NULL, NOW, &step);
	provider->destroy(state);
	return step;
}

static struct cfs_step run_environment(const char *profile, struct fake_env fake)
{
	return run(&cfs_aws_provider_environment, profile, fake);
}

static struct cfs_step run_profile(const char *profile, struct fake_env fake)
{
	return run(&cfs_aws_provider_profile, profile, fake);
}

static void assert_keys(
	struct cfs_step *step, const char *id, const char *secret, const char *token)
{
	if (step->kind != CFS_STEP_KEYS)
		fail_msg("%d: %s", step->kind, step->why);
	assert_string_equal(step->keys.id.data, id);
	assert_string_equal(step->keys.secret.data, secret);
	if (token)
		assert_string_equal(step->keys.token.data, token);
	else
		assert_null(step->keys.token.data);
	cfs_keys_finish(&step->keys);
}

/* A secret in an explanation would end up in a log. */
static void assert_why(const struct cfs_step *step, enum cfs_step_kind kind, const char *why)
{
	assert_string_equal(step->why, why);
	assert_int_equal(step->kind, kind);
	if (kind == CFS_STEP_FAILED)
		assert_int_not_equal(step->fault, CFS_OK);
	assert_null(step->keys.secret.data);
	assert_null(strstr(step->why, "hush"));
}

static void test_environment_gives_keys(void **state)
{
	struct cfs_step step = run_environment(NULL,
		(struct fake_env){.entries = {
					  {"AWS_ACCESS_KEY_ID", "AKID"},
					  {"AWS_SECRET_ACCESS_KEY", "hush"},
					  {"AWS_PROFILE", "ignored"},
				  }});

	(void)state;
	assert_string_equal(step.why, "the environment (AWS_ACCESS_KEY_ID)");
	assert_true(step.keys.expires == INT64_MAX);
	assert_keys(&step, "AKID", "hush", NULL);
	step = run_environment(NULL,
		(struct fake_env){.entries = {
					  {"AWS_ACCESS_KEY_ID", "ASIA"},
					  {"AWS_SECRET_ACCESS_KEY", "hush"},
					  {"AWS_SESSION_TOKEN", "token"},
					  {"AWS_CREDENTIAL_EXPIRATION", "2024-05-06T13:00:00Z"},
				  }});
	assert_true(step.keys.expires == NOW + 400);
	assert_keys(&step, "ASIA", "hush", "token");
}

static void test_environment_without_keys_is_absent(void **state)
{
	struct cfs_step step = run_environment(NULL, (struct fake_env){0});

	(void)state;
	assert_why(&step, CFS_STEP_ABSENT, "AWS_ACCESS_KEY_ID is not set");
	/* Empty is unset. */
	step = run_environment(NULL,
		(struct fake_env){.entries = {
					  {"AWS_ACCESS_KEY_ID", ""},
					  {"AWS_SECRET_ACCESS_KEY", ""},
				  }});
	assert_why(&step, CFS_STEP_ABSENT, "AWS_ACCESS_KEY_ID is not set");
}

static void test_a_profile_of_our_configuration_beats_the_environment(void **state)
{
	struct cfs_step step = run_environment("prod",
		(struct fake_env){.entries = {
					  {"AWS_ACCESS_KEY_ID", "AKID"},
					  {"AWS_SECRET_ACCESS_KEY", "hush"},
				  }});

	(void)state;
	assert_why(&step, CFS_STEP_ABSENT,
		"not looked at, since the configuration names profile prod");
}

static void test_half_a_pair_in_the_environment_fails(void **state)
{
	struct cfs_step step = run_environment(
		NULL, (struct fake_env){.entries = {{"AWS_ACCESS_KEY_ID", "AKID"}}});

	(void)state;
	assert_why(&step, CFS_STEP_FAILED,
		"AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not");
	step = run_environment(
		NULL, (struct fake_env){.entries = {{"AWS_SECRET_ACCESS_KEY", "hush"}}});
	assert_why(&step, CFS_STEP_FAILED,
		"AWS_SECRET_ACCESS_KEY is set but AWS_ACCESS_KEY_ID is not");
}

static void test_expired_or_unusable_keys_in_the_environment_fail(void **state)
{
	struct fake_env fake = {.entries = {
					{"AWS_ACCESS_KEY_ID", "ASIA"},
					{"AWS_SECRET_ACCESS_KEY", "hush"},
					{"AWS_CREDENTIAL_EXPIRATION", "2024-05-06T12:53:20Z"},
				}};
	struct cfs_step step = run_environment(NULL, fake);

	(void)state;
	assert_why(&step, CFS_STEP_FAILED,
		"the keys in the environment have expired (AWS_CREDENTIAL_EXPIRATION)");
	assert_int_equal(step.fault, CFS_EXPIRED);
	fake.entries[2].value = "tomorrow";
	step = run_environment(NULL, fake);
	assert_why(&step, CFS_STEP_FAILED, "AWS_CREDENTIAL_EXPIRATION is not a time");
	fake.entries[2].value = NULL;
	fake.entries[1].value = "hush\r\nX-Injected: 1";
	step = run_environment(NULL, fake);
	assert_why(&step, CFS_STEP_FAILED,
		"the environment (AWS_ACCESS_KEY_ID): the keys hold blanks, control bytes or "
		"characters beyond "
		"ASCII");
}

#define HOME \
	{ \
		"HOME", "/home/ops" \
	}
#define CREDENTIALS "/home/ops/.aws/credentials"
#define CONFIG "/home/ops/.aws/config"

static void test_static_keys_of_the_default_profile(void **state)
{
	static const char text[] = "# a comment\r\n[other]\r\naws_access_key_id = NO\r\n"
				   "[default]\r\nAWS_Access_Key_Id = AKID ; comment\r\n"
				   "aws_secret_access_key=hush/+=\r\naws_session_token = tok\r\n";
	struct cfs_step step =
		run_profile(NULL, (struct fake_env){.entries = {HOME, {CREDENTIALS, text}}});

	(void)state;
	assert_string_equal(step.why, "profile default in ~/.aws/credentials");
	assert_keys(&step, "AKID", "hush/+=", "tok");
	/* In the config file it may be [default] or [profile default]. */
	step = run_profile(NULL, (struct fake_env){.entries = {HOME, {CONFIG, text}}});
	assert_string_equal(step.why, "profile default in ~/.aws/config");
	assert_keys(&step, "AKID", "hush/+=", "tok");
	step = run_profile(NULL,
		(struct fake_env){.entries = {HOME,
					  {CONFIG,
						  "[profile default]\naws_access_key_id=A\n"
						  "aws_secret_access_key=hush\n"}}});
	assert_keys(&step, "A", "hush", NULL);
}

static void test_who_names_the_profile(void **state)
{
	static const char text[] = "[a]\naws_access_key_id=A\naws_secret_access_key=hush\n"
				   "[b]\naws_access_key_id=B\naws_secret_access_key=hush\n"
				   "[c]\naws_access_key_id=C\naws_secret_access_key=hush\n";
	struct fake_env fake = {.entries = {HOME, {CREDENTIALS, text}, {"AWS_PROFILE", "b"},
					{"AWS_DEFAULT_PROFILE", "c"}}};
	struct cfs_step step = run_profile("a", fake);

	(void)state;
	assert_keys(&step, "A", "hush", NULL);
	step = run_profile(NULL, fake);
	assert_keys(&step, "B", "hush", NULL);
	fake.entries[2].value = "";
	step = run_profile(NULL, fake);
	assert_keys(&step, "C", "hush", NULL);
}

static void test_sections_of_the_config_file_are_prefixed(void **state)
{
	static const char text[] =
		"[prod]\naws_access_key_id=WRONG\naws_secret_access_key=hush\n"
		"[sso-session prod]\naws_access_key_id=WRONG\n"
		"[profile prod-2]\naws_access_key_id=WRONG\n"
		"[profile \"two words\"]\naws_access_key_id=QUOTED\naws_secret_access_key=hush\n"
		"[profile   prod]\naws_access_key_id=OLD\naws_secret_access_key=hush\n"
		"s3 =\n  aws_access_key_id = NESTED\n"
		"[profile prod]\naws_access_key_id=RIGHT\n";
	struct fake_env fake = {.entries = {HOME, {CONFIG, text}}};
	struct cfs_step step = run_profile("prod", fake);

	(void)state;
	assert_keys(&step, "RIGHT", "hush", NULL);
	step = run_profile("two words", fake);
	assert_keys(&step, "QUOTED", "hush", NULL);
	step = run_profile("profile prod", fake);
	assert_why(&step, CFS_STEP_FAILED,
		"no profile profile prod in ~/.aws/credentials, ~/.aws/config");
}

static void test_the_credentials_file_wins_and_pairs_are_never_mixed(void **state)
{
	struct fake_env fake = {.entries = {HOME,
					{CREDENTIALS,
						"[default]\naws_access_key_id=FIRST\n"
						"aws_secret_access_key=hush1\n"},
					{CONFIG,
						"[default]\naws_access_key_id=SECOND\n"
						"aws_secret_access_key=hush2\n"
						"aws_session_token=token2\n"}}};
	struct cfs_step step = run_profile(NULL, fake);

	(void)state;
	assert_keys(&step, "FIRST", "hush1", NULL);
	fake.entries[1].value = "[default]\naws_access_key_id=FIRST\n";
	step = run_profile(NULL, fake);
	assert_why(&step, CFS_STEP_FAILED,
		"profile default in ~/.aws/credentials has aws_access_key_id but no "
		"aws_secret_access_key");
	fake.entries[1].value = "[default]\naws_secret_access_key=hush\n";
	step = run_profile(NULL, fake);
	assert_why(&step, CFS_STEP_FAILED,
		"profile default in ~/.aws/credentials has aws_secret_access_key but no "
		"aws_access_key_id");
	fake.entries[1].value = "[default]\naws_access_key_id =\naws_secret_access_key =\n";
	step = run_profile(NULL, fake);
	assert_keys(&step, "SECOND", "hush2", "token2");
}

static void test_files_are_where_the_environment_says(void **state)
{
	struct cfs_step step = run_profile(NULL,
		(struct fake_env){.entries = {
					  {"AWS_SHARED_CREDENTIALS_FILE", "/elsewhere"},
					  {"AWS_CONFIG_FILE", "/nowhere"},
					  {"/elsewhere",
						  "[default]\naws_access_key_id=A\n"
						  "aws_secret_access_key=hush\n"},
				  }});

	(void)state;
	assert_string_equal(step.why, "profile default in /elsewhere");
	assert_keys(&step, "A", "hush", NULL);
}

static void test_no_profile_says_where_it_was_looked_for(void **state)
{
	struct cfs_step step = run_profile(NULL, (struct fake_env){.entries = {HOME}});

	(void)state;
	assert_why(
		&step, CFS_STEP_ABSENT, "no profile default in ~/.aws/credentials, ~/.aws/config");
	/* Not even a home directory. */
	step = run_profile(NULL, (struct fake_env){0});
	assert_why(
		&step, CFS_STEP_ABSENT, "no profile default in ~/.aws/credentials, ~/.aws/config");
	/* What somebody named has to be there. */
	step = run_profile("prod", (struct fake_env){.entries = {HOME}});
	assert_why(&step, CFS_STEP_FAILED, "no profile prod in ~/.aws/credentials, ~/.aws/config");
	step = run_profile(NULL, (struct fake_env){.entries = {HOME, {"AWS_PROFILE", "prod"}}});
	assert_why(&step, CFS_STEP_FAILED, "no profile prod in ~/.aws/credentials, ~/.aws/config");
	step = run_profile(NULL,
		(struct fake_env){.entries = {HOME, {CONFIG, "[default]\nregion = us-east-1\n"}}});
	assert_why(&step, CFS_STEP_ABSENT,
		"profile default in ~/.aws/credentials, ~/.aws/config has no aws_access_key_id");
}

static void test_other_ways_to_keys_are_named_and_not_passed_by(void **state)
{
	struct fake_env fake = {.entries = {HOME,
					{CONFIG,
						"[default]\nrole_arn = arn:aws:iam::1:role/x\n"
						"source_profile = base\n"}}};
	struct cfs_step step = run_profile(NULL, fake);

	(void)state;
	assert_why(&step, CFS_STEP_FAILED,
		"profile default needs role_arn, which this version cannot use");
	/* The SDKs take the role before the static keys beside it. */
	fake.entries[2].name = CREDENTIALS;
	fake.entries[2].value = "[default]\naws_access_key_id=A\naws_secret_access_key=hush\n";
	step = run_profile(NULL, fake);
	assert_why(&step, CFS_STEP_FAILED,
		"profile default needs role_arn, which this version cannot use");
	fake.entries[1].value = "[default]\nsso_start_url = https://x.awsapps.com/start\n";
	step = run_profile(NULL, fake);
	assert_why(&step, CFS_STEP_FAILED,
		"profile default needs sso_start_url, which this version cannot use");
	/* But the static keys before a process. */
	fake.entries[1].value = "[default]\ncredential_process = /bin/keys\n";
	step = run_profile(NULL, fake);
	assert_keys(&step, "A", "hush", NULL);
	fake.entries[2].value = NULL;
	step = run_profile(NULL, fake);
	assert_why(&step, CFS_STEP_FAILED,
		"profile default needs credential_process, which this version cannot use");
}

static void test_a_file_that_cannot_be_used_is_named(void **state)
{
	struct fake_env fake = {.entries = {HOME, {CREDENTIALS, "[default]\nhush-hush\n"}}};
	struct cfs_step step = run_profile(NULL, fake);

	(void)state;
	assert_why(&step, CFS_STEP_FAILED,
		"line 2 of ~/.aws/credentials is neither [SECTION] nor KEY = VALUE");
	fake.entries[1].value = "EACCES";
	step = run_profile(NULL, fake);
	assert_why(&step, CFS_STEP_FAILED, "cannot read ~/.aws/credentials: Permission denied");
}

static void test_times_are_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		int64_t time;
	} good[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2024-05-06T12:53:20Z", NOW},
		{"2024-05-06t12:53:20z", NOW},
		{"2024-05-06 12:53:20Z", NOW},
		{"2024-05-06T12:53:20.123456Z", NOW},
		{"2024-05-06T12:53:20+00:00", NOW},
		{"2024-05-06T14:53:20+02:00", NOW},
		{"2024-05-06T07:23:20-0530", NOW},
		{"2024-02-29T00:00:00Z", 1709164800},
		{"2016-12-31T23:59:60Z", 1483228799},
	};
	static const char *const bad[] = {"", "2024-05-06", "2024-05-06T12:53:20",
		"2024-05-06T12:53Z", "2024-13-06T12:53:20Z", "2024-02-30T12:53:20Z",
		"2023-02-29T12:53:20Z", "2024-05-06T24:53:20Z", "2024-05-06T12:60:20Z",
		"2024-05-06T12:53:61Z", "2024-05-06T12:53:20.Z", "2024-05-06T12:53:20Z ",
		"2024-05-06T12:53:20+24:00", "24-05-06T12:53:20Z", "1969-05-06T12:53:20Z",
		"2024/05/06T12:53:20Z", "tomorrow"};
	int64_t time = -1;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++) {
		assert_int_equal(cfs_aws_time_parse(good[i].text, &time), 0);
		if (time != good[i].time)
			fail_msg("%s", good[i].text);
	}
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		if (cfs_aws_time_parse(bad[i], &time) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environment_gives_keys),
		cmocka_unit_test(test_environment_without_keys_is_absent),
		cmocka_unit_test(test_a_profile_of_our_configuration_beats_the_environment),
		cmocka_unit_test(test_half_a_pair_in_the_environment_fails),
		cmocka_unit_test(test_expired_or_unusable_keys_in_the_environment_fail),
		cmocka_unit_test(test_static_keys_of_the_default_profile),
		cmocka_unit_test(test_who_names_the_profile),
		cmocka_unit_test(test_sections_of_the_config_file_are_prefixed),
		cmocka_unit_test(test_the_credentials_file_wins_and_pairs_are_never_mixed),
		cmocka_unit_test(test_files_are_where_the_environment_says),
		cmocka_unit_test(test_no_profile_says_where_it_was_looked_for),
		cmocka_unit_test(test_other_ways_to_keys_are_named_and_not_passed_by),
		cmocka_unit_test(test_a_file_that_cannot_be_used_is_named),
		cmocka_unit_test(test_times_are_rfc_3339),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
