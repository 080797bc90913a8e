/* SPDX-License-Identifier: MIT */
#include "backends/aws/keys/session_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/json.h"
#include "backends/contract/step.h"

int cfs_aws_session_file_load(const struct cfs_env *env, const char *path, cJSON **ret_session)
{
	struct cfs_buf content = CFS_BUF_INIT(CFS_PROVIDER_ANSWER_MAX);
	int r = cfs_env_read(env, path, &content);

	if (r == 0)
		r = cfs_json_parse_object(cfs_buf_text(&content), content.len, ret_session);
	cfs_buf_wipe(&content);
	return r;
}

bool cfs_aws_session_file_is_same(
	const cJSON *a, const cJSON *b, const char *const *members, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *one = cfs_json_filled(a, members[i]);
		const char *other = cfs_json_filled(b, members[i]);

		if (!one || !other || strcmp(one, other) != 0)
			return false;
	}
	return true;
}

int cfs_aws_session_file_write(const char *path, const cJSON *session, struct cfs_step *ret_step)
{
	struct cfs_buf bytes = CFS_BUF_INIT(CFS_PROVIDER_ANSWER_MAX);
	char *copy = strdup(path);
	int r = copy ? cfs_json_print(session, &bytes) : -ENOMEM;

	if (r == 0)
		cfs_step_write(ret_step, &copy, &bytes);
	free(copy);
	cfs_buf_wipe(&bytes);
	return r;
}

int64_t cfs_aws_session_file_skew(const struct cfs_env *env, int64_t now)
{
	return env->host_time ? now - env->host_time(env->arg) : 0;
}
