/* SPDX-License-Identifier: MIT */
/* backends/registry.h: which clouds there are, and that their tables say what they must. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/text.h"
#include "backends/registry.h"

static void a_backend_is_found_by_its_name(void **state)
{
	const struct cfs_backend *backend;
	size_t n = 0;

	(void)state;
	while ((backend = cfs_backend_at(n))) {
		assert_ptr_equal(cfs_backend_find(backend->name), backend);
		n++;
	}
	assert_true(n > 0);
	assert_null(cfs_backend_at(n + 1));
	assert_null(cfs_backend_find(""));
	assert_null(cfs_backend_find("no such cloud"));
}

/* Completions read them from lines: a key is a token, and words fit on a line of a terminal. */
static void settings_can_be_listed(void **state)
{
	const struct cfs_backend *backend;

	(void)state;
	for (size_t i = 0; (backend = cfs_backend_at(i)); i++) {
		assert_true(cfs_text_is_token(backend->name, strlen(backend->name), 32, "-"));
		for (const struct cfs_setting *setting = backend->settings; setting && setting->key;
			setting++) {
			assert_true(cfs_text_is_token(setting->key, strlen(setting->key), 32, "_"));
			assert_true(strlen(setting->words) > 0 && strlen(setting->words) < 64);
			assert_null(strpbrk(setting->words, "\t\n"));
			assert_non_null(setting->check);
			assert_non_null(setting->check(""));
		}
	}
}

static void known_regions_are_valid(void **state)
{
	const struct cfs_backend *backend;

	(void)state;
	for (size_t i = 0; (backend = cfs_backend_at(i)); i++) {
		for (size_t j = 0; backend->regions && backend->regions[j]; j++)
			assert_true(backend->valid_region(backend->regions[j]));
	}
}

/* An id and a region's name come from a cloud's answer, and become a directory's name, an argument
 * and a line: nothing passes for either that is a path, an option, hidden, unprintable, or another
 * entry of the mount. */
static void what_a_cloud_answers_is_fit_for_a_directory(void **state)
{
	static const char *const bad[] = {"", ".", "..", "/", "*", "~", " ", "-", "--", "-rf",
		"-i-0", "--checkpoint=1", "+!id", ".hidden", "..x", "../x", "x/..", "i-0/../x",
		"a b", "a:b", "a\nb", "a\tb", "a\x7f", "a\x1b[2J", "a\xff", "\xc3\xa9",
		"\xe2\x80\x8b", "$(id)", "`id`", "'", "\"", "a;b", "a\\b", "a%2fb", "a=b", "a,b",
		"a@b", "A-b"};
	/* Of a cloud's directory. */
	static const char *const names[] = {
		"by-name", "by-region", ".still", "status", "info.json"};
	static const char ends[] = "-+._/: \n";
	char text[2 * CFS_ID_MAX + 2 * CFS_REGION_MAX + 1];
	const struct cfs_backend *backend;

	(void)state;
	for (size_t i = 0; (backend = cfs_backend_at(i)); i++) {
		for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
			if (backend->valid_id(bad[j]) || backend->valid_region(bad[j]))
				fail_msg("%s takes \"%s\"", backend->name, bad[j]);
		}
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			assert_false(backend->valid_id(names[j]));
		for (size_t j = 0; backend->regions && backend->regions[j]; j++) {
			for (const char *end = ends; *end; end++) {
				snprintf(text, sizeof(text), "%c%s", *end, backend->regions[j]);
				assert_false(backend->valid_region(text));
				snprintf(text, sizeof(text), "%s%c", backend->regions[j], *end);
				assert_false(backend->valid_region(text));
			}
		}
		for (const char *prefix = "i\0ins\0"; *prefix; prefix += strlen(prefix) + 1) {
			memset(text, 'a', sizeof(text));
			text[sizeof(text) - 1] = '\0';
			memcpy(text, prefix, strlen(prefix));
			text[strlen(prefix)] = '-';
			assert_false(backend->valid_id(text) || backend->valid_region(text));
		}
	}
}

/* Every {word} of a text is one that is replaced. */
static void assert_template(const char *text, bool in_directory)
{
	for (const char *at = text; (at = strchr(at, '{')); at++) {
		if (strncmp(at, "{url}", 5) != 0 && strncmp(at, "{ca_file}", 9) != 0 &&
			!(in_directory && strncmp(at, "{dir}", 5) == 0))
			fail_msg("\"%s\" holds an unknown {word}", text);
	}
}

static void a_demo_says_all_that_it_needs(void **state)
{
	const struct cfs_backend *backend;
	const struct cfs_demo_facts *demo;

	(void)state;
	for (size_t i = 0; (backend = cfs_backend_at(i)); i++) {
		demo = backend->demo;
		if (!demo)
			continue;
		assert_true(strlen(demo->regions) > 0);
		assert_non_null(demo->variables[0].key);
		for (size_t j = 0; demo->variables[j].key; j++)
			assert_template(demo->variables[j].value, false);
		assert_non_null(demo->commands[0]);
		for (size_t j = 0; demo->commands[j]; j++)
			assert_template(demo->commands[j], true);
		assert_true(!demo->client == !demo->client_command);
		if (demo->client_command)
			assert_template(demo->client_command, false);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_backend_is_found_by_its_name),
		cmocka_unit_test(settings_can_be_listed),
		cmocka_unit_test(known_regions_are_valid),
		cmocka_unit_test(what_a_cloud_answers_is_fit_for_a_directory),
		cmocka_unit_test(a_demo_says_all_that_it_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
