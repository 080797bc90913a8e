/* fs/catalogue.h: the instances of one cloud, as far as they are known. */
#include "fs/catalogue.h"
#include "tests/unit/fake_backend.h"

#define TTL 60000
#define MANY 3000

struct fixture {
	struct world *world;
	struct server *server;
	struct cfs_cloud *cloud;
	struct cfs_catalogue *catalogue;
};

/* One who waits for the catalogue. */
struct looker {
	struct fixture *f;
	struct cfs_wait wait;
	unsigned told;
	int result;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	clock_go();
	f->world = world_create();
	f->world->config.list_ttl_ms = TTL;
	f->server = &f->world->server;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	world_destroy(f->world);
	free(f);
	return 0;
}

static void begin(struct fixture *f)
{
	f->cloud = world_cloud(f->world);
	f->catalogue = f->cloud->catalogue;
}

static void told(void *arg, int result)
{
	struct looker *looker = arg;

	looker->told++;
	looker->result = result;
	cfs_loop_stop(looker->f->world->loop);
}

static int list(struct fixture *f, struct looker *looker)
{
	*looker = (struct looker){.f = f};
	if (!f->cloud)
		begin(f);
	return cfs_catalogue_list(f->catalogue, &looker->wait, told, looker);
}

static int look(struct fixture *f, struct looker *looker, const char *id)
{
	struct cfs_entry *entry = NULL;
	int r;

	*looker = (struct looker){.f = f};
	if (!f->cloud)
		begin(f);
	r = cfs_catalogue_look(f->catalogue, id, &looker->wait, told, looker, &entry);
	if (r == 1)
		assert_string_equal(entry->id, id);
	else
		assert_null(entry);
	return r;
}

/* Waits for what is under way, if anything is, and nothing has to. */
static int finally(struct fixture *f, struct looker *looker, int r)
{
	if (r != 0)
		return r;
	run_until(f->world, &looker->told, 1);
	assert_int_equal(looker->told, 1);
	return looker->result;
}

static void settle(struct fixture *f)
{
	run_idle(f->world);
	while (f->world->readers)
		assert_int_equal(cfs_loop_run(f->world->loop), 0);
	run_idle(f->world);
}

static int list_finally(struct fixture *f)
{
	struct looker looker;

	return finally(f, &looker, list(f, &looker));
}

static int look_finally(struct fixture *f, const char *id)
{
	struct looker looker;

	return finally(f, &looker, look(f, &looker, id));
}

static int add_id(void *arg, const struct cfs_entry *entry)
{
	char *ids = arg;

	assert_true(strlen(ids) + strlen(entry->id) + 2 < 256);
	strcat(strcat(ids, entry->id), " ");
	return 0;
}

/* All that is shown: short ids, separated by spaces and sorted. */
static void assert_shown(struct fixture *f, const char *expected)
{
	char ids[256] = "", *id;
	size_t n = 0;

	assert_int_equal(cfs_catalogue_each(f->catalogue, add_id, ids), 0);
	assert_int_equal(strlen(ids), strlen(expected) + (*expected != '\0'));
	for (id = strtok(ids, " "); id; id = strtok(NULL, " "), n++)
		assert_non_null(strstr(expected, id));
}

static struct cfs_entry *entry(struct fixture *f, const char *id)
{
	struct cfs_entry *found = cfs_catalogue_find(f->catalogue, id);

	assert_non_null(found);
	return found;
}

static struct cfs_region_state region(struct fixture *f, size_t i)
{
	struct cfs_region_state state;

	cfs_catalogue_region(f->catalogue, i, &state);
	return state;
}

/* Lists and ages */

static void a_cloud_is_listed_on_first_use(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\ninstance x-2 off 2\n");
	begin(f);
	settle(f);
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
	settle(f);
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
	settle(f);
	assert_shown(f, "x-2 x-3");
	assert_int_equal(entry(f, "x-2")->instance->power, CFS_POWER_OFF);
	assert_int_equal(f->server->n_log, 2);
	assert_int_equal(region(f, 0).instances, 2);
}

/* Nobody acts on yesterday's fleet. */
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
	settle(f);
	assert_shown(f, "x-1");
	assert_non_null(region(f, 0).failure);
	assert_int_equal(region(f, 0).failure->number, EACCES);
	assert_string_equal(region(f, 0).failure->action, "ListAll");
	assert_true(region(f, 0).listed);
	assert_int_equal(f->cloud->failure.number, EACCES);
	/* And the next one that does not fail puts an end to it. */
	clock_skip(CFS_CATALOGUE_PAUSE_MS);
	assert_int_equal(list(f, &looker), 1);
	settle(f);
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
	/* Not again for a moment: a shell looks more than once. */
	assert_int_equal(list_finally(f), -EACCES);
	assert_int_equal(f->server->n_log, 1);
	clock_skip(CFS_CATALOGUE_PAUSE_MS);
	assert_int_equal(list_finally(f), -EACCES);
	clock_skip(CFS_CATALOGUE_PAUSE_MS);
	assert_int_equal(list_finally(f), 1);
	assert_int_equal(f->server->n_log, 3);
}

