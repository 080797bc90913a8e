/* SPDX-License-Identifier: MIT */
/* fs/catalogue/catalogue.h: looking up instances by id, and asking for the regions. */
#include "tests/unit/support/catalogue_looker.h"

/* Looking up one instance */

static void an_instance_that_is_listed_is_found_without_asking(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(list_finally(f), 1);
	assert_int_equal(look(f, &looker, "x-1"), 1);
	world_settle(f->world);
	assert_int_equal(f->server->n_log, 1);
}

static void what_is_no_id_is_not_asked_for(void **state)
{
	static const char *const ids[] = {"", "x", "i-1", "x-1/", "x-..", "status", ".hidden"};
	struct fixture *f = *state;
	struct looker looker;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		assert_int_equal(look(f, &looker, ids[i]), -ENOENT);
	world_settle(f->world);
	assert_int_equal(f->server->n_log, 0);
}

static void an_unknown_instance_is_asked_for_in_every_region(void **state)
{
	struct fixture *f = *state;

	world_add_region(f->world, "s");
	server_says(f->server, "FIND s x-9", ALWAYS, "instance x-9 on 3\n");
	assert_int_equal(look_finally(f, "x-9"), 1);
	assert_int_equal(entry(f, "x-9")->region, 1);
	assert_int_equal(server_count(f->server, "FIND r x-9"), 1);
	assert_int_equal(f->server->n_log, 2);
	/* And is known from now on, though nothing was listed. */
	assert_int_equal(look_finally(f, "x-9"), 1);
	assert_int_equal(f->server->n_log, 2);
	assert_shown(f, "x-9");
}

static void a_miss_is_remembered_for_five_seconds(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	clock_stop();
	server_says(f->server, "FIND r x-9", 1, "");
	server_says(f->server, "FIND r x-9", ALWAYS, "instance x-9 on 3\n");
	assert_int_equal(look_finally(f, "x-9"), -ENOENT);
	clock_skip(CFS_LOOKUP_MISS_MS - 1);
	assert_int_equal(look(f, &looker, "x-9"), -ENOENT);
	assert_int_equal(f->server->n_log, 1);
	clock_skip(1);
	assert_int_equal(look_finally(f, "x-9"), 1);
}

static void a_miss_that_is_listed_meanwhile_is_there(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_says(f->server, "LIST r ", ALWAYS, "instance x-9 on 3\n");
	assert_int_equal(look_finally(f, "x-9"), -ENOENT);
	assert_int_equal(list_finally(f), 1);
	assert_int_equal(look(f, &looker, "x-9"), 1);
}

static void all_who_look_for_one_share_a_question(void **state)
{
	struct fixture *f = *state;
	struct looker lookers[10], other;

	server_does(f->server, "FIND r x-1", ALWAYS, SERVER_HOLDS);
	server_says(f->server, "FIND r x-2", ALWAYS, "instance x-2 on 3\n");
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(look(f, &lookers[i], "x-1"), 0);
	assert_int_equal(finally(f, &other, look(f, &other, "x-2")), 1);
	cfs_wait_leave(&lookers[3].wait);
	server_release(f->server, 200, "instance x-1 on 3\n");
	run_until(f->world, &lookers[9].told, 1);
	run_idle(f->world);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(lookers[i].told, i != 3);
	assert_int_equal(server_count(f->server, "FIND r x-1"), 1);
}

