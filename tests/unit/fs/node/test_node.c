/* SPDX-License-Identifier: MIT */
/* fs/node/node.h: what the kernel knows of the tree. */
#include "fs/tree/layout.h"
#include "tests/unit/support/open_file.h"
#include "tests/unit/support/tree_fixture.h"

#define MANY 5000

static const struct cfs_ownership mine = {.uid = 7, .gid = 8, .umask = 077};

static struct cfs_node *instance_node(struct fixture *f, const char *id)
{
	struct cfs_entry *entry = cfs_catalogue_find(f->cloud->catalogue, id);
	struct cfs_node *node;

	node = cfs_node_of_entry(f->nodes, f->cloud, entry ? entry : world_put(f->world, id, 3));
	assert_non_null(node);
	return node;
}

static struct cfs_node *live_node(struct cfs_node *directory)
{
	struct cfs_node *node = cfs_node_of_file(directory, NULL, &fake_live[0]);

	assert_non_null(node);
	return node;
}

static void the_root_is_there_and_stays(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->top->id, 1);
	assert_int_equal(f->top->kind, CFS_NODE_TOP);
	assert_null(f->top->cloud);
	assert_int_equal(cfs_nodes_count(f->nodes), 1);
	cfs_node_forget(f->top, 1);
	cfs_node_forget(f->top, UINT64_MAX);
	assert_ptr_equal(cfs_node_find(f->nodes, CFS_NODE_ROOT), f->top);
	assert_null(cfs_node_find(f->nodes, 0));
	assert_null(cfs_node_find(f->nodes, 2));
	assert_null(cfs_node_find(f->nodes, UINT64_MAX));
	cfs_nodes_destroy(NULL);
}

static void a_directory_has_one_node_until_it_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *cloud = cfs_node_of_cloud(f->nodes, f->cloud);
	struct cfs_node *instance = instance_node(f, "x-1");
	uint64_t ids[] = {cloud->id, instance->id};

	assert_int_equal(cloud->kind, CFS_NODE_CLOUD);
	assert_int_equal(instance->kind, CFS_NODE_INSTANCE);
	assert_ptr_equal(cfs_node_of_cloud(f->nodes, f->cloud), cloud);
	assert_ptr_equal(instance_node(f, "x-1"), instance);
	assert_ptr_not_equal(instance_node(f, "x-2"), instance);
	assert_int_equal(cloud->lookups, 2);
	cfs_node_forget(cloud, 1);
	cfs_node_forget(instance, 1);
	assert_ptr_equal(cfs_node_find(f->nodes, ids[0]), cloud);
	assert_ptr_equal(cfs_node_find(f->nodes, ids[1]), instance);
	cfs_node_forget(cloud, 1);
	cfs_node_forget(instance, 1);
	assert_null(cfs_node_find(f->nodes, ids[0]));
	assert_null(cfs_node_find(f->nodes, ids[1]));
	assert_int_equal(cfs_nodes_count(f->nodes), 2);
	/* And another one after that, which the kernel cannot mistake for it. */
	assert_true(cfs_node_of_cloud(f->nodes, f->cloud)->id > ids[1]);
	assert_true(instance_node(f, "x-1")->id > ids[1]);
}

static struct cfs_node *view_node(struct fixture *f, enum cfs_node_kind kind, size_t region)
{
	struct cfs_node *node = cfs_node_of_view(f->nodes, f->cloud, kind, region);

	assert_non_null(node);
	assert_int_equal(node->kind, kind);
	assert_int_equal(node->region, region);
	assert_ptr_equal(node->cloud, f->cloud);
	return node;
}

