/* SPDX-License-Identifier: MIT */
/*
 * The questions beside listing and fetching: which regions, who am I, would it be allowed.
 */
#include "tests/unit/support/aws_support.h"

#include "backends/aws/aws.h"
#include "backends/aws/ec2/live.h"

#define NOW INT64_C(1440938160) /* 2015-08-30T12:36:00Z */

struct outcome {
	struct cfs_sink sink;
	struct cfs_buf content;
	char regions[1024];
	int refuse;
	struct cfs_error error;
};

static int take_region(void *arg, const char *region)
{
	struct outcome *outcome = arg;

	assert_true(cfs_aws_backend.valid_region(region));
	strcat(strcat(outcome->regions, region), " ");
	return outcome->refuse;
}

static void read_answer(const struct cfs_question *question, int status, const char *text,
	size_t len, size_t first, struct outcome *outcome)
{
	const struct cfs_backend *backend = &cfs_aws_backend;
	struct cfs_reader *reader;
	int r;

	cfs_buf_init(&outcome->content, 1024);
	outcome->sink = (struct cfs_sink){
		.region = take_region, .arg = outcome, .content = &outcome->content};
	assert_int_equal(backend->reader_create(NULL, question, &outcome->sink, &reader), 0);
	r = backend->reader_feed(reader, text, first);
	if (r == 0)
		backend->reader_feed(reader, text + first, len - first);
	backend->reader_finish(reader, status, &outcome->error);
	backend->reader_destroy(reader);
}

/* Reads the answer at every split: all must come to the same. */
static struct outcome read_text(enum cfs_verb verb, int status, const char *text)
{
	struct cfs_question question = {.verb = verb,
		.region = "us-east-1",
		.live = verb == CFS_PROBE ? &cfs_aws_live[0] : NULL};
	struct outcome expected = {0};
	size_t len = strlen(text);

	read_answer(&question, status, text, len, len, &expected);
	for (size_t first = 0; first < len; first++) {
		struct outcome outcome = {0};

		read_answer(&question, status, text, len, first, &outcome);
		assert_int_equal(outcome.error.fault, expected.error.fault);
		assert_string_equal(outcome.error.code, expected.error.code);
		assert_string_equal(outcome.regions, expected.regions);
		assert_string_equal(
			cfs_buf_text(&outcome.content), cfs_buf_text(&expected.content));
		cfs_buf_finish(&outcome.content);
	}
	return expected;
}

#define REGION(name, opt_in) \
	"<item><regionName>" name "</regionName><regionEndpoint>ec2." name ".amazonaws.com" \
	"</regionEndpoint>" opt_in "</item>"
#define OPT_IN(status) "<optInStatus>" status "</optInStatus>"
#define REGIONS(items) \
	"<DescribeRegionsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">" \
	"<requestId>r</requestId><regionInfo>" items "</regionInfo></DescribeRegionsResponse>"

static void test_the_regions_that_the_account_may_use(void **state)
{
	struct outcome outcome = read_text(CFS_REGIONS, 200,
		REGIONS(REGION("eu-west-1", OPT_IN("opt-in-not-required")) REGION("af-south-1",
			OPT_IN("opted-in")) REGION("ap-east-1", OPT_IN("not-opted-in"))
				REGION("RegionOne", OPT_IN("opted-in")) REGION("us-east-1", "")));

	(void)state;
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_string_equal(outcome.regions, "eu-west-1 af-south-1 us-east-1 ");
	cfs_buf_finish(&outcome.content);
	outcome = read_text(CFS_REGIONS, 200, REGIONS(""));
	assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
	cfs_buf_finish(&outcome.content);
	outcome = read_text(CFS_REGIONS, 403,
		"<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors>"
		"<RequestID>r</RequestID></Response>");
	assert_int_equal(outcome.error.fault, CFS_DENIED);
	assert_string_equal(outcome.error.request_id, "r");
	cfs_buf_finish(&outcome.content);
}

static void test_a_region_that_the_sink_refuses_ends_the_reading(void **state)
{
	static const char text[] = REGIONS(REGION("a-1", "") REGION("b-1", ""));
	struct cfs_question question = {.verb = CFS_REGIONS, .region = ""};
	struct outcome outcome = {.refuse = -EFBIG};

	(void)state;
	read_answer(&question, 200, text, strlen(text), strlen(text), &outcome);
	assert_int_equal(outcome.error.fault, CFS_TOO_LARGE);
	assert_string_equal(outcome.regions, "a-1 ");
	cfs_buf_finish(&outcome.content);
}

#define IDENTITY(result) \
	"<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">" \
	"<GetCallerIdentityResult>" result "</GetCallerIdentityResult>" \
	"<ResponseMetadata><RequestId>the-request</RequestId></ResponseMetadata>" \
	"</GetCallerIdentityResponse>"

