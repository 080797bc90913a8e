/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/contract/step.h"

#define NOW INT64_C(1715000000)

static struct cfs_step fresh(void)
{
	struct cfs_step step;

	memset(&step, 0xa5, sizeof(step)); /* it must be filled wholly */
	return step;
}

static void a_step_says_why_in_one_printable_line(void **state)
{
	struct cfs_step step = fresh();

	(void)state;
	cfs_step_absent(&step, "no %s\n%d", "profile", 7);
	assert_int_equal(step.kind, CFS_STEP_ABSENT);
	assert_int_equal(step.fault, CFS_OK);
	assert_string_equal(step.why, "no profile?7");
	assert_null(step.keys.secret.data);
	step = fresh();
	cfs_step_failed(&step, CFS_EXPIRED, "%s", "gone");
	assert_int_equal(step.kind, CFS_STEP_FAILED);
	assert_int_equal(step.fault, CFS_EXPIRED);
	assert_string_equal(step.why, "gone");
	assert_null(step.request.url);
	assert_null(step.argv);
}

static struct cfs_step keys_of(
	const char *id, const char *secret, const char *token, int64_t expires)
{
	struct cfs_keys keys = CFS_KEYS_INIT;
	struct cfs_step step = fresh();
	int r = cfs_keys_set(&keys, id, secret, token);

	keys.expires = expires;
	cfs_step_keys(&step, r, &keys, NOW, "file %s", "x");
	/* They are taken over, whatever came of it. */
	assert_null(keys.id.data);
	assert_null(keys.secret.data);
	assert_null(keys.token.data);
	return step;
}

static void usable_keys_are_given(void **state)
{
	struct cfs_step step = keys_of("AKID", "hush", "token", NOW + 1);

	(void)state;
	assert_int_equal(step.kind, CFS_STEP_KEYS);
	assert_string_equal(step.why, "file x");
	assert_string_equal(step.keys.id.data, "AKID");
	assert_string_equal(step.keys.secret.data, "hush");
	assert_string_equal(step.keys.token.data, "token");
	assert_true(step.keys.expires == NOW + 1);
	cfs_keys_finish(&step.keys);
}

static void keys_that_no_request_can_be_signed_with_are_a_failure(void **state)
{
	static char endless[CFS_SECRET_MAX + 2];
	const struct {
		const char *id, *secret, *token;
		int64_t expires;
		enum cfs_fault fault;
		const char *why;
	} cases[] = {
		{NULL, "s", NULL, INT64_MAX, CFS_UNAUTHENTICATED, "file x: the key id is missing"},
		{"i", "", NULL, INT64_MAX, CFS_UNAUTHENTICATED,
			"file x: the secret key is missing"},
		{"i", "s\n", NULL, INT64_MAX, CFS_UNAUTHENTICATED,
			"file x: the secret key holds a blank, a control character or one that is "
			"not ASCII"},
		{"i", "s", "t\xc3\xa9", INT64_MAX, CFS_UNAUTHENTICATED,
			"file x: the token holds a blank, a control character or one that is not "
			"ASCII"},
		{"i", "s", NULL, NOW, CFS_EXPIRED, "file x: the keys have expired"},
		{"i", "s", endless, INT64_MAX, CFS_UNAUTHENTICATED, "file x: a key is too long"},
	};

	(void)state;
	memset(endless, 'x', sizeof(endless) - 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cfs_step step =
			keys_of(cases[i].id, cases[i].secret, cases[i].token, cases[i].expires);

		assert_string_equal(step.why, cases[i].why);
		assert_int_equal(step.kind, CFS_STEP_FAILED);
		assert_int_equal(step.fault, cases[i].fault);
		assert_null(step.keys.secret.data);
	}
}

static void an_errno_is_a_failure(void **state)
{
	struct cfs_step step = fresh();
	struct cfs_buf why = CFS_BUF_INIT(64);

	(void)state;
	cfs_step_errno(&step, -ENOMEM, "STS");
	assert_int_equal(step.fault, CFS_NO_MEMORY);
	assert_string_equal(step.why, "out of memory");
	cfs_step_errno(&step, -EFBIG, "STS");
	assert_int_equal(step.fault, CFS_UNAUTHENTICATED);
	assert_non_null(strstr(step.why, "STS"));
	cfs_step_errno(&step, -EINVAL, "STS");
	assert_non_null(strstr(step.why, "STS"));
	assert_int_equal(cfs_buf_adds(&why, "endpoint: has no host"), 0);
	cfs_step_unset(&step, -EINVAL, &why);
	assert_int_equal(step.fault, CFS_UNAUTHENTICATED);
	assert_string_equal(step.why, "endpoint: has no host");
	cfs_step_unset(&step, -ENOMEM, &why);
	assert_int_equal(step.fault, CFS_NO_MEMORY);
	cfs_buf_finish(&why);
}

