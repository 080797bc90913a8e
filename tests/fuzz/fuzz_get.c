/* SPDX-License-Identifier: MIT */
/*
 * Paths and patterns of `consolefs --get` and `--list` (fs/get/item.h), on their way through a tree
 * whose names are a stranger's, against answers of a script (see wire.h); and where the files are put
 * (fs/get/output.h). The first byte is the cloud (E, C), the second what is to be done: its bits are
 * named below. Records:
 *
 *     N NAME    there is an instance of that name, and with the next ID
 *     P PATH    get or list that path
 *     O PATH    put a file at that path, unless it has a part ".."
 *     T N       so many seconds pass
 *     X         give up the oldest that is under way
 *
 * The others are answers. Whatever they are, every item ends, once; nothing stays open; what is put
 * below a directory is below it, where its path says, and nothing comes to stand beside it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/aws/aws.h"
#include "backends/tencent/tencent.h"
#include "fs/get/item.h"
#include "fs/get/output.h"
#include "fs/node/still.h"
#include "tests/fuzz/wire.h"

#define LISTS 1       /* directories, and gets no file */
#define WAKES 2       /* displays */
#define LINKED 4      /* the cloud's directory is a symbolic link to one elsewhere */
#define LINKED_FILE 8 /* likewise the file "info.json" at the top, where the output goes */

#define ITEMS_MAX 48 /* that are made of one path */
#define PATHS_MAX 8
#define INSTANCES_MAX 8
#define LEVELS_MAX 16 /* of what is put: more than the tree has */
#define MODIFIED 1715000000

struct world {
	struct fuzz_wire wire;
	struct cfs_current_caller caller;
	struct cfs_mount_config config;
	struct cfs_still still;
	struct cfs_item_env env;
	struct cfs_item *items[PATHS_MAX * ITEMS_MAX];
	size_t n_items, n_paths, n_instances, told, under_way;
	int directory;
};