static void test_who_am_i(void **state)
{
	struct outcome outcome = read_text(CFS_WHOAMI, 200,
		IDENTITY("<Arn>arn:aws:sts::123456789012:assumed-role/ops/me</Arn>"
			 "<UserId>AROA:me</UserId><Account>123456789012</Account>"));

	(void)state;
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_string_equal(
		cfs_buf_text(&outcome.content), "arn:aws:sts::123456789012:assumed-role/ops/me");
	assert_string_equal(outcome.error.request_id, "the-request");
	cfs_buf_finish(&outcome.content);
	/* It is shown as it is. */
	outcome = read_text(CFS_WHOAMI, 200, IDENTITY("<Arn>arn:aws:iam::1:user/a&#10;b</Arn>"));
	assert_string_equal(cfs_buf_text(&outcome.content), "arn:aws:iam::1:user/a?b");
	cfs_buf_finish(&outcome.content);
	outcome = read_text(CFS_WHOAMI, 200, IDENTITY("<Arn>nobody</Arn>"));
	assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
	cfs_buf_finish(&outcome.content);
	outcome = read_text(CFS_WHOAMI, 200, IDENTITY(""));
	assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
	cfs_buf_finish(&outcome.content);
	outcome = read_text(CFS_WHOAMI, 403,
		"<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code>"
		"<Message>Signature expired: 20150830T123600Z is now earlier than x</Message>"
		"</Error><RequestId>r</RequestId></ErrorResponse>");
	assert_int_equal(outcome.error.fault, CFS_CLOCK_SKEW);
	cfs_buf_finish(&outcome.content);
	outcome = read_text(CFS_WHOAMI, 200, REGIONS(""));
	assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
	cfs_buf_finish(&outcome.content);
}

static enum cfs_fault probe(int status, const char *code)
{
	struct outcome outcome;
	char text[512];

	snprintf(text, sizeof(text),
		"<Response><Errors><Error><Code>%s</Code><Message>m</Message></Error></Errors>"
		"<RequestID>r</RequestID></Response>",
		code);
	outcome = read_text(CFS_PROBE, status, text);
	cfs_buf_finish(&outcome.content);
	return outcome.error.fault;
}

static void test_a_probe_is_good_when_the_permission_is_there(void **state)
{
	struct outcome outcome;

	(void)state;
	assert_int_equal(probe(412, "DryRunOperation"), CFS_OK);
	assert_int_equal(probe(412, "Client.DryRunOperation"), CFS_OK);
	assert_int_equal(probe(400, "InvalidInstanceID.NotFound"), CFS_OK);
	assert_int_equal(probe(400, "IncorrectInstanceState"), CFS_OK);
	assert_int_equal(probe(400, "UnsupportedOperation"), CFS_OK);
	assert_int_equal(probe(403, "UnauthorizedOperation"), CFS_DENIED);
	assert_int_equal(probe(401, "AuthFailure"), CFS_UNAUTHENTICATED);
	assert_int_equal(probe(403, "ExpiredTokenException"), CFS_EXPIRED);
	assert_int_equal(probe(400, "RequestExpired"), CFS_CLOCK_SKEW);
	assert_int_equal(probe(503, "RequestLimitExceeded"), CFS_THROTTLED);
	assert_int_equal(probe(500, "InternalError"), CFS_SERVER);
	assert_int_equal(probe(400, "InvalidParameterValue"), CFS_REJECTED);
	/* A cloud that knows no dry run has let it pass. */
	outcome = read_text(CFS_PROBE, 200,
		"<GetConsoleScreenshotResponse><instanceId>i-0123456789abcdef0</instanceId>"
		"<imageData>!</imageData></GetConsoleScreenshotResponse>");
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_int_equal(outcome.content.len, 0);
	cfs_buf_finish(&outcome.content);
	outcome = read_text(CFS_PROBE, 200, "<html/>");
	assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
	cfs_buf_finish(&outcome.content);
}

/* Requests */

static void assert_request(struct cfs_settings settings, struct fake_env fake,
	struct cfs_question question, const char *url, const char *scope, const char *body)
{
	const struct cfs_backend *backend = &cfs_aws_backend;
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct cfs_account *account = NULL;
	struct cfs_buf why = CFS_BUF_INIT(1024);
	struct cfs_http_request request;
	bool signed_so = false;
	int r;

	r = backend->account_create(&settings, fake_env_of(&fake), &account, &why);
	if (r < 0)
		fail_msg("%s", cfs_buf_text(&why));
	assert_int_equal(cfs_secret_set(&keys.id, "AKID", 4), 0);
	assert_int_equal(cfs_secret_set(&keys.secret, "hush", 4), 0);
	assert_int_equal(backend->request(account, &question, &keys, NOW, &request), 0);
	assert_string_equal(request.url, url);
	assert_string_equal(cfs_buf_text(&request.body), body);
	for (size_t i = 0; i < request.n_headers; i++)
		signed_so = signed_so || strstr(request.headers[i], scope);
	assert_true(signed_so);
	cfs_http_request_finish(&request);
	cfs_keys_finish(&keys);
	backend->account_destroy(account);
	cfs_buf_finish(&why);
}

