/* SPDX-License-Identifier: MIT */
/*
 * Where the services of one configured cloud answer.
 *
 * A request's host is `<service>.<domain>`. The domain is tencentcloudapi.com, which leads to the
 * nearest place, or one of its own: a finance region's (`ap-shanghai-fsi.tencentcloudapi.com`), the
 * international site's (`intl.tencentcloudapi.com`), a private one's. Sources: "Endpoints" of each
 * service, such as https://cloud.tencent.com/document/api/213/15692 and .../1312/48169.
 *
 * An endpoint that is configured is the first of these that is given:
 *
 *     cvm     the setting `endpoint`; `cvm.endpoint` of tccli's profile
 *     sts     the variable TENCENTCLOUD_STS_ENDPOINT; without the setting, `sts.endpoint` of
 *             tccli's profile
 *
 * One that is not configured follows cvm: where that is `cvm.<domain>`, it is `<service>.<domain>`,
 * and elsewhere (a private address, a simulator) every service is at the same address, told apart
 * by its action, version and scope. No SDK reads an endpoint from the environment: they take it in
 * code. TENCENTCLOUD_STS_ENDPOINT is of the form that tools built on them use, and is for private
 * endpoints: https://HOST[:PORT], HOST alone, or http:// to a loopback host, and
 * to any with insecure_http.
 */
#ifndef CFS_BACKENDS_TENCENT_API_ENDPOINT_H
#define CFS_BACKENDS_TENCENT_API_ENDPOINT_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "backends/contract/backend.h"
#include "backends/tencent/api/url.h"

struct cfs_tencent_endpoint {
	char host[CFS_HTTP_HOST_MAX]; /* as the Host header has it; "": the cloud's own */
	bool tls;
};

struct cfs_tencent_endpoints {
	struct cfs_tencent_endpoint cvm, sts;
};

/*
 * Finds the endpoints that are configured, and the region. *ret_region is allocated, "" if
 * none is configured, and not checked. It comes from TENCENTCLOUD_REGION, tccli's profile or
 * TKE_REGION, in this order; the region of a profile that the settings name goes before the
 * variable, as with `tccli --profile`. 0; -EINVAL with a sentence in why; -ENOMEM.
 */
int cfs_tencent_endpoint_load(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_tencent_endpoints *ret_endpoints, char **ret_region, struct cfs_buf *why);

/* Where a service ("cvm", "sts", "region") answers for a region, which may be "". */
void cfs_tencent_endpoint_find(const struct cfs_tencent_endpoints *endpoints, const char *service,
	const char *region, struct cfs_tencent_endpoint *ret_endpoint);

/* Whether the text has the form of a region's name: "ap-guangzhou", "ap-shanghai-fsi". */
bool cfs_tencent_endpoint_valid_region(const char *region);

/* The region to ask STS in: a finance region's own, for all others the one that the SDKs use.
 * `region` may be "". */
const char *cfs_tencent_endpoint_sts_region(const char *region);

#endif
