/* SPDX-License-Identifier: MIT */
/*
 * The readers, fed every fixture whole, byte by byte, at every two-way split, and cut anywhere.
 */
#include "tests/unit/support/aws_support.h"
#include "tests/unit/support/instance_at.h"
#include "tests/unit/support/repeats.h"

#include "backends/aws/ec2/live.h"
#include "backends/aws/ec2/reader.h"
#include "backends/base/xml.h"

#define ID "i-0123456789abcdef0"
#define XMLNS " xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\""

/* What a reader made of an answer. */
struct outcome {
	struct cfs_sink sink;
	struct cfs_buf content;
	struct cfs_buf instances; /* as text, a line each */
	struct cfs_buf left_out;
	unsigned n_instances;
	int refuse; /* returned for the instance */
	int fed;    /* what feed returned last */
	struct cfs_error error;
};

static int take_instance(void *arg, struct cfs_instance *instance)
{
	struct outcome *outcome = arg;
	struct cfs_buf *text = &outcome->instances;

	outcome->n_instances++;
	for (size_t i = 0; i < CFS_N_FIELDS; i++)
		assert_int_equal(cfs_buf_addf(text, "%s|", cfs_instance_field(instance, i)), 0);
	assert_int_equal(
		cfs_buf_addf(text, "%d|%u", instance->power, (unsigned)instance->offers), 0);
	for (size_t i = 0; i < instance->n_addresses; i++)
		assert_int_equal(cfs_buf_addf(text, " @%s", instance_address(instance, i)), 0);
	for (size_t i = 0; i < instance->n_tags; i++)
		assert_int_equal(cfs_buf_addf(text, " #%s=%s", instance_tag(instance, i).key,
					 instance_tag(instance, i).value),
			0);
	for (size_t i = 0; i < instance->n_extras; i++)
		assert_int_equal(cfs_buf_addf(text, " %s=%s", instance_extra(instance, i).key,
					 instance_extra(instance, i).value),
			0);
	assert_int_equal(cfs_buf_addc(text, '\n'), 0);
	cfs_instance_destroy(instance);
	return outcome->refuse;
}

static void take_left_out(void *arg, const char *why)
{
	struct outcome *outcome = arg;

	assert_int_equal(cfs_buf_addf(&outcome->left_out, "%s\n", why), 0);
}

static void outcome_finish(struct outcome *outcome)
{
	cfs_buf_finish(&outcome->content);
	cfs_buf_finish(&outcome->instances);
	cfs_buf_finish(&outcome->left_out);
}

/* The question of a verb; a live file's for CFS_FETCH. */
static struct cfs_question question_of(enum cfs_verb verb, enum cfs_aws_live live)
{
	return (struct cfs_question){.verb = verb,
		.region = "us-east-1",
		.id = verb == CFS_LIST ? NULL : ID,
		.live = verb == CFS_FETCH ? &cfs_aws_live[live] : NULL,
		.token = ""};
}

/* Reads text[0..len) in pieces of `piece` bytes after a first one of `first`. */
static void read_answer(const struct cfs_question *question, int status, const char *text,
	size_t len, size_t first, size_t piece, struct outcome *outcome)
{
	struct cfs_reader *reader;
	size_t part = first;
	uint64_t nominal = question->live ? question->live->nominal : 0;

	cfs_buf_init(&outcome->content, nominal);
	cfs_buf_init(&outcome->instances, 1024 * 1024);
	cfs_buf_init(&outcome->left_out, 65536);
	outcome->sink = (struct cfs_sink){.instance = take_instance,
		.left_out = take_left_out,
		.arg = outcome,
		.content = &outcome->content,
		.token = "stale"};
	assert_int_equal(cfs_aws_reader_create(NULL, question, &outcome->sink, &reader), 0);
	outcome->fed = cfs_aws_reader_feed(reader, text, first);
	for (size_t at = first; outcome->fed == 0 && at < len; at += part) {
		part = len - at < piece ? len - at : piece;
		outcome->fed = cfs_aws_reader_feed(reader, text + at, part);
	}
	cfs_aws_reader_finish(reader, status, &outcome->error);
	cfs_aws_reader_destroy(reader);
}

/* The same at every split and byte by byte: all must come to the same. Returns the first, whose
 * memory is the caller's to finish. */
