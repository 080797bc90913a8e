/* SPDX-License-Identifier: MIT */
/* backends/contract/instance.h: one block of bounded, well-formed text per virtual machine. */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/text.h"
#include "backends/contract/instance.h"
#include "tests/unit/support/instance_at.h"

#define FFFD "\xef\xbf\xbd"

static int set_up(void **state)
{
	struct cfs_instance_builder *builder = malloc(sizeof(*builder));

	if (!builder)
		return -1;
	cfs_instance_builder_init(builder);
	*state = builder;
	return 0;
}

static int tear_down(void **state)
{
	cfs_instance_builder_finish(*state);
	free(*state);
	return 0;
}

static void set(struct cfs_instance_builder *builder, enum cfs_field field, const char *text)
{
	assert_int_equal(cfs_instance_builder_set(builder, field, text, strlen(text)), 0);
}

static struct cfs_instance *build(struct cfs_instance_builder *builder)
{
	struct cfs_instance *instance = NULL;

	assert_int_equal(
		cfs_instance_builder_build(builder, CFS_POWER_ON, 0x80000001, &instance), 0);
	return instance;
}

static void an_instance_has_what_was_collected(void **state)
{
	struct cfs_instance_builder *builder = *state;
	struct cfs_instance *instance;

	set(builder, CFS_FIELD_ID, "i-0123456789abcdef0");
	set(builder, CFS_FIELD_NAME, "web-1");
	assert_int_equal(cfs_instance_builder_add_tag(builder, "Name", 4, "web-1 etc", 5), 0);
	assert_int_equal(cfs_instance_builder_add_tag(builder, "", 0, "", 0), 0);
	assert_int_equal(cfs_instance_builder_add_extra(builder, "vpc", "vpc-1", 5), 0);
	assert_int_equal(cfs_instance_builder_add_address(builder, "10.0.0.1", 8), 0);
	assert_int_equal(cfs_instance_builder_add_address(builder, "192.0.2.1", 9), 0);
	assert_string_equal(cfs_instance_builder_get(builder, CFS_FIELD_NAME), "web-1");
	assert_string_equal(cfs_instance_builder_get(builder, CFS_FIELD_ZONE), "");

	instance = build(builder);
	/* It stands alone. */
	cfs_instance_builder_reset(builder);
	set(builder, CFS_FIELD_ID, "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX");
	assert_string_equal(cfs_instance_id(instance), "i-0123456789abcdef0");
	assert_string_equal(cfs_instance_field(instance, CFS_FIELD_NAME), "web-1");
	assert_string_equal(cfs_instance_field(instance, CFS_FIELD_ZONE), "");
	assert_string_equal(cfs_instance_field(instance, CFS_FIELD_LAUNCHED), "");
	assert_int_equal(instance->n_tags, 2);
	assert_string_equal(instance_tag(instance, 0).key, "");
	assert_string_equal(instance_tag(instance, 1).key, "Name");
	assert_string_equal(instance_tag(instance, 1).value, "web-1");
	assert_int_equal(instance->n_extras, 1);
	assert_string_equal(instance_extra(instance, 0).key, "vpc");
	assert_string_equal(instance_extra(instance, 0).value, "vpc-1");
	assert_int_equal(instance->n_addresses, 2);
	assert_string_equal(instance_address(instance, 0), "10.0.0.1");
	assert_string_equal(instance_address(instance, 1), "192.0.2.1");
	assert_int_equal(instance->power, CFS_POWER_ON);
	assert_true(instance->offers == 0x80000001);
	cfs_instance_destroy(instance);
	cfs_instance_destroy(NULL);
}

static void an_instance_of_nothing_has_empty_texts(void **state)
{
	struct cfs_instance_builder *builder = *state;
	struct cfs_instance *instance = build(builder);

	for (size_t i = 0; i < CFS_N_FIELDS; i++)
		assert_string_equal(cfs_instance_field(instance, i), "");
	assert_int_equal(instance->n_tags + instance->n_extras + instance->n_addresses, 0);
	cfs_instance_destroy(instance);
}

static void a_field_set_twice_has_its_last_value(void **state)
{
	struct cfs_instance_builder *builder = *state;
	struct cfs_instance *instance;

	set(builder, CFS_FIELD_STATE, "a very long first value");
	set(builder, CFS_FIELD_TYPE, "t3.micro");
	set(builder, CFS_FIELD_STATE, "running");
	assert_string_equal(cfs_instance_builder_get(builder, CFS_FIELD_STATE), "running");
	instance = build(builder);
	assert_string_equal(cfs_instance_field(instance, CFS_FIELD_STATE), "running");
	assert_string_equal(cfs_instance_field(instance, CFS_FIELD_TYPE), "t3.micro");
	cfs_instance_destroy(instance);
}