static void a_view_has_one_node_until_it_is_forgotten(void **state)
{
	static const size_t order[] = {2, 4, 0, 3, 1};
	struct fixture *f = *state;
	struct cfs_node *views[5];
	uint64_t ids[5];

	assert_int_equal(cfs_store_add_region(&f->cloud->catalogue->store, "s"), 0);
	assert_int_equal(cfs_store_add_region(&f->cloud->catalogue->store, "t"), 0);
	for (size_t i = 0; i < 2; i++) {
		views[0] = view_node(f, CFS_NODE_BY_NAME, 0);
		views[1] = view_node(f, CFS_NODE_BY_REGION, 0);
		for (size_t j = 0; j < 3; j++)
			views[2 + j] = view_node(f, CFS_NODE_REGION, j);
		for (size_t j = 0; j < 5; j++) {
			if (i == 0)
				ids[j] = views[j]->id;
			assert_int_equal(views[j]->id, ids[j]);
			assert_int_equal(views[j]->lookups, i + 1);
		}
	}
	assert_int_equal(cfs_nodes_count(f->nodes), 6);
	/* From the middle of the cloud's list, its ends, and what is left. */
	for (size_t i = 0; i < 5; i++) {
		cfs_node_forget(views[order[i]], 2);
		assert_null(cfs_node_find(f->nodes, ids[order[i]]));
		for (size_t j = i + 1; j < 5; j++) {
			assert_ptr_equal(cfs_node_of_view(f->nodes, f->cloud, views[order[j]]->kind,
						 views[order[j]]->region),
				views[order[j]]);
			cfs_node_forget(views[order[j]], 1);
		}
	}
	assert_int_equal(cfs_nodes_count(f->nodes), 1);
	assert_true(view_node(f, CFS_NODE_BY_NAME, 0)->id > ids[4]);
}

static void views_have_inodes_of_their_own_the_same_in_every_mount(void **state)
{
	struct fixture *f = *state;
	uint64_t cloud = cfs_node_ino(CFS_NODE_ROOT, "cloud");
	uint64_t by_region = cfs_node_ino(cloud, "by-region");

	assert_true(view_node(f, CFS_NODE_BY_NAME, 0)->ino == cfs_node_ino(cloud, "by-name"));
	assert_true(view_node(f, CFS_NODE_BY_REGION, 0)->ino == by_region);
	assert_true(view_node(f, CFS_NODE_REGION, 0)->ino == cfs_node_ino(by_region, "r"));
}

/* Names change: it may lead elsewhere when it is looked up again. */
static void a_link_has_one_node_for_each_instance_that_it_leads_to(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *by_name = view_node(f, CFS_NODE_BY_NAME, 0);
	struct cfs_entry *one = world_put(f->world, "x-1", 3), *two = world_put(f->world, "x-2", 3);
	struct cfs_node *a = cfs_node_of_link(by_name, "web", one);
	struct cfs_node *b = cfs_node_of_link(by_name, "web", two);
	struct cfs_node *c = cfs_node_of_link(view_node(f, CFS_NODE_REGION, 0), "x-1", one);
	struct cfs_node *instance;

	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(c);
	assert_ptr_not_equal(a, b);
	assert_int_equal(a->kind, CFS_NODE_LINK);
	assert_ptr_equal(a->entry, one);
	assert_ptr_equal(b->entry, two);
	assert_true(a->ino == b->ino && a->ino == cfs_node_ino(by_name->ino, "web"));
	assert_true(c->ino != a->ino);
	assert_false(a->from_region);
	assert_true(c->from_region);
	/* None of them is the node of the instance's directory. */
	instance = instance_node(f, "x-1");
	assert_true(instance != a && instance != c);
	assert_int_equal(instance->kind, CFS_NODE_INSTANCE);
	assert_ptr_equal(instance->entry, one);
	assert_ptr_equal(cfs_node_of_link(by_name, "web", one), a);
	assert_int_equal(a->lookups, 2);
	cfs_node_forget(a, 2);
	assert_ptr_equal(instance_node(f, "x-1"), instance);
	assert_ptr_equal(cfs_node_find(f->nodes, b->id), b);
}

static void a_link_keeps_its_entry_though_the_instance_is_gone(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *by_name = view_node(f, CFS_NODE_BY_NAME, 0), *link;

	link = cfs_node_of_link(by_name, "web", world_put(f->world, "x-1", 3));
	assert_non_null(link);
	cfs_store_remove(&f->cloud->catalogue->store, link->entry);
	cfs_node_forget(by_name, 1);
	assert_true(link->entry->gone);
	assert_string_equal(link->entry->id, "x-1");
	cfs_node_forget(link, 1);
}