static struct outcome read_all_ways(
	const struct cfs_question *question, int status, const char *text, size_t len)
{
	struct outcome expected = {0};

	read_answer(question, status, text, len, len, len, &expected);
	for (size_t first = 0; first < len; first += step_over(len)) {
		struct outcome outcome = {0};

		read_answer(question, status, text, len, first, first ? len : 1, &outcome);
		assert_int_equal(outcome.error.fault, expected.error.fault);
		assert_string_equal(outcome.error.code, expected.error.code);
		assert_string_equal(outcome.error.message, expected.error.message);
		assert_string_equal(outcome.error.request_id, expected.error.request_id);
		assert_string_equal(outcome.sink.token, expected.sink.token);
		assert_string_equal(
			cfs_buf_text(&outcome.instances), cfs_buf_text(&expected.instances));
		assert_string_equal(
			cfs_buf_text(&outcome.left_out), cfs_buf_text(&expected.left_out));
		assert_int_equal(outcome.content.len, expected.content.len);
		if (expected.content.len > 0)
			assert_memory_equal(
				outcome.content.data, expected.content.data, expected.content.len);
		outcome_finish(&outcome);
	}
	return expected;
}

static struct outcome read_text(
	enum cfs_verb verb, enum cfs_aws_live live, int status, const char *text)
{
	struct cfs_question question = question_of(verb, live);

	return read_all_ways(&question, status, text, strlen(text));
}

static enum cfs_fault fault_of(
	enum cfs_verb verb, enum cfs_aws_live live, int status, const char *text)
{
	struct outcome outcome = read_text(verb, live, status, text);

	outcome_finish(&outcome);
	return outcome.error.fault;
}

static struct outcome read_fixture(
	enum cfs_verb verb, enum cfs_aws_live live, int status, const char *name)
{
	struct cfs_buf text = load_fixture(name);
	struct outcome outcome = read_text(verb, live, status, cfs_buf_text(&text));

	cfs_buf_finish(&text);
	return outcome;
}

#define WEB_1 \
	"i-0123456789abcdef0|web-1 \xc3\xa9\xe4\xb8\xad|us-east-1a|running|t3.micro|" \
	"2024-05-06T07:08:09.000Z|1|3 @10.0.0.12 @203.0.113.12 @2001:db8::12 @2001:db8::13" \
	" #Name=web-1 \xc3\xa9\xe4\xb8\xad #empty= #env=prod & more Architecture=x86_64" \
	" Hypervisor=xen PlatformDetails=Linux/UNIX PrivateDnsName=ip-10-0-0-12.ec2.internal" \
	" PublicDnsName=ec2-203-0-113-12.compute-1.amazonaws.com VpcId=vpc-1a2b3c4d" \
	" SubnetId=subnet-0a1b2c3d ImageId=ami-0aff18ec83f712f05 KeyName=ops\n"

static void test_a_page_of_instances(void **state)
{
	struct outcome outcome = read_fixture(CFS_LIST, 0, 200, "describe-instances.xml");

	(void)state;
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_string_equal(outcome.error.request_id, "8f7724cf-496f-496e-8fe3-example0001");
	assert_string_equal(outcome.sink.token, "eyJ2IjoiMiIsImMiOiJhYmMrLz0ifQ==");
	assert_string_equal(cfs_buf_text(&outcome.instances),
		WEB_1 "i-0badcafe||us-east-1b|stopped|m7g.large|2024-05-05T07:08:09.000Z|2|2"
		      " Architecture=arm64 Hypervisor=xen ImageId=ami-0aff18ec83f712f05"
		      " StateReason=Client.UserInitiatedShutdown: User initiated shutdown"
		      " StateTransitionReason=User initiated (2024-05-07 08:09:10 GMT)\n"
		      "i-0fedcba9876543210|||running|m5.metal||1|2 Architecture=x86_64\n");
	outcome_finish(&outcome);
}

static void test_an_instance_whose_id_is_none_is_left_out_with_a_line(void **state)
{
	struct outcome outcome = read_fixture(CFS_LIST, 0, 200, "describe-instances.xml");
	struct cfs_buf text = CFS_BUF_INIT(4096);

	(void)state;
	assert_int_equal(outcome.n_instances, 3);
	assert_string_equal(cfs_buf_text(&outcome.left_out),
		"'../../etc/passwd' is not an EC2 instance ID\n"
		"'' is not an EC2 instance ID\n");
	outcome_finish(&outcome);

	assert_int_equal(cfs_buf_adds(&text,
				 "<DescribeInstancesResponse><reservationSet><item><instancesSet>"
				 "<item><instanceId>i-\x7f"),
		0);
	for (int i = 0; i < 300; i++)
		assert_int_equal(cfs_buf_addc(&text, 'a'), 0);
	assert_int_equal(cfs_buf_adds(&text,
				 "</instanceId></item><item><instanceId>" ID
				 "</instanceId></item></instancesSet></item></reservationSet>"
				 "</DescribeInstancesResponse>"),
		0);
	outcome = read_text(CFS_LIST, 0, 200, cfs_buf_text(&text));
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_string_equal(cfs_buf_text(&outcome.instances), ID "||||||0|0\n");
	/* As long as it is it may be a secret. */
	assert_int_equal(strncmp(cfs_buf_text(&outcome.left_out), "'i-?' ", 6), 0);
	outcome_finish(&outcome);
	cfs_buf_finish(&text);
}

