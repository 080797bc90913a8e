/* SPDX-License-Identifier: MIT */
/* fs/get/item.h: a path on its way through the tree, and what a pattern makes of it. */
#include <fcntl.h>

#include "fs/get/item.h"
#include "tests/unit/support/tree_fixture.h"

static const char listed[] = "instance x-1 on 3\ninstance x-2 off 3\ninstance x-3 on 1\n";

struct getting {
	struct fixture *f;
	struct cfs_item_env env;
	unsigned told;
};

static struct getting getting;

static void told(void *arg)
{
	struct getting *g = arg;

	g->told++;
	cfs_loop_stop(g->f->world->loop);
}

static int set_up(void **state)
{
	struct fixture *f;

	fixture_set_up(state);
	f = *state;
	world_add_region(f->world, "[s]*");
	server_says(f->server, "LIST [s]* ", ALWAYS, "instance x-5 on 0\n");
	server_says(f->server, "LIST r ", ALWAYS, listed);
	server_says(f->server, "FIND r x-1", ALWAYS, "instance x-1 on 3\n");
	server_says(f->server, "FIND r x-2", ALWAYS, "instance x-2 off 3\n");
	server_says(f->server, "FIND", ALWAYS, "");
	server_says(f->server, "FETCH r x-1 screen", ALWAYS, "content a picture\n");
	server_says(f->server, "FETCH r x-3 screen", ALWAYS, "content another\n");
	server_says(f->server, "FETCH r x-2 screen", ALWAYS, "error 7 Stopped it is off\n");
	fixture_add_cloud(f);
	getting = (struct getting){
		.f = f, .env = {.nodes = f->nodes, .ended = told, .arg = &getting}};
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_null(getting.env.dirlists);
	clock_skip(10 * CFS_STILL_UNOPENED * STILL_TTL_MS);
	run_idle(f->world);
	assert_int_equal(cfs_nodes_count(f->nodes), 1);
	assert_int_equal(cfs_nodes_open(f->nodes).snapshots, 0);
	return fixture_tear_down(state);
}

/* Runs an item until it has ended, or is a source. */
static void go(struct cfs_item *item)
{
	getting.told = 0;
	cfs_item_start(item);
	if (item->state == CFS_ITEM_UNDER_WAY)
		run_until(getting.f->world, &getting.told, 1);
	else
		assert_int_equal(getting.told, 0);
	assert_int_not_equal(item->state, CFS_ITEM_UNDER_WAY);
}

static struct cfs_item *start(const char *path)
{
	struct cfs_item *item = cfs_item_create(&getting.env, path);

	assert_non_null(item);
	assert_int_equal(item->state, CFS_ITEM_NEW);
	go(item);
	return item;
}

static void assert_content(struct cfs_item *item, const char *part)
{
	const char *bytes;
	size_t len;

	assert_int_equal(item->state, CFS_ITEM_ENDED);
	assert_int_equal(item->result, 0);
	assert_true(item->found && item->opened);
	assert_int_equal(cfs_tree_read(item->node, 0, SIZE_MAX, &bytes, &len), 0);
	assert_non_null(memmem(bytes, len, part, strlen(part)));
}

static void assert_fails(const char *path, int error)
{
	struct cfs_item *item = start(path);

	assert_int_equal(item->state, CFS_ITEM_ENDED);
	assert_int_equal(item->result, -error);
	assert_false(item->found);
	cfs_item_destroy(item);
}

/* The paths of all that comes of a source, sources among it included, with a blank behind each. */
static void add_matches(struct cfs_item *source, struct cfs_buf *names)
{
	struct cfs_item *item;

	while ((item = cfs_item_next(source))) {
		go(item);
		if (item->state == CFS_ITEM_SOURCE)
			add_matches(item, names);
		else if (item->found)
			assert_int_equal(cfs_buf_addf(names, "%s ", item->path), 0);
		cfs_item_destroy(item);
	}
	assert_int_equal(source->state, CFS_ITEM_ENDED);
	assert_int_equal(source->result, 0);
	assert_false(source->found);
}

static void assert_matches(const char *path, const char *names)
{
	struct cfs_buf found = CFS_BUF_INIT(4096);
	struct cfs_item *source = start(path);

	assert_int_equal(source->state, CFS_ITEM_SOURCE);
	add_matches(source, &found);
	assert_string_equal(cfs_buf_text(&found), names);
	cfs_buf_finish(&found);
	assert_int_equal(source->pattern->items, 1);
	cfs_item_destroy(source);
}

