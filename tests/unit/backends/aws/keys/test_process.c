/* SPDX-License-Identifier: MIT */
/*
 * credential_process.
 */
#include "tests/unit/support/aws_chain.h"

#define PROFILE &cfs_aws_provider_profile
#define KEYS \
	"\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"hush+/=\",\"SessionToken\":\"hush-token\""

static struct fake_env with_command(const char *config)
{
	return (struct fake_env){.entries = {HOME, {CONFIG, config}}};
}

#define FAKE with_command("[default]\ncredential_process = /bin/keys --for 'a b'\n")

static void test_a_process_gives_keys(void **state)
{
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, FAKE);
	assert_int_equal(chain.step.kind, CFS_STEP_PROCESS);
	assert_string_equal(chain.step.argv[0], "/bin/keys");
	assert_string_equal(chain.step.argv[1], "--for");
	assert_string_equal(chain.step.argv[2], "a b");
	assert_null(chain.step.argv[3]);
	chain_answer(
		&chain, 0, "{\"Version\":1," KEYS ",\"Expiration\":\"2024-05-06T13:00:00Z\"}\n");
	assert_keys(&chain, "ASIA", "hush+/=", "hush-token", NOW + 400);
	assert_string_equal(chain.step.why, "credential_process of profile default");
	chain_end(&chain);
	/* Without a token or a time they are for ever. */
	chain_begin(&chain, PROFILE, NULL, FAKE);
	chain_answer(&chain, 0,
		"{\"Version\": 1, \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"hush\", "
		"\"SessionToken\": null}");
	assert_keys(&chain, "A", "hush", NULL, INT64_MAX);
	chain_end(&chain);
}

static void test_a_comment_begins_outside_its_quotes(void **state)
{
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL,
		with_command("[default]\ncredential_process = sh -c \"true ; cat x\" "
			     "--team 'team #4' # ours\n"));
	assert_int_equal(chain.step.kind, CFS_STEP_PROCESS);
	assert_string_equal(chain.step.argv[2], "true ; cat x");
	assert_string_equal(chain.step.argv[4], "team #4");
	assert_null(chain.step.argv[5]);
	chain_end(&chain);
}

static void assert_output(int status, const char *output, enum cfs_fault fault, const char *why)
{
	struct chain chain;

	chain_begin(&chain, PROFILE, NULL, FAKE);
	chain_answer(&chain, status, output);
	assert_failed(&chain, fault, why);
	chain_end(&chain);
}

#define NO_KEYS "credential_process of profile default did not write valid keys in JSON"

static void test_other_output_is_refused(void **state)
{
	static const char *const bad[] = {"", "hush", "[]", "{}x", "{\"Version\":1}",
		"{\"Version\":1," KEYS, "{\"Version\":1," KEYS "}hush",
		"{\"Version\":1," KEYS "}{}", "{\"Version\":1," KEYS ",\"Expiration\":\"hush\"}",
		"{\"Version\":1,\"AccessKeyId\":\"A\"}",
		"{\"Version\":1,\"AccessKeyId\":\"\",\"SecretAccessKey\":\"hush\"}",
		"{\"Version\":1,\"AccessKeyId\":1,\"SecretAccessKey\":\"hush\"}",
		"{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":{}}"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_output(0, bad[i], CFS_BAD_ANSWER, NO_KEYS);
	assert_output(0, "{" KEYS "}", CFS_BAD_ANSWER,
		"credential_process of profile default wrote keys of another Version than 1");
	assert_output(0, "{\"Version\":\"1\"," KEYS "}", CFS_BAD_ANSWER,
		"credential_process of profile default wrote keys of another Version than 1");
	assert_output(0, "{\"Version\":1," KEYS ",\"Expiration\":\"2024-05-06T12:53:20Z\"}",
		CFS_EXPIRED, "credential_process of profile default: the keys have expired");
	assert_output(0, "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hu sh\"}",
		CFS_UNAUTHENTICATED,
		"credential_process of profile default: the secret key holds a blank, a control "
		"character or "
		"one that is not ASCII");
	/* Depth is cJSON's to bound. */
	{
		struct cfs_buf deep = CFS_BUF_INIT(65536);

		assert_int_equal(cfs_buf_adds(&deep, "{\"Version\":"), 0);
		for (int i = 0; i < 60000; i++)
			assert_int_equal(cfs_buf_addc(&deep, '['), 0);
		assert_output(0, cfs_buf_text(&deep), CFS_BAD_ANSWER, NO_KEYS);
		cfs_buf_finish(&deep);
	}
}

