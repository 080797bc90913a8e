/* SPDX-License-Identifier: MIT */
/* fs/tree/tree.h: the tree walked, opened and read without a mount. */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "fs/tree/tree.h"
#include "tests/unit/support/tree_fixture.h"

#define MANY 3000 /* instances that make index.html take several turns of the loop */

static const char listed[] = "instance x-1 on 3\ninstance x-2 off 3\n";

/* One operation, and what it waits for. */
struct user {
	struct fixture *f;
	struct cfs_tree_op op;
	unsigned told;
	int result;
	struct user *cancels; /* when it is told */
	struct user *opens;   /* likewise: the same file */
};

static int set_up(void **state)
{
	fixture_set_up(state);
	world_add_region(((struct fixture *)*state)->world, "s");
	return 0;
}

static void told(void *arg, int r)
{
	struct user *user = arg;

	assert_false(user->op.under_way);
	user->told++;
	user->result = r;
	if (user->cancels)
		cfs_tree_cancel(&user->cancels->op);
	if (user->opens)
		user->opens->result = cfs_tree_open(
			&user->opens->op, user->op.node, user->opens->op.done, user->opens);
	cfs_loop_stop(user->f->world->loop);
}

/* The result, which may be waited for. */
static int finally(struct user *user, int r)
{
	assert_int_equal(user->told, 0);
	if (r != -EINPROGRESS) {
		run_idle(user->f->world);
		assert_int_equal(user->told, 0);
		return r;
	}
	assert_true(user->op.under_way);
	run_until(user->f->world, &user->told, 1);
	return user->result;
}

static int start_lookup(
	struct fixture *f, struct user *user, struct cfs_node *directory, const char *name)
{
	*user = (struct user){.f = f};
	return cfs_tree_lookup(&user->op, directory, name, told, user);
}

static int start_opendir(struct fixture *f, struct user *user, struct cfs_node *directory)
{
	*user = (struct user){.f = f};
	return cfs_tree_opendir(&user->op, directory, &f->dirlists, told, user);
}

static int start_open(struct fixture *f, struct user *user, struct cfs_node *file)
{
	*user = (struct user){.f = f};
	assert_int_equal(cfs_tree_may_open(file, O_RDONLY), 0);
	return cfs_tree_open(&user->op, file, told, user);
}

static int start_look(struct fixture *f, struct user *user, struct cfs_node *node)
{
	*user = (struct user){.f = f};
	return cfs_tree_look(&user->op, node, told, user);
}

static int lookup(
	struct fixture *f, struct cfs_node *directory, const char *name, struct cfs_node **ret_node)
{
	struct user user;
	int r = finally(&user, start_lookup(f, &user, directory, name));

	assert_int_equal(r == 0, user.op.found != NULL);
	if (r == 0)
		*ret_node = user.op.found;
	return r;
}

/* Follows a path from the top, without its links. */
static struct cfs_node *walk(struct fixture *f, const char *path)
{
	struct cfs_node *node = f->top, *next = NULL;
	char names[PATH_MAX], *rest = names, *name;

	snprintf(names, sizeof(names), "%s", path);
	while ((name = strsep(&rest, "/"))) {
		assert_int_equal(lookup(f, node, name, &next), 0);
		cfs_node_forget(node, 1);
		node = next;
	}
	return node;
}

static int open_path(struct fixture *f, const char *path, struct cfs_node **ret_file)
{
	struct user user;
	int r;

	*ret_file = walk(f, path);
	r = finally(&user, start_open(f, &user, *ret_file));
	assert_int_equal((*ret_file)->opens, (r == 0) + ((*ret_file)->held && r == 0));
	return r;
}

static void close_file(struct cfs_node *file)
{
	cfs_node_released(file);
	cfs_node_forget(file, 1);
}

/* What an open file holds, read to its end. */
static const char *read_all(struct cfs_node *file)
{
	static char text[4096];
	const char *bytes;
	size_t len = 0, n;

	do {
		assert_int_equal(cfs_tree_read(file, len, 100, &bytes, &n), 0);
		assert_in_range(n, 0, 100);
		assert_true(len + n < sizeof(text));
		if (n > 0)
			memcpy(text + len, bytes, n);
		len += n;
	} while (n > 0);
	text[len] = '\0';
	return text;
}