static void test_an_empty_page_may_have_a_next_one(void **state)
{
	struct outcome outcome = read_fixture(CFS_LIST, 0, 200, "describe-empty-page.xml");

	(void)state;
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_int_equal(outcome.n_instances, 0);
	assert_string_equal(outcome.sink.token, "more");
	outcome_finish(&outcome);
	outcome = read_text(CFS_LIST, 0, 200,
		"<DescribeInstancesResponse><reservationSet/><nextToken/></"
		"DescribeInstancesResponse>");
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_string_equal(outcome.sink.token, "");
	outcome_finish(&outcome);
}

static void test_a_page_token_is_bounded_and_printable(void **state)
{
	struct cfs_question question = question_of(CFS_LIST, 0);
	static const char before[] = "<DescribeInstancesResponse><nextToken>";
	static const char after[] = "</nextToken></DescribeInstancesResponse>";

	(void)state;
	for (size_t len = CFS_TOKEN_MAX - 2; len <= CFS_TOKEN_MAX + 2; len++) {
		struct cfs_buf text = CFS_BUF_INIT(65536);
		struct outcome outcome = {0};

		assert_int_equal(cfs_buf_adds(&text, before), 0);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(cfs_buf_addc(&text, 'x'), 0);
		assert_int_equal(cfs_buf_adds(&text, after), 0);
		read_answer(&question, 200, text.data, text.len, 10, 77, &outcome);
		assert_int_equal(
			outcome.error.fault, len < CFS_TOKEN_MAX ? CFS_OK : CFS_BAD_ANSWER);
		assert_int_equal(strlen(outcome.sink.token), len < CFS_TOKEN_MAX ? len : 0);
		outcome_finish(&outcome);
		cfs_buf_finish(&text);
	}
	assert_int_equal(fault_of(CFS_LIST, 0, 200,
				 "<DescribeInstancesResponse><nextToken>a b</nextToken>"
				 "</DescribeInstancesResponse>"),
		CFS_BAD_ANSWER);
	assert_int_equal(fault_of(CFS_LIST, 0, 200,
				 "<DescribeInstancesResponse><nextToken>a&#13;&#10;b</nextToken>"
				 "</DescribeInstancesResponse>"),
		CFS_BAD_ANSWER);
}

static void test_find_takes_the_one_that_was_asked_for(void **state)
{
	struct outcome outcome = read_fixture(CFS_FIND, 0, 200, "describe-instances.xml");

	(void)state;
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_string_equal(cfs_buf_text(&outcome.instances), WEB_1);
	outcome_finish(&outcome);
	outcome = read_fixture(CFS_FIND, 0, 200, "describe-empty-page.xml");
	assert_int_equal(outcome.error.fault, CFS_NOT_FOUND);
	assert_int_equal(outcome.n_instances, 0);
	outcome_finish(&outcome);
	outcome = read_fixture(CFS_FIND, 0, 400, "error-not-found.xml");
	assert_int_equal(outcome.error.fault, CFS_NOT_FOUND);
	outcome_finish(&outcome);
}

static void test_what_the_sink_refuses_ends_the_reading(void **state)
{
	struct cfs_question question = question_of(CFS_LIST, 0);
	struct cfs_buf text = load_fixture("describe-instances.xml");
	struct outcome outcome = {.refuse = -ENOMEM};

	(void)state;
	read_answer(&question, 200, text.data, text.len, 1, 1, &outcome);
	assert_int_equal(outcome.fed, -ENOMEM);
	assert_int_equal(outcome.n_instances, 1);
	assert_int_equal(outcome.error.fault, CFS_NO_MEMORY);
	outcome_finish(&outcome);
	cfs_buf_finish(&text);
}

static void test_many_tags_and_addresses_are_bounded(void **state)
{
	struct cfs_question question = question_of(CFS_LIST, 0);
	struct cfs_buf text = CFS_BUF_INIT(1024 * 1024);
	struct outcome outcome = {0};

	(void)state;
	assert_int_equal(cfs_buf_adds(&text,
				 "<DescribeInstancesResponse><reservationSet><item><instancesSet>"
				 "<item><instanceId>" ID "</instanceId><tagSet>"),
		0);
	for (int i = 0; i < 500; i++)
		assert_int_equal(cfs_buf_addf(&text,
					 "<item><key>%d</key><value>%0400d</value></item>", i, i),
			0);
	assert_int_equal(
		cfs_buf_adds(&text, "</tagSet><networkInterfaceSet><item><ipv6AddressesSet>"), 0);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(
			cfs_buf_addf(&text, "<item><ipv6Address>::%x</ipv6Address></item>", i), 0);
	assert_int_equal(cfs_buf_adds(&text,
				 "</ipv6AddressesSet></item></networkInterfaceSet>"
				 "<instanceType>t3.nano</instanceType></item></instancesSet></item>"
				 "</reservationSet></DescribeInstancesResponse>"),
		0);
	read_answer(&question, 200, text.data, text.len, 100, 1000, &outcome);
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_int_equal(outcome.n_instances, 1);
	/* What comes after the many is there all the same. */
	assert_non_null(strstr(cfs_buf_text(&outcome.instances), "|t3.nano|"));
	assert_non_null(strstr(cfs_buf_text(&outcome.instances), " #0=0"));
	assert_non_null(strstr(cfs_buf_text(&outcome.instances), " @::3ff"));
	assert_null(strstr(cfs_buf_text(&outcome.instances), " @::400"));
	outcome_finish(&outcome);
	cfs_buf_finish(&text);
}

