/* SPDX-License-Identifier: MIT */
/* backends/base/time.h: moments as RFC 3339 has them, both ways, and as ISO 8601 has them. */
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
		{"2024-05-06T14:53:20+02:00", NOW},
		{"2024-05-06T07:23:20-05:30", NOW},
		{"2024-02-29T00:00:00Z", 1709164800},
		{"2016-12-31T23:59:60Z", 1483228799},
	};
	static const char *const bad[] = {"", "2024-05-06", "2024-05-06T12:53:20",
		"2024-05-06T12:53Z", "2024-13-06T12:53:20Z", "2024-02-30T12:53:20Z",
		"2023-02-29T12:53:20Z", "2024-05-06T24:53:20Z", "2024-05-06T12:60:20Z",
		"2024-05-06T12:53:61Z", "2024-05-06T12:53:20.Z", "2024-05-06T12:53:20UTC",
		"2024-05-06T12:53:20-0530", "2024-05-06T12:53:20+02", "2024-05-06T12:53:20 Z",
		"20240506T125320Z", "2024-05-06T12:53:20Z ", "2024-05-06T12:53:20+24:00",
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

static void an_expiration_is_read_in_any_form_of_iso_8601(void **state)
{
	static const struct {
		const char *text;
		int64_t time;
	} good[] = {
		{"2024-05-06T12:53:20Z", NOW},
		{"2024-05-06T12:53Z", NOW - 20},
		{"2024-05-06T12Z", NOW - 53 * 60 - 20},
		{"2024-05-06T12:53.34Z", NOW},
		{"2024-05-06T12:53,3349999999999999999999Z", NOW},
		{"20240506T125320Z", NOW},
		{"20240506T1253Z", NOW - 20},
		{"20240506T125320.75+0000", NOW},
		{"20240506T12:53:20Z", NOW},
		{"2024-05-06 12:53:20 UTC", NOW},
		{"2024-05-06T12:53:20UTC", NOW},
		{"2024-05-06T12:53:20GMT", NOW},
		{"2024-05-06T12:53:20 GMT", NOW},
		{"2024-05-06T12:53:20+00", NOW},
		{"2024-05-06T14:53:20+02", NOW},
		{"2024-05-06T14:53+02:00", NOW - 20},
		{"2024-05-06T07:23:20 -0530", NOW},
		{"2016-12-31T23:59:60Z", 1483228799},
	};
	static const char *const bad[] = {"", "2024-05-06", "2024-05-06Z", "2024-05-06T12:53:20",
		"20240506125320Z", "2024-0506T12:53:20Z", "202405-06T12:53:20Z",
		"2024-05-06T12:5320Z", "2024-05-06T1253:20Z", "2024-05-06T12:Z", "2024-05-06T1Z",
		"2024-05-06T12:5Z", "2024-05-06T12.5Z", "2024-05-06T12:53.Z",
		"2024-05-06T24:00:00Z", "2024-05-06T12:53:20  Z", "2024-05-06T12:53:20 ",
		"2024-05-06T12:53:20utc", "2024-05-06T12:53:20UTCX", "2024-05-06T12:53:20UTC+2",
		"2024-05-06T12:53:20+2", "2024-05-06T12:53:20+02:", "2024-05-06T12:53:20+020",
		"2024-05-06T12:53:20+24", "2024-05-06T12:53:20EST", "2024-W19-1T12:53:20Z",
		"2024-127T12:53:20Z", "20240230T125320Z"};
	int64_t time = -1;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (cfs_time_parse_iso8601(good[i].text, &time) != 0 || time != good[i].time)
			fail_msg("%s", good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (cfs_time_parse_iso8601(bad[i], &time) != -EINVAL)
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
		cmocka_unit_test(an_expiration_is_read_in_any_form_of_iso_8601),
		cmocka_unit_test(what_is_shown_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