static void assert_content(struct fixture *f, const char *path, const char *part)
{
	struct cfs_node *file;

	assert_int_equal(open_path(f, path, &file), 0);
	assert_non_null(strstr(read_all(file), part));
	close_file(file);
}

/* The names of a directory in the order that they come, with a space behind each. */
static const char *names_of(struct cfs_dirlist *dirlist)
{
	static char names[1024];
	const char *name;
	struct stat st;

	names[0] = '\0';
	assert_int_equal(cfs_dirlist_fill(dirlist, SIZE_MAX), 0);
	for (size_t i = 0; (name = cfs_dirlist_at(dirlist, i, &st)); i++) {
		assert_true(strlen(names) + strlen(name) + 2 < sizeof(names));
		strcat(strcat(names, name), " ");
	}
	return names;
}

static void assert_names(struct fixture *f, const char *path, const char *names)
{
	struct cfs_node *directory = path[0] ? walk(f, path) : f->top;
	struct user user;

	assert_int_equal(finally(&user, start_opendir(f, &user, directory)), 0);
	assert_string_equal(names_of(user.op.dirlist), names);
	cfs_dirlist_destroy(user.op.dirlist);
	cfs_node_forget(directory, 1);
	assert_null(f->dirlists);
}

static void assert_link(struct fixture *f, const char *path, const char *target)
{
	struct cfs_node *link = walk(f, path);
	char found[CFS_LAYOUT_TARGET_MAX];

	assert_int_equal(cfs_tree_readlink(link, found), 0);
	assert_string_equal(found, target);
	cfs_node_forget(link, 1);
}

/* Nothing is known, open or under way. */
static void assert_all_forgotten(struct fixture *f)
{
	assert_int_equal(cfs_nodes_count(f->nodes), 1);
	assert_int_equal(cfs_nodes_open(f->nodes).snapshots, 0);
	assert_null(f->dirlists);
}

static void every_directory_shows_its_names(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", ALWAYS, listed);
	server_says(f->server, "LIST s ", ALWAYS, "instance x-3 on 1\n");
	fixture_add_cloud(f);
	assert_names(f, "", ". .. index.html stats cloud ");
	assert_names(f, "cloud", ". .. status by-name by-region x-1 x-2 x-3 ");
	assert_names(f, "cloud/by-name", ". .. x-1 x-2 x-3 ");
	assert_names(f, "cloud/by-region", ". .. r s ");
	assert_names(f, "cloud/by-region/r", ". .. x-1 x-2 ");
	assert_names(f, "cloud/by-region/s", ". .. x-3 ");
	assert_names(f, "cloud/x-1", ". .. screen text info.json error wake ");
	assert_names(f, "cloud/x-3", ". .. screen info.json error wake ");
	assert_all_forgotten(f);
}

static void still_shows_the_same_instances_and_holds_their_live_files(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *file;
	struct user user;
	struct stat st;

	server_says(f->server, "LIST r ", ALWAYS, listed);
	server_says(f->server, "LIST s ", ALWAYS, "instance x-3 on 1\n");
	server_says(f->server, "FETCH r x-1 screen", 1, "content a picture\n");
	server_says(f->server, "FETCH r x-1 text", 1, "content some text\n");
	fixture_add_cloud(f);
	assert_names(f, "cloud/.still", ". .. x-1 x-2 x-3 ");
	assert_names(f, "cloud/.still/x-1", ". .. screen text info.json error wake ");
	assert_names(f, "cloud/.still/x-3", ". .. screen info.json error wake ");
	assert_content(f, "cloud/.still/x-1/info.json", "\"id\":\t\"x-1\"");
	/* A lookup fetches nothing, a look does, and the opens are given what it fetched. */
	file = walk(f, "cloud/.still/x-1/screen");
	assert_int_equal(server_count(f->server, "FETCH"), 0);
	assert_int_equal(finally(&user, start_look(f, &user, file)), 0);
	assert_int_equal(cfs_layout_stat(file, &(struct cfs_ownership){0}, &st), 0);
	assert_int_equal(st.st_size, strlen("a picture"));
	assert_int_equal(st.st_mtim.tv_sec, file->snapshot_time.tv_sec);
	cfs_node_forget(file, 1);
	assert_content(f, "cloud/.still/x-1/screen", "a picture");
	assert_content(f, "cloud/.still/x-1/screen", "a picture");
	assert_content(f, "cloud/.still/x-1/text", "some text");
	assert_int_equal(server_count(f->server, "FETCH"), 2);
	/* What is not still is not fetched by a look. */
	file = walk(f, "cloud/x-1/screen");
	assert_int_equal(start_look(f, &user, file), 0);
	assert_int_equal(server_count(f->server, "FETCH"), 2);
	cfs_node_forget(file, 1);
	clock_skip(STILL_TTL_MS);
	run_idle(f->world);
	assert_all_forgotten(f);
}