/* EC2 lists interfaces and their addresses in no certain order. */
static void test_every_address_of_every_interface_is_taken(void **state)
{
	static const char *const interfaces[] = {
		"<item><privateIpAddress>10.0.0.5</privateIpAddress>"
		"<association><publicIp>203.0.113.5</publicIp><ipOwnerId>amazon</ipOwnerId>"
		"</association><privateIpAddressesSet>"
		"<item><privateIpAddress>10.0.0.16</privateIpAddress><association>"
		"<publicIp>198.51.100.3</publicIp></association></item>"
		"<item><privateIpAddress>10.0.0.5</privateIpAddress><primary>true</primary>"
		"<association><publicIp>203.0.113.5</publicIp></association></item>"
		"</privateIpAddressesSet><ipv6AddressesSet>"
		"<item><ipv6Address>2001:db8::5</ipv6Address></item>"
		"<item><ipv6Address>2001:db8::4</ipv6Address></item></ipv6AddressesSet></item>",
		"<item><privateIpAddressesSet><item><privateIpAddress>10.9.0.7</privateIpAddress>"
		"<association><carrierIp>155.146.10.1</carrierIp></association></item><item>"
		"<privateIpAddress>10.0.0.6</privateIpAddress><association>"
		"<customerOwnedIp>192.0.2.9</customerOwnedIp></association></item>"
		"</privateIpAddressesSet></item>",
	};
	static const char own[] = "<privateIpAddress>10.0.0.5</privateIpAddress>"
				  "<ipAddress>203.0.113.5</ipAddress>"
				  "<ipv6Address>2001:db8::5</ipv6Address>";
	struct cfs_question question = question_of(CFS_LIST, 0);
	char text[4096];

	(void)state;
	for (unsigned order = 0; order < 4; order++) {
		const char *first = order & 1 ? own : "", *last = order & 1 ? "" : own;
		struct outcome outcome = {0};

		snprintf(text, sizeof(text),
			"<DescribeInstancesResponse><reservationSet><item><instancesSet><item>"
			"<instanceId>" ID "</instanceId>%s<networkInterfaceSet>%s%s"
			"</networkInterfaceSet>%s</item></instancesSet></item></reservationSet>"
			"</DescribeInstancesResponse>",
			first, interfaces[order >> 1], interfaces[!(order >> 1)], last);
		read_answer(&question, 200, text, strlen(text), 1, 7, &outcome);
		assert_int_equal(outcome.error.fault, CFS_OK);
		assert_non_null(strstr(cfs_buf_text(&outcome.instances),
			" @10.0.0.5 @10.0.0.6 @10.0.0.16 @10.9.0.7 @203.0.113.5 @155.146.10.1"
			" @192.0.2.9 @198.51.100.3 @2001:db8::5 @2001:db8::4\n"));
		outcome_finish(&outcome);
	}
}

static void assert_content(const struct outcome *outcome, const char *name)
{
	struct cfs_buf expected = load_fixture(name);

	assert_int_equal(outcome->error.fault, CFS_OK);
	assert_int_equal(outcome->content.len, expected.len);
	assert_memory_equal(outcome->content.data, expected.data, expected.len);
	cfs_buf_finish(&expected);
}

static void test_a_screenshot_is_decoded(void **state)
{
	struct outcome outcome =
		read_fixture(CFS_FETCH, CFS_AWS_LIVE_SCREENSHOT, 200, "screenshot.xml");

	(void)state;
	assert_content(&outcome, "screenshot.jpg");
	assert_string_equal(outcome.error.request_id, "8f7724cf-496f-496e-8fe3-example0003");
	outcome_finish(&outcome);
}

static void test_a_log_is_decoded_with_its_lines_wrapped(void **state)
{
	struct outcome outcome = read_fixture(CFS_FETCH, CFS_AWS_LIVE_LOG, 200, "output.xml");

	(void)state;
	assert_content(&outcome, "console.log");
	outcome_finish(&outcome);
}

