/* SPDX-License-Identifier: MIT */
/* fs/node/fetch.h: the API call behind an open. */
#include "fs/node/fetch.h"
#include "fs/node/wake.h"
#include "tests/unit/support/tree_fixture.h"

/* One open. */
struct opening {
	struct world *world;
	struct cfs_node *node;
	struct cfs_wait wait;
	unsigned told;
	int result;
	bool releases; /* at once */
};

static int set_up(void **state)
{
	struct fixture *f;

	fixture_set_up(state);
	f = *state;
	world_add_region(f->world, "s");
	world_add_region(f->world, "t");
	fixture_add_cloud(f);
	fixture_put(f);
	return 0;
}

static void opened(void *arg, int result)
{
	struct opening *opening = arg;

	opening->told++;
	opening->result = result;
	if (result < 0 || opening->releases)
		cfs_node_released(opening->node);
	cfs_loop_stop(opening->world->loop);
}

static void start(struct fixture *f, struct opening *opening, struct cfs_node *node)
{
	*opening = (struct opening){.world = f->world, .node = node};
	assert_non_null(node);
	cfs_node_opened(node);
	assert_int_equal(cfs_fetch(node, &opening->wait, opened, opening), 0);
	assert_int_equal(opening->told, 0);
}

static struct cfs_node *fresh(struct fixture *f, size_t live)
{
	struct cfs_node *node = cfs_node_of_file(f->instance, NULL, &fake_live[live]);

	assert_non_null(node);
	return node;
}

static void give_up(struct opening *opening)
{
	cfs_fetch_leave(opening->node, &opening->wait);
	cfs_node_released(opening->node);
}

/* Opens a live file from start to end. */
static int open_live(struct fixture *f, struct opening *opening, size_t live)
{
	start(f, opening, fresh(f, live));
	run_until(f->world, &opening->told, 1);
	run_idle(f->world);
	assert_int_equal(opening->told, 1);
	assert_null(opening->node->fetch);
	return opening->result;
}

static void arm(struct fixture *f, const char *text)
{
	assert_int_equal(cfs_wake_write(f->instance, text, strlen(text)), 0);
}

static bool is_armed(const struct fixture *f)
{
	return f->instance->entry->wake_armed;
}

static void an_open_is_one_call_and_its_answer_the_snapshot(void **state)
{
	struct fixture *f = *state;
	struct opening one, two;

	server_says(f->server, "FETCH r x-1 screen wake=0", 1, "content one\n");
	server_says(f->server, "FETCH r x-1 screen wake=0", 1, "content second\n");
	assert_int_equal(open_live(f, &one, 0), 0);
	assert_int_equal(open_live(f, &two, 0), 0);
	assert_string_equal(cfs_buf_text(&one.node->snapshot), "one");
	assert_string_equal(cfs_buf_text(&two.node->snapshot), "second");
	assert_int_equal(f->server->n_log, 2);
	assert_int_equal(one.node->opens, 1);
	assert_in_range(cfs_clock_wall().tv_sec - one.node->snapshot_time.tv_sec, 0, 5);
	assert_null(f->instance->entry->failure);
	cfs_node_released(one.node);
	cfs_node_released(two.node);
}

static void overlapping_opens_have_each_their_own_bytes(void **state)
{
	enum { N = 20 };
	struct fixture *f = *state;
	struct opening openings[N];
	char bodies[N][32], expected[32];

	for (unsigned i = 0; i < N; i++) {
		snprintf(bodies[i], sizeof(bodies[i]), "content %0*u\n", (int)i + 1, i);
		server_says(f->server, "FETCH", 1, bodies[i]);
		start(f, &openings[i], fresh(f, 0));
	}
	for (unsigned i = 0; i < N; i++)
		run_until(f->world, &openings[i].told, 1);
	assert_int_equal(f->server->n_log, N);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(openings[i].result, 0);
		snprintf(expected, sizeof(expected), "%0*lu", (int)openings[i].node->snapshot.len,
			(unsigned long)openings[i].node->snapshot.len - 1);
		assert_string_equal(cfs_buf_text(&openings[i].node->snapshot), expected);
	}
}

/* By way of /proc/PID/fd a node is opened that is being opened already. */
static void opens_of_the_same_node_share_a_call(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *node = fresh(f, 0);
	struct opening openings[3];

	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	for (unsigned i = 0; i < 3; i++)
		start(f, &openings[i], node);
	openings[0].releases = openings[1].releases = true;
	run_until_asked(f->world, 1);
	server_release(f->server, 200, "content d\n");
	for (unsigned i = 0; i < 3; i++)
		run_until(f->world, &openings[i].told, 1);
	/* Though others came and went, the last still has it. */
	assert_string_equal(cfs_buf_text(&node->snapshot), "d");
	assert_int_equal(node->opens, 1);
	assert_int_equal(f->server->n_log, 1);
	cfs_node_released(node);
	assert_null(node->snapshot.data);
}

