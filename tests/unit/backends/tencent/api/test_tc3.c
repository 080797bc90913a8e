/* SPDX-License-Identifier: MIT */
/* TC3-HMAC-SHA256 in its stages, against the documentation's examples and the official SDK. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "backends/tencent/api/tc3.h"
#include "tests/unit/data/tencent/tc3_cases.h"

/* The examples of "Signature v3" differ in the key and in what is signed; the rest is this. */
static const char example_body[] = "{\"Limit\": 1, \"Filters\": [{\"Values\": "
				   "[\"\\u672a\\u547d\\u540d\"], \"Name\": \"instance-name\"}]}";

static struct cfs_tc3_request example(const char *action)
{
	return (struct cfs_tc3_request){
		.content_type = "application/json; charset=utf-8",
		.host = "cvm.tencentcloudapi.com",
		.action = action,
		.service = "cvm",
		.body = example_body,
		.body_len = strlen(example_body),
		.timestamp = 1551113065,
	};
}

static const struct {
	const char *key, *action, *signed_headers, *canonical_hash, *signature;
} known[] = {
	{"Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", NULL, "content-type;host",
		"5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031",
		"72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"},
	{"Gu5t9xGARNpq86cd98joQYCN3*******", "DescribeInstances", "content-type;host;x-tc-action",
		"7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84",
		"be4f67d323c78ab9acb7395e43c0dbcf822a9cfac32fea2449a7bc7726b770a3"},
	{"********************************", "DescribeInstances", "content-type;host;x-tc-action",
		"7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84",
		"10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"},
};
#define N_KNOWN (sizeof(known) / sizeof(known[0]))

#define N_SDK (sizeof(tc3_cases) / sizeof(tc3_cases[0]))

static void hex_of(const unsigned char *bytes, size_t len, char *hex)
{
	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

static void sha256_of(const char *text, size_t len, char hex[65])
{
	unsigned char digest[32];

	assert_int_equal(EVP_Digest(text, len, digest, NULL, EVP_sha256(), NULL), 1);
	hex_of(digest, sizeof(digest), hex);
}

static struct cfs_secret secret_of(const char *text)
{
	struct cfs_secret secret = {0};

	assert_int_equal(cfs_secret_set(&secret, text, strlen(text)), 0);
	return secret;
}

static void canonical_request_is_the_documented_one(void **state)
{
	struct cfs_tc3_request request = example("DescribeInstances");
	struct cfs_buf text = CFS_BUF_INIT(CFS_TC3_CANONICAL_MAX);

	(void)state;
	assert_int_equal(cfs_tc3_canonical_request(&request, &text), 0);
	assert_string_equal(cfs_buf_text(&text),
		"POST\n/\n\ncontent-type:application/json; charset=utf-8\n"
		"host:cvm.tencentcloudapi.com\nx-tc-action:describeinstances\n\n"
		"content-type;host;x-tc-action\n"
		"35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064");
	cfs_buf_finish(&text);
}

static void the_action_is_signed_in_lower_case(void **state)
{
	struct cfs_tc3_request request = example("AZaz@[09");
	struct cfs_buf text = CFS_BUF_INIT(CFS_TC3_CANONICAL_MAX);

	(void)state;
	assert_int_equal(cfs_tc3_canonical_request(&request, &text), 0);
	assert_non_null(strstr(text.data, "\nx-tc-action:azaz@[09\n"));
	cfs_buf_finish(&text);
}

static void canonical_requests_have_the_documented_hashes(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_KNOWN; i++) {
		struct cfs_tc3_request request = example(known[i].action);
		struct cfs_buf text = CFS_BUF_INIT(CFS_TC3_CANONICAL_MAX);
		char hex[65];

		assert_int_equal(cfs_tc3_canonical_request(&request, &text), 0);
		sha256_of(text.data, text.len, hex);
		assert_string_equal(hex, known[i].canonical_hash);
		cfs_buf_finish(&text);
	}
}

static void string_to_sign_binds_the_hash_to_moment_date_and_service(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_KNOWN; i++) {
		struct cfs_tc3_request request = example(known[i].action);
		struct cfs_buf canonical = CFS_BUF_INIT(CFS_TC3_CANONICAL_MAX);
		struct cfs_buf text = CFS_BUF_INIT(CFS_TC3_TO_SIGN_MAX);
		char expected[256];

		snprintf(expected, sizeof(expected),
			"TC3-HMAC-SHA256\n1551113065\n2019-02-25/cvm/tc3_request\n%s",
			known[i].canonical_hash);
		assert_int_equal(cfs_tc3_canonical_request(&request, &canonical), 0);
		assert_int_equal(
			cfs_tc3_string_to_sign(&request, canonical.data, canonical.len, &text), 0);
		assert_string_equal(cfs_buf_text(&text), expected);
		cfs_buf_finish(&canonical);
		cfs_buf_finish(&text);
	}
}

