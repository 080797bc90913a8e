/* SPDX-License-Identifier: MIT */
/* fs/cloud/guests.h: which programs' opens are refused; and fs/base/caller.h: which process
 * asks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/cloud/guests.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct cfs_guests parse(const char *text)
{
	struct cfs_guests guests;
	const char *name;
	size_t len;

	memset(&guests, 0xa5, sizeof(guests));
	assert_null(cfs_guests_parse(text, &guests, &name, &len));
	return guests;
}

static bool is_refused(const char *list, const char *comm)
{
	struct cfs_guests guests = parse(list);
	struct cfs_caller caller = {.pid = 1};

	assert_true(strlen(comm) <= CFS_COMM_MAX);
	strcpy(caller.comm, comm);
	return cfs_guests_match(&guests, &caller);
}

static void indexers_and_thumbnailers_are_refused_by_default(void **state)
{
	static const char *const comms[] = {"updatedb", "updatedb.plocat", "updatedb.mlocat",
		"plocate", "plocate-build", "tracker-extract", "tracker-miner-f", "localsearch-3",
		"localsearch-ext", "baloo_file", "baloo_file_extr", "gvfsd-metadata", "tumblerd",
		"thumbnail.so", "gdk-pixbuf-thum", "ffmpegthumbnail", "evince-thumbnai",
		"totem-video-thu"};

	(void)state;
	for (size_t i = 0; i < COUNT(comms); i++)
		assert_true(is_refused(cfs_guests_default, comms[i]));
}

static void what_people_use_is_not(void **state)
{
	static const char *const comms[] = {"cat", "cp", "rsync", "tar", "bash", "find", "grep",
		"eog", "feh", "nautilus", "dolphin", "thunar", "chromium", "firefox", "python3",
		"kioslave5", "kioworker", "updated", "tracker", "evince", "totem", ""};

	(void)state;
	for (size_t i = 0; i < COUNT(comms); i++)
		assert_false(is_refused(cfs_guests_default, comms[i]));
}

static void a_name_is_matched_whole_and_a_star_ends_a_prefix(void **state)
{
	(void)state;
	assert_true(is_refused("cat", "cat"));
	assert_false(is_refused("cat", "cats"));
	assert_false(is_refused("cat", "ca"));
	assert_false(is_refused("cat", "Cat"));
	assert_true(is_refused("cat*", "cat"));
	assert_true(is_refused("cat*", "cats"));
	assert_false(is_refused("cat*", "ca"));
	assert_true(is_refused("a, b:c\td", "d"));
	assert_true(is_refused(" ,a,, b ,", "b"));
}

static void a_long_name_is_matched_as_far_as_the_kernel_keeps_it(void **state)
{
	(void)state;
	assert_true(is_refused("gdk-pixbuf-thumbnailer", "gdk-pixbuf-thum"));
	assert_true(is_refused("gdk-pixbuf-thumbnailer*", "gdk-pixbuf-thum"));
	assert_false(is_refused("gdk-pixbuf-thumbnailer", "gdk-pixbuf-thu"));
	assert_false(is_refused("gdk-pixbuf-thumbnailer", "gdk-pixbuf"));
}

static void an_empty_list_refuses_no_program(void **state)
{
	(void)state;
	assert_false(is_refused("", "updatedb"));
	assert_false(is_refused(" , ", "updatedb"));
	assert_false(is_refused("", ""));
}

static void what_is_no_name_is_an_error_and_changes_nothing(void **state)
{
	static const char *const lists[] = {
		"*", "a*b", "a, /usr/bin/b", "a b\nc", "\"cat\"", "a;b", "caf\xc3\xa9", "a, **"};
	static const char *const names[] = {
		"*", "a*b", "/usr/bin/b", "b\nc", "\"cat\"", "a;b", "caf\xc3\xa9", "**"};
	struct cfs_guests guests = parse("one");
	char text[CFS_GUESTS_MAX * 4 + 8] = "";
	const char *name;
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		assert_non_null(cfs_guests_parse(lists[i], &guests, &name, &len));
		assert_memory_equal(name, names[i], len);
		assert_int_equal(len, strlen(names[i]));
	}
	for (size_t i = 0; i < CFS_GUESTS_MAX; i++)
		strcat(text, "x, ");
	assert_int_equal(parse(text).n, CFS_GUESTS_MAX);
	strcat(text, "x");
	assert_string_equal(cfs_guests_parse(text, &guests, &name, &len),
		"is one command too many: at most 128");
	assert_ptr_equal(name, text + strlen(text) - 1);
	assert_int_equal(guests.n, 1);
	assert_string_equal(guests.names[0], "one");
}

/* A /proc of one process, 100, with a thread 101; and of two KIO workers. */

