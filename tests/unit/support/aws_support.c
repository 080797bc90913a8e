/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/aws_support.h"

static const char *fake_find(const struct fake_env *fake, const char *name)
{
	for (size_t i = 0; i < N_ELEMENTS(fake->entries); i++) {
		if (fake->entries[i].name && strcmp(fake->entries[i].name, name) == 0)
			return fake->entries[i].value;
	}
	return NULL;
}

static const char *fake_get(void *arg, const char *name)
{
	return fake_find(arg, name);
}

static int fake_read_file(void *arg, const char *path, struct cfs_buf *content)
{
	const char *text = fake_find(arg, path);

	if (!text)
		return -ENOENT;
	if (strcmp(text, "EACCES") == 0)
		return -EACCES;
	return cfs_buf_adds(content, text);
}

static int fake_read_owned(
	void *arg, const char *path, struct cfs_buf *content, struct cfs_buf *foreign)
{
	char name[256];
	const char *who;
	int r = fake_read_file(arg, path, content);

	snprintf(name, sizeof(name), FOREIGN("%s"), path);
	who = r == 0 ? fake_find(arg, name) : NULL;
	return who ? cfs_buf_adds(foreign, who) : r;
}

static bool is_wary(const struct fake_env *fake)
{
	for (size_t i = 0; i < N_ELEMENTS(fake->entries); i++) {
		if (fake->entries[i].name &&
			strncmp(fake->entries[i].name, FOREIGN(""), strlen(FOREIGN(""))) == 0)
			return true;
	}
	return false;
}

static int fake_random(void *arg, unsigned char *bytes, size_t len)
{
	(void)arg;
	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)i;
	return 0;
}

static int64_t fake_host_time(void *arg)
{
	const struct fake_env *fake = arg;

	return fake->host_time;
}

const struct cfs_env *fake_env_of(struct fake_env *fake)
{
	fake->env = (struct cfs_env){.get = fake_get,
		.read_file = fake_read_file,
		.read_owned = fake_read_owned,
		.random = fake_random,
		.host_time = fake->host_time ? fake_host_time : NULL,
		.wary = is_wary(fake),
		.arg = fake};
	return &fake->env;
}

struct cfs_buf load_fixture(const char *name)
{
	struct cfs_buf content = CFS_BUF_INIT(1024 * 1024);
	char path[1024], chunk[4096];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/aws/%s", TEST_DATA, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		assert_int_equal(cfs_buf_add(&content, chunk, n), 0);
	fclose(file);
	return content;
}
