/* SPDX-License-Identifier: MIT */
/* fs/node/still.h: what is held of the files of `.still`, and for how long. */
#include "fs/base/caller.h"
#include "fs/base/loop.h"
#include "fs/node/wake.h"
#include "tests/unit/support/tree_fixture.h"

#define SCREEN "FETCH r x-1 screen wake=0"
#define WOKEN "FETCH r x-1 screen wake=1"

struct look {
	struct fixture *f;
	struct cfs_node *node;
	struct cfs_wait wait;
	unsigned told;
	int result;
};

static struct cfs_node *file_of(struct fixture *f, const char *id, size_t live)
{
	struct cfs_node *instance =
		cfs_node_of_still_entry(f->nodes, f->cloud, world_put(f->world, id, 3));
	struct cfs_node *file;

	assert_non_null(instance);
	file = cfs_node_of_file(instance, NULL, &fake_live[live]);
	cfs_node_forget(instance, 1);
	assert_non_null(file);
	assert_true(cfs_node_is_still(file));
	return file;
}

static int set_up(void **state)
{
	struct fixture *f;

	fixture_set_up_cloud(state);
	f = *state;
	clock_stop();
	f->file = file_of(f, "x-1", 0);
	return 0;
}

static int tear_down(void **state)
{
	clock_go();
	return fixture_tear_down(state);
}

static void told(void *arg, int result)
{
	struct look *look = arg;

	look->told++;
	look->result = result;
	cfs_loop_stop(look->f->world->loop);
}

static int start(struct fixture *f, struct look *look, struct cfs_node *node)
{
	*look = (struct look){.f = f, .node = node};
	return cfs_still_look(node, &look->wait, told, look);
}

/* 1: at once. 0: it was waited for. */
static int look_at(struct fixture *f, struct cfs_node *node)
{
	struct look look;
	int r = start(f, &look, node);

	if (r == 0) {
		run_until(f->world, &look.told, 1);
		r = look.result;
	}
	run_idle(f->world);
	return r;
}

static void assert_fetches(struct fixture *f, struct cfs_node *node, const char *content)
{
	unsigned before = f->server->n_log;

	assert_int_equal(look_at(f, node), 0);
	assert_int_equal(f->server->n_log, before + 1);
	assert_true(node->filled);
	assert_string_equal(cfs_buf_text(&node->snapshot), content);
}

static void assert_holds(struct fixture *f, struct cfs_node *node, const char *content)
{
	unsigned before = f->server->n_log;

	assert_int_equal(look_at(f, node), 1);
	assert_int_equal(f->server->n_log, before);
	assert_string_equal(cfs_buf_text(&node->snapshot), content);
}

static void open_held(struct cfs_node *node)
{
	assert_true(node->filled);
	cfs_node_opened(node);
	cfs_still_opened(node);
}

static void pass(struct fixture *f, int64_t ms)
{
	clock_skip(ms);
	run_idle(f->world);
}

static void write_wake(struct fixture *f, const char *text)
{
	assert_int_equal(cfs_wake_write(f->file, text, strlen(text)), 0);
}

static void the_first_look_fetches_and_what_came_is_held(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, SCREEN, 1, "content one\n");
	assert_fetches(f, f->file, "one");
	assert_holds(f, f->file, "one");
	open_held(f->file);
	assert_holds(f, f->file, "one");
	cfs_node_released(f->file);
	assert_holds(f, f->file, "one");
	assert_int_equal(cfs_nodes_open(f->nodes).snapshots, 1);
	assert_int_equal(f->still.bytes, sizeof("one"));
}

static void once_opened_it_is_held_for_still_ttl(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, SCREEN, 1, "content one\n");
	server_says(f->server, SCREEN, 1, "content two\n");
	assert_fetches(f, f->file, "one");
	pass(f, STILL_TTL_MS / 2);
	open_held(f->file);
	cfs_node_released(f->file);
	pass(f, STILL_TTL_MS / 2 - 1);
	assert_true(f->file->filled);
	pass(f, 1);
	assert_false(f->file->filled);
	assert_int_equal(f->still.bytes, 0);
	assert_fetches(f, f->file, "two");
}

