/* SPDX-License-Identifier: MIT */
/* backends/tencent/cvm/answer.h: answers made by damaging good ones. A crash of the program is the
 * failure. */
#include "tests/unit/support/repeats.h"
#include "tests/unit/support/tencent_reading.h"

#include <cjson/cJSON.h>

#define N_QUESTIONS 6
#define DAMAGED 4000
#define MUTANTS 1212 /* at least so many; a few are of every type, as 101 is a prime */

/* The i-th value of a tree in document order, or NULL; *i counts down. */
static cJSON *nth(cJSON *item, size_t *i)
{
	cJSON *found = NULL;

	for (; item && !found; item = item->next) {
		if ((*i)-- == 0)
			return item;
		found = nth(item->child, i);
	}
	return found;
}

/* The document with its value number `at` replaced by another; false when it has not so many. */
static bool replace_value(const char *text, size_t at, const char *other, char mutant[FIXTURE_MAX])
{
	static const char marker[] = "a text to be replaced";
	cJSON *tree = cJSON_Parse(text), *victim = nth(tree, &at);
	char *printed, *place;

	if (!victim) {
		cJSON_Delete(tree);
		return false;
	}
	cJSON_Delete(victim->child);
	victim->child = NULL;
	cJSON_free(victim->valuestring);
	victim->valuestring = strdup(marker);
	victim->type = cJSON_String;
	printed = cJSON_PrintUnformatted(tree);
	cJSON_Delete(tree);
	assert_non_null(printed);
	place = strstr(printed, marker);
	assert_non_null(place);
	snprintf(mutant, FIXTURE_MAX, "%.*s%s%s", (int)(place - 1 - printed), printed, other,
		place + strlen(marker) + 1);
	cJSON_free(printed);
	return true;
}

/* Every value of a good answer in turn becomes one of every other type. */
static void wrong_types_anywhere_do_no_harm(void **state)
{
	static const char *const fixtures[] = {"describe_instances.json", "vnc_url.json",
		"error.json", "regions.json", "caller_identity.json"};
	static const char *const others[] = {"null", "true", "0", "-1", "1e999", "1e308", "\"\"",
		"\"\\u0000\\u0001\\ud83d\\ude00\"", "[]", "{}", "[[[[]]]]",
		"{\"InstanceId\":\"ins-zzzzzzzz\"}", "[{\"InstanceId\":\"../../x\"}]",
		"[\"\",null,7,{\"Key\":[]}]"};
	static const size_t n_others = sizeof(others) / sizeof(others[0]);
	static char text[FIXTURE_MAX], mutant[FIXTURE_MAX];
	const struct cfs_question questions[N_QUESTIONS] = {question_list, question_find,
		fetch_vnc_url(), question_regions, question_whoami, probe_vnc_url(NULL)};
	const size_t step = step_over(MUTANTS);
	size_t mutants = 0;

	(void)state;
	for (size_t f = 0; f < sizeof(fixtures) / sizeof(fixtures[0]); f++) {
		load(fixtures[f], text);
		for (size_t i = 0; replace_value(text, i / n_others, others[i % n_others], mutant);
			i += step) {
			for (size_t q = 0; q < N_QUESTIONS; q++) {
				struct outcome outcome = {0};

				read_text(&outcome, &questions[q], mutant);
				assert_int_equal(outcome.fed, 0);
				assert_in_range(outcome.error.fault, CFS_OK, CFS_N_FAULTS - 1);
				outcome_finish(&outcome);
			}
			mutants++;
		}
	}
	assert_true(mutants * step >= MUTANTS);
}

/* Random damage, the same on every run. */
static void damaged_bytes_do_no_harm(void **state)
{
	static const char *const fixtures[] = {"describe_instances.json", "vnc_url.json",
		"empty.json", "error.json", "regions.json", "caller_identity.json"};
	static const char spice[] = "{}[]\",:\\u0eE+-.\x00\xff\x80\n\x1f";
	const struct cfs_question questions[N_QUESTIONS] = {question_list, question_find,
		fetch_vnc_url(), question_regions, question_whoami, probe_vnc_url(NULL)};
	static char text[FIXTURE_MAX], mutant[FIXTURE_MAX];
	uint64_t random = 42;

	(void)state;
	for (size_t f = 0; f < sizeof(fixtures) / sizeof(fixtures[0]); f++) {
		size_t len = load(fixtures[f], text);

		for (size_t i = 0; i < DAMAGED; i += step_over(DAMAGED)) {
			struct outcome outcome = {0};
			size_t n;

			memcpy(mutant, text, len);
			random = random * 6364136223846793005u + 1442695040888963407u;
			n = 1 + (random >> 60);
			while (n--) {
				random = random * 6364136223846793005u + 1442695040888963407u;
				mutant[(random >> 33) % len] =
					spice[(random >> 20) % (sizeof(spice) - 1)];
			}
			read_bytes(&outcome, &questions[i % N_QUESTIONS], mutant, len);
			assert_int_equal(outcome.fed, 0);
			assert_in_range(outcome.error.fault, CFS_OK, CFS_N_FAULTS - 1);
			outcome_finish(&outcome);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_types_anywhere_do_no_harm),
		cmocka_unit_test(damaged_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, make_account, destroy_account);
}