static void found_somewhere_counts_whatever_else_failed(void **state)
{
	struct fixture *f = *state;

	world_add_region(f->world, "s");
	world_add_region(f->world, "t");
	server_fails(f->server, "FIND r ", ALWAYS, 403);
	server_fails(f->server, "FIND s ", ALWAYS, 409);
	server_says(f->server, "FIND t ", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(look_finally(f, "x-1"), 1);
	assert_int_equal(entry(f, "x-1")->region, 2);
}

/* One hung endpoint never delays another read. */
static void found_somewhere_does_not_wait_for_the_rest(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	world_add_region(f->world, "s");
	server_does(f->server, "FIND r ", ALWAYS, SERVER_HOLDS);
	server_says(f->server, "FIND s ", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(look(f, &looker, "x-1"), 0);
	assert_int_equal(finally(f, &looker, 0), 1);
	assert_int_equal(entry(f, "x-1")->region, 1);
	/* The other requests were cancelled. */
	assert_int_equal(f->world->readers, 0);
	world_settle(f->world);
	assert_int_equal(entry(f, "x-1")->region, 1);
	assert_int_equal(looker.told, 1);
	assert_int_equal(look_finally(f, "x-1"), 1);
}

static void what_could_not_be_asked_is_not_a_miss(void **state)
{
	struct fixture *f = *state;

	world_add_region(f->world, "s");
	server_fails(f->server, "FIND s x-1", 1, 409);
	server_says(f->server, "FIND s x-1", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(look_finally(f, "x-1"), -EHOSTDOWN);
	assert_int_equal(f->cloud->client->failure.number, EHOSTDOWN);
	clock_skip(CFS_STORE_PAUSE_MS);
	assert_int_equal(look_finally(f, "x-1"), 1);
}

/* The kernel lets processes look up a name one after the other: each would wait for a timeout. */
static void lookups_behind_a_failed_one_get_its_result(void **state)
{
	struct fixture *f = *state;

	server_fails(f->server, "FIND r x-1", ALWAYS, 409);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(look_finally(f, "x-1"), -EHOSTDOWN);
	assert_int_equal(server_count(f->server, "FIND r x-1"), 1);
	clock_skip(CFS_STORE_PAUSE_MS);
	assert_int_equal(look_finally(f, "x-1"), -EHOSTDOWN);
	assert_int_equal(server_count(f->server, "FIND r x-1"), 2);
}

static void an_old_instance_that_could_not_be_asked_for_is_served_a_while(void **state)
{
	struct fixture *f = *state;
	unsigned before;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\n");
	server_fails(f->server, "LIST r ", ALWAYS, 409);
	server_fails(f->server, "FIND r x-1", ALWAYS, 409);
	assert_int_equal(list_finally(f), 1);
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(look_finally(f, "x-1"), 1);
	before = server_count(f->server, "FIND r x-1");
	assert_int_equal(before, 1);
	assert_int_equal(look_finally(f, "x-1"), 1);
	assert_int_equal(server_count(f->server, "FIND r x-1"), before);
}

/* An account that may open consoles but not list instances. */
static void denied_to_ask_the_id_is_taken_for_right(void **state)
{
	struct fixture *f = *state;
	struct looker looker;
	struct cfs_entry *guess;

	server_fails(f->server, "FIND r ", ALWAYS, 403);
	assert_int_equal(look_finally(f, "x-1"), 1);
	guess = entry(f, "x-1");
	assert_null(guess->instance);
	assert_int_equal(guess->region, CFS_REGION_UNKNOWN);
	assert_shown(f, "");
	assert_int_equal(region(f, 0).instances, 0);
	cfs_entry_ref(guess);
	cfs_entry_ref(guess);
	assert_int_equal(look(f, &looker, "x-1"), 1);
	cfs_entry_unref(guess);
	assert_non_null(cfs_catalogue_find(f->catalogue, "x-1"));
	/* It is no longer an id of which nothing is known. */
	cfs_entry_unref(guess);
	assert_null(cfs_catalogue_find(f->catalogue, "x-1"));
	assert_int_equal(cfs_catalogue_size(f->catalogue), 0);
}

/* Armed by an account that may not list: the flag must still be there when the screenshot is
 * opened. */
static void a_guess_whose_wake_is_armed_stays(void **state)
{
	struct fixture *f = *state;
	struct cfs_entry *guess;

	server_fails(f->server, "FIND r ", ALWAYS, 403);
	assert_int_equal(look_finally(f, "x-1"), 1);
	guess = cfs_entry_ref(entry(f, "x-1"));
	guess->wake_armed = true;
	cfs_entry_unref(guess);
	assert_ptr_equal(cfs_catalogue_find(f->catalogue, "x-1"), guess);
	cfs_entry_ref(guess);
	guess->wake_armed = false;
	cfs_entry_unref(guess);
	assert_null(cfs_catalogue_find(f->catalogue, "x-1"));
}

/* EC2 returns a terminated instance for an hour. */
static void one_that_was_found_terminated_is_remembered_as_missed(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "FIND r ", ALWAYS, "instance x-1 gone 0\n");
	assert_int_equal(look_finally(f, "x-1"), -ENOENT);
	assert_int_equal(look_finally(f, "x-1"), -ENOENT);
	assert_int_equal(server_count(f->server, "FIND r x-1"), 1);
}

static void a_guess_that_is_listed_becomes_an_instance(void **state)
{
	struct fixture *f = *state;
	struct cfs_entry *guess;

	server_fails(f->server, "FIND r ", ALWAYS, 403);
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(look_finally(f, "x-1"), 1);
	guess = cfs_entry_ref(entry(f, "x-1"));
	assert_int_equal(list_finally(f), 1);
	assert_ptr_equal(entry(f, "x-1"), guess);
	assert_non_null(guess->instance);
	assert_int_equal(guess->region, 0);
	assert_int_equal(region(f, 0).instances, 1);
	cfs_entry_unref(guess);
	assert_shown(f, "x-1");
}

static void an_answer_about_another_instance_is_bad(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "FIND r ", ALWAYS, "instance x-2 on 3\n");
	assert_int_equal(look_finally(f, "x-1"), -EBADMSG);
	assert_shown(f, "");
}

static void a_terminated_instance_is_not_found(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "FIND r ", ALWAYS, "instance x-1 gone 0\n");
	assert_int_equal(look_finally(f, "x-1"), -ENOENT);
	assert_int_equal(cfs_catalogue_size(f->catalogue), 0);
}

