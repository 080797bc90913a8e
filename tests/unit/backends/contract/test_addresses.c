/* SPDX-License-Identifier: MIT */
/* backends/contract/addresses.h: one order, whatever the cloud's order was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/contract/addresses.h"
#include "tests/unit/support/instance_at.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

struct said {
	const char *text;
	enum cfs_address_kind kind;
	bool main;
};

/* What an instance shows of what was said, from the n-th on and around. */
static void shown(const struct said *said, size_t n, size_t begin, struct cfs_buf *ret_text)
{
	struct cfs_instance_builder builder;
	struct cfs_addresses addresses;
	struct cfs_instance *instance;

	cfs_instance_builder_init(&builder);
	cfs_addresses_init(&addresses);
	for (size_t i = 0; i < n; i++) {
		const struct said *one = &said[(begin + i) % n];

		assert_int_equal(cfs_addresses_add(&addresses, one->kind, one->main, one->text), 0);
	}
	assert_int_equal(cfs_addresses_build(&addresses, &builder), 0);
	assert_int_equal(cfs_instance_builder_build(&builder, CFS_POWER_ON, 0, &instance), 0);
	for (size_t i = 0; i < instance->n_addresses; i++)
		cfs_buf_addf(ret_text, "%s ", instance_address(instance, i));
	cfs_instance_destroy(instance);
	cfs_addresses_finish(&addresses);
	cfs_instance_builder_finish(&builder);
}

static void each_stands_once_and_the_order_is_always_the_same(void **state)
{
	static const struct said said[] = {
		{"10.0.0.20", CFS_ADDRESS_PRIVATE, true},
		{"10.0.0.20", CFS_ADDRESS_PRIVATE, false},
		{"10.0.0.100", CFS_ADDRESS_PRIVATE, false},
		{"10.0.0.9", CFS_ADDRESS_PRIVATE, false},
		{"203.0.113.7", CFS_ADDRESS_PUBLIC, true},
		{"203.0.113.7", CFS_ADDRESS_PUBLIC, false},
		{"198.51.100.3", CFS_ADDRESS_PUBLIC, false},
		{"2001:db8::ffff", CFS_ADDRESS_PUBLIC, true},
		{"2001:DB8:0:0::ffff", CFS_ADDRESS_PRIVATE, false},
		{"2001:db8::1", CFS_ADDRESS_PRIVATE, false},
		{"::", CFS_ADDRESS_PRIVATE, false},
		{"0.0.0.0", CFS_ADDRESS_PRIVATE, false},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(said); i++) {
		struct cfs_buf text = CFS_BUF_INIT(1024);

		shown(said, N_ELEMENTS(said), i, &text);
		assert_string_equal(cfs_buf_text(&text),
			"10.0.0.20 0.0.0.0 10.0.0.9 10.0.0.100 203.0.113.7 198.51.100.3 "
			"2001:db8::ffff :: 2001:db8::1 ");
		cfs_buf_finish(&text);
	}
}

static void what_is_no_address_is_left_out(void **state)
{
	static const struct said said[] = {
		{"", CFS_ADDRESS_PRIVATE, true},
		{"10.0.0.256", CFS_ADDRESS_PRIVATE, false},
		{"10.0.0.0/8", CFS_ADDRESS_PRIVATE, false},
		{"<script>", CFS_ADDRESS_PUBLIC, false},
		{"fe80::1%eth0", CFS_ADDRESS_PUBLIC, false},
		{"10.0.0.1", CFS_ADDRESS_PRIVATE, false},
	};
	struct cfs_buf text = CFS_BUF_INIT(1024);

	(void)state;
	shown(said, N_ELEMENTS(said), 0, &text);
	assert_string_equal(cfs_buf_text(&text), "10.0.0.1 ");
	cfs_buf_finish(&text);
}

static void addresses_are_bounded(void **state)
{
	struct cfs_instance_builder builder;
	struct cfs_addresses addresses;
	struct cfs_instance *instance;
	char text[48];

	(void)state;
	cfs_instance_builder_init(&builder);
	cfs_addresses_init(&addresses);
	for (unsigned i = 0; i < 2 * CFS_ADDRESSES_SAID_MAX; i++) {
		snprintf(text, sizeof(text), "2001:db8:1111:2222:3333:4444:5555:%x", i);
		assert_int_equal(
			cfs_addresses_add(&addresses, CFS_ADDRESS_PRIVATE, false, text), 0);
	}
	assert_int_equal(cfs_addresses_build(&addresses, &builder), 0);
	assert_int_equal(cfs_instance_builder_build(&builder, CFS_POWER_ON, 0, &instance), 0);
	assert_int_equal(instance->n_addresses, CFS_ADDRESSES_MAX);
	assert_string_equal(instance_address(instance, CFS_ADDRESSES_MAX - 1),
		"2001:db8:1111:2222:3333:4444:5555:3ff");
	cfs_instance_destroy(instance);
	/* The memory serves again. */
	cfs_addresses_reset(&addresses);
	cfs_instance_builder_reset(&builder);
	assert_int_equal(cfs_addresses_build(&addresses, &builder), 0);
	assert_int_equal(builder.n_addresses, 0);
	cfs_addresses_finish(&addresses);
	cfs_instance_builder_finish(&builder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_stands_once_and_the_order_is_always_the_same),
		cmocka_unit_test(what_is_no_address_is_left_out),
		cmocka_unit_test(addresses_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
