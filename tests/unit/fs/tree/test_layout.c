/* SPDX-License-Identifier: MIT */
/* fs/tree/layout.h: which files stand in which directory, and what stat says of them. */
#include "fs/node/wake.h"
#include "fs/tree/gallery.h"
#include "fs/tree/layout.h"
#include "fs/tree/status.h"
#include "tests/unit/support/open_file.h"
#include "tests/unit/support/tree_fixture.h"

static const struct cfs_ownership mine = {.uid = 1234, .gid = 5678, .umask = 077};

static struct cfs_node *file_node(struct cfs_node *directory, const char *name)
{
	const struct cfs_file *file = NULL;
	const struct cfs_live *live = NULL;
	struct cfs_node *node;

	assert_int_equal(cfs_layout_find(directory, name, &file, &live), 0);
	assert_true(!file != !live);
	assert_string_equal(file ? file->name : live ? live->name : "", name);
	node = cfs_node_of_file(directory, file, live);
	assert_non_null(node);
	return node;
}

static void assert_absent(struct cfs_node *directory, const char *name)
{
	const struct cfs_file *file;
	const struct cfs_live *live;

	assert_int_equal(cfs_layout_find(directory, name, &file, &live), -ENOENT);
}

static struct stat stat_of(const struct cfs_node *node, const struct cfs_ownership *ownership)
{
	struct stat st;

	memset(&st, 0xa5, sizeof(st));
	assert_int_equal(cfs_layout_stat(node, ownership, &st), 0);
	return st;
}

static int add_name(void *arg, const char *name)
{
	strcat(strcat(arg, name), " ");
	return 0;
}

static void assert_shows(struct cfs_node *directory, const char *expected)
{
	char names[256] = "";

	assert_int_equal(cfs_layout_each(directory, add_name, names), 0);
	assert_string_equal(names, expected);
}

static void each_directory_has_its_files(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *screen = file_node(f->instance, "screen");

	file_node(f->top, "index.html");
	file_node(f->directory, "status");
	file_node(f->instance, "text");
	file_node(f->instance, "info.json");
	file_node(f->instance, "error");
	file_node(f->instance, "wake");
	assert_absent(f->top, "status");
	assert_absent(f->top, "screen");
	assert_absent(f->directory, "screen");
	assert_absent(f->directory, "info.json");
	assert_absent(f->instance, "status");
	assert_absent(f->instance, "");
	assert_absent(f->instance, "Screen");
	assert_absent(f->instance, "screen ");
	assert_absent(screen, "info.json");
	assert_absent(screen, "screen");
	assert_shows(f->top, "index.html stats ");
	assert_shows(f->directory, "status ");
	assert_shows(f->instance, "screen text info.json error wake ");
	assert_shows(screen, "");
}

/* So that cp -r, tar and rsync of a mixed fleet end with status 0. */
static void the_live_files_that_make_sense_now_are_shown_and_all_can_be_opened(void **state)
{
	struct fixture *f = *state;

	world_put(f->world, "x-1", 1);
	assert_shows(f->instance, "screen info.json error wake ");
	file_node(f->instance, "text");
	world_put(f->world, "x-1", 2);
	assert_shows(f->instance, "text info.json error wake ");
	file_node(f->instance, "screen");
	world_put(f->world, "x-1", 0);
	assert_shows(f->instance, "info.json error wake ");
	file_node(f->instance, "screen");
}

static void of_an_instance_of_which_nothing_is_known_everything_is_shown(void **state)
{
	struct fixture *f = *state;
	struct cfs_entry *entry = cfs_store_put_unknown(&f->world->cloud->catalogue->store, "x-9");
	struct cfs_node *guess;

	assert_non_null(entry);
	guess = cfs_node_of_entry(f->nodes, f->world->cloud, entry);
	assert_non_null(guess);
	assert_shows(guess, "screen text info.json error wake ");
}

static void a_cloud_without_wake_has_no_such_file(void **state)
{
	struct fixture *f = *state;
	struct cfs_backend plain = fake_backend;

	plain.live = &fake_live[1];
	plain.n_live = 1;
	f->world->cloud->client->backend = &plain;
	assert_absent(f->instance, "wake");
	assert_absent(f->instance, "screen");
	assert_shows(f->instance, "text info.json error ");
	f->world->cloud->client->backend = &fake_backend;
}

