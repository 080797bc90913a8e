/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/digest.h"
#include "backends/base/hex.h"

static void a_digest_is_the_known_one(void **state)
{
	char hex[CFS_DIGEST_HEX_SIZE];

	(void)state;
	assert_int_equal(cfs_digest_sha256("abc", 3, hex), 0);
	assert_string_equal(
		hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(cfs_digest_sha256(NULL, 0, hex), 0);
	assert_string_equal(
		hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, test case 2. */
static void a_mac_is_the_known_one(void **state)
{
	static const char text[] = "what do ya want for nothing?";
	unsigned char mac[CFS_DIGEST_SIZE];
	char hex[CFS_DIGEST_HEX_SIZE];

	(void)state;
	assert_int_equal(cfs_digest_hmac("Jefe", 4, text, strlen(text), mac), 0);
	cfs_hex_encode(mac, sizeof(mac), hex);
	assert_string_equal(
		hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* The example of AWS's documentation of signature version 4: iam, us-east-1, 2015-08-30. */
static void a_signing_key_is_derived_part_by_part(void **state)
{
	static const char *const parts[] = {"20150830", "us-east-1", "iam", "aws4_request", NULL};
	static const char text[] =
		"AWS4-HMAC-SHA256\n20150830T123600Z\n"
		"20150830/us-east-1/iam/aws4_request\n"
		"f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
	struct cfs_secret secret = {0};
	unsigned char key[CFS_DIGEST_SIZE];
	char hex[CFS_DIGEST_HEX_SIZE];

	(void)state;
	assert_int_equal(
		cfs_secret_set(&secret, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 40), 0);
	assert_int_equal(cfs_digest_derive_key("AWS4", &secret, parts, key), 0);
	cfs_hex_encode(key, sizeof(key), hex);
	assert_string_equal(
		hex, "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
	assert_int_equal(cfs_digest_sign(key, text, strlen(text), hex), 0);
	assert_string_equal(
		hex, "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
	cfs_secret_finish(&secret);
}

/* An account may have no secret yet, and then signs with the prefix alone. */
static void a_signing_key_takes_an_empty_secret(void **state)
{
	static const char *const parts[] = {"part", NULL};
	struct cfs_secret none = {0};
	unsigned char key[CFS_DIGEST_SIZE], mac[CFS_DIGEST_SIZE];

	(void)state;
	assert_int_equal(cfs_digest_derive_key("TC3", &none, parts, key), 0);
	assert_int_equal(cfs_digest_hmac("TC3", 3, "part", 4, mac), 0);
	assert_memory_equal(key, mac, sizeof(key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_is_the_known_one),
		cmocka_unit_test(a_mac_is_the_known_one),
		cmocka_unit_test(a_signing_key_is_derived_part_by_part),
		cmocka_unit_test(a_signing_key_takes_an_empty_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
