/* SPDX-License-Identifier: MIT */
/*
 * The instance metadata service.
 */
#include "tests/unit/support/aws_chain.h"

#define METADATA &cfs_aws_provider_metadata
#define BASE "http://169.254.169.254/latest/"
#define ROLES BASE "meta-data/iam/security-credentials/"
#define KEYS \
	"{\"Code\":\"Success\",\"LastUpdated\":\"2024-05-06T12:00:00Z\",\"Type\":\"AWS-HMAC\"," \
	"\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"hush\",\"Token\":\"hush-token\"," \
	"\"Expiration\":\"2024-05-06T13:53:20Z\"}"

static void test_three_requests_give_keys(void **state)
{
	struct chain chain;

	(void)state;
	chain_begin(&chain, METADATA, NULL, (struct fake_env){0});
	assert_http(&chain, "PUT", BASE "api/token", "");
	assert_string_equal(chain_header(&chain, "x-aws-ec2-metadata-token-ttl-seconds"), "21600");
	assert_true(chain.step.direct);
	assert_int_equal(chain.step.timeout_ms, 1000);
	chain_answer(&chain, 200, "AQAEAhush==");
	assert_http(&chain, "GET", ROLES, "");
	assert_string_equal(chain_header(&chain, "x-aws-ec2-metadata-token"), "AQAEAhush==");
	assert_true(chain.step.direct);
	chain_answer(&chain, 200, "web+server@1\n");
	assert_http(&chain, "GET", ROLES "web%2Bserver%401", "");
	assert_string_equal(chain_header(&chain, "x-aws-ec2-metadata-token"), "AQAEAhush==");
	chain_answer(&chain, 200, KEYS);
	assert_keys(&chain, "ASIA", "hush", "hush-token", NOW + 3600);
	assert_string_equal(chain.step.why, "the role of this EC2 instance (web+server@1)");
	chain_end(&chain);
}

static void test_elsewhere_than_on_ec2_there_is_none(void **state)
{
	static const struct {
		enum cfs_fault fault;
		const char *why;
	} ends[] = {
		{CFS_TIMED_OUT, "the instance metadata service did not answer in time"},
		{CFS_UNREACHABLE, "the instance metadata service cannot be reached"},
		{CFS_REFUSED, "the instance metadata service refused the connection"},
	};
	struct chain chain;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(ends); i++) {
		chain_begin(&chain, METADATA, NULL, (struct fake_env){0});
		chain_no_answer(&chain, ends[i].fault);
		assert_absent(&chain, ends[i].why);
		chain_end(&chain);
	}
	/* There is no way back to version 1. */
	chain_begin(&chain, METADATA, NULL, (struct fake_env){0});
	chain_answer(&chain, 403, "");
	assert_absent(&chain, "the instance metadata service gave no token (HTTP status 403)");
	chain_end(&chain);
	chain_begin(&chain, METADATA, NULL, (struct fake_env){0});
	chain_answer(&chain, 200, "hush");
	chain_answer(&chain, 404, "<html>");
	assert_absent(&chain, "this EC2 instance has no role attached");
	chain_end(&chain);
}

static void test_it_is_not_asked_when_it_is_disabled(void **state)
{
	struct fake_env fake = {.entries = {{"AWS_EC2_METADATA_DISABLED", "TRUE"}}};
	struct chain chain;

	(void)state;
	chain_begin(&chain, METADATA, NULL, fake);
	assert_absent(&chain, "skipped: AWS_EC2_METADATA_DISABLED is true");
	chain_end(&chain);
	fake.entries[0].value = "1";
	chain_begin(&chain, METADATA, NULL, fake);
	assert_http(&chain, "PUT", BASE "api/token", "");
	chain_end(&chain);
}

static void assert_base(struct fake_env fake, const char *url)
{
	struct chain chain;

	chain_begin(&chain, METADATA, NULL, fake);
	assert_http(&chain, "PUT", url, "");
	chain_end(&chain);
}

static void test_where_it_is(void **state)
{
	struct fake_env fake = {.entries = {{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"},
					{"AWS_EC2_METADATA_SERVICE_ENDPOINT", NULL}, HOME,
					{CONFIG,
						"[default]\n"
						"ec2_metadata_service_endpoint = http://[::1]:9\n"
						"metadata_service_timeout = 5\n"}}};
	struct fake_env ipv6 = {.entries = {{"AWS_IMDS_USE_IPV6", "true"}}};

	(void)state;
	assert_base(ipv6, "http://[fd00:ec2::254]/latest/api/token");
	ipv6.entries[1].name = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
	ipv6.entries[1].value = "IPv4";
	assert_base(ipv6, BASE "api/token");
	assert_base(fake, "http://[::1]:9/latest/api/token");
	fake.entries[1].value = "http://127.0.0.1:1338/imds/";
	assert_base(fake, "http://127.0.0.1:1338/imds/latest/api/token");
	fake.entries[1].value = "hush";
	assert_refused(METADATA, NULL, fake, CFS_UNAUTHENTICATED,
		"the URL of the instance metadata service does not begin with https://");
}

static void test_how_long_it_is_waited_for(void **state)
{
	static const struct {
		const char *text;
		long ms;
	} times[] = {{"3", 3000}, {"0", 1000}, {"-1", 1000}, {"x", 1000}, {"1.5", 1000},
		{"100000000000000000000", 60000}};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(times); i++) {
		struct chain chain;

		chain_begin(&chain, METADATA, NULL,
			(struct fake_env){
				.entries = {{"AWS_METADATA_SERVICE_TIMEOUT", times[i].text}}});
		assert_int_equal(chain.step.timeout_ms, times[i].ms);
		chain_end(&chain);
	}
}

