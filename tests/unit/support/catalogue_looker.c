/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/catalogue_looker.h"

int catalogue_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	clock_go();
	f->world = world_create();
	f->world->config.list_ttl_ms = TTL;
	f->server = &f->world->server;
	*state = f;
	return 0;
}

int catalogue_tear_down(void **state)
{
	struct fixture *f = *state;

	world_destroy(f->world);
	free(f);
	return 0;
}

void begin(struct fixture *f)
{
	f->cloud = world_cloud(f->world);
	f->catalogue = f->cloud->catalogue;
}

void told(void *arg, int result)
{
	struct looker *looker = arg;

	looker->told++;
	looker->result = result;
	cfs_loop_stop(looker->f->world->loop);
}

int list(struct fixture *f, struct looker *looker)
{
	*looker = (struct looker){.f = f};
	if (!f->cloud)
		begin(f);
	return cfs_catalogue_list(f->catalogue, &looker->wait, told, looker);
}

int look(struct fixture *f, struct looker *looker, const char *id)
{
	struct cfs_entry *entry = NULL;
	int r;

	*looker = (struct looker){.f = f};
	if (!f->cloud)
		begin(f);
	r = cfs_catalogue_lookup(f->catalogue, id, &looker->wait, told, looker, &entry);
	if (r == 1)
		assert_string_equal(entry->id, id);
	else
		assert_null(entry);
	return r;
}

int finally(struct fixture *f, struct looker *looker, int r)
{
	if (r != 0)
		return r;
	run_until(f->world, &looker->told, 1);
	assert_int_equal(looker->told, 1);
	return looker->result;
}

int list_finally(struct fixture *f)
{
	struct looker looker;

	return finally(f, &looker, list(f, &looker));
}

int look_finally(struct fixture *f, const char *id)
{
	struct looker looker;

	return finally(f, &looker, look(f, &looker, id));
}

void assert_shown(struct fixture *f, const char *expected)
{
	char ids[256] = "", *rest = NULL;
	size_t n = 0;

	for (const struct cfs_entry *each = f->catalogue->store.entries.first; each;
		each = each->next) {
		assert_true(strlen(ids) + strlen(each->id) + 2 < sizeof(ids));
		strcat(strcat(ids, each->id), " ");
	}
	assert_int_equal(strlen(ids), strlen(expected) + (*expected != '\0'));
	for (char *id = strtok_r(ids, " ", &rest); id; id = strtok_r(NULL, " ", &rest), n++)
		assert_non_null(strstr(expected, id));
}

struct cfs_entry *entry(struct fixture *f, const char *id)
{
	struct cfs_entry *found = cfs_catalogue_find(f->catalogue, id);

	assert_non_null(found);
	return found;
}

struct cfs_region_state region(struct fixture *f, size_t i)
{
	struct cfs_region_state state;

	cfs_catalogue_region(f->catalogue, i, &state);
	return state;
}
