/* SPDX-License-Identifier: MIT */
/*
 * The two files that the AWS tools share.
 */
#include "tests/unit/support/aws_chain.h"

#include "backends/aws/api/config.h"

struct loaded {
	struct fake_env fake;
	struct cfs_settings settings;
	struct cfs_aws_config config;
	struct cfs_buf why;
	int r;
};

static void load(struct loaded *loaded, const char *config, const char *credentials)
{
	*loaded = (struct loaded){
		.fake = {.entries = {HOME, {CONFIG, config}, {CREDENTIALS, credentials}}},
		.settings = {.name = "aws"},
		.why = CFS_BUF_INIT(1024)};
	cfs_aws_config_init(&loaded->config, &loaded->settings, fake_env_of(&loaded->fake));
	loaded->r = cfs_aws_config_load(&loaded->config, &loaded->why);
}

static void unload(struct loaded *loaded)
{
	cfs_aws_config_finish(&loaded->config);
	cfs_buf_finish(&loaded->why);
}

static void assert_value(
	const char *config, const char *credentials, const char *profile, const char *expected)
{
	struct loaded loaded;
	const char *value;

	load(&loaded, config, credentials);
	if (loaded.r < 0)
		fail_msg("%s", cfs_buf_text(&loaded.why));
	value = cfs_aws_config_get(&loaded.config, profile, "key");
	if (expected && !value)
		fail_msg("nothing where %s was expected", expected);
	if (expected)
		assert_string_equal(value, expected);
	else
		assert_null(value);
	unload(&loaded);
}

static void test_sections_of_the_config_file_are_prefixed(void **state)
{
	static const char text[] = "[prod]\nkey=bare\n[sso-session prod]\nkey=session\n"
				   "[services prod]\nkey=services\n[profile prod-2]\nkey=other\n"
				   "[profiles prod]\nkey=plural\n[profile]\nkey=nobody\n"
				   "[profile a b]\nkey=two\n[profile \"a]\nkey=unclosed\n";

	(void)state;
	assert_value(text, NULL, "prod", NULL);
	assert_value(text, NULL, "a", NULL);
	assert_value(text, NULL, "a b", NULL);
	assert_value("[profile prod]\nkey=right\n", NULL, "prod", "right");
	assert_value("[profile \t prod]\nkey=right\n", NULL, "prod", "right");
	assert_value("[profile \"a b\"]\nkey=right\n", NULL, "a b", "right");
	assert_value("[profile 'a b']\nkey=right\n", NULL, "a b", "right");
	assert_value("[profile a\\ b]\nkey=right\n", NULL, "a b", "right");
	assert_value("[default]\nkey=right\n", NULL, "default", "right");
	assert_value("[profile default]\nkey=right\n", NULL, "default", "right");
	/* And those of the credentials file are not. */
	assert_value(NULL, "[prod]\nkey=right\n", "prod", "right");
	assert_value(NULL, "[profile prod]\nkey=x\n", "prod", NULL);
	assert_value(NULL, "[profile prod]\nkey=x\n", "profile prod", "x");
	assert_value(NULL, "[Prod]\nkey=x\n", "prod", NULL);
}

static void test_what_a_value_is(void **state)
{
	(void)state;
	assert_value("[default]\nKEY = right\n", NULL, "default", "right");
	assert_value("[default]\nkey:right\n", NULL, "default", "right");
	assert_value("[default]\nkey = a=b:c\n", NULL, "default", "a=b:c");
	assert_value("[default]\r\nkey = right\r\n", NULL, "default", "right");
	assert_value("\xef\xbb\xbf[default]\nkey = right\n", NULL, "default", "right");
	assert_value("[default]\nkey = right # comment\n", NULL, "default", "right");
	assert_value("[default]\nkey = right ; comment\n", NULL, "default", "right");
	assert_value("[default]\nkey = a#b;c\n", NULL, "default", "a#b;c");
	assert_value("[default]\n# key = no\n; key = no\nkey = right\n", NULL, "default", "right");
	assert_value("[default]\nkey = one\n  two\n", NULL, "default", "one\ntwo");
	assert_value("[default]\nkey =\n", NULL, "default", NULL);
	/* A nested key is none of the section's. */
	assert_value("[default]\ns3 =\n  key = no\n", NULL, "default", NULL);
}

static const char *whole(const struct cfs_aws_config *config, const char *profile, const char *key)
{
	return cfs_aws_config_get_whole(config, profile, key);
}