static void a_path_ends_at_its_open_file(void **state)
{
	static const char *const paths[] = {"cloud/x-1/screen", "/cloud//x-1/./screen",
		"./cloud/x-1/screen/", "cloud/by-name/x-1/screen", "cloud/by-region/r/x-1/screen",
		"cloud/.still/x-1/screen"};
	struct cfs_item *item;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		item = start(paths[i]);
		assert_content(item, "a picture");
		assert_null(item->pattern);
		assert_true(item->path[0] == 'c' && item->path[strlen(item->path) - 1] == 'n');
		cfs_item_destroy(item);
	}
	item = start("cloud/x-1/info.json");
	assert_content(item, "\"id\":\t\"x-1\"");
	cfs_item_destroy(item);
}

static void what_cannot_be_had_ends_with_its_errno(void **state)
{
	char path[NAME_MAX + 8] = "cloud/";

	(void)state;
	assert_fails("", EISDIR);
	assert_fails("cloud", EISDIR);
	assert_fails("cloud/by-name/x-1", EISDIR);
	assert_fails("nowhere", ENOENT);
	assert_fails("cloud/x-1/nothing", ENOENT);
	assert_fails("cloud/x-9/screen", ENOENT);
	assert_fails("cloud/x-1/screen/x", ENOTDIR);
	assert_fails("cloud/../cloud/x-1/screen", EINVAL);
	assert_fails("..", EINVAL);
	memset(path + strlen(path), 'x', NAME_MAX + 1);
	assert_fails(path, ENAMETOOLONG);
	assert_fails("cloud/x-2/screen", EHOSTDOWN);
}

static void a_pattern_makes_an_item_of_each_name_that_matches(void **state)
{
	(void)state;
	assert_matches("cloud/*/screen", "cloud/x-1/screen cloud/x-3/screen ");
	assert_matches("cloud/x-[!23]/s*", "cloud/x-1/screen ");
	assert_matches("*/?-[13]/info.json", "cloud/x-1/info.json cloud/x-3/info.json ");
	assert_matches("cloud/by-name/x-[1-3]/error",
		"cloud/by-name/x-1/error cloud/by-name/x-2/error cloud/by-name/x-3/error ");
	assert_matches("cloud/by-region/?/*3/error", "cloud/by-region/r/x-3/error ");
	assert_matches("cloud/.*/x-1/error", "");
	assert_matches("cloud\\*/x", "");
	assert_matches("*/x-4/error", "");
}

static void a_name_that_matched_is_no_pattern_again(void **state)
{
	(void)state;
	assert_matches("cloud/by-region/[[]*/*/error", "cloud/by-region/[s]*/x-5/error ");
}

static void a_list_ends_at_the_names_of_a_directory(void **state)
{
	struct cfs_item *item;
	struct stat st;

	(void)state;
	getting.env.list = true;
	item = start("cloud/by-name/x-1");
	assert_true(item->found && !item->opened);
	assert_int_equal(cfs_dirlist_fill(item->dirlist, 2), 0);
	assert_string_equal(cfs_dirlist_at(item->dirlist, 2, &st), "screen");
	cfs_item_destroy(item);
	item = start("cloud/x-1/screen");
	assert_true(item->found && !item->opened);
	assert_null(item->dirlist);
	cfs_item_destroy(item);
	assert_int_equal(server_count(getting.f->server, "FETCH"), 0);
}

static void a_wake_is_sent_with_what_can_wake_only(void **state)
{
	struct cfs_item *item;

	(void)state;
	getting.env.wake = true;
	item = start("cloud/x-1/info.json");
	cfs_item_destroy(item);
	item = start("cloud/x-1/screen");
	assert_content(item, "a picture");
	cfs_item_destroy(item);
	assert_int_equal(server_count(getting.f->server, "FETCH r x-1 screen wake=1"), 1);
}

static void it_can_be_given_up_wherever_it_is(void **state)
{
	static const char *const paths[] = {"cloud/x-1/screen", "cloud/x-9/screen",
		"cloud/*/screen", "cloud/by-name/x-1/screen", "stats", "index.html"};
	struct cfs_item *item;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		item = cfs_item_create(&getting.env, paths[i]);
		assert_non_null(item);
		if (i % 2 == 0)
			cfs_item_start(item);
		cfs_item_destroy(item);
	}
	/* A source of which there are still items. */
	item = start("cloud/*/screen");
	assert_int_equal(item->state, CFS_ITEM_SOURCE);
	struct cfs_item *match = cfs_item_next(item);

	assert_non_null(match);
	cfs_item_destroy(item);
	assert_string_equal(match->pattern->path, "cloud/*/screen");
	cfs_item_start(match);
	cfs_item_destroy(match);
	run_idle(getting.f->world);
	cfs_item_destroy(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_path_ends_at_its_open_file),
		TEST(what_cannot_be_had_ends_with_its_errno),
		TEST(a_pattern_makes_an_item_of_each_name_that_matches),
		TEST(a_name_that_matched_is_no_pattern_again),
		TEST(a_list_ends_at_the_names_of_a_directory),
		TEST(a_wake_is_sent_with_what_can_wake_only),
		TEST(it_can_be_given_up_wherever_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
