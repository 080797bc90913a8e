/* SPDX-License-Identifier: MIT */
/* fs/catalogue: a cloud that lists without end fills no memory, and takes nothing away. */
#include "tests/unit/support/catalogue_looker.h"

#define ROOM 4
#define PAGES 40
#define IDLE 10

/* A cloud of which so many entries are kept. */
static void begin_with_room_for(struct fixture *f, size_t entries)
{
	begin(f);
	f->catalogue->store.entries.max = entries;
}

static uint64_t bytes_kept(const struct fixture *f)
{
	return f->catalogue->store.entries.bytes;
}

static void a_list_as_long_as_may_be_is_shown(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", ALWAYS,
		"instance x-1 on 3\ninstance x-2 on 3\ninstance x-3 on 3\ninstance x-4 on 3\n");
	begin_with_room_for(f, ROOM);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1 x-2 x-3 x-4");
}

static void a_first_list_that_is_too_long_is_refused_and_leaves_nothing(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r  key", ALWAYS,
		"instance x-1 on 3\ninstance x-2 on 3\ninstance x-3 on 3\npage two\n");
	server_says(f->server, "LIST r two key", ALWAYS,
		"instance x-4 on 3\ninstance x-5 on 3\ninstance x-6 on 3\npage three\n");
	begin_with_room_for(f, ROOM);
	assert_int_equal(list_finally(f), -EFBIG);
	assert_int_equal(f->server->n_log, 2);
	assert_shown(f, "");
	assert_int_equal(bytes_kept(f), 0);
	assert_int_equal(region(f, 0).instances, 0);
	assert_string_equal(region(f, 0).failure->error.message,
		"the cloud lists more than 4 instances, or more than 512 MiB of them: name fewer "
		"`regions`, or set a `filter`");
}

static void a_list_that_has_become_too_long_keeps_the_old_one(void **state)
{
	struct fixture *f = *state;
	uint64_t before;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\ninstance x-2 on 3\n");
	server_says(f->server, "LIST r ", 1,
		"instance x-3 on 3\ninstance x-4 on 3\ninstance x-2 on 1\ninstance x-5 on 3\n");
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\ninstance x-6 on 3\n");
	begin_with_room_for(f, ROOM);
	assert_int_equal(list_finally(f), 1);
	before = bytes_kept(f);
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1 x-2");
	assert_int_equal(entry(f, "x-2")->instance->offers, 1);
	assert_int_equal(bytes_kept(f), before);
	assert_int_equal(region(f, 0).failure->number, EFBIG);
	/* And once it is short again, it is the list. */
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1 x-6");
	assert_null(region(f, 0).failure);
}

static void a_region_that_is_too_long_does_not_hide_another(void **state)
{
	struct fixture *f = *state;

	world_add_region(f->world, "s");
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	server_says(f->server, "LIST s ", ALWAYS,
		"instance x-2 on 3\ninstance x-3 on 3\ninstance x-4 on 3\ninstance x-5 on 3\n");
	begin_with_room_for(f, ROOM);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1");
	assert_int_equal(region(f, 1).failure->number, EFBIG);
}

static void bytes_are_bounded_as_well_as_instances(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\n");
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\ninstance x-2 on 3\n");
	begin(f);
	assert_int_equal(list_finally(f), 1);
	f->catalogue->store.entries.bytes_max = 2 * bytes_kept(f) - 1;
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1");
	assert_int_equal(region(f, 0).failure->number, EFBIG);
	f->catalogue->store.entries.bytes_max++;
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1 x-2");
}

static void an_instance_that_grows_is_bounded_too(void **state)
{
	struct fixture *f = *state;

	begin(f);
	world_put_named(f->world, 0, "x-1", "short", 3);
	f->catalogue->store.entries.bytes_max = bytes_kept(f) + 1;
	world_put_named(f->world, 0, "x-1", "shorts", 3);
	assert_int_equal(bytes_kept(f), f->catalogue->store.entries.bytes_max);
	assert_false(cfs_entries_have_room(&f->catalogue->store.entries, NULL,
		cfs_catalogue_find(f->catalogue, "x-1")->instance));
}

static void failures_take_room_too_and_go_with_their_entry(void **state)
{
	static const struct cfs_failure failure = {.number = EACCES};
	struct fixture *f = *state;
	struct cfs_entry *one;
	uint64_t before;

	begin(f);
	one = world_put(f->world, "x-1", 3);
	before = bytes_kept(f);
	f->catalogue->store.entries.bytes_max = before;
	cfs_entry_failed(one, &failure);
	assert_null(one->failure);
	f->catalogue->store.entries.bytes_max = CFS_ENTRIES_BYTES_MAX;
	cfs_entry_failed(one, &failure);
	cfs_entry_failed(one, &failure);
	assert_int_equal(one->failure->number, EACCES);
	assert_true(bytes_kept(f) > before);
	cfs_store_remove(&f->catalogue->store, one);
	assert_int_equal(bytes_kept(f), 0);
}

static void pages_without_end_that_bring_nothing_new_are_a_bad_answer(void **state)
{
	static char rules[PAGES][32], bodies[PAGES][64];
	struct fixture *f = *state;

	server_says(f->server, "LIST r  key", ALWAYS, "instance x-1 on 3\npage 0\n");
	for (int i = 0; i < PAGES; i++) {
		snprintf(rules[i], sizeof(rules[i]), "LIST r %d key", i);
		/* Now and then there is something, and then one may look on. */
		snprintf(bodies[i], sizeof(bodies[i]), "instance x-%d on 3\npage %d\n",
			i == IDLE - 2 ? 2 : 1, i + 1);
		server_says(f->server, rules[i], ALWAYS, bodies[i]);
	}
	begin(f);
	f->catalogue->listings.idle_max = IDLE;
	assert_int_equal(list_finally(f), -EBADMSG);
	assert_int_equal(server_count(f->server, "LIST r "), 2 * IDLE);
	assert_string_equal(region(f, 0).failure->error.message, "the listing does not end");
}

static void what_is_left_out_is_logged_a_few_times_only(void **state)
{
	struct fixture *f = *state;
	unsigned n = 0;

	begin(f);
	for (int i = 0; i < 1000; i++)
		cfs_store_left_out(&f->catalogue->store, &n, "what is no instance");
	assert_int_equal(n, CFS_STORE_LEFT_OUT_LINES + 1);
}

static void an_id_for_which_there_is_no_room_is_an_error_of_its_own(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "FIND r x-2", ALWAYS, "instance x-2 on 3\n");
	begin_with_room_for(f, 1);
	world_put(f->world, "x-1", 3);
	assert_int_equal(look_finally(f, "x-2"), -EFBIG);
	assert_shown(f, "x-1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, catalogue_set_up, catalogue_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_list_as_long_as_may_be_is_shown),
		TEST(a_first_list_that_is_too_long_is_refused_and_leaves_nothing),
		TEST(a_list_that_has_become_too_long_keeps_the_old_one),
		TEST(a_region_that_is_too_long_does_not_hide_another),
		TEST(bytes_are_bounded_as_well_as_instances),
		TEST(an_instance_that_grows_is_bounded_too),
		TEST(failures_take_room_too_and_go_with_their_entry),
		TEST(pages_without_end_that_bring_nothing_new_are_a_bad_answer),
		TEST(what_is_left_out_is_logged_a_few_times_only),
		TEST(an_id_for_which_there_is_no_room_is_an_error_of_its_own),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
