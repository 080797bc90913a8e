/* SPDX-License-Identifier: MIT */
/* fs/tree/dirlist.h: the names in a directory as they were when it was opened. */
#include <sys/stat.h>

#include "fs/tree/dirlist.h"
#include "fs/tree/layout.h"
#include "tests/unit/support/tree_fixture.h"

#define MANY 2000

static void open_directory(struct fixture *f, const struct cfs_node *directory)
{
	cfs_dirlist_destroy(f->names);
	f->names = NULL;
	assert_non_null(directory);
	assert_int_equal(cfs_dirlist_create(directory, &f->dirlists, &f->names), 0);
	assert_int_equal(cfs_dirlist_fill(f->names, SIZE_MAX), 0);
}

/* The place of a name, which is there once; its inode is that of the name in the directory. */
static size_t place_of(
	struct fixture *f, const struct cfs_node *directory, const char *name, mode_t mode)
{
	struct stat st = {0};
	size_t found = SIZE_MAX;
	const char *at;

	for (size_t i = 0; (at = cfs_dirlist_at(f->names, i, &st)); i++) {
		if (strcmp(at, name) != 0)
			continue;
		assert_true(found == SIZE_MAX);
		found = i;
		assert_int_equal(st.st_mode, mode);
		if (name[0] != '.')
			assert_true(st.st_ino == cfs_node_ino(directory->ino, name));
	}
	assert_true(found != SIZE_MAX);
	return found;
}

static size_t count(struct fixture *f)
{
	struct stat st;
	size_t n = 0;

	while (cfs_dirlist_at(f->names, n, &st))
		n++;
	/* And none after the last. */
	assert_null(cfs_dirlist_at(f->names, n + 1, &st));
	assert_null(cfs_dirlist_at(f->names, SIZE_MAX, &st));
	return n;
}

static void every_directory_begins_with_itself_and_its_parent(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *directories[3];
	struct stat st;

	directories[0] = cfs_node_find(f->nodes, CFS_NODE_ROOT);
	directories[1] = cfs_node_of_cloud(f->nodes, f->world->cloud);
	directories[2] =
		cfs_node_of_entry(f->nodes, f->world->cloud, world_put(f->world, "x-1", 3));
	for (size_t i = 0; i < 3; i++) {
		open_directory(f, directories[i]);
		assert_string_equal(cfs_dirlist_at(f->names, 0, &st), ".");
		assert_int_equal(st.st_mode, S_IFDIR);
		assert_true(st.st_ino == directories[i]->ino);
		assert_string_equal(cfs_dirlist_at(f->names, 1, &st), "..");
		assert_int_equal(st.st_mode, S_IFDIR);
	}
}

static void the_top_has_the_clouds(void **state)
{
	struct fixture *f = *state;
	const struct cfs_node *root = cfs_node_find(f->nodes, CFS_NODE_ROOT);

	open_directory(f, root);
	place_of(f, root, "cloud", S_IFDIR);
}

static void a_cloud_has_its_instances(void **state)
{
	struct fixture *f = *state;
	const struct cfs_node *cloud = cfs_node_of_cloud(f->nodes, f->world->cloud);
	char id[16];
	size_t alone;

	open_directory(f, cloud);
	alone = count(f);
	place_of(f, cloud, "status", S_IFREG);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "x-%zu", i);
		world_put(f->world, id, 3);
	}
	/* A guess is nobody's instance. */
	assert_non_null(cfs_store_put_unknown(&f->world->cloud->catalogue->store, "x-guess"));
	open_directory(f, cloud);
	assert_int_equal(count(f), alone + MANY);
	place_of(f, cloud, "x-0", S_IFDIR);
	place_of(f, cloud, "x-1999", S_IFDIR);
}

static struct cfs_node *view(struct fixture *f, enum cfs_node_kind kind, size_t region)
{
	struct cfs_node *node = cfs_node_of_view(f->nodes, f->world->cloud, kind, region);

	assert_non_null(node);
	return node;
}

