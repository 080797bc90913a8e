/* SPDX-License-Identifier: MIT */
/*
 * Makes the signed request that asks a question: of CVM, with two exceptions.
 *
 * REGIONS asks the service `region`. CVM has a DescribeRegions of its own, which answers but is no
 * longer kept up (https://cloud.tencent.com/document/api/213/15708): it does not know the regions
 * opened since, and an instance there would never be listed. Source of its successor:
 * https://cloud.tencent.com/document/product/1596/77930
 *
 * WHOAMI asks STS: https://cloud.tencent.com/document/api/1312/66098
 *
 * PROBE makes the very call that it asks about, as CVM has no dry run. With an id that no instance
 * has, the error tells whether it was permitted, and no link is made. With the id of an instance (a
 * policy may permit only some) a link is made, which nobody sees and which expires in 15 seconds.
 */
#ifndef CFS_BACKENDS_TENCENT_CVM_REQUEST_H
#define CFS_BACKENDS_TENCENT_CVM_REQUEST_H

#include <stdint.h>

#include "backends/contract/backend.h"

#define CFS_TENCENT_LIST_SIZE 100 /* the API's own limit */
/* No account has as many: a listing that never ends is given up here. */
#define CFS_TENCENT_INSTANCES_MAX 1000000

/* Well-formed, but not the id of an instance. */
#define CFS_TENCENT_MADE_UP_ID "ins-00000000"

/* The offset that a continuation token stands for: 0 for "". -EINVAL for one that is not ours. */
int cfs_tencent_request_offset(const char *token, int64_t *ret_offset);

/* Slots of the backend, as backends/contract/backend.h has them. */
const char *cfs_tencent_request_action(const struct cfs_question *question);
const char *cfs_tencent_request_permission(const struct cfs_question *question);
struct cfs_rate cfs_tencent_request_rate(const struct cfs_question *question);
int cfs_tencent_request(const struct cfs_account *account, const struct cfs_question *question,
	const struct cfs_keys *keys, int64_t now, struct cfs_http_request *ret_request);

#endif
