/* SPDX-License-Identifier: MIT */
#include "backends/tencent/api/endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/json.h"
#include "backends/base/text.h"
#include "backends/tencent/api/tccli_files.h"

#define DOMAIN "tencentcloudapi.com"
#define FINANCE "-fsi"
#define CVM "cvm"
#define STS "sts"
#define USUAL_STS_REGION "ap-guangzhou"
#define WHY_MAX 256
#define STS_VARIABLE "TENCENTCLOUD_STS_ENDPOINT"

/* Why goes to people: the outcome is told by the return value, whether or not it has room. */
static int refuse(struct cfs_buf *why, const char *name, const char *reason)
{
	int r = cfs_buf_addf(why, "%s %s", name, reason);

	return r == -ENOMEM ? r : -EINVAL;
}

/* tccli writes the default of every service into a profile: ignore those. */
static int take_profiles(const cJSON *configure, const char *service, bool insecure_http,
	struct cfs_tencent_endpoint *endpoint, struct cfs_buf *why)
{
	const char *host = cfs_tencent_tccli_endpoint(configure, service);
	char name[CFS_HTTP_HOST_MAX];
	const char *wrong;

	if (!host)
		return 0;
	snprintf(name, sizeof(name), "%s." DOMAIN, service);
	if (strcmp(host, name) == 0)
		return 0;
	wrong = cfs_tencent_url_host(host, insecure_http, &endpoint->tls, endpoint->host);
	snprintf(name, sizeof(name), "%s.endpoint in tccli's profile", service);
	return wrong ? refuse(why, name, wrong) : 0;
}

static int load_endpoints(const struct cfs_settings *settings, const struct cfs_env *env,
	const cJSON *configure, struct cfs_tencent_endpoints *ret_endpoints, struct cfs_buf *why)
{
	const char *sts = cfs_env_get(env, STS_VARIABLE);
	struct cfs_tencent_endpoints endpoints = {0};
	const char *wrong;
	int r = 0;

	if (settings->endpoint) {
		wrong = cfs_tencent_url_endpoint(settings->endpoint, settings->insecure_http,
			&endpoints.cvm.tls, endpoints.cvm.host);
		if (wrong)
			return refuse(why, "endpoint", wrong);
	} else {
		r = take_profiles(configure, CVM, settings->insecure_http, &endpoints.cvm, why);
	}
	if (r == 0 && sts) {
		wrong = cfs_tencent_url_host(
			sts, settings->insecure_http, &endpoints.sts.tls, endpoints.sts.host);
		if (wrong)
			return refuse(why, STS_VARIABLE, wrong);
	} else if (r == 0 && !settings->endpoint) {
		r = take_profiles(configure, STS, settings->insecure_http, &endpoints.sts, why);
	}
	if (r == 0)
		*ret_endpoints = endpoints;
	return r;
}

static bool is_finance(const char *region)
{
	size_t len = strlen(region);

	return len > strlen(FINANCE) && strcmp(region + len - strlen(FINANCE), FINANCE) == 0;
}

static const char *choose_region(
	const struct cfs_settings *settings, const struct cfs_env *env, const cJSON *configure)
{
	const char *named = cfs_env_get(env, "TENCENTCLOUD_REGION");
	const char *profiles = cfs_tencent_tccli_region(configure);
	const char *region = settings->profile && profiles ? profiles : named;

	if (!region)
		region = profiles;
	if (!region)
		region = cfs_env_get(env, "TKE_REGION");
	return region ? region : "";
}

/* Reads the .configure of tccli's profile: NULL in *ret_configure when there is none to be had.
 * Only errors in its text are reported: the provider of keys reports a file it cannot read. */
static int read_configure(const struct cfs_settings *settings, const struct cfs_env *env,
	cJSON **ret_configure, struct cfs_buf *why)
{
	struct cfs_buf reason = CFS_BUF_INIT(WHY_MAX);
	int r;

	*ret_configure = NULL;
	r = cfs_tencent_tccli_read(env, cfs_tencent_tccli_profile(settings, env),
		CFS_TENCENT_CONFIGURE, ret_configure, &reason);
	if (r == -EINVAL && cfs_buf_adds(why, cfs_buf_text(&reason)) == -ENOMEM)
		r = -ENOMEM;
	cfs_buf_finish(&reason);
	return r == -EINVAL || r == -ENOMEM ? r : 0;
}

int cfs_tencent_endpoint_load(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_tencent_endpoints *ret_endpoints, char **ret_region, struct cfs_buf *why)
{
	cJSON *configure;
	char *region = NULL;
	int r;

	r = read_configure(settings, env, &configure, why);
	if (r == 0) {
		region = strdup(choose_region(settings, env, configure));
		r = region ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = load_endpoints(settings, env, configure, ret_endpoints, why);
	cfs_json_wipe(configure);
	if (r < 0) {
		free(region);
		return r;
	}
	*ret_region = region;
	return 0;
}

/* "ap-guangzhou", "na-siliconvalley", "ap-shanghai-fsi": an area, and a place in it. */
bool cfs_tencent_endpoint_valid_region(const char *region)
{
	size_t len = strlen(region);

	if (!cfs_text_is_token(region, len, CFS_REGION_MAX, "-"))
		return false;
	for (size_t i = 0; i < len; i++) {
		bool hyphen = region[i] == '-';

		if (region[i] >= 'A' && region[i] <= 'Z')
			return false;
		if (hyphen && (i == 0 || i + 1 == len || region[i + 1] == '-'))
			return false;
	}
	return strchr(region, '-') != NULL;
}

const char *cfs_tencent_endpoint_sts_region(const char *region)
{
	return cfs_tencent_endpoint_valid_region(region) && is_finance(region) ? region
									       : USUAL_STS_REGION;
}

static void find_own(const char *service, const char *region, struct cfs_tencent_endpoint *endpoint)
{
	endpoint->tls = true;
	if (is_finance(region))
		snprintf(endpoint->host, sizeof(endpoint->host), "%s.%.*s." DOMAIN, service,
			CFS_REGION_MAX, region);
	else
		snprintf(endpoint->host, sizeof(endpoint->host), "%s." DOMAIN, service);
}

void cfs_tencent_endpoint_find(const struct cfs_tencent_endpoints *endpoints, const char *service,
	const char *region, struct cfs_tencent_endpoint *ret_endpoint)
{
	const struct cfs_tencent_endpoint *cvm = &endpoints->cvm;
	const char *domain = cvm->host + strlen(CVM); /* and its port */
	size_t service_len = strlen(service);

	if (strcmp(service, STS) == 0 && endpoints->sts.host[0]) {
		*ret_endpoint = endpoints->sts;
		return;
	}
	if (cvm->host[0] == '\0') {
		find_own(service, region, ret_endpoint);
		return;
	}
	*ret_endpoint = *cvm;
	if (strncmp(cvm->host, CVM ".", strlen(CVM ".")) != 0)
		return;
	/* A name that leaves no room for another service's is not a cloud's. */
	if (service_len + strcspn(domain, ":") > CFS_HTTP_NAME_MAX)
		return;
	memcpy(ret_endpoint->host, service, service_len);
	memcpy(ret_endpoint->host + service_len, domain, strlen(domain) + 1);
}
