/* SPDX-License-Identifier: MIT */
/* fs/catalogue/catalogue.h: the instances of one cloud, as they are listed. */
#include "tests/unit/support/catalogue_looker.h"

#define MANY 9000

/* Lists and ages */

static void a_cloud_is_listed_on_first_use(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\ninstance x-2 off 2\n");
	begin(f);
	world_settle(f->world);
	assert_int_equal(f->server->n_log, 0);
	assert_false(region(f, 0).listed);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1 x-2");
	assert_int_equal(entry(f, "x-1")->instance->offers, 3);
	assert_int_equal(entry(f, "x-2")->instance->power, CFS_POWER_OFF);
	assert_int_equal(entry(f, "x-2")->region, 0);
	assert_true(region(f, 0).listed);
	assert_int_equal(region(f, 0).instances, 2);
	assert_null(region(f, 0).failure);
}

static void a_list_is_kept_for_its_time_to_live(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(list_finally(f), 1);
	clock_skip(TTL - 5000);
	assert_int_equal(list(f, &looker), 1);
	world_settle(f->world);
	assert_int_equal(f->server->n_log, 1);
}

static void an_old_list_is_served_and_refreshed_behind(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\ninstance x-2 on 3\n");
	server_says(f->server, "LIST r ", ALWAYS, "instance x-2 off 0\ninstance x-3 on 3\n");
	assert_int_equal(list_finally(f), 1);
	clock_skip(TTL + 1);
	assert_int_equal(list(f, &looker), 1);
	assert_int_equal(list(f, &looker), 1);
	assert_shown(f, "x-1 x-2");
	assert_true(region(f, 0).refreshing);
	world_settle(f->world);
	assert_shown(f, "x-2 x-3");
	assert_int_equal(entry(f, "x-2")->instance->power, CFS_POWER_OFF);
	assert_int_equal(f->server->n_log, 2);
	assert_int_equal(region(f, 0).instances, 2);
}

/* A list of yesterday is not shown. */
static void a_stale_list_is_refreshed_first(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\n");
	server_says(f->server, "LIST r ", ALWAYS, "instance x-2 on 3\n");
	assert_int_equal(list_finally(f), 1);
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list(f, &looker), 0);
	assert_int_equal(finally(f, &looker, 0), 1);
	assert_shown(f, "x-2");
}

static void a_failed_refresh_keeps_the_old_list_and_says_so(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\n");
	server_fails(f->server, "LIST r ", 1, 403);
	server_says(f->server, "LIST r ", ALWAYS, "instance x-2 on 3\n");
	assert_int_equal(list_finally(f), 1);
	clock_skip(TTL + 1);
	assert_int_equal(list(f, &looker), 1);
	world_settle(f->world);
	assert_shown(f, "x-1");
	assert_non_null(region(f, 0).failure);
	assert_int_equal(region(f, 0).failure->number, EACCES);
	assert_string_equal(region(f, 0).failure->action, "ListAll");
	assert_true(region(f, 0).listed);
	assert_int_equal(f->cloud->client->failure.number, EACCES);
	/* The next refresh that succeeds clears the failure. */
	clock_skip(CFS_STORE_PAUSE_MS);
	assert_int_equal(list(f, &looker), 1);
	world_settle(f->world);
	assert_shown(f, "x-2");
	assert_null(region(f, 0).failure);
}

static void a_stale_list_that_cannot_be_refreshed_is_still_shown(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\n");
	server_fails(f->server, "LIST r ", ALWAYS, 403);
	assert_int_equal(list_finally(f), 1);
	clock_skip(100 * TTL);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1");
	assert_int_equal(f->server->n_log, 2);
}

static void never_listed_and_failing_is_an_errno(void **state)
{
	struct fixture *f = *state;

	server_fails(f->server, "LIST r ", 2, 403);
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(list_finally(f), -EACCES);
	/* Not repeated for a moment: a shell looks more than once. */
	assert_int_equal(list_finally(f), -EACCES);
	assert_int_equal(f->server->n_log, 1);
	clock_skip(CFS_STORE_PAUSE_MS);
	assert_int_equal(list_finally(f), -EACCES);
	clock_skip(CFS_STORE_PAUSE_MS);
	assert_int_equal(list_finally(f), 1);
	assert_int_equal(f->server->n_log, 3);
}

static void one_refresh_at_a_time_serves_all_who_wait(void **state)
{
	struct fixture *f = *state;
	struct looker lookers[20];

	server_does(f->server, "LIST r ", ALWAYS, SERVER_HOLDS);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(list(f, &lookers[i]), 0);
	run_until_asked(f->world, 1);
	cfs_wait_leave(&lookers[7].wait);
	server_release(f->server, 200, "instance x-1 on 3\n");
	run_until(f->world, &lookers[0].told, 1);
	world_settle(f->world);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(lookers[i].told, i != 7);
		assert_int_equal(lookers[i].result, i != 7);
	}
	assert_int_equal(f->server->n_log, 1);
}

