/* SPDX-License-Identifier: MIT */
/* backends/tencent/cvm/answer.h: what the reader makes of answers, the documented and the bad. */
#include "tests/unit/support/tencent_reading.h"

#define LINK \
	CFS_TENCENT_VNC_PAGE \
	"wss%3A%2F%2Fbjvnc.qcloud.com%3A26789%2Fvnc%3Fs%" \
	"3DaHpjWnRVMFNhYmxKdDM5MjRHNlVTSVQwajNUSW0wb2" \
	"tBbmFtREFCTmFrcy8vUUNPMG0wSHZNOUUxRm5PMmUzWmFDcWlOdDJIbUJxSTZDL0RXcHZxYnZZMmRkWWZWcEZia2" \
	"ly" \
	"b09XMzdKNmM9\n"

static void assert_documented_listing(const struct outcome *outcome)
{
	assert_int_equal(outcome->error.fault, CFS_OK);
	assert_string_equal(outcome->error.message, "");
	assert_int_equal(outcome->n, 3);
	assert_string_equal(cfs_instance_id(outcome->instances[0]), "ins-r9hr2upy");
	assert_string_equal(cfs_instance_field(outcome->instances[0], CFS_FIELD_NAME),
		"\xe6\x9c\xaa\xe5\x91\xbd\xe5\x90\x8d web 1");
	assert_int_equal(outcome->instances[0]->n_addresses, 3);
	assert_int_equal(outcome->instances[0]->n_tags, 2);
	assert_int_equal(outcome->instances[0]->offers, 3);
	assert_string_equal(cfs_instance_id(outcome->instances[1]), "ins-2ypa0wxe");
	assert_string_equal(cfs_instance_field(outcome->instances[1], CFS_FIELD_LAUNCHED),
		"2021-12-31T23:59:59Z");
	assert_int_equal(outcome->instances[1]->n_addresses, 2);
	assert_int_equal(outcome->instances[1]->offers, 0);
	assert_string_equal(cfs_instance_id(outcome->instances[2]), "ins-00000003");
	assert_string_equal(outcome->sink.token, "");
	assert_string_equal(outcome->error.request_id, "6b655514-b2da-4bf0-b0f3-2f8a5e5e9c3a");
	assert_int_equal(outcome->n_left_out, 0);
}

static void a_listing_is_the_same_however_its_bytes_arrive(void **state)
{
	static char text[FIXTURE_MAX];
	size_t len = load("describe_instances.json", text);
	struct outcome outcome = {0};

	(void)state;
	for (size_t split = 0; split <= len; split++) {
		read_split(&outcome, &question_list, 200, text, len, split);
		assert_documented_listing(&outcome);
		outcome_finish(&outcome);
	}
}

static void vnc_url_is_the_same_however_its_bytes_arrive(void **state)
{
	static char text[FIXTURE_MAX];
	size_t len = load("vnc_url.json", text);
	struct cfs_question fetch = fetch_vnc_url();
	struct outcome outcome = {0};

	(void)state;
	for (size_t split = 0; split <= len; split++) {
		read_split(&outcome, &fetch, 200, text, len, split);
		assert_int_equal(outcome.error.fault, CFS_OK);
		assert_string_equal(cfs_buf_text(&outcome.content), LINK);
		assert_string_equal(
			outcome.error.request_id, "6ef60bec-0242-43af-bb20-270359fb54a7");
		outcome_finish(&outcome);
	}
}

static void a_truncated_answer_is_a_bad_one(void **state)
{
	static const char *const fixtures[] = {
		"describe_instances.json", "vnc_url.json", "empty.json", "error.json"};
	static char text[FIXTURE_MAX];
	const struct cfs_question questions[] = {question_list, question_find, fetch_vnc_url()};
	struct outcome outcome = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(fixtures) / sizeof(fixtures[0]); i++) {
		size_t len = load(fixtures[i], text);

		for (size_t cut = 0; cut < len; cut++) {
			const struct cfs_question *question = &questions[cut % 3];

			read_bytes(&outcome, question, text, cut);
			assert_int_equal(outcome.fed, 0);
			assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
			assert_int_equal(outcome.n, 0);
			assert_int_equal(outcome.content.len, 0);
			outcome_finish(&outcome);
		}
	}
}

