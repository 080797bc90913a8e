/* SPDX-License-Identifier: MIT */
/*
 * API 3.0, which all services of Tencent Cloud speak: requests and answers.
 *
 * A request is `POST /` with a JSON body, signed with TC3-HMAC-SHA256; the action stands in its
 * headers ("Common params", https://cloud.tencent.com/document/api/213/15692). Success and failure
 * both come as HTTP 200 and one JSON document ("Responses", .../213/15694):
 *
 *     {"Response": {"Error": {"Code", "Message"}, "RequestId"}}
 *     {"Response": {..., "RequestId"}}
 */
#ifndef CFS_BACKENDS_TENCENT_API_API_H
#define CFS_BACKENDS_TENCENT_API_API_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "backends/contract/backend.h"
#include "backends/tencent/api/endpoint.h"

struct cfs_tencent_api {
	const char *service; /* of the host and of the credential scope */
	const char *version;
	const char *action;
};

/*
 * A request with this body, signed with the keys; with none, marked as not signed, for the actions
 * that take no signature. `region` may be "", where the service needs none. *ret_request is the
 * caller's to finish. -ENOMEM, -EFBIG, -EINVAL.
 */
int cfs_tencent_api_request(const struct cfs_tencent_api *api,
	const struct cfs_tencent_endpoint *endpoint, const char *region, const cJSON *body,
	const struct cfs_keys *keys, int64_t now, struct cfs_http_request *ret_request);

/*
 * The Response of a whole answer, or NULL when it is an error or none; *ret_error says which, and
 * has the request id in every case. `body` may be changed. *ret_tree is the caller's to
 * cfs_json_wipe, in every case.
 */
const cJSON *cfs_tencent_api_response(
	int status, struct cfs_buf *body, cJSON **ret_tree, struct cfs_error *ret_error);

#endif