/* The ages of an instance that was looked up are those of a list. */

static void an_old_instance_is_refreshed_behind_by_listing(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_says(f->server, "LIST r ", 1, "instance x-1 on 3\n");
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 off 0\n");
	assert_int_equal(list_finally(f), 1);
	clock_skip(TTL + 1);
	assert_int_equal(look(f, &looker, "x-1"), 1);
	assert_int_equal(entry(f, "x-1")->instance->power, CFS_POWER_ON);
	world_settle(f->world);
	assert_int_equal(entry(f, "x-1")->instance->power, CFS_POWER_OFF);
	assert_int_equal(server_count(f->server, "FIND"), 0);
}

static void an_old_instance_of_no_list_is_asked_for_behind(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_says(f->server, "FIND r ", 1, "instance x-1 on 3\n");
	server_says(f->server, "FIND r ", ALWAYS, "instance x-1 off 0\n");
	assert_int_equal(look_finally(f, "x-1"), 1);
	clock_skip(TTL + 1);
	assert_int_equal(look(f, &looker, "x-1"), 1);
	assert_int_equal(look(f, &looker, "x-1"), 1);
	world_settle(f->world);
	assert_int_equal(entry(f, "x-1")->instance->power, CFS_POWER_OFF);
	assert_int_equal(server_count(f->server, "FIND"), 2);
}

static void a_stale_instance_is_asked_for_first(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\ninstance x-2 on 3\n");
	server_says(f->server, "FIND r x-1", ALWAYS, "instance x-1 off 0\n");
	server_says(f->server, "FIND r x-2", ALWAYS, "");
	assert_int_equal(list_finally(f), 1);
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(look(f, &looker, "x-1"), 0);
	assert_int_equal(finally(f, &looker, 0), 1);
	assert_int_equal(entry(f, "x-1")->instance->power, CFS_POWER_OFF);
	assert_int_equal(look_finally(f, "x-2"), -ENOENT);
	assert_shown(f, "x-1");
	assert_int_equal(region(f, 0).instances, 1);
}

/* rsync --delete must not erase an archive. */
static void an_instance_in_the_catalogue_is_never_enoent_for_want_of_an_answer(void **state)
{
	static const int statuses[] = {401, 403, 409, 419, 429, 500, 418};
	struct fixture *f = *state;
	int64_t seen;

	f->world->config.timeout_ms = 500;
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(list_finally(f), 1);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		server_forget_rules(f->server);
		if (statuses[i] == 429)
			fake_clock.chance = 0.999999;
		server_fails(f->server, "FIND r ", ALWAYS, statuses[i]);
		clock_skip(CFS_CATALOGUE_STALE * TTL + CFS_CREDENTIALS_PAUSE_MS);
		seen = entry(f, "x-1")->seen_ms;
		assert_int_equal(look_finally(f, "x-1"), 1);
		assert_non_null(entry(f, "x-1")->instance);
		/* Nor does it count as seen. */
		assert_true(entry(f, "x-1")->seen_ms == seen);
	}
}