static void the_call_is_cancelled_when_the_last_open_gives_up(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *node = fresh(f, 0);
	struct opening openings[2];

	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	start(f, &openings[0], node);
	start(f, &openings[1], node);
	run_until_asked(f->world, 1);
	give_up(&openings[0]);
	run_idle(f->world);
	assert_int_equal(f->server->closed, 0);
	give_up(&openings[1]);
	assert_null(node->fetch);
	assert_int_equal(f->world->readers, 0);
	run_until(f->world, &f->server->closed, 1);
	assert_int_equal(openings[0].told + openings[1].told, 0);
	/* Nothing happens to one that is not there. */
	cfs_fetch_leave(node, &openings[1].wait);
	assert_int_equal(node->opens, 0);
}

static void an_api_failure_is_the_errno_of_open_and_is_remembered(void **state)
{
	struct fixture *f = *state;
	struct opening opening;

	server_rule_add(f->server,
		(struct server_rule){
			"FETCH", 1, 200, "error 2 NotAllowed you may not\n", SERVER_ANSWERS});
	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	assert_int_equal(open_live(f, &opening, 0), -EACCES);
	assert_int_equal(opening.node->opens, 0);
	assert_null(opening.node->snapshot.data);
	assert_int_equal(f->instance->entry->failure->number, EACCES);
	assert_string_equal(f->instance->entry->failure->action, "GetScreen");
	assert_string_equal(f->instance->entry->failure->permission, "fake:Look");
	assert_string_equal(f->instance->entry->failure->error.code, "NotAllowed");
	assert_int_equal(f->world->cloud->client->failure.number, EACCES);
	assert_int_equal(open_live(f, &opening, 0), 0);
	assert_int_equal(f->instance->entry->failure->number, EACCES);
}

static void a_listed_instance_that_is_not_found_is_down(void **state)
{
	struct fixture *f = *state;
	struct opening opening;

	server_fails(f->server, "FETCH", ALWAYS, 404);
	assert_int_equal(open_live(f, &opening, 0), -EHOSTDOWN);
	assert_int_equal(f->server->n_log, 1);
	cfs_store_remove(&f->world->cloud->catalogue->store, f->instance->entry);
	assert_int_equal(open_live(f, &opening, 0), -ENOENT);
}

static void a_snapshot_over_its_nominal_size_is_refused(void **state)
{
	struct fixture *f = *state;
	struct opening opening;
	char body[SCREEN_MAX + 16];

	snprintf(body, sizeof(body), "content %0*d\n", SCREEN_MAX + 1, 0);
	server_says(f->server, "FETCH", ALWAYS, body);
	assert_int_equal(open_live(f, &opening, 0), -EFBIG);
	assert_int_equal(open_live(f, &opening, 1), 0);
	assert_int_equal(opening.node->snapshot.len, SCREEN_MAX + 1);
}

/* vnc.html: the page is served with the reason in it. The failure is remembered all the same. */
static void a_page_that_cannot_be_fetched_says_why(void **state)
{
	static const struct cfs_live page = {
		.name = "page", .action = "GetPage", .nominal = 16384, .page = true};
	struct fixture *f = *state;
	struct opening opening;
	const char *text;

	server_says(f->server, "FETCH", 1, "error 2 NotAllowed you <b>may</b> not\n");
	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	start(f, &opening, cfs_node_of_file(f->instance, NULL, &page));
	run_until(f->world, &opening.told, 1);
	assert_int_equal(opening.result, 0);
	text = cfs_buf_text(&opening.node->snapshot);
	assert_non_null(strstr(text, "EACCES</strong> (Permission denied)"));
	assert_non_null(strstr(text, "NotAllowed"));
	assert_non_null(strstr(text, "you &lt;b&gt;may&lt;/b&gt; not"));
	assert_non_null(strstr(text, "What to do: allow fake:Look."));
	assert_non_null(strstr(text, "href=\"page\">Try again"));
	assert_int_equal(f->instance->entry->failure->number, EACCES);
	assert_int_equal(f->world->cloud->client->failure.number, EACCES);
	cfs_node_released(opening.node);
	/* Whoever gives up is told so. */
	start(f, &opening, cfs_node_of_file(f->instance, NULL, &page));
	run_until_asked(f->world, 2);
	give_up(&opening);
	assert_null(opening.node->fetch);
	assert_int_equal(opening.node->snapshot.len, 0);
}

static struct cfs_node *unknown(struct fixture *f, const char *id)
{
	struct cfs_entry *entry = cfs_store_put_unknown(&f->world->cloud->catalogue->store, id);
	struct cfs_node *node;

	assert_non_null(entry);
	node = cfs_node_of_entry(f->nodes, f->world->cloud, entry);
	assert_non_null(node);
	return node;
}

