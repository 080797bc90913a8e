/* SPDX-License-Identifier: MIT */
/* fs/catalogue/catalogue.h: what the directories by-name/ and by-region/ need. */
#include "tests/unit/support/catalogue_looker.h"

static int refresh_missed(struct fixture *f, struct looker *looker)
{
	*looker = (struct looker){.f = f};
	return cfs_catalogue_refresh_missed(
		f->catalogue, cfs_clock_ms(), &looker->wait, told, looker);
}

static int refresh_missed_finally(struct fixture *f)
{
	struct looker looker;

	return finally(f, &looker, refresh_missed(f, &looker));
}

/* Refreshing because a name was not found */

static void a_young_list_is_not_refreshed_for_a_missed_name(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(list_finally(f), 1);
	clock_stop();
	clock_skip(CFS_CATALOGUE_MISSED_MS - 1 - region(f, 0).age_ms);
	assert_int_equal(region(f, 0).age_ms, CFS_CATALOGUE_MISSED_MS - 1);
	assert_int_equal(refresh_missed_finally(f), 1);
	assert_false(region(f, 0).refreshing);
	clock_go();
	world_settle(f->world);
	assert_int_equal(f->server->n_log, 1);
}

static void an_older_list_is_refreshed_though_its_time_has_not_come(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\n");
	server_says(f->server, "LIST r ", ALWAYS, "instance x-2 on 3\n");
	assert_int_equal(list_finally(f), 1);
	clock_skip(CFS_CATALOGUE_MISSED_MS);
	assert_int_equal(refresh_missed(f, &looker), 0);
	assert_int_equal(finally(f, &looker, 0), 1);
	assert_shown(f, "x-2");
	/* Only once: the list is young now. */
	assert_int_equal(refresh_missed_finally(f), 1);
	world_settle(f->world);
	assert_int_equal(f->server->n_log, 2);
}

static void one_refresh_serves_all_who_miss_a_name(void **state)
{
	struct fixture *f = *state;
	struct looker lookers[20];

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\n");
	server_does(f->server, "LIST r ", ALWAYS, SERVER_HOLDS);
	assert_int_equal(list_finally(f), 1);
	clock_skip(CFS_CATALOGUE_MISSED_MS);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(refresh_missed(f, &lookers[i]), 0);
	run_until_asked(f->world, 2);
	cfs_wait_leave(&lookers[7].wait);
	server_release(f->server, 200, "instance x-2 on 3\n");
	run_until(f->world, &lookers[0].told, 1);
	world_settle(f->world);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(lookers[i].told, i != 7);
	assert_int_equal(f->server->n_log, 2);
}

static void a_missed_name_joins_the_refresh_behind_an_old_list(void **state)
{
	struct fixture *f = *state;
	struct looker lister, looker;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\n");
	server_says(f->server, "LIST r ", ALWAYS, "instance x-2 on 3\n");
	assert_int_equal(list_finally(f), 1);
	clock_skip(TTL + 1);
	assert_int_equal(list(f, &lister), 1);
	assert_true(region(f, 0).refreshing);
	assert_int_equal(refresh_missed(f, &looker), 0);
	assert_int_equal(finally(f, &looker, 0), 1);
	assert_shown(f, "x-2");
	assert_int_equal(f->server->n_log, 2);
}

/* Looking for a missing name again and again does not ask the cloud each time. */
static void a_refresh_for_a_missed_name_that_failed_is_not_repeated_at_once(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\n");
	server_fails(f->server, "LIST r ", ALWAYS, 403);
	assert_int_equal(list_finally(f), 1);
	clock_skip(CFS_CATALOGUE_MISSED_MS);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(refresh_missed_finally(f), 1);
	world_settle(f->world);
	assert_int_equal(f->server->n_log, 2);
	assert_shown(f, "x-1");
	clock_skip(CFS_CATALOGUE_MISSED_MS);
	assert_int_equal(refresh_missed_finally(f), 1);
	assert_int_equal(f->server->n_log, 3);
}

static void each_region_is_hurried_by_its_own_age(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	world_add_region(f->world, "s");
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	server_does(f->server, "LIST s ", 1, SERVER_HOLDS);
	server_says(f->server, "LIST s ", ALWAYS, "instance x-2 on 3\n");
	assert_int_equal(list(f, &looker), 0);
	run_until_asked(f->world, 2);
	while (!region(f, 0).listed)
		assert_int_equal(cfs_loop_run(f->world->loop), 0);
	clock_skip(CFS_CATALOGUE_MISSED_MS);
	server_release(f->server, 200, "instance x-2 on 3\n");
	assert_int_equal(finally(f, &looker, 0), 1);
	assert_int_equal(refresh_missed_finally(f), 1);
	world_settle(f->world);
	assert_int_equal(server_count(f->server, "LIST r "), 2);
	assert_int_equal(server_count(f->server, "LIST s "), 1);
}