/* What the last of three answers comes to. */
static void assert_last(int status, const char *answer, enum cfs_fault fault, const char *why)
{
	struct chain chain;

	chain_begin(&chain, METADATA, NULL, (struct fake_env){0});
	chain_answer(&chain, 200, "hush");
	chain_answer(&chain, 200, "web");
	chain_answer(&chain, status, answer);
	assert_failed(&chain, fault, why);
	chain_end(&chain);
}

#define NO_KEYS "the instance metadata service gave no keys (HTTP status 200)"

static void test_other_answers_fail(void **state)
{
	static const char *const tokens[] = {"", "hu sh", "hush\r\nX: y", "hush\x7f", "\xc3\xa9"};
	static const char *const roles[] = {"", "\nweb", "../../x", "we b", "web\x01",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	char cut[sizeof(KEYS)];
	struct chain chain;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(tokens); i++) {
		chain_begin(&chain, METADATA, NULL, (struct fake_env){0});
		chain_answer(&chain, 200, tokens[i]);
		assert_failed(&chain, CFS_BAD_ANSWER,
			"the instance metadata service gave no valid token (HTTP status 200)");
		chain_end(&chain);
	}
	for (size_t i = 0; i < N_ELEMENTS(roles); i++) {
		chain_begin(&chain, METADATA, NULL, (struct fake_env){0});
		chain_answer(&chain, 200, "hush");
		chain_answer(&chain, 200, roles[i]);
		assert_failed(&chain, CFS_BAD_ANSWER,
			"the instance metadata service gave no valid role name (HTTP status 200)");
		chain_end(&chain);
	}
	for (size_t len = 0; len < strlen(KEYS); len++) {
		memcpy(cut, KEYS, len);
		cut[len] = '\0';
		assert_last(200, cut, CFS_BAD_ANSWER, NO_KEYS);
	}
	assert_last(404, KEYS, CFS_BAD_ANSWER,
		"the instance metadata service gave no keys (HTTP status 404)");
	assert_last(200, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hush\"}", CFS_BAD_ANSWER,
		NO_KEYS);
	assert_last(200,
		"{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot\\nassume\"}",
		CFS_UNAUTHENTICATED,
		"the instance metadata service gave no keys for role web: "
		"AssumeRoleUnauthorizedAccess: EC2 cannot?assume");
}

static void test_a_failing_service_is_asked_again(void **state)
{
	struct chain chain;

	(void)state;
	chain_begin(&chain, METADATA, NULL, (struct fake_env){0});
	chain_answer(&chain, 503, "");
	assert_http(&chain, "PUT", BASE "api/token", "");
	chain_answer(&chain, 200, "hush");
	chain_no_answer(&chain, CFS_TIMED_OUT);
	assert_http(&chain, "GET", ROLES, "");
	chain_no_answer(&chain, CFS_RESET);
	assert_failed(&chain, CFS_RESET, "the instance metadata service closed the connection");
	chain_end(&chain);
}

/* Keys that have expired by the service's own clock are the last there are. */
static void test_keys_that_it_could_not_renew_serve_on(void **state)
{
	struct cfs_step_answer answer = {.status = 200, .content = KEYS, .len = strlen(KEYS)};
	struct chain chain;

	(void)state;
	chain_begin(&chain, METADATA, NULL, (struct fake_env){0});
	chain_answer(&chain, 200, "hush");
	chain_answer(&chain, 200, "web");
	answer.date = NOW + 3600;
	chain_step(&chain, &answer);
	assert_keys(&chain, "ASIA", "hush", "hush-token", NOW + 600);
	chain_end(&chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_requests_give_keys),
		cmocka_unit_test(test_elsewhere_than_on_ec2_there_is_none),
		cmocka_unit_test(test_it_is_not_asked_when_it_is_disabled),
		cmocka_unit_test(test_where_it_is),
		cmocka_unit_test(test_how_long_it_is_waited_for),
		cmocka_unit_test(test_other_answers_fail),
		cmocka_unit_test(test_a_failing_service_is_asked_again),
		cmocka_unit_test(test_keys_that_it_could_not_renew_serve_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