static void a_look_that_fails_says_why_as_an_open_does(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *file;
	struct user user;

	server_says(f->server, "FETCH", 1, "error 2 NotAllowed you may not\n");
	fixture_add_cloud(f);
	world_put(f->world, "x-1", 3);
	assert_int_equal(open_path(f, "cloud/.still/x-1/screen", &file), -EACCES);
	assert_int_equal(finally(&user, start_look(f, &user, file)), -EACCES);
	assert_int_equal(finally(&user, start_open(f, &user, file)), -EACCES);
	assert_int_equal(file->opens, 0);
	assert_int_equal(server_count(f->server, "FETCH"), 1);
	cfs_node_forget(file, 1);
}

static void a_tree_may_have_no_still(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *directory;

	cfs_nodes_set_still(f->nodes, NULL, false);
	fixture_add_cloud(f);
	directory = walk(f, "cloud");
	assert_int_equal(lookup(f, directory, ".still", &directory), -ENOENT);
	cfs_node_forget(directory, 1);
}

static void a_whole_tree_can_be_still(void **state)
{
	static const char *const paths[] = {"cloud/x-1/screen", "cloud/x-1/info.json", "stats",
		"cloud/status", "cloud/by-name/x-1", "cloud/by-region/r/x-1",
		"cloud/.still/x-1/screen"};
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", ALWAYS, listed);
	server_says(f->server, "LIST s ", ALWAYS, "");
	cfs_nodes_set_still(f->nodes, &f->still, true);
	fixture_add_cloud(f);
	assert_names(f, "cloud", ". .. status by-name by-region x-1 x-2 ");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct cfs_node *node = walk(f, paths[i]);

		assert_ptr_equal(walk(f, paths[i]), node);
		assert_int_equal(cfs_node_is_still(node), node->live != NULL);
		cfs_node_forget(node, 2);
	}
	assert_all_forgotten(f);
}

static void every_file_is_opened_and_read(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", ALWAYS, listed);
	server_says(f->server, "LIST s ", ALWAYS, "");
	server_says(f->server, "FETCH r x-1 screen", 1, "content a picture\n");
	server_says(f->server, "FETCH r x-1 text", 1, "content some text\n");
	fixture_add_cloud(f);
	assert_names(f, "cloud", ". .. status by-name by-region x-1 x-2 ");
	assert_content(f, "cloud/x-1/screen", "a picture");
	assert_content(f, "cloud/x-1/text", "some text");
	assert_content(f, "cloud/x-1/info.json", "\"id\":\t\"x-1\"");
	assert_content(f, "cloud/x-1/error", "");
	assert_content(f, "cloud/x-1/wake", "0\n");
	assert_content(f, "cloud/status", "condition:   working\n");
	assert_content(f, "stats", "");
	assert_all_forgotten(f);
}

static void an_instance_is_found_by_its_id_without_a_list(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "FIND r x-7", 1, "instance x-7 on 3\n");
	server_says(f->server, "FETCH r x-7 screen", 1, "content a picture\n");
	fixture_add_cloud(f);
	assert_content(f, "cloud/x-7/screen", "a picture");
	assert_int_equal(server_count(f->server, "LIST"), 0);
	assert_all_forgotten(f);
}

static void links_lead_to_the_directories_of_instances(void **state)
{
	struct fixture *f = *state;

	server_says(f->server, "LIST r ", ALWAYS, listed);
	server_says(f->server, "LIST s ", ALWAYS, "");
	fixture_add_cloud(f);
	assert_link(f, "cloud/by-name/x-1", "../x-1");
	assert_link(f, "cloud/by-region/r/x-2", "../../x-2");
	world_put_named(f->world, 1, "x-4", "web", 3);
	assert_link(f, "cloud/by-name/web", "../x-4");
	assert_link(f, "cloud/by-region/s/x-4", "../../x-4");
	assert_all_forgotten(f);
}

