/*
 * Questions as signed requests of CVM, version 2017-03-12.
 *
 * Every request is `POST /` with a JSON body, signed with TC3-HMAC-SHA256. Source of the headers:
 * "Common params", https://cloud.tencent.com/document/api/213/15692
 */
#ifndef CFS_TENCENT_REQUEST_H
#define CFS_TENCENT_REQUEST_H

#include <stdint.h>

#include "backends/backend.h"

#define CFS_TENCENT_PAGE_SIZE 100 /* the API's own limit */
/* An account beyond this is no account: where a listing that never ends is given up. */
#define CFS_TENCENT_INSTANCES_MAX 1000000

/* The offset that a page's token stands for: 0 for "". -EINVAL for what is no token of ours. */
int cfs_tencent_request_offset(const char *page, int64_t *ret_offset);

/* The body alone. *ret_body is empty at first. -ENOMEM, -EFBIG, -EINVAL. */
int cfs_tencent_request_body(const struct cfs_account *account, const struct cfs_question *question,
	struct cfs_buf *ret_body);

/* A slot of the backend. */
int cfs_tencent_request(const struct cfs_account *account, const struct cfs_question *question,
	const struct cfs_keys *keys, int64_t now, struct cfs_http_request *ret_request);

#endif
