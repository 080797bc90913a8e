#include "backends/aws/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backends/ini.h"

static const char *const key_names[CFS_AWS_N_PROFILE_KEYS] = {
	[CFS_AWS_PROFILE_REGION] = "region",
	[CFS_AWS_PROFILE_ACCESS_KEY_ID] = "aws_access_key_id",
	[CFS_AWS_PROFILE_SECRET_ACCESS_KEY] = "aws_secret_access_key",
	[CFS_AWS_PROFILE_SESSION_TOKEN] = "aws_session_token",
	[CFS_AWS_PROFILE_ROLE_ARN] = "role_arn",
	[CFS_AWS_PROFILE_SSO_SESSION] = "sso_session",
	[CFS_AWS_PROFILE_SSO_START_URL] = "sso_start_url",
	[CFS_AWS_PROFILE_CREDENTIAL_PROCESS] = "credential_process",
};

static const struct {
	const char *variable, *path;
} files[CFS_AWS_N_PROFILE_FILES] = {
	[CFS_AWS_CREDENTIALS_FILE] = {"AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"},
	[CFS_AWS_CONFIG_FILE] = {"AWS_CONFIG_FILE", "~/.aws/config"},
};

/* One file being read. */
struct reading {
	const char *name;
	bool prefixed; /* sections of profiles are called "profile NAME" */
	struct cfs_aws_profile_part *part;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Whether the section is that of the profile. */
static bool is_section(const struct reading *reading, const char *section)
{
	static const char prefix[] = "profile";
	size_t len = strlen(reading->name);

	if (!reading->prefixed)
		return strcmp(section, reading->name) == 0;
	if (strcmp(section, "default") == 0)
		return strcmp(reading->name, "default") == 0;
	if (strncmp(section, prefix, strlen(prefix)) != 0 || !is_blank(section[strlen(prefix)]))
		return false;
	section += strlen(prefix);
	while (is_blank(*section))
		section++;
	if (strcmp(section, reading->name) == 0)
		return true;
	/* [profile "two words"] */
	return (*section == '"' || *section == '\'') &&
		strncmp(section + 1, reading->name, len) == 0 && section[1 + len] == *section &&
		section[2 + len] == '\0';
}

static int on_item(void *arg, const struct cfs_ini_item *item)
{
	struct reading *reading = arg;

	if (!is_section(reading, item->section))
		return 0;
	reading->part->found = true;
	for (size_t i = 0; item->key && i < CFS_AWS_N_PROFILE_KEYS; i++) {
		if (strcasecmp(item->key, key_names[i]) == 0)
			return cfs_secret_set(
				&reading->part->value[i], item->value, strlen(item->value));
	}
	return 0;
}

static int read_part(const struct cfs_env *env, struct reading *reading, struct cfs_buf *why)
{
	struct cfs_buf content = CFS_BUF_INIT(CFS_ENV_FILE_MAX);
	const char *shown = reading->part->path;
	char *path = NULL;
	unsigned line = 0;
	int r, said = 0;

	r = cfs_env_expand(env, shown, &path);
	if (r == 0)
		r = env->read_file(env->arg, path, &content);
	if (r == -ENOENT || r == -ENOTDIR) {
		r = 0; /* an SDK without files is nothing unusual */
		goto out;
	}
	if (r < 0) {
		if (r != -ENOMEM)
			said = cfs_buf_addf(why, "cannot read %s: %s", shown, strerror(-r));
		if (r == -EINVAL)
			r = -EIO; /* so that -EINVAL means one thing */
		goto out;
	}
	r = cfs_ini_parse(cfs_buf_text(&content), content.len, true, on_item, reading, &line);
	if (r < 0 && r != -ENOMEM) {
		said = cfs_buf_addf(why, "line %u of %s %s", line, shown,
			r == -EFBIG ? "is too long" : "is neither [SECTION] nor KEY = VALUE");
		r = -EINVAL;
	}
out:
	free(path);
	cfs_buf_wipe(&content);
	return said == -ENOMEM ? -ENOMEM : r;
}

int cfs_aws_profile_load(const char *name, const struct cfs_env *env,
	struct cfs_aws_profile *profile, struct cfs_buf *why)
{
	const char *path;
	int r = 0;

	if (!name)
		name = cfs_env_get(env, "AWS_PROFILE");
	if (!name)
		name = cfs_env_get(env, "AWS_DEFAULT_PROFILE");
	profile->named = name != NULL;
	profile->name = name ? name : "default";
	for (size_t i = 0; i < CFS_AWS_N_PROFILE_FILES; i++) {
		path = cfs_env_get(env, files[i].variable);
		profile->part[i].path = path ? path : files[i].path;
	}
	for (size_t i = 0; r == 0 && i < CFS_AWS_N_PROFILE_FILES; i++) {
		struct reading reading = {.name = profile->name,
			.prefixed = i == CFS_AWS_CONFIG_FILE,
			.part = &profile->part[i]};

		r = read_part(env, &reading, why);
	}
	return r;
}

void cfs_aws_profile_finish(struct cfs_aws_profile *profile)
{
	if (!profile)
		return;
	for (size_t i = 0; i < CFS_AWS_N_PROFILE_FILES; i++) {
		for (size_t j = 0; j < CFS_AWS_N_PROFILE_KEYS; j++)
			cfs_secret_finish(&profile->part[i].value[j]);
	}
}

bool cfs_aws_profile_found(const struct cfs_aws_profile *profile)
{
	return profile->part[CFS_AWS_CREDENTIALS_FILE].found ||
		profile->part[CFS_AWS_CONFIG_FILE].found;
}

const char *cfs_aws_profile_get(const struct cfs_aws_profile *profile, enum cfs_aws_profile_key key)
{
	for (size_t i = 0; i < CFS_AWS_N_PROFILE_FILES; i++) {
		const struct cfs_secret *value = &profile->part[i].value[key];

		if (value->data && value->len > 0)
			return value->data;
	}
	return NULL;
}

const char *cfs_aws_profile_key_name(enum cfs_aws_profile_key key)
{
	return key_names[key];
}