static void test_a_process_that_fails_ends_the_chain(void **state)
{
	static const struct {
		enum cfs_fault fault;
		const char *why;
	} ends[] = {
		{CFS_TIMED_OUT, "credential_process of profile default did not end in time"},
		{CFS_TOO_LARGE, "credential_process of profile default wrote too much"},
		{CFS_REFUSED, "credential_process of profile default could not be started"},
		{CFS_NO_MEMORY, "credential_process of profile default failed"},
	};
	struct chain chain;

	(void)state;
	assert_output(3, "{\"Version\":1," KEYS "}", CFS_UNAUTHENTICATED,
		"credential_process of profile default ended with status 3");
	assert_output(128 + 9, "", CFS_UNAUTHENTICATED,
		"credential_process of profile default ended with status 137");
	for (size_t i = 0; i < N_ELEMENTS(ends); i++) {
		chain_begin(&chain, PROFILE, NULL, FAKE);
		chain_no_answer(&chain, ends[i].fault);
		assert_failed(&chain, ends[i].fault, ends[i].why);
		chain_end(&chain);
	}
}

static void test_a_command_that_is_none_is_refused(void **state)
{
	struct cfs_buf many = CFS_BUF_INIT(65536);

	(void)state;
	assert_refused(PROFILE, NULL, with_command("[default]\ncredential_process = hush 'x\n"),
		CFS_UNAUTHENTICATED,
		"credential_process of profile default is not a command, or has an unclosed quote");
	assert_int_equal(cfs_buf_adds(&many, "[default]\ncredential_process = x"), 0);
	for (int i = 0; i < 300; i++)
		assert_int_equal(cfs_buf_adds(&many, " y"), 0);
	assert_refused(PROFILE, NULL, with_command(cfs_buf_text(&many)), CFS_UNAUTHENTICATED,
		"credential_process of profile default has too many words");
	cfs_buf_finish(&many);
}

#define WHY \
	"credential_process of profile default is not run as root, unless -o trust_files: " \
	"/home/ops belongs to uid 1000"

static void test_a_file_of_another_user_runs_nothing_as_root(void **state)
{
	static const char command[] = "[default]\ncredential_process = /bin/keys\n",
			  who[] = "/home/ops belongs to uid 1000";
	struct chain chain;

	(void)state;
	assert_refused(PROFILE, NULL,
		(struct fake_env){.entries = {HOME, {CONFIG, command}, {FOREIGN(CONFIG), who}}},
		CFS_UNAUTHENTICATED, WHY);
	assert_refused(PROFILE, NULL,
		(struct fake_env){
			.entries = {HOME, {CREDENTIALS, command}, {FOREIGN(CREDENTIALS), who}}},
		CFS_UNAUTHENTICATED, WHY);
	/* The command of one's own file is run, whatever the other file is; and keys of such a file
	 * are keys. */
	chain_begin(&chain, PROFILE, NULL,
		(struct fake_env){.entries = {HOME, {CONFIG, command}, {CREDENTIALS, "[other]\n"},
					  {FOREIGN(CREDENTIALS), who}}});
	assert_int_equal(chain.step.kind, CFS_STEP_PROCESS);
	chain_end(&chain);
	chain_begin(&chain, PROFILE, NULL,
		(struct fake_env){.entries = {HOME, {CREDENTIALS, "[default]\n" STATIC("AKIA")},
					  {FOREIGN(CREDENTIALS), who}}});
	assert_int_equal(chain.step.kind, CFS_STEP_KEYS);
	chain_end(&chain);
}

static void test_a_search_may_end_before_the_process(void **state)
{
	struct chain chain;

	(void)state;
	chain_begin(&chain, PROFILE, NULL, FAKE);
	chain_end(&chain); /* a leak would be found */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_process_gives_keys),
		cmocka_unit_test(test_a_comment_begins_outside_its_quotes),
		cmocka_unit_test(test_other_output_is_refused),
		cmocka_unit_test(test_a_process_that_fails_ends_the_chain),
		cmocka_unit_test(test_a_command_that_is_none_is_refused),
		cmocka_unit_test(test_a_file_of_another_user_runs_nothing_as_root),
		cmocka_unit_test(test_a_search_may_end_before_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
