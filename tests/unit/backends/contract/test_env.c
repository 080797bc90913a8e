/* SPDX-License-Identifier: MIT */
/* backends/contract/env.h: variables and small files. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
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

#include "backends/contract/env.h"

static const char *fake_get(void *arg, const char *name)
{
	if (strcmp(name, "HOME") == 0)
		return arg;
	return strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

static struct cfs_env with_home(char *home)
{
	return (struct cfs_env){.get = fake_get, .arg = home};
}

static int fake_find_home(void *arg, const char *user, char **ret_home)
{
	(void)arg;
	if (user && strcmp(user, "other") != 0)
		return -ENOENT;
	*ret_home = strdup(user ? "/home/other" : "/root");
	return *ret_home ? 0 : -ENOMEM;
}

static void an_empty_variable_is_not_given(void **state)
{
	char home[] = "/home/u";
	struct cfs_env env = with_home(home);

	(void)state;
	assert_string_equal(cfs_env_get(&env, "HOME"), "/home/u");
	assert_null(cfs_env_get(&env, "EMPTY"));
	assert_null(cfs_env_get(&env, "UNSET"));
}

static void assert_expands(char *home, const char *path, const char *to)
{
	struct cfs_env env = with_home(home);
	char *expanded = NULL;

	assert_int_equal(cfs_env_expand(&env, path, &expanded), 0);
	assert_string_equal(expanded, to);
	free(expanded);
}

static void a_tilde_is_home(void **state)
{
	char home[] = "/home/u", empty[] = "";
	struct cfs_env homeless = with_home(NULL);
	char *untouched = home;

	(void)state;
	assert_expands(home, "~/.aws/credentials", "/home/u/.aws/credentials");
	assert_expands(home, "~", "/home/u");
	assert_expands(home, "~other/x", "~other/x");
	assert_expands(home, "/etc/~/x", "/etc/~/x");
	assert_expands(home, "", "");
	assert_expands(NULL, "/etc/x", "/etc/x");
	assert_int_equal(cfs_env_expand(&homeless, "~/x", &untouched), -ENOENT);
	homeless = with_home(empty);
	assert_int_equal(cfs_env_expand(&homeless, "~/x", &untouched), -ENOENT);
	assert_ptr_equal(untouched, home);
}

static void without_home_the_user_database_knows_it(void **state)
{
	char home[] = "/home/u", empty[] = "", *expanded = NULL;
	struct cfs_env env = with_home(home);
	static const struct {
		const char *path, *with, *without;
	} cases[] = {
		{"~/x", "/home/u/x", "/root/x"},
		{"~", "/home/u", "/root"},
		{"~other/x", "/home/other/x", "/home/other/x"},
		{"~other", "/home/other", "/home/other"},
		{"~nobody/x", "~nobody/x", "~nobody/x"},
		{"x/~/y", "x/~/y", "x/~/y"},
	};

	(void)state;
	env.find_home = fake_find_home;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *const homes[] = {home, NULL, empty};

		for (size_t j = 0; j < 3; j++) {
			env.arg = homes[j];
			assert_int_equal(cfs_env_expand(&env, cases[i].path, &expanded), 0);
			assert_string_equal(expanded, j == 0 ? cases[i].with : cases[i].without);
			free(expanded);
		}
	}
}

static void the_process_asks_the_user_database_of_the_host(void **state)
{
	char buf[16384], name[512], *home = NULL;
	struct passwd passwd, *own = NULL;

	(void)state;
	assert_int_equal(getpwuid_r(getuid(), &passwd, buf, sizeof(buf), &own), 0);
	assert_ptr_equal(own, &passwd);
	assert_string_not_equal(passwd.pw_dir, "");
	assert_int_equal(cfs_env_process.find_home(NULL, NULL, &home), 0);
	assert_string_equal(home, passwd.pw_dir);
	free(home);
	snprintf(name, sizeof(name), "%s", passwd.pw_name);
	assert_int_equal(cfs_env_process.find_home(NULL, name, &home), 0);
	free(home);
	assert_int_equal(cfs_env_process.find_home(NULL, "consolefs-no-such-user", &home), -ENOENT);
}

static void variables_are_expanded_before_a_tilde(void **state)
{
	char home[] = "/home/u", *expanded = NULL, *untouched = home;
	struct cfs_env env = with_home(home);
	char long_path[2 * PATH_MAX];
	static const struct {
		const char *path, *to;
	} cases[] = {
		{"$HOME/c", "/home/u/c"},
		{"${HOME}/c", "/home/u/c"},
		{"~/$HOME${HOME}x", "/home/u//home/u/home/ux"},
		{"$HOMEx/${HOME", "$HOMEx/${HOME"},
		{"$UNSET/${UNSET}/$", "$UNSET/${UNSET}/$"},
		{"a${EMPTY}b$EMPTY", "ab"},
		{"$$HOME", "$/home/u"},
		{"${}$-{HOME}", "${}$-{HOME}"},
		{"/plain", "/plain"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(cfs_env_expand_variables(&env, cases[i].path, &expanded), 0);
		assert_string_equal(expanded, cases[i].to);
		free(expanded);
	}
	memset(long_path, '/', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(cfs_env_expand_variables(&env, long_path, &untouched), -ENAMETOOLONG);
	assert_ptr_equal(untouched, home);
}

static void the_process_has_its_variables(void **state)
{
	(void)state;
	assert_int_equal(setenv("CONSOLEFS_TEST_VARIABLE", "value", 1), 0);
	assert_string_equal(cfs_env_get(&cfs_env_process, "CONSOLEFS_TEST_VARIABLE"), "value");
	assert_int_equal(unsetenv("CONSOLEFS_TEST_VARIABLE"), 0);
	assert_null(cfs_env_get(&cfs_env_process, "CONSOLEFS_TEST_VARIABLE"));
}

/* A private directory, entered. */
static int enter_directory(void **state)
{
	char *path = strdup("/tmp/consolefs-test-env-XXXXXX");

	*state = path;
	return path && mkdtemp(path) && chdir(path) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
	int r;

	unlink("file");
	r = chdir("/") == 0 && rmdir(*state) == 0 ? 0 : -1;
	free(*state);
	return r;
}

