/* SPDX-License-Identifier: MIT */
/* backends/base/buf.h: a buffer that grows up to its limit, and changes nothing when it fails. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/buf.h"

#define MAX 1000

static void an_empty_buffer_is_empty_text(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(MAX);

	(void)state;
	assert_string_equal(cfs_buf_text(&buf), "");
	cfs_buf_clear(&buf);
	assert_string_equal(cfs_buf_text(&buf), "");
	cfs_buf_finish(&buf);
	cfs_buf_wipe(&buf);
	cfs_buf_finish(NULL);
	cfs_buf_wipe(NULL);
}

static void it_holds_exactly_its_limit(void **state)
{
	struct cfs_buf buf;
	char x[MAX];

	(void)state;
	memset(x, 'x', sizeof(x));
	cfs_buf_init(&buf, MAX);
	for (size_t i = 0; i < MAX; i++) {
		assert_int_equal(cfs_buf_addc(&buf, 'x'), 0);
		assert_int_equal(buf.len, i + 1);
		assert_int_equal(buf.data[buf.len], '\0');
		assert_true(buf.cap <= MAX + 1);
	}
	assert_int_equal(cfs_buf_addc(&buf, 'y'), -EFBIG);
	assert_int_equal(cfs_buf_addf(&buf, "%s", "y"), -EFBIG);
	assert_int_equal(cfs_buf_adds(&buf, "y"), -EFBIG);
	assert_int_equal(cfs_buf_adds(&buf, ""), 0);
	assert_int_equal(cfs_buf_reserve(&buf, SIZE_MAX), -EFBIG);
	assert_int_equal(buf.len, MAX);
	assert_memory_equal(buf.data, x, MAX);
	assert_int_equal(buf.data[MAX], '\0');
	cfs_buf_finish(&buf);
	assert_null(buf.data);
	assert_int_equal(buf.max, MAX);
	assert_int_equal(cfs_buf_add(&buf, x, MAX), 0);
	cfs_buf_finish(&buf);
}

static void what_passes_the_limit_changes_nothing(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(8);

	(void)state;
	assert_int_equal(cfs_buf_adds(&buf, "abcde"), 0);
	assert_int_equal(cfs_buf_adds(&buf, "fghi"), -EFBIG);
	assert_string_equal(cfs_buf_text(&buf), "abcde");
	assert_int_equal(cfs_buf_addf(&buf, "%d", 1234), -EFBIG);
	assert_string_equal(cfs_buf_text(&buf), "abcde");
	assert_int_equal(cfs_buf_addf(&buf, "%d", 123), 0);
	assert_string_equal(cfs_buf_text(&buf), "abcde123");
	cfs_buf_finish(&buf);
}

static void a_limit_of_zero_holds_nothing(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(0);

	(void)state;
	assert_int_equal(cfs_buf_adds(&buf, ""), 0);
	assert_int_equal(cfs_buf_addc(&buf, 'x'), -EFBIG);
	assert_string_equal(cfs_buf_text(&buf), "");
	cfs_buf_finish(&buf);
}

static void bytes_are_kept_as_they_are(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(MAX);

	(void)state;
	assert_int_equal(cfs_buf_add(&buf, "a\0\xff", 3), 0);
	assert_int_equal(cfs_buf_addf(&buf, "%c%s", '\0', "z"), 0);
	assert_int_equal(buf.len, 5);
	assert_memory_equal(buf.data, "a\0\xff\0z", 6);
	cfs_buf_clear(&buf);
	assert_int_equal(buf.len, 0);
	assert_string_equal(cfs_buf_text(&buf), "");
	cfs_buf_finish(&buf);
}

static void reserved_room_can_be_written(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(MAX);

	(void)state;
	assert_int_equal(cfs_buf_adds(&buf, "head"), 0);
	assert_int_equal(cfs_buf_reserve(&buf, MAX - 4), 0);
	assert_string_equal(cfs_buf_text(&buf), "head");
	memset(buf.data + buf.len, 'r', MAX - 4 + 1);
	assert_int_equal(cfs_buf_reserve(&buf, MAX - 3), -EFBIG);
	cfs_buf_finish(&buf);
}

/* Under AddressSanitizer, malloc shall fail as it does elsewhere. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): its name for that */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void no_memory_changes_nothing(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(PTRDIFF_MAX);

	(void)state;
	assert_int_equal(cfs_buf_adds(&buf, "kept"), 0);
	/* More than an address space has room for. */
	assert_int_equal(cfs_buf_reserve(&buf, (size_t)1 << 60), -ENOMEM);
	assert_string_equal(cfs_buf_text(&buf), "kept");
	cfs_buf_finish(&buf);
}

/* Growing copies, so data that stays in its place has not grown. */
static void a_presized_buffer_does_not_grow_before_its_size(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(MAX);
	const char *data;

	(void)state;
	assert_int_equal(cfs_buf_presize(&buf, MAX + 1), -EFBIG);
	assert_null(buf.data);
	assert_int_equal(cfs_buf_presize(&buf, MAX), 0);
	assert_string_equal(cfs_buf_text(&buf), "");
	data = buf.data;
	for (size_t i = 0; i < MAX; i++)
		assert_int_equal(cfs_buf_addc(&buf, 'x'), 0);
	assert_ptr_equal(buf.data, data);
	assert_int_equal(cfs_buf_presize(&buf, 10), 0);
	assert_ptr_equal(buf.data, data);
	assert_int_equal(buf.len, MAX);
	cfs_buf_wipe(&buf);
}

