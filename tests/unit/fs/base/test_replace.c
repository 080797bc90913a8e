/* SPDX-License-Identifier: MIT */
/* fs/base/replace.h: a file is replaced whole or not at all, and stays what it was otherwise. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/replace.h"

struct fixture {
	char directory[64], path[128], other[128];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->directory, "/tmp/consolefs.test_replace.XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/token.json", f->directory);
	snprintf(f->other, sizeof(f->other), "%s/other", f->directory);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	if (unlink(f->path) < 0)
		rmdir(f->path);
	unlink(f->other);
	/* Nothing else is left behind. */
	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

static void put(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void assert_holds(const char *path, const char *text)
{
	char content[64] = "";
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, content, sizeof(content) - 1), (ssize_t)strlen(text));
	assert_string_equal(content, text);
	close(fd);
}

static int replace(const char *path, const char *text, struct stat *ret_new)
{
	return cfs_replace_file(path, text, strlen(text), ret_new);
}

static unsigned count(const struct fixture *f)
{
	DIR *directory = opendir(f->directory);
	unsigned n = 0;

	assert_non_null(directory);
	while (readdir(directory))
		n++;
	closedir(directory);
	return n - 2;
}

static void who_has_it_open_keeps_the_old_content(void **state)
{
	struct fixture *f = *state;
	struct stat new, now;
	char content[8] = "";
	int fd;

	put(f->path, "old", 0600);
	fd = open(f->path, O_RDONLY);
	assert_int_equal(replace(f->path, "longer", &new), 0);
	assert_holds(f->path, "longer");
	assert_int_equal(read(fd, content, sizeof(content)), 3);
	assert_string_equal(content, "old");
	close(fd);
	assert_int_equal(stat(f->path, &now), 0);
	assert_true(now.st_ino == new.st_ino &&now.st_size == new.st_size);
	assert_memory_equal(&now.st_mtim, &new.st_mtim, sizeof(now.st_mtim));
	assert_int_equal(count(f), 1);
}

static void mode_and_owner_stay(void **state)
{
	static const mode_t modes[] = {0600, 0640, 0644, 0400, 0660};
	struct fixture *f = *state;
	mode_t before = umask(077);
	struct stat new;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		put(f->path, "old", modes[i]);
		assert_int_equal(replace(f->path, "new", &new), 0);
		assert_int_equal(new.st_mode & 07777, modes[i]);
		unlink(f->path);
	}
	umask(before);
	if (geteuid() != 0)
		return;
	put(f->path, "old", 0640);
	assert_int_equal(chown(f->path, 12345, 54321), 0);
	assert_int_equal(replace(f->path, "new", &new), 0);
	assert_int_equal(new.st_uid, 12345);
	assert_int_equal(new.st_gid, 54321);
	assert_int_equal(new.st_mode & 07777, 0640);
}

static void what_is_not_there_is_not_made(void **state)
{
	struct fixture *f = *state;
	struct stat new;

	assert_int_equal(replace(f->path, "new", &new), -ENOENT);
	assert_int_equal(replace("/nonexistent/file", "new", &new), -ENOENT);
	assert_int_equal(count(f), 0);
}

static void what_is_no_file_is_not_replaced(void **state)
{
	struct fixture *f = *state;
	struct stat new;

	put(f->other, "of somebody else", 0600);
	assert_int_equal(symlink(f->other, f->path), 0);
	assert_int_equal(replace(f->path, "new", &new), -ELOOP);
	assert_holds(f->other, "of somebody else");
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(replace(f->path, "new", &new), -EINVAL);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(replace(f->path, "new", &new), -EISDIR);
	assert_int_equal(count(f), 2);
}

static void a_name_without_a_directory_is_in_the_current_one(void **state)
{
	struct fixture *f = *state;
	int before = open(".", O_PATH);
	struct stat new;

	put(f->path, "old", 0600);
	assert_int_equal(chdir(f->directory), 0);
	assert_int_equal(replace("token.json", "new", &new), 0);
	assert_int_equal(fchdir(before), 0);
	close(before);
	assert_holds(f->path, "new");
}

static void a_disk_that_gets_full_leaves_the_old_file(void **state)
{
	struct fixture *f = *state;
	struct rlimit limit, small;
	struct stat new;

	put(f->path, "old", 0600);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 4;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(replace(f->path, "too long", &new), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_holds(f->path, "old");
	assert_int_equal(count(f), 1);
}

static void a_directory_that_takes_no_files_leaves_the_old_file(void **state)
{
	struct fixture *f = *state;
	struct stat new;

	/* Nobody makes files in /proc, not even root. */
	assert_true(replace("/proc/self/comm", "new", &new) < 0);
	if (geteuid() == 0)
		return;
	put(f->path, "old", 0600);
	assert_int_equal(chmod(f->directory, 0500), 0);
	assert_int_equal(replace(f->path, "new", &new), -EACCES);
	assert_int_equal(chmod(f->directory, 0700), 0);
	assert_holds(f->path, "old");
}

static void one_is_put_whether_there_was_one_or_not(void **state)
{
	static const struct timespec modified = {1000000000, 123456789};
	struct fixture *f = *state;
	int directory = open(f->directory, O_PATH | O_DIRECTORY);
	struct stat st;

	assert_true(directory >= 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
			cfs_replace_put(directory, "token.json", 0640, &modified, "new", 3), 0);
		assert_holds(f->path, "new");
		assert_int_equal(lstat(f->path, &st), 0);
		assert_int_equal(st.st_mode, S_IFREG | 0640);
		assert_int_equal(st.st_mtim.tv_sec, modified.tv_sec);
		assert_int_equal(st.st_mtim.tv_nsec, modified.tv_nsec);
		unlink(f->path);
		if (i == 0)
			put(f->path, "old", 0600);
		else
			assert_int_equal(symlink(f->other, f->path), 0);
	}
	unlink(f->path);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(
		cfs_replace_put(directory, "token.json", 0640, &modified, "new", 3), -EISDIR);
	assert_int_equal(count(f), 1);
	assert_int_equal(access(f->other, F_OK), -1);
	close(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		CASE(one_is_put_whether_there_was_one_or_not),
		CASE(who_has_it_open_keeps_the_old_content),
		CASE(mode_and_owner_stay),
		CASE(what_is_not_there_is_not_made),
		CASE(what_is_no_file_is_not_replaced),
		CASE(a_name_without_a_directory_is_in_the_current_one),
		CASE(a_disk_that_gets_full_leaves_the_old_file),
		CASE(a_directory_that_takes_no_files_leaves_the_old_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