static void an_error_carries_the_clouds_words(void **state)
{
	static char text[FIXTURE_MAX];
	const struct cfs_question questions[] = {question_list, question_find, fetch_vnc_url()};
	size_t len = load("error.json", text);
	struct outcome outcome = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (size_t split = 0; split <= len; split++) {
			read_split(&outcome, &questions[i], 200, text, len, split);
			assert_int_equal(outcome.error.fault, CFS_UNAUTHENTICATED);
			assert_string_equal(outcome.error.code, "AuthFailure.SignatureFailure");
			assert_string_equal(outcome.error.message,
				"The provided credentials could not be validated. Please check "
				"your signature is correct.");
			assert_string_equal(
				outcome.error.request_id, "ed93f3cb-f35e-473f-b9f3-0d451b8b79c6");
			assert_int_equal(outcome.n, 0);
			outcome_finish(&outcome);
		}
	}
}

static void the_words_of_an_error_are_made_printable_and_short(void **state)
{
	static char text[FIXTURE_MAX], endless[4096];
	struct outcome outcome = {0};

	(void)state;
	read_text(&outcome, &question_list,
		"{\"Response\":{\"Error\":{\"Code\":\"InternalError\\n\\u001b[2J\","
		"\"Message\":\"a\\r\\nb\\u0000c\xff\"},\"RequestId\":\"r\\n\"}}");
	assert_string_equal(outcome.error.code, "?");
	assert_string_equal(outcome.error.message,
		"a??b\xef\xbf\xbd"
		"c?");
	assert_string_equal(outcome.error.request_id, "r");
	outcome_finish(&outcome);

	/* In words, as one so long may be a secret. */
	memset(endless, 'x', sizeof(endless) - 1);
	for (size_t i = 50; i < sizeof(endless) - 1; i += 50)
		endless[i] = ' ';
	snprintf(text, sizeof(text),
		"{\"Response\":{\"Error\":{\"Code\":\"InternalError.%s\",\"Message\":\"%s\"},"
		"\"RequestId\":\"%s\"}}",
		endless, endless, endless);
	read_text(&outcome, &question_list, text);
	assert_int_equal(outcome.error.fault, CFS_REJECTED);
	assert_string_equal(outcome.error.code, "?");
	assert_int_equal(strlen(outcome.error.message), CFS_MESSAGE_MAX - 1);
	assert_string_equal(outcome.error.request_id, "?");
	outcome_finish(&outcome);
}

static void an_error_needs_a_code(void **state)
{
	static const char *const bad[] = {"{}", "[]", "\"AuthFailure\"", "{\"Code\":\"\"}",
		"{\"Code\":7}", "{\"Code\":null,\"Message\":\"m\"}", "true", "0"};
	struct outcome outcome = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text),
			"{\"Response\":{\"Error\":%s,\"TotalCount\":0,\"InstanceSet\":[]}}",
			bad[i]);
		read_text(&outcome, &question_list, text);
		assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
		outcome_finish(&outcome);
	}
	read_text(&outcome, &question_list,
		"{\"Response\":{\"Error\":{\"Code\":\"InternalError\",\"Message\":null}}}");
	assert_int_equal(outcome.error.fault, CFS_SERVER);
	assert_string_equal(outcome.error.message, "");
	outcome_finish(&outcome);
}

static void a_listing_ends_where_total_count_says(void **state)
{
	static const struct {
		const char *page, *total, *next;
		size_t n;
		bool partial; /* empty before its end: nobody is gone for not being in it */
	} cases[] = {
		{"", "0", "", 0, false},
		{"", "2", "", 2, false},
		{"", "3", "2", 2, false},
		{"", "1", "", 2, false},
		{"100", "102", "", 2, false},
		{"100", "103", "102", 2, false},
		{"100", "500", "", 0, true},
		{"", "2147483647", "2", 2, false},
		{"500", "100", "", 2, false},
	};
	struct outcome outcome = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cfs_question question = question_list;
		char text[256];

		question.token = cases[i].page;
		snprintf(text, sizeof(text),
			"{\"Response\":{\"TotalCount\":%s,\"InstanceSet\":%s}}", cases[i].total,
			cases[i].n ? "[{\"InstanceId\":\"ins-aaaaaaaa\"},{\"InstanceId\":\"/\"}]"
				   : "[]");
		read_text(&outcome, &question, text);
		assert_int_equal(outcome.error.fault, CFS_OK);
		assert_string_equal(outcome.sink.token, cases[i].next);
		assert_int_equal(outcome.sink.total, strtoll(cases[i].total, NULL, 10));
		assert_int_equal(outcome.sink.partial, cases[i].partial);
		assert_int_equal(outcome.n, cases[i].n / 2);
		assert_int_equal(outcome.n_left_out, cases[i].n / 2);
		outcome_finish(&outcome);
	}
}

