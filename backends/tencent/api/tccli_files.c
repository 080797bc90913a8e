/* SPDX-License-Identifier: MIT */
#include "backends/tencent/api/tccli_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/json.h"
#include "backends/base/text.h"

#define DIRECTORY "~/.tccli/"
#define PATH_MAX_BYTES (sizeof(DIRECTORY) + CFS_TENCENT_PROFILE_MAX + sizeof(".credential"))
#define MESSAGE_MAX 128

static const char *const suffixes[] = {
	[CFS_TENCENT_CREDENTIAL] = ".credential",
	[CFS_TENCENT_CONFIGURE] = ".configure",
};

const char *cfs_tencent_tccli_profile(
	const struct cfs_settings *settings, const struct cfs_env *env)
{
	const char *profile = settings->profile;

	if (!profile)
		profile = cfs_env_get(env, "TCCLI_PROFILE");
	return profile ? profile : "default";
}

/* Whether the name is one of a file in ~/.tccli, and not a path that leads elsewhere. */
static bool is_name(const char *profile)
{
	size_t len = strlen(profile);

	return len >= 1 && len <= CFS_TENCENT_PROFILE_MAX && !strchr(profile, '/');
}

static const char *describe(int r, char message[static MESSAGE_MAX])
{
	switch (r) {
	case -ENOENT:
	case -ENOTDIR:
		return "there is no such file";
	case -EFBIG:
		return "the file is too large";
	case -ENOMEM:
		return "out of memory";
	case -EBADMSG:
		return "not a JSON object";
	default:
		return strerror_r(-r, message, MESSAGE_MAX);
	}
}

int cfs_tencent_tccli_read(const struct cfs_env *env, const char *profile,
	enum cfs_tencent_tccli_file file, cJSON **ret_tree, struct cfs_buf *why)
{
	struct cfs_buf content = CFS_BUF_INIT(CFS_ENV_FILE_MAX);
	char path[PATH_MAX_BYTES], shown[PATH_MAX_BYTES], message[MESSAGE_MAX];
	char *expanded = NULL;
	int r, told;

	if (!is_name(profile)) {
		cfs_text_line(shown, CFS_TENCENT_PROFILE_MAX / 4, profile, strlen(profile));
		told = cfs_buf_addf(why, "%s... is not a profile name", shown);
		return told == -ENOMEM ? told : -EINVAL;
	}
	snprintf(path, sizeof(path), DIRECTORY "%s%s", profile, suffixes[file]);
	r = cfs_env_expand(env, path, &expanded);
	if (r == 0)
		r = cfs_env_read(env, expanded, &content);
	if (r == 0)
		r = cfs_json_parse_object(cfs_buf_text(&content), content.len, ret_tree);
	if (r < 0) {
		cfs_text_line(shown, sizeof(shown), path, strlen(path));
		told = cfs_buf_addf(why, "%s: %s", shown, describe(r, message));
		if (told == -ENOMEM)
			r = told;
		else if (r == -ENOTDIR)
			r = -ENOENT;
		else if (r == -EBADMSG)
			r = -EINVAL;
	}
	cfs_buf_wipe(&content);
	free(expanded);
	return r;
}

const char *cfs_tencent_tccli_region(const cJSON *configure)
{
	const char *region = cfs_json_filled(cfs_json_object(configure, "_sys_param"), "region");

	/* Where old versions wrote it. */
	return region ? region : cfs_json_filled(configure, "region");
}

const char *cfs_tencent_tccli_endpoint(const cJSON *configure, const char *service)
{
	return cfs_json_filled(cfs_json_object(configure, service), "endpoint");
}