static int stop_at(void *arg, const char *name)
{
	return strcmp(name, arg) == 0 ? 42 : 0;
}

static void the_walk_ends_when_it_is_told_to(void **state)
{
	static const char *const names[] = {"screen", "text", "info.json", "wake"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(
			cfs_layout_each(f->instance, stop_at, (void *)(uintptr_t)names[i]), 42);
}

static void a_name_has_the_same_inode_in_every_mount(void **state)
{
	struct fixture *f = *state;
	uint64_t cloud = cfs_node_ino(CFS_NODE_ROOT, "cloud"), x = cfs_node_ino(cloud, "x-1");

	assert_int_equal(f->top->ino, 1);
	assert_true(f->directory->ino == cloud);
	assert_true(f->instance->ino == x);
	assert_true(file_node(f->instance, "screen")->ino == cfs_node_ino(x, "screen"));
	assert_true(file_node(f->instance, "error")->ino == cfs_node_ino(x, "error"));
	assert_true(file_node(f->directory, "status")->ino == cfs_node_ino(cloud, "status"));
	assert_true(stat_of(f->instance, &mine).st_ino == x);
	/* FNV-1a, and so for ever: archives remember inode numbers. */
	assert_true(cfs_node_ino(0, "") == UINT64_C(14695981039346656037));
	assert_true(cfs_node_ino(0, "a") == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(cfs_node_ino(0, "foobar") == UINT64_C(0x85944171f73967e8));
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void inodes_of_a_large_fleet_differ(void **state)
{
	enum { N = 50000 };
	uint64_t *inos = malloc(2 * N * sizeof(*inos)), cloud = cfs_node_ino(1, "aws");
	char id[32];

	(void)state;
	assert_non_null(inos);
	for (size_t i = 0; i < N; i++) {
		snprintf(id, sizeof(id), "i-%017zx", i * 7919);
		inos[2 * i] = cfs_node_ino(cloud, id);
		inos[2 * i + 1] = cfs_node_ino(inos[2 * i], "screenshot.jpg");
	}
	qsort(inos, 2 * N, sizeof(*inos), by_value);
	assert_true(inos[0] > 1);
	for (size_t i = 1; i < 2 * N; i++)
		assert_true(inos[i] != inos[i - 1]);
	free(inos);
}

/* 0500 and 0400 (wake 0600) for the mounting user unless he says otherwise. */
static void modes_follow_the_umask(void **state)
{
	static const struct {
		mode_t umask, directory, file, wake;
	} table[] = {
		{077, 0500, 0400, 0600},
		{022, 0555, 0444, 0644},
		{0, 0555, 0444, 0666},
		{027, 0550, 0440, 0640},
		{0777, 0, 0, 0},
	};
	struct fixture *f = *state;
	struct cfs_ownership ownership = mine;
	struct cfs_node *screen = file_node(f->instance, "screen");
	struct cfs_node *info = file_node(f->instance, "info.json");
	struct cfs_node *wake = file_node(f->instance, "wake");

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		ownership.umask = table[i].umask;
		assert_int_equal(stat_of(f->top, &ownership).st_mode, S_IFDIR | table[i].directory);
		assert_int_equal(
			stat_of(f->directory, &ownership).st_mode, S_IFDIR | table[i].directory);
		assert_int_equal(
			stat_of(f->instance, &ownership).st_mode, S_IFDIR | table[i].directory);
		assert_int_equal(stat_of(screen, &ownership).st_mode, S_IFREG | table[i].file);
		assert_int_equal(stat_of(info, &ownership).st_mode, S_IFREG | table[i].file);
		assert_int_equal(stat_of(wake, &ownership).st_mode, S_IFREG | table[i].wake);
	}
	assert_int_equal(stat_of(screen, &mine).st_uid, 1234);
	assert_int_equal(stat_of(screen, &mine).st_gid, 5678);
	assert_int_equal(stat_of(screen, &mine).st_nlink, 1);
	assert_int_equal(stat_of(f->directory, &mine).st_nlink, 2);
}

/* It may take a while to make: looking at the top does not. */
static void the_gallery_has_a_nominal_size_before_open(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *gallery = file_node(f->top, "index.html");

	assert_int_equal(stat_of(gallery, &mine).st_size, CFS_GALLERY_MAX);
	open_file(gallery, "gallery");
	assert_int_equal(stat_of(gallery, &mine).st_size, 7);
	cfs_node_released(gallery);
}

static void before_open_a_live_file_has_its_nominal_size(void **state)
{
	struct fixture *f = *state;
	struct stat st = stat_of(file_node(f->instance, "text"), &mine);

	assert_int_equal(st.st_size, TEXT_MAX);
	assert_int_equal(st.st_blocks, 1);
	st = stat_of(file_node(f->instance, "screen"), &mine);
	assert_int_equal(st.st_size, SCREEN_MAX);
}

static void an_open_file_is_exactly_its_snapshot(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *screen = file_node(f->instance, "screen");
	struct stat st;

	/* An open that waits for the snapshot changes nothing. */
	cfs_node_opened(screen);
	assert_int_equal(stat_of(screen, &mine).st_size, SCREEN_MAX);
	cfs_node_released(screen);
	open_file(screen, "");
	screen->snapshot_time = (struct timespec){.tv_sec = 1440938160, .tv_nsec = 5};
	assert_int_equal(stat_of(screen, &mine).st_size, 0);
	assert_int_equal(stat_of(screen, &mine).st_blocks, 0);
	screen->snapshot.max = 2000;
	assert_int_equal(cfs_buf_addf(&screen->snapshot, "%01025d", 7), 0);
	st = stat_of(screen, &mine);
	assert_int_equal(st.st_size, 1025);
	assert_int_equal(st.st_blocks, 3);
	assert_int_equal(st.st_mtim.tv_sec, 1440938160);
	assert_int_equal(st.st_mtim.tv_nsec, 5);
	assert_int_equal(stat_of(file_node(f->instance, "screen"), &mine).st_size, SCREEN_MAX);
	cfs_node_released(screen);
}

static void a_rendered_file_has_the_size_of_what_it_would_be(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *error = file_node(f->instance, "error");
	struct cfs_failure failure = {.number = EBUSY, .action = "A", .permission = "p"};
	struct cfs_buf text = CFS_BUF_INIT(CFS_FILE_RENDERED_MAX);

	assert_int_equal(stat_of(error, &mine).st_size, 0);
	cfs_entry_failed(f->instance->entry, &failure);
	assert_int_equal(cfs_status_render_error(error, &text), 0);
	assert_true(text.len > 0);
	assert_int_equal(stat_of(error, &mine).st_size, text.len);
	cfs_buf_finish(&text);
	/* Opened before, it stays what it was. */
	open_file(error, "");
	assert_int_equal(stat_of(error, &mine).st_size, 0);
	cfs_node_released(error);
	assert_int_equal(stat_of(file_node(f->instance, "wake"), &mine).st_size, 2);
}

/* What can be written changes under an open. */
static void an_open_wake_has_the_size_of_what_it_is_now(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *wake = file_node(f->instance, "wake");

	open_file(wake, "");
	assert_int_equal(stat_of(wake, &mine).st_size, 2);
	cfs_node_released(wake);
}

static void a_directory_does_not_change_while_it_is_looked_at(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *const directories[] = {f->top, f->directory, f->instance};
	struct stat before, after;

	for (size_t i = 0; i < 3; i++) {
		before = stat_of(directories[i], &mine);
		clock_skip(5000);
		after = stat_of(directories[i], &mine);
		assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(after.st_mtim));
		assert_memory_equal(&before.st_ctim, &after.st_ctim, sizeof(after.st_ctim));
	}
}

static struct cfs_node *link_node(
	struct fixture *f, enum cfs_node_kind kind, const char *name, struct cfs_entry *entry)
{
	struct cfs_node *view = cfs_node_of_view(f->nodes, f->world->cloud, kind, 0), *link;

	assert_non_null(view);
	link = cfs_node_of_link(view, name, entry);
	assert_non_null(link);
	return link;
}

static void links_lead_to_the_instances_own_directory_relatively(void **state)
{
	char target[CFS_LAYOUT_TARGET_MAX], id[CFS_ID_MAX + 1] = "x-";
	struct fixture *f = *state;
	struct cfs_entry *entry = f->instance->entry;

	cfs_layout_target(link_node(f, CFS_NODE_BY_NAME, "web", entry), target);
	assert_string_equal(target, "../x-1");
	cfs_layout_target(link_node(f, CFS_NODE_REGION, "x-1", entry), target);
	assert_string_equal(target, "../../x-1");
	memset(id + 2, '9', CFS_ID_MAX - 2);
	cfs_layout_target(link_node(f, CFS_NODE_REGION, id, world_put(f->world, id, 3)), target);
	assert_int_equal(strlen(target), strlen("../../") + CFS_ID_MAX);
	assert_string_equal(target + 6, id);
}

/* What lstat says: the length of the target, and a mode that no umask touches. */
static void a_link_has_the_size_of_its_target_and_no_mode_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *links[2];
	struct stat st;
	char target[CFS_LAYOUT_TARGET_MAX];

	links[0] = link_node(f, CFS_NODE_BY_NAME, "web", f->instance->entry);
	links[1] = link_node(f, CFS_NODE_REGION, "x-1", f->instance->entry);
	for (size_t i = 0; i < 2; i++) {
		st = stat_of(links[i], &mine);
		cfs_layout_target(links[i], target);
		assert_int_equal(st.st_mode, S_IFLNK | 0777);
		assert_int_equal(st.st_size, strlen(target));
		assert_int_equal(st.st_nlink, 1);
		assert_int_equal(st.st_uid, 1234);
		assert_int_equal(st.st_gid, 5678);
		assert_true(st.st_ino == links[i]->ino);
	}
}

