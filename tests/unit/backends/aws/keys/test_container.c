/* SPDX-License-Identifier: MIT */
/*
 * The agents of ECS and EKS.
 */
#include "tests/unit/support/aws_chain.h"

#define CONTAINER &cfs_aws_provider_container
#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TOKEN_FILE TOKEN "_FILE"
#define KEYS \
	"{\"RoleArn\":\"arn\",\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"hush\"," \
	"\"Token\":\"hush-token\",\"Expiration\":\"2024-05-06T13:53:20Z\"}"

static struct fake_env fake_full(const char *url)
{
	return (struct fake_env){.entries = {{FULL, url}}};
}

static void test_the_agent_gives_keys(void **state)
{
	struct fake_env fake = {.entries = {{RELATIVE, "/v2/credentials/a-b?x=1"},
					{FULL, "http://127.0.0.1/other"}}};
	struct chain chain;

	(void)state;
	chain_begin(&chain, CONTAINER, NULL, fake);
	assert_http(&chain, "GET", "http://169.254.170.2/v2/credentials/a-b?x=1", "");
	assert_true(chain.step.direct);
	assert_null(chain_header(&chain, "Authorization"));
	chain_answer(&chain, 200, KEYS);
	assert_keys(&chain, "ASIA", "hush", "hush-token", NOW + 3600);
	assert_string_equal(
		chain.step.why, "the container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)");
	chain_end(&chain);
}

static void test_nothing_set_is_absent(void **state)
{
	struct chain chain;

	(void)state;
	chain_begin(&chain, CONTAINER, NULL, (struct fake_env){0});
	assert_absent(&chain, "neither " RELATIVE " nor " FULL " is set");
	chain_end(&chain);
}

static void test_a_full_uri_is_of_few_hosts(void **state)
{
	static const char *const good[] = {"https://example.com/x", "https://10.0.0.1:8443/x?y=z",
		"http://localhost:80/x", "http://127.0.0.1/", "http://127.9.9.9:123/x",
		"http://[::1]:1/x", "http://169.254.170.2/x", "http://169.254.170.2:80/x",
		"http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials",
		"http://[FD00:EC2:0:0:0:0:0:23]:80/v1"};
	static const char *const strangers[] = {"http://example.com/x", "http://10.0.0.1/",
		"http://169.254.170.20/", "http://169.254.169.254/", "http://169.254.170.2.evil/",
		"http://localhost.evil/", "http://[fd00:ec2::254]/"};
	static const char *const bad[] = {"/relative", "ftp://127.0.0.1/", "http://",
		"http://hush@127.0.0.1/", "http://127.0.0.1/#hush", "http://127.0.0.1 /",
		"http://127.1/", "http://127.0.0.1:0/", "http://127.0.0.1/?a b",
		"http://127.0.0.1/?#hush", "http://127.0.0.1/?\xc3\xa9"};
	struct chain chain;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++) {
		chain_begin(&chain, CONTAINER, NULL, fake_full(good[i]));
		assert_http(&chain, "GET", good[i], "");
		assert_true(chain.step.direct);
		chain_end(&chain);
	}
	for (size_t i = 0; i < N_ELEMENTS(strangers); i++)
		assert_refused(CONTAINER, NULL, fake_full(strangers[i]), CFS_UNAUTHENTICATED,
			FULL " is http to a host that is neither loopback nor an agent of ECS or "
			     "EKS");
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		chain_begin(&chain, CONTAINER, NULL, fake_full(bad[i]));
		if (chain.step.kind != CFS_STEP_FAILED)
			fail_msg("taken: %s", bad[i]);
		chain_end(&chain);
	}
	assert_refused(CONTAINER, NULL, (struct fake_env){.entries = {{RELATIVE, "@evil/x"}}},
		CFS_UNAUTHENTICATED, RELATIVE " does not begin with /");
}