/* A name that is missed is worth a younger list, once. */
static void a_missed_name_has_the_list_refreshed(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *by_name, *node = NULL;

	server_says(f->server, "LIST r ", 1, listed);
	server_says(f->server, "LIST r ", ALWAYS, "instance x-1 on 3\ninstance x-9 on 3\n");
	server_says(f->server, "LIST s ", ALWAYS, "");
	fixture_add_cloud(f);
	by_name = walk(f, "cloud/by-name");
	assert_int_equal(lookup(f, by_name, "x-1", &node), 0);
	cfs_node_forget(node, 1);
	assert_int_equal(lookup(f, by_name, "x-9", &node), -ENOENT);
	assert_int_equal(server_count(f->server, "LIST r "), 1);
	clock_skip(2 * CFS_CATALOGUE_MISSED_MS);
	assert_int_equal(lookup(f, by_name, "x-9", &node), 0);
	assert_int_equal(server_count(f->server, "LIST r "), 2);
	cfs_node_forget(node, 1);
	assert_int_equal(lookup(f, by_name, "x-2", &node), -ENOENT);
	cfs_node_forget(by_name, 1);
	assert_all_forgotten(f);
}

static void what_is_not_there_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *node = NULL, *cloud, *status = NULL;
	char target[CFS_LAYOUT_TARGET_MAX], name[NAME_MAX + 2];
	struct user user;

	server_says(f->server, "LIST", ALWAYS, "");
	fixture_add_cloud(f);
	cloud = walk(f, "cloud");
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(lookup(f, f->top, "clouds", &node), -ENOENT);
	assert_int_equal(lookup(f, cloud, "x-5", &node), -ENOENT);
	assert_int_equal(lookup(f, cloud, "by-id", &node), -ENOENT);
	assert_int_equal(lookup(f, cloud, name, &node), -ENAMETOOLONG);
	assert_int_equal(lookup(f, cloud, "by-region", &node), 0);
	assert_int_equal(lookup(f, node, "t", &node), -ENOENT);
	cfs_node_forget(node, 1);
	world_put(f->world, "x-1", 3);
	node = walk(f, "cloud/by-region/s");
	assert_int_equal(lookup(f, node, "x-1", &status), -ENOENT);
	cfs_node_forget(node, 1);
	node = walk(f, "cloud/x-1");
	assert_int_equal(lookup(f, node, "nothing", &status), -ENOENT);
	cfs_node_forget(node, 1);
	/* Nor is anything in a file. */
	status = walk(f, "cloud/status");
	assert_int_equal(lookup(f, status, "x", &node), -ENOTDIR);
	assert_int_equal(finally(&user, start_opendir(f, &user, status)), -ENOTDIR);
	assert_int_equal(cfs_tree_readlink(status, target), -EINVAL);
	assert_int_equal(cfs_tree_may_open(cloud, O_RDONLY), -EISDIR);
	cfs_node_forget(status, 1);
	cfs_node_forget(cloud, 1);
	assert_all_forgotten(f);
}

static void only_wake_can_be_written(void **state)
{
	static const int writing[] = {O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC};
	struct fixture *f = *state;
	struct cfs_node *wake, *screen;
	const char *bytes;
	size_t len;

	server_says(f->server, "FETCH", ALWAYS, "content a picture\n");
	fixture_add_cloud(f);
	world_put(f->world, "x-1", 3);
	assert_int_equal(open_path(f, "cloud/x-1/wake", &wake), 0);
	assert_int_equal(open_path(f, "cloud/x-1/screen", &screen), 0);
	for (size_t i = 0; i < sizeof(writing) / sizeof(writing[0]); i++) {
		assert_int_equal(cfs_tree_may_open(wake, writing[i]), 0);
		assert_int_equal(cfs_tree_may_open(screen, writing[i]), -EPERM);
	}
	assert_true(cfs_tree_is_writable(wake));
	assert_false(cfs_tree_is_writable(screen));
	assert_int_equal(cfs_tree_write(screen, "1", 1), -EPERM);
	assert_int_equal(cfs_tree_write(f->top, "1", 1), -EPERM);
	/* It is read as it is now, from its beginning. */
	assert_string_equal(read_all(wake), "0\n");
	assert_int_equal(cfs_tree_write(wake, "1\n", 2), 0);
	assert_int_equal(cfs_tree_read(wake, 1, 10, &bytes, &len), 0);
	assert_int_equal(len, 1);
	assert_string_equal(read_all(wake), "1\n");
	close_file(wake);
	close_file(screen);
}