static void test_regions_are_asked_where_the_account_is_at_home(void **state)
{
	static const char body[] = "Action=DescribeRegions&Version=2016-11-15";
	struct cfs_question question = {.verb = CFS_REGIONS, .region = ""};
	struct cfs_settings none = {0}, own = {.endpoint = "https://own:1"};

	(void)state;
	assert_request(none, (struct fake_env){0}, question, "https://ec2.us-east-1.amazonaws.com/",
		"/us-east-1/ec2/aws4_request", body);
	assert_request(none, (struct fake_env){.entries = {{"AWS_REGION", "cn-north-1"}}}, question,
		"https://ec2.cn-north-1.amazonaws.com.cn/", "/cn-north-1/ec2/", body);
	question.region = "eu-west-3";
	assert_request(none, (struct fake_env){.entries = {{"AWS_REGION", "cn-north-1"}}}, question,
		"https://ec2.eu-west-3.amazonaws.com/", "/eu-west-3/ec2/", body);
	assert_request(
		own, (struct fake_env){0}, question, "https://own:1/", "/eu-west-3/ec2/", body);
}

static void test_who_am_i_is_asked_of_sts(void **state)
{
	static const char body[] = "Action=GetCallerIdentity&Version=2011-06-15";
	struct cfs_question question = {.verb = CFS_WHOAMI, .region = ""};
	struct cfs_settings none = {0}, own = {.endpoint = "https://own:1"};

	(void)state;
	assert_request(none, (struct fake_env){0}, question, "https://sts.amazonaws.com/",
		"/us-east-1/sts/aws4_request", body);
	/* The endpoint of the settings is EC2's. */
	assert_request(own, (struct fake_env){.entries = {{"AWS_REGION", "eu-west-1"}}}, question,
		"https://sts.eu-west-1.amazonaws.com/", "/eu-west-1/sts/", body);
	assert_request(own,
		(struct fake_env){.entries = {{"AWS_ENDPOINT_URL_STS", "https://own:2/sts"}}},
		question, "https://own:2/sts", "/us-east-1/sts/", body);
	question.region = "cn-north-1";
	assert_request(none, (struct fake_env){0}, question,
		"https://sts.cn-north-1.amazonaws.com.cn/", "/cn-north-1/sts/", body);
}

static void test_a_probe_is_a_dry_run(void **state)
{
	struct cfs_question question = {
		.verb = CFS_PROBE, .region = "us-east-1", .live = &cfs_aws_live[0]};

	(void)state;
	assert_request((struct cfs_settings){0}, (struct fake_env){0}, question,
		"https://ec2.us-east-1.amazonaws.com/", "/us-east-1/ec2/",
		"Action=GetConsoleScreenshot&Version=2016-11-15&InstanceId=i-0123456789abcdef0"
		"&DryRun=true");
	question.id = "i-00000000";
	question.live = &cfs_aws_live[1];
	question.wake = true;
	assert_request((struct cfs_settings){0}, (struct fake_env){0}, question,
		"https://ec2.us-east-1.amazonaws.com/", "/us-east-1/ec2/",
		"Action=GetConsoleOutput&Version=2016-11-15&InstanceId=i-00000000&DryRun=true");
}

static void test_each_question_has_an_action_and_a_permission(void **state)
{
	struct cfs_question regions = {.verb = CFS_REGIONS}, whoami = {.verb = CFS_WHOAMI};
	struct cfs_question probe_log = {.verb = CFS_PROBE, .live = &cfs_aws_live[1]};

	(void)state;
	assert_string_equal(cfs_aws_backend.action(&regions), "DescribeRegions");
	assert_string_equal(cfs_aws_backend.permission(&regions), "ec2:DescribeRegions");
	assert_string_equal(cfs_aws_backend.action(&whoami), "GetCallerIdentity");
	assert_string_equal(cfs_aws_backend.permission(&whoami), "sts:GetCallerIdentity");
	assert_string_equal(cfs_aws_backend.action(&probe_log), "GetConsoleOutput");
	assert_string_equal(cfs_aws_backend.permission(&probe_log), "ec2:GetConsoleOutput");
	assert_true(cfs_aws_backend.rate(&regions).per_second > 0);
	assert_true(cfs_aws_backend.rate(&whoami).burst > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_regions_that_the_account_may_use),
		cmocka_unit_test(test_a_region_that_the_sink_refuses_ends_the_reading),
		cmocka_unit_test(test_who_am_i),
		cmocka_unit_test(test_a_probe_is_good_when_the_permission_is_there),
		cmocka_unit_test(test_regions_are_asked_where_the_account_is_at_home),
		cmocka_unit_test(test_who_am_i_is_asked_of_sts),
		cmocka_unit_test(test_a_probe_is_a_dry_run),
		cmocka_unit_test(test_each_question_has_an_action_and_a_permission),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
