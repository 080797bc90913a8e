/* SPDX-License-Identifier: MIT */
/* fs/client/failure.h: what the user sees of a fault. The table of DESIGN and README. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/buf.h"
#include "fs/client/failure.h"

static const struct row {
	enum cfs_fault fault;
	int number;
	const char *name;
} table[] = {
	{CFS_OK, 0, "OK"},
	{CFS_NOT_FOUND, ENOENT, "ENOENT"},
	{CFS_DENIED, EACCES, "EACCES"},
	{CFS_UNAUTHENTICATED, EACCES, "EACCES"},
	{CFS_NOT_ENABLED, EACCES, "EACCES"},
	{CFS_EXPIRED, EKEYEXPIRED, "EKEYEXPIRED"},
	{CFS_CLOCK_SKEW, EACCES, "EACCES"},
	{CFS_STOPPED, EHOSTDOWN, "EHOSTDOWN"},
	{CFS_TRANSITION, EBUSY, "EBUSY"},
	{CFS_WRONG_STATE, EBUSY, "EBUSY"},
	{CFS_UNSUPPORTED, EOPNOTSUPP, "EOPNOTSUPP"},
	{CFS_THROTTLED, EBUSY, "EBUSY"},
	{CFS_SERVER, EREMOTEIO, "EREMOTEIO"},
	{CFS_REJECTED, EINVAL, "EINVAL"},
	{CFS_BAD_ANSWER, EBADMSG, "EBADMSG"},
	{CFS_TOO_LARGE, EFBIG, "EFBIG"},
	{CFS_EMPTY, ENODATA, "ENODATA"},
	{CFS_TIMED_OUT, ETIMEDOUT, "ETIMEDOUT"},
	{CFS_UNREACHABLE, EHOSTUNREACH, "EHOSTUNREACH"},
	{CFS_REFUSED, ECONNREFUSED, "ECONNREFUSED"},
	{CFS_RESET, ECONNRESET, "ECONNRESET"},
	{CFS_TLS, EPROTO, "EPROTO"},
	{CFS_PROXY_DENIED, EACCES, "EACCES"},
	{CFS_INTERRUPTED, EINTR, "EINTR"},
	{CFS_NO_MEMORY, ENOMEM, "ENOMEM"},
};

#define N_ROWS (sizeof(table) / sizeof(table[0]))

static void every_fault_has_its_errno(void **state)
{
	(void)state;
	assert_int_equal(N_ROWS, CFS_N_FAULTS);
	for (size_t i = 0; i < N_ROWS; i++) {
		assert_int_equal(table[i].fault, i);
		assert_int_equal(cfs_failure_errno(table[i].fault, false), table[i].number);
		assert_string_equal(cfs_failure_errno_name(table[i].number), table[i].name);
	}
	assert_string_equal(cfs_failure_errno_name(EXDEV), "EIO");
}

static void an_instance_in_the_catalogue_is_never_enoent(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		assert_int_not_equal(cfs_failure_errno(table[i].fault, true), ENOENT);
		if (table[i].fault != CFS_NOT_FOUND)
			assert_int_equal(cfs_failure_errno(table[i].fault, true), table[i].number);
	}
	assert_int_equal(cfs_failure_errno(CFS_NOT_FOUND, true), EHOSTDOWN);
}

/* Advice is a line; its only conversion is one %s for the permission. */
static void advice_is_one_line(void **state)
{
	const char *advice, *percent;

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		advice = cfs_failure_errno_advice(table[i].fault);
		assert_null(strchr(advice, '\n'));
		percent = strchr(advice, '%');
		assert_true(!percent || (percent[1] == 's' && !strchr(percent + 1, '%')));
		if (advice[0])
			assert_int_not_equal(advice[strlen(advice) - 1], '.');
	}
	assert_string_equal(cfs_failure_errno_advice(CFS_DENIED), "allow %s");
	/* Other credentials of the same account would be refused too. */
	assert_null(strstr(cfs_failure_errno_advice(CFS_NOT_ENABLED), "credentials"));
	assert_null(strstr(cfs_failure_errno_advice(CFS_PROXY_DENIED), "credentials"));
}

static struct cfs_failure failure(enum cfs_fault fault, bool in_catalogue)
{
	return (struct cfs_failure){
		.when = {.tv_sec = 1440938160, .tv_nsec = 999999999},
		.action = "GetConsoleScreenshot",
		.permission = "ec2:GetConsoleScreenshot",
		.number = cfs_failure_errno(fault, in_catalogue),
		.error = {.fault = fault},
	};
}

/* The value of a line "key: value" in text, which the caller frees. */
static char *value_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	assert_non_null(at);
	assert_true(at == text || at[-1] == '\n');
	at += strlen(key);
	at += strspn(at, " ");
	return strndup(at, strcspn(at, "\n"));
}

