/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/aws_support.h"

#include "backends/aws/aws.h"
#include "backends/aws/ec2/live.h"
#include "backends/aws/ec2/request.h"

#define NOW INT64_C(1440938160) /* 2015-08-30T12:36:00Z */
#define ID "i-0123456789abcdef0"

static struct cfs_keys example_keys(const char *token)
{
	static const char secret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
	struct cfs_keys keys = CFS_KEYS_INIT;

	assert_int_equal(cfs_secret_set(&keys.id, "AKIDEXAMPLE", 11), 0);
	assert_int_equal(cfs_secret_set(&keys.secret, secret, strlen(secret)), 0);
	if (token)
		assert_int_equal(cfs_secret_set(&keys.token, token, strlen(token)), 0);
	return keys;
}

static struct cfs_account *account_of(struct cfs_settings settings, struct fake_env fake)
{
	struct cfs_account *account = NULL;
	struct cfs_buf why = CFS_BUF_INIT(1024);
	int r = cfs_aws_backend.account_create(&settings, fake_env_of(&fake), &account, &why);

	if (r < 0)
		fail_msg("%d: %s", r, cfs_buf_text(&why));
	cfs_buf_finish(&why);
	return account;
}

static void assert_no_account(
	struct cfs_settings settings, struct fake_env fake, const char *expected)
{
	struct cfs_account *account = NULL;
	struct cfs_buf why = CFS_BUF_INIT(1024);

	assert_int_equal(
		cfs_aws_backend.account_create(&settings, fake_env_of(&fake), &account, &why),
		-EINVAL);
	assert_null(account);
	assert_string_equal(cfs_buf_text(&why), expected);
	cfs_buf_finish(&why);
}

static struct cfs_http_request request_of(
	const struct cfs_account *account, const struct cfs_question *question, const char *token)
{
	struct cfs_keys keys = example_keys(token);
	struct cfs_http_request request;

	assert_int_equal(cfs_aws_backend.request(account, question, &keys, NOW, &request), 0);
	cfs_keys_finish(&keys);
	return request;
}

static const char *header_of(const struct cfs_http_request *request, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < request->n_headers; i++) {
		if (strncmp(request->headers[i], name, len) == 0 &&
			strncmp(request->headers[i] + len, ": ", 2) == 0)
			return request->headers[i] + len + 2;
	}
	return NULL;
}

static void assert_body(const struct cfs_account *account, const struct cfs_question *question,
	const char *expected)
{
	struct cfs_http_request request = request_of(account, question, NULL);

	assert_string_equal(cfs_buf_text(&request.body), expected);
	cfs_http_request_finish(&request);
}

static void test_a_listing_pages_and_filters(void **state)
{
	static const struct cfs_pair own[] = {
		{"filter", "tag:env=prod,a b"}, {"filter", "instance-state-name=running"}};
	struct cfs_account *account = account_of((struct cfs_settings){0}, (struct fake_env){0});
	struct cfs_question question = {.verb = CFS_LIST, .region = "us-east-1", .token = ""};

	(void)state;
	assert_body(
		account, &question, "Action=DescribeInstances&Version=2016-11-15&MaxResults=1000");
	question.token = "a+b/c==";
	assert_body(account, &question,
		"Action=DescribeInstances&Version=2016-11-15&MaxResults=1000"
		"&NextToken=a%2Bb%2Fc%3D%3D");
	cfs_aws_backend.account_destroy(account);
	account = account_of(
		(struct cfs_settings){.own = own, .n_own = N_ELEMENTS(own)}, (struct fake_env){0});
	question.token = NULL;
	assert_body(account, &question,
		"Action=DescribeInstances&Version=2016-11-15&MaxResults=1000"
		"&Filter.1.Name=tag%3Aenv&Filter.1.Value.1=prod&Filter.1.Value.2=a%20b"
		"&Filter.2.Name=instance-state-name&Filter.2.Value.1=running");
	/* An instance is looked for under the same filters. */
	question = (struct cfs_question){.verb = CFS_FIND, .region = "us-east-1", .id = ID};
	assert_body(account, &question,
		"Action=DescribeInstances&Version=2016-11-15&InstanceId.1=" ID
		"&Filter.1.Name=tag%3Aenv&Filter.1.Value.1=prod&Filter.1.Value.2=a%20b"
		"&Filter.2.Name=instance-state-name&Filter.2.Value.1=running");
	cfs_aws_backend.account_destroy(account);
}

