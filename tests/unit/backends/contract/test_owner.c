/* SPDX-License-Identifier: MIT */
/* backends/contract/owner.h: who else can change a file. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/contract/env.h"
#include "backends/contract/owner.h"

#define STRANGER 65533

/* /tmp/consolefs.XXXXXX/below/file, entered at the top. */
static int enter(void **state)
{
	static char top[64];
	int fd;

	strcpy(top, "/tmp/consolefs.test_owner.XXXXXX");
	assert_non_null(mkdtemp(top));
	assert_int_equal(chdir(top), 0);
	assert_int_equal(mkdir("below", 0755), 0);
	fd = open("below/file", O_CREAT | O_WRONLY, 0644);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	/* Whatever the umask is. */
	assert_int_equal(chmod("below", 0755), 0);
	assert_int_equal(chmod("below/file", 0644), 0);
	*state = top;
	return 0;
}

static int leave(void **state)
{
	unlink("below/file");
	unlink("link");
	rmdir("below");
	return chdir("/") < 0 ? -1 : rmdir(*state);
}

/* What is said of a file, without the path of the top. */
static const char *said(const char *top, const char *path)
{
	static char text[1024];
	struct cfs_buf foreign = CFS_BUF_INIT(sizeof(text) - 1),
		       content = CFS_BUF_INIT(CFS_ENV_FILE_MAX);
	const char *at;

	assert_int_equal(cfs_env_process.read_owned(NULL, path, &content, &foreign), 0);
	at = cfs_buf_text(&foreign);
	assert_true(foreign.len == 0 || strncmp(at, top, strlen(top)) == 0 || at[0] != '/');
	strcpy(text, foreign.len && at[0] == '/' ? at + strlen(top) : at);
	cfs_buf_finish(&foreign);
	cfs_buf_finish(&content);
	return text;
}

static void ones_own_file_in_tmp_is_ones_own(void **state)
{
	assert_string_equal(said(*state, "below/file"), "");
	assert_int_equal(chmod("below", 01777), 0);
	assert_string_equal(said(*state, "below/file"), "");
	assert_string_equal(said(*state, "/dev/null"), "");
	assert_string_equal(said(*state, "/etc/passwd"), "");
}

static void what_others_may_write_to_is_not(void **state)
{
	const char *top = *state;

	assert_int_equal(chmod("below/file", 0664), 0);
	assert_non_null(strstr(
		said(top, "below/file"), "/below/file can be changed by its group (chmod go-w "));
	/* Of a file the sticky bit keeps nobody away. */
	assert_int_equal(chmod("below/file", 01646), 0);
	assert_non_null(strstr(said(top, "below/file"), "/below/file can be changed by everybody"));
	assert_int_equal(chmod("below/file", 0644), 0);
	assert_int_equal(chmod("below", 0757), 0);
	assert_non_null(strstr(said(top, "below/file"), "/below can be changed by everybody"));
	assert_int_equal(chmod("below", 0755), 0);
	assert_int_equal(chmod(top, 0770), 0);
	assert_non_null(strstr(said(top, "below/file"), " can be changed by its group"));
}

static void what_belongs_to_another_user_is_not(void **state)
{
	const char *top = *state;

	if (geteuid() != 0)
		skip(); /* only root can give it away */
	assert_int_equal(chown("below/file", STRANGER, STRANGER), 0);
	assert_string_equal(said(top, "below/file"), "/below/file belongs to uid 65533");
	assert_int_equal(chown("below/file", 0, 0), 0);
	assert_int_equal(chown("below", STRANGER, STRANGER), 0);
	assert_string_equal(said(top, "below/file"), "/below belongs to uid 65533");
	assert_int_equal(chown("below", 0, 0), 0);
	assert_int_equal(chown(top, STRANGER, STRANGER), 0);
	assert_string_equal(said(top, "below/file"), " belongs to uid 65533");
	/* Root's file is a user's own. */
	assert_int_equal(chown(top, 0, 0), 0);
	assert_int_equal(chmod(top, 0755), 0);
	assert_int_equal(seteuid(STRANGER), 0);
	assert_string_equal(said(top, "below/file"), "");
	assert_int_equal(seteuid(0), 0);
}

static void it_is_about_the_file_that_was_opened(void **state)
{
	const char *top = *state;
	struct cfs_buf foreign = CFS_BUF_INIT(1024);
	int fd;

	/* A symlink counts as what it leads to. */
	assert_int_equal(symlink("below/file", "link"), 0);
	assert_int_equal(chmod("below", 0757), 0);
	assert_non_null(strstr(said(top, "link"), "/below can be changed by everybody"));
	fd = open("link", O_RDONLY | O_CLOEXEC);
	assert_int_equal(unlink("below/file"), 0);
	assert_int_equal(cfs_owner_check(fd, &foreign), 0);
	assert_int_equal(foreign.len, 0);
	assert_int_equal(fchmod(fd, 0606), 0);
	assert_int_equal(cfs_owner_check(fd, &foreign), 0);
	assert_non_null(strstr(cfs_buf_text(&foreign), " can be changed by everybody"));
	assert_int_equal(close(fd), 0);
	/* One without a name is its maker's, who has handed it on. */
	cfs_buf_clear(&foreign);
	fd = memfd_create("config", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(cfs_owner_check(fd, &foreign), 0);
	assert_int_equal(foreign.len, 0);
	if (geteuid() == 0) {
		assert_int_equal(fchown(fd, STRANGER, STRANGER), 0);
		assert_int_equal(cfs_owner_check(fd, &foreign), 0);
		assert_non_null(strstr(cfs_buf_text(&foreign), " belongs to uid 65533"));
	}
	assert_int_equal(close(fd), 0);
	cfs_buf_finish(&foreign);
}

static void without_room_nothing_is_said_and_nothing_hidden(void **state)
{
	struct cfs_buf foreign = CFS_BUF_INIT(4);
	int fd = open("below/file", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(cfs_owner_check(fd, &foreign), 0);
	assert_int_equal(chmod("below", 0757), 0);
	assert_int_equal(cfs_owner_check(fd, &foreign), -EFBIG);
	assert_int_equal(foreign.len, 0);
	assert_int_equal(close(fd), 0);
	assert_true(cfs_owner_check(fd, &foreign) < 0);
	cfs_buf_finish(&foreign);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ones_own_file_in_tmp_is_ones_own, enter, leave),
		cmocka_unit_test_setup_teardown(what_others_may_write_to_is_not, enter, leave),
		cmocka_unit_test_setup_teardown(what_belongs_to_another_user_is_not, enter, leave),
		cmocka_unit_test_setup_teardown(it_is_about_the_file_that_was_opened, enter, leave),
		cmocka_unit_test_setup_teardown(
			without_room_nothing_is_said_and_nothing_hidden, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
