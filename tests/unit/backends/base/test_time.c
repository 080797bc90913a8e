/* backends/base/time.h: moments as RFC 3339 has them, both ways. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "backends/base/time.h"

#define NOW 1715000000 /* 2024-05-06T12:53:20Z */

static void a_moment_is_shown_in_utc(void **state)
{
	char out[CFS_TIME_TEXT];

	(void)state;
	cfs_time_format(0, out);
	assert_string_equal(out, "1970-01-01T00:00:00Z");
	cfs_time_format(1440938160, out);
	assert_string_equal(out, "2015-08-30T12:36:00Z");
	cfs_time_format(253402300799, out);
	assert_string_equal(out, "9999-12-31T23:59:59Z");
	cfs_time_format(253402300800, out);
	assert_string_equal(out, "-");
	cfs_time_format(INT64_MAX, out);
	assert_string_equal(out, "-");
}

static void a_moment_is_read_in_any_form_of_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		int64_t time;
	} good[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2024-05-06T12:53:20Z", NOW},
		{"2024-05-06t12:53:20z", NOW},
		{"2024-05-06 12:53:20Z", NOW},
		{"2024-05-06T12:53:20.123456Z", NOW},
		{"2024-05-06T12:53:20+00:00", NOW},
		{"2024-05-06T12:53:20UTC", NOW},
		{"2024-05-06T14:53:20+02:00", NOW},
		{"2024-05-06T07:23:20-0530", NOW},
		{"2024-02-29T00:00:00Z", 1709164800},
		{"2016-12-31T23:59:60Z", 1483228799},
	};
	static const char *const bad[] = {"", "2024-05-06", "2024-05-06T12:53:20",
		"2024-05-06T12:53Z", "2024-13-06T12:53:20Z", "2024-02-30T12:53:20Z",
		"2023-02-29T12:53:20Z", "2024-05-06T24:53:20Z", "2024-05-06T12:60:20Z",
		"2024-05-06T12:53:61Z", "2024-05-06T12:53:20.Z", "2024-05-06T12:53:20UT",
		"2024-05-06T12:53:20UTCX", "2024-05-06T12:53:20Z ", "2024-05-06T12:53:20+24:00",
		"24-05-06T12:53:20Z", "1969-05-06T12:53:20Z", "2024/05/06T12:53:20Z", "tomorrow"};
	int64_t time = -1;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(cfs_time_parse(good[i].text, &time), 0);
		if (time != good[i].time)
			fail_msg("%s", good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (cfs_time_parse(bad[i], &time) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
	}
}

static void what_is_shown_can_be_read(void **state)
{
	char text[CFS_TIME_TEXT];
	int64_t back;

	(void)state;
	for (int64_t seconds = 0; seconds < 253402300800; seconds += 123456789) {
		cfs_time_format(seconds, text);
		assert_int_equal(cfs_time_parse(text, &back), 0);
		assert_true(back == seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_moment_is_shown_in_utc),
		cmocka_unit_test(a_moment_is_read_in_any_form_of_rfc_3339),
		cmocka_unit_test(what_is_shown_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