static void test_a_fetch_names_its_instance_and_may_wake_it(void **state)
{
	struct cfs_account *account = account_of((struct cfs_settings){0}, (struct fake_env){0});
	struct cfs_question question = {.verb = CFS_FETCH,
		.region = "us-east-1",
		.id = ID,
		.live = &cfs_aws_live[CFS_AWS_LIVE_SCREENSHOT]};

	(void)state;
	assert_body(account, &question,
		"Action=GetConsoleScreenshot&Version=2016-11-15&InstanceId=" ID);
	question.wake = true;
	assert_body(account, &question,
		"Action=GetConsoleScreenshot&Version=2016-11-15&InstanceId=" ID "&WakeUp=true");
	question.live = &cfs_aws_live[CFS_AWS_LIVE_LOG];
	assert_body(
		account, &question, "Action=GetConsoleOutput&Version=2016-11-15&InstanceId=" ID);
	cfs_aws_backend.account_destroy(account);
}

static void test_a_request_is_signed_as_it_is_sent(void **state)
{
	struct cfs_account *account = account_of((struct cfs_settings){0}, (struct fake_env){0});
	struct cfs_question question = {.verb = CFS_FIND, .region = "us-east-1", .id = ID};
	struct cfs_http_request request = request_of(account, &question, NULL);
	const char *authorization = header_of(&request, "Authorization");

	(void)state;
	assert_string_equal(request.method, "POST");
	assert_string_equal(request.url, "https://ec2.us-east-1.amazonaws.com/");
	assert_string_equal(header_of(&request, "Host"), "ec2.us-east-1.amazonaws.com");
	assert_string_equal(header_of(&request, "Content-Type"),
		"application/x-www-form-urlencoded; charset=utf-8");
	assert_string_equal(header_of(&request, "X-Amz-Date"), "20150830T123600Z");
	assert_null(header_of(&request, "X-Amz-Security-Token"));
	assert_non_null(authorization);
	assert_non_null(strstr(authorization,
		"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/ec2/aws4_request, "
		"SignedHeaders=content-type;host;x-amz-date, Signature="));
	cfs_http_request_finish(&request);

	request = request_of(account, &question, "the/token==");
	assert_string_equal(header_of(&request, "X-Amz-Security-Token"), "the/token==");
	assert_non_null(strstr(header_of(&request, "Authorization"),
		"SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "));
	cfs_http_request_finish(&request);
	cfs_aws_backend.account_destroy(account);
}

static void test_a_configured_endpoint_serves_every_region(void **state)
{
	struct cfs_account *account =
		account_of((struct cfs_settings){.endpoint = "https://127.0.0.1:8443/ec2"},
			(struct fake_env){.entries = {{"AWS_ENDPOINT_URL_EC2", "https://other"}}});
	struct cfs_question question = {.verb = CFS_LIST, .region = "eu-west-1", .token = ""};
	struct cfs_http_request request = request_of(account, &question, NULL);

	(void)state;
	assert_string_equal(request.url, "https://127.0.0.1:8443/ec2");
	assert_string_equal(header_of(&request, "Host"), "127.0.0.1:8443");
	assert_non_null(strstr(header_of(&request, "Authorization"), "/eu-west-1/ec2/"));
	cfs_http_request_finish(&request);
	cfs_aws_backend.account_destroy(account);
}

static void assert_url(struct fake_env fake, const char *expected)
{
	struct cfs_account *account = account_of((struct cfs_settings){0}, fake);
	struct cfs_question question = {.verb = CFS_LIST, .region = "us-east-1", .token = ""};
	struct cfs_http_request request = request_of(account, &question, NULL);

	assert_string_equal(request.url, expected);
	cfs_http_request_finish(&request);
	cfs_aws_backend.account_destroy(account);
}

