/* SPDX-License-Identifier: MIT */
/*
 * The two files that the AWS tools share, ~/.aws/config and ~/.aws/credentials, as they were when
 * they were read.
 *
 * Source: "Shared config and credentials files" in the AWS SDKs and Tools reference guide, and
 * botocore. In the config file a profile is the section `[profile NAME]`, or bare `[default]`,
 * which counts for nothing beside `[profile default]` (as the guide has it; to botocore the later of
 * the two is the profile); in the credentials file it is `[NAME]`. The config file also has
 * `[sso-session NAME]` and `[services NAME]`. Names may be quoted as in a shell. Sections of one
 * name are one section, whose later values win; the credentials file wins over the config file;
 * keys are in any case. What `[DEFAULT]` says, all sections of its file say that do not say
 * otherwise.
 */
#ifndef CFS_BACKENDS_AWS_API_CONFIG_H
#define CFS_BACKENDS_AWS_API_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/base/buf.h"
#include "backends/contract/env.h"

/* Sections and values of both files together. */
#define CFS_AWS_CONFIG_ITEMS_MAX 65536

enum cfs_aws_config_file {
	CFS_AWS_CREDENTIALS_FILE,
	CFS_AWS_CONFIG_FILE,
	CFS_AWS_N_CONFIG_FILES,
};

enum cfs_aws_config_section {
	CFS_AWS_SECTION_OTHER, /* of no concern */
	CFS_AWS_SECTION_PROFILE,
	CFS_AWS_SECTION_SSO_SESSION,
	CFS_AWS_SECTION_SERVICES,
	CFS_AWS_SECTION_DEFAULTS,     /* [DEFAULT] */
	CFS_AWS_SECTION_BARE_DEFAULT, /* [default] of the config file, until all of it is read */
};

struct cfs_settings;

/* Opaque, except for the first members. It owns the texts that it returns. */
struct cfs_aws_config {
	const struct cfs_settings *settings;
	const struct cfs_env *env;
	const char *profile;                      /* that counts */
	bool named;                               /* by a setting or a variable: it has to exist */
	const char *path[CFS_AWS_N_CONFIG_FILES]; /* as configured */

	struct cfs_buf text; /* names and values, each with a NUL */
	/* Who else could change a file, an offset in text; 0: nobody. */
	uint32_t foreign[CFS_AWS_N_CONFIG_FILES];
	struct cfs_aws_config_item {
		uint32_t section, key, value, whole; /* offsets in text; key 0: the header */
		uint8_t kind, file;
	} * items;
	size_t n_items, items_cap;
};

/* Without files: every profile is empty. Which one counts: that of the settings, AWS_PROFILE,
 * AWS_DEFAULT_PROFILE, `default`. settings and env are borrowed until finish. */
void cfs_aws_config_init(struct cfs_aws_config *config, const struct cfs_settings *settings,
	const struct cfs_env *env);
/*
 * Reads the files. One that is not there is empty. -EINVAL for a file that is none of this kind, or
 * what reading it returned, with a sentence in why (without any value); -ENOMEM.
 */
int cfs_aws_config_load(struct cfs_aws_config *config, struct cfs_buf *why);
void cfs_aws_config_finish(struct cfs_aws_config *config);

/* Whether there is such a section, in either file. */
bool cfs_aws_config_has(
	const struct cfs_aws_config *config, enum cfs_aws_config_section kind, const char *name);

/* Values. Each is NULL when it is absent or empty. */

/* Of the profile, whichever file has it, without a comment. */
const char *cfs_aws_config_get(
	const struct cfs_aws_config *config, const char *profile, const char *key);
/* The same, as botocore has it: with what would be a comment. For text in which `#` and `;` have a
 * meaning of their own. */
const char *cfs_aws_config_get_whole(
	const struct cfs_aws_config *config, const char *profile, const char *key);
/* Who else could change the file that a profile's key is in, as a sentence, if the env is wary of
 * that; else NULL. */
const char *cfs_aws_config_foreign(
	const struct cfs_aws_config *config, const char *profile, const char *key);
/* The same as the name of a section: with what would be a comment if there is such a section, else
 * without. */
const char *cfs_aws_config_get_name(const struct cfs_aws_config *config, const char *profile,
	const char *key, enum cfs_aws_config_section kind);
/* Of a section, in one file. */
const char *cfs_aws_config_get_in(const struct cfs_aws_config *config,
	enum cfs_aws_config_file file, enum cfs_aws_config_section kind, const char *name,
	const char *key);
/* A setting of the account: the variable (NULL: none), else the key of the profile that counts. */
const char *cfs_aws_config_setting(
	const struct cfs_aws_config *config, const char *variable, const char *key);
/* The same as a boolean: "true" in any case, and nothing else, is true. */
bool cfs_aws_config_flag(
	const struct cfs_aws_config *config, const char *variable, const char *key);
/* A key within a nested value ("s3 =" and indented lines below it). Appends what it is, nothing if
 * it is absent. -ENOMEM, -EFBIG. */
int cfs_aws_config_nested(const char *value, const char *key, struct cfs_buf *found);

#endif