static void a_listing_that_never_ends_is_given_up(void **state)
{
	struct cfs_question question = question_list;
	struct outcome outcome = {0};

	(void)state;
	question.token = "999999";
	read_text(&outcome, &question,
		"{\"Response\":{\"TotalCount\":2000000,"
		"\"InstanceSet\":[{\"InstanceId\":\"ins-aaaaaaaa\"}]}}");
	assert_int_equal(outcome.error.fault, CFS_TOO_LARGE);
	assert_string_equal(outcome.sink.token, "");
	outcome_finish(&outcome);
}

static void a_page_that_is_no_token_makes_no_reader(void **state)
{
	struct cfs_question question = question_list;
	struct cfs_reader *reader = NULL;
	struct cfs_sink sink = {0};

	(void)state;
	question.token = "../";
	assert_int_equal(cfs_tencent_answer_create(account, &question, &sink, &reader), -EINVAL);
	assert_null(reader);
	cfs_tencent_answer_destroy(NULL);
}

static void an_answer_without_its_required_parts_is_a_bad_one(void **state)
{
	static const char *const bad[] = {"", "null", "[]", "3", "\"Response\"", "{}",
		"{\"Response\":null}", "{\"Response\":[]}", "{\"Response\":{}}",
		"{\"response\":{\"TotalCount\":0,\"InstanceSet\":[]}}",
		"{\"Response\":{\"TotalCount\":0}}", "{\"Response\":{\"InstanceSet\":[]}}",
		"{\"Response\":{\"TotalCount\":\"0\",\"InstanceSet\":[]}}",
		"{\"Response\":{\"TotalCount\":-1,\"InstanceSet\":[]}}",
		"{\"Response\":{\"TotalCount\":1e99,\"InstanceSet\":[]}}",
		"{\"Response\":{\"TotalCount\":0,\"InstanceSet\":{}}}",
		"{\"Response\":{\"TotalCount\":0,\"InstanceSet\":\"\"}}",
		"{\"Response\":{\"TotalCount\":1,\"InstanceSet\":null}}",
		"{\"Response\":{\"InstanceVncUrl\":7}}", "{\"Response\":{\"InstanceVncUrl\":[]}}",
		"{\"Response\":{\"InstanceVncUrl\":\"a b\"}}", "<html>504</html>",
		"{\"Response\":{\"TotalCount\":0,\"InstanceSet\":[]}} trailing"};
	const struct cfs_question questions[] = {question_list, question_find, fetch_vnc_url()};
	struct outcome outcome = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (size_t j = 0; j < 3; j++) {
			read_text(&outcome, &questions[j], bad[i]);
			assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
			assert_string_equal(outcome.error.code, "");
			assert_true(strlen(outcome.error.message) > 0);
			outcome_finish(&outcome);
		}
	}
}

static void missing_request_ids_and_null_lists_are_forgiven(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	read_text(
		&outcome, &question_list, "{\"Response\":{\"TotalCount\":0,\"InstanceSet\":null}}");
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_string_equal(outcome.error.request_id, "");
	assert_string_equal(outcome.sink.token, "");
	outcome_finish(&outcome);
	read_text(&outcome, &question_list,
		"{\"Response\":{\"Error\":null,\"RequestId\":[],\"TotalCount\":0,"
		"\"InstanceSet\":[]}}");
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_string_equal(outcome.error.request_id, "");
	outcome_finish(&outcome);
}

