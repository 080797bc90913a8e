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
		cmocka_unit_test(test_sections_merge_and_the_later_value_wins),
		cmocka_unit_test(test_a_file_that_is_no_such_file_is_refused),
		cmocka_unit_test(test_items_are_counted),
		cmocka_unit_test(test_nested_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