static void test_an_empty_log_is_an_empty_file(void **state)
{
	struct outcome outcome =
		read_fixture(CFS_FETCH, CFS_AWS_LIVE_LOG, 200, "output-absent.xml");

	(void)state;
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_int_equal(outcome.content.len, 0);
	outcome_finish(&outcome);
	assert_int_equal(fault_of(CFS_FETCH, CFS_AWS_LIVE_LOG, 200,
				 "<GetConsoleOutputResponse" XMLNS "><instanceId>" ID
				 "</instanceId><output/></GetConsoleOutputResponse>"),
		CFS_OK);
}

#define SCREENSHOT(id, data) \
	"<GetConsoleScreenshotResponse" XMLNS ">" id data "</GetConsoleScreenshotResponse>"
#define ABOUT(id) "<instanceId>" id "</instanceId>"
#define DATA(data) "<imageData>" data "</imageData>"
/* A JPEG image of one pixel, and one without its last bytes. */
#define PICTURE PICTURE_HEAD PICTURE_TAIL
#define PICTURE_HEAD "/9j/wAALCAABAAEBAREA/9oACAEBAAA/AAAA"
#define PICTURE_TAIL "AP/Z"

static void test_what_is_no_screenshot_is_told_apart(void **state)
{
	static const struct {
		const char *text;
		enum cfs_fault fault;
	} rows[] = {
		{SCREENSHOT(ABOUT(ID), DATA(PICTURE)), CFS_OK},
		{SCREENSHOT(DATA(PICTURE), ABOUT(ID)), CFS_OK},
		{SCREENSHOT(ABOUT(ID), DATA(" \n" PICTURE " ")), CFS_OK},
		{SCREENSHOT(ABOUT(ID), DATA("")), CFS_EMPTY},
		{SCREENSHOT(ABOUT(ID), DATA("\n")), CFS_EMPTY},
		{SCREENSHOT(ABOUT(ID), ""), CFS_EMPTY},
		/* no image, or not all of one */
		{SCREENSHOT(ABOUT(ID), DATA("/9j/")), CFS_BAD_ANSWER},
		{SCREENSHOT(ABOUT(ID), DATA("/9j/2Q==")), CFS_BAD_ANSWER},
		{SCREENSHOT(ABOUT(ID), DATA(PICTURE_HEAD)), CFS_BAD_ANSWER},
		{SCREENSHOT(ABOUT(ID), DATA("/9g=")), CFS_BAD_ANSWER},
		{SCREENSHOT(ABOUT(ID), DATA("iVBORw0KGgo=")), CFS_BAD_ANSWER},
		/* no base64 */
		{SCREENSHOT(ABOUT(ID), DATA("/9j")), CFS_BAD_ANSWER},
		{SCREENSHOT(ABOUT(ID), DATA(PICTURE "*")), CFS_BAD_ANSWER},
		{SCREENSHOT(ABOUT(ID), DATA(PICTURE "=")), CFS_BAD_ANSWER},
		{SCREENSHOT(ABOUT(ID), DATA(PICTURE) DATA(PICTURE)), CFS_BAD_ANSWER},
		/* about another instance, or none */
		{SCREENSHOT(ABOUT("i-0123456789abcdef1"), DATA(PICTURE)), CFS_BAD_ANSWER},
		{SCREENSHOT(DATA(PICTURE), ABOUT("i-0123456789abcdef1")), CFS_BAD_ANSWER},
		{SCREENSHOT(ABOUT(ID "x"), DATA(PICTURE)), CFS_BAD_ANSWER},
		{SCREENSHOT(ABOUT(ID) ABOUT("x"), DATA(PICTURE)), CFS_BAD_ANSWER},
		{SCREENSHOT("", DATA(PICTURE)), CFS_BAD_ANSWER},
		/* an answer to something else */
		{"<GetConsoleOutputResponse" XMLNS ">" ABOUT(ID) "</GetConsoleOutputResponse>",
			CFS_BAD_ANSWER},
		{"<DescribeInstancesResponse/>", CFS_BAD_ANSWER},
		{"<imageData>" PICTURE "</imageData>", CFS_BAD_ANSWER},
		{"<x>" SCREENSHOT(ABOUT(ID), DATA(PICTURE)) "</x>", CFS_BAD_ANSWER},
		{SCREENSHOT("<x>" ABOUT(ID) DATA(PICTURE) "</x>", ""), CFS_BAD_ANSWER},
		{"", CFS_BAD_ANSWER},
		{"{}", CFS_BAD_ANSWER},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct outcome outcome =
			read_text(CFS_FETCH, CFS_AWS_LIVE_SCREENSHOT, 200, rows[i].text);

		if (outcome.error.fault != rows[i].fault)
			fail_msg("%d for %s", outcome.error.fault, rows[i].text);
		/* A file is never wrong: what is no answer has no bytes. */
		if (outcome.error.fault != CFS_OK)
			assert_int_equal(outcome.content.len, 0);
		outcome_finish(&outcome);
	}
}

