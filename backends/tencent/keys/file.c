/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/ini.h"
#include "backends/contract/backend.h"
#include "backends/contract/step.h"
#include "backends/tencent/keys/sources.h"

#define VARIABLE "TENCENTCLOUD_CREDENTIALS_FILE"
#define WHERE_MAX 512

static const char *const usual[] = {
	"~/.tencentcloud/credentials",
	"/etc/tencentcloud/credentials",
};

/* What one section of the file says. */
struct section {
	const char *name;
	bool found, inside; /* inside: what was read last belongs to it */
	struct cfs_keys keys;
};

static int take(void *arg, const struct cfs_ini_item *item)
{
	struct section *section = arg;
	const struct {
		const char *key;
		struct cfs_secret *place;
	} keys[] = {
		{"secret_id", &section->keys.id},
		{"secret_key", &section->keys.secret},
		{"token", &section->keys.token},
	};

	section->inside = strcmp(item->section, section->name) == 0;
	if (!section->inside)
		return 0;
	section->found = true;
	for (size_t i = 0; item->key && i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(item->key, keys[i].key) == 0)
			return cfs_secret_set(keys[i].place, item->value, strlen(item->value));
	}
	return 0; /* other tools keep other things there */
}

/* As cfs_ini_parse; but a line in another section that is no pair is skipped, as in the SDK for Go,
 * if the section is found. A broken header is not: whose keys would follow it? */
static int parse(const char *text, size_t len, struct section *section, unsigned *ret_line)
{
	unsigned line = 0, before = 0, first = 0;
	int r;

	while ((r = cfs_ini_parse(text, len, false, take, section, &line)) < 0) {
		const char *bad = text, *end = text + len;

		for (unsigned i = 0; i < line && text < end; i++) {
			const char *next = memchr(text, '\n', (size_t)(end - text));

			bad = text;
			text = next ? next + 1 : end;
		}
		before += line;
		*ret_line = before;
		first = first ? first : before;
		while (bad < text && (*bad == ' ' || *bad == '\t'))
			bad++;
		if (r != -EINVAL || section->inside || *bad == '[')
			return r;
		len = (size_t)(end - text);
	}
	/* A file of nothing but such lines is another kind of file. */
	if (first && !section->found) {
		*ret_line = first;
		return -EINVAL;
	}
	return 0;
}

static void read_section(const char *path, const char *name, const struct cfs_buf *content,
	int64_t now, struct cfs_step *step)
{
	struct section section = {.name = name, .keys = CFS_KEYS_INIT};
	char where[WHERE_MAX];
	unsigned line = 0;
	int r;

	snprintf(where, sizeof(where), "%s [%s]", path, name);
	r = parse(cfs_buf_text(content), content->len, &section, &line);
	if (r == -ENOMEM)
		cfs_step_errno(step, r, "");
	else if (r < 0)
		cfs_step_failed(step, CFS_UNAUTHENTICATED, "%s: line %u %s", path, line,
			r == -EFBIG ? "is too long" : "is neither [section] nor key = value");
	else if (!section.found)
		cfs_step_absent(step, "%s has no section [%s]", path, name);
	else if (section.keys.id.len == 0 && section.keys.secret.len == 0)
		cfs_step_absent(step, "%s has no secret_id", where);
	else
		cfs_step_keys(step, 0, &section.keys, now, "%s", where);
	cfs_keys_finish(&section.keys);
}

/* Reads one file. -ENOENT when there is none; any other error too fills *step. */
static int try_file(const struct cfs_settings *settings, const struct cfs_env *env,
	const char *path, int64_t now, struct cfs_step *step)
{
	struct cfs_buf content = CFS_BUF_INIT(CFS_ENV_FILE_MAX);
	char *expanded = NULL;
	int r;

	r = cfs_env_expand(env, path, &expanded);
	if (r == 0)
		r = cfs_env_read(env, expanded, &content);
	if (r == -ENOTDIR)
		r = -ENOENT;
	if (r == 0)
		read_section(path, settings->profile ? settings->profile : "default", &content, now,
			step);
	else if (r == -ENOMEM)
		cfs_step_errno(step, r, "");
	else if (r != -ENOENT)
		cfs_step_failed(step, CFS_UNAUTHENTICATED, "%s: %s", path,
			r == -EFBIG ? "the file is too large" : strerror(-r));
	cfs_buf_wipe(&content);
	free(expanded);
	return r;
}

bool cfs_tencent_file_open(const struct cfs_settings *settings, const struct cfs_env *env,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	const char *named = cfs_env_get(env, VARIABLE);

	(void)ret_source;
	if (named) {
		if (try_file(settings, env, named, now, ret_step) == -ENOENT)
			cfs_step_failed(ret_step, CFS_UNAUTHENTICATED,
				VARIABLE " names %s, which does not exist", named);
		return false;
	}
	/* The first that exists, whatever it says: the SDKs do not go on from there either. */
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (try_file(settings, env, usual[i], now, ret_step) != -ENOENT)
			return false;
	}
	cfs_step_absent(ret_step, "there is no %s and no %s", usual[0], usual[1]);
	return false;
}