static void reads_are_cut_to_what_there_is(void **state)
{
	static const struct {
		uint64_t offset;
		size_t size;
		const char *bytes;
	} table[] = {
		{0, 3, "abc"},
		{0, 100, "abcdef"},
		{4, 2, "ef"},
		{4, 100, "ef"},
		{5, 0, ""},
		{6, 100, ""},
		{7, 100, ""},
		{UINT64_MAX, SIZE_MAX, ""},
	};
	struct fixture *f = *state;
	struct cfs_node *file;
	const char *bytes;
	size_t len;

	server_says(f->server, "FETCH", ALWAYS, "content abcdef\n");
	fixture_add_cloud(f);
	world_put(f->world, "x-1", 3);
	assert_int_equal(open_path(f, "cloud/x-1/screen", &file), 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(
			cfs_tree_read(file, table[i].offset, table[i].size, &bytes, &len), 0);
		assert_int_equal(len, strlen(table[i].bytes));
		if (len > 0)
			assert_memory_equal(bytes, table[i].bytes, len);
	}
	cfs_node_released(file);
	assert_int_equal(cfs_tree_read(file, 0, 1, &bytes, &len), -EBADF);
	cfs_node_forget(file, 1);
}

static void a_cloud_that_refuses_says_so_everywhere(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *cloud, *node, *file;
	struct user user;

	server_fails(f->server, "LIST", ALWAYS, 403);
	server_fails(f->server, "FIND", ALWAYS, 403);
	server_fails(f->server, "FETCH", ALWAYS, 403);
	fixture_add_cloud(f);
	cloud = walk(f, "cloud");
	assert_int_equal(finally(&user, start_opendir(f, &user, cloud)), -EACCES);
	assert_null(user.op.dirlist);
	node = walk(f, "cloud/by-name");
	assert_int_equal(finally(&user, start_opendir(f, &user, node)), -EACCES);
	assert_int_equal(finally(&user, start_lookup(f, &user, node, "x-1")), -EACCES);
	cfs_node_forget(node, 1);
	/* An id may be a guess that is right. */
	assert_int_equal(open_path(f, "cloud/x-1/screen", &file), -EACCES);
	assert_int_equal(file->opens, 0);
	assert_content(f, "cloud/x-1/error", "EACCES");
	assert_content(f, "cloud/status", "condition:   not working\n");
	cfs_node_forget(file, 1);
	cfs_node_forget(cloud, 1);
	assert_all_forgotten(f);
}

static void opens_of_one_node_share_a_fetch(void **state)
{
	struct fixture *f = *state;
	struct user users[3], late;
	struct cfs_node *file;

	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	world_put(f->world, "x-1", 3);
	file = walk(f, "cloud/x-1/screen");
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(start_open(f, &users[i], file), -EINPROGRESS);
	run_until_asked(f->world, 1);
	/* One of them gives up, which the others do not notice. */
	cfs_tree_cancel(&users[1].op);
	server_release(f->server, 200, "content a picture\n");
	run_until(f->world, &users[0].told, 1);
	run_until(f->world, &users[2].told, 1);
	assert_int_equal(users[0].result, 0);
	assert_int_equal(users[2].result, 0);
	assert_int_equal(users[1].told, 0);
	assert_int_equal(f->server->n_log, 1);
	assert_int_equal(file->opens, 2);
	/* One that comes later joins them, at once. */
	assert_int_equal(start_open(f, &late, file), 0);
	cfs_node_released(file);
	cfs_node_released(file);
	assert_string_equal(read_all(file), "a picture");
	close_file(file);
	assert_all_forgotten(f);
}

