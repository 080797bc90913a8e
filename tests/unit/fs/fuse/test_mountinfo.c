/* SPDX-License-Identifier: MIT */
/* fs/fuse/mountinfo.h: which device is mounted where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fs/fuse/mountinfo.h"

static const char list[] =
	"22 1 0:20 / /proc rw,nosuid shared:1 - proc proc rw\n"
	"98 22 0:51 / /home/me/my\\040screens\\134x rw - fuse.consolefs consolefs rw\n"
	"99 22 0:52 / /screens rw - fuse.other other rw\n"
	"not a mount\n"
	"100 99 0:53 / /screens rw - fuse.consolefs consolefs rw\n"
	"101 99 0:54 / /screens\\0407 rw - fuse.consolefs consolefs rw\n"
	"102 99 0123456789:0123456789012 / /long rw - fuse.consolefs consolefs rw\n";

static int find(const char *mountpoint, char *ret_device)
{
	char text[sizeof(list)];
	FILE *file;
	int r;

	memcpy(text, list, sizeof(list));
	file = fmemopen(text, strlen(text), "r");
	assert_non_null(file);
	r = cfs_mountinfo_find(file, mountpoint, ret_device);
	fclose(file);
	return r;
}

static int has(const char *device)
{
	char text[sizeof(list)];
	FILE *file;
	int r;

	memcpy(text, list, sizeof(list));
	file = fmemopen(text, strlen(text), "r");
	assert_non_null(file);
	r = cfs_mountinfo_has(file, device);
	fclose(file);
	return r;
}

static bool is_of(const char *line, int id, uid_t user)
{
	char text[1024];
	FILE *file;
	bool is;

	snprintf(text, sizeof(text), "%s%s", list, line);
	file = fmemopen(text, strlen(text), "r");
	assert_non_null(file);
	is = cfs_mountinfo_is_of(file, id, "fuse.consolefs", user);
	fclose(file);
	return is;
}

static void it_is_told_whose_a_mount_is(void **state)
{
	static const char ours[] = "200 1 0:72 / /m rw shared:1 master:2 - fuse.consolefs none "
				   "rw,user_id=65534,group_id=5,allow_other\n";

	(void)state;
	assert_true(is_of(ours, 200, 65534));
	assert_false(is_of(ours, 200, 6553));
	assert_false(is_of(ours, 200, 5));
	assert_false(is_of(ours, 20, 65534));
	assert_false(is_of(ours, 100, 65534));
	assert_true(is_of("200 1 0:7 / /m rw - fuse.consolefs none rw,user_id=0\n", 200, 0));
	/* A part of it, mounted elsewhere; another filesystem; names that look like options. */
	assert_false(is_of("200 1 0:7 /aws /m rw - fuse.consolefs none rw,user_id=0\n", 200, 0));
	assert_false(is_of("200 1 0:7 / /m rw - fuse.sshfs none rw,user_id=0\n", 200, 0));
	assert_false(is_of("200 1 0:7 / /m rw - fuse.sshfs fuse.consolefs rw,user_id=0\n", 200, 0));
	assert_false(is_of("200 1 0:7 / /m rw - fuse.consolefs user_id=0 rw,user_id=7\n", 200, 0));
	assert_false(is_of("200 1 0:7 / /m rw - fuse.consolefs none\n", 200, 0));
	assert_false(is_of("200 1 0:7 / /m rw\n", 200, 0));
	assert_false(is_of("200 1 0:7 / /m rw -\n", 200, 0));
}

static void the_mount_on_top_counts(void **state)
{
	char device[CFS_MOUNTINFO_DEVICE_MAX];

	(void)state;
	assert_int_equal(find("/screens", device), 0);
	assert_string_equal(device, "0:53");
}

static void what_is_escaped_in_a_path_is_understood(void **state)
{
	char device[CFS_MOUNTINFO_DEVICE_MAX];

	(void)state;
	assert_int_equal(find("/home/me/my screens\\x", device), 0);
	assert_string_equal(device, "0:51");
	assert_int_equal(find("/screens 7", device), 0);
	assert_string_equal(device, "0:54");
}

