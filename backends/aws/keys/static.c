/* SPDX-License-Identifier: MIT */
#include "backends/aws/keys/sources.h"
#include "backends/contract/step.h"

/* Both keys come from one file: half of a pair in each is not a pair. */
static void open_file(const struct cfs_aws_config *config, enum cfs_aws_config_file file,
	const char *profile, int64_t now, struct cfs_step *step)
{
	/* The first is an old name of the second. */
	static const char *const tokens[] = {"aws_security_token", "aws_session_token"};
	const char *path = config->path[file], *id, *secret, *token = NULL;
	struct cfs_keys keys = CFS_KEYS_INIT;
	int r;

	id = cfs_aws_config_get_in(
		config, file, CFS_AWS_SECTION_PROFILE, profile, "aws_access_key_id");
	secret = cfs_aws_config_get_in(
		config, file, CFS_AWS_SECTION_PROFILE, profile, "aws_secret_access_key");
	for (size_t i = 0; !token && i < sizeof(tokens) / sizeof(tokens[0]); i++)
		token = cfs_aws_config_get_in(
			config, file, CFS_AWS_SECTION_PROFILE, profile, tokens[i]);
	if (!id) {
		cfs_step_absent(
			step, "profile %.80s in %.120s has no aws_access_key_id", profile, path);
	} else if (!secret) {
		cfs_step_failed(step, CFS_UNAUTHENTICATED,
			"profile %.80s in %.80s has aws_access_key_id but no aws_secret_access_key",
			profile, path);
	} else {
		r = cfs_keys_set(&keys, id, secret, token);
		cfs_step_keys(step, r, &keys, now, "profile %.100s in %.120s", profile, path);
	}
}

bool cfs_aws_static_open_credentials(const struct cfs_aws_config *config, const char *profile,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	(void)ret_source;
	open_file(config, CFS_AWS_CREDENTIALS_FILE, profile, now, ret_step);
	return false;
}

bool cfs_aws_static_open_config(const struct cfs_aws_config *config, const char *profile,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step)
{
	(void)ret_source;
	open_file(config, CFS_AWS_CONFIG_FILE, profile, now, ret_step);
	return false;
}