/* Each end of an open tells one user, who ends the open of another in that moment. */
static void an_open_may_be_cancelled_by_whoever_is_told_before_it(void **state)
{
	static const int statuses[] = {200, 403};
	struct fixture *f = *state;
	struct user users[2];
	struct cfs_node *file;

	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	world_put(f->world, "x-1", 3);
	for (size_t i = 0; i < 2; i++) {
		file = walk(f, "cloud/x-1/screen");
		assert_int_equal(start_open(f, &users[0], file), -EINPROGRESS);
		assert_int_equal(start_open(f, &users[1], file), -EINPROGRESS);
		users[0].cancels = &users[1];
		users[1].cancels = &users[0];
		run_until_asked(f->world, (unsigned)i + 1);
		server_release(f->server, statuses[i], "content a picture\n");
		while (users[0].told + users[1].told == 0)
			assert_int_equal(cfs_loop_run(f->world->loop), 0);
		run_idle(f->world);
		assert_int_equal(users[0].told + users[1].told, 1);
		assert_int_equal(file->opens, statuses[i] == 200);
		if (file->opens)
			cfs_node_released(file);
		cfs_node_forget(file, 1);
	}
	assert_all_forgotten(f);
}

/* It is a fetch of its own then. */
static void an_open_that_failed_may_be_tried_again_at_once(void **state)
{
	struct fixture *f = *state;
	struct user users[2], again = {.f = f, .op.done = told};
	struct cfs_node *file;

	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	world_put(f->world, "x-1", 3);
	file = walk(f, "cloud/x-1/screen");
	assert_int_equal(start_open(f, &users[0], file), -EINPROGRESS);
	assert_int_equal(start_open(f, &users[1], file), -EINPROGRESS);
	/* The one that is told first. */
	users[1].opens = &again;
	run_until_asked(f->world, 1);
	server_release(f->server, 403, "");
	run_until(f->world, &users[0].told, 1);
	run_until(f->world, &users[1].told, 1);
	assert_int_equal(users[0].result, -EACCES);
	assert_int_equal(users[1].result, -EACCES);
	assert_int_equal(again.result, -EINPROGRESS);
	assert_int_equal(file->opens, 1);
	run_until_asked(f->world, 2);
	server_release(f->server, 200, "content a picture\n");
	run_until(f->world, &again.told, 1);
	assert_int_equal(again.result, 0);
	assert_string_equal(read_all(file), "a picture");
	close_file(file);
	assert_all_forgotten(f);
}

static void fill_cloud(struct fixture *f)
{
	char id[16];

	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "x-%d", i);
		world_put(f->world, id, 3);
	}
}

static void a_large_page_is_made_once_for_all_who_open_it(void **state)
{
	struct fixture *f = *state;
	struct user users[3];
	struct cfs_node *file;
	const char *bytes;
	size_t len;

	fixture_add_cloud(f);
	fill_cloud(f);
	file = walk(f, "index.html");
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(start_open(f, &users[i], file), -EINPROGRESS);
	cfs_tree_cancel(&users[0].op);
	run_until(f->world, &users[1].told, 1);
	run_until(f->world, &users[2].told, 1);
	assert_int_equal(users[0].told, 0);
	assert_int_equal(users[1].result, 0);
	assert_int_equal(users[2].result, 0);
	assert_int_equal(file->opens, 2);
	assert_null(file->generate);
	assert_true(file->snapshot.len > 500 * MANY);
	assert_int_equal(cfs_tree_read(file, 0, 15, &bytes, &len), 0);
	assert_memory_equal(bytes, "<!DOCTYPE html>", 15);
	cfs_node_released(file);
	close_file(file);
	assert_all_forgotten(f);
}

static void a_small_page_is_made_at_once(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *file;
	struct user user;

	fixture_add_cloud(f);
	file = walk(f, "index.html");
	assert_int_equal(start_open(f, &user, file), 0);
	close_file(file);
	assert_all_forgotten(f);
}

static void a_page_that_nobody_waits_for_is_not_made(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *file;
	struct user user;

	fixture_add_cloud(f);
	fill_cloud(f);
	file = walk(f, "index.html");
	assert_int_equal(start_open(f, &user, file), -EINPROGRESS);
	run_idle(f->world);
	cfs_tree_cancel(&user.op);
	assert_null(file->generate);
	assert_int_equal(file->opens, 0);
	/* And can be made again. */
	assert_int_equal(finally(&user, start_open(f, &user, file)), 0);
	close_file(file);
	assert_all_forgotten(f);
}

/* Cancel */

enum kind { LOOKUP, OPENDIR, LOOK, OPEN };