static void one_refresh_at_a_time_serves_all_who_wait(void **state)
{
	struct fixture *f = *state;
	struct looker lookers[20];
	unsigned i;

	server_does(f->server, "LIST r ", ALWAYS, SERVER_HOLDS);
	for (i = 0; i < 20; i++)
		assert_int_equal(list(f, &lookers[i]), 0);
	run_until_asked(f->world, 1);
	cfs_wait_leave(&lookers[7].wait);
	server_release(f->server, 200, "instance x-1 on 3\n");
	run_until(f->world, &lookers[0].told, 1);
	settle(f);
	for (i = 0; i < 20; i++) {
		assert_int_equal(lookers[i].told, i != 7);
		assert_int_equal(lookers[i].result, i != 7);
	}
	assert_int_equal(f->server->n_log, 1);
}

static void a_refresh_goes_on_though_nobody_waits(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_does(f->server, "LIST r ", ALWAYS, SERVER_HOLDS);
	assert_int_equal(list(f, &looker), 0);
	run_until_asked(f->world, 1);
	cfs_wait_leave(&looker.wait);
	server_release(f->server, 200, "instance x-1 on 3\n");
	settle(f);
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
	settle(f);
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
	clock_skip(29000);
	server_release(f->server, 403, "");
	assert_int_equal(finally(f, &looker, 0), 1);
	clock_skip(CFS_CATALOGUE_PAUSE_MS);
	assert_int_equal(list(f, &looker), 1);
	assert_true(region(f, 0).refreshing);
	run_until_asked(f->world, 3);
	assert_int_equal(list(f, &looker), 1);
	assert_shown(f, "x-2");
	/* When it answers, its instances are there. */
	server_release(f->server, 200, "instance x-1 on 3\n");
	settle(f);
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
	settle(f);
	assert_shown(f, "x-1 x-2");
	assert_int_equal(entry(f, "x-2")->instance->power, CFS_POWER_OFF);
	clock_skip(CFS_CATALOGUE_PAUSE_MS);
	assert_int_equal(list(f, &looker), 1);
	settle(f);
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

static void a_large_fleet_comes_and_goes(void **state)
{
	struct fixture *f = *state;
	char *body = malloc(MANY * 32), *end = body, id[16];
	int i;

	assert_non_null(body);
	for (i = 0; i < MANY; i++)
		end += sprintf(end, "instance x-%d on 3\n", i);
	server_says(f->server, "LIST r ", 1, body);
	server_says(f->server, "LIST r ", ALWAYS, "instance x-5 on 3\n");
	assert_int_equal(list_finally(f), 1);
	assert_int_equal(cfs_catalogue_size(f->catalogue), MANY);
	assert_int_equal(region(f, 0).instances, MANY);
	for (i = 0; i < MANY; i++) {
		sprintf(id, "x-%d", i);
		assert_string_equal(entry(f, id)->id, id);
	}
	assert_null(cfs_catalogue_find(f->catalogue, "x-3000"));
	clock_skip(CFS_CATALOGUE_STALE * TTL + 1);
	assert_int_equal(list_finally(f), 1);
	assert_shown(f, "x-5");
	assert_int_equal(cfs_catalogue_size(f->catalogue), 1);
	free(body);
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

/* Asking for one */

static void an_instance_that_is_listed_is_found_without_asking(void **state)
{
	struct fixture *f = *state;
	struct looker looker;

	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(list_finally(f), 1);
	assert_int_equal(look(f, &looker, "x-1"), 1);
	settle(f);
	assert_int_equal(f->server->n_log, 1);
}

static void what_is_no_id_is_not_asked_for(void **state)
{
	static const char *const ids[] = {"", "x", "i-1", "x-1/", "x-..", "status", ".hidden"};
	struct fixture *f = *state;
	struct looker looker;
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		assert_int_equal(look(f, &looker, ids[i]), -ENOENT);
	settle(f);
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
	clock_skip(CFS_CATALOGUE_MISS_MS - 1);
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
	unsigned i;

	server_does(f->server, "FIND r x-1", ALWAYS, SERVER_HOLDS);
	server_says(f->server, "FIND r x-2", ALWAYS, "instance x-2 on 3\n");
	for (i = 0; i < 10; i++)
		assert_int_equal(look(f, &lookers[i], "x-1"), 0);
	assert_int_equal(finally(f, &other, look(f, &other, "x-2")), 1);
	cfs_wait_leave(&lookers[3].wait);
	server_release(f->server, 200, "instance x-1 on 3\n");
	run_until(f->world, &lookers[9].told, 1);
	run_idle(f->world);
	for (i = 0; i < 10; i++)
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
	assert_int_equal(f->world->readers, 1);
	server_release(f->server, 200, "");
	settle(f);
	assert_int_equal(entry(f, "x-1")->region, 1);
	assert_int_equal(looker.told, 1);
}

static void what_could_not_be_asked_is_not_a_miss(void **state)
{
	struct fixture *f = *state;

	world_add_region(f->world, "s");
	server_fails(f->server, "FIND s x-1", 1, 409);
	server_says(f->server, "FIND s x-1", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(look_finally(f, "x-1"), -EHOSTDOWN);
	assert_int_equal(f->cloud->failure.number, EHOSTDOWN);
	assert_int_equal(look_finally(f, "x-1"), 1);
}

/* An account that may look but not list. */
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
	/* Nobody's guess any more. */
	cfs_entry_unref(guess);
	assert_null(cfs_catalogue_find(f->catalogue, "x-1"));
	assert_int_equal(cfs_catalogue_size(f->catalogue), 0);
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

/* The ages of one that was asked for are those of a list. */

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
	settle(f);
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
	settle(f);
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
	size_t i;

	f->world->config.timeout_ms = 500;
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	assert_int_equal(list_finally(f), 1);
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		server_forget_rules(f->server);
		if (statuses[i] == 429)
			fake_clock.chance = 0.999999;
		server_fails(f->server, "FIND r ", ALWAYS, statuses[i]);
		clock_skip(CFS_CATALOGUE_STALE * TTL + CFS_KEYRING_PAUSE_MS);
		seen = entry(f, "x-1")->seen_ms;
		assert_int_equal(look_finally(f, "x-1"), 1);
		assert_non_null(entry(f, "x-1")->instance);
		/* Nor is it taken for news. */
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
	settle(f);
	assert_int_equal(server_count(f->server, "REGIONS"), 1);
	/* New ones join, behind, after a while. */
	server_forget_rules(f->server);
	server_says(f->server, "REGIONS", ALWAYS, "region t\n");
	server_says(f->server, "LIST t ", ALWAYS, "instance x-3 on 3\n");
	server_fails(f->server, "LIST", ALWAYS, 403);
	clock_skip(CFS_CATALOGUE_REGIONS_MS);
	assert_int_equal(list_finally(f), 1);
	settle(f);
	assert_int_equal(cfs_catalogue_n_regions(f->catalogue), 3);
	clock_skip(CFS_CATALOGUE_PAUSE_MS);
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
	assert_int_equal(cfs_catalogue_discovery_failure(f->catalogue)->number, EACCES);
	clock_skip(CFS_CATALOGUE_PAUSE_MS);
	assert_int_equal(look_finally(f, "x-1"), -EBADMSG);
	clock_skip(CFS_CATALOGUE_PAUSE_MS);
	assert_int_equal(look_finally(f, "x-1"), 0);
	assert_int_equal(look_finally(f, "x-1"), -ENOENT);
	assert_null(cfs_catalogue_discovery_failure(f->catalogue));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_cloud_is_listed_on_first_use),
		TEST(a_list_is_kept_for_its_time_to_live),
		TEST(an_old_list_is_served_and_refreshed_behind),
		TEST(a_stale_list_is_refreshed_first),
		TEST(a_failed_refresh_keeps_the_old_list_and_says_so),
		TEST(a_stale_list_that_cannot_be_refreshed_is_still_shown),
		TEST(never_listed_and_failing_is_an_errno),
		TEST(one_refresh_at_a_time_serves_all_who_wait),
		TEST(a_refresh_goes_on_though_nobody_waits),
		TEST(the_end_of_the_cloud_ends_what_is_under_way),
		TEST(regions_are_listed_in_parallel_and_shown_together),
		TEST(a_region_that_fails_does_not_hide_the_others),
		TEST(when_all_regions_fail_the_first_says_why),
		TEST(a_region_that_hangs_does_not_delay_the_others_for_ever),
		TEST(an_instance_belongs_to_the_region_that_last_had_it),
		TEST(all_pages_make_the_list),
		TEST(a_page_that_leads_to_itself_is_a_bad_answer),
		TEST(a_listing_that_fails_half_way_removes_nothing),
		TEST(a_passing_failure_of_a_page_is_retried),
		TEST(terminated_instances_are_not_shown),
		TEST(what_is_left_out_spoils_not_the_rest),
		TEST(a_large_fleet_comes_and_goes),
		TEST(what_is_ours_survives_a_refresh),
		TEST(an_entry_that_is_gone_lives_while_it_is_referred_to),
		TEST(an_instance_that_is_listed_is_found_without_asking),
		TEST(what_is_no_id_is_not_asked_for),
		TEST(an_unknown_instance_is_asked_for_in_every_region),
		TEST(a_miss_is_remembered_for_five_seconds),
		TEST(a_miss_that_is_listed_meanwhile_is_there),
		TEST(all_who_look_for_one_share_a_question),
		TEST(found_somewhere_counts_whatever_else_failed),
		TEST(found_somewhere_does_not_wait_for_the_rest),
		TEST(what_could_not_be_asked_is_not_a_miss),
		TEST(denied_to_ask_the_id_is_taken_for_right),
		TEST(a_guess_that_is_listed_becomes_an_instance),
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