static void test_a_value_can_be_had_with_its_comment(void **state)
{
	static const char text[] = "[default]\nkey = a # b\nother = c\n"
				   "source_profile = team #4\nsso_session = corp ; ours\n"
				   "[profile team #4]\n[profile 'team #4']\n[sso-session corp]\n";
	struct loaded loaded;
	const struct cfs_aws_config *config = &loaded.config;

	(void)state;
	load(&loaded, text, NULL);
	assert_int_equal(loaded.r, 0);
	assert_string_equal(whole(config, "default", "key"), "a # b");
	assert_string_equal(whole(config, "default", "other"), "c");
	assert_null(whole(config, "default", "none"));
	assert_string_equal(cfs_aws_config_get_name(
				    config, "default", "source_profile", CFS_AWS_SECTION_PROFILE),
		"team #4");
	assert_string_equal(cfs_aws_config_get_name(
				    config, "default", "sso_session", CFS_AWS_SECTION_SSO_SESSION),
		"corp");
	unload(&loaded);
}

static void test_what_one_profile_says_no_other_suffers_from(void **state)
{
	static const char good[] = "\n[profile a]\nkey = right\n";
	static const char *const odd[] = {"[profile b # c]", "[profile b ; c]", "[ ]",
		"[profile b]\n[key = x", "[profile \"b]", "[profile b]\nkey # l = v",
		"[profile b]x", "[b]]", "[[b]"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(odd); i++) {
		char text[256];

		snprintf(text, sizeof(text), "[profile b]\nkey = x\n%s\nkey : y%s", odd[i], good);
		assert_value(text, NULL, "a", "right");
	}
}

static void test_what_default_in_capitals_says_its_file_inherits(void **state)
{
	static const char text[] = "[DEFAULT]\nkey = inherited\n[profile a]\nother = x\n"
				   "[profile b]\nkey = own\n[profile c]\nkey =\n[default]\n";
	struct loaded loaded;

	(void)state;
	assert_value(text, NULL, "a", "inherited");
	assert_value(text, NULL, "b", "own");
	assert_value(text, NULL, "c", NULL);
	assert_value(text, NULL, "default", "inherited");
	/* A section that there is none of inherits nothing, nor does one of the other file. */
	assert_value(text, NULL, "d", NULL);
	assert_value("[DEFAULT]\nkey = x\n", "[a]\nother = x\n", "a", NULL);
	assert_value("[profile a]\nkey = x\n", "[DEFAULT]\nkey = y\n[b]\n", "a", "x");
	assert_value("[profile a]\nkey = x\n", "[a]\n[DEFAULT]\nkey = y\n", "a", "y");
	assert_value("[a]\n", "[DEFAULT]\nkey = y\n", "DEFAULT", NULL);
	assert_value("[profile DEFAULT]\nkey = y\n", NULL, "DEFAULT", "y");
	load(&loaded, "[sso-session s]\n[DEFAULT]\nkey = y\n", NULL);
	assert_string_equal(cfs_aws_config_get_in(&loaded.config, CFS_AWS_CONFIG_FILE,
				    CFS_AWS_SECTION_SSO_SESSION, "s", "key"),
		"y");
	unload(&loaded);
}

static void test_the_prefixed_default_wins_whole(void **state)
{
	(void)state;
	assert_value("[default]\nkey=x\n[profile default]\nother=y\n", NULL, "default", NULL);
	assert_value("[profile default]\nkey=y\n[default]\nkey=x\n", NULL, "default", "y");
	assert_value(
		"[default]\nkey=x\n[profile 'default']\n[default]\nkey=z\n", NULL, "default", NULL);
	/* In the credentials file there is no such prefix. */
	assert_value("[default]\nkey=x\n", "[profile default]\nkey=y\n", "default", "x");
	assert_value("[default]\nkey=x\n[profile default]\n", "[default]\nkey=z\n", "default", "z");
}

static void assert_found_at(struct fake_env fake)
{
	struct loaded loaded = {
		.fake = fake, .settings = {.name = "aws"}, .why = CFS_BUF_INIT(1024)};

	cfs_aws_config_init(&loaded.config, &loaded.settings, fake_env_of(&loaded.fake));
	assert_int_equal(cfs_aws_config_load(&loaded.config, &loaded.why), 0);
	assert_string_equal(cfs_aws_config_get(&loaded.config, "default", "key"), "right");
	unload(&loaded);
}

static void test_files_are_where_variables_say(void **state)
{
	(void)state;
	assert_found_at((struct fake_env){.entries = {HOME, {"AWS_CONFIG_FILE", "$HOME/c"},
						  {"/home/ops/c", "[default]\nkey=right\n"}}});
	assert_found_at((struct fake_env){
		.entries = {{"DIR", "/d"}, {"AWS_SHARED_CREDENTIALS_FILE", "${DIR}/c"},
			{"/d/c", "[default]\nkey=right\n"}}});
}

