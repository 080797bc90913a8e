/* SPDX-License-Identifier: MIT */
/* fs/client/watched_files.h and fs/client/cloud_clock.h: watched files, and the cloud's time. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/client/cloud_clock.h"
#include "fs/client/watched_files.h"
#include "tests/unit/support/fake_clock.h"

struct fixture {
	struct cfs_watched_files files;
	int64_t now;
	char directory[64], path[128];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->directory, "/tmp/consolefs.test_files.XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/credentials", f->directory);
	cfs_watched_files_init(&f->files, &cfs_env_process);
	f->now = 1000000;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	cfs_watched_files_finish(&f->files);
	unlink(f->path);
	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

static void put(struct fixture *f, const char *text)
{
	FILE *file = fopen(f->path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static int read_back(struct fixture *f, const char *path, const char *expected)
{
	struct cfs_buf content = CFS_BUF_INIT(1024);
	int r;

	r = f->files.env.read_file(f->files.env.arg, path, &content);
	if (r == 0)
		assert_string_equal(cfs_buf_text(&content), expected);
	cfs_buf_finish(&content);
	return r;
}

/* Whether the change is noticed once the interval has passed. */
static bool changed(struct fixture *f)
{
	f->now += CFS_WATCHED_FILES_INTERVAL;
	return cfs_watched_files_changed(&f->files, f->now);
}

static void a_file_is_read_as_ever_and_its_change_noticed(void **state)
{
	struct fixture *f = *state;

	put(f, "one");
	assert_int_equal(read_back(f, f->path, "one"), 0);
	assert_false(changed(f));
	put(f, "three");
	assert_true(changed(f));
	/* Until the file is read again. */
	assert_true(changed(f));
	cfs_watched_files_forget(&f->files);
	assert_false(changed(f));
	assert_int_equal(read_back(f, f->path, "three"), 0);
	assert_false(changed(f));
}

static void the_change_of_a_byte_is_noticed_by_its_time(void **state)
{
	struct fixture *f = *state;
	const struct timespec later[2] = {{.tv_sec = 2000000000}, {.tv_sec = 2000000000}};

	put(f, "one");
	assert_int_equal(read_back(f, f->path, "one"), 0);
	put(f, "two");
	assert_int_equal(utimensat(AT_FDCWD, f->path, later, 0), 0);
	assert_true(changed(f));
}

static void a_file_that_comes_or_goes_is_noticed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_back(f, f->path, ""), -ENOENT);
	assert_false(changed(f));
	put(f, "");
	assert_true(changed(f));
	cfs_watched_files_forget(&f->files);
	assert_int_equal(read_back(f, f->path, ""), 0);
	assert_false(changed(f));
	assert_int_equal(unlink(f->path), 0);
	assert_true(changed(f));
}

/* The way editors and agents replace files. */
static void a_file_that_is_replaced_is_noticed(void **state)
{
	struct fixture *f = *state;
	char aside[160];
	struct stat st;
	struct timespec same[2];

	put(f, "one");
	assert_int_equal(read_back(f, f->path, "one"), 0);
	assert_int_equal(stat(f->path, &st), 0);
	snprintf(aside, sizeof(aside), "%s.new", f->path);
	assert_int_equal(rename(f->path, aside), 0);
	put(f, "two");
	same[0] = st.st_atim;
	same[1] = st.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, f->path, same, 0), 0);
	assert_true(changed(f));
	unlink(aside);
}

static void it_is_not_looked_for_all_the_time(void **state)
{
	struct fixture *f = *state;

	put(f, "one");
	assert_int_equal(read_back(f, f->path, "one"), 0);
	assert_false(changed(f));
	put(f, "three");
	assert_false(cfs_watched_files_changed(&f->files, f->now + CFS_WATCHED_FILES_INTERVAL - 1));
	assert_true(cfs_watched_files_changed(&f->files, f->now + CFS_WATCHED_FILES_INTERVAL));
}

