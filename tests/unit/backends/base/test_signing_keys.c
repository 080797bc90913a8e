/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/signing_keys.h"

#define REGIONS (3 * CFS_SIGNING_KEYS_MAX)

static struct cfs_keys keys_of(const char *secret)
{
	struct cfs_keys keys = CFS_KEYS_INIT;

	assert_int_equal(cfs_keys_set(&keys, "AKID", secret, NULL), 0);
	return keys;
}

static int get(const struct cfs_keys *keys, const char *day, const char *region,
	unsigned char key[CFS_DIGEST_SIZE])
{
	const char *const parts[] = {day, region, "ec2", "aws4_request", NULL};

	return cfs_signing_keys_get(keys, "AWS4", parts, key);
}

/* Asserts that the key is the one that is derived from this secret, whatever is remembered. */
static void assert_key(
	const struct cfs_keys *keys, const char *secret, const char *day, const char *region)
{
	unsigned char key[CFS_DIGEST_SIZE], derived[CFS_DIGEST_SIZE];
	struct cfs_keys other = keys_of(secret);

	assert_int_equal(get(&other, day, region, derived), 0);
	assert_int_equal(get(keys, day, region, key), 0);
	assert_memory_equal(key, derived, sizeof(key));
	cfs_keys_finish(&other);
}

static void a_key_is_derived_once(void **state)
{
	struct cfs_keys keys = keys_of("secret");
	unsigned char key[CFS_DIGEST_SIZE];

	(void)state;
	cfs_signing_keys_remember(&keys);
	assert_int_equal(get(&keys, "20150830", "us-east-1", key), 0);
	/* From now on nothing right can be derived any more. */
	memcpy(keys.secret.data, "xxxxxx", 6);
	assert_key(&keys, "secret", "20150830", "us-east-1");
	assert_key(&keys, "xxxxxx", "20150830", "us-east-2");
	assert_key(&keys, "secret", "20150830", "us-east-1");
	cfs_keys_finish(&keys);
	assert_null(keys.signing.data);
}

static void without_memory_for_it_each_key_is_derived(void **state)
{
	struct cfs_keys keys = keys_of("secret");

	(void)state;
	assert_key(&keys, "secret", "20150830", "us-east-1");
	memcpy(keys.secret.data, "xxxxxx", 6);
	assert_key(&keys, "xxxxxx", "20150830", "us-east-1");
	cfs_keys_finish(&keys);
}

static void more_regions_than_are_remembered_have_their_own_keys(void **state)
{
	struct cfs_keys keys = keys_of("secret");
	char region[32];

	(void)state;
	cfs_signing_keys_remember(&keys);
	for (int i = 0; i < 2 * REGIONS; i++) {
		snprintf(region, sizeof(region), "region-%d", i % REGIONS);
		assert_key(&keys, "secret", "20150830", region);
	}
	cfs_keys_finish(&keys);
}

static void what_is_of_another_day_is_wiped(void **state)
{
	static const unsigned char nothing[CFS_DIGEST_SIZE];
	struct cfs_keys keys = keys_of("secret");
	unsigned char key[CFS_DIGEST_SIZE];
	const char *held;

	(void)state;
	cfs_signing_keys_remember(&keys);
	assert_int_equal(get(&keys, "20150830", "us-east-1", key), 0);
	assert_int_equal(get(&keys, "20150830", "us-east-2", key), 0);
	assert_non_null(keys.signing.data);
	held = memmem(keys.signing.data, keys.signing.len, key, sizeof(key));
	assert_non_null(held);
	assert_key(&keys, "secret", "20150831", "us-east-1");
	assert_memory_equal(held, nothing, sizeof(nothing));
	assert_key(&keys, "secret", "20150830", "us-east-2");
	assert_key(&keys, "secret", "a day that is longer than any", "us-east-2");
	assert_key(&keys, "secret", "a day that is longer than others", "us-east-2");
	cfs_keys_finish(&keys);
}

static void another_secret_has_other_keys(void **state)
{
	struct cfs_keys keys = keys_of("secret");

	(void)state;
	cfs_signing_keys_remember(&keys);
	assert_key(&keys, "secret", "20150830", "us-east-1");
	assert_int_equal(cfs_keys_set(&keys, "AKID", "another", NULL), 0);
	assert_null(keys.signing.data);
	cfs_signing_keys_remember(&keys);
	assert_key(&keys, "another", "20150830", "us-east-1");
	cfs_keys_finish(&keys);
}

static void a_name_that_does_not_fit_is_derived_each_time(void **state)
{
	struct cfs_keys keys = keys_of("secret");
	char region[200];

	(void)state;
	cfs_signing_keys_remember(&keys);
	for (size_t len = 140; len < sizeof(region); len++) {
		memset(region, 'r', len);
		region[len] = '\0';
		assert_key(&keys, "secret", "20150830", region);
		region[len - 1] = 'x';
		assert_key(&keys, "secret", "20150830", region);
	}
	cfs_keys_finish(&keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_derived_once),
		cmocka_unit_test(without_memory_for_it_each_key_is_derived),
		cmocka_unit_test(more_regions_than_are_remembered_have_their_own_keys),
		cmocka_unit_test(what_is_of_another_day_is_wiped),
		cmocka_unit_test(another_secret_has_other_keys),
		cmocka_unit_test(a_name_that_does_not_fit_is_derived_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
