/* SPDX-License-Identifier: MIT */
/* backends/base/json.h: JSON from strangers, within limits. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/json.h"

#define DOCUMENT_MAX (4 * 1024 * 1024)

static cJSON *parse_bytes(const char *bytes, size_t len, int expected)
{
	struct cfs_buf text = CFS_BUF_INIT(DOCUMENT_MAX);
	cJSON *tree = NULL;

	assert_int_equal(cfs_buf_add(&text, bytes, len), 0);
	assert_int_equal(cfs_json_parse(&text, &tree), expected);
	if (expected < 0)
		assert_null(tree);
	else
		assert_non_null(tree);
	cfs_buf_finish(&text);
	return tree;
}

static cJSON *parse(const char *text)
{
	return parse_bytes(text, strlen(text), 0);
}

static void refuse(const char *text)
{
	assert_null(parse_bytes(text, strlen(text), -EBADMSG));
}

static void members_are_found_by_name_and_type(void **state)
{
	cJSON *tree = parse(" {\"o\": {\"t\": \"text\"}, \"a\": [1], \"n\": 3, \"z\": null} \r\n");
	int64_t n = -1;

	(void)state;
	assert_string_equal(cfs_json_text(cfs_json_object(tree, "o"), "t"), "text");
	assert_non_null(cfs_json_array(tree, "a"));
	assert_true(cfs_json_count(tree, "n", 3, &n));
	assert_int_equal(n, 3);

	assert_null(cfs_json_object(tree, "a"));
	assert_null(cfs_json_object(tree, "z"));
	assert_null(cfs_json_array(tree, "o"));
	assert_null(cfs_json_text(tree, "n"));
	assert_null(cfs_json_text(tree, "missing"));
	assert_null(cfs_json_text(tree, "O"));
	assert_null(cfs_json_text(NULL, "o"));
	assert_null(cfs_json_text(cfs_json_array(tree, "a"), "o"));
	cfs_json_wipe(tree);
}

static void of_a_repeated_name_the_first_counts(void **state)
{
	cJSON *tree = parse("{\"a\": \"first\", \"a\": \"second\"}");

	(void)state;
	assert_string_equal(cfs_json_text(tree, "a"), "first");
	cfs_json_wipe(tree);
}

static void counts_are_whole_and_bounded(void **state)
{
	static const char *const bad[] = {"-1", "1.5", "11", "1e999", "-1e999", "\"3\"", "true",
		"null", "[3]", "1e300", "9223372036854775807", "0.0000001"};
	int64_t n = -7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[64];
		cJSON *tree;

		snprintf(text, sizeof(text), "{\"n\": %s}", bad[i]);
		tree = parse(text);
		assert_false(cfs_json_count(tree, "n", 10, &n));
		assert_int_equal(n, -7);
		cfs_json_wipe(tree);
	}
}

static void what_is_no_document_is_refused(void **state)
{
	static const char *const bad[] = {"", " ", "{", "}", "{]", "[1,]", "{\"a\"}", "{\"a\":}",
		"nonsense", "<html>502</html>", "{} {}", "{}x", "\"open", "\"\\", "\"\\u12",
		"\"\\u12zz\"", "\"\\x\"", "{\"a\": tru}", "{\"a\": 1 \"b\": 2}",
		"\"raw\nline feed\"", "{\x01}", "\"\x1f\""};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse(bad[i]);
	parse_bytes("{}\0", 3, -EBADMSG);
	parse_bytes("\"a\0b\"", 5, -EBADMSG);
}

static void nesting_is_bounded(void **state)
{
	char text[2 * 100000 + 1];

	(void)state;
	memset(text, '[', CFS_JSON_DEPTH_MAX);
	memset(text + CFS_JSON_DEPTH_MAX, ']', CFS_JSON_DEPTH_MAX);
	cfs_json_wipe(parse_bytes(text, (size_t)2 * CFS_JSON_DEPTH_MAX, 0));

	memset(text, '[', CFS_JSON_DEPTH_MAX + 1);
	memset(text + CFS_JSON_DEPTH_MAX + 1, ']', CFS_JSON_DEPTH_MAX + 1);
	parse_bytes(text, (size_t)2 * CFS_JSON_DEPTH_MAX + 2, -EBADMSG);

	memset(text, '[', 100000);
	memset(text + 100000, ']', 100000);
	parse_bytes(text, 200000, -EBADMSG);
	/* Brackets in a text nest nothing. */
	text[0] = text[100000] = '"';
	cfs_json_wipe(parse_bytes(text, 100001, 0));
}

static void values_are_bounded(void **state)
{
	struct cfs_buf text = CFS_BUF_INIT(DOCUMENT_MAX);
	cJSON *tree = NULL;

	(void)state;
	assert_int_equal(cfs_buf_addc(&text, '['), 0);
	/* The scan counts the list itself and one value more than there are commas. */
	for (size_t i = 0; i < CFS_JSON_VALUES_MAX - 2; i++)
		assert_int_equal(cfs_buf_adds(&text, "0,"), 0);
	assert_int_equal(cfs_buf_adds(&text, "0]"), 0);
	assert_int_equal(cfs_json_parse(&text, &tree), 0);
	cfs_json_wipe(tree);
	tree = NULL;
	text.data[text.len - 1] = ',';
	assert_int_equal(cfs_buf_adds(&text, "0]"), 0);
	assert_int_equal(cfs_json_parse(&text, &tree), -EBADMSG);
	assert_null(tree);
	cfs_buf_finish(&text);
}