static void a_cloud_has_the_views_before_anything_is_listed(void **state)
{
	struct fixture *f = *state;
	const struct cfs_node *cloud = cfs_node_of_cloud(f->nodes, f->world->cloud);

	open_directory(f, cloud);
	place_of(f, cloud, "by-name", S_IFDIR);
	place_of(f, cloud, "by-region", S_IFDIR);
	/* With ".", ".." and status. */
	assert_int_equal(count(f), 5);
}

static void by_name_has_a_link_for_every_instance(void **state)
{
	struct fixture *f = *state;
	const struct cfs_node *by_name = view(f, CFS_NODE_BY_NAME, 0);

	open_directory(f, by_name);
	assert_int_equal(count(f), 2);
	world_put_named(f->world, 0, "x-1", "web", 3);
	world_put_named(f->world, 0, "x-2", "db/1", 3);
	world_put_named(f->world, 0, "x-3", "", 3);
	world_put_named(f->world, 0, "x-4", "web", 3);
	assert_non_null(cfs_store_put_unknown(&f->world->cloud->catalogue->store, "x-guess"));
	open_directory(f, by_name);
	place_of(f, by_name, "db_1", S_IFLNK);
	place_of(f, by_name, "web-x-1", S_IFLNK);
	place_of(f, by_name, "web-x-4", S_IFLNK);
	place_of(f, by_name, "x-3", S_IFLNK);
	assert_int_equal(count(f), 6);
	/* A reader keeps what there was. */
	world_put_named(f->world, 0, "x-1", "mail", 3);
	place_of(f, by_name, "web-x-1", S_IFLNK);
	open_directory(f, by_name);
	place_of(f, by_name, "mail", S_IFLNK);
	place_of(f, by_name, "web", S_IFLNK);
	assert_int_equal(count(f), 6);
}

static void by_region_has_every_region_and_each_the_links_of_its_own_instances(void **state)
{
	struct cfs_node *by_region, *regions[3];
	struct fixture *f = *state;

	assert_int_equal(cfs_store_add_region(&f->world->cloud->catalogue->store, "s"), 0);
	assert_int_equal(cfs_store_add_region(&f->world->cloud->catalogue->store, "empty"), 0);
	world_put_named(f->world, 0, "x-1", "web", 3);
	world_put_named(f->world, 1, "x-2", "web", 3);
	world_put_named(f->world, 1, "x-3", "", 3);
	assert_non_null(cfs_store_put_unknown(&f->world->cloud->catalogue->store, "x-guess"));
	by_region = view(f, CFS_NODE_BY_REGION, 0);
	open_directory(f, by_region);
	place_of(f, by_region, "r", S_IFDIR);
	place_of(f, by_region, "s", S_IFDIR);
	place_of(f, by_region, "empty", S_IFDIR);
	assert_int_equal(count(f), 5);
	for (size_t i = 0; i < 3; i++)
		regions[i] = view(f, CFS_NODE_REGION, i);
	open_directory(f, regions[0]);
	place_of(f, regions[0], "x-1", S_IFLNK);
	assert_int_equal(count(f), 3);
	open_directory(f, regions[1]);
	place_of(f, regions[1], "x-2", S_IFLNK);
	place_of(f, regions[1], "x-3", S_IFLNK);
	assert_int_equal(count(f), 4);
	open_directory(f, regions[2]);
	assert_int_equal(count(f), 2);
	/* An instance that has moved. */
	world_put_named(f->world, 2, "x-1", "web", 3);
	open_directory(f, regions[2]);
	place_of(f, regions[2], "x-1", S_IFLNK);
	open_directory(f, regions[0]);
	assert_int_equal(count(f), 2);
}

static void an_instance_has_the_files_that_are_shown(void **state)
{
	struct fixture *f = *state;
	const struct cfs_node *instance =
		cfs_node_of_entry(f->nodes, f->world->cloud, world_put(f->world, "x-1", 1));
	size_t with, without;

	open_directory(f, instance);
	place_of(f, instance, "screen", S_IFREG);
	place_of(f, instance, "wake", S_IFREG);
	without = count(f);
	world_put(f->world, "x-1", 3);
	open_directory(f, instance);
	place_of(f, instance, "text", S_IFREG);
	with = count(f);
	assert_int_equal(with, without + 1);
}

