/* SPDX-License-Identifier: MIT */
/*
 * Profiles of tccli, Tencent Cloud's command line: two JSON files in ~/.tccli for each,
 *
 *     <profile>.credential   secretId, secretKey, token; role-arn, role-session-name; type,
 *                            expiresAt
 *     <profile>.configure    _sys_param.region; <service>.endpoint
 *
 * Source: https://cloud.tencent.com/document/product/440/34012 and tccli itself
 * (https://github.com/TencentCloud/tencentcloud-cli, tccli/configure.py and action_caller.py).
 */
#ifndef CFS_BACKENDS_TENCENT_API_TCCLI_FILES_H
#define CFS_BACKENDS_TENCENT_API_TCCLI_FILES_H

#include <cjson/cJSON.h>

#include "backends/contract/backend.h"

#define CFS_TENCENT_PROFILE_MAX 128 /* bytes of a profile's name */

enum cfs_tencent_tccli_file { CFS_TENCENT_CREDENTIAL, CFS_TENCENT_CONFIGURE };

/* The profile that is in use: the setting, TCCLI_PROFILE, or "default". */
const char *cfs_tencent_tccli_profile(
	const struct cfs_settings *settings, const struct cfs_env *env);

/*
 * Reads a file of a profile. 0: *ret_tree is an object, which holds secrets and is the caller's to
 * cfs_json_wipe. -ENOENT when there is no such file; -EINVAL for a file that is not a JSON
 * object and for an invalid name; another negative errno; all with a sentence in why.
 */
int cfs_tencent_tccli_read(const struct cfs_env *env, const char *profile,
	enum cfs_tencent_tccli_file file, cJSON **ret_tree, struct cfs_buf *why);

/* What a .configure says, NULL when it says nothing or is NULL. The text belongs to the tree. */
const char *cfs_tencent_tccli_region(const cJSON *configure);
const char *cfs_tencent_tccli_endpoint(const cJSON *configure, const char *service);

#endif
