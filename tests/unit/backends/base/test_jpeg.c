/* SPDX-License-Identifier: MIT */
/* backends/base/jpeg.h: pictures that are none, and those that are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/buf.h"
#include "backends/base/jpeg.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

#define SOI "\xff\xd8"
#define APP0 "\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
#define FRAME "\xff\xc0\0\x0b\x08\0\1\0\1\1\1\x11\0"
#define FRAME_3 "\xff\xc2\0\x11\x08\x02\x58\x03\x20\3\1\x22\0\2\x11\1\3\x11\1"
#define HUFFMAN "\xff\xc4\0\x05\0\1\2"
#define SCAN "\xff\xda\0\x08\1\1\0\0\x3f\0"
#define SCAN_3 "\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\x3f\0"
#define DATA "\x12\xff\0\xff\xd0\x34"
#define EOI "\xff\xd9"

/* From a block of exactly as many bytes, so that one past its end is found out. */
static const char *check(const char *bytes, size_t len)
{
	char *copy = malloc(len ? len : 1);
	const char *problem;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	problem = cfs_jpeg_check(copy, len);
	free(copy);
	return problem;
}

#define ROW(text) text, sizeof(text) - 1

static void whole_pictures_are_taken(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ROW(SOI FRAME SCAN DATA EOI)},
		{ROW(SOI APP0 FRAME HUFFMAN SCAN DATA EOI)},
		/* Progressive: several scans, tables between them. */
		{ROW(SOI APP0 FRAME_3 HUFFMAN SCAN_3 DATA HUFFMAN SCAN DATA EOI)},
		/* Markers may be filled up. */
		{ROW(SOI "\xff\xff" FRAME "\xff" SCAN DATA "\xff\xff" EOI)},
		/* What follows is no part of it. */
		{ROW(SOI FRAME SCAN DATA EOI "\0\0\0\xff")},
		{ROW(SOI FRAME SCAN DATA EOI SOI)},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const char *problem = check(rows[i].bytes, rows[i].len);

		if (problem)
			fail_msg("%zu: it %s", i, problem);
	}
}

static void what_is_no_picture_is_told(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *problem;
	} rows[] = {
		{ROW(""), "does not begin like one"},
		{ROW("\xff"), "does not begin like one"},
		{ROW("\x89PNG\r\n\x1a\n"), "does not begin like one"},
		{ROW(SOI), "breaks off before its end"},
		{ROW(SOI "\xff"), "breaks off before its end"},
		{ROW(SOI EOI), "has no data"},
		{ROW(SOI APP0 FRAME EOI), "has no data"},
		{ROW(SOI SOI FRAME SCAN DATA EOI), "begins twice"},
		{ROW(SOI "\xff\xe0\0\0\0\0" EOI), "has a broken segment"},
		{ROW(SOI "\xff\xe0\xff\xff" EOI), "breaks off before its end"},
		{ROW(SOI "x" FRAME), "has something else where a marker must be"},
		{ROW(SOI "\xff\0" FRAME), "has something else where a marker must be"},
		{ROW(SOI SCAN DATA EOI), "has data without a frame"},
		{ROW(SOI FRAME FRAME SCAN DATA EOI), "has two frames"},
		{ROW(SOI FRAME SCAN EOI), "has a scan without data"},
		{ROW(SOI FRAME SCAN DATA), "breaks off before its end"},
		{ROW(SOI FRAME SCAN DATA "\xff"), "breaks off before its end"},
		{ROW(SOI FRAME "\xff\xda\0\x08\2\1\0\0\x3f\0" DATA EOI),
			"has a broken scan header"},
		{ROW(SOI FRAME "\xff\xda\0\x02" DATA EOI), "has a broken scan header"},
		/* Height, width, components. */
		{ROW(SOI "\xff\xc0\0\x0b\x08\0\0\0\1\1\1\x11\0" SCAN DATA EOI), "has no size"},
		{ROW(SOI "\xff\xc0\0\x0b\x08\0\1\0\0\1\1\x11\0" SCAN DATA EOI), "has no size"},
		{ROW(SOI "\xff\xc0\0\x08\x08\0\1\0\1\0" SCAN DATA EOI),
			"has a broken frame header"},
		{ROW(SOI "\xff\xc0\0\x0b\x08\0\1\0\1\2\1\x11\0" SCAN DATA EOI),
			"has a broken frame header"},
		{ROW(SOI "\xff\xc0\0\x02" SCAN DATA EOI), "has a broken frame header"},
		{ROW(SOI "\xff\xc0\0\x17\x08\0\1\0\1\5\1\x11\0\2\x11\0\3\x11\0\4\x11\0\5\x11\0" SCAN
				 DATA EOI),
			"has a broken frame header"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const char *problem = check(rows[i].bytes, rows[i].len);

		if (!problem || strcmp(problem, rows[i].problem) != 0)
			fail_msg("%zu: it %s, not: it %s", i, problem ? problem : "is one",
				rows[i].problem);
	}
}

static void a_picture_cut_anywhere_is_none(void **state)
{
	static const char whole[] =
		SOI APP0 FRAME_3 HUFFMAN SCAN_3 DATA HUFFMAN SCAN DATA "\xff\xe1\0\4ab" EOI;

	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 1; len++)
		assert_non_null(check(whole, len));
	assert_null(check(whole, sizeof(whole) - 1));
}

/* A crash, or a byte read past the end, is the failure. */
static void damaged_pictures_do_no_harm(void **state)
{
	static const char whole[] = SOI APP0 FRAME_3 HUFFMAN SCAN_3 DATA HUFFMAN SCAN DATA EOI;
	char mutant[sizeof(whole) - 1];
	uint64_t random = 3;
	unsigned taken = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		memcpy(mutant, whole, sizeof(mutant));
		for (unsigned n = 0; n < 1 + i % 4; n++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			mutant[(random >> 33) % sizeof(mutant)] =
				random >> 62 ? (char)(random >> 40) : (char)0xff;
		}
		taken += !check(mutant, sizeof(mutant) - (random >> 20) % 3);
	}
	assert_in_range(taken, 1, 19999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_pictures_are_taken),
		cmocka_unit_test(what_is_no_picture_is_told),
		cmocka_unit_test(a_picture_cut_anywhere_is_none),
		cmocka_unit_test(damaged_pictures_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