static void reset_forgets_everything(void **state)
{
	struct cfs_instance_builder *builder = *state;
	struct cfs_instance *instance;

	set(builder, CFS_FIELD_ID, "i-1");
	assert_int_equal(cfs_instance_builder_add_tag(builder, "k", 1, "v", 1), 0);
	assert_int_equal(cfs_instance_builder_add_extra(builder, "k", "v", 1), 0);
	assert_int_equal(cfs_instance_builder_add_address(builder, "a", 1), 0);
	cfs_instance_builder_reset(builder);
	assert_string_equal(cfs_instance_builder_get(builder, CFS_FIELD_ID), "");
	instance = build(builder);
	assert_string_equal(cfs_instance_id(instance), "");
	assert_int_equal(instance->n_tags + instance->n_extras + instance->n_addresses, 0);
	cfs_instance_destroy(instance);
}

static void hostile_bytes_become_well_formed_text(void **state)
{
	struct cfs_instance_builder *builder = *state;

	assert_int_equal(
		cfs_instance_builder_set(builder, CFS_FIELD_NAME, "a\0b\xff\xc3\xa9", 6), 0);
	assert_string_equal(
		cfs_instance_builder_get(builder, CFS_FIELD_NAME), "a" FFFD "b" FFFD "\xc3\xa9");
	assert_int_equal(cfs_instance_builder_set(builder, CFS_FIELD_NAME, "\0\0", 2), 0);
	assert_string_equal(cfs_instance_builder_get(builder, CFS_FIELD_NAME), FFFD FFFD);
}

static void a_long_text_is_cut_at_a_character(void **state)
{
	struct cfs_instance_builder *builder = *state;
	char text[CFS_FIELD_TEXT_MAX + 8];

	memset(text, 'n', sizeof(text));
	for (size_t len = CFS_FIELD_TEXT_MAX - 1; len < sizeof(text); len++) {
		size_t kept = len < CFS_FIELD_TEXT_MAX ? len : CFS_FIELD_TEXT_MAX;

		assert_int_equal(cfs_instance_builder_set(builder, CFS_FIELD_NAME, text, len), 0);
		assert_int_equal(strlen(cfs_instance_builder_get(builder, CFS_FIELD_NAME)), kept);
	}
	/* A character across the edge goes whole, and is not taken for ill-formed bytes. */
	memcpy(text + CFS_FIELD_TEXT_MAX - 2, "\xf0\x9f\x98\x80", 4);
	assert_int_equal(cfs_instance_builder_set(builder, CFS_FIELD_NAME, text, sizeof(text)), 0);
	assert_int_equal(
		strlen(cfs_instance_builder_get(builder, CFS_FIELD_NAME)), CFS_FIELD_TEXT_MAX - 2);
	/* The limit is one of the text that is kept, not of the bytes that it replaces. */
	memset(text, 0xff, sizeof(text));
	assert_int_equal(cfs_instance_builder_set(builder, CFS_FIELD_NAME, text, sizeof(text)), 0);
	assert_int_equal(strlen(cfs_instance_builder_get(builder, CFS_FIELD_NAME)),
		CFS_FIELD_TEXT_MAX / 3 * 3);
}

/* EC2 may list an instance's tags in another order each time. */
static void the_order_of_tags_is_that_of_their_keys(void **state)
{
	static const char *const orders[] = {"abcd", "dcba", "bdac", "cabd"};
	struct cfs_instance_builder *builder = *state;
	struct cfs_instance *instances[4];

	for (size_t i = 0; i < 4; i++) {
		cfs_instance_builder_reset(builder);
		for (const char *key = orders[i]; *key; key++)
			cfs_instance_builder_add_tag(builder, key, 1, key, 1);
		/* Of the same key, the first stays the first. */
		cfs_instance_builder_add_tag(builder, "b", 1, "again", 5);
		instances[i] = build(builder);
		assert_true(cfs_instance_equal(instances[0], instances[i]));
	}
	assert_string_equal(instance_tag(instances[0], 1).value, "b");
	assert_string_equal(instance_tag(instances[0], 2).value, "again");
	assert_string_equal(instance_tag(instances[0], 4).key, "d");
	for (size_t i = 0; i < 4; i++)
		cfs_instance_destroy(instances[i]);
}

static void what_is_beyond_a_count_is_left_out(void **state)
{
	struct cfs_instance_builder *builder = *state;
	struct cfs_instance *instance;
	char text[16];

	for (int i = 0; i < CFS_ADDRESSES_MAX + 100; i++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "%d", i);

		assert_int_equal(cfs_instance_builder_add_tag(builder, text, len, text, len), 0);
		assert_int_equal(cfs_instance_builder_add_extra(builder, text, text, len), 0);
		assert_int_equal(cfs_instance_builder_add_address(builder, text, len), 0);
	}
	instance = build(builder);
	assert_int_equal(instance->n_tags, CFS_TAGS_MAX);
	assert_int_equal(instance->n_extras, CFS_EXTRAS_MAX);
	assert_int_equal(instance->n_addresses, CFS_ADDRESSES_MAX);
	assert_string_equal(instance_tag(instance, CFS_TAGS_MAX - 1).value, "9");
	assert_string_equal(instance_extra(instance, CFS_EXTRAS_MAX - 1).key, "31");
	assert_string_equal(instance_address(instance, CFS_ADDRESSES_MAX - 1), "1023");
	cfs_instance_destroy(instance);
}

