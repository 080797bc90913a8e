/* SPDX-License-Identifier: MIT */
/*
 * Signature version 4 of AWS, in the stages in which its documentation describes it.
 *
 * Source: "AWS Signature Version 4 for API requests" in the IAM user guide. Pure: the time is a
 * parameter. Each stage is a function of its own, so that a signature that a server refuses can be
 * compared with the server's view of it stage by stage.
 */
#ifndef CFS_BACKENDS_AWS_API_SIGV4_H
#define CFS_BACKENDS_AWS_API_SIGV4_H

#include <stddef.h>
#include <stdint.h>

#include "backends/base/buf.h"
#include "backends/base/digest.h"
#include "backends/base/secret.h"

#define CFS_SIGV4_HEADERS_MAX 16
#define CFS_SIGV4_PARAMETERS_MAX 64      /* of a query string */
#define CFS_SIGV4_TEXT_MAX (64 * 1024)   /* a canonical request; its body counts as a hash */
#define CFS_SIGV4_AUTHORIZATION_MAX 2048 /* the value of the Authorization header */
#define CFS_SIGV4_DATE_SIZE sizeof("YYYYMMDDThhmmssZ")
#define CFS_SIGV4_SCOPE_SIZE 192

struct cfs_sigv4_header {
	const char *name;
	const char *value;
};

/* What is to be signed. All texts are borrowed. */
struct cfs_sigv4_request {
	const char *method;
	/* The path as it is sent, beginning with '/'. It is normalised (RFC 3986, section 5.2.4;
	 * repeated slashes become one) and then encoded once more, as every service but S3 wants
	 * it. */
	const char *path;
	/* The query as it is sent, without '?'; "" for none. Decoded and encoded anew. */
	const char *query;
	/* All of them are signed, so `host` and `x-amz-date` must be here. In any order and any
	 * case; values of a repeated name are joined by commas. */
	const struct cfs_sigv4_header *headers;
	size_t n_headers;
	const char *body;
	size_t body_len;
};

/* Whom and what a signature is good for. */
struct cfs_sigv4_scope {
	char date[CFS_SIGV4_DATE_SIZE];  /* "20150830T123600Z": the value of x-amz-date */
	char text[CFS_SIGV4_SCOPE_SIZE]; /* "20150830/us-east-1/ec2/aws4_request" */
	const char *region;
	const char *service;
};

/* `now` in seconds since the epoch; region and service are borrowed. -EINVAL for a time outside the
 * years 1970 to 9999 or names that do not fit. */
int cfs_sigv4_scope(
	int64_t now, const char *region, const char *service, struct cfs_sigv4_scope *ret_scope);

/*
 * Stage 1. Appends the canonical request to `canonical`, and the names of the signed headers
 * ("host;x-amz-date") to `names`. It holds the session token, if there is one among the headers:
 * wipe it. -EFBIG past a limit above, -EINVAL for a path that does not begin with '/', -ENOMEM.
 */
int cfs_sigv4_canonical_request(
	const struct cfs_sigv4_request *request, struct cfs_buf *canonical, struct cfs_buf *names);

/* Stage 2. Appends the string to sign. */
int cfs_sigv4_string_to_sign(
	const struct cfs_sigv4_scope *scope, const struct cfs_buf *canonical, struct cfs_buf *text);

/* Stage 3. The key derived from the secret access key, or remembered with the keys. To be cleansed
 * by the caller. The signature is cfs_digest_sign of the string to sign. */
int cfs_sigv4_signing_key(const struct cfs_keys *keys, const struct cfs_sigv4_scope *scope,
	unsigned char ret_key[CFS_DIGEST_SIZE]);

/* All stages: appends the value of the Authorization header. */
int cfs_sigv4_authorization(const struct cfs_sigv4_request *request,
	const struct cfs_sigv4_scope *scope, const struct cfs_keys *keys,
	struct cfs_buf *authorization);

#endif
