/* What the tests of the AWS backend share: an environment of their own, and fixtures. */
#ifndef CFS_TESTS_UNIT_SUPPORT_AWS_SUPPORT_H
#define CFS_TESTS_UNIT_SUPPORT_AWS_SUPPORT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/contract/backend.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

/* Variables, and files whose names begin with '/'. A file that is "EACCES" cannot be read. */
struct fake_env {
	struct cfs_env env;
	struct {
		const char *name, *value;
	} entries[24];
};

static inline const char *fake_find(const struct fake_env *fake, const char *name)
{
	for (size_t i = 0; i < N_ELEMENTS(fake->entries); i++) {
		if (fake->entries[i].name && strcmp(fake->entries[i].name, name) == 0)
			return fake->entries[i].value;
	}
	return NULL;
}

static inline const char *fake_get(void *arg, const char *name)
{
	return fake_find(arg, name);
}

static inline int fake_read_file(void *arg, const char *path, struct cfs_buf *content)
{
	const char *text = fake_find(arg, path);

	if (!text)
		return -ENOENT;
	if (strcmp(text, "EACCES") == 0)
		return -EACCES;
	return cfs_buf_adds(content, text);
}

static inline const struct cfs_env *fake_env_of(struct fake_env *fake)
{
	fake->env = (struct cfs_env){.get = fake_get, .read_file = fake_read_file, .arg = fake};
	return &fake->env;
}

/* Appends a file of tests/unit/data/aws. */
static inline struct cfs_buf load_fixture(const char *name)
{
	struct cfs_buf content = CFS_BUF_INIT(1024 * 1024);
	char path[1024], chunk[4096];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/aws/%s", TEST_DATA, name);
	file = fopen(path, "rb");
	if (!file)
		fail_msg("%s: %s", path, strerror(errno));
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		assert_int_equal(cfs_buf_add(&content, chunk, n), 0);
	fclose(file);
	return content;
}

#endif