static void views_have_the_modes_of_directories_and_no_files(void **state)
{
	static const enum cfs_node_kind kinds[] = {
		CFS_NODE_BY_NAME, CFS_NODE_BY_REGION, CFS_NODE_REGION};
	struct fixture *f = *state;
	struct cfs_node *view;
	struct stat before, after;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		view = cfs_node_of_view(f->nodes, f->world->cloud, kinds[i], 0);
		before = stat_of(view, &mine);
		assert_int_equal(before.st_mode, S_IFDIR | 0500);
		assert_int_equal(before.st_nlink, 2);
		assert_shows(view, "");
		assert_absent(view, "status");
		assert_absent(view, "info.json");
		assert_absent(view, "screen");
		clock_skip(5000);
		after = stat_of(view, &mine);
		assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(after.st_mtim));
		assert_memory_equal(&before.st_ctim, &after.st_ctim, sizeof(after.st_ctim));
	}
	assert_absent(link_node(f, CFS_NODE_BY_NAME, "web", f->instance->entry), "info.json");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up_instance, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_directory_has_its_files),
		TEST(the_live_files_that_make_sense_now_are_shown_and_all_can_be_opened),
		TEST(of_an_instance_of_which_nothing_is_known_everything_is_shown),
		TEST(a_cloud_without_wake_has_no_such_file),
		TEST(the_walk_ends_when_it_is_told_to),
		TEST(a_name_has_the_same_inode_in_every_mount),
		TEST(inodes_of_a_large_fleet_differ),
		TEST(modes_follow_the_umask),
		TEST(the_gallery_has_a_nominal_size_before_open),
		TEST(before_open_a_live_file_has_its_nominal_size),
		TEST(an_open_file_is_exactly_its_snapshot),
		TEST(a_rendered_file_has_the_size_of_what_it_would_be),
		TEST(an_open_wake_has_the_size_of_what_it_is_now),
		TEST(a_directory_does_not_change_while_it_is_looked_at),
		TEST(links_lead_to_the_instances_own_directory_relatively),
		TEST(a_link_has_the_size_of_its_target_and_no_mode_of_its_own),
		TEST(views_have_the_modes_of_directories_and_no_files),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
