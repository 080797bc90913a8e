/* SPDX-License-Identifier: MIT */
/* backends/base/fault.h: errors in words that belong to no cloud. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/fault.h"

static void an_error_has_a_message_of_our_own_and_nothing_else(void **state)
{
	struct cfs_error error;

	(void)state;
	memset(&error, 'x', sizeof(error));
	cfs_error_set(&error, CFS_DENIED, "no %s for %d", "access", 7);
	assert_int_equal(error.fault, CFS_DENIED);
	assert_string_equal(error.message, "no access for 7");
	assert_string_equal(error.code, "");
	assert_string_equal(error.request_id, "");
}

static void a_message_is_one_printable_line(void **state)
{
	struct cfs_error error = {0};

	(void)state;
	cfs_error_set(&error, CFS_SERVER, "a%sb", "\n\x1b[2J\xff\xc2\x9b\xc3\xa9");
	assert_string_equal(error.message,
		"a??[2J??\xc3\xa9"
		"b");
}

static void a_long_message_is_cut_at_a_character(void **state)
{
	char text[3 * CFS_MESSAGE_MAX];
	struct cfs_error error = {0};

	(void)state;
	memset(text, 'm', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	cfs_error_set(&error, CFS_SERVER, "%s", text);
	assert_int_equal(strlen(error.message), CFS_MESSAGE_MAX - 1);

	/* Two bytes of which only the first would fit. */
	memcpy(text + CFS_MESSAGE_MAX - 2, "\xc3\xa9", 2);
	cfs_error_set(&error, CFS_SERVER, "%s", text);
	assert_int_equal(strlen(error.message), CFS_MESSAGE_MAX - 2);
	assert_null(strchr(error.message, '?'));
}