static void until_it_is_opened_it_is_held_ten_times_as_long(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, SCREEN, 1, "content one\n");
	server_says(f->server, SCREEN, 1, "content two\n");
	assert_fetches(f, f->file, "one");
	pass(f, STILL_TTL_MS * 10 - 1);
	assert_holds(f, f->file, "one");
	pass(f, 1);
	assert_false(f->file->filled);
	assert_fetches(f, f->file, "two");
	/* Opened after that time, it is gone with the close. */
	pass(f, STILL_TTL_MS * 2);
	open_held(f->file);
	assert_holds(f, f->file, "two");
	cfs_node_released(f->file);
	run_idle(f->world);
	pass(f, STILL_TTL_MS);
	assert_false(f->file->filled);
}

static void what_is_open_is_held_however_old_it_is(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, SCREEN, 1, "content one\n");
	server_says(f->server, SCREEN, 1, "content two\n");
	assert_fetches(f, f->file, "one");
	open_held(f->file);
	for (int i = 0; i < 30; i++) {
		pass(f, STILL_TTL_MS);
		assert_holds(f, f->file, "one");
	}
	cfs_node_released(f->file);
	assert_fetches(f, f->file, "two");
}

/* A tool that was told the size opens the file in a moment. */
static void a_look_keeps_it_for_the_open_that_follows(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, SCREEN, 1, "content one\n");
	server_says(f->server, SCREEN, 1, "content two\n");
	assert_fetches(f, f->file, "one");
	open_held(f->file);
	cfs_node_released(f->file);
	pass(f, STILL_TTL_MS - 1);
	assert_holds(f, f->file, "one");
	pass(f, CFS_STILL_LOOK_MS - 1);
	assert_holds(f, f->file, "one");
	open_held(f->file);
	cfs_node_released(f->file);
	assert_fetches(f, f->file, "two");
	/* Looks alone keep it no longer than what nobody opened. */
	open_held(f->file);
	cfs_node_released(f->file);
	for (int64_t ms = 0; ms + 900 < STILL_TTL_MS * 10; ms += 900) {
		assert_holds(f, f->file, "two");
		pass(f, 900);
	}
	pass(f, 900);
	assert_false(f->file->filled);
}

static void look_as(struct fixture *f, int tid)
{
	cfs_caller_set_current(&f->caller, tid);
	assert_holds(f, f->file, "one");
}

static void open_as(struct fixture *f, int tid)
{
	cfs_caller_set_current(&f->caller, tid);
	open_held(f->file);
	cfs_node_released(f->file);
}

static void an_open_of_another_does_not_end_the_time_after_a_look(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, SCREEN, 1, "content one\n");
	server_says(f->server, SCREEN, 1, "content two\n");
	f->world->runtime.current_caller = &f->caller;
	assert_fetches(f, f->file, "one");
	pass(f, STILL_TTL_MS - 1);
	look_as(f, 11);
	look_as(f, 12);
	open_as(f, 12);
	pass(f, CFS_STILL_LOOK_MS - 1);
	look_as(f, 12);
	open_as(f, 12);
	open_as(f, 11);
	/* All have opened it. */
	assert_fetches(f, f->file, "two");
}

static void nor_do_more_threads_than_are_told_apart(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, SCREEN, 1, "content one\n");
	server_says(f->server, SCREEN, 1, "content two\n");
	f->world->runtime.current_caller = &f->caller;
	assert_fetches(f, f->file, "one");
	pass(f, STILL_TTL_MS - 1);
	for (int tid = 1; tid <= CFS_STILL_LOOKERS + 1; tid++)
		look_as(f, tid);
	for (int tid = 2; tid <= CFS_STILL_LOOKERS + 1; tid++)
		open_as(f, tid);
	pass(f, CFS_STILL_LOOK_MS - 1);
	assert_true(f->file->filled);
	open_as(f, 1);
	pass(f, 1);
	assert_false(f->file->filled);
	assert_fetches(f, f->file, "two");
}