static void a_file_has_a_fresh_node_for_every_lookup(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *directory = instance_node(f, "x-1");
	struct cfs_node *a = live_node(directory), *b = live_node(directory);
	struct stat sa, sb;

	assert_ptr_not_equal(a, b);
	assert_true(b->id > a->id);
	assert_int_equal(a->lookups, 1);
	assert_int_equal(a->kind, CFS_NODE_FILE);
	assert_ptr_equal(a->live, &fake_live[0]);
	assert_int_equal(cfs_layout_stat(a, &mine, &sa), 0);
	assert_int_equal(cfs_layout_stat(b, &mine, &sb), 0);
	assert_int_equal(sa.st_ino, sb.st_ino);
	cfs_node_forget(a, 1);
	assert_ptr_equal(cfs_node_find(f->nodes, b->id), b);
}

/* Another filesystem above keeps what it looked up once. */
static void what_is_in_still_has_one_node(void **state)
{
	static const struct cfs_live once = {.name = "link", .once = true};
	struct fixture *f = *state;
	struct cfs_entry *entry = world_put(f->world, "x-1", 3);
	struct cfs_node *still = view_node(f, CFS_NODE_STILL, 0);
	struct cfs_node *directory = cfs_node_of_still_entry(f->nodes, f->cloud, entry);
	struct cfs_node *instance = cfs_node_of_entry(f->nodes, f->cloud, entry);
	struct cfs_node *live = live_node(directory), *link;

	assert_non_null(directory);
	assert_ptr_equal(cfs_node_of_still_entry(f->nodes, f->cloud, entry), directory);
	assert_ptr_not_equal(instance, directory);
	assert_true(directory->ino == cfs_node_ino(still->ino, "x-1"));
	assert_ptr_equal(live_node(directory), live);
	assert_int_equal(live->lookups, 2);
	assert_true(cfs_node_is_still(live));
	/* Each open must have its own. */
	link = cfs_node_of_file(directory, NULL, &once);
	assert_non_null(link);
	assert_ptr_not_equal(cfs_node_of_file(directory, NULL, &once), link);
	assert_false(cfs_node_is_still(link));
	assert_false(cfs_node_is_still(live_node(instance)));
}

static void a_trimmed_snapshot_has_its_bytes_and_no_room(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *node = live_node(instance_node(f, "x-1"));
	struct cfs_buf content;

	assert_int_equal(cfs_nodes_buffer(f->nodes, 1 << 20, &content), 0);
	assert_int_equal(cfs_buf_adds(&content, "some bytes"), 0);
	cfs_node_opened(node);
	cfs_node_fill(node, &content, NULL);
	assert_true(node->snapshot.cap > 100000);
	assert_int_equal(cfs_node_trim(node), 0);
	assert_int_equal(node->snapshot.cap, sizeof("some bytes"));
	assert_string_equal(cfs_buf_text(&node->snapshot), "some bytes");
	cfs_node_released(node);
	assert_int_equal(cfs_nodes_open(f->nodes).bytes, 0);
}

/* Several overlapping opens of one path each see exactly their own bytes. */
static void each_open_has_its_own_snapshot(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *directory = instance_node(f, "x-1"), *files[10];
	char text[16];
	struct stat st;

	for (size_t i = 0; i < 10; i++) {
		files[i] = live_node(directory);
		snprintf(text, sizeof(text), "%0*zu", (int)i + 1, i);
		open_file(files[i], text);
	}
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(cfs_layout_stat(files[i], &mine, &st), 0);
		assert_int_equal(st.st_size, i + 1);
		assert_int_equal(files[i]->snapshot.data[i], '0' + (int)i);
	}
	for (size_t i = 0; i < 10; i++) {
		cfs_node_released(files[i]);
		cfs_node_forget(files[i], 1);
	}
}

