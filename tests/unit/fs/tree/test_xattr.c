/* SPDX-License-Identifier: MIT */
/* fs/tree/xattr.h: where the bytes of an open live file came from. */
#include "fs/tree/xattr.h"
#include "tests/unit/support/open_file.h"
#include "tests/unit/support/tree_fixture.h"

static int set_up(void **state)
{
	struct fixture *f;

	fixture_set_up_instance(state);
	f = *state;
	f->file = cfs_node_of_file(f->instance, NULL, &fake_live[0]);
	assert_non_null(f->file);
	return 0;
}

static void open_it(struct fixture *f, const char *request_id, bool woken)
{
	struct cfs_origin *origin = calloc(1, sizeof(*origin));

	assert_non_null(origin);
	strcpy(origin->request_id, request_id);
	origin->region = "r-1";
	origin->woken = woken;
	open_file_from(f->file, "", origin);
	f->file->snapshot_time = (struct timespec){.tv_sec = 1763756028};
}

static void assert_value(struct fixture *f, const char *name, const char *expected)
{
	cfs_buf_clear(&f->text);
	assert_int_equal(cfs_xattr_get(f->file, name, &f->text), 0);
	assert_string_equal(cfs_buf_text(&f->text), expected);
}

static void an_open_file_says_where_it_is_from(void **state)
{
	struct fixture *f = *state;
	static const char names[] = "user.consolefs.fetched\0user.consolefs.region\0"
				    "user.consolefs.request_id\0user.consolefs.woken";

	open_it(f, "7a62c49f", true);
	assert_value(f, "user.consolefs.fetched", "2025-11-21T20:13:48Z");
	assert_value(f, "user.consolefs.region", "r-1");
	assert_value(f, "user.consolefs.request_id", "7a62c49f");
	assert_value(f, "user.consolefs.woken", "1");
	cfs_buf_clear(&f->text);
	assert_int_equal(cfs_xattr_list(f->file, &f->text), 0);
	assert_int_equal(f->text.len, sizeof(names));
	assert_memory_equal(f->text.data, names, sizeof(names));
	cfs_node_released(f->file);
	open_it(f, "", false);
	assert_value(f, "user.consolefs.woken", "0");
	assert_int_equal(cfs_xattr_get(f->file, "user.consolefs.request_id", &f->text), -ENODATA);
	cfs_buf_clear(&f->text);
	assert_int_equal(cfs_xattr_list(f->file, &f->text), 0);
	assert_int_equal(f->text.len, sizeof(names) - sizeof("user.consolefs.request_id"));
}

static void a_file_that_is_not_open_says_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(cfs_xattr_get(f->file, "user.consolefs.region", &f->text), -ENODATA);
	assert_int_equal(cfs_xattr_list(f->file, &f->text), 0);
	assert_int_equal(f->text.len, 0);
	open_it(f, "1", false);
	cfs_node_released(f->file);
	assert_null(f->file->origin);
	assert_int_equal(cfs_xattr_get(f->file, "user.consolefs.region", &f->text), -ENODATA);
	/* Without memory for it, the content was served alone. */
	open_file(f->file, "");
	assert_int_equal(cfs_xattr_get(f->file, "user.consolefs.region", &f->text), -ENODATA);
}

static void other_attributes_there_are_none(void **state)
{
	struct fixture *f = *state;

	open_it(f, "1", false);
	assert_int_equal(cfs_xattr_get(f->file, "user.mime_type", &f->text), -ENODATA);
	assert_int_equal(cfs_xattr_get(f->file, "user.consolefs.", &f->text), -ENODATA);
	assert_int_equal(cfs_xattr_get(f->file, "security.capability", &f->text), -EOPNOTSUPP);
	assert_int_equal(cfs_xattr_get(f->file, "system.posix_acl_access", &f->text), -EOPNOTSUPP);
	assert_int_equal(cfs_xattr_get(f->file, "", &f->text), -EOPNOTSUPP);
	assert_int_equal(f->text.len, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_open_file_says_where_it_is_from),
		TEST(a_file_that_is_not_open_says_nothing),
		TEST(other_attributes_there_are_none),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
