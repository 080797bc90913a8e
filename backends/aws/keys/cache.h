/* SPDX-License-Identifier: MIT */
/*
 * Keys that the AWS CLI has at hand: those it was given for a role, which it keeps in
 * ~/.aws/cli/cache/<hash>.json until they expire.
 *
 * The hash is the SHA-1, in hexadecimal, of what was asked for, as JSON in exactly the text that
 * Python's json.dumps makes of it. Source: botocore/credentials.py (_create_cache_key) and
 * awscli/customizations/assumerole.py and sso. The file is the answer of the service:
 * {"Credentials": {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}}.
 *
 * The CLI uses these keys before any others. Here they are what is left where consolefs can get
 * none itself: nobody can be asked for an MFA code, or the session that role keys come from is
 * over. Nothing is written there.
 */
#ifndef CFS_BACKENDS_AWS_KEYS_CACHE_H
#define CFS_BACKENDS_AWS_KEYS_CACHE_H

#include <stdbool.h>

#include "backends/aws/keys/sts.h"

/* Each gives keys that have not expired, which are the caller's to finish. -ENOENT: there are none,
 * or only others than these; -EKEYEXPIRED: they have expired; -ENOMEM. */

/* The keys of a role that was assumed, with an MFA device (NULL: none). */
int cfs_aws_cache_role(const struct cfs_env *env, const struct cfs_aws_sts_role *role,
	const char *mfa_serial, int64_t now, struct cfs_keys *ret_keys);
/* The keys of a role of IAM Identity Center, by the name of the session or, if that is NULL, by the
 * start URL. */
int cfs_aws_cache_sso(const struct cfs_env *env, const char *account, const char *role,
	const char *session, const char *start_url, int64_t now, struct cfs_keys *ret_keys);

/* Whether it is right to use such keys after this step, which is FAILED: not if the clock is off,
 * which the next search knows. */
bool cfs_aws_cache_may_help(const struct cfs_step *failed);

/* "DIRECTORY/<SHA-1 of name>.json", with ~ expanded, which the caller frees. What cfs_env_expand
 * says. */
int cfs_aws_cache_path(
	const struct cfs_env *env, const char *directory, const char *name, char **ret_path);

#endif