/* No example shows the key itself, so: it depends on each of its inputs, and on nothing else. */
static void signing_key_depends_on_secret_date_and_service(void **state)
{
	static const struct {
		const char *secret, *date, *service;
	} inputs[] = {
		{"a", "2019-02-25", "cvm"},
		{"b", "2019-02-25", "cvm"},
		{"a", "2019-02-26", "cvm"},
		{"a", "2019-02-25", "sts"},
	};
	unsigned char keys[4][CFS_DIGEST_SIZE], again[CFS_DIGEST_SIZE];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct cfs_keys secret = {.secret = secret_of(inputs[i].secret)};

		assert_int_equal(
			cfs_tc3_signing_key(&secret, inputs[i].date, inputs[i].service, keys[i]),
			0);
		assert_int_equal(
			cfs_tc3_signing_key(&secret, inputs[i].date, inputs[i].service, again), 0);
		assert_memory_equal(keys[i], again, sizeof(again));
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j], sizeof(keys[i]));
		cfs_keys_finish(&secret);
	}
}

static void authorization_has_the_documented_signatures(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_KNOWN; i++) {
		struct cfs_tc3_request request = example(known[i].action);
		struct cfs_keys keys = {.id = secret_of("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"),
			.secret = secret_of(known[i].key)};
		struct cfs_buf value = CFS_BUF_INIT(CFS_TC3_AUTHORIZATION_MAX);
		char expected[512];

		snprintf(expected, sizeof(expected),
			"TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/"
			"2019-02-25/cvm/tc3_request, SignedHeaders=%s, Signature=%s",
			known[i].signed_headers, known[i].signature);
		assert_int_equal(cfs_tc3_authorization(&request, &keys, &value), 0);
		assert_string_equal(cfs_buf_text(&value), expected);
		cfs_buf_wipe(&value);
		cfs_keys_finish(&keys);
	}
}

static void authorization_is_what_the_official_sdk_sends(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SDK; i++) {
		struct cfs_tc3_request request = {
			.content_type = tc3_cases[i].content_type,
			.host = tc3_cases[i].host,
			.service = tc3_cases[i].service,
			.body = tc3_cases[i].body,
			.body_len = strlen(tc3_cases[i].body),
			.timestamp = tc3_cases[i].timestamp,
		};
		struct cfs_keys keys = {
			.id = secret_of(tc3_cases[i].id), .secret = secret_of(tc3_cases[i].key)};
		struct cfs_buf value = CFS_BUF_INIT(CFS_TC3_AUTHORIZATION_MAX);
		char date[CFS_TC3_DATE_MAX], expected[512];

		assert_int_equal(cfs_tc3_date(tc3_cases[i].timestamp, date), 0);
		snprintf(expected, sizeof(expected),
			"TC3-HMAC-SHA256 Credential=%s/%s/%s/tc3_request, "
			"SignedHeaders=content-type;host, Signature=%s",
			tc3_cases[i].id, date, tc3_cases[i].service, tc3_cases[i].signature);
		assert_int_equal(cfs_tc3_authorization(&request, &keys, &value), 0);
		assert_string_equal(cfs_buf_text(&value), expected);
		cfs_buf_wipe(&value);
		cfs_keys_finish(&keys);
	}
}

static void scope_date_is_utc(void **state)
{
	static const struct {
		int64_t timestamp;
		const char *date;
	} cases[] = {
		{0, "1970-01-01"},
		{86399, "1970-01-01"},
		{86400, "1970-01-02"},
		{951825600, "2000-02-29"},
		{1551113065, "2019-02-25"},
		{4102444799, "2099-12-31"},
		{253402300799, "9999-12-31"},
	};
	char date[CFS_TC3_DATE_MAX] = "untouched";

	(void)state;
	/* Wherever this machine is. */
	assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
	tzset();
	assert_int_equal(cfs_tc3_date(253402300800, date), -ERANGE);
	assert_int_equal(cfs_tc3_date(INT64_MAX, date), -ERANGE);
	assert_int_equal(cfs_tc3_date(INT64_MIN, date), -ERANGE);
	assert_string_equal(date, "untouched");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(cfs_tc3_date(cases[i].timestamp, date), 0);
		assert_string_equal(date, cases[i].date);
	}
}

static void stages_stop_at_their_limits(void **state)
{
	struct cfs_tc3_request request = example("DescribeInstances");
	struct cfs_buf small = CFS_BUF_INIT(20);
	struct cfs_keys keys = {.id = secret_of("id"), .secret = secret_of("secret")};

	(void)state;
	assert_int_equal(cfs_tc3_canonical_request(&request, &small), -EFBIG);
	assert_int_equal(cfs_tc3_string_to_sign(&request, "", 0, &small), -EFBIG);
	assert_int_equal(cfs_tc3_authorization(&request, &keys, &small), -EFBIG);
	request.timestamp = INT64_MAX;
	assert_int_equal(cfs_tc3_authorization(&request, &keys, &small), -ERANGE);
	cfs_buf_finish(&small);
	cfs_keys_finish(&keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_request_is_the_documented_one),
		cmocka_unit_test(the_action_is_signed_in_lower_case),
		cmocka_unit_test(canonical_requests_have_the_documented_hashes),
		cmocka_unit_test(string_to_sign_binds_the_hash_to_moment_date_and_service),
		cmocka_unit_test(signing_key_depends_on_secret_date_and_service),
		cmocka_unit_test(authorization_has_the_documented_signatures),
		cmocka_unit_test(authorization_is_what_the_official_sdk_sends),
		cmocka_unit_test(scope_date_is_utc),
		cmocka_unit_test(stages_stop_at_their_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