static void test_a_token_goes_with_it(void **state)
{
	struct fake_env fake = {.entries = {{FULL, "http://127.0.0.1/x"}, {TOKEN, "hush one"},
					{TOKEN_FILE, NULL}, {"/token", "hush two"}}};
	struct chain chain;

	(void)state;
	chain_begin(&chain, CONTAINER, NULL, fake);
	assert_string_equal(chain_header(&chain, "Authorization"), "hush one");
	chain_end(&chain);
	/* The file wins, and is read each time. */
	fake.entries[2].value = "/token";
	chain_begin(&chain, CONTAINER, NULL, fake);
	assert_string_equal(chain_header(&chain, "Authorization"), "hush two");
	chain.fake.entries[3].value = "hush three";
	chain_answer(&chain, 500, "");
	assert_string_equal(chain_header(&chain, "Authorization"), "hush three");
	chain_end(&chain);
	/* No header is added by it. */
	fake.entries[3].value = "hush\r\nX: y";
	assert_refused(CONTAINER, NULL, fake, CFS_UNAUTHENTICATED,
		"the token in " TOKEN_FILE " holds more than one line");
	fake.entries[3].value = "hush\n";
	assert_refused(CONTAINER, NULL, fake, CFS_UNAUTHENTICATED,
		"the token in " TOKEN_FILE " holds more than one line");
	fake.entries[3].value = "hush\x01";
	assert_refused(CONTAINER, NULL, fake, CFS_UNAUTHENTICATED,
		"the configured values for " TOKEN_FILE " cannot be sent");
	fake.entries[3].value = "EACCES";
	assert_refused(CONTAINER, NULL, fake, CFS_UNAUTHENTICATED,
		"cannot read the token in /token: Permission denied");
	fake.entries[2].value = NULL;
	fake.entries[1].value = "hush\n";
	assert_refused(CONTAINER, NULL, fake, CFS_UNAUTHENTICATED,
		"the token in " TOKEN " holds more than one line");
}

static void assert_answer(int status, const char *answer, enum cfs_fault fault, const char *why)
{
	struct chain chain;

	chain_begin(&chain, CONTAINER, NULL, fake_full("http://127.0.0.1/x"));
	chain_answer(&chain, status, answer);
	assert_failed(&chain, fault, why);
	chain_end(&chain);
}

#define NO_KEYS "the container's agent sent an answer without keys"

static void test_other_answers_end_the_chain(void **state)
{
	static const char *const bad[] = {"", "hush", "[]", "{}", "null",
		"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush\",\"Token\":\"hush\"}",
		"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush\","
		"\"Expiration\":\"2024-05-06T13:53:20Z\"}",
		"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush\",\"Token\":\"hush\","
		"\"Expiration\":\"hush\"}"};
	char cut[sizeof(KEYS)];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_answer(200, bad[i], CFS_BAD_ANSWER, NO_KEYS);
	for (size_t len = 0; len < strlen(KEYS); len++) {
		memcpy(cut, KEYS, len);
		cut[len] = '\0';
		assert_answer(200, cut, CFS_BAD_ANSWER, NO_KEYS);
	}
	assert_answer(404, KEYS, CFS_UNAUTHENTICATED,
		"the container's agent answered with HTTP status 404");
	assert_answer(200,
		"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush\",\"Token\":\"hush\","
		"\"Expiration\":\"2024-05-06T12:53:20Z\"}",
		CFS_EXPIRED, "the container (" FULL "): the keys have expired");
	assert_answer(200,
		"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush\",\"Token\":\"hush\\r\\nX: "
		"y\",\"Expiration\":\"2024-05-06T13:53:20Z\"}",
		CFS_UNAUTHENTICATED,
		"the container (" FULL "): the token holds a blank, a control character or "
		"one that is not ASCII");
}

static void test_a_failing_agent_is_asked_three_times(void **state)
{
	struct chain chain;

	(void)state;
	chain_begin(&chain, CONTAINER, NULL, fake_full("http://127.0.0.1/x"));
	chain_answer(&chain, 500, "");
	chain_no_answer(&chain, CFS_TIMED_OUT);
	assert_http(&chain, "GET", "http://127.0.0.1/x", "");
	chain_answer(&chain, 503, "");
	assert_failed(&chain, CFS_SERVER, "the container's agent answered with HTTP status 503");
	chain_end(&chain);
	chain_begin(&chain, CONTAINER, NULL, fake_full("http://127.0.0.1/x"));
	chain_no_answer(&chain, CFS_REFUSED);
	assert_failed(&chain, CFS_REFUSED, "the container's agent refused the connection");
	chain_end(&chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_agent_gives_keys),
		cmocka_unit_test(test_nothing_set_is_absent),
		cmocka_unit_test(test_a_full_uri_is_of_few_hosts),
		cmocka_unit_test(test_a_token_goes_with_it),
		cmocka_unit_test(test_other_answers_end_the_chain),
		cmocka_unit_test(test_a_failing_agent_is_asked_three_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