static void a_code_and_an_id_have_their_form_or_are_not_shown(void **state)
{
	static const char signature[] =
		"4c6eb1a1d1a2f9f7a4f5f29a8c7e1f2b3c4d5e6f708192a3b4c5d6e7f8091a2b";
	static const struct {
		const char *text, *code, *id;
	} rows[] = {
		{"", "", ""},
		{"UnsupportedOperation.InstanceStateEnterServiceLiveMigrate",
			"UnsupportedOperation.InstanceStateEnterServiceLiveMigrate", "?"},
		{"\n EC2ThrottledException\n", "EC2ThrottledException", "?"},
		{"11111111-2222-4333-8444-555555555555", "?",
			"11111111-2222-4333-8444-555555555555"},
		{"req-0f1e2d3c-2222-4333-8444-555555555555", "?",
			"req-0f1e2d3c-2222-4333-8444-555555555555"},
		{"r", "r", "r"},
		{signature, "?", "?"},
		{"FwoGZXIvYXdzEJr//////////wEaDPzR", "?", "?"},
		{"AccessDenied FwoGZXIvYXdzEJr", "?", "?"},
		{"a\x1b[2Jb", "?", "?"},
		{"a\xe2\x80\xae", "?", "?"},
		{"<b>", "?", "?"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cfs_error error = {0};

		cfs_error_say_code(&error, rows[i].text, strlen(rows[i].text));
		cfs_error_say_request_id(&error, rows[i].text, strlen(rows[i].text));
		assert_string_equal(error.code, rows[i].code);
		assert_string_equal(error.request_id, rows[i].id);
	}
}

static void what_was_sent_is_taken_out(void **state)
{
	static const char secret[] = "0123456789abcdefghijklmnop";
	struct cfs_error error = {.code = "X.456789abcdefghij",
		.message = "you sent token=abcdefghijklmnop, which",
		.request_id = "456789abcdefghi"};

	(void)state;
	cfs_error_hide(&error, NULL);
	assert_string_equal(error.code, "X.456789abcdefghij");
	cfs_error_hide(&error, "");
	cfs_error_hide(&error, "456789abcdefghi");
	assert_string_equal(error.code, "X.456789abcdefghij");
	cfs_error_hide(&error, secret);
	assert_string_equal(error.code, "?");
	assert_string_equal(error.message, "you sent ");
	assert_string_equal(error.request_id, "456789abcdefghi");
}

static void a_message_may_be_made_of_the_error_itself(void **state)
{
	struct cfs_error error = {.code = "Code"};

	(void)state;
	cfs_error_set(&error, CFS_SERVER, "first");
	strcpy(error.code, "Code");
	cfs_error_set(&error, CFS_REJECTED, "%s: %s", error.code, error.message);
	assert_string_equal(error.message, "Code: first");
}

static void a_code_is_found_only_if_it_is_exact(void **state)
{
	static const struct cfs_code_fault table[] = {
		{"AuthFailure", CFS_UNAUTHENTICATED},
		{"AuthFailure.SignatureExpire", CFS_CLOCK_SKEW},
	};

	(void)state;
	assert_int_equal(cfs_fault_find(table, 2, "AuthFailure"), CFS_UNAUTHENTICATED);
	assert_int_equal(cfs_fault_find(table, 2, "AuthFailure.SignatureExpire"), CFS_CLOCK_SKEW);
	assert_int_equal(cfs_fault_find(table, 2, "AuthFailure."), CFS_N_FAULTS);
	assert_int_equal(cfs_fault_find(table, 2, "authfailure"), CFS_N_FAULTS);
	assert_int_equal(cfs_fault_find(table, 2, ""), CFS_N_FAULTS);
	assert_int_equal(cfs_fault_find(table, 1, "AuthFailure.SignatureExpire"), CFS_N_FAULTS);
	assert_int_equal(cfs_fault_find(NULL, 0, "AuthFailure"), CFS_N_FAULTS);
}

static void an_errno_is_a_fault(void **state)
{
	(void)state;
	assert_int_equal(cfs_fault_from_errno(-ENOMEM), CFS_NO_MEMORY);
	assert_int_equal(cfs_fault_from_errno(-EFBIG), CFS_TOO_LARGE);
	assert_int_equal(cfs_fault_from_errno(-EBADMSG), CFS_BAD_ANSWER);
	assert_int_equal(cfs_fault_from_errno(-EINVAL), CFS_BAD_ANSWER);
}

static void an_http_status_is_a_fault(void **state)
{
	(void)state;
	assert_int_equal(cfs_fault_from_status(200), CFS_OK);
	assert_int_equal(cfs_fault_from_status(500), CFS_SERVER);
	assert_int_equal(cfs_fault_from_status(503), CFS_SERVER);
	assert_int_equal(cfs_fault_from_status(599), CFS_SERVER);
	assert_int_equal(cfs_fault_from_status(600), CFS_BAD_ANSWER);
	assert_int_equal(cfs_fault_from_status(429), CFS_THROTTLED);
	assert_int_equal(cfs_fault_from_status(401), CFS_UNAUTHENTICATED);
	assert_int_equal(cfs_fault_from_status(403), CFS_UNAUTHENTICATED);
	assert_int_equal(cfs_fault_from_status(204), CFS_BAD_ANSWER);
	assert_int_equal(cfs_fault_from_status(302), CFS_BAD_ANSWER);
	assert_int_equal(cfs_fault_from_status(404), CFS_BAD_ANSWER);
	assert_int_equal(cfs_fault_from_status(0), CFS_BAD_ANSWER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_has_a_message_of_our_own_and_nothing_else),
		cmocka_unit_test(a_message_is_one_printable_line),
		cmocka_unit_test(a_long_message_is_cut_at_a_character),
		cmocka_unit_test(a_code_and_an_id_have_their_form_or_are_not_shown),
		cmocka_unit_test(what_was_sent_is_taken_out),
		cmocka_unit_test(a_message_may_be_made_of_the_error_itself),
		cmocka_unit_test(a_code_is_found_only_if_it_is_exact),
		cmocka_unit_test(an_errno_is_a_fault),
		cmocka_unit_test(an_http_status_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
