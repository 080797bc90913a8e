/* SPDX-License-Identifier: MIT */
/*
 * STS, version 2018-08-13: temporary keys for a role.
 *
 * Sources: AssumeRole (https://cloud.tencent.com/document/api/1312/48197) and
 * AssumeRoleWithWebIdentity (.../1312/73070), whose requests are not signed.
 */
#ifndef CFS_BACKENDS_TENCENT_KEYS_STS_H
#define CFS_BACKENDS_TENCENT_KEYS_STS_H

#include <stdint.h>

#include "backends/contract/source.h"

#define CFS_TENCENT_ROLE_ARN_MAX 2048 /* bytes */

/* A role to be assumed. The texts are borrowed. */
struct cfs_tencent_role {
	const char *arn;
	const char *session; /* NULL: a name of our own */
};

/* Of AssumeRoleWithWebIdentity. */
struct cfs_tencent_web_identity {
	struct cfs_tencent_role role;
	const char *region, *provider;
	const char *token; /* a secret */
};

/*
 * Each opens a source of the role's keys, as cfs_source_open_fn; or fills *ret_step with a failure,
 * if something in the request has not the form that it must have. `where` names, for people, where
 * the role was found; it and the role are copied.
 */
bool cfs_tencent_sts_open_role(const struct cfs_settings *settings, const struct cfs_env *env,
	const char *where, const struct cfs_tencent_role *role, const struct cfs_keys *keys,
	int64_t now, struct cfs_source *ret_source, struct cfs_step *ret_step);
bool cfs_tencent_sts_open_web_identity(const struct cfs_settings *settings,
	const struct cfs_env *env, const char *where,
	const struct cfs_tencent_web_identity *identity, int64_t now, struct cfs_source *ret_source,
	struct cfs_step *ret_step);

#endif