static void however_many_look_at_once_there_is_one_call(void **state)
{
	struct fixture *f = *state;
	struct look looks[5];

	server_says(f->server, SCREEN, 1, "content one\n");
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(start(f, &looks[i], f->file), 0);
	cfs_still_leave(f->file, &looks[2].wait);
	run_until(f->world, &looks[0].told, 1);
	run_idle(f->world);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(looks[i].told, i != 2);
		assert_int_equal(looks[i].result, 0);
	}
	assert_int_equal(f->server->n_log, 1);
	/* One that is told already may still say that it gives up. */
	cfs_still_leave(f->file, &looks[0].wait);
	assert_holds(f, f->file, "one");
}

static void the_last_look_that_gives_up_cancels_the_call(void **state)
{
	struct fixture *f = *state;
	struct look one, two;

	write_wake(f, "1");
	server_does(f->server, WOKEN, 1, SERVER_HOLDS);
	assert_int_equal(start(f, &one, f->file), 0);
	assert_int_equal(start(f, &two, f->file), 0);
	run_until_asked(f->world, 1);
	cfs_still_leave(f->file, &two.wait);
	run_idle(f->world);
	assert_non_null(f->file->fetch);
	cfs_still_leave(f->file, &one.wait);
	assert_null(f->file->fetch);
	assert_null(f->file->held);
	assert_int_equal(f->file->opens, 0);
	assert_int_equal(f->file->lookups, 1);
	assert_true(f->file->entry->wake_armed);
	run_idle(f->world);
	assert_int_equal(one.told + two.told, 0);
}

static void a_failure_is_every_looks_for_five_seconds(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, SCREEN, 1, "error 2 NotAllowed you may not\n");
	server_says(f->server, SCREEN, 1, "content one\n");
	assert_int_equal(look_at(f, f->file), -EACCES);
	assert_int_equal(f->file->opens, 0);
	pass(f, CFS_STILL_FAILURE_MS - 1);
	assert_int_equal(look_at(f, f->file), -EACCES);
	assert_int_equal(f->server->n_log, 1);
	pass(f, 1);
	assert_null(f->file->held);
	assert_fetches(f, f->file, "one");
}

static void a_write_to_wake_makes_the_next_look_fetch(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, SCREEN, 1, "content dark\n");
	server_says(f->server, WOKEN, 1, "content lit\n");
	server_says(f->server, SCREEN, 1, "error 2 NotAllowed you may not\n");
	server_says(f->server, WOKEN, 1, "content lit again\n");
	assert_fetches(f, f->file, "dark");
	open_held(f->file);
	write_wake(f, "1");
	assert_holds(f, f->file, "dark");
	cfs_node_released(f->file);
	assert_fetches(f, f->file, "lit");
	assert_holds(f, f->file, "lit");
	/* After a failure too. */
	pass(f, STILL_TTL_MS * 10);
	assert_int_equal(look_at(f, f->file), -EACCES);
	write_wake(f, "1");
	assert_fetches(f, f->file, "lit again");
}

static void a_wake_that_another_call_took_makes_the_next_look_fetch_too(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, SCREEN, 1, "content dark\n");
	server_says(f->server, SCREEN, 1, "content lit\n");
	assert_fetches(f, f->file, "dark");
	write_wake(f, "1");
	assert_true(cfs_wake_take(f->file->entry).taken);
	assert_fetches(f, f->file, "lit");
}

static void a_write_to_wake_is_of_no_concern_to_what_does_not_wake(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *text = file_of(f, "x-1", 1);

	server_says(f->server, "FETCH r x-1 text wake=0", 1, "content log\n");
	assert_fetches(f, text, "log");
	write_wake(f, "1");
	assert_holds(f, text, "log");
	cfs_node_forget(text, 1);
}