static void test_sections_merge_and_the_later_value_wins(void **state)
{
	(void)state;
	assert_value("[profile a]\nkey=1\n[profile b]\n[profile a]\nkey=2\n", NULL, "a", "2");
	assert_value("[profile a]\nkey=1\n[profile a]\nother=2\n", NULL, "a", "1");
	assert_value("[default]\nkey=1\nkey=2\n", NULL, "default", "2");
	assert_value("[profile a]\nkey=1\n[profile a]\nkey=\n", NULL, "a", NULL);
	assert_value("[profile a]\nkey=config\n", "[a]\nkey=credentials\n", "a", "credentials");
	assert_value("[profile a]\nkey=config\n", "[a]\nother=x\n", "a", "config");
}

static void test_a_file_that_is_no_such_file_is_refused(void **state)
{
	struct loaded loaded;

	(void)state;
	load(&loaded, "[default]\nkey = 1\nhush-hush\n", NULL);
	assert_int_equal(loaded.r, -EINVAL);
	assert_string_equal(cfs_buf_text(&loaded.why),
		"line 3 of ~/.aws/config is neither [SECTION] nor KEY = VALUE");
	unload(&loaded);
	load(&loaded, NULL, "key before any section");
	assert_int_equal(loaded.r, -EINVAL);
	unload(&loaded);
	load(&loaded, "EACCES", NULL);
	assert_int_equal(loaded.r, -EACCES);
	assert_string_equal(
		cfs_buf_text(&loaded.why), "cannot read ~/.aws/config: Permission denied");
	unload(&loaded);
	load(&loaded, NULL, NULL);
	assert_int_equal(loaded.r, 0);
	assert_false(cfs_aws_config_has(&loaded.config, CFS_AWS_SECTION_PROFILE, "default"));
	unload(&loaded);
}

static void test_items_are_counted(void **state)
{
	struct cfs_buf text = CFS_BUF_INIT(CFS_ENV_FILE_MAX);
	struct loaded loaded;

	(void)state;
	assert_int_equal(cfs_buf_adds(&text, "[default]\n"), 0);
	for (int i = 0; i < 40000; i++)
		assert_int_equal(cfs_buf_addf(&text, "k%d=v\n", i), 0);
	load(&loaded, cfs_buf_text(&text), NULL);
	assert_int_equal(loaded.r, 0);
	assert_string_equal(cfs_aws_config_get(&loaded.config, "default", "k39999"), "v");
	unload(&loaded);
	cfs_buf_clear(&text);
	assert_int_equal(cfs_buf_adds(&text, "[default]\n"), 0);
	for (int i = 0; i < CFS_AWS_CONFIG_ITEMS_MAX; i++)
		assert_int_equal(cfs_buf_addf(&text, "k%d=v\n", i), 0);
	load(&loaded, cfs_buf_text(&text), NULL);
	assert_int_equal(loaded.r, -EINVAL);
	unload(&loaded);
	cfs_buf_finish(&text);
}

static void assert_nested(const char *value, const char *expected)
{
	struct cfs_buf found = CFS_BUF_INIT(16);

	assert_int_equal(cfs_aws_config_nested(value, "key", &found), 0);
	assert_string_equal(cfs_buf_text(&found), expected);
	cfs_buf_finish(&found);
}

static void test_nested_keys(void **state)
{
	struct cfs_buf found = CFS_BUF_INIT(4);

	(void)state;
	assert_nested("", "");
	assert_nested("\nkey = a", "a");
	assert_nested("\nother = x\nKey=a=b\nlast = y", "a=b");
	assert_nested("\nkeys = x\nmy key = y\nkey", "");
	assert_nested("\nkey = a\nkey =\tb \n", "b");
	assert_int_equal(cfs_aws_config_nested("\nkey = 12345", "key", &found), -EFBIG);
	cfs_buf_finish(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections_of_the_config_file_are_prefixed),
		cmocka_unit_test(test_what_a_value_is),
		cmocka_unit_test(test_a_value_can_be_had_with_its_comment),
		cmocka_unit_test(test_what_one_profile_says_no_other_suffers_from),
		cmocka_unit_test(test_what_default_in_capitals_says_its_file_inherits),
		cmocka_unit_test(test_the_prefixed_default_wins_whole),
		cmocka_unit_test(test_files_are_where_variables_say),
		cmocka_unit_test(test_sections_merge_and_the_later_value_wins),
		cmocka_unit_test(test_a_file_that_is_no_such_file_is_refused),
		cmocka_unit_test(test_items_are_counted),
		cmocka_unit_test(test_nested_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
