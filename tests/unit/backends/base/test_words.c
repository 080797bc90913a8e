/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/aws_support.h"

#include "backends/base/words.h"

/* The words, each in brackets. */
static void assert_split(const char *text, bool comments, const char *expected)
{
	struct cfs_buf found = CFS_BUF_INIT(65536);
	char **words = NULL;
	size_t n = 0, i;

	assert_int_equal(cfs_words_split(text, comments, &words, &n), 0);
	for (i = 0; words[i]; i++)
		assert_int_equal(cfs_buf_addf(&found, "[%s]", words[i]), 0);
	assert_int_equal(i, n);
	assert_string_equal(cfs_buf_text(&found), expected);
	cfs_buf_finish(&found);
	free(words);
}

static void assert_words(const char *text, const char *expected)
{
	assert_split(text, false, expected);
}

/* What Python's shlex.split makes of them. */
static void test_text_is_split_as_a_shell_splits_it(void **state)
{
	(void)state;
	assert_words("", "");
	assert_words(" \t\r\n ", "");
	assert_words("one", "[one]");
	assert_words("  /bin/a  --b=c\td\n", "[/bin/a][--b=c][d]");
	assert_words("'a b' \"c d\" e' 'f", "[a b][c d][e f]");
	assert_words("'' \"\" x''", "[][][x]");
	assert_words("a\\ b \\' \\\\ \\n", "[a b]['][\\][n]");
	assert_words("'a\\b' '\\'", "[a\\b][\\]");
	assert_words("\"a\\\"b\\\\c\\d\"", "[a\"b\\c\\d]");
	assert_words("\"it's\" 'so \"called\"'", "[it's][so \"called\"]");
	/* No operator, variable, pattern or comment is one. */
	assert_words("a;b $HOME `x` * # > | &", "[a;b][$HOME][`x`][*][#][>][|][&]");
	assert_words("\xc3\xa9\xff 'x'", "[\xc3\xa9\xff][x]");
}

static void test_a_comment_begins_where_an_unquoted_word_could(void **state)
{
	(void)state;
	assert_split("a # b 'c", true, "[a]");
	assert_split("# a", true, "");
	assert_split("a ;b\n c;d", true, "[a][c;d]");
	assert_split("sh -c \"true ; cat x\" --team 'team #4' \\#5 a#b #", true,
		"[sh][-c][true ; cat x][--team][team #4][#5][a#b]");
}

static void test_what_is_not_whole_is_no_text_to_split(void **state)
{
	static const char *const bad[] = {
		"'", "\"", "a 'b", "a \"b", "a\\", "\"a\\", "\"a\\\"", "'a'\""};
	char **words = NULL;
	size_t n = 7;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		if (cfs_words_split(bad[i], false, &words, &n) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
	}
	assert_null(words);
	assert_int_equal(n, 7);
}

static void test_words_are_counted(void **state)
{
	char text[2 * (CFS_WORDS_MAX + 1) + 1];
	char **words = NULL;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 2 ? ' ' : 'a';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(cfs_words_split(text, false, &words, &n), -EFBIG);
	text[2 * CFS_WORDS_MAX] = '\0';
	assert_int_equal(cfs_words_split(text, false, &words, &n), 0);
	assert_int_equal(n, CFS_WORDS_MAX);
	free(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_split_as_a_shell_splits_it),
		cmocka_unit_test(test_a_comment_begins_where_an_unquoted_word_could),
		cmocka_unit_test(test_what_is_not_whole_is_no_text_to_split),
		cmocka_unit_test(test_words_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