/* Whatever a refresh does meanwhile. */
static void a_reader_keeps_what_he_has_seen(void **state)
{
	struct fixture *f = *state;
	const struct cfs_node *cloud = cfs_node_of_cloud(f->nodes, f->world->cloud);
	size_t before, place;

	world_put(f->world, "x-1", 3);
	world_put(f->world, "x-2", 3);
	open_directory(f, cloud);
	before = count(f);
	place = place_of(f, cloud, "x-2", S_IFDIR);
	cfs_store_remove(&f->world->cloud->catalogue->store,
		cfs_catalogue_find(f->world->cloud->catalogue, "x-1"));
	world_put(f->world, "x-3", 3);
	assert_int_equal(count(f), before);
	assert_int_equal(place_of(f, cloud, "x-2", S_IFDIR), place);
	place_of(f, cloud, "x-1", S_IFDIR);
}

/* Instances that come and go while a directory is read. */
static void a_reader_sees_each_name_once_whatever_happens_before_he_comes_to_it(void **state)
{
	struct fixture *f = *state;
	const struct cfs_node *cloud = cfs_node_of_cloud(f->nodes, f->world->cloud);
	struct cfs_catalogue *catalogue = f->world->cloud->catalogue;
	size_t alone;
	char id[16];

	open_directory(f, cloud);
	alone = count(f);
	for (int i = 0; i < 8; i++) {
		snprintf(id, sizeof(id), "x-%d", i);
		world_put(f->world, id, 3);
	}
	cfs_dirlist_destroy(f->names);
	assert_int_equal(cfs_dirlist_create(cloud, &f->dirlists, &f->names), 0);
	/* The first two are looked at, the third is the next. */
	assert_int_equal(cfs_dirlist_fill(f->names, alone + 1), 0);
	assert_int_equal(count(f), alone + 2);
	for (int i = 0; i < 8; i += 2) {
		snprintf(id, sizeof(id), "x-%d", i);
		cfs_store_remove(&catalogue->store, cfs_catalogue_find(catalogue, id));
	}
	cfs_store_remove(&catalogue->store, cfs_catalogue_find(catalogue, "x-7"));
	/* Back again, and one more. */
	world_put(f->world, "x-0", 3);
	world_put(f->world, "x-7", 3);
	world_put(f->world, "x-8", 3);
	assert_int_equal(cfs_dirlist_fill(f->names, SIZE_MAX), 0);
	assert_int_equal(count(f), alone + 4);
	place_of(f, cloud, "x-0", S_IFDIR);
	place_of(f, cloud, "x-1", S_IFDIR);
	place_of(f, cloud, "x-3", S_IFDIR);
	place_of(f, cloud, "x-5", S_IFDIR);
	/* All go, under one who has not begun to read. */
	cfs_dirlist_destroy(f->names);
	assert_int_equal(cfs_dirlist_create(cloud, &f->dirlists, &f->names), 0);
	for (int i = 0; i < 9; i++) {
		snprintf(id, sizeof(id), "x-%d", i);
		if (cfs_catalogue_find(catalogue, id))
			cfs_store_remove(&catalogue->store, cfs_catalogue_find(catalogue, id));
	}
	assert_int_equal(cfs_dirlist_fill(f->names, SIZE_MAX), 0);
	assert_int_equal(count(f), alone);
}

static void assert_nodes(struct fixture *f, struct cfs_node *directory, size_t n)
{
	struct cfs_node *node;
	struct stat st;
	size_t found = 0;

	open_directory(f, directory);
	for (size_t i = 0; cfs_dirlist_at(f->names, i, &st); i++) {
		node = cfs_dirlist_node(f->names, directory, i);
		if (!node)
			continue;
		found++;
		assert_true(node->ino == st.st_ino);
		assert_int_equal(node->lookups, 1);
		assert_int_equal(node->kind == CFS_NODE_LINK, st.st_mode == S_IFLNK);
		cfs_node_forget(node, 1);
	}
	assert_null(cfs_dirlist_node(f->names, directory, SIZE_MAX));
	assert_int_equal(found, n);
}

