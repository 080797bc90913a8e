#include "backends/tencent/keys/providers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/ini.h"

#define VARIABLE "TENCENTCLOUD_CREDENTIALS_FILE"
#define WHERE_MAX 512

static const char *const usual[] = {
	"~/.tencentcloud/credentials",
	"/etc/tencentcloud/credentials",
};

/* What one section of the file says. */
struct section {
	const char *name;
	bool found;
	struct cfs_secret id, secret, token;
};

static int take(void *arg, const struct cfs_ini_item *item)
{
	struct section *section = arg;
	const struct {
		const char *key;
		struct cfs_secret *place;
	} keys[] = {
		{"secret_id", &section->id},
		{"secret_key", &section->secret},
		{"token", &section->token},
	};

	if (strcmp(item->section, section->name) != 0)
		return 0;
	section->found = true;
	for (size_t i = 0; item->key && i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(item->key, keys[i].key) == 0)
			return cfs_secret_set(keys[i].place, item->value, strlen(item->value));
	}
	return 0; /* other tools keep other things there */
}

static void read_section(struct cfs_step *ret_step, const char *path, const char *name,
	const struct cfs_buf *content)
{
	struct section section = {.name = name};
	char where[WHERE_MAX];
	unsigned line = 0;
	int r;

	snprintf(where, sizeof(where), "%s [%s]", path, name);
	r = cfs_ini_parse(cfs_buf_text(content), content->len, false, take, &section, &line);
	if (r == -ENOMEM)
		cfs_tencent_provider_failed(ret_step, CFS_NO_MEMORY, "out of memory");
	else if (r < 0)
		cfs_tencent_provider_failed(ret_step, CFS_UNAUTHENTICATED, "%s: line %u %s", path,
			line, r == -EFBIG ? "is too long" : "is neither [section] nor key = value");
	else if (!section.found)
		cfs_tencent_provider_absent(ret_step, "%s has no section [%s]", path, name);
	else if (section.id.len == 0 && section.secret.len == 0)
		cfs_tencent_provider_absent(ret_step, "%s has no secret_id", where);
	else
		cfs_tencent_provider_keys(
			ret_step, where, section.id.data, section.secret.data, section.token.data);
	cfs_secret_finish(&section.id);
	cfs_secret_finish(&section.secret);
	cfs_secret_finish(&section.token);
}

/* Reads one file. -ENOENT when there is none; any other error too fills *ret_step. */
static int try_file(struct cfs_provider_state *state, const char *path, struct cfs_step *ret_step)
{
	const char *profile = state->settings->profile;
	struct cfs_buf content = CFS_BUF_INIT(CFS_ENV_FILE_MAX);
	char *expanded = NULL;
	int r;

	r = cfs_env_expand(state->env, path, &expanded);
	if (r == 0)
		r = state->env->read_file(state->env->arg, expanded, &content);
	if (r == -ENOTDIR)
		r = -ENOENT;
	if (r == 0)
		read_section(ret_step, path, profile ? profile : "default", &content);
	else if (r == -ENOMEM)
		cfs_tencent_provider_failed(ret_step, CFS_NO_MEMORY, "out of memory");
	else if (r != -ENOENT)
		cfs_tencent_provider_failed(ret_step, CFS_UNAUTHENTICATED, "%s: %s", path,
			r == -EFBIG ? "the file is too large" : strerror(-r));
	cfs_buf_wipe(&content);
	free(expanded);
	return r;
}

static void step(struct cfs_provider_state *state, const struct cfs_step_answer *answer,
	int64_t now, struct cfs_step *ret_step)
{
	const char *named = cfs_env_get(state->env, VARIABLE);

	(void)answer;
	(void)now;
	if (named) {
		if (try_file(state, named, ret_step) == -ENOENT)
			cfs_tencent_provider_failed(ret_step, CFS_UNAUTHENTICATED,
				VARIABLE " names %s, which does not exist", named);
		return;
	}
	/* The first that exists, whatever it says: the SDKs do not go on from there either. */
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (try_file(state, usual[i], ret_step) != -ENOENT)
			return;
	}
	cfs_tencent_provider_absent(ret_step, "there is no %s and no %s", usual[0], usual[1]);
}

const struct cfs_provider cfs_tencent_provider_file = {
	.name = "credentials file",
	.create = cfs_tencent_provider_create,
	.step = step,
	.destroy = cfs_tencent_provider_destroy,
};