/* After an rsync of 100,000 instances the daemon holds no image. */
static void a_snapshot_is_freed_at_the_last_release(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *file = live_node(instance_node(f, "x-1"));
	struct stat st;

	open_file(file, "image");
	cfs_node_opened(file);
	cfs_node_released(file);
	assert_string_equal(cfs_buf_text(&file->snapshot), "image");
	assert_int_equal(cfs_layout_stat(file, &mine, &st), 0);
	assert_int_equal(st.st_size, 5);
	cfs_node_released(file);
	assert_null(file->snapshot.data);
	assert_int_equal(file->snapshot.len, 0);
	/* The kernel still knows it, and is told the nominal size again. */
	assert_int_equal(cfs_layout_stat(file, &mine, &st), 0);
	assert_int_equal(st.st_size, SCREEN_MAX);
}

/* An open that waits keeps what the one before it has, even when that is released first. */
static void a_snapshot_stays_while_an_open_waits_for_it(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *file = live_node(instance_node(f, "x-1"));

	cfs_node_opened(file);
	assert_false(file->filled);
	assert_int_equal(cfs_nodes_open(f->nodes).snapshots, 0);
	open_file(file, "image");
	assert_true(file->filled);
	assert_int_equal(cfs_nodes_open(f->nodes).snapshots, 1);
	assert_int_equal(cfs_nodes_open(f->nodes).bytes, 5);
	cfs_node_released(file);
	assert_string_equal(cfs_buf_text(&file->snapshot), "image");
	cfs_node_released(file);
	assert_false(file->filled);
	assert_null(file->snapshot.data);
	assert_int_equal(cfs_nodes_open(f->nodes).snapshots, 0);
	assert_int_equal(cfs_nodes_open(f->nodes).bytes, 0);
	/* One that waited in vain leaves nothing to wipe. */
	cfs_node_opened(file);
	cfs_node_released(file);
	assert_int_equal(cfs_nodes_open(f->nodes).snapshots, 0);
}

static void what_was_forgotten_more_often_than_known_is_gone(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *file = live_node(instance_node(f, "x-1"));
	uint64_t id = file->id;

	cfs_node_forget(file, 1000);
	assert_null(cfs_node_find(f->nodes, id));
}

static void a_node_keeps_its_entry_though_the_instance_is_gone(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *directory = instance_node(f, "x-1"), *file = live_node(directory);
	struct cfs_node *again;

	cfs_store_remove(&f->cloud->catalogue->store, directory->entry);
	assert_null(cfs_catalogue_find(f->cloud->catalogue, "x-1"));
	cfs_node_forget(directory, 1);
	assert_string_equal(file->entry->id, "x-1");
	assert_true(file->entry->gone);
	/* Should it come back, it is another. */
	again = instance_node(f, "x-1");
	assert_ptr_not_equal(again->entry, file->entry);
	cfs_node_forget(file, 1);
	assert_false(again->entry->gone);
}

/* An instance that came back has the st_ino of the one before it, whose directory may be in use. */
static void directories_of_one_inode_are_told_apart_by_their_instance(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *old = instance_node(f, "x-1"), *new;
	struct cfs_entry *gone = old->entry;

	cfs_store_remove(&f->cloud->catalogue->store, gone);
	new = instance_node(f, "x-1");
	assert_ptr_not_equal(new, old);
	assert_true(new->ino == old->ino &&new->id > old->id);
	assert_ptr_not_equal(new->entry, gone);
	assert_ptr_equal(instance_node(f, "x-1"), new);
	assert_ptr_equal(cfs_node_of_entry(f->nodes, f->cloud, gone), old);
	cfs_node_forget(old, 2);
	assert_ptr_equal(instance_node(f, "x-1"), new);
}

/* So has a cloud that was configured anew, and with it all its directories. */
static void directories_of_one_inode_are_told_apart_by_their_cloud(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *old[4], *new[4];
	struct cfs_cloud *before = f->cloud, *now;
	struct cfs_buf why = CFS_BUF_INIT(1024);

	assert_int_equal(cfs_cloud_create(&f->world->runtime, &f->world->config, &now, &why), 0);
	for (size_t i = 0; i < 4; i++) {
		struct cfs_node **nodes = i % 2 ? new : old;

		f->cloud = i % 2 ? now : before;
		nodes[0] = cfs_node_of_cloud(f->nodes, f->cloud);
		nodes[1] = view_node(f, CFS_NODE_BY_NAME, 0);
		nodes[2] = view_node(f, CFS_NODE_BY_REGION, 0);
		nodes[3] = view_node(f, CFS_NODE_REGION, 0);
	}
	for (size_t i = 0; i < 4; i++) {
		assert_ptr_not_equal(old[i], new[i]);
		assert_true(old[i]->ino == new[i]->ino);
		assert_ptr_equal(old[i]->cloud, before);
		assert_ptr_equal(new[i]->cloud, now);
		assert_int_equal(old[i]->lookups, 2);
		assert_int_equal(new[i]->lookups, 2);
		cfs_node_forget(old[i], 2);
		cfs_node_forget(new[i], 2);
	}
	assert_int_equal(cfs_nodes_count(f->nodes), 1);
	f->cloud = before;
	cfs_cloud_destroy(now);
}