static void a_refresh_goes_on_without_waits(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_does(f->server, "LIST r ", ALWAYS, SERVER_HOLDS);
	assert_int_equal(list(f, &looker), 0);
	run_until_asked(f->world, 1);
	cfs_wait_leave(&looker.wait);
	server_release(f->server, 200, "instance x-1 on 3\n");
	world_settle(f->world);
	assert_int_equal(list(f, &looker), 1);
	assert_int_equal(f->server->n_log, 1);
}

static void the_end_of_the_cloud_ends_what_is_under_way(void **state)
{
	struct fixture *f = *state;
	struct looker lister, looker;

	world_add_region(f->world, "s");
	server_does(f->server, "", ALWAYS, SERVER_HOLDS);
	assert_int_equal(list(f, &lister), 0);
	assert_int_equal(look(f, &looker, "x-1"), 0);
	run_until_asked(f->world, 4);
	cfs_wait_leave(&lister.wait);
	cfs_wait_leave(&looker.wait);
	cfs_cloud_destroy(f->cloud);
	f->world->cloud = NULL;
	assert_int_equal(f->world->readers, 0);
	run_until(f->world, &f->server->closed, 4);
	assert_int_equal(lister.told + looker.told, 0);
}

/* Regions */

static void regions_are_listed_in_parallel_and_shown_together(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	world_add_region(f->world, "s");
	server_does(f->server, "LIST r ", ALWAYS, SERVER_HOLDS);
	server_says(f->server, "LIST s ", ALWAYS, "instance x-2 on 3\n");
	assert_int_equal(list(f, &looker), 0);
	run_until_asked(f->world, 2);
	run_idle(f->world);
	assert_int_equal(looker.told, 0);
	server_release(f->server, 200, "instance x-1 on 3\n");
	assert_int_equal(finally(f, &looker, 0), 1);
	assert_shown(f, "x-1 x-2");
	assert_int_equal(entry(f, "x-2")->region, 1);
}

static void a_region_that_fails_does_not_hide_the_others(void **state)
{
	struct fixture *f = *state;

	world_add_region(f->world, "s");
	server_fails(f->server, "LIST r ", ALWAYS, 403);
	server_says(f->server, "LIST s ", ALWAYS, "instance x-2 on 3\n");
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-2");
	assert_int_equal(region(f, 0).failure->number, EACCES);
	assert_null(region(f, 1).failure);
	clock_skip(TTL + 1);
	assert_int_equal(list_finally(f), 1);
	world_settle(f->world);
	assert_shown(f, "x-2");
}

static void when_all_regions_fail_the_first_says_why(void **state)
{
	struct fixture *f = *state;

	world_add_region(f->world, "s");
	server_fails(f->server, "LIST r ", ALWAYS, 409);
	server_fails(f->server, "LIST s ", ALWAYS, 403);
	assert_int_equal(list_finally(f), -EHOSTDOWN);
}

/* The first time it is waited for, as it may be the one that matters; after that it is known to
 * fail, and what the others say is shown at once. */
static void a_region_that_hangs_does_not_delay_the_others_for_ever(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	f->world->config.timeout_ms = 30000;
	world_add_region(f->world, "s");
	server_does(f->server, "LIST r ", ALWAYS, SERVER_HOLDS);
	server_says(f->server, "LIST s ", ALWAYS, "instance x-2 on 3\n");
	assert_int_equal(list(f, &looker), 0);
	run_until_asked(f->world, 2);
	clock_skip(14000);
	server_release(f->server, 403, "");
	assert_int_equal(finally(f, &looker, 0), 1);
	clock_skip(CFS_STORE_PAUSE_MS);
	assert_int_equal(list(f, &looker), 1);
	assert_true(region(f, 0).refreshing);
	run_until_asked(f->world, 3);
	assert_int_equal(list(f, &looker), 1);
	assert_shown(f, "x-2");
	/* When it answers, its instances are there. */
	server_release(f->server, 200, "instance x-1 on 3\n");
	world_settle(f->world);
	assert_int_equal(list(f, &looker), 1);
	assert_shown(f, "x-1 x-2");
}