static void write_file(size_t len)
{
	char chunk[4096];
	int fd = open("file", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	memset(chunk, 'f', sizeof(chunk));
	while (len > 0) {
		ssize_t n = write(fd, chunk, len < sizeof(chunk) ? len : sizeof(chunk));

		assert_true(n > 0);
		len -= (size_t)n;
	}
	assert_int_equal(close(fd), 0);
}

static int read_into(struct cfs_buf *content, const char *path)
{
	return cfs_env_process.read_file(cfs_env_process.arg, path, content);
}

static void a_file_is_appended_whole(void **state)
{
	struct cfs_buf content = CFS_BUF_INIT(CFS_ENV_FILE_MAX + 5);

	(void)state;
	write_file(0);
	assert_int_equal(read_into(&content, "file"), 0);
	assert_int_equal(content.len, 0);
	assert_int_equal(cfs_buf_adds(&content, "head "), 0);
	write_file(CFS_ENV_FILE_MAX);
	assert_int_equal(read_into(&content, "file"), 0);
	assert_int_equal(content.len, CFS_ENV_FILE_MAX + 5);
	assert_memory_equal(content.data, "head ffff", 9);
	assert_int_equal(content.data[content.len], '\0');
	cfs_buf_wipe(&content);
}

static void a_file_over_its_limit_is_refused(void **state)
{
	struct cfs_buf content = CFS_BUF_INIT(2 * CFS_ENV_FILE_MAX), small = CFS_BUF_INIT(9);

	(void)state;
	assert_int_equal(cfs_buf_adds(&content, "kept"), 0);
	write_file(CFS_ENV_FILE_MAX + 1);
	assert_int_equal(read_into(&content, "file"), -EFBIG);
	assert_string_equal(cfs_buf_text(&content), "kept");
	assert_int_equal(content.len, 4);

	write_file(10);
	assert_int_equal(read_into(&small, "file"), -EFBIG);
	assert_int_equal(small.len, 0);
	write_file(9);
	assert_int_equal(read_into(&small, "file"), 0);
	assert_string_equal(cfs_buf_text(&small), "fffffffff");
	cfs_buf_wipe(&content);
	cfs_buf_wipe(&small);
}

static void what_is_no_regular_file_is_refused(void **state)
{
	struct cfs_buf content = CFS_BUF_INIT(CFS_ENV_FILE_MAX);

	(void)state;
	assert_int_equal(read_into(&content, "file"), -ENOENT);
	assert_int_equal(read_into(&content, "."), -EISDIR);
	assert_int_equal(read_into(&content, "/dev/zero"), -EINVAL);
	assert_int_equal(read_into(&content, "file/x"), -ENOENT);
	/* A FIFO that nobody writes must not hang the reader. */
	assert_int_equal(mkfifo("file", 0600), 0);
	assert_int_equal(read_into(&content, "file"), -EINVAL);
	assert_int_equal(unlink("file"), 0);
	assert_int_equal(symlink("file", "file"), 0);
	assert_int_equal(read_into(&content, "file"), -ELOOP);
	assert_null(content.data);
}

/* AWS_CONFIG_FILE=/dev/null: as if there were no such file. */
static void the_null_device_is_an_empty_file(void **state)
{
	struct cfs_buf content = CFS_BUF_INIT(16);

	(void)state;
	assert_int_equal(cfs_env_process.read_file(cfs_env_process.arg, "/dev/null", &content), 0);
	assert_int_equal(content.len, 0);
	assert_true(cfs_env_process.read_file(cfs_env_process.arg, "/dev/zero", &content) < 0);
	cfs_buf_finish(&content);
}

static void what_is_relative_is_relative_to_where_the_process_began(void **state)
{
	char home[] = "home", *path = NULL, *directory = getcwd(NULL, 0);
	struct cfs_buf content = CFS_BUF_INIT(CFS_ENV_FILE_MAX), none = CFS_BUF_INIT(64);
	struct cfs_env env = cfs_env_process, relative = with_home(home);

	(void)state;
	write_file(3);
	assert_non_null(directory);
	env.directory = directory;
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(cfs_env_read(&env, "file", &content), 0);
	assert_string_equal(cfs_buf_text(&content), "fff");
	assert_int_equal(cfs_env_read_owned(&env, "./file", &content, &none), 0);
	assert_string_equal(cfs_buf_text(&content), "ffffff");
	assert_int_equal(chdir(directory), 0);
	relative.directory = "/began";
	assert_int_equal(cfs_env_expand(&relative, "~/x", &path), 0);
	assert_string_equal(path, "/began/home/x");
	free(path);
	assert_int_equal(cfs_env_expand(&relative, "x", &path), 0);
	assert_string_equal(path, "/began/x");
	free(path);
	assert_int_equal(cfs_env_expand(&relative, "/x", &path), 0);
	assert_string_equal(path, "/x");
	free(path);
	free(directory);
	cfs_buf_finish(&content);
	cfs_buf_finish(&none);
}

static void a_file_that_may_not_be_read_says_so(void **state)
{
	struct cfs_buf content = CFS_BUF_INIT(CFS_ENV_FILE_MAX);

	(void)state;
	if (geteuid() == 0)
		skip(); /* root may read everything */
	write_file(1);
	assert_int_equal(chmod("file", 0), 0);
	assert_int_equal(read_into(&content, "file"), -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_variable_is_not_given),
		cmocka_unit_test(a_tilde_is_home),
		cmocka_unit_test(without_home_the_user_database_knows_it),
		cmocka_unit_test(the_process_asks_the_user_database_of_the_host),
		cmocka_unit_test(variables_are_expanded_before_a_tilde),
		cmocka_unit_test(the_process_has_its_variables),
		cmocka_unit_test(the_null_device_is_an_empty_file),
		cmocka_unit_test_setup_teardown(
			a_file_is_appended_whole, enter_directory, leave_directory),
		cmocka_unit_test_setup_teardown(
			a_file_over_its_limit_is_refused, enter_directory, leave_directory),
		cmocka_unit_test_setup_teardown(
			what_is_no_regular_file_is_refused, enter_directory, leave_directory),
		cmocka_unit_test_setup_teardown(
			what_is_relative_is_relative_to_where_the_process_began, enter_directory,
			leave_directory),
		cmocka_unit_test_setup_teardown(
			a_file_that_may_not_be_read_says_so, enter_directory, leave_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
