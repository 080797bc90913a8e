/* SPDX-License-Identifier: MIT */
/* fs/base/table.h: an intrusive hash table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/table.h"

#define MANY 10000

struct thing {
	unsigned number;
	struct cfs_link link;
	bool there;
};

static int set_up(void **state)
{
	struct cfs_table *table = calloc(1, sizeof(*table));

	assert_non_null(table);
	assert_int_equal(cfs_table_init(table), 0);
	*state = table;
	return 0;
}

static int tear_down(void **state)
{
	cfs_table_finish(*state);
	cfs_table_finish(*state);
	cfs_table_finish(NULL);
	free(*state);
	return 0;
}

static struct thing *find(const struct cfs_table *table, uint32_t hash, unsigned number)
{
	struct cfs_link *link = cfs_table_first(table, hash);
	struct thing *thing;

	for (; link; link = cfs_table_next(link)) {
		thing = CFS_LINKED(link, struct thing, link);
		assert_int_equal(link->hash, hash);
		if (thing->number == number)
			return thing;
	}
	return NULL;
}

/* Some of these numbers have the same hash, and many have the same low bits. */
static uint32_t hash_of(unsigned number)
{
	return number / 3 * 2654435761u & ~UINT32_C(0xf);
}

static void what_is_in_a_table_is_found_however_it_has_grown(void **state)
{
	static struct thing things[MANY];
	struct cfs_table *table = *state;
	size_t j, n = 0, at = 0;
	uint64_t seed = 1;

	for (size_t i = 0; i < 20 * MANY; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		j = (seed >> 33) % (i < 10 * MANY ? i / 10 + 1 : MANY);
		things[j].number = (unsigned)j;
		assert_ptr_equal(find(table, hash_of((unsigned)j), (unsigned)j),
			things[j].there ? &things[j] : NULL);
		if (things[j].there) {
			cfs_table_remove(table, &things[j].link);
			n--;
		} else {
			cfs_table_add(table, &things[j].link, hash_of((unsigned)j));
			n++;
		}
		things[j].there = !things[j].there;
		assert_int_equal(table->count, n);
	}
	for (j = 0; j < MANY; j++)
		assert_ptr_equal(find(table, hash_of((unsigned)j), (unsigned)j),
			things[j].there ? &things[j] : NULL);
	for (; n > 0; n--) {
		struct cfs_link *link = cfs_table_take(table, &at);

		assert_non_null(link);
		assert_true(CFS_LINKED(link, struct thing, link)->there);
		CFS_LINKED(link, struct thing, link)->there = false;
	}
	assert_null(cfs_table_take(table, &at));
	assert_int_equal(table->count, 0);
}

/* In a table of MANY, no addition moves more than a handful of links. */
static void a_table_has_about_as_many_chains_as_links(void **state)
{
	static struct thing things[MANY];
	struct cfs_table *table = *state;

	for (size_t i = 0; i < MANY; i++) {
		size_t before = table->n;

		cfs_table_add(table, &things[i].link, (uint32_t)i * 2654435761u);
		assert_in_range(table->n, before, before + 1);
		assert_in_range(table->n, i, i + 1);
	}
}

static void texts_that_differ_in_a_letter_have_other_hashes(void **state)
{
	(void)state;
	assert_int_equal(cfs_table_hash("web"), cfs_table_hash("web"));
	assert_int_not_equal(cfs_table_hash("web"), cfs_table_hash("wec"));
	assert_int_not_equal(cfs_table_hash(""), cfs_table_hash("a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_is_in_a_table_is_found_however_it_has_grown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_table_has_about_as_many_chains_as_links, set_up, tear_down),
		cmocka_unit_test(texts_that_differ_in_a_letter_have_other_hashes),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
