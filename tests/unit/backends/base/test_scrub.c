/* SPDX-License-Identifier: MIT */
/* backends/base/scrub.h, as far as no parser is needed: test_xml.c has what libxml2 makes of it. */
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
#include "backends/base/scrub.h"

#define BAD "\xef\xbf\xbd" /* U+FFFD */
#define TEXT_MAX (64 * 1024)
#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

/* Scrubs text[0..len) in pieces of `piece` bytes. */
static void scrub_xml(const char *text, size_t len, size_t piece, struct cfs_buf *ret_all)
{
	struct cfs_scrub_xml scrub = {.n_held = 0};

	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		bool clean;

		assert_int_equal(cfs_scrub_xml(&scrub, text + at, n, ret_all, &clean), 0);
		if (clean)
			assert_int_equal(cfs_buf_add(ret_all, text + at, n), 0);
	}
	assert_int_equal(cfs_scrub_xml_end(&scrub, ret_all), 0);
}

/* Random bytes of those that matter, in many pieces and in one: the same comes out, and nothing is
 * left in it to scrub. */
static void xml_is_scrubbed_the_same_however_it_comes(void **state)
{
	static const char alphabet[] = "abc&&#x;;1208dDfF<>\x01\x1f\n\t\x00\xef\xbf\xbe\xbd\xc3\xa9"
				       "\xe4\xb8\xad\xf0\x9f\x98\x80\xed\xa0 ";
	enum { LEN = 300, RUNS = 2000 };
	static const size_t pieces[] = {1, 2, 3, 7, 63, 64, 65};
	uint64_t random = 7;

	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		struct cfs_buf whole = CFS_BUF_INIT(TEXT_MAX), again = CFS_BUF_INIT(TEXT_MAX);
		size_t len;
		char text[LEN];

		for (size_t i = 0; i < LEN; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			text[i] = random >> 60 < 12
				? 'a'
				: alphabet[(random >> 33) % (sizeof(alphabet) - 1)];
		}
		len = 1 + (size_t)(random >> 40) % LEN;
		scrub_xml(text, len, len, &whole);
		assert_true(whole.len <= 5 * len);
		for (size_t i = 0; i < N_ELEMENTS(pieces); i++) {
			struct cfs_buf other = CFS_BUF_INIT(TEXT_MAX);

			scrub_xml(text, len, pieces[i], &other);
			assert_int_equal(other.len, whole.len);
			assert_memory_equal(cfs_buf_text(&other), cfs_buf_text(&whole), whole.len);
			cfs_buf_finish(&other);
		}
		scrub_xml(whole.data, whole.len, whole.len, &again);
		assert_int_equal(again.len, whole.len);
		assert_memory_equal(again.data, whole.data, whole.len);
		cfs_buf_finish(&whole);
		cfs_buf_finish(&again);
	}
}

static void clean_xml_is_not_copied(void **state)
{
	static const char text[] = "<a>\t\r\nplain, \xc3\xa9, &amp; &#65; and more of it, until a "
				   "block is full and another begins: \xf0\x9f\x98\x80</a>";
	struct cfs_scrub_xml scrub = {.n_held = 0};
	struct cfs_buf out = CFS_BUF_INIT(TEXT_MAX);
	bool clean = false;

	(void)state;
	assert_int_equal(cfs_scrub_xml(&scrub, text, strlen(text), &out, &clean), 0);
	assert_true(clean);
	assert_int_equal(out.len, 0);
	cfs_buf_finish(&out);
}

/* Text and what it must become; NULL: it stays as it is. */
static void scrub_json(const char *in, size_t len, const char *expected)
{
	struct cfs_buf text = CFS_BUF_INIT(len);
	const char *before;

	assert_int_equal(cfs_buf_add(&text, in, len), 0);
	before = text.data;
	assert_int_equal(cfs_scrub_json(&text, 4), 0);
	if (!expected) {
		assert_ptr_equal(text.data, before);
		assert_memory_equal(text.data, in, len);
	} else {
		assert_string_equal(cfs_buf_text(&text), expected);
	}
	cfs_buf_finish(&text);
}

static void strings_of_json_lose_what_would_end_the_document(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"{\"a\": \"b\\u0000\\n\\\"\\\\\"}\r\n\t", NULL},
		{"[\"\xff\", \"\xc3\xa9\x7f\"]", NULL},
		{"[\"a\x01\tb\"]", "[\"a" BAD BAD "b\"]"},
		{"[\"C:\\path\\x\\\"\"]", "[\"C:\\\\path\\\\x\\\"\"]"},
		{"[\"\\u12g4\\u\\uABCD\\u1\"]", "[\"\\\\u12g4\\\\u\\uABCD\\\\u1\"]"},
		{"[\"\\", "[\"\\\\"},
		{"\x01[]", NULL}, /* not in a string: it is no JSON */
		{"[[[[]]]]", NULL},
		{"[[[[1, \"]\", {\"a\": [2]}]]], 3]", "[[[[]]], 3]"},
		{"{\"a\":{\"b\":{\"c\":{\"d\":\"\x01\\\"}\"}}}}", "{\"a\":{\"b\":{\"c\":{}}}}"},
		{"[[[[[", "[[[["},
		{"]]]", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		if (*cases[i].in)
			scrub_json(cases[i].in, strlen(cases[i].in), cases[i].out);
	}
	scrub_json("[\"a\0b\"]", 7, "[\"a" BAD "b\"]");
}

static void scrubbed_json_is_read(void **state)
{
	static const char in[] =
		"{\"one\": \"\x01\\q\\ud800\", \"deep\": [[[[[[[[[[[[[[[[[[[[[[[[[[[["
		"[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]], \"two\": \"2\"}";
	struct cfs_buf text = CFS_BUF_INIT(TEXT_MAX);
	cJSON *tree = NULL;

	(void)state;
	assert_int_equal(cfs_buf_adds(&text, in), 0);
	assert_int_equal(cfs_scrub_json(&text, CFS_JSON_DEPTH_MAX), 0);
	assert_int_equal(cfs_json_parse(&text, &tree), 0);
	assert_string_equal(cfs_json_text(tree, "one"), BAD "\\q" BAD);
	assert_string_equal(cfs_json_text(tree, "two"), "2");
	cfs_json_wipe(tree);
	cfs_buf_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xml_is_scrubbed_the_same_however_it_comes),
		cmocka_unit_test(clean_xml_is_not_copied),
		cmocka_unit_test(strings_of_json_lose_what_would_end_the_document),
		cmocka_unit_test(scrubbed_json_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