static void what_this_process_has_written_is_no_change(void **state)
{
	struct fixture *f = *state;
	struct stat now;

	put(f, "one");
	assert_int_equal(read_back(f, f->path, "one"), 0);
	put(f, "three");
	assert_int_equal(stat(f->path, &now), 0);
	cfs_watched_files_wrote(&f->files, f->path, &now);
	cfs_watched_files_wrote(&f->files, "/nobody/knows", &now);
	assert_false(changed(f));
	put(f, "of another");
	assert_true(changed(f));
}

static void random_bytes_differ(void **state)
{
	unsigned char one[16] = {0}, two[16] = {0}, none[16] = {0};
	struct fixture *f = *state;

	assert_int_equal(f->files.env.random(f->files.env.arg, one, sizeof(one)), 0);
	assert_int_equal(f->files.env.random(f->files.env.arg, two, sizeof(two)), 0);
	assert_memory_not_equal(one, two, sizeof(one));
	assert_memory_not_equal(one, none, sizeof(one));
}

static void only_so_many_are_remembered_and_each_once(void **state)
{
	struct fixture *f = *state;
	char path[192];

	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "%s/%d", f->directory, i / 2);
		assert_int_equal(read_back(f, path, ""), -ENOENT);
	}
	assert_int_equal(f->files.n, CFS_WATCHED_FILES_MAX);
	put(f, "one");
	assert_int_equal(read_back(f, f->path, "one"), 0);
	assert_false(changed(f));
}

static void variables_are_those_of_the_process(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(setenv("CONSOLEFS_TEST_FILES", "x", 1), 0);
	assert_string_equal(cfs_env_get(&f->files.env, "CONSOLEFS_TEST_FILES"), "x");
	assert_null(cfs_env_get(&f->files.env, "CONSOLEFS_TEST_NONE"));
}

/* The cloud's time */

static void a_difference_that_matters_is_learnt_and_kept(void **state)
{
	struct cfs_cloud_clock cloud_clock = {0};
	int64_t here = cfs_clock_wall().tv_sec;

	(void)state;
	assert_in_range(cfs_cloud_clock_now(&cloud_clock) - here, 0, 2);
	assert_true(cfs_cloud_clock_learn(&cloud_clock, here + 3600));
	assert_in_range(cfs_cloud_clock_now(&cloud_clock) - here, 3598, 3602);
	/* The same Date again changes nothing. */
	assert_false(cfs_cloud_clock_learn(&cloud_clock, here + 3600));
	assert_true(cfs_cloud_clock_learn(&cloud_clock, here - 3600));
	assert_true(llabs(cfs_cloud_clock_now(&cloud_clock) - (here - 3600)) <= 2);
	assert_true(cfs_cloud_clock_learn(&cloud_clock, here));
	assert_true(llabs(cloud_clock.offset) <= 2);
}

static void a_difference_that_does_not_matter_is_none(void **state)
{
	struct cfs_cloud_clock cloud_clock = {0};
	int64_t here = cfs_clock_wall().tv_sec;

	(void)state;
	assert_false(cfs_cloud_clock_learn(&cloud_clock, 0));
	assert_false(cfs_cloud_clock_learn(&cloud_clock, -5));
	assert_false(cfs_cloud_clock_learn(&cloud_clock, here));
	assert_false(cfs_cloud_clock_learn(&cloud_clock, here + CFS_CLOUD_CLOCK_MIN - 5));
	assert_false(cfs_cloud_clock_learn(&cloud_clock, here - CFS_CLOUD_CLOCK_MIN + 5));
	assert_int_equal(cloud_clock.offset, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_read_as_ever_and_its_change_noticed),
		TEST(the_change_of_a_byte_is_noticed_by_its_time),
		TEST(a_file_that_comes_or_goes_is_noticed),
		TEST(a_file_that_is_replaced_is_noticed),
		TEST(it_is_not_looked_for_all_the_time),
		TEST(what_this_process_has_written_is_no_change),
		TEST(random_bytes_differ),
		TEST(only_so_many_are_remembered_and_each_once),
		TEST(variables_are_those_of_the_process),
		cmocka_unit_test(a_difference_that_matters_is_learnt_and_kept),
		cmocka_unit_test(a_difference_that_does_not_matter_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