static void of_two_regions_the_faster_ends_the_wait_and_the_slower_can_be_waited_for(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	world_add_region(f->world, "s");
	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\n");
	server_does(f->server, "LIST r ", ALWAYS, SERVER_HOLDS);
	server_says(f->server, "LIST s ", ALWAYS, "instance x-2 on 3\n");
	assert_int_equal(list_finally(f), 1);
	clock_skip(CFS_CATALOGUE_MISSED_MS);
	assert_int_equal(refresh_missed_finally(f), 1);
	assert_true(region(f, 0).refreshing);
	assert_false(region(f, 1).refreshing);
	assert_int_equal(refresh_missed(f, &looker), 0);
	run_until_asked(f->world, 4);
	server_release(f->server, 200, "instance x-3 on 3\n");
	assert_int_equal(finally(f, &looker, 0), 1);
	assert_shown(f, "x-2 x-3");
	assert_int_equal(f->server->n_log, 4);
}

/* Regions */

static int regions(struct fixture *f, struct looker *looker)
{
	*looker = (struct looker){.f = f};
	if (!f->cloud)
		begin(f);
	return cfs_catalogue_regions(f->catalogue, &looker->wait, told, looker);
}

static void regions_that_are_configured_are_known_without_asking(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	world_add_region(f->world, "s");
	assert_int_equal(regions(f, &looker), 1);
	assert_int_equal(cfs_catalogue_n_regions(f->catalogue), 2);
	assert_string_equal(cfs_catalogue_region_name(f->catalogue, 1), "s");
	world_settle(f->world);
	assert_int_equal(f->server->n_log, 0);
}

static void all_regions_are_found_out_and_nothing_is_listed_for_that(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	free(f->world->config.regions[0]);
	f->world->config.n_regions = 0;
	f->world->config.all_regions = true;
	server_fails(f->server, "REGIONS", 1, 403);
	server_says(f->server, "REGIONS", ALWAYS, "region r\nregion s\n");
	assert_int_equal(finally(f, &looker, regions(f, &looker)), -EACCES);
	clock_skip(CFS_STORE_PAUSE_MS);
	/* 0 means: call again. */
	assert_int_equal(finally(f, &looker, regions(f, &looker)), 0);
	assert_int_equal(regions(f, &looker), 1);
	assert_int_equal(cfs_catalogue_n_regions(f->catalogue), 2);
	world_settle(f->world);
	assert_int_equal(f->server->n_log, 2);
}

/* Two slow regions must not cause refreshes of each other for ever. */
static void each_region_is_hurried_once_for_one_who_misses_a_name(void **state)
{
	struct fixture *f = *state;
	struct looker looker = {.f = f};
	int64_t missed;
	int r;

	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(list_finally(f), 1);
	clock_skip(2 * CFS_CATALOGUE_MISSED_MS);
	missed = cfs_clock_ms();
	r = cfs_catalogue_refresh_missed(f->catalogue, missed, &looker.wait, told, &looker);
	assert_int_equal(r, 0);
	assert_int_equal(finally(f, &looker, r), 1);
	clock_skip(2 * CFS_CATALOGUE_MISSED_MS);
	assert_int_equal(
		cfs_catalogue_refresh_missed(f->catalogue, missed, &looker.wait, told, &looker), 1);
	assert_int_equal(server_count(f->server, "LIST r "), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, catalogue_set_up, catalogue_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_young_list_is_not_refreshed_for_a_missed_name),
		TEST(an_older_list_is_refreshed_though_its_time_has_not_come),
		TEST(one_refresh_serves_all_who_miss_a_name),
		TEST(a_missed_name_joins_the_refresh_behind_an_old_list),
		TEST(a_refresh_for_a_missed_name_that_failed_is_not_repeated_at_once),
		TEST(each_region_is_hurried_by_its_own_age),
		TEST(each_region_is_hurried_once_for_one_who_misses_a_name),
		TEST(of_two_regions_the_faster_ends_the_wait_and_the_slower_can_be_waited_for),
		TEST(regions_that_are_configured_are_known_without_asking),
		TEST(all_regions_are_found_out_and_nothing_is_listed_for_that),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
