/* SPDX-License-Identifier: MIT */
/* fs/cloud/trouble.h: what keeps a cloud from working, and what is to be done about it first. */
#include "fs/cloud/trouble.h"
#include "tests/unit/support/tree_fixture.h"

static void assert_trouble(struct fixture *f, const char *what, const char *todo)
{
	struct cfs_trouble trouble;

	if (!what) {
		assert_false(cfs_trouble_find(f->cloud, &trouble));
		what = todo = "";
	} else {
		assert_true(cfs_trouble_find(f->cloud, &trouble));
	}
	assert_string_equal(trouble.what, what);
	assert_string_equal(trouble.todo, todo);
}

static void ignore(void *arg, int result)
{
	(void)arg, (void)result;
}

/* Has all regions listed. */
static void list(struct fixture *f)
{
	struct cfs_wait wait = {0};

	if (cfs_catalogue_list(f->cloud->catalogue, &wait, ignore, NULL) == 0)
		world_settle(f->world);
	cfs_wait_leave(&wait);
}

static void nothing_is_wrong_before_anything_was_tried(void **state)
{
	struct fixture *f = *state;

	fixture_add_cloud(f);
	assert_trouble(f, NULL, NULL);
}

static void credentials_that_are_nowhere_come_before_all_else(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_ABSENT, .text = "VARIABLE is not set: at all"});
	fixture_add_cloud(f);
	list(f);
	assert_trouble(f, "no usable credentials (first, second)", "find the key");
}

static void credentials_that_are_wrong_are_told_with_their_place(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_ABSENT, .text = "-"});
	SCRIPT(f->world, 1,
		{.kind = CFS_STEP_FAILED, .fault = CFS_EXPIRED, .text = "the session is over"});
	fixture_add_cloud(f);
	list(f);
	assert_trouble(
		f, "no usable credentials: second: the session is over", "renew the credentials");
}

static void a_region_that_fails_is_told_while_another_works(void **state)
{
	struct fixture *f = *state;

	world_add_region(f->world, "s");
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	server_says(f->server, "LIST s ", 1, "error 2 NotAllowed you may not\n");
	server_says(f->server, "LIST s ", ALWAYS, "");
	fixture_add_cloud(f);
	list(f);
	assert_trouble(
		f, "s could not be listed: EACCES: NotAllowed: you may not", "allow fake:List");
	clock_skip(f->cloud->catalogue->list_ttl_ms * CFS_CATALOGUE_STALE + 1);
	list(f);
	assert_trouble(f, NULL, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_wrong_before_anything_was_tried),
		TEST(credentials_that_are_nowhere_come_before_all_else),
		TEST(credentials_that_are_wrong_are_told_with_their_place),
		TEST(a_region_that_fails_is_told_while_another_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
