/* SPDX-License-Identifier: MIT */
/*
 * TC3-HMAC-SHA256, the signature of Tencent Cloud's API 3.0, in its visible stages:
 *
 *     canonical request   what is signed: the parts of the HTTP request that must not change
 *     string to sign      its digest, bound to a moment and to a service
 *     signing key         derived from the secret key for one day and one service
 *     authorization       the header's value
 *
 * API 3.0 fixes the method to POST, the path to "/" and the query to nothing, so they are no
 * parameters here. Source: "Signature v3", https://cloud.tencent.com/document/api/213/30654
 */
#ifndef CFS_BACKENDS_TENCENT_API_TC3_H
#define CFS_BACKENDS_TENCENT_API_TC3_H

#include <stddef.h>
#include <stdint.h>

#include "backends/base/buf.h"
#include "backends/base/digest.h"
#include "backends/base/secret.h"

#define CFS_TC3_DATE_MAX 16        /* bytes of "2019-02-25", NUL included */
#define CFS_TC3_CANONICAL_MAX 2048 /* bytes of a canonical request: the body counts as a digest */
#define CFS_TC3_TO_SIGN_MAX 256    /* bytes of a string to sign */
#define CFS_TC3_AUTHORIZATION_MAX (CFS_SECRET_MAX + 512)

/* What is signed of a request. All texts are borrowed; none holds a line feed. */
struct cfs_tc3_request {
	const char *content_type; /* exactly as it is sent */
	const char *host;         /* exactly as it is sent, lower-case */
	const char *action;       /* as sent; signed in lower case. NULL: not signed */
	const char *service;      /* of the credential scope, "cvm" */
	const char *body;
	size_t body_len;
	int64_t timestamp; /* seconds since the epoch: X-TC-Timestamp */
};

/* The UTC date of the credential scope. -ERANGE when the moment has no year of four digits. */
int cfs_tc3_date(int64_t timestamp, char ret_date[static CFS_TC3_DATE_MAX]);

/* Each appends its stage. -EFBIG past the buffer's limit, -ENOMEM (also when OpenSSL fails). */
int cfs_tc3_canonical_request(const struct cfs_tc3_request *request, struct cfs_buf *ret_text);
int cfs_tc3_string_to_sign(const struct cfs_tc3_request *request, const char *canonical,
	size_t canonical_len, struct cfs_buf *ret_text);

/* Derived, or remembered with the keys. It is a secret: the caller cleanses it. -ENOMEM. */
int cfs_tc3_signing_key(const struct cfs_keys *keys, const char *date, const char *service,
	unsigned char ret_key[static CFS_DIGEST_SIZE]);

/* All stages: appends the value of the Authorization header. Errors as above. */
int cfs_tc3_authorization(const struct cfs_tc3_request *request, const struct cfs_keys *keys,
	struct cfs_buf *ret_value);

#endif