/* A file needs a node of its own for every open, and the directories beside instances are few. */
static void only_instances_come_with_their_nodes(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *cloud = cfs_node_of_cloud(f->nodes, f->world->cloud);
	struct cfs_node *instance;

	assert_int_equal(cfs_store_add_region(&f->world->cloud->catalogue->store, "s"), 0);
	instance = cfs_node_of_entry(
		f->nodes, f->world->cloud, world_put_named(f->world, 0, "x-1", "web", 3));
	world_put_named(f->world, 1, "x-2", "web", 3);
	world_put_named(f->world, 0, "x-3", "", 3);
	assert_nodes(f, cfs_node_find(f->nodes, CFS_NODE_ROOT), 0);
	assert_nodes(f, instance, 0);
	cfs_node_forget(instance, 1);
	assert_nodes(f, view(f, CFS_NODE_BY_REGION, 0), 0);
	assert_nodes(f, cloud, 3);
	assert_nodes(f, view(f, CFS_NODE_STILL, 0), 3);
	assert_nodes(f, view(f, CFS_NODE_BY_NAME, 0), 3);
	assert_nodes(f, view(f, CFS_NODE_REGION, 0), 2);
	assert_nodes(f, view(f, CFS_NODE_REGION, 1), 1);
}

/* The names stay, see above. */
static void what_a_lookup_would_not_find_at_once_comes_without_its_node(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *cloud = cfs_node_of_cloud(f->nodes, f->world->cloud), *node;
	struct cfs_node *by_name = view(f, CFS_NODE_BY_NAME, 0);
	struct cfs_catalogue *catalogue = f->world->cloud->catalogue;
	size_t gone, moved, stays;

	world_put_named(f->world, 0, "x-1", "web", 3);
	world_put_named(f->world, 0, "x-2", "db", 3);
	open_directory(f, by_name);
	moved = place_of(f, by_name, "web", S_IFLNK);
	world_put_named(f->world, 0, "x-1", "mail", 3);
	assert_null(cfs_dirlist_node(f->names, by_name, moved));
	open_directory(f, cloud);
	gone = place_of(f, cloud, "x-1", S_IFDIR);
	stays = place_of(f, cloud, "x-2", S_IFDIR);
	cfs_store_remove(&catalogue->store, cfs_catalogue_find(catalogue, "x-1"));
	assert_null(cfs_dirlist_node(f->names, cloud, gone));
	node = cfs_dirlist_node(f->names, cloud, stays);
	assert_non_null(node);
	cfs_node_forget(node, 1);
	clock_skip(CFS_CATALOGUE_STALE * catalogue->list_ttl_ms + 1000);
	assert_null(cfs_dirlist_node(f->names, cloud, stays));
}

static void what_is_open_can_be_found_until_it_is_closed(void **state)
{
	struct fixture *f = *state;
	const struct cfs_node *root = cfs_node_find(f->nodes, CFS_NODE_ROOT);
	struct cfs_dirlist *open[5];

	for (size_t i = 0; i < 5; i++)
		assert_int_equal(cfs_dirlist_create(root, &f->dirlists, &open[i]), 0);
	cfs_dirlist_destroy(open[2]);
	cfs_dirlist_destroy(open[4]);
	cfs_dirlist_destroy(open[0]);
	f->names = open[3];
	place_of(f, root, "cloud", S_IFDIR);
	f->names = NULL;
	cfs_dirlist_destroy(open[3]);
	assert_ptr_equal(f->dirlists, open[1]);
	cfs_dirlist_destroy(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up_cloud, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_directory_begins_with_itself_and_its_parent),
		TEST(the_top_has_the_clouds),
		TEST(a_cloud_has_its_instances),
		TEST(a_cloud_has_the_views_before_anything_is_listed),
		TEST(by_name_has_a_link_for_every_instance),
		TEST(by_region_has_every_region_and_each_the_links_of_its_own_instances),
		TEST(an_instance_has_the_files_that_are_shown),
		TEST(what_is_open_can_be_found_until_it_is_closed),
		TEST(only_instances_come_with_their_nodes),
		TEST(what_a_lookup_would_not_find_at_once_comes_without_its_node),
		TEST(a_reader_keeps_what_he_has_seen),
		TEST(a_reader_sees_each_name_once_whatever_happens_before_he_comes_to_it),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