static void an_instance_belongs_to_the_region_that_last_had_it(void **state)
{
	struct fixture *f = *state;

	world_add_region(f->world, "s");
	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\n");
	server_says(f->server, "LIST r ", ALWAYS, "");
	server_says(f->server, "LIST s ", 1, "");
	server_says(f->server, "LIST s ", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(list_finally(f), 1);
	assert_int_equal(region(f, 0).instances, 1);
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1");
	assert_int_equal(entry(f, "x-1")->region, 1);
	assert_int_equal(region(f, 0).instances, 0);
	assert_int_equal(region(f, 1).instances, 1);
}

/* Pages */

static void all_pages_make_the_list(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r  key", ALWAYS, "instance x-1 on 3\npage two\n");
	server_says(f->server, "LIST r two key", ALWAYS, "page three\n");
	server_says(f->server, "LIST r three key", ALWAYS, "instance x-3 on 3\n");
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1 x-3");
	assert_int_equal(f->server->n_log, 3);
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_int_equal(f->server->n_log, 6);
}

static void a_page_that_leads_to_itself_is_a_bad_answer(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r  key", ALWAYS, "instance x-1 on 3\npage two\n");
	server_says(f->server, "LIST r two key", ALWAYS, "instance x-2 on 3\npage two\n");
	assert_int_equal(list_finally(f), -EBADMSG);
	assert_int_equal(f->server->n_log, 2);
}

/* The loop of tokens need not include the first ones. */
static void pages_in_a_circle_are_a_bad_answer(void **state)
{
	struct fixture *f = *state;
	static char rules[20][64], bodies[20][64];

	for (int i = 0; i < 20; i++) {
		if (i == 0)
			strcpy(rules[i], "LIST r  key");
		else
			snprintf(rules[i], sizeof(rules[i]), "LIST r p%d key", i);
		/* The last leads back to the eighth. */
		snprintf(bodies[i], sizeof(bodies[i]), "instance x-%d on 3\npage p%d\n", i,
			i == 19 ? 8 : i + 1);
		server_says(f->server, rules[i], ALWAYS, bodies[i]);
	}
	assert_int_equal(list_finally(f), -EBADMSG);
	assert_in_range(f->server->n_log, 21, 60);
	/* The next refresh starts from the beginning. */
	clock_skip(CFS_STORE_PAUSE_MS);
	assert_int_equal(list_finally(f), -EBADMSG);
}

static void a_listing_that_fails_half_way_removes_nothing(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_says(f->server, "LIST r  key", 1, "instance x-1 on 3\ninstance x-2 on 3\n");
	server_says(f->server, "LIST r  key", ALWAYS, "instance x-2 off 0\npage two\n");
	server_fails(f->server, "LIST r two key", 1, 403);
	server_says(f->server, "LIST r two key", ALWAYS, "instance x-3 on 3\n");
	assert_int_equal(list_finally(f), 1);
	clock_skip(TTL + 1);
	assert_int_equal(list(f, &looker), 1);
	world_settle(f->world);
	assert_shown(f, "x-1 x-2");
	assert_int_equal(entry(f, "x-2")->instance->power, CFS_POWER_OFF);
	clock_skip(CFS_STORE_PAUSE_MS);
	assert_int_equal(list(f, &looker), 1);
	world_settle(f->world);
	assert_shown(f, "x-2 x-3");
}

static void a_passing_failure_of_a_page_is_retried(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r  key", ALWAYS, "instance x-1 on 3\npage two\n");
	server_fails(f->server, "LIST r two key", 2, 503);
	server_says(f->server, "LIST r two key", ALWAYS, "instance x-2 on 3\n");
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1 x-2");
	assert_int_equal(f->server->n_log, 4);
}

static void terminated_instances_are_not_shown(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\ninstance x-2 gone 0\n");
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 gone 0\n");
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1");
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "");
	assert_int_equal(region(f, 0).instances, 0);
}

static void what_is_left_out_spoils_not_the_rest(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", ALWAYS,
		"instance x-1 on 3\nleft out an id that is none\ninstance x-2 on 3\n");
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1 x-2");
}

/* Lists a large fleet; the next listing has only one of its instances. */
static void list_many(struct fixture *f)
{
	char *body = malloc(MANY * 32), *end = body;

	assert_non_null(body);
	for (int i = 0; i < MANY; i++)
		end += sprintf(end, "instance x-%d on 3\n", i);
	server_says(f->server, "LIST r ", 1, body);
	server_says(f->server, "LIST r ", ALWAYS, "instance x-5 on 3\n");
	assert_int_equal(list_finally(f), 1);
	free(body);
}

static void a_large_fleet_comes_and_goes(void **state)
{
	struct fixture *f = *state;
	char id[16];

	list_many(f);
	assert_int_equal(cfs_catalogue_size(f->catalogue), MANY);
	assert_int_equal(region(f, 0).instances, MANY);
	for (int i = 0; i < MANY; i++) {
		sprintf(id, "x-%d", i);
		assert_string_equal(entry(f, id)->id, id);
	}
	assert_null(cfs_catalogue_find(f->catalogue, "x-9000"));
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-5");
	assert_int_equal(cfs_catalogue_size(f->catalogue), 1);
}