static void an_instance_never_passes_its_bytes(void **state)
{
	struct cfs_instance_builder *builder = *state;
	struct cfs_instance *instance;
	char text[CFS_FIELD_TEXT_MAX];

	memset(text, 't', sizeof(text));
	for (int i = 0; i < CFS_TAGS_MAX; i++) {
		assert_int_equal(cfs_instance_builder_add_tag(
					 builder, text, sizeof(text), text, sizeof(text)),
			0);
	}
	for (int i = 0; i < CFS_ADDRESSES_MAX; i++)
		assert_int_equal(cfs_instance_builder_add_address(builder, text, sizeof(text)), 0);
	for (int i = 0; i < CFS_EXTRAS_MAX; i++)
		assert_int_equal(
			cfs_instance_builder_add_extra(builder, "key", text, sizeof(text)), 0);
	/* Fields fit whatever came before them. */
	set(builder, CFS_FIELD_ID, "i-1");
	set(builder, CFS_FIELD_STATE, "s");
	assert_int_equal(cfs_instance_builder_set(builder, CFS_FIELD_STATE, text, sizeof(text)), 0);
	set(builder, CFS_FIELD_TYPE, "t3.micro");
	for (int i = 0; i < 1000; i++)
		assert_int_equal(
			cfs_instance_builder_set(builder, CFS_FIELD_NAME, text, sizeof(text)), 0);

	instance = build(builder);
	assert_true(malloc_usable_size(instance) <= CFS_INSTANCE_BYTES_MAX);
	assert_string_equal(cfs_instance_id(instance), "i-1");
	assert_string_equal(cfs_instance_field(instance, CFS_FIELD_TYPE), "t3.micro");
	assert_int_equal(strlen(cfs_instance_field(instance, CFS_FIELD_STATE)), sizeof(text));
	assert_int_equal(strlen(cfs_instance_field(instance, CFS_FIELD_NAME)), sizeof(text));
	assert_true(instance->n_tags > 32 && instance->n_tags < CFS_TAGS_MAX);
	for (size_t i = 0; i < instance->n_tags; i++) {
		assert_int_equal(strlen(instance_tag(instance, i).key), sizeof(text));
		assert_int_equal(strlen(instance_tag(instance, i).value), sizeof(text));
	}
	cfs_instance_destroy(instance);
}

static void an_instance_takes_no_more_than_it_holds(void **state)
{
	struct cfs_instance_builder *builder = *state;
	struct cfs_instance *instance;
	char text[CFS_FIELD_TEXT_MAX];

	memset(text, 't', sizeof(text));
	for (int i = 0; i < 20; i++)
		assert_int_equal(
			cfs_instance_builder_set(builder, CFS_FIELD_NAME, text, sizeof(text)), 0);
	set(builder, CFS_FIELD_NAME, "short");
	instance = build(builder);
	assert_true(malloc_usable_size(instance) < 256);
	cfs_instance_destroy(instance);
}

/* One more way to say something else in every round. */
static struct cfs_instance *variant(struct cfs_instance_builder *builder, unsigned i)
{
	struct cfs_instance *instance;

	cfs_instance_builder_reset(builder);
	set(builder, CFS_FIELD_ID, "i-1");
	set(builder, CFS_FIELD_NAME, i == 1 ? "db" : "web");
	cfs_instance_builder_add_tag(builder, "key", 3, i == 2 ? "other" : "value", 5);
	if (i == 3)
		cfs_instance_builder_add_tag(builder, "", 0, "", 0);
	if (i == 4)
		cfs_instance_builder_add_extra(builder, "", "", 0);
	if (i == 5 || i == 6)
		cfs_instance_builder_add_address(builder, i == 5 ? "" : "10.0.0.1", i == 5 ? 0 : 8);
	assert_int_equal(cfs_instance_builder_build(builder, i == 7 ? CFS_POWER_OFF : CFS_POWER_ON,
				 i == 8 ? 1 : 3, &instance),
		0);
	return instance;
}

static void instances_are_equal_when_they_say_the_same(void **state)
{
	struct cfs_instance *one, *other;

	for (unsigned i = 0; i <= 8; i++) {
		for (unsigned j = 0; j <= 8; j++) {
			one = variant(*state, i);
			other = variant(*state, j);
			assert_int_equal(cfs_instance_equal(one, other), i == j);
			/* Texts apart from what the backend makes of them. */
			assert_int_equal(cfs_instance_says_same(one, other),
				(i < 7 ? i : 0) == (j < 7 ? j : 0));
			cfs_instance_destroy(one);
			cfs_instance_destroy(other);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_instance_has_what_was_collected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_instance_of_nothing_has_empty_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_field_set_twice_has_its_last_value, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reset_forgets_everything, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			hostile_bytes_become_well_formed_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_long_text_is_cut_at_a_character, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_order_of_tags_is_that_of_their_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_beyond_a_count_is_left_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_instance_never_passes_its_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_instance_takes_no_more_than_it_holds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			instances_are_equal_when_they_say_the_same, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