static int start_kind(struct fixture *f, struct user *user, enum kind kind, struct cfs_node *node,
	const char *name)
{
	return kind == LOOKUP     ? start_lookup(f, user, node, name)
		: kind == OPENDIR ? start_opendir(f, user, node)
		: kind == LOOK    ? start_look(f, user, node)
				  : start_open(f, user, node);
}

/* An operation that waits is cancelled, before and after its request was sent. Nobody is told, also
 * when the answer comes. */
static void check_cancel(struct fixture *f, enum kind kind, struct cfs_node *node, const char *name)
{
	unsigned asked = f->server->n_log;
	struct user user;

	assert_int_equal(start_kind(f, &user, kind, node, name), -EINPROGRESS);
	cfs_tree_cancel(&user.op);
	cfs_tree_cancel(&user.op);
	run_idle(f->world);
	assert_int_equal(start_kind(f, &user, kind, node, name), -EINPROGRESS);
	run_until_asked(f->world, asked + 1);
	run_idle(f->world);
	cfs_tree_cancel(&user.op);
	assert_int_equal(node->opens, 0);
	server_release(f->server, 200, "");
	run_idle(f->world);
	cfs_tree_cancel(&user.op);
	assert_int_equal(user.told, 0);
	assert_null(user.op.found);
	assert_null(user.op.dirlist);
	cfs_node_forget(node, 1);
	assert_all_forgotten(f);
}

