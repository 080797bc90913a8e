/* SPDX-License-Identifier: MIT */
/* backends/base/nearest.h: the word that was probably meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/nearest.h"

static const char *const settings[] = {"backend", "profile", "regions", "endpoint", "ca_file",
	"list_ttl", "timeout", "rate", "filter", "vnc_page", NULL};

/* The text in memory of its own size, so that a sanitizer sees a read past it. */
static const char *nearest_of(const char *text, const char *const *words)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	struct cfs_nearest nearest;

	assert_non_null(copy);
	memcpy(copy, text, len);
	cfs_nearest_init(&nearest, copy, len);
	for (; *words; words++)
		cfs_nearest_offer(&nearest, *words);
	free(copy);
	return nearest.word;
}

static void assert_meant(const char *text, const char *word)
{
	const char *nearest = nearest_of(text, settings);

	if (!nearest)
		fail_msg("nothing is near %s", text);
	assert_string_equal(nearest, word);
}

static void a_slip_of_the_keyboard_finds_its_word(void **state)
{
	(void)state;
	assert_meant("region", "regions");    /* left out */
	assert_meant("regionss", "regions");  /* inserted */
	assert_meant("regiond", "regions");   /* replaced */
	assert_meant("regoins", "regions");   /* swapped */
	assert_meant("rgeoins", "regions");   /* swapped twice */
	assert_meant("rats", "rate");         /* one of four */
	assert_meant("list-ttl", "list_ttl"); /* another mark */
	assert_meant("vncpage", "vnc_page");
	assert_meant("time_out", "timeout");
}

static void case_does_not_matter(void **state)
{
	static const char *const regions[] = {"us-east-2", "us-east-1", "eu-west-1", NULL};

	(void)state;
	assert_meant("Profile", "profile");
	assert_string_equal(nearest_of("US-EAST-1", regions), "us-east-1");
	assert_string_equal(nearest_of("useast1", regions), "us-east-1");
}

static void what_is_far_from_all_finds_none(void **state)
{
	static const char *const two[] = {"ab", NULL}, *const one[] = {"a", NULL};

	(void)state;
	assert_null(nearest_of("", settings));
	assert_null(nearest_of("wake", settings));
	assert_null(nearest_of("secret", settings));
	assert_null(nearest_of("nonsense", settings));
	assert_null(nearest_of("zz", two));
	assert_null(nearest_of("b", one));
	assert_string_equal(nearest_of("ax", two), "ab");
	assert_string_equal(nearest_of("A", one), "a");
}

static void the_first_of_two_that_are_equally_near_is_kept(void **state)
{
	static const char *const words[] = {"aws", "ads", NULL};

	(void)state;
	assert_string_equal(nearest_of("axs", words), "aws");
	assert_string_equal(nearest_of("ads", words), "ads");
}

/* However long the text, and whatever is in it. */
static void the_cost_is_bounded(void **state)
{
	char text[4096], word[CFS_NEAREST_MAX + 2];
	const char *const words[] = {word, "regions", NULL};

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(nearest_of(text, words));
	/* Both as long as may be, and one byte more. */
	text[CFS_NEAREST_MAX] = '\0';
	assert_null(nearest_of(text, words));
	word[CFS_NEAREST_MAX] = '\0';
	assert_ptr_equal(nearest_of(text, words), word);
	text[CFS_NEAREST_MAX] = 'x';
	text[CFS_NEAREST_MAX + 1] = '\0';
	assert_null(nearest_of(text, words));
	assert_string_equal(
		nearest_of("\xff\x01gions", (const char *const[]){"regions", NULL}), "regions");
}

static void it_is_said_as_a_question(void **state)
{
	struct cfs_buf buf = CFS_BUF_INIT(256);
	struct cfs_nearest nearest;

	(void)state;
	cfs_nearest_init(&nearest, "xyz", 3);
	cfs_nearest_offer(&nearest, "regions");
	assert_int_equal(cfs_nearest_add(&nearest, &buf), 0);
	assert_int_equal(buf.len, 0);
	cfs_nearest_init(&nearest, "region", 6);
	cfs_nearest_offer(&nearest, "regions");
	assert_int_equal(cfs_nearest_add(&nearest, &buf), 0);
	assert_string_equal(cfs_buf_text(&buf), " (did you mean regions?)");
	cfs_buf_finish(&buf);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slip_of_the_keyboard_finds_its_word),
		cmocka_unit_test(case_does_not_matter),
		cmocka_unit_test(what_is_far_from_all_finds_none),
		cmocka_unit_test(the_first_of_two_that_are_equally_near_is_kept),
		cmocka_unit_test(the_cost_is_bounded),
		cmocka_unit_test(it_is_said_as_a_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
