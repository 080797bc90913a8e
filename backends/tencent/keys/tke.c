/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backends/contract/step.h"
#include "backends/tencent/keys/sources.h"
#include "backends/tencent/keys/sts.h"

#define REGION "TKE_REGION"
#define PROVIDER "TKE_PROVIDER_ID"
#define TOKEN_FILE "TKE_WEB_IDENTITY_TOKEN_FILE"
#define ROLE "TKE_ROLE_ARN"

/* Cuts off the white space at the end of a file. */
static void trim_end(struct cfs_buf *text)
{
	while (text->len > 0 && strchr(" \t\r\n", text->data[text->len - 1]))
		text->data[--text->len] = '\0';
}

static bool open_identity(const struct cfs_settings *settings, const struct cfs_env *env,
	const char *path, struct cfs_tencent_web_identity *identity, int64_t now,
	struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	struct cfs_buf token = CFS_BUF_INIT(CFS_ENV_FILE_MAX);
	char where[CFS_TENCENT_WHERE_MAX];
	bool opened = false;
	int r;

	r = cfs_env_read(env, path, &token);
	if (r == -ENOMEM) {
		cfs_step_errno(ret_step, r, "");
	} else if (r < 0) {
		cfs_step_failed(ret_step, CFS_UNAUTHENTICATED, TOKEN_FILE ": %s: %s", path,
			r == -EFBIG ? "the file is too large" : strerror(-r));
	} else {
		trim_end(&token);
		identity->token = cfs_buf_text(&token);
		snprintf(where, sizeof(where), ROLE " %s", identity->role.arn);
		opened = cfs_tencent_sts_open_web_identity(
			settings, env, where, identity, now, ret_source, ret_step);
	}
	cfs_buf_wipe(&token);
	return opened;
}

bool cfs_tencent_tke_open(const struct cfs_settings *settings, const struct cfs_env *env,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	static const char *const names[] = {REGION, PROVIDER, TOKEN_FILE, ROLE};
	const char *values[sizeof(names) / sizeof(names[0])];
	struct cfs_tencent_web_identity identity;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		values[i] = cfs_env_get(env, names[i]);
		if (!values[i]) {
			cfs_step_absent(ret_step, "%s is not set", names[i]);
			return false;
		}
	}
	identity = (struct cfs_tencent_web_identity){
		.region = values[0],
		.provider = values[1],
		.role.arn = values[3],
	};
	return open_identity(settings, env, values[2], &identity, now, ret_source, ret_step);
}
