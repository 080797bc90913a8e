/* SPDX-License-Identifier: MIT */
/*
 * Requests of the AWS Query protocol: a form, POSTed, signed or not. EC2 and STS speak it.
 */
#ifndef CFS_BACKENDS_AWS_API_QUERY_H
#define CFS_BACKENDS_AWS_API_QUERY_H

#include "backends/aws/api/endpoints.h"
#include "backends/base/secret.h"
#include "backends/http/http.h"

#define CFS_AWS_STS_VERSION "2011-06-15" /* of the API that requests are made in */

/* Appends "&name=value", encoded. -EFBIG, -ENOMEM. */
int cfs_aws_query_add(struct cfs_buf *form, const char *name, const char *value);

/*
 * Makes the form that stands in the request's body a request to that place: sets the URL and adds
 * the headers, those of the signature if there are keys. `now` in seconds since the epoch. -EFBIG,
 * -EINVAL for keys that no header can hold, -ENOMEM.
 */
int cfs_aws_query_finish(struct cfs_http_request *request, const struct cfs_aws_target *target,
	enum cfs_aws_service service, const struct cfs_keys *keys, int64_t now);

#endif