static void a_lookup_of_an_instance_can_be_cancelled(void **state)
{
	struct fixture *f = *state;

	server_does(f->server, "FIND", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	check_cancel(f, LOOKUP, walk(f, "cloud"), "x-1");
}

static void a_lookup_of_a_region_link_can_be_cancelled(void **state)
{
	struct fixture *f = *state;

	server_does(f->server, "FIND", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	check_cancel(f, LOOKUP, walk(f, "cloud/by-region/r"), "x-1");
}

static void a_lookup_of_a_name_can_be_cancelled(void **state)
{
	struct fixture *f = *state;

	server_does(f->server, "LIST", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	check_cancel(f, LOOKUP, walk(f, "cloud/by-name"), "web");
}

/* While it waits for a younger list. */
static void a_lookup_of_a_missed_name_can_be_cancelled(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *by_name, *node;

	server_says(f->server, "LIST", 2, "");
	server_does(f->server, "LIST", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	by_name = walk(f, "cloud/by-name");
	assert_int_equal(lookup(f, by_name, "web", &node), -ENOENT);
	clock_skip(2 * CFS_CATALOGUE_MISSED_MS);
	check_cancel(f, LOOKUP, by_name, "web");
}

static void use_all_regions(struct fixture *f)
{
	for (size_t i = 0; i < f->world->config.n_regions; i++)
		free(f->world->config.regions[i]);
	f->world->config.n_regions = 0;
	f->world->config.all_regions = true;
}

static void a_lookup_of_a_region_can_be_cancelled(void **state)
{
	struct fixture *f = *state;

	use_all_regions(f);
	server_does(f->server, "REGIONS", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	check_cancel(f, LOOKUP, walk(f, "cloud/by-region"), "r");
}

static void an_opendir_of_a_cloud_can_be_cancelled(void **state)
{
	struct fixture *f = *state;

	server_does(f->server, "LIST", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	check_cancel(f, OPENDIR, walk(f, "cloud"), NULL);
}

static void an_opendir_of_by_name_can_be_cancelled(void **state)
{
	struct fixture *f = *state;

	server_does(f->server, "LIST", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	check_cancel(f, OPENDIR, walk(f, "cloud/by-name"), NULL);
}

static void an_opendir_of_by_region_can_be_cancelled(void **state)
{
	struct fixture *f = *state;

	use_all_regions(f);
	server_does(f->server, "REGIONS", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	check_cancel(f, OPENDIR, walk(f, "cloud/by-region"), NULL);
}

static void an_opendir_of_a_region_can_be_cancelled(void **state)
{
	struct fixture *f = *state;

	server_does(f->server, "LIST", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	check_cancel(f, OPENDIR, walk(f, "cloud/by-region/r"), NULL);
}

static void an_open_of_a_live_file_can_be_cancelled(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *file;

	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	world_put(f->world, "x-1", 3);
	file = walk(f, "cloud/x-1/screen");
	check_cancel(f, OPEN, file, NULL);
	/* The call ended with it. */
	assert_int_equal(f->world->readers, 0);
}

static void a_look_at_a_still_file_can_be_cancelled(void **state)
{
	struct fixture *f = *state;

	server_does(f->server, "FETCH", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	world_put(f->world, "x-1", 3);
	check_cancel(f, LOOK, walk(f, "cloud/.still/x-1/screen"), NULL);
	check_cancel(f, OPEN, walk(f, "cloud/.still/x-1/screen"), NULL);
	assert_int_equal(f->world->readers, 0);
}

/* Of several that wait for the same, the others are told. */
static void a_cancelled_lookup_does_not_end_others(void **state)
{
	struct fixture *f = *state;
	struct user users[3];
	struct cfs_node *cloud;

	server_does(f->server, "FIND", ALWAYS, SERVER_HOLDS);
	fixture_add_cloud(f);
	cloud = walk(f, "cloud");
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(start_lookup(f, &users[i], cloud, "x-1"), -EINPROGRESS);
	run_until_asked(f->world, 2);
	cfs_tree_cancel(&users[1].op);
	server_release(f->server, 200, "instance x-1 on 3\n");
	for (size_t i = 0; i < 3; i += 2) {
		run_until(f->world, &users[i].told, 1);
		assert_int_equal(users[i].result, 0);
		assert_string_equal(users[i].op.found->entry->id, "x-1");
	}
	assert_ptr_equal(users[0].op.found, users[2].op.found);
	assert_int_equal(users[0].op.found->lookups, 2);
	assert_int_equal(users[1].told, 0);
	cfs_node_forget(users[0].op.found, 2);
	cfs_node_forget(cloud, 1);
	assert_all_forgotten(f);
}

static void what_was_never_started_can_be_cancelled(void **state)
{
	struct fixture *f = *state;
	struct cfs_tree_op op = {0};
	struct user user;

	fixture_add_cloud(f);
	cfs_tree_cancel(&op);
	/* Nor has one that ended at once anything to cancel. */
	assert_int_equal(start_lookup(f, &user, f->top, "cloud"), 0);
	cfs_tree_cancel(&user.op);
	cfs_node_forget(user.op.found, 1);
	assert_all_forgotten(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_directory_shows_its_names),
		TEST(still_shows_the_same_instances_and_holds_their_live_files),
		TEST(a_look_that_fails_says_why_as_an_open_does),
		TEST(a_tree_may_have_no_still),
		TEST(a_whole_tree_can_be_still),
		TEST(every_file_is_opened_and_read),
		TEST(an_instance_is_found_by_its_id_without_a_list),
		TEST(links_lead_to_the_directories_of_instances),
		TEST(a_missed_name_has_the_list_refreshed),
		TEST(what_is_not_there_is_not_found),
		TEST(only_wake_can_be_written),
		TEST(reads_are_cut_to_what_there_is),
		TEST(a_cloud_that_refuses_says_so_everywhere),
		TEST(opens_of_one_node_share_a_fetch),
		TEST(an_open_may_be_cancelled_by_whoever_is_told_before_it),
		TEST(an_open_that_failed_may_be_tried_again_at_once),
		TEST(a_large_page_is_made_once_for_all_who_open_it),
		TEST(a_small_page_is_made_at_once),
		TEST(a_page_that_nobody_waits_for_is_not_made),
		TEST(a_lookup_of_an_instance_can_be_cancelled),
		TEST(a_lookup_of_a_region_link_can_be_cancelled),
		TEST(a_lookup_of_a_name_can_be_cancelled),
		TEST(a_lookup_of_a_missed_name_can_be_cancelled),
		TEST(a_lookup_of_a_region_can_be_cancelled),
		TEST(an_opendir_of_a_cloud_can_be_cancelled),
		TEST(an_opendir_of_by_name_can_be_cancelled),
		TEST(an_opendir_of_by_region_can_be_cancelled),
		TEST(an_opendir_of_a_region_can_be_cancelled),
		TEST(an_open_of_a_live_file_can_be_cancelled),
		TEST(a_look_at_a_still_file_can_be_cancelled),
		TEST(a_cancelled_lookup_does_not_end_others),
		TEST(what_was_never_started_can_be_cancelled),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
