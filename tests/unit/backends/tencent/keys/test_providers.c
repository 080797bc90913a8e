/* SPDX-License-Identifier: MIT */
/* backends/tencent/keys/providers.h: keys that stand in the environment and in credentials files. */
#include "tests/unit/support/tencent_chain.h"

#define HOME_FILE "/home/op/.tencentcloud/credentials"
#define ETC_FILE "/etc/tencentcloud/credentials"

static struct cfs_step step_once(
	const struct cfs_provider *provider, const struct host *host, const char *profile)
{
	struct run run = {.host = *host, .settings.profile = profile};

	run_begin(&run, provider);
	provider->destroy(run.state);
	return run.step;
}

static void assert_keys(struct cfs_step *step, const char *id, const char *secret,
	const char *token, const char *why)
{
	assert_int_equal(step->kind, CFS_STEP_KEYS);
	assert_string_equal(step->keys.id.data, id);
	assert_string_equal(step->keys.secret.data, secret);
	if (token)
		assert_string_equal(step->keys.token.data, token);
	else
		assert_int_equal(step->keys.token.len, 0);
	assert_true(step->keys.expires == INT64_MAX);
	assert_string_equal(step->why, why);
	cfs_keys_finish(&step->keys);
}

static void assert_absent(const struct cfs_step *step, const char *why)
{
	assert_int_equal(step->kind, CFS_STEP_ABSENT);
	assert_string_equal(step->why, why);
}

static void assert_failed(const struct cfs_step *step, const char *why)
{
	assert_int_equal(step->kind, CFS_STEP_FAILED);
	assert_int_equal(step->fault, CFS_UNAUTHENTICATED);
	assert_string_equal(step->why, why);
}

#define ENVIRONMENT(profile, ...) \
	step_once(&cfs_tencent_provider_environment, \
		&(struct host){.variables = (const char *const[][2]){__VA_ARGS__, {NULL}}}, \
		profile)

static void environment_gives_keys(void **state)
{
	struct cfs_step step;

	(void)state;
	step = ENVIRONMENT(
		NULL, {"TENCENTCLOUD_SECRET_ID", "AKID1"}, {"TENCENTCLOUD_SECRET_KEY", SECRET});
	assert_keys(&step, "AKID1", SECRET, NULL, "TENCENTCLOUD_SECRET_ID");
	step = ENVIRONMENT(NULL, {"TENCENTCLOUD_SECRET_ID", "AKID1"},
		{"TENCENTCLOUD_SECRET_KEY", SECRET}, {"TENCENTCLOUD_SESSION_TOKEN", "session"});
	assert_keys(&step, "AKID1", SECRET, "session", "TENCENTCLOUD_SECRET_ID");
	step = ENVIRONMENT(NULL, {"TENCENTCLOUD_SECRET_ID", "AKID1"},
		{"TENCENTCLOUD_SECRET_KEY", SECRET}, {"TENCENTCLOUD_SESSION_TOKEN", "session"},
		{"TENCENTCLOUD_TOKEN", "token"});
	assert_keys(&step, "AKID1", SECRET, "token", "TENCENTCLOUD_SECRET_ID");
}

static void environment_without_keys_is_absent(void **state)
{
	struct cfs_step step;

	(void)state;
	step = ENVIRONMENT(NULL, {"TENCENTCLOUD_REGION", "ap-guangzhou"});
	assert_absent(&step, "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set");
	/* Set but empty is not given. */
	step = ENVIRONMENT(NULL, {"TENCENTCLOUD_SECRET_ID", ""}, {"TENCENTCLOUD_SECRET_KEY", ""});
	assert_absent(&step, "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set");
}

static void environment_is_passed_over_for_a_profile(void **state)
{
	struct cfs_step step;

	(void)state;
	step = ENVIRONMENT(
		"prod", {"TENCENTCLOUD_SECRET_ID", "AKID1"}, {"TENCENTCLOUD_SECRET_KEY", SECRET});
	assert_absent(&step, "skipped: the configuration names profile prod");
}

static void half_a_pair_in_the_environment_is_a_failure(void **state)
{
	struct cfs_step step;

	(void)state;
	step = ENVIRONMENT(NULL, {"TENCENTCLOUD_SECRET_ID", "AKID1"});
	assert_failed(&step, "TENCENTCLOUD_SECRET_ID is set, but TENCENTCLOUD_SECRET_KEY is not");
	step = ENVIRONMENT(NULL, {"TENCENTCLOUD_SECRET_KEY", SECRET});
	assert_failed(&step, "TENCENTCLOUD_SECRET_KEY is set, but TENCENTCLOUD_SECRET_ID is not");
}