static void what_is_no_mount_is_not_found(void **state)
{
	char device[CFS_MOUNTINFO_DEVICE_MAX] = "untouched";

	(void)state;
	assert_int_equal(find("/screen", device), -ENOENT);
	assert_int_equal(find("/screens\\0407", device), -ENOENT);
	assert_int_equal(find("", device), -ENOENT);
	/* More digits than a device has. */
	assert_int_equal(find("/long", device), -ENOENT);
	assert_string_equal(device, "untouched");
}

static void a_device_is_in_the_list_or_not(void **state)
{
	(void)state;
	assert_int_equal(has("0:52"), 1);
	assert_int_equal(has("0:5"), 0);
	assert_int_equal(has(""), 0);
}

static void a_list_that_cannot_be_read_says_nothing(void **state)
{
	FILE *file = fopen("/", "r");

	(void)state;
	assert_non_null(file);
	assert_true(cfs_mountinfo_has(file, "0:52") < 0);
	fclose(file);
}

/* Runs fn on a list of its own. */
static FILE *open_list(const char *text, char *copy)
{
	FILE *file;

	strcpy(copy, text);
	file = fmemopen(copy, strlen(copy), "r");
	assert_non_null(file);
	return file;
}

static void only_one_of_a_type_is_found_by_it(void **state)
{
	char copy[sizeof(list)], device[CFS_MOUNTINFO_DEVICE_MAX] = "none";
	FILE *file;

	(void)state;
	file = open_list(list, copy);
	assert_int_equal(cfs_mountinfo_find_only(file, "fuse.other", device), 0);
	assert_string_equal(device, "0:52");
	fclose(file);
	file = open_list(list, copy);
	assert_int_equal(cfs_mountinfo_find_only(file, "fuse.consolefs", device), -ENOENT);
	fclose(file);
	file = open_list(list, copy);
	assert_int_equal(cfs_mountinfo_find_only(file, "fuse", device), -ENOENT);
	fclose(file);
	assert_string_equal(device, "0:52");
}

static void what_a_mount_lacks_is_named(void **state)
{
	static const struct {
		const char *options, *missing;
	} cases[] = {
		{"rw,nosuid,nodev - fuse.consolefs none rw,allow_other,default_permissions", NULL},
		{"rw,nosuid,nodev - fuse.consolefs none rw,user_id=1", NULL},
		{"rw,nosuid,nodev - fuse.consolefs none rw,allow_other", "default_permissions"},
		{"rw,nosuid,nodev - fuse.consolefs none rw,allow_other,default_permissionss",
			"default_permissions"},
		{"rw,nodev - fuse.consolefs nosuid rw", "nosuid"},
		{"rw,nosuid shared:1 - fuse.consolefs nodev rw", "nodev"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256], copy[256];
		const char *missing = "untouched";
		FILE *file;

		snprintf(text, sizeof(text), "5 4 0:7 / /x rw - a b c\n6 4 0:8 / /y %s\n",
			cases[i].options);
		file = open_list(text, copy);
		assert_int_equal(cfs_mountinfo_check(file, "0:8", &missing), 0);
		if (cases[i].missing)
			assert_string_equal(missing, cases[i].missing);
		else
			assert_null(missing);
		rewind(file);
		assert_int_equal(cfs_mountinfo_check(file, "0:9", &missing), -ENOENT);
		fclose(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_told_whose_a_mount_is),
		cmocka_unit_test(the_mount_on_top_counts),
		cmocka_unit_test(only_one_of_a_type_is_found_by_it),
		cmocka_unit_test(what_a_mount_lacks_is_named),
		cmocka_unit_test(what_is_escaped_in_a_path_is_understood),
		cmocka_unit_test(what_is_no_mount_is_not_found),
		cmocka_unit_test(a_device_is_in_the_list_or_not),
		cmocka_unit_test(a_list_that_cannot_be_read_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