static void test_a_snapshot_over_its_nominal_size_is_too_large(void **state)
{
	struct cfs_question question = question_of(CFS_FETCH, CFS_AWS_LIVE_SCREENSHOT);
	uint64_t nominal = question.live->nominal;

	(void)state;
	for (size_t len = nominal / 3; len <= nominal / 3 + 1; len++) {
		struct cfs_buf text = CFS_BUF_INIT(4 * 1024 * 1024);
		struct outcome outcome = {0};

		assert_int_equal(cfs_buf_adds(&text,
					 "<GetConsoleScreenshotResponse>" ABOUT(ID) "<imageData>"),
			0);
		assert_int_equal(cfs_buf_adds(&text, PICTURE_HEAD), 0);
		for (size_t i = strlen(PICTURE) / 4; i < len; i++)
			assert_int_equal(cfs_buf_adds(&text, i % 19 ? "AAAA" : "AAAA\r\n"), 0);
		assert_int_equal(cfs_buf_adds(&text, PICTURE_TAIL), 0);
		assert_int_equal(
			cfs_buf_adds(&text, "</imageData></GetConsoleScreenshotResponse>"), 0);
		read_answer(&question, 200, text.data, text.len, 5, 16384, &outcome);
		if (len * 3 <= nominal) {
			assert_int_equal(outcome.error.fault, CFS_OK);
			assert_int_equal(outcome.content.len, len * 3);
		} else {
			assert_int_equal(outcome.fed, -EFBIG);
			assert_int_equal(outcome.error.fault, CFS_TOO_LARGE);
		}
		outcome_finish(&outcome);
		cfs_buf_finish(&text);
	}
}

static void test_an_error_is_read_in_both_forms(void **state)
{
	struct outcome outcome =
		read_fixture(CFS_FETCH, CFS_AWS_LIVE_SCREENSHOT, 403, "error-unauthorized.xml");

	(void)state;
	assert_int_equal(outcome.error.fault, CFS_DENIED);
	assert_string_equal(outcome.error.code, "UnauthorizedOperation");
	assert_string_equal(outcome.error.request_id, "8f7724cf-496f-496e-8fe3-example0007");
	assert_non_null(strstr(outcome.error.message, "no identity-based policy allows"));
	assert_null(strstr(outcome.error.message, "Encoded"));
	outcome_finish(&outcome);

	outcome = read_fixture(CFS_LIST, 0, 403, "error-sts.xml");
	assert_int_equal(outcome.error.fault, CFS_EXPIRED);
	assert_string_equal(outcome.error.code, "ExpiredTokenException");
	assert_string_equal(
		outcome.error.message, "The security token included in the request is expired");
	assert_string_equal(outcome.error.request_id, "8f7724cf-496f-496e-8fe3-example0008");
	outcome_finish(&outcome);

	outcome = read_fixture(CFS_FETCH, CFS_AWS_LIVE_LOG, 400, "error-not-found.xml");
	assert_int_equal(outcome.error.fault, CFS_NOT_FOUND);
	assert_string_equal(outcome.error.code, "InvalidInstanceID.NotFound");
	assert_string_equal(outcome.error.message, "");
	outcome_finish(&outcome);
}

static void test_an_error_is_one_whatever_the_status(void **state)
{
	struct outcome outcome = read_fixture(CFS_LIST, 0, 200, "error-unauthorized.xml");

	(void)state;
	assert_int_equal(outcome.error.fault, CFS_DENIED);
	outcome_finish(&outcome);
	/* A good answer's shape does not make a bad status good. */
	outcome = read_fixture(CFS_FETCH, CFS_AWS_LIVE_SCREENSHOT, 500, "screenshot.xml");
	assert_int_equal(outcome.error.fault, CFS_SERVER);
	assert_int_equal(outcome.content.len, 0);
	outcome_finish(&outcome);
}

static void test_a_body_that_is_no_xml_leaves_the_status_to_speak(void **state)
{
	static const char html[] = "<html><head><title>502<br></head>Bad Gateway</html>";

	(void)state;
	assert_int_equal(fault_of(CFS_LIST, 0, 502, html), CFS_SERVER);
	assert_int_equal(fault_of(CFS_LIST, 0, 503, ""), CFS_SERVER);
	assert_int_equal(fault_of(CFS_LIST, 0, 429, "slow down"), CFS_THROTTLED);
	assert_int_equal(fault_of(CFS_LIST, 0, 403, "{\"message\":\"no\"}"), CFS_UNAUTHENTICATED);
	assert_int_equal(fault_of(CFS_LIST, 0, 404, html), CFS_BAD_ANSWER);
	assert_int_equal(fault_of(CFS_LIST, 0, 301, ""), CFS_BAD_ANSWER);
	assert_int_equal(fault_of(CFS_LIST, 0, 200, html), CFS_BAD_ANSWER);
	assert_int_equal(fault_of(CFS_FETCH, CFS_AWS_LIVE_LOG, 200, ""), CFS_BAD_ANSWER);
}