/* regions = all */

static void the_regions_of_an_account_are_found_out_first(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	free(f->world->config.regions[0]);
	f->world->config.n_regions = 0;
	f->world->config.all_regions = true;
	server_says(f->server, "REGIONS", ALWAYS, "region r\nregion s\nregion r\n");
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	server_says(f->server, "LIST s ", ALWAYS, "instance x-2 on 3\n");
	assert_int_equal(list(f, &looker), 0);
	assert_int_equal(finally(f, &looker, 0), 0);
	assert_int_equal(cfs_catalogue_n_regions(f->catalogue), 2);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1 x-2");
	assert_string_equal(cfs_catalogue_region_name(f->catalogue, 1), "s");
	world_settle(f->world);
	assert_int_equal(server_count(f->server, "REGIONS"), 1);
	/* New regions are added, in the background, after a while. */
	server_forget_rules(f->server);
	server_says(f->server, "REGIONS", ALWAYS, "region t\n");
	server_says(f->server, "LIST t ", ALWAYS, "instance x-3 on 3\n");
	server_fails(f->server, "LIST", ALWAYS, 403);
	clock_skip(CFS_REGIONS_AGE_MS);
	assert_int_equal(list_finally(f), 1);
	world_settle(f->world);
	assert_int_equal(cfs_catalogue_n_regions(f->catalogue), 3);
	clock_skip(CFS_STORE_PAUSE_MS);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-1 x-2 x-3");
}

static void regions_that_cannot_be_found_out_are_an_errno(void **state)
{
	struct fixture *f = *state;

	free(f->world->config.regions[0]);
	f->world->config.n_regions = 0;
	f->world->config.all_regions = true;
	server_fails(f->server, "REGIONS", 1, 403);
	server_says(f->server, "REGIONS", 1, "");
	server_says(f->server, "REGIONS", ALWAYS, "region r\n");
	assert_int_equal(list_finally(f), -EACCES);
	assert_int_equal(list_finally(f), -EACCES);
	assert_int_equal(look_finally(f, "x-1"), -EACCES);
	assert_int_equal(f->server->n_log, 1);
	assert_int_equal(cfs_catalogue_regions_failure(f->catalogue)->number, EACCES);
	clock_skip(CFS_STORE_PAUSE_MS);
	assert_int_equal(look_finally(f, "x-1"), -EBADMSG);
	clock_skip(CFS_STORE_PAUSE_MS);
	assert_int_equal(look_finally(f, "x-1"), 0);
	assert_int_equal(look_finally(f, "x-1"), -ENOENT);
	assert_null(cfs_catalogue_regions_failure(f->catalogue));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, catalogue_set_up, catalogue_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_instance_that_is_listed_is_found_without_asking),
		TEST(what_is_no_id_is_not_asked_for),
		TEST(an_unknown_instance_is_asked_for_in_every_region),
		TEST(a_miss_is_remembered_for_five_seconds),
		TEST(a_miss_that_is_listed_meanwhile_is_there),
		TEST(all_who_look_for_one_share_a_question),
		TEST(found_somewhere_counts_whatever_else_failed),
		TEST(found_somewhere_does_not_wait_for_the_rest),
		TEST(what_could_not_be_asked_is_not_a_miss),
		TEST(lookups_behind_a_failed_one_get_its_result),
		TEST(an_old_instance_that_could_not_be_asked_for_is_served_a_while),
		TEST(denied_to_ask_the_id_is_taken_for_right),
		TEST(a_guess_that_is_listed_becomes_an_instance),
		TEST(a_guess_whose_wake_is_armed_stays),
		TEST(one_that_was_found_terminated_is_remembered_as_missed),
		TEST(an_answer_about_another_instance_is_bad),
		TEST(a_terminated_instance_is_not_found),
		TEST(an_old_instance_is_refreshed_behind_by_listing),
		TEST(an_old_instance_of_no_list_is_asked_for_behind),
		TEST(a_stale_instance_is_asked_for_first),
		TEST(an_instance_in_the_catalogue_is_never_enoent_for_want_of_an_answer),
		TEST(the_regions_of_an_account_are_found_out_first),
		TEST(regions_that_cannot_be_found_out_are_an_errno),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