/* An account that may not list does not know where its instances are. */
static void an_instance_of_unknown_region_is_asked_for_in_each(void **state)
{
	struct fixture *f = *state;
	struct opening opening;

	f->instance = unknown(f, "x-9");
	server_fails(f->server, "FETCH r ", ALWAYS, 404);
	server_says(f->server, "FETCH s x-9", 1, "content d\n");
	server_fails(f->server, "FETCH s ", ALWAYS, 404);
	server_fails(f->server, "FETCH t ", ALWAYS, 404);
	assert_int_equal(open_live(f, &opening, 0), 0);
	assert_string_equal(cfs_buf_text(&opening.node->snapshot), "d");
	assert_int_equal(f->server->n_log, 2);
	assert_int_equal(open_live(f, &opening, 0), -ENOENT);
	assert_int_equal(f->server->n_log, 5);
}

/* A region that the account may not ask does not hide another that has it, and is told if none has.
 */
static void a_refusal_in_one_region_does_not_end_the_search(void **state)
{
	struct fixture *f = *state;
	struct opening opening;

	f->instance = unknown(f, "x-9");
	server_fails(f->server, "FETCH r ", ALWAYS, 403);
	server_says(f->server, "FETCH s x-9", 1, "content d\n");
	server_fails(f->server, "FETCH s ", ALWAYS, 404);
	server_fails(f->server, "FETCH t ", ALWAYS, 404);
	assert_int_equal(open_live(f, &opening, 0), 0);
	assert_string_equal(cfs_buf_text(&opening.node->snapshot), "d");
	assert_int_equal(open_live(f, &opening, 0), -EACCES);
	assert_int_equal(f->server->n_log, 5);
}

/* wake */

static void of_several_opens_exactly_one_wakes(void **state)
{
	struct fixture *f = *state;
	struct opening openings[4];

	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	arm(f, "1");
	for (unsigned i = 0; i < 4; i++)
		start(f, &openings[i], fresh(f, i == 0)); /* the first is a `text` */
	for (unsigned i = 0; i < 4; i++)
		run_until(f->world, &openings[i].told, 1);
	assert_int_equal(server_count(f->server, "FETCH r x-1 screen wake=1"), 1);
	assert_int_equal(server_count(f->server, "FETCH r x-1 screen wake=0"), 2);
	assert_int_equal(server_count(f->server, "FETCH r x-1 text wake=0"), 1);
	assert_false(is_armed(f));
}

static void a_wake_goes_with_every_attempt_of_its_call(void **state)
{
	struct fixture *f = *state;
	struct opening opening;

	server_fails(f->server, "FETCH", 2, 503);
	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	arm(f, "1");
	assert_int_equal(open_live(f, &opening, 0), 0);
	assert_int_equal(server_count(f->server, "FETCH r x-1 screen wake=1"), 3);
	assert_false(is_armed(f));
}

static void a_failed_call_arms_it_again(void **state)
{
	struct fixture *f = *state;
	struct opening opening;

	server_fails(f->server, "FETCH", 1, 403);
	server_says(f->server, "FETCH", ALWAYS, "content d\n");
	arm(f, "1");
	assert_int_equal(open_live(f, &opening, 0), -EACCES);
	assert_true(is_armed(f));
	assert_int_equal(open_live(f, &opening, 0), 0);
	assert_int_equal(server_count(f->server, "FETCH r x-1 screen wake=1"), 2);
	assert_false(is_armed(f));
}

static void an_interrupted_call_arms_it_again(void **state)
{
	struct fixture *f = *state;
	struct opening opening;

	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	arm(f, "1");
	start(f, &opening, fresh(f, 0));
	assert_false(is_armed(f));
	run_until_asked(f->world, 1);
	give_up(&opening);
	assert_true(is_armed(f));
	/* Unless somebody wanted something else meanwhile. */
	start(f, &opening, fresh(f, 0));
	arm(f, "off");
	give_up(&opening);
	assert_false(is_armed(f));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_open_is_one_call_and_its_answer_the_snapshot),
		TEST(overlapping_opens_have_each_their_own_bytes),
		TEST(opens_of_the_same_node_share_a_call),
		TEST(the_call_is_cancelled_when_the_last_open_gives_up),
		TEST(an_api_failure_is_the_errno_of_open_and_is_remembered),
		TEST(a_listed_instance_that_is_not_found_is_down),
		TEST(a_snapshot_over_its_nominal_size_is_refused),
		TEST(a_page_that_cannot_be_fetched_says_why),
		TEST(an_instance_of_unknown_region_is_asked_for_in_each),
		TEST(a_refusal_in_one_region_does_not_end_the_search),
		TEST(of_several_opens_exactly_one_wakes),
		TEST(a_wake_goes_with_every_attempt_of_its_call),
		TEST(a_failed_call_arms_it_again),
		TEST(an_interrupted_call_arms_it_again),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