static void test_the_environment_may_name_the_endpoint(void **state)
{
	(void)state;
	assert_url((struct fake_env){.entries = {{"AWS_ENDPOINT_URL", "https://all"},
					     {"AWS_ENDPOINT_URL_EC2", "https://ec2"}}},
		"https://ec2/");
	assert_url((struct fake_env){.entries = {{"AWS_ENDPOINT_URL", "https://all"}}},
		"https://all/");
	assert_url((struct fake_env){.entries = {{"AWS_ENDPOINT_URL", "https://all"},
					     {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}}},
		"https://ec2.us-east-1.amazonaws.com/");
	assert_url((struct fake_env){.entries = {{"AWS_ENDPOINT_URL", "https://all"},
					     {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false"}}},
		"https://all/");
}

static void test_a_wrong_setting_is_named(void **state)
{
	static const struct cfs_pair wrong[] = {{"filter", "tag:env"}};
	struct cfs_pair many[51];

	(void)state;
	assert_no_account((struct cfs_settings){.endpoint = "http://example.com"},
		(struct fake_env){0},
		"endpoint is http, which is for loopback hosts only: `insecure_http = yes` allows "
		"others");
	assert_no_account((struct cfs_settings){0},
		(struct fake_env){.entries = {{"AWS_ENDPOINT_URL", "https://u:hush@e.com"}}},
		"AWS_ENDPOINT_URL holds a user name");
	assert_no_account((struct cfs_settings){.own = wrong, .n_own = 1}, (struct fake_env){0},
		"filter is not NAME=VALUE[,VALUE...]");
	for (size_t i = 0; i < N_ELEMENTS(many); i++)
		many[i] = (struct cfs_pair){"filter", "a=b"};
	assert_no_account((struct cfs_settings){.own = many, .n_own = N_ELEMENTS(many)},
		(struct fake_env){0}, "filter is set more than 50 times");
	assert_no_account((struct cfs_settings){.ca_file = "~/ca.pem"}, (struct fake_env){0},
		"ca_file begins with ~, but no home directory is known");
	assert_no_account((struct cfs_settings){0},
		(struct fake_env){
			.entries = {{"AWS_CONFIG_FILE", "/c"}, {"/c", "[x]\nnonsense\n"}}},
		"line 2 of /c is neither [SECTION] nor KEY = VALUE");
}

static void test_filters_that_could_not_be_sent_are_refused(void **state)
{
	struct cfs_buf text = CFS_BUF_INIT(8192);
	struct cfs_pair own[40];

	(void)state;
	assert_int_equal(cfs_buf_adds(&text, "a="), 0);
	while (text.len < 1000)
		assert_int_equal(cfs_buf_adds(&text, "\xc3\xa9"), 0);
	for (size_t i = 0; i < N_ELEMENTS(own); i++)
		own[i] = (struct cfs_pair){"filter", cfs_buf_text(&text)};
	assert_no_account((struct cfs_settings){.own = own, .n_own = N_ELEMENTS(own)},
		(struct fake_env){0}, "filter has more than 32768 bytes in all");
	/* The most that is taken can be asked. */
	struct cfs_account *account =
		account_of((struct cfs_settings){.own = own, .n_own = 32}, (struct fake_env){0});
	struct cfs_question question = {.verb = CFS_LIST, .region = "us-east-1", .token = ""};
	struct cfs_http_request request = request_of(account, &question, NULL);

	cfs_http_request_finish(&request);
	cfs_aws_backend.account_destroy(account);
	cfs_buf_finish(&text);
}

static void test_a_ca_file_is_of_the_settings_or_the_environment(void **state)
{
	struct fake_env fake = {.entries = {{"AWS_CA_BUNDLE", "/env.pem"}, {"HOME", "/home/ops"}}};
	struct cfs_account *account =
		account_of((struct cfs_settings){.ca_file = "~/own.pem"}, fake);

	(void)state;
	assert_string_equal(cfs_aws_backend.account_ca_file(account), "/home/ops/own.pem");
	cfs_aws_backend.account_destroy(account);
	account = account_of((struct cfs_settings){0}, fake);
	assert_string_equal(cfs_aws_backend.account_ca_file(account), "/env.pem");
	cfs_aws_backend.account_destroy(account);
	account = account_of((struct cfs_settings){0}, (struct fake_env){0});
	assert_null(cfs_aws_backend.account_ca_file(account));
	cfs_aws_backend.account_destroy(account);
}

static void assert_region(const char *profile, struct fake_env fake, const char *expected)
{
	struct cfs_account *account = account_of((struct cfs_settings){.profile = profile}, fake);
	const char *region = NULL;

	assert_int_equal(cfs_aws_backend.account_region(account, &region), 0);
	assert_string_equal(region, expected);
	cfs_aws_backend.account_destroy(account);
}

static void test_the_region_is_found_as_the_sdk_finds_it(void **state)
{
	struct fake_env fake = {.entries = {{"AWS_REGION", "r-1"}, {"AWS_DEFAULT_REGION", "r-2"},
					{"AWS_CONFIG_FILE", "/c"},
					{"/c",
						"[default]\nregion = r-3\n"
						"[profile prod]\nregion = r-4\n"}}};

	(void)state;
	assert_region(NULL, fake, "r-1");
	fake.entries[0].value = NULL;
	assert_region(NULL, fake, "r-2");
	fake.entries[1].value = "";
	assert_region(NULL, fake, "r-3");
	assert_region("prod", fake, "r-4");
	assert_region("missing", fake, "");
	fake.entries[3].value = "EACCES";
	assert_region(NULL, fake, "");
	assert_region(NULL, (struct fake_env){0}, "");
}

static void test_the_backend_is_whole(void **state)
{
	const struct cfs_backend *backend = &cfs_aws_backend;
	struct cfs_question list = {.verb = CFS_LIST}, find = {.verb = CFS_FIND};
	struct cfs_question shot = {.verb = CFS_FETCH, .live = &backend->live[0]};
	struct cfs_question log = {.verb = CFS_FETCH, .live = &backend->live[1]};

	(void)state;
	assert_string_equal(backend->name, "aws");
	assert_int_equal(backend->n_live, 2);
	assert_string_equal(shot.live->name, "screenshot.jpg");
	assert_int_equal(shot.live->nominal, 1024 * 1024);
	assert_true(shot.live->wakes);
	assert_string_equal(log.live->name, "console.log");
	assert_int_equal(log.live->nominal, 128 * 1024);
	assert_false(log.live->wakes);
	assert_string_equal(backend->action(&list), "DescribeInstances");
	assert_string_equal(backend->action(&find), "DescribeInstances");
	assert_string_equal(backend->action(&shot), "GetConsoleScreenshot");
	assert_string_equal(backend->action(&log), "GetConsoleOutput");
	assert_string_equal(backend->permission(&list), "ec2:DescribeInstances");
	assert_string_equal(backend->permission(&find), "ec2:DescribeInstances");
	assert_string_equal(backend->permission(&shot), "ec2:GetConsoleScreenshot");
	assert_string_equal(backend->permission(&log), "ec2:GetConsoleOutput");
	assert_true(backend->rate(&shot).per_second == 20 && backend->rate(&shot).burst == 100);
	assert_string_equal(backend->settings[0].key, "filter");
	assert_null(backend->settings[1].key);
	assert_null(backend->settings[0].check("tag:env=prod"));
	assert_non_null(backend->settings[0].check("tag:env"));
	assert_string_equal(backend->providers[0]->name, "environment");
	assert_string_equal(backend->providers[1]->name, "profile");
	assert_string_equal(backend->providers[2]->name, "web identity");
	assert_string_equal(backend->providers[3]->name, "container");
	assert_string_equal(backend->providers[4]->name, "instance metadata");
	assert_null(backend->providers[5]);
	backend->account_destroy(NULL);
	backend->reader_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_listing_pages_and_filters),
		cmocka_unit_test(test_a_fetch_names_its_instance_and_may_wake_it),
		cmocka_unit_test(test_a_request_is_signed_as_it_is_sent),
		cmocka_unit_test(test_a_configured_endpoint_serves_every_region),
		cmocka_unit_test(test_the_environment_may_name_the_endpoint),
		cmocka_unit_test(test_a_wrong_setting_is_named),
		cmocka_unit_test(test_filters_that_could_not_be_sent_are_refused),
		cmocka_unit_test(test_a_ca_file_is_of_the_settings_or_the_environment),
		cmocka_unit_test(test_the_region_is_found_as_the_sdk_finds_it),
		cmocka_unit_test(test_the_backend_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
