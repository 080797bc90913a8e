/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/json.h"
#include "backends/contract/json_keys.h"

#define KEYS "\"Id\":\"AKID\",\"Secret\":\"hush\""

static int read_keys(const struct cfs_json_keys *names, const char *text, struct cfs_keys *ret_keys)
{
	cJSON *json = NULL;
	int r;

	assert_int_equal(cfs_json_parse_object(text, strlen(text), &json), 0);
	r = cfs_json_keys_read(names, json, ret_keys);
	cfs_json_wipe(json);
	return r;
}

static void keys_are_read_with_each_form_of_time(void **state)
{
	static const struct {
		struct cfs_json_keys names;
		const char *text;
	} cases[] = {
		{{NULL, "Id", "Secret", "Token", "Until", CFS_JSON_KEYS_ISO8601, false},
			"{" KEYS ",\"Token\":\"t\",\"Until\":\"2024-05-06T12:53:20Z\"}"},
		{{NULL, "Id", "Secret", "Token", "Until", CFS_JSON_KEYS_SECONDS, false},
			"{" KEYS ",\"Token\":\"t\",\"Until\":1715000000}"},
		{{"Within", "Id", "Secret", "Token", "Until", CFS_JSON_KEYS_SECONDS, false},
			"{\"Within\":{" KEYS ",\"Token\":\"t\"},\"Until\":1715000000}"},
		{{NULL, "Id", "Secret", "Token", "Until", CFS_JSON_KEYS_MILLISECONDS, false},
			"{" KEYS ",\"Token\":\"t\",\"Until\":1715000000999}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cfs_keys keys = CFS_KEYS_INIT;

		assert_int_equal(read_keys(&cases[i].names, cases[i].text, &keys), 0);
		assert_string_equal(keys.id.data, "AKID");
		assert_string_equal(keys.secret.data, "hush");
		assert_string_equal(keys.token.data, "t");
		assert_true(keys.expires == 1715000000);
		cfs_keys_finish(&keys);
	}
}

static void keys_may_last_where_that_is_said(void **state)
{
	static const struct cfs_json_keys lasting = {
		NULL, "Id", "Secret", "Token", "Until", CFS_JSON_KEYS_ISO8601, true};
	static const struct cfs_json_keys temporary = {
		NULL, "Id", "Secret", "Token", "Until", CFS_JSON_KEYS_ISO8601, false};
	struct cfs_keys keys = CFS_KEYS_INIT;

	(void)state;
	assert_int_equal(read_keys(&temporary, "{" KEYS "}", &keys), -EBADMSG);
	assert_int_equal(read_keys(&temporary, "{" KEYS ",\"Token\":\"t\"}", &keys), -EBADMSG);
	assert_int_equal(
		read_keys(&temporary, "{" KEYS ",\"Until\":\"2024-05-06T12:53:20Z\"}", &keys),
		-EBADMSG);
	assert_null(keys.secret.data);
	assert_int_equal(read_keys(&lasting, "{" KEYS "}", &keys), 0);
	assert_null(keys.token.data);
	assert_true(keys.expires == INT64_MAX);
	cfs_keys_finish(&keys);
}

static void what_are_no_keys_is_refused(void **state)
{
	static const struct cfs_json_keys names = {
		NULL, "Id", "Secret", "Token", "Until", CFS_JSON_KEYS_SECONDS, true};
	static const char *const bad[] = {"{}", "{\"Id\":\"AKID\"}", "{\"Secret\":\"hush\"}",
		"{\"Id\":\"\",\"Secret\":\"hush\",\"Until\":1}",
		"{\"Id\":7,\"Secret\":\"hush\",\"Until\":1}", "{" KEYS ",\"Until\":-1}",
		"{" KEYS ",\"Until\":1e300}", "{" KEYS ",\"Until\":\"1715000000\"}",
		"{" KEYS ",\"Until\":253402300800}"};
	struct cfs_keys keys = CFS_KEYS_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_keys(&names, bad[i], &keys), -EBADMSG);
		assert_null(keys.id.data);
	}
	assert_int_equal(cfs_json_keys_read(&names, NULL, &keys), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_read_with_each_form_of_time),
		cmocka_unit_test(keys_may_last_where_that_is_said),
		cmocka_unit_test(what_are_no_keys_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