static void a_guess_leaves_the_catalogue_with_its_last_node(void **state)
{
	struct fixture *f = *state;
	struct cfs_entry *guess = cfs_store_put_unknown(&f->cloud->catalogue->store, "x-1");
	struct cfs_node *directory, *file;

	assert_non_null(guess);
	directory = cfs_node_of_entry(f->nodes, f->cloud, guess);
	assert_non_null(directory);
	file = live_node(directory);
	cfs_node_forget(directory, 1);
	assert_ptr_equal(cfs_catalogue_find(f->cloud->catalogue, "x-1"), guess);
	cfs_node_forget(file, 1);
	assert_null(cfs_catalogue_find(f->cloud->catalogue, "x-1"));
	assert_int_equal(cfs_catalogue_size(f->cloud->catalogue), 0);
}

/* Lookups and forgets in a random order, against a list. */
static void ids_are_never_used_again(void **state)
{
	static struct {
		struct cfs_node *node;
		uint64_t id, lookups;
	} known[64];
	struct fixture *f = *state;
	struct cfs_node *directory = instance_node(f, "x-1"), *node;
	uint64_t seed = 99, last = directory->id, n;
	size_t j, held = 0;

	memset(known, 0, sizeof(known));
	for (size_t i = 0; i < 20000; i++) {
		j = draw(&seed) % 64;
		if (!known[j].node) {
			node = live_node(directory);
			assert_true(node->id > last);
			last = node->id;
			known[j].node = node;
			known[j].id = node->id;
			known[j].lookups = node->lookups += draw(&seed) % 3;
			held++;
			continue;
		}
		assert_ptr_equal(cfs_node_find(f->nodes, known[j].id), known[j].node);
		n = draw(&seed) % known[j].lookups + 1;
		cfs_node_forget(known[j].node, n);
		known[j].lookups -= n;
		if (known[j].lookups == 0) {
			assert_null(cfs_node_find(f->nodes, known[j].id));
			known[j].node = NULL;
			held--;
		}
		assert_int_equal(cfs_nodes_count(f->nodes), 2 + held);
	}
}

static void many_nodes_are_all_found(void **state)
{
	static uint64_t ids[MANY];
	struct fixture *f = *state;
	struct cfs_node *directory = instance_node(f, "x-1");

	for (size_t i = 0; i < MANY; i++)
		ids[i] = live_node(directory)->id;
	assert_int_equal(cfs_nodes_count(f->nodes), MANY + 2);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(cfs_node_find(f->nodes, ids[i])->id, ids[i]);
	for (size_t i = 0; i < MANY; i += 2)
		cfs_node_forget(cfs_node_find(f->nodes, ids[i]), 1);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(cfs_node_find(f->nodes, ids[i]) != NULL, i % 2);
	/* The rest goes with the table. */
}

static void many_directories_are_all_found(void **state)
{
	static struct cfs_node *nodes[MANY];
	struct fixture *f = *state;
	char id[16];

	for (size_t i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "x-%zu", i);
		nodes[i] = instance_node(f, id);
	}
	for (size_t i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "x-%zu", i);
		assert_ptr_equal(instance_node(f, id), nodes[i]);
		cfs_node_forget(nodes[i], i % 2 + 1);
	}
	assert_int_equal(cfs_nodes_count(f->nodes), 1 + MANY / 2);
	for (size_t i = 0; i < MANY; i += 2) {
		snprintf(id, sizeof(id), "x-%zu", i);
		assert_ptr_equal(instance_node(f, id), nodes[i]);
	}
}

