/* SPDX-License-Identifier: MIT */
/*
 * The list of mounts, in which any user may have put what names a file can have. Records: the first
 * is where we are mounted, without what a path cannot hold; each of the others is a mount, of a
 * byte that says its device and options, and its mount point, as the kernel writes it; or, after an
 * 'r', a line as it is. Beside it runs a model of who is on top, and of what each mount has.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/fuse/mountinfo.h"
#include "tests/fuzz/fuzz.h"

#define LIST_MAX (1024 * 1024)

#define TYPE "fuse.x"
#define USER 1000

/* Of a device: what its mounts have. */
#define NOSUID 1
#define NODEV 2
#define ALLOW_OTHER 4
#define DEFAULT_PERMISSIONS 8
#define USERS 16

struct world {
	char *mountpoint;
	size_t n;        /* mounts that the model knows */
	bool there[256]; /* by device */
	bool misleads;   /* a source has an option's name */
	struct cfs_buf list;
	bool raw;                              /* with lines that the model does not know */
	char device[CFS_MOUNTINFO_DEVICE_MAX]; /* of the last mount there, "": none */
};

/* As the kernel's mangle() in fs/proc_namespace.c. */
static void add_path(struct cfs_buf *list, const char *path)
{
	for (; *path; path++) {
		MUST((strchr(" \t\n\\#", *path) ? cfs_buf_addf(list, "\\%03o", (unsigned char)*path)
						: cfs_buf_addc(list, *path)) == 0);
	}
}

static void add_mount(struct world *world, struct fuzz_input record)
{
	unsigned device = fuzz_byte(&record);
	char *path;

	if (device == 'r') {
		world->raw = true;
		MUST(cfs_buf_add(&world->list, record.at, record.left) == 0);
		return;
	}
	path = fuzz_text(&record);
	MUST(cfs_buf_addf(&world->list, "%u 22 0:%u / ", 100 + device, device) == 0);
	add_path(&world->list, path);
	MUST(cfs_buf_addf(&world->list, " rw%s%s shared:1 - " TYPE " ",
		     device & NOSUID ? ",nosuid" : "", device & NODEV ? ",nodev" : "") == 0);
	add_path(&world->list, path);
	MUST(cfs_buf_addf(&world->list, " rw,user_id=%d%s%s\n", device & USERS ? USER : USER * 10,
		     device & DEFAULT_PERMISSIONS ? ",default_permissions" : "",
		     device & ALLOW_OTHER ? ",allow_other" : "") == 0);
	world->n++;
	world->there[device] = true;
	world->misleads = world->misleads || strstr(path, "nosuid") || strstr(path, "nodev") ||
		strstr(path, "allow_other") || strstr(path, "default_permissions");
	if (strcmp(path, world->mountpoint) == 0)
		snprintf(world->device, sizeof(world->device), "0:%u", device);
	free(path);
}

static FILE *begin(const struct world *world)
{
	FILE *file = fmemopen(world->list.data, world->list.len, "r");

	MUST(file);
	return file;
}

static void check(const struct world *world)
{
	char device[CFS_MOUNTINFO_DEVICE_MAX];
	FILE *file = begin(world);
	int r;

	memset(device, 0xa5, sizeof(device));
	r = cfs_mountinfo_find(file, world->mountpoint, device);
	fclose(file);
	MUST(r == 0 || r == -ENOENT);
	if (!world->raw)
		MUST_OF(r == (world->device[0] ? 0 : -ENOENT), world->mountpoint);
	if (r < 0)
		return;
	MUST(memchr(device, '\0', sizeof(device)));
	if (!world->raw)
		MUST_OF(strcmp(device, world->device) == 0, device);
	/* What was found there is there. */
	file = begin(world);
	MUST_OF(cfs_mountinfo_has(file, device) == 1, device);
	fclose(file);
}

static void check_only(const struct world *world)
{
	char device[CFS_MOUNTINFO_DEVICE_MAX];
	FILE *file = begin(world);
	int r;

	memset(device, 0xa5, sizeof(device));
	r = cfs_mountinfo_find_only(file, TYPE, device);
	fclose(file);
	MUST(r == 0 || r == -ENOENT);
	if (!world->raw)
		MUST(r == (world->n == 1 ? 0 : -ENOENT));
	if (r == 0)
		MUST(memchr(device, '\0', sizeof(device)));
	else
		MUST((unsigned char)device[0] == 0xa5);
}

static const char *lacks(unsigned device)
{
	return device & ALLOW_OTHER && !(device & DEFAULT_PERMISSIONS) ? "default_permissions"
		: !(device & NOSUID)                                   ? "nosuid"
		: !(device & NODEV)                                    ? "nodev"
								       : NULL;
}

static void check_device(const struct world *world, unsigned device)
{
	const char *missing = "untouched", *expected = lacks(device);
	char name[CFS_MOUNTINFO_DEVICE_MAX];
	FILE *file = begin(world);
	bool is;
	int r;

	snprintf(name, sizeof(name), "0:%u", device);
	r = cfs_mountinfo_check(file, name, &missing);
	rewind(file);
	is = cfs_mountinfo_is_of(file, 100 + (int)device, TYPE, USER);
	fclose(file);
	MUST(r == 0 || r == -ENOENT);
	MUST(r == 0 || strcmp(missing, "untouched") == 0);
	if (world->raw)
		return;
	MUST(r == (world->there[device] ? 0 : -ENOENT));
	MUST(is == (world->there[device] && device & USERS));
	if (r == 0 && !world->misleads)
		MUST(expected ? missing && strcmp(missing, expected) == 0 : !missing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size), record = {0};
	struct world world = {.list = CFS_BUF_INIT(LIST_MAX)};
	FILE *file;

	fuzz_next(&input, FUZZ_SEPARATOR, &record);
	world.mountpoint = fuzz_text(&record);
	while (fuzz_next(&input, FUZZ_SEPARATOR, &record))
		add_mount(&world, record);
	if (world.list.len > 0) {
		check(&world);
		check_only(&world);
		for (unsigned device = 0; device < 256; device += data[0] % 16 + 1)
			check_device(&world, device);
		file = begin(&world);
		if (!world.raw)
			MUST(cfs_mountinfo_has(file, "0:256") == 0);
		fclose(file);
	}
	cfs_buf_finish(&world.list);
	free(world.mountpoint);
	return 0;
}