static void what_no_key_holds_is_a_failure(void **state)
{
	static const char *const slips[] = {SECRET " ", " " SECRET, SECRET "\n", SECRET "\r\nX: y",
		"a" SECRET "\xc3\xa9", "\x01" SECRET, SECRET "\x7f"};
	char endless[CFS_SECRET_MAX + 2];
	struct cfs_step step;

	(void)state;
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		step = ENVIRONMENT(NULL, {"TENCENTCLOUD_SECRET_ID", "AKID1"},
			{"TENCENTCLOUD_SECRET_KEY", slips[i]});
		assert_failed(&step,
			"TENCENTCLOUD_SECRET_ID: the secret key holds a blank, a control character "
			"or "
			"one that is not ASCII");
	}
	memset(endless, 'x', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	step = ENVIRONMENT(NULL, {"TENCENTCLOUD_SECRET_ID", "AKID1"},
		{"TENCENTCLOUD_SECRET_KEY", SECRET}, {"TENCENTCLOUD_TOKEN", endless});
	assert_failed(&step, "TENCENTCLOUD_SECRET_ID: a key is too long");
}

static const char *const home[][2] = {{"HOME", "/home/op"}, {NULL}};
static const char *const named[][2] = {
	{"HOME", "/home/op"}, {"TENCENTCLOUD_CREDENTIALS_FILE", "~/keys.ini"}, {NULL}};

static struct cfs_step from_files(
	const char *const (*variables)[2], const struct file *files, const char *profile)
{
	struct host host = {.variables = variables, .files = files};

	return step_once(&cfs_tencent_provider_file, &host, profile);
}

static void the_home_file_goes_before_the_machines(void **state)
{
	static const struct file both[] = {
		{HOME_FILE, "[default]\nsecret_id = AKIDhome\nsecret_key = " SECRET "\n", 0},
		{ETC_FILE, "[default]\nsecret_id = AKIDetc\nsecret_key = " SECRET "\n", 0},
		{NULL, NULL, 0}};
	struct cfs_step step;

	(void)state;
	step = from_files(home, both, NULL);
	assert_keys(&step, "AKIDhome", SECRET, NULL, "~/.tencentcloud/credentials [default]");
	step = from_files(home, both + 1, NULL);
	assert_keys(&step, "AKIDetc", SECRET, NULL, "/etc/tencentcloud/credentials [default]");
	/* No home at all. */
	step = from_files(NULL, both, NULL);
	assert_keys(&step, "AKIDetc", SECRET, NULL, "/etc/tencentcloud/credentials [default]");
}

static void a_profile_is_a_section(void **state)
{
	static const struct file files[] = {
		{HOME_FILE,
			"# mine\r\n[default]\r\nsecret_id=AKID1\r\nsecret_key=one\r\n"
			"[prod]\r\nsecret_id=AKID2\r\nsecret_key=" SECRET "\r\ntoken=t2\r\n"
			"region=ap-guangzhou\r\n[empty]\r\n[half]\r\nsecret_id=AKID3\r\n"
			"[blank]\r\nsecret_id=AK ID\r\nsecret_key=" SECRET "\r\n",
			0},
		{NULL, NULL, 0}};
	struct cfs_step step;

	(void)state;
	step = from_files(home, files, "prod");
	assert_keys(&step, "AKID2", SECRET, "t2", "~/.tencentcloud/credentials [prod]");
	step = from_files(home, files, NULL);
	assert_keys(&step, "AKID1", "one", NULL, "~/.tencentcloud/credentials [default]");
	step = from_files(home, files, "other");
	assert_absent(&step, "~/.tencentcloud/credentials has no section [other]");
	step = from_files(home, files, "empty");
	assert_absent(&step, "~/.tencentcloud/credentials [empty] has no secret_id");
	step = from_files(home, files, "half");
	assert_failed(&step, "~/.tencentcloud/credentials [half]: the secret key is missing");
	step = from_files(home, files, "blank");
	assert_failed(&step,
		"~/.tencentcloud/credentials [blank]: the key id holds a blank, a control "
		"character or "
		"one that is not ASCII");
}