/* Two directories beside each other, for all runs: files go into one, and never into the other. */
static char top[] = "/tmp/fuzz_get.XXXXXX";
static char inside[64], outside[64];
static bool used; /* something was put there since they were made */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void clean(const char *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void clean_all(void)
{
	clean(top);
}

static void make_both(void)
{
	char path[80];
	int fd;

	MUST(mkdir(inside, 0700) == 0 && mkdir(outside, 0700) == 0);
	snprintf(path, sizeof(path), "%s/file", outside);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	MUST(fd >= 0);
	close(fd);
	used = false;
}

static void make_directories(void)
{
	if (!inside[0]) {
		MUST(mkdtemp(top));
		snprintf(inside, sizeof(inside), "%s/inside", top);
		snprintf(outside, sizeof(outside), "%s/outside", top);
		atexit(clean_all);
		make_both();
	}
	if (!used)
		return;
	clean(inside);
	clean(outside);
	make_both();
}

static size_t count_names(const char *path)
{
	DIR *directory = opendir(path);
	size_t n = 0;

	MUST(directory);
	while (readdir(directory))
		n++;
	closedir(directory);
	return n - 2;
}

static void told(void *arg)
{
	struct world *world = arg;

	world->told++;
}

static bool is_under_way(void *arg)
{
	const struct world *world = arg;

	for (size_t i = 0; i < world->n_items; i++) {
		if (world->items[i]->state == CFS_ITEM_UNDER_WAY)
			return true;
	}
	return false;
}

static void put_instance(struct world *world, struct fuzz_input name)
{
	struct cfs_instance_builder builder;
	struct cfs_instance *instance = NULL;
	const char *id;

	if (world->n_instances == INSTANCES_MAX)
		return;
	id = fuzz_wire_id(&world->wire, 0, (unsigned)world->n_instances++);
	cfs_instance_builder_init(&builder);
	MUST(cfs_instance_builder_set(&builder, CFS_FIELD_ID, id, strlen(id)) == 0);
	MUST(cfs_instance_builder_set(&builder, CFS_FIELD_NAME, name.at, name.left) == 0);
	MUST(cfs_instance_builder_build(&builder, CFS_POWER_ON, 3, &instance) == 0);
	cfs_instance_builder_finish(&builder);
	MUST(cfs_store_put(&world->wire.cloud->catalogue->store, 0, instance) == 0);
}

/* A path that can be put below a directory: each of its parts is a name. */
static void check_path(const char *path)
{
	for (const char *part = path; *part; part += strspn(part, "/")) {
		size_t len = strcspn(part, "/");

		MUST_OF(len > 0 && len <= NAME_MAX, path);
		MUST_OF(!(len == 1 && part[0] == '.'), path);
		MUST_OF(!(len == 2 && part[0] == '.' && part[1] == '.'), path);
		part += len;
		MUST_OF(part[0] != '/' || (part[1] != '/' && part[1] != '\0'), path);
	}
}

static void check_put(struct world *world, const char *path, const char *bytes, size_t len)
{
	int fd = openat(world->directory, path, O_RDONLY | O_NOFOLLOW);
	struct stat st;
	char *found;

	MUST_OF(fd >= 0 && fstat(fd, &st) == 0, path);
	MUST(S_ISREG(st.st_mode) && (size_t)st.st_size == len && st.st_nlink == 1);
	MUST((st.st_mode & 07777) == 0644);
	found = malloc(len ? len : 1);
	MUST(found && read(fd, found, len) == (ssize_t)len);
	MUST(len == 0 || memcmp(found, bytes, len) == 0);
	free(found);
	close(fd);
}

static int put(struct world *world, const char *path, const char *bytes, size_t len)
{
	static const struct timespec modified = {.tv_sec = MODIFIED};
	int r = cfs_output_put(world->directory, path, 022, &modified, bytes, len);

	used = true;
	MUST(r <= 0);
	if (r == 0)
		check_put(world, path, bytes, len);
	/* Through no link, and in no other way. */
	MUST_OF(count_names(outside) == 1 && count_names(top) == 2, path);
	return r;
}

static void put_at(struct world *world, const struct fuzz_input *input)
{
	char *path = fuzz_text(input);
	size_t levels = 0;
	bool climbs = false;

	for (const char *part = path; *part; part += strspn(part, "/"), levels++) {
		size_t len = strcspn(part, "/");

		climbs = climbs || (len == 2 && memcmp(part, "..", 2) == 0);
		part += len;
	}
	if (!climbs && levels <= LEVELS_MAX)
		put(world, path, path, strlen(path));
	free(path);
}

/* What an item that has ended came to. */
static void check_item(struct world *world, struct cfs_item *item)
{
	const char *bytes;
	size_t len;

	MUST(item->state == CFS_ITEM_ENDED && item->result <= 0);
	MUST(item->found || !item->opened);
	if (!item->found)
		return;
	MUST(item->result == 0);
	check_path(item->path);
	if (!item->opened) {
		MUST(world->env.list);
		return;
	}
	MUST(!world->env.list && item->node->kind == CFS_NODE_FILE);
	if (cfs_tree_read(item->node, 0, SIZE_MAX, &bytes, &len) == 0)
		put(world, item->path, bytes, len);
}

static void add(struct world *world, struct cfs_item *item)
{
	MUST(item && item->state == CFS_ITEM_NEW);
	world->items[world->n_items++] = item;
	cfs_item_start(item);
	if (item->state == CFS_ITEM_UNDER_WAY)
		world->under_way++;
}

static void add_path(struct world *world, const struct fuzz_input *input)
{
	char *path;

	if (world->n_paths++ >= PATHS_MAX)
		return;
	path = fuzz_text(input);
	add(world, cfs_item_create(&world->env, path));
	free(path);
}

/* The names of a source are those that its directory shows. */
static void expand(struct world *world, struct cfs_item *source)
{
	struct cfs_item *item;

	while (world->n_items < PATHS_MAX * ITEMS_MAX - PATHS_MAX &&
		(item = cfs_item_next(source))) {
		MUST(item->pattern == source->pattern);
		MUST_OF(strlen(item->path) <= strlen(source->path) + NAME_MAX, item->path);
		check_path(item->path);
		add(world, item);
	}
}

static void give_up_oldest(struct world *world)
{
	for (size_t i = 0; i < world->n_items; i++) {
		struct cfs_item *item = world->items[i];

		if (item->state != CFS_ITEM_UNDER_WAY)
			continue;
		cfs_item_destroy(item);
		memmove(&world->items[i], &world->items[i + 1],
			(--world->n_items - i) * sizeof(world->items[0]));
		world->under_way--;
		return;
	}
}

static void settle(struct world *world)
{
	size_t done = 0;

	/* Sources make further items, which may be sources. */
	while (done < world->n_items) {
		fuzz_wire_run(&world->wire, is_under_way, world);
		for (; done < world->n_items; done++) {
			struct cfs_item *item = world->items[done];

			if (item->state == CFS_ITEM_UNDER_WAY)
				break;
			if (item->state == CFS_ITEM_SOURCE)
				expand(world, item);
			if (item->state == CFS_ITEM_ENDED)
				check_item(world, item);
		}
	}
	/* Once for each that was under way. */
	MUST(world->told == world->under_way);
}

static struct world *begin(const struct cfs_backend *backend, unsigned how)
{
	struct world *world = calloc(1, sizeof(*world));

	MUST(world);
	fuzz_wire_init(&world->wire, backend, 1, true, 0.5);
	world->wire.runtime.current_caller = &world->caller;
	world->config = (struct cfs_mount_config){.still_ttl_ms = 60000, .still_max = UINT64_MAX};
	world->env = (struct cfs_item_env){
		.list = how & LISTS, .wake = how & WAKES, .ended = told, .arg = world};
	MUST(cfs_nodes_create(&world->env.nodes) == 0);
	cfs_nodes_set_clouds(world->env.nodes, &world->wire.clouds);
	cfs_still_init(&world->still, world->wire.loop, &world->config);
	cfs_nodes_set_still(world->env.nodes, &world->still, false);
	make_directories();
	world->directory = open(inside, O_PATH | O_DIRECTORY | O_CLOEXEC);
	MUST(world->directory >= 0);
	used = used || how & (LINKED | LINKED_FILE);
	if (how & LINKED)
		MUST(symlinkat("../outside", world->directory, "cloud") == 0);
	if (how & LINKED_FILE)
		MUST(symlinkat("../outside/file", world->directory, "info.json") == 0);
	return world;
}

static void end(struct world *world)
{
	struct stat st;
	char path[128];

	for (size_t i = 0; i < world->n_items; i++)
		cfs_item_destroy(world->items[i]);
	MUST(!world->env.dirlists);
	cfs_still_finish(&world->still);
	MUST(world->still.bytes == 0);
	MUST(cfs_nodes_count(world->env.nodes) == 1);
	MUST(cfs_nodes_open(world->env.nodes).snapshots == 0);
	cfs_nodes_destroy(world->env.nodes);
	snprintf(path, sizeof(path), "%s/file", outside);
	MUST(stat(path, &st) == 0 && st.st_size == 0);
	close(world->directory);
	fuzz_wire_finish(&world->wire);
	free(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size), rest, record;
	const struct cfs_backend *backend =
		fuzz_byte(&input) == 'C' ? &cfs_tencent_backend : &cfs_aws_backend;
	struct world *world = begin(backend, fuzz_byte(&input));

	rest = input;
	while (fuzz_next(&rest, FUZZ_SEPARATOR, &record)) {
		if (record.left > 0 && strchr("lsfh", record.at[0]))
			fuzz_wire_add(&world->wire, record);
		else if (fuzz_byte(&record) == 'N')
			put_instance(world, record);
	}
	while (fuzz_next(&input, FUZZ_SEPARATOR, &record)) {
		unsigned what = fuzz_byte(&record);

		if (what == 'P')
			add_path(world, &record);
		else if (what == 'O')
			put_at(world, &record);
		else if (what == 'T')
			fuzz_wire_pass(&world->wire, (int64_t)fuzz_byte(&record) * 1000);
		else if (what == 'X')
			give_up_oldest(world);
	}
	settle(world);
	end(world);
	return 0;
}