static void the_oldest_go_when_there_is_too_much_except_what_is_open(void **state)
{
	static const char *const ids[] = {"x-1", "x-2", "x-3", "x-4"};
	struct fixture *f = *state;
	struct cfs_node *files[4];
	char asked[4][64];

	f->config.still_max = 2 * sizeof("123456789");
	for (size_t i = 0; i < 4; i++) {
		snprintf(asked[i], sizeof(asked[i]), "FETCH r %s screen wake=0", ids[i]);
		server_says(f->server, asked[i], 2, "content 123456789\n");
		files[i] = file_of(f, ids[i], 0);
	}
	assert_fetches(f, files[0], "123456789");
	open_held(files[0]);
	assert_fetches(f, files[1], "123456789");
	assert_true(files[0]->filled && files[1]->filled);
	assert_fetches(f, files[2], "123456789");
	assert_true(files[0]->filled && !files[1]->filled && files[2]->filled);
	assert_int_equal(f->still.bytes, f->config.still_max);
	/* The one that has just come stays in any case. */
	open_held(files[2]);
	assert_fetches(f, files[3], "123456789");
	assert_true(files[3]->filled);
	cfs_node_released(files[0]);
	cfs_node_released(files[2]);
	assert_fetches(f, files[1], "123456789");
	assert_true(!files[0]->filled && !files[2]->filled && files[3]->filled);
	for (size_t i = 0; i < 4; i++)
		cfs_node_forget(files[i], 1);
}

static void a_node_that_is_forgotten_is_found_again_while_it_is_held(void **state)
{
	struct fixture *f = *state;
	uint64_t id = f->file->id;
	size_t before = cfs_nodes_count(f->nodes);

	server_says(f->server, SCREEN, 1, "content one\n");
	assert_fetches(f, f->file, "one");
	cfs_node_forget(f->file, 1);
	f->file = file_of(f, "x-1", 0);
	assert_int_equal(f->file->id, id);
	assert_holds(f, f->file, "one");
	cfs_node_forget(f->file, 1);
	pass(f, STILL_TTL_MS * 10);
	assert_int_equal(cfs_nodes_count(f->nodes), before - 1);
	assert_null(cfs_node_find(f->nodes, id));
}

static void a_shorter_time_holds_from_the_next_look_on(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, SCREEN, 1, "content one\n");
	server_says(f->server, SCREEN, 1, "content two\n");
	assert_fetches(f, f->file, "one");
	open_held(f->file);
	cfs_node_released(f->file);
	pass(f, 2000);
	f->config.still_ttl_ms = 1000;
	assert_fetches(f, f->file, "two");
}

static void a_cloud_that_is_no_longer_configured_is_let_go(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *text = file_of(f, "x-1", 1);

	server_says(f->server, SCREEN, 1, "content one\n");
	server_says(f->server, "FETCH r x-1 text wake=0", 1, "content log\n");
	assert_fetches(f, f->file, "one");
	assert_fetches(f, text, "log");
	cfs_still_let_go_retired(&f->still);
	open_held(text);
	f->cloud->retired = true;
	cfs_still_let_go_retired(&f->still);
	/* What is open stays until it is closed. */
	assert_true(text->filled && !f->file->filled);
	cfs_node_released(text);
	cfs_still_let_go_retired(&f->still);
	assert_false(text->filled);
	f->cloud->retired = false;
	cfs_node_forget(text, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_look_fetches_and_what_came_is_held),
		TEST(once_opened_it_is_held_for_still_ttl),
		TEST(until_it_is_opened_it_is_held_ten_times_as_long),
		TEST(what_is_open_is_held_however_old_it_is),
		TEST(a_look_keeps_it_for_the_open_that_follows),
		TEST(an_open_of_another_does_not_end_the_time_after_a_look),
		TEST(nor_do_more_threads_than_are_told_apart),
		TEST(however_many_look_at_once_there_is_one_call),
		TEST(the_last_look_that_gives_up_cancels_the_call),
		TEST(a_failure_is_every_looks_for_five_seconds),
		TEST(a_write_to_wake_makes_the_next_look_fetch),
		TEST(a_wake_that_another_call_took_makes_the_next_look_fetch_too),
		TEST(a_write_to_wake_is_of_no_concern_to_what_does_not_wake),
		TEST(the_oldest_go_when_there_is_too_much_except_what_is_open),
		TEST(a_node_that_is_forgotten_is_found_again_while_it_is_held),
		TEST(a_shorter_time_holds_from_the_next_look_on),
		TEST(a_cloud_that_is_no_longer_configured_is_let_go),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
