/*
 * The metadata service of a CVM: the keys of the role that is bound to the machine.
 *
 *     http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/        its name
 *     http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/<name>  its keys,
 *         {"TmpSecretId", "TmpSecretKey", "Token", "ExpiredTime": seconds, "Code": "Success"}
 *
 * The name leads to an address of the link, 169.254.0.23, from a CVM only; so the service is plain
 * http, never asked through a proxy, and not waited for. 404 for the name: no role is bound.
 * Source: https://cloud.tencent.com/document/product/213/4934
 *
 * TENCENTCLOUD_METADATA_ENDPOINT, http:// and an address of this machine or its link, stands in for
 * the name, for tests and for machines that forward it. No SDK has such a variable.
 */
#ifndef CFS_BACKENDS_TENCENT_KEYS_METADATA_H
#define CFS_BACKENDS_TENCENT_KEYS_METADATA_H

#include <stdbool.h>

#include "backends/contract/credentials.h"

#define CFS_TENCENT_METADATA_NAME_MAX 128  /* bytes of a role's name */
#define CFS_TENCENT_METADATA_FIRST_MS 1000 /* for the first answer: there may be no service */
#define CFS_TENCENT_METADATA_SECOND_MS 5000

/* A machine within a provider's; zeroed at first. */
struct cfs_tencent_metadata {
	enum {
		CFS_TENCENT_METADATA_NEW,
		CFS_TENCENT_METADATA_NAME,
		CFS_TENCENT_METADATA_KEYS
	} asked;
	char name[CFS_TENCENT_METADATA_NAME_MAX + 1];
};

/* A provider's step. No role bound and no service there is ABSENT, or FAILED where `required`. */
void cfs_tencent_metadata_step(struct cfs_tencent_metadata *metadata, const struct cfs_env *env,
	bool required, const struct cfs_step_answer *answer, int64_t now,
	struct cfs_step *ret_step);

#endif