static void of_tls_it_is_said_what_is_wrong(void **state)
{
	static const char wanted[] =
		"the server asks for a client certificate, and there is none to give";
	struct cfs_step_answer answer = {.fault = CFS_TLS, .message = wanted};
	struct cfs_step step = fresh();

	(void)state;
	cfs_step_no_answer(&step, &answer, "STS");
	assert_string_equal(step.why,
		"STS could not be asked over TLS: the server asks for a client certificate, and "
		"there is none to give");
	answer.message = "";
	cfs_step_no_answer(&step, &answer, "STS");
	assert_string_equal(step.why, "STS could not be asked over TLS");
}

static void every_fault_of_a_request_has_words(void **state)
{
	char words[CFS_STEP_WORDS_MAX];

	(void)state;
	for (int fault = CFS_OK; fault <= CFS_N_FAULTS; fault++) {
		struct cfs_step_answer answer = {.fault = (enum cfs_fault)fault};
		struct cfs_step step = fresh();

		cfs_step_fault_words(&answer, words);
		assert_true(strlen(words) > 0);
		cfs_step_no_answer(&step, &answer, "STS");
		assert_memory_equal(step.why, "STS ", 4);
		assert_int_equal(step.fault, fault);
	}
}

static void a_request_is_sent_again_when_that_may_help(void **state)
{
	struct cfs_step_answer answer = {.fault = CFS_OK};

	(void)state;
	assert_true(cfs_step_is_transient(&answer, CFS_SERVER));
	assert_true(cfs_step_is_transient(&answer, CFS_THROTTLED));
	assert_false(cfs_step_is_transient(&answer, CFS_OK));
	assert_false(cfs_step_is_transient(&answer, CFS_DENIED));
	answer.fault = CFS_RESET;
	assert_true(cfs_step_is_transient(&answer, CFS_OK));
	answer.fault = CFS_TIMED_OUT;
	assert_true(cfs_step_is_transient(&answer, CFS_OK));
	answer.fault = CFS_UNREACHABLE;
	assert_false(cfs_step_is_transient(&answer, CFS_SERVER));
}

static void the_name_of_a_role_is_the_first_line(void **state)
{
	static char longest[CFS_STEP_ROLE_MAX + 2];
	struct cfs_step_answer answer = {.status = 200, .content = "ops-role\nmore", .len = 13};
	char name[CFS_STEP_ROLE_MAX + 1] = "untouched";

	(void)state;
	assert_true(cfs_step_role_name(&answer, name));
	assert_string_equal(name, "ops-role");
	answer.status = 404;
	assert_false(cfs_step_role_name(&answer, name));
	answer = (struct cfs_step_answer){.status = 200, .content = "<html>", .len = 6};
	assert_false(cfs_step_role_name(&answer, name));
	answer = (struct cfs_step_answer){.status = 200, .content = "", .len = 0};
	assert_false(cfs_step_role_name(&answer, name));
	answer = (struct cfs_step_answer){.status = 200, .content = "a\0b", .len = 3};
	assert_false(cfs_step_role_name(&answer, name));
	memset(longest, 'r', CFS_STEP_ROLE_MAX + 1);
	answer = (struct cfs_step_answer){
		.status = 200, .content = longest, .len = CFS_STEP_ROLE_MAX + 1};
	assert_false(cfs_step_role_name(&answer, name));
	assert_string_equal(name, "ops-role");
	longest[CFS_STEP_ROLE_MAX] = '\0';
	answer.len--;
	assert_true(cfs_step_role_name(&answer, name));
	assert_string_equal(name, longest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_says_why_in_one_printable_line),
		cmocka_unit_test(usable_keys_are_given),
		cmocka_unit_test(keys_that_no_request_can_be_signed_with_are_a_failure),
		cmocka_unit_test(an_errno_is_a_failure),
		cmocka_unit_test(every_fault_of_a_request_has_words),
		cmocka_unit_test(of_tls_it_is_said_what_is_wrong),
		cmocka_unit_test(the_name_of_a_role_is_the_first_line),
		cmocka_unit_test(a_request_is_sent_again_when_that_may_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