static void a_stray_line_of_another_section_does_no_harm(void **state)
{
	static const struct file files[] = {
		{HOME_FILE,
			"stray\n[other]\nsecret_id=x\nstray\nsecret_key=y\n\n[default]\n"
			"secret_id=AKID1\nsecret_key=one\n[more]\n  stray",
			0},
		{NULL, NULL, 0}};
	struct cfs_step step;

	(void)state;
	step = from_files(home, files, NULL);
	assert_keys(&step, "AKID1", "one", NULL, "~/.tencentcloud/credentials [default]");
}

static void no_file_is_absent_and_says_where_it_looked(void **state)
{
	struct cfs_step step;

	(void)state;
	step = from_files(home, NULL, NULL);
	assert_absent(&step,
		"there is no ~/.tencentcloud/credentials and no /etc/tencentcloud/credentials");
}

static void a_file_that_is_named_must_be_there(void **state)
{
	static const struct file files[] = {
		{"/home/op/keys.ini", "[default]\nsecret_id = AKIDnamed\nsecret_key = " SECRET, 0},
		{HOME_FILE, "[default]\nsecret_id = AKIDhome\nsecret_key = " SECRET, 0},
		{NULL, NULL, 0}};
	struct cfs_step step;

	(void)state;
	step = from_files(named, files, NULL);
	assert_keys(&step, "AKIDnamed", SECRET, NULL, "~/keys.ini [default]");
	step = from_files(named, files + 1, NULL);
	assert_failed(
		&step, "TENCENTCLOUD_CREDENTIALS_FILE names ~/keys.ini, which does not exist");
}

static void a_file_that_cannot_be_used_is_a_failure(void **state)
{
	static const struct {
		struct file files[2];
		const char *why;
	} cases[] = {
		{{{HOME_FILE, NULL, -EACCES}}, "~/.tencentcloud/credentials: Permission denied"},
		{{{HOME_FILE, NULL, -EISDIR}}, "~/.tencentcloud/credentials: Is a directory"},
		{{{HOME_FILE, NULL, -EFBIG}}, "~/.tencentcloud/credentials: the file is too large"},
		{{{HOME_FILE, "[default]\nsecret_id = a\n" SECRET "\n", 0}},
			"~/.tencentcloud/credentials: line 3 is neither [section] nor key = "
			"value"},
		{{{HOME_FILE, "stray\n[other]\nstray\n[default\nsecret_id = a\n", 0}},
			"~/.tencentcloud/credentials: line 4 is neither [section] nor key = "
			"value"},
		{{{HOME_FILE, "[other]\nstray\nstray\n", 0}},
			"~/.tencentcloud/credentials: line 2 is neither [section] nor key = "
			"value"},
		{{{HOME_FILE, "[other]\nstray\n\n[default]\nstray\n", 0}},
			"~/.tencentcloud/credentials: line 5 is neither [section] nor key = "
			"value"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cfs_step step = from_files(home, cases[i].files, NULL);

		assert_failed(&step, cases[i].why);
	}
}

static void a_key_too_long_for_any_is_a_failure(void **state)
{
	static char text[CFS_SECRET_MAX + 128];
	struct file files[2] = {{HOME_FILE, text, 0}};
	struct cfs_step step;
	size_t len;

	(void)state;
	snprintf(text, sizeof(text), "[default]\nsecret_id = a\nsecret_key = ");
	len = strlen(text);
	memset(text + len, 'x', CFS_SECRET_MAX + 1);
	step = from_files(home, files, NULL);
	assert_failed(&step, "~/.tencentcloud/credentials: line 3 is too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(environment_gives_keys),
		cmocka_unit_test(environment_without_keys_is_absent),
		cmocka_unit_test(environment_is_passed_over_for_a_profile),
		cmocka_unit_test(half_a_pair_in_the_environment_is_a_failure),
		cmocka_unit_test(what_no_key_holds_is_a_failure),
		cmocka_unit_test(the_home_file_goes_before_the_machines),
		cmocka_unit_test(a_profile_is_a_section),
		cmocka_unit_test(a_stray_line_of_another_section_does_no_harm),
		cmocka_unit_test(no_file_is_absent_and_says_where_it_looked),
		cmocka_unit_test(a_file_that_is_named_must_be_there),
		cmocka_unit_test(a_file_that_cannot_be_used_is_a_failure),
		cmocka_unit_test(a_key_too_long_for_any_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