static void escapes_of_no_character_become_the_replacement(void **state)
{
	static const struct {
		const char *json, *text;
	} cases[] = {
		{"\"a\\u0000b\"",
			"a\xef\xbf\xbd"
			"b"},
		{"\"\\ud800\"", "\xef\xbf\xbd"},
		{"\"\\uDFFF!\"", "\xef\xbf\xbd!"},
		{"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
		{"\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
		{"\"\\ud83dx\"", "\xef\xbf\xbdx"},
		{"\"\\ud83d\\n\"", "\xef\xbf\xbd\n"},
		{"\"\\\\u0000\"", "\\u0000"},
		{"\"\\\\\\u0000\"", "\\\xef\xbf\xbd"},
		{"\"\\u00e9\\\"\\/\"", "\xc3\xa9\"/"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *tree = parse(cases[i].json);

		assert_string_equal(cJSON_GetStringValue(tree), cases[i].text);
		cfs_json_wipe(tree);
	}
}

static void a_tree_is_printed_at_the_end_of_a_buffer(void **state)
{
	static const char *const texts[] = {"{}", "{\"a\":[1,\"b\\\"\",null,true,{}]}", "\"\""};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cfs_buf text = CFS_BUF_INIT(4096);
		cJSON *tree = parse(texts[i]);

		assert_int_equal(cfs_buf_adds(&text, "before "), 0);
		assert_int_equal(cfs_json_print(tree, &text), 0);
		assert_memory_equal(text.data, "before ", 7);
		assert_string_equal(text.data + 7, texts[i]);
		assert_int_equal(text.len, 7 + strlen(texts[i]));
		cfs_json_wipe(tree);
		cfs_buf_wipe(&text);
	}
}

/* However long it is, up to the buffer's limit; past it nothing is kept. */
static void a_printed_tree_grows_to_the_limit(void **state)
{
	static char content[20000];

	(void)state;
	for (size_t len = 0; len < sizeof(content); len += 397) {
		struct cfs_buf roomy = CFS_BUF_INIT(sizeof(content) + 64), tight;
		cJSON *tree;

		memset(content, 'x', len);
		content[len] = '\0';
		tree = cJSON_CreateString(content);
		assert_int_equal(cfs_json_print(tree, &roomy), 0);
		assert_int_equal(roomy.len, len + 2);
		cfs_buf_init(&tight, len + 1);
		assert_int_equal(cfs_json_print(tree, &tight), -EFBIG);
		assert_int_equal(tight.len, 0);
		assert_string_equal(cfs_buf_text(&tight), "");
		cfs_buf_wipe(&tight);
		cfs_json_wipe(tree);
		cfs_buf_wipe(&roomy);
	}
}

static void one_object_is_parsed_and_the_text_is_left_alone(void **state)
{
	static const char *const refused[] = {"", "[]", "\"text\"", "{} {}", "{\"a\":", "null"};
	static const char text[] = "{\"a\":\"\\u0000\",\"b\":\"\",\"c\":1}";
	char copy[sizeof(text)];
	cJSON *object = NULL;

	(void)state;
	memcpy(copy, text, sizeof(text));
	assert_int_equal(cfs_json_parse_object(copy, strlen(copy), &object), 0);
	assert_memory_equal(copy, text, sizeof(text));
	assert_string_equal(cfs_json_filled(object, "a"), "\xef\xbf\xbd");
	assert_null(cfs_json_filled(object, "b"));
	assert_null(cfs_json_filled(object, "c"));
	assert_null(cfs_json_filled(object, "d"));
	assert_null(cfs_json_filled(NULL, "a"));
	cfs_json_wipe(object);
	object = NULL;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(
			cfs_json_parse_object(refused[i], strlen(refused[i]), &object), -EBADMSG);
		assert_null(object);
	}
}

static void printable_json_means_the_same(void **state)
{
	static const char text[] = "{\n\t\"a\u00e9\":\"\x7f\xc2\x9b\xe2\x80\xae\xe2\x80\xa8"
				   "\xef\xbb\xbf\xf3\xa0\x81\x81\xf0\x9f\x98\x80\xc3\xa9\"\n}";
	struct cfs_buf shown = CFS_BUF_INIT(1024);
	cJSON *before = NULL, *after = NULL;

	(void)state;
	assert_int_equal(cfs_json_add_printable(&shown, text), 0);
	assert_string_equal(cfs_buf_text(&shown),
		"{\n\t\"a\u00e9\":\"\\u007f\\u009b\\u202e\\u2028\\ufeff\\udb40\\udc41"
		"\xf0\x9f\x98\x80\xc3\xa9\"\n}");
	assert_int_equal(cfs_json_parse_object(text, strlen(text), &before), 0);
	assert_int_equal(cfs_json_parse_object(cfs_buf_text(&shown), shown.len, &after), 0);
	assert_true(cJSON_Compare(before, after, true));
	cfs_json_wipe(before);
	cfs_json_wipe(after);
	cfs_buf_finish(&shown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_by_name_and_type),
		cmocka_unit_test(of_a_repeated_name_the_first_counts),
		cmocka_unit_test(counts_are_whole_and_bounded),
		cmocka_unit_test(what_is_no_document_is_refused),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(values_are_bounded),
		cmocka_unit_test(escapes_of_no_character_become_the_replacement),
		cmocka_unit_test(printable_json_means_the_same),
		cmocka_unit_test(one_object_is_parsed_and_the_text_is_left_alone),
		cmocka_unit_test(a_tree_is_printed_at_the_end_of_a_buffer),
		cmocka_unit_test(a_printed_tree_grows_to_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