static void test_a_long_body_that_is_no_xml_ends_the_transfer(void **state)
{
	struct cfs_question question = question_of(CFS_LIST, 0);
	struct cfs_buf text = CFS_BUF_INIT(1024 * 1024);
	struct outcome outcome = {0};

	(void)state;
	for (size_t i = 0; i < 2 * CFS_AWS_REST_MAX; i++)
		assert_int_equal(cfs_buf_addc(&text, 'x'), 0);
	read_answer(&question, 200, text.data, text.len, 1000, 1000, &outcome);
	assert_int_equal(outcome.fed, -EBADMSG);
	assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
	outcome_finish(&outcome);
	cfs_buf_finish(&text);
}

/* Cuts a fixture at each byte: never a good answer until the root has ended. */
static void cut_everywhere(enum cfs_verb verb, enum cfs_aws_live live, const char *name)
{
	struct cfs_question question = question_of(verb, live);
	struct cfs_buf text = load_fixture(name);
	size_t whole = text.len;

	while (whole > 0 && text.data[whole - 1] != '>')
		whole--;
	for (size_t len = 0; len < whole; len += step_over(whole)) {
		struct outcome outcome = {0};

		read_answer(&question, 200, text.data, len, len / 2, 1 + len % 7, &outcome);
		assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
		assert_int_equal(outcome.content.len, 0);
		outcome_finish(&outcome);
	}
	cfs_buf_finish(&text);
}

static void test_an_answer_cut_anywhere_is_bad(void **state)
{
	(void)state;
	cut_everywhere(CFS_LIST, 0, "describe-instances.xml");
	cut_everywhere(CFS_FIND, 0, "describe-instances.xml");
	cut_everywhere(CFS_FETCH, CFS_AWS_LIVE_SCREENSHOT, "screenshot.xml");
	cut_everywhere(CFS_FETCH, CFS_AWS_LIVE_LOG, "output.xml");
	cut_everywhere(CFS_FETCH, CFS_AWS_LIVE_LOG, "output-absent.xml");
}

static void test_a_cut_error_is_an_error(void **state)
{
	static const char *const names[] = {
		"error-not-found.xml", "error-unauthorized.xml", "error-sts.xml"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		struct cfs_question question = question_of(CFS_FIND, 0);
		struct cfs_buf text = load_fixture(names[i]);
		const char *code_end = strstr(text.data, "</Code>") + strlen("</Code>");

		for (size_t len = 0; len < text.len; len += step_over(text.len)) {
			struct outcome outcome = {0};

			read_answer(&question, 500, text.data, len, len, len, &outcome);
			/* The status speaks until the code has been read, then the code. */
			if (text.data + len < code_end)
				assert_int_equal(outcome.error.fault, CFS_SERVER);
			else
				assert_int_not_equal(outcome.error.fault, CFS_SERVER);
			assert_int_not_equal(outcome.error.fault, CFS_OK);
			outcome_finish(&outcome);
		}
		cfs_buf_finish(&text);
	}
}

static void test_hostile_xml_is_a_bad_answer(void **state)
{
	static const char *const hostile[] = {
		"<!DOCTYPE x [<!ENTITY e \"" PICTURE "\">]>" SCREENSHOT(ABOUT(ID), DATA("&e;")),
		"<!DOCTYPE x SYSTEM \"file:///etc/passwd\">" SCREENSHOT(ABOUT(ID), DATA(PICTURE)),
		SCREENSHOT(ABOUT(ID), DATA(PICTURE "&unknown;")),
		SCREENSHOT(ABOUT(ID), DATA(PICTURE "\xff\xfe")),
		SCREENSHOT(ABOUT(ID), DATA(PICTURE)) SCREENSHOT(ABOUT(ID), DATA(PICTURE)),
	};
	struct cfs_buf text = CFS_BUF_INIT(65536);

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(hostile); i++)
		assert_int_equal(fault_of(CFS_FETCH, CFS_AWS_LIVE_SCREENSHOT, 200, hostile[i]),
			CFS_BAD_ANSWER);
	for (int i = 0; i < 2 * CFS_XML_NESTING_MAX; i++)
		assert_int_equal(cfs_buf_adds(&text, "<DescribeInstancesResponse>"), 0);
	for (int i = 0; i < 2 * CFS_XML_NESTING_MAX; i++)
		assert_int_equal(cfs_buf_adds(&text, "</DescribeInstancesResponse>"), 0);
	assert_int_equal(fault_of(CFS_LIST, 0, 200, cfs_buf_text(&text)), CFS_BAD_ANSWER);
	cfs_buf_finish(&text);
}

