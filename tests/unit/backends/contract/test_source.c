/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backends/contract/backend.h"
#include "backends/contract/source.h"
#include "backends/contract/step.h"

#define NOW INT64_C(1715000000)

static struct {
	unsigned opened, stepped, destroyed;
	const struct cfs_step_answer *answer; /* of the last step */
	bool has_source;
} seen;

static void step(
	void *arg, const struct cfs_step_answer *answer, int64_t now, struct cfs_step *ret_step)
{
	assert_ptr_equal(arg, &seen);
	assert_true(now == NOW);
	seen.stepped++;
	seen.answer = answer;
	cfs_step_absent(ret_step, "step %u", seen.stepped);
}

static void destroy(void *arg)
{
	assert_ptr_equal(arg, &seen);
	seen.destroyed++;
}

static bool open_source(const struct cfs_settings *settings, const struct cfs_env *env, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	assert_non_null(settings);
	assert_non_null(env);
	assert_true(now == NOW);
	seen.opened++;
	if (seen.has_source)
		*ret_source = (struct cfs_source){.step = step, .destroy = destroy, .state = &seen};
	else
		cfs_step_absent(ret_step, "nothing here");
	return seen.has_source;
}

static const struct cfs_settings settings = {.name = "cloud"};

static void a_provider_opens_its_source_once_and_passes_steps_on(void **state)
{
	struct cfs_step_answer answer = {.status = 200};
	struct cfs_provider_state *provider = NULL;
	struct cfs_step out;

	(void)state;
	seen.has_source = true;
	assert_int_equal(
		cfs_source_provider_create(open_source, &settings, &cfs_env_process, &provider), 0);
	assert_int_equal(seen.opened, 0);
	cfs_source_provider_step(provider, NULL, NOW, &out);
	assert_string_equal(out.why, "step 1");
	assert_null(seen.answer);
	cfs_source_provider_step(provider, &answer, NOW, &out);
	assert_string_equal(out.why, "step 2");
	assert_ptr_equal(seen.answer, &answer);
	assert_int_equal(seen.opened, 1);
	assert_int_equal(seen.destroyed, 0);
	cfs_source_provider_destroy(provider);
	assert_int_equal(seen.destroyed, 1);
	cfs_source_provider_destroy(NULL);
}

static void a_provider_without_a_source_says_what_opening_it_said(void **state)
{
	struct cfs_provider_state *provider = NULL;
	struct cfs_step out;

	(void)state;
	seen.has_source = false;
	seen.stepped = seen.destroyed = 0;
	assert_int_equal(
		cfs_source_provider_create(open_source, &settings, &cfs_env_process, &provider), 0);
	cfs_source_provider_step(provider, NULL, NOW, &out);
	assert_int_equal(out.kind, CFS_STEP_ABSENT);
	assert_string_equal(out.why, "nothing here");
	cfs_source_provider_destroy(provider);
	assert_int_equal(seen.stepped, 0);
	assert_int_equal(seen.destroyed, 0);
}

static void retries_are_counted(void **state)
{
	struct cfs_step_answer answer = {.status = 500};
	unsigned retries = 0;

	(void)state;
	assert_false(cfs_source_retry(&retries, &answer, CFS_DENIED));
	assert_int_equal(retries, 0);
	for (unsigned i = 0; i < CFS_SOURCE_RETRIES; i++)
		assert_true(cfs_source_retry(&retries, &answer, CFS_SERVER));
	assert_false(cfs_source_retry(&retries, &answer, CFS_SERVER));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_provider_opens_its_source_once_and_passes_steps_on),
		cmocka_unit_test(a_provider_without_a_source_says_what_opening_it_said),
		cmocka_unit_test(retries_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