static const struct {
	int pid;
	const char *name, *bytes;
	size_t len;
} files[] = {
#define FILE_OF(pid, name, text) \
	{ \
		pid, name, text, sizeof(text) - 1 \
	}
	FILE_OF(100, "comm", "tumblerd\n"),
	FILE_OF(100, "status", "Name:\ttumblerd\nUmask:\t0022\nState:\tS\nTgid:\t100\nNgid:\t0\n"),
	FILE_OF(101, "comm", "pool-3\n"),
	FILE_OF(101, "status", "Name:\tpool-3\nUmask:\t0022\nState:\tS\nTgid:\t100\nNgid:\t0\n"),
	FILE_OF(200, "comm", "kioworker\n"),
	FILE_OF(200, "status", "Name:\tkioworker\nUmask:\t0\nState:\tS\nTgid:\t200\n"),
	FILE_OF(200, "cmdline", "/usr/lib/kioworker\0/usr/lib/kf6/kio/thumbnail.so\0thumbnail\0"),
	FILE_OF(201, "comm", "kioslave5\n"),
	FILE_OF(201, "status", "Name:\tkioslave5\nUmask:\t0\nState:\tS\nTgid:\t201\n"),
	FILE_OF(201, "cmdline", "/usr/lib/kioslave5\0/usr/lib/qt5/kf5/kio/file.so\0file\0"),
	FILE_OF(300, "comm", "a\nTgid:\t1\n"),
	FILE_OF(300, "status", "Name:\ta\\nTgid:\t1\nUmask:\t0\nState:\tS\nTgid:\t300\n"),
	FILE_OF(400, "comm", "gone-meanwhile\n"),
	FILE_OF(500, "comm", "fifteen-bytes-x\n"),
	FILE_OF(600, "comm", "kioworker\n"),
	FILE_OF(600, "cmdline", "kioworker"),
};

static long read_fake(int pid, const char *name, char *bytes, size_t size)
{
	for (size_t i = 0; i < COUNT(files); i++) {
		if (files[i].pid != pid || strcmp(files[i].name, name) != 0)
			continue;
		if (size > files[i].len)
			size = files[i].len;
		memcpy(bytes, files[i].bytes, size);
		return (long)size;
	}
	return -ENOENT;
}

static void assert_caller(int tid, int pid, const char *comm, const char *worker)
{
	struct cfs_caller caller;

	memset(&caller, 0xa5, sizeof(caller));
	assert_true(cfs_caller_find(tid, read_fake, &caller));
	assert_int_equal(caller.pid, pid);
	assert_string_equal(caller.comm, comm);
	assert_string_equal(caller.worker, worker);
}

static void a_thread_is_known_by_its_process_too(void **state)
{
	struct cfs_guests guests = parse(cfs_guests_default);
	struct cfs_caller caller;

	(void)state;
	assert_caller(100, 100, "tumblerd", "tumblerd");
	assert_caller(101, 100, "tumblerd", "pool-3");
	assert_caller(500, 500, "fifteen-bytes-x", "fifteen-bytes-x");
	assert_true(cfs_caller_find(101, read_fake, &caller));
	assert_true(cfs_guests_match(&guests, &caller));
}

static void a_kio_worker_is_known_by_its_purpose(void **state)
{
	struct cfs_guests guests = parse(cfs_guests_default);
	struct cfs_caller caller;

	(void)state;
	assert_caller(200, 200, "kioworker", "thumbnail.so");
	assert_caller(201, 201, "kioslave5", "file.so");
	assert_caller(600, 600, "kioworker", "kioworker");
	assert_true(cfs_caller_find(200, read_fake, &caller));
	assert_true(cfs_guests_match(&guests, &caller));
	assert_true(cfs_caller_find(201, read_fake, &caller));
	assert_false(cfs_guests_match(&guests, &caller));
}

static void a_hostile_name_stays_a_name(void **state)
{
	(void)state;
	assert_caller(300, 300, "a\nTgid:\t1", "a\nTgid:\t1");
}

static void a_caller_that_cannot_be_looked_up_is_unknown(void **state)
{
	struct cfs_guests guests = parse("a*, b*, gone-meanwhile");
	struct cfs_caller caller;

	(void)state;
	assert_false(cfs_caller_find(0, read_fake, &caller));
	assert_false(cfs_guests_match(&guests, &caller));
	assert_false(cfs_caller_find(-1, read_fake, &caller));
	assert_false(cfs_caller_find(999, read_fake, &caller));
	assert_int_equal(caller.pid, 999);
	assert_false(cfs_guests_match(&guests, &caller));
	/* Its status can no longer be read. */
	assert_caller(400, 400, "gone-meanwhile", "gone-meanwhile");
}

static void the_real_proc_knows_this_process(void **state)
{
	struct cfs_caller caller;
	char name[16];

	(void)state;
	assert_int_equal(prctl(PR_GET_NAME, name), 0);
	assert_true(cfs_caller_find(getpid(), cfs_proc_read, &caller));
	assert_int_equal(caller.pid, getpid());
	assert_string_equal(caller.comm, name);
	assert_string_equal(caller.worker, name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(indexers_and_thumbnailers_are_refused_by_default),
		cmocka_unit_test(what_people_use_is_not),
		cmocka_unit_test(a_name_is_matched_whole_and_a_star_ends_a_prefix),
		cmocka_unit_test(a_long_name_is_matched_as_far_as_the_kernel_keeps_it),
		cmocka_unit_test(an_empty_list_refuses_no_program),
		cmocka_unit_test(what_is_no_name_is_an_error_and_changes_nothing),
		cmocka_unit_test(a_thread_is_known_by_its_process_too),
		cmocka_unit_test(a_kio_worker_is_known_by_its_purpose),
		cmocka_unit_test(a_hostile_name_stays_a_name),
		cmocka_unit_test(a_caller_that_cannot_be_looked_up_is_unknown),
		cmocka_unit_test(the_real_proc_knows_this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