/* What may have been written is wiped, also where it is not held any more. */
static void what_was_held_counts_as_touched(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(MAX);

	(void)state;
	assert_int_equal(cfs_buf_presize(&buf, MAX), 0);
	assert_int_equal(cfs_buf_adds(&buf, "0123456789"), 0);
	cfs_buf_clear(&buf);
	assert_int_equal(cfs_buf_adds(&buf, "abc"), 0);
	assert_int_equal(buf.touched, 11);
	assert_int_equal(cfs_buf_reserve(&buf, 500), 0);
	assert_int_equal(buf.touched, 504);
	buf.len = 0;
	assert_int_equal(cfs_buf_reserve(&buf, MAX), 0);
	assert_int_equal(buf.touched, MAX + 1);
	cfs_buf_wipe(&buf);
	assert_int_equal(buf.touched, 0);
}

/* A row of appends is built without looking, and asked about once. */
static void the_first_error_is_remembered(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(8);

	(void)state;
	assert_int_equal(cfs_buf_error(&buf), 0);
	assert_int_equal(cfs_buf_adds(&buf, "abcde"), 0);
	assert_int_equal(cfs_buf_error(&buf), 0);
	assert_int_equal(cfs_buf_addf(&buf, "%d", 123456), -EFBIG);
	assert_int_equal(cfs_buf_error(&buf), -EFBIG);
	/* An append that succeeds later does not hide it. */
	assert_int_equal(cfs_buf_addc(&buf, 'f'), 0);
	assert_int_equal(cfs_buf_error(&buf), -EFBIG);

	buf.max = PTRDIFF_MAX;
	assert_int_equal(cfs_buf_add(&buf, "", (size_t)1 << 60), -ENOMEM);
	assert_int_equal(cfs_buf_error(&buf), -EFBIG);
	cfs_buf_clear(&buf);
	assert_int_equal(cfs_buf_add(&buf, "", (size_t)1 << 60), -ENOMEM);
	assert_int_equal(cfs_buf_error(&buf), -ENOMEM);
	cfs_buf_finish(&buf);
	assert_int_equal(cfs_buf_error(&buf), 0);
}

static void what_empties_the_buffer_forgets_the_error(void **state)
{
	static void (*const empties[])(struct cfs_buf *) = {
		cfs_buf_clear, cfs_buf_wipe_held, cfs_buf_wipe, cfs_buf_finish};
	struct cfs_buf buf = CFS_BUF_INIT(4);

	(void)state;
	for (size_t i = 0; i < sizeof(empties) / sizeof(*empties); i++) {
		/* Also one that never held anything. */
		for (size_t n = 0; n < 2; n++) {
			if (n)
				assert_int_equal(cfs_buf_adds(&buf, "abc"), 0);
			assert_int_equal(cfs_buf_adds(&buf, "defgh"), -EFBIG);
			assert_int_equal(cfs_buf_error(&buf), -EFBIG);
			empties[i](&buf);
			assert_int_equal(cfs_buf_error(&buf), 0);
			assert_string_equal(cfs_buf_text(&buf), "");
		}
	}
	cfs_buf_finish(&buf);
}

static void a_cut_takes_back_a_row(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(8);
	size_t before;

	(void)state;
	cfs_buf_cut(&buf, 0);
	assert_string_equal(cfs_buf_text(&buf), "");
	assert_int_equal(cfs_buf_adds(&buf, "kept"), 0);
	before = buf.len;
	assert_int_equal(cfs_buf_adds(&buf, "abc"), 0);
	assert_int_equal(cfs_buf_adds(&buf, "def"), -EFBIG);
	cfs_buf_cut(&buf, before);
	assert_int_equal(cfs_buf_error(&buf), 0);
	assert_int_equal(buf.len, 4);
	assert_string_equal(cfs_buf_text(&buf), "kept");
	/* The bytes beyond are still to be wiped. */
	assert_int_equal(buf.touched, 8);
	cfs_buf_finish(&buf);
}

static void reserving_in_vain_leaves_no_gap(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(4);

	(void)state;
	assert_int_equal(cfs_buf_reserve(&buf, 5), -EFBIG);
	assert_int_equal(cfs_buf_presize(&buf, 5), -EFBIG);
	assert_int_equal(cfs_buf_error(&buf), 0);
	cfs_buf_finish(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_is_empty_text),
		cmocka_unit_test(it_holds_exactly_its_limit),
		cmocka_unit_test(what_passes_the_limit_changes_nothing),
		cmocka_unit_test(a_limit_of_zero_holds_nothing),
		cmocka_unit_test(bytes_are_kept_as_they_are),
		cmocka_unit_test(reserved_room_can_be_written),
		cmocka_unit_test(no_memory_changes_nothing),
		cmocka_unit_test(a_presized_buffer_does_not_grow_before_its_size),
		cmocka_unit_test(what_was_held_counts_as_touched),
		cmocka_unit_test(the_first_error_is_remembered),
		cmocka_unit_test(what_empties_the_buffer_forgets_the_error),
		cmocka_unit_test(a_cut_takes_back_a_row),
		cmocka_unit_test(reserving_in_vain_leaves_no_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