static void assert_value(const char *text, const char *key, const char *expected)
{
	char *value = value_of(text, key);

	assert_string_equal(value, expected);
	free(value);
}

static void a_failure_is_described_in_full(void **state)
{
	struct cfs_failure denied = failure(CFS_DENIED, true);
	struct cfs_buf buf = CFS_BUF_INIT(4096);
	const char *text;

	(void)state;
	strcpy(denied.error.code, "UnauthorizedOperation");
	strcpy(denied.error.message, "You are not authorized. 100%s");
	strcpy(denied.error.request_id, "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE");
	assert_int_equal(cfs_failure_describe(&denied, &buf), 0);
	text = cfs_buf_text(&buf);
	assert_value(text, "time:", "2015-08-30T12:36:00Z");
	assert_value(text, "action:", "GetConsoleScreenshot");
	assert_value(text, "errno:", "EACCES (Permission denied)");
	assert_value(text, "code:", "UnauthorizedOperation");
	assert_value(text, "message:", "You are not authorized. 100%s");
	assert_value(text, "request id:", "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE");
	assert_value(text, "advice:", "allow ec2:GetConsoleScreenshot");
	assert_int_equal(text[buf.len - 1], '\n');
	cfs_buf_finish(&buf);
}

static void what_is_not_known_is_a_dash(void **state)
{
	struct cfs_failure refused = failure(CFS_REFUSED, false);
	struct cfs_buf buf = CFS_BUF_INIT(4096);

	(void)state;
	assert_int_equal(cfs_failure_describe(&refused, &buf), 0);
	assert_value(cfs_buf_text(&buf), "code:", "-");
	assert_value(cfs_buf_text(&buf), "message:", "-");
	assert_value(cfs_buf_text(&buf), "request id:", "-");
	assert_value(cfs_buf_text(&buf), "advice:", cfs_failure_errno_advice(CFS_REFUSED));
	cfs_buf_finish(&buf);
}

/* A listed instance that "does not exist" is a stopped one, and so is the advice. */
static void not_found_is_advised_by_whether_it_is_listed(void **state)
{
	struct cfs_failure listed = failure(CFS_NOT_FOUND, true);
	struct cfs_failure unlisted = failure(CFS_NOT_FOUND, false);
	struct cfs_buf buf = CFS_BUF_INIT(4096);
	char *value;

	(void)state;
	assert_int_equal(cfs_failure_describe(&unlisted, &buf), 0);
	assert_value(cfs_buf_text(&buf), "advice:", cfs_failure_errno_advice(CFS_NOT_FOUND));
	cfs_buf_clear(&buf);
	assert_int_equal(cfs_failure_describe(&listed, &buf), 0);
	value = value_of(cfs_buf_text(&buf), "errno:");
	assert_memory_equal(value, "EHOSTDOWN ", strlen("EHOSTDOWN "));
	free(value);
	value = value_of(cfs_buf_text(&buf), "advice:");
	assert_non_null(strstr(value, "start"));
	free(value);
	cfs_buf_finish(&buf);
}

static void every_fault_can_be_described(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(4096);
	struct cfs_failure any;

	(void)state;
	for (size_t i = 1; i < N_ROWS; i++) {
		any = failure(table[i].fault, i % 2 == 0);
		cfs_buf_clear(&buf);
		assert_int_equal(cfs_failure_describe(&any, &buf), 0);
		assert_null(strstr(cfs_buf_text(&buf), "%s"));
	}
	cfs_buf_finish(&buf);
}

static void no_failure_is_no_text(void **state)
{
	struct cfs_failure none = {0};
	struct cfs_buf buf = CFS_BUF_INIT(4096);

	(void)state;
	assert_int_equal(cfs_failure_describe(&none, &buf), 0);
	assert_int_equal(buf.len, 0);
	cfs_buf_finish(&buf);
}

static void what_does_not_fit_is_an_error(void **state)
{
	struct cfs_failure denied = failure(CFS_DENIED, false);
	struct cfs_buf buf = CFS_BUF_INIT(10);

	(void)state;
	assert_int_equal(cfs_failure_describe(&denied, &buf), -EFBIG);
	cfs_buf_finish(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_has_its_errno),
		cmocka_unit_test(an_instance_in_the_catalogue_is_never_enoent),
		cmocka_unit_test(advice_is_one_line),
		cmocka_unit_test(a_failure_is_described_in_full),
		cmocka_unit_test(what_is_not_known_is_a_dash),
		cmocka_unit_test(not_found_is_advised_by_whether_it_is_listed),
		cmocka_unit_test(every_fault_can_be_described),
		cmocka_unit_test(no_failure_is_no_text),
		cmocka_unit_test(what_does_not_fit_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