/* A configuration that is read again may take a cloud away while its files are open. */
static void a_cloud_that_is_retired_lives_until_its_last_node_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *cloud = cfs_node_of_cloud(f->nodes, f->cloud);
	struct cfs_node *directory = instance_node(f, "x-1"), *file = live_node(directory);
	struct cfs_node *view = view_node(f, CFS_NODE_BY_NAME, 0);
	struct cfs_node *link = cfs_node_of_link(view, "x-1", directory->entry);

	assert_non_null(cloud);
	assert_non_null(link);
	cfs_cloud_retire(f->cloud);
	cfs_node_forget(cloud, 1);
	cfs_node_forget(directory, 1);
	cfs_node_forget(view, 1);
	cfs_node_forget(link, 1);
	assert_int_equal(f->world->accounts, 1);
	assert_string_equal(file->cloud->config->name, "cloud");
	cfs_node_forget(file, 1);
	assert_int_equal(f->world->accounts, 0);
	f->world->cloud = NULL;
}

static void the_memory_of_a_snapshot_serves_the_next(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *node = live_node(instance_node(f, "i-1"));
	struct cfs_buf first, second;
	const char *memory;

	assert_int_equal(cfs_nodes_buffer(f->nodes, 1 << 20, &first), 0);
	assert_int_equal(cfs_buf_adds(&first, "a secret"), 0);
	memory = first.data;
	cfs_node_opened(node);
	cfs_node_fill(node, &first, NULL);
	assert_null(first.data);
	cfs_node_released(node);
	assert_null(node->snapshot.data);
	/* One that may hold less gets memory of its own. */
	assert_int_equal(cfs_nodes_buffer(f->nodes, 1000, &first), 0);
	assert_ptr_not_equal(first.data, memory);
	assert_int_equal(first.max, 1000);
	assert_int_equal(cfs_nodes_buffer(f->nodes, 1 << 19, &second), 0);
	assert_ptr_equal(second.data, memory);
	assert_int_equal(second.len, 0);
	assert_int_equal(second.max, 1 << 19);
	for (size_t i = 0; i < sizeof("a secret"); i++)
		assert_int_equal(second.data[i], '\0');
	cfs_buf_finish(&first);
	/* It is given away once. */
	assert_int_equal(cfs_nodes_buffer(f->nodes, 1 << 20, &first), 0);
	assert_ptr_not_equal(first.data, memory);
	cfs_buf_finish(&first);
	cfs_buf_finish(&second);
	cfs_node_forget(node, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up_cloud, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_root_is_there_and_stays),
		TEST(a_directory_has_one_node_until_it_is_forgotten),
		TEST(a_view_has_one_node_until_it_is_forgotten),
		TEST(views_have_inodes_of_their_own_the_same_in_every_mount),
		TEST(a_link_has_one_node_for_each_instance_that_it_leads_to),
		TEST(a_link_keeps_its_entry_though_the_instance_is_gone),
		TEST(a_file_has_a_fresh_node_for_every_lookup),
		TEST(what_is_in_still_has_one_node),
		TEST(a_trimmed_snapshot_has_its_bytes_and_no_room),
		TEST(each_open_has_its_own_snapshot),
		TEST(a_snapshot_is_freed_at_the_last_release),
		TEST(a_snapshot_stays_while_an_open_waits_for_it),
		TEST(the_memory_of_a_snapshot_serves_the_next),
		TEST(what_was_forgotten_more_often_than_known_is_gone),
		TEST(a_node_keeps_its_entry_though_the_instance_is_gone),
		TEST(directories_of_one_inode_are_told_apart_by_their_instance),
		TEST(directories_of_one_inode_are_told_apart_by_their_cloud),
		TEST(a_guess_leaves_the_catalogue_with_its_last_node),
		TEST(ids_are_never_used_again),
		TEST(many_nodes_are_all_found),
		TEST(many_directories_are_all_found),
		TEST(a_cloud_that_is_retired_lives_until_its_last_node_is_forgotten),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