/* Instances gone from a large list are removed some at a time. */
static void a_catalogue_can_go_while_it_removes_what_has_gone(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	list_many(f);
	clock_skip(TTL + 1);
	assert_int_equal(list(f, &looker), 1);
	while (cfs_catalogue_size(f->catalogue) == MANY) {
		f->world->pumped = false;
		cfs_timer_start(f->world->loop, &f->world->pump, 0);
		assert_int_equal(cfs_loop_run(f->world->loop), 0);
	}
	cfs_timer_stop(&f->world->pump);
	assert_in_range(cfs_catalogue_size(f->catalogue), 2, MANY - 1);
	/* Until then it is not listed. */
	assert_true(region(f, 0).refreshing);
}

/* Entries */

static void what_is_ours_survives_a_refresh(void **state)
{
	struct fixture *f = *state;
	struct cfs_failure failure = {.number = EBUSY, .action = "A", .permission = "p"};
	struct cfs_entry *one;

	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(list_finally(f), 1);
	one = entry(f, "x-1");
	one->wake_armed = true;
	cfs_entry_failed(one, &failure);
	failure.number = EIO;
	cfs_entry_failed(one, &failure);
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_ptr_equal(entry(f, "x-1"), one);
	assert_true(one->wake_armed);
	assert_int_equal(one->failure->number, EIO);
}

static void an_entry_that_is_gone_lives_while_it_is_referred_to(void **state)
{
	struct fixture *f = *state;
	struct cfs_entry *one, *again;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\n");
	server_says(f->server, "LIST r ", 1, "");
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 off 3\n");
	assert_int_equal(list_finally(f), 1);
	one = cfs_entry_ref(entry(f, "x-1"));
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_null(cfs_catalogue_find(f->catalogue, "x-1"));
	assert_true(one->gone);
	assert_int_equal(one->instance->power, CFS_POWER_ON);
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	again = entry(f, "x-1");
	assert_ptr_not_equal(again, one);
	assert_false(again->gone);
	assert_int_equal(region(f, 0).instances, 1);
	cfs_entry_unref(one);
	cfs_entry_ref(again);
	cfs_entry_unref(again);
	cfs_entry_unref(NULL);
	assert_ptr_equal(entry(f, "x-1"), again);
}

/* An instance that an incomplete listing may have skipped is not removed. */
static void a_listing_that_may_not_be_whole_removes_nothing(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\ninstance x-2 on 3\n");
	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\npartial\n");
	assert_int_equal(list_finally(f), 1);
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1 x-2");
	/* Counted from the front, pages shift when an instance goes between two of them. */
	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\ntotal 3\npage 2\n");
	server_says(f->server, "LIST r 2", 1, "instance x-3 on 3\ntotal 2\n");
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1 x-2 x-3");
	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\ntotal 2\npage 2\n");
	server_says(f->server, "LIST r 2", 1, "instance x-3 on 3\ntotal 2\n");
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1 x-3");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, catalogue_set_up, catalogue_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_cloud_is_listed_on_first_use),
		TEST(a_list_is_kept_for_its_time_to_live),
		TEST(an_old_list_is_served_and_refreshed_behind),
		TEST(a_stale_list_is_refreshed_first),
		TEST(a_failed_refresh_keeps_the_old_list_and_says_so),
		TEST(a_stale_list_that_cannot_be_refreshed_is_still_shown),
		TEST(never_listed_and_failing_is_an_errno),
		TEST(one_refresh_at_a_time_serves_all_who_wait),
		TEST(a_refresh_goes_on_without_waits),
		TEST(the_end_of_the_cloud_ends_what_is_under_way),
		TEST(regions_are_listed_in_parallel_and_shown_together),
		TEST(a_region_that_fails_does_not_hide_the_others),
		TEST(when_all_regions_fail_the_first_says_why),
		TEST(a_region_that_hangs_does_not_delay_the_others_for_ever),
		TEST(an_instance_belongs_to_the_region_that_last_had_it),
		TEST(all_pages_make_the_list),
		TEST(a_page_that_leads_to_itself_is_a_bad_answer),
		TEST(pages_in_a_circle_are_a_bad_answer),
		TEST(a_listing_that_fails_half_way_removes_nothing),
		TEST(a_listing_that_may_not_be_whole_removes_nothing),
		TEST(a_passing_failure_of_a_page_is_retried),
		TEST(terminated_instances_are_not_shown),
		TEST(what_is_left_out_spoils_not_the_rest),
		TEST(a_large_fleet_comes_and_goes),
		TEST(a_catalogue_can_go_while_it_removes_what_has_gone),
		TEST(what_is_ours_survives_a_refresh),
		TEST(an_entry_that_is_gone_lives_while_it_is_referred_to),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
