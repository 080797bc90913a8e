/* SPDX-License-Identifier: MIT */
/*
 * by-name/ of instances that come, go and are renamed. The input's parts, which NULs separate, are
 * names, behind a byte that says whose: one of sixteen, whose ids count up, so that a name may hold
 * another's. A name that begins with a line feed takes its instance away.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/aws.h"
#include "fs/catalogue/by_name.h"
#include "fs/catalogue/catalogue.h"
#include "tests/fuzz/fleet.h"

#define INSTANCES_MAX 16
#define CHANGES_MAX 48

struct walk {
	struct fuzz_fleet *fleet;
	char names[INSTANCES_MAX][CFS_BY_NAME_MAX + 1];
	size_t n;
};

static void check_name(const char *name)
{
	MUST(strlen(name) <= CFS_BY_NAME_MAX);
	MUST_OF(fuzz_is_printable(name), name);
	MUST_OF(!strchr(name, '/'), name);
	MUST_OF(name[0] == '\0' || !strchr("-+.", name[0]), name);
}

static bool ends_in(const char *name, const char *id)
{
	size_t len = strlen(name), tail = strlen(id);

	return len >= tail && strcmp(name + len - tail, id) == 0 &&
		(len == tail || name[len - tail - 1] == '-');
}

struct claim {
	const char *name;
	const struct cfs_entry *entry;
	size_t same; /* other instances of the same clean name */
};

static int compare_claim(void *arg, const struct cfs_entry *other)
{
	struct claim *claim = arg;
	char mine[CFS_BY_NAME_MAX + 1], theirs[CFS_BY_NAME_MAX + 1];

	if (other == claim->entry)
		return 0;
	/* Nobody passes for another by his name. */
	MUST_OF(!ends_in(claim->name, other->id), claim->name);
	cfs_by_name_clean(mine, cfs_instance_field(claim->entry->instance, CFS_FIELD_NAME));
	cfs_by_name_clean(theirs, cfs_instance_field(other->instance, CFS_FIELD_NAME));
	claim->same += strcmp(mine, theirs) == 0;
	return 0;
}

static void each(const struct fuzz_fleet *fleet,
	int (*fn)(void *arg, const struct cfs_entry *entry), void *arg)
{
	for (const struct cfs_entry *entry = fleet->cloud.catalogue->store.entries.first; entry;
		entry = entry->next)
		MUST(fn(arg, entry) == 0);
}

static int step(void *arg, const struct cfs_entry *entry)
{
	char own[CFS_BY_NAME_MAX + 1], name[CFS_BY_NAME_MAX + 1];
	struct claim claim = {.name = name, .entry = entry};
	struct walk *walk = arg;
	struct cfs_entry *found = NULL;

	memset(name, 0xa5, sizeof(name));
	cfs_by_name_of(entry, name);
	MUST(name[0]);
	check_name(name);
	for (size_t i = 0; i < walk->n; i++)
		MUST_OF(strcmp(walk->names[i], name) != 0, name);
	MUST(walk->n < INSTANCES_MAX);
	strcpy(walk->names[walk->n++], name);
	MUST(cfs_catalogue_find_name(walk->fleet->cloud.catalogue, name, &found) == 0 &&
		found == entry);
	each(walk->fleet, compare_claim, &claim);
	cfs_by_name_clean(own, cfs_instance_field(entry->instance, CFS_FIELD_NAME));
	/* It has its own name, or that and its id. */
	MUST_OF(strcmp(name, own) == 0 || ends_in(name, entry->id), name);
	if (claim.same > 0 || !own[0])
		MUST_OF(ends_in(name, entry->id), name);
	if (claim.same == 0 && own[0] && !strstr(own, "i-"))
		MUST_OF(strcmp(name, own) == 0, name);
	return 0;
}

static void check_all(struct fuzz_fleet *fleet)
{
	struct walk walk = {.fleet = fleet};
	struct cfs_entry *entry = NULL;

	each(fleet, step, &walk);
	MUST(walk.n == cfs_catalogue_size(fleet->cloud.catalogue));
	MUST(cfs_catalogue_find_name(fleet->cloud.catalogue, "", &entry) == -ENOENT);
}

static void put(struct fuzz_fleet *fleet, const char *id, const char *name)
{
	struct cfs_instance_builder builder;

	cfs_instance_builder_init(&builder);
	fuzz_set(&builder, CFS_FIELD_ID, id);
	fuzz_set(&builder, CFS_FIELD_NAME, name);
	fuzz_fleet_put(fleet, &builder, 0);
	cfs_instance_builder_finish(&builder);
}

static void change(struct fuzz_fleet *fleet, struct fuzz_input part)
{
	char clean[CFS_BY_NAME_MAX + 1], id[CFS_ID_MAX], *name;
	struct cfs_entry *entry;

	snprintf(id, sizeof(id), "i-%08x", fuzz_byte(&part) % INSTANCES_MAX);
	name = fuzz_text(&part);
	/* As bytes, before they are made well-formed by the builder. */
	memset(clean, 0xa5, sizeof(clean));
	cfs_by_name_clean(clean, name);
	check_name(clean);
	MUST((clean[0] == '\0') == (name[0] == '\0'));
	entry = cfs_catalogue_find(fleet->cloud.catalogue, id);
	if (name[0] != '\n')
		put(fleet, id, name);
	else if (entry)
		cfs_store_remove(&fleet->cloud.catalogue->store, entry);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size), part;
	struct fuzz_fleet fleet;

	fuzz_fleet_init(&fleet, &cfs_aws_backend);
	for (unsigned n = 0; n < CHANGES_MAX && fuzz_next(&input, '\0', &part); n++) {
		change(&fleet, part);
		check_all(&fleet);
	}
	fuzz_fleet_finish(&fleet);
	return 0;
}