static void finding_takes_the_one_asked_for(void **state)
{
	static char text[FIXTURE_MAX];
	size_t len = load("describe_instances.json", text);
	struct outcome outcome = {0};

	(void)state;
	read_bytes(&outcome, &question_find, text, len);
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_int_equal(outcome.n, 1);
	assert_string_equal(cfs_instance_id(outcome.instances[0]), "ins-r9hr2upy");
	outcome_finish(&outcome);

	len = load("empty.json", text);
	read_bytes(&outcome, &question_find, text, len);
	assert_int_equal(outcome.error.fault, CFS_NOT_FOUND);
	assert_string_equal(outcome.error.request_id, "b5b41468-520d-4192-b42f-595cc34b6c1c");
	outcome_finish(&outcome);

	read_text(&outcome, &question_find,
		"{\"Response\":{\"TotalCount\":1,"
		"\"InstanceSet\":[{\"InstanceId\":\"ins-other000\"}]}}");
	assert_int_equal(outcome.error.fault, CFS_NOT_FOUND);
	assert_int_equal(outcome.n, 0);
	outcome_finish(&outcome);

	read_text(&outcome, &question_find,
		"{\"Response\":{\"Error\":{\"Code\":\"InvalidInstanceId.NotFound\","
		"\"Message\":\"m\"},\"RequestId\":\"r\"}}");
	assert_int_equal(outcome.error.fault, CFS_NOT_FOUND);
	outcome_finish(&outcome);
}

static void no_vnc_address_yet_is_nothing_to_show(void **state)
{
	struct cfs_question fetch = fetch_vnc_url();
	struct outcome outcome = {0};

	(void)state;
	read_text(&outcome, &fetch, "{\"Response\":{\"InstanceVncUrl\":\"\",\"RequestId\":\"r\"}}");
	assert_int_equal(outcome.error.fault, CFS_EMPTY);
	assert_string_equal(outcome.error.request_id, "r");
	assert_int_equal(outcome.content.len, 0);
	outcome_finish(&outcome);
	read_text(&outcome, &fetch, "{\"Response\":{\"InstanceVncUrl\":null}}");
	assert_int_equal(outcome.error.fault, CFS_EMPTY);
	outcome_finish(&outcome);
}

/* Messages never carry secrets. */
static void no_error_tells_a_vnc_address(void **state)
{
	static const char *const bodies[] = {
		"{\"Response\":{\"InstanceVncUrl\":\"s3cret s3cret\",\"RequestId\":\"r\"}}",
		"{\"Response\":{\"InstanceVncUrl\":[\"s3cret\"],\"RequestId\":\"r\"}}",
		"{\"Response\":{\"InstanceVncUrl\":\"s3cret",
		"{\"InstanceVncUrl\":\"s3cret\"}",
		"s3cret",
	};
	struct cfs_question fetch = fetch_vnc_url();
	struct outcome outcome = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		read_text(&outcome, &fetch, bodies[i]);
		assert_int_equal(outcome.error.fault, CFS_BAD_ANSWER);
		assert_null(strstr(outcome.error.message, "s3cret"));
		assert_null(strstr(outcome.error.code, "s3cret"));
		assert_int_equal(outcome.content.len, 0);
		outcome_finish(&outcome);
	}
}

static void a_status_other_than_200_is_a_failure_below_the_api(void **state)
{
	static const struct {
		int status;
		enum cfs_fault fault;
	} cases[] = {
		{500, CFS_SERVER},
		{502, CFS_SERVER},
		{429, CFS_THROTTLED},
		{401, CFS_UNAUTHENTICATED},
		{403, CFS_UNAUTHENTICATED},
		{404, CFS_BAD_ANSWER},
		{302, CFS_BAD_ANSWER},
		{201, CFS_BAD_ANSWER},
	};
	static char text[FIXTURE_MAX];
	size_t len = load("describe_instances.json", text);
	struct outcome outcome = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char message[64];

		snprintf(message, sizeof(message), "HTTP status %d", cases[i].status);
		read_split(&outcome, &question_list, cases[i].status, text, len, len);
		assert_int_equal(outcome.error.fault, cases[i].fault);
		assert_string_equal(outcome.error.message, message);
		assert_int_equal(outcome.n, 0);
		outcome_finish(&outcome);
	}
}