static void test_what_comes_before_a_nul_is_read(void **state)
{
	static const char text[] = "<Response><Errors><Error><Code>RequestLimitExceeded</Code>"
				   "<Message>m</Message></Error></Errors>\0</Response>";
	struct cfs_question question = question_of(CFS_LIST, 0);
	struct outcome outcome = read_all_ways(&question, 503, text, sizeof(text) - 1);

	(void)state;
	assert_int_equal(outcome.error.fault, CFS_THROTTLED);
	assert_string_equal(outcome.error.code, "RequestLimitExceeded");
	outcome_finish(&outcome);
}

static void test_a_launch_time_is_a_moment_in_utc(void **state)
{
	static const struct {
		const char *text, *launched;
	} cases[] = {
		{"2024-05-06T07:08:09.000Z", "2024-05-06T07:08:09.000Z"},
		{"2024-05-06T07:08:09+08:00", ""},
		{"2024-02-30T07:08:09Z", ""},
		{"yesterday", ""},
		{"", ""},
	};
	char text[512], expected[256];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct outcome outcome = {0};

		snprintf(text, sizeof(text),
			"<DescribeInstancesResponse><reservationSet><item><instancesSet><item>"
			"<instanceId>i-0badcafe</instanceId><launchTime>%s</launchTime></item>"
			"</instancesSet></item></reservationSet></DescribeInstancesResponse>",
			cases[i].text);
		snprintf(expected, sizeof(expected), "i-0badcafe|||||%s|0|0\n", cases[i].launched);
		outcome = read_text(CFS_LIST, 0, 200, text);
		assert_int_equal(outcome.error.fault, CFS_OK);
		assert_string_equal(cfs_buf_text(&outcome.instances), expected);
		outcome_finish(&outcome);
	}
}

static void test_words_of_the_cloud_are_cut_and_cleaned(void **state)
{
	struct cfs_question question = question_of(CFS_LIST, 0);
	struct cfs_buf text = CFS_BUF_INIT(65536);
	struct outcome outcome = {0};

	(void)state;
	assert_int_equal(cfs_buf_adds(&text, "<Response><Errors><Error><Code>Auth&#9;Failure"), 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(cfs_buf_adds(&text, "x"), 0);
	assert_int_equal(cfs_buf_adds(&text, "</Code><Message>\xc2\x9b red "), 0);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(cfs_buf_adds(&text, "\xc3\xa9"), 0);
	assert_int_equal(cfs_buf_adds(&text,
				 "</Message></Error><Error><Code>Second</Code></Error></Errors>"
				 "<RequestID>&#10;r</RequestID></Response>"),
		0);
	read_answer(&question, 400, text.data, text.len, 64, 64, &outcome);
	assert_int_equal(outcome.error.fault, CFS_REJECTED);
	assert_string_equal(outcome.error.code, "?");
	assert_int_equal(strncmp(outcome.error.message, "? red \xc3\xa9", 8), 0);
	assert_true(strlen(outcome.error.message) < CFS_MESSAGE_MAX);
	assert_string_equal(outcome.error.request_id, "r");
	outcome_finish(&outcome);
	cfs_buf_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_of_instances),
		cmocka_unit_test(test_an_instance_whose_id_is_none_is_left_out_with_a_line),
		cmocka_unit_test(test_an_empty_page_may_have_a_next_one),
		cmocka_unit_test(test_a_page_token_is_bounded_and_printable),
		cmocka_unit_test(test_find_takes_the_one_that_was_asked_for),
		cmocka_unit_test(test_what_the_sink_refuses_ends_the_reading),
		cmocka_unit_test(test_many_tags_and_addresses_are_bounded),
		cmocka_unit_test(test_every_address_of_every_interface_is_taken),
		cmocka_unit_test(test_a_screenshot_is_decoded),
		cmocka_unit_test(test_a_log_is_decoded_with_its_lines_wrapped),
		cmocka_unit_test(test_an_empty_log_is_an_empty_file),
		cmocka_unit_test(test_what_is_no_screenshot_is_told_apart),
		cmocka_unit_test(test_a_snapshot_over_its_nominal_size_is_too_large),
		cmocka_unit_test(test_an_error_is_read_in_both_forms),
		cmocka_unit_test(test_an_error_is_one_whatever_the_status),
		cmocka_unit_test(test_a_body_that_is_no_xml_leaves_the_status_to_speak),
		cmocka_unit_test(test_a_long_body_that_is_no_xml_ends_the_transfer),
		cmocka_unit_test(test_an_answer_cut_anywhere_is_bad),
		cmocka_unit_test(test_a_cut_error_is_an_error),
		cmocka_unit_test(test_hostile_xml_is_a_bad_answer),
		cmocka_unit_test(test_what_comes_before_a_nul_is_read),
		cmocka_unit_test(test_a_launch_time_is_a_moment_in_utc),
		cmocka_unit_test(test_words_of_the_cloud_are_cut_and_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