static void answers_over_their_limit_are_not_held(void **state)
{
	static char spaces[CFS_TENCENT_LISTING_MAX + 1];
	struct cfs_question fetch = fetch_vnc_url();
	struct outcome outcome = {0};

	(void)state;
	memset(spaces, ' ', sizeof(spaces));
	read_split(&outcome, &question_list, 200, spaces, sizeof(spaces), sizeof(spaces) - 1);
	assert_int_equal(outcome.fed, -EFBIG);
	outcome_finish(&outcome);
	read_bytes(&outcome, &question_list, spaces, sizeof(spaces) - 1);
	assert_int_equal(outcome.fed, 0);
	outcome_finish(&outcome);
	read_bytes(&outcome, &fetch, spaces, CFS_TENCENT_ANSWER_MAX + 1);
	assert_int_equal(outcome.fed, -EFBIG);
	outcome_finish(&outcome);
	read_bytes(&outcome, &fetch, spaces, CFS_TENCENT_ANSWER_MAX);
	assert_int_equal(outcome.fed, 0);
	outcome_finish(&outcome);
}

static void what_the_sink_refuses_ends_the_reading(void **state)
{
	static char text[FIXTURE_MAX];
	size_t len = load("describe_instances.json", text);
	struct outcome outcome = {.refuses = -ENOMEM};

	(void)state;
	read_bytes(&outcome, &question_list, text, len);
	assert_int_equal(outcome.error.fault, CFS_NO_MEMORY);
	assert_int_equal(outcome.n, 1);
	outcome_finish(&outcome);
}

static void bytes_that_are_no_utf_8_are_replaced(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	read_text(&outcome, &question_list,
		"{\"Response\":{\"TotalCount\":1,\"InstanceSet\":[{\"InstanceId\":\"ins-aaaaaaaa\","
		"\"InstanceName\":\"a\xff\xc0\xaf\\ud800\\u0000b\"}]}}");
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_int_equal(outcome.n, 1);
	assert_string_equal(cfs_instance_field(outcome.instances[0], CFS_FIELD_NAME),
		"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
		"b");
	outcome_finish(&outcome);
}

/* A NUL must not make an id of what is none. */
static void an_id_does_not_end_at_an_embedded_nul(void **state)
{
	struct outcome outcome = {0};

	(void)state;
	read_text(&outcome, &question_list,
		"{\"Response\":{\"TotalCount\":1,"
		"\"InstanceSet\":[{\"InstanceId\":\"ins-aaaaaaaa\\u0000/../x\"}]}}");
	assert_int_equal(outcome.error.fault, CFS_OK);
	assert_int_equal(outcome.n, 0);
	assert_int_equal(outcome.n_left_out, 1);
	outcome_finish(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listing_is_the_same_however_its_bytes_arrive),
		cmocka_unit_test(vnc_url_is_the_same_however_its_bytes_arrive),
		cmocka_unit_test(a_truncated_answer_is_a_bad_one),
		cmocka_unit_test(an_error_carries_the_clouds_words),
		cmocka_unit_test(the_words_of_an_error_are_made_printable_and_short),
		cmocka_unit_test(an_error_needs_a_code),
		cmocka_unit_test(a_listing_ends_where_total_count_says),
		cmocka_unit_test(a_listing_that_never_ends_is_given_up),
		cmocka_unit_test(a_page_that_is_no_token_makes_no_reader),
		cmocka_unit_test(an_answer_without_its_required_parts_is_a_bad_one),
		cmocka_unit_test(missing_request_ids_and_null_lists_are_forgiven),
		cmocka_unit_test(finding_takes_the_one_asked_for),
		cmocka_unit_test(no_vnc_address_yet_is_nothing_to_show),
		cmocka_unit_test(no_error_tells_a_vnc_address),
		cmocka_unit_test(a_status_other_than_200_is_a_failure_below_the_api),
		cmocka_unit_test(answers_over_their_limit_are_not_held),
		cmocka_unit_test(what_the_sink_refuses_ends_the_reading),
		cmocka_unit_test(bytes_that_are_no_utf_8_are_replaced),
		cmocka_unit_test(an_id_does_not_end_at_an_embedded_nul),
	};

	return cmocka_run_group_tests(tests, make_account, destroy_account);
}
