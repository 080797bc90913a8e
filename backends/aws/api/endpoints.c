/* SPDX-License-Identifier: MIT */
#include "backends/aws/api/endpoints.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/aws/api/partition.h"
#include "backends/base/text.h"

#define SHOWN_MAX 128 /* bytes of a section's name in a message */
#define STS_GLOBAL_HOST "sts.amazonaws.com"
#define STS_GLOBAL_REGION "us-east-1"

static const struct {
	const char *label;    /* of the host name */
	const char *signing;  /* in the scope of a signature */
	const char *variable; /* with the service's own URL */
	const char *key;      /* within a `services` section */
} services[CFS_AWS_N_SERVICES] = {
	[CFS_AWS_EC2] = {"ec2", "ec2", "AWS_ENDPOINT_URL_EC2", "ec2"},
	[CFS_AWS_STS] = {"sts", "sts", "AWS_ENDPOINT_URL_STS", "sts"},
	[CFS_AWS_SSO] = {"portal.sso", "awsssoportal", "AWS_ENDPOINT_URL_SSO", "sso"},
	[CFS_AWS_SSO_OIDC] = {"oidc", "sso-oauth", "AWS_ENDPOINT_URL_SSO_OIDC", "sso_oidc"},
	[CFS_AWS_SIGNIN] = {"signin", "signin", "AWS_ENDPOINT_URL_SIGNIN", "signin"},
};

/* Regions older than regional endpoints of STS. */
static const char *const legacy_regions[] = {"ap-northeast-1", "ap-south-1", "ap-southeast-1",
	"ap-southeast-2", "aws-global", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1",
	"eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"};

static void take_url(struct cfs_aws_endpoints *endpoints, const struct cfs_aws_config *config,
	enum cfs_aws_service service, const char *from, const char *url)
{
	endpoints->configured[service] = true;
	endpoints->wrong[service] = cfs_aws_endpoint_parse(
		url, config->settings->insecure_http, &endpoints->endpoint[service]);
	snprintf(endpoints->from[service], sizeof(endpoints->from[service]), "%s", from);
}

/* The URL in the section of services that the profile names. */
static int take_from_services(struct cfs_aws_endpoints *endpoints,
	const struct cfs_aws_config *config, enum cfs_aws_service service, struct cfs_buf *why)
{
	const char *name = cfs_aws_config_get_name(
		config, config->profile, "services", CFS_AWS_SECTION_SERVICES);
	struct cfs_buf url = CFS_BUF_INIT(CFS_HTTP_URL_MAX);
	char shown[SHOWN_MAX];
	const char *value;
	int r = 0;

	if (!name)
		return 0;
	if (!cfs_aws_config_has(config, CFS_AWS_SECTION_SERVICES, name)) {
		cfs_text_line(shown, sizeof(shown), name, strlen(name));
		r = cfs_buf_addf(why, "there is no section [services %s]", shown);
		return r < 0 ? r : -EINVAL;
	}
	value = cfs_aws_config_get_in(
		config, CFS_AWS_CONFIG_FILE, CFS_AWS_SECTION_SERVICES, name, services[service].key);
	if (value)
		r = cfs_aws_config_nested(value, "endpoint_url", &url);
	/* A URL over the limit is wrong, as is one over the smaller limit of the parser. */
	if (r == -EFBIG || (r == 0 && url.len > 0))
		take_url(endpoints, config, service, "endpoint_url of the services",
			cfs_buf_text(&url));
	if (r == -EFBIG) {
		endpoints->wrong[service] = "is too long";
		r = 0;
	}
	cfs_buf_finish(&url);
	return r;
}

static int choose_url(struct cfs_aws_endpoints *endpoints, const struct cfs_aws_config *config,
	enum cfs_aws_service service, struct cfs_buf *why)
{
	const char *const variables[] = {services[service].variable, "AWS_ENDPOINT_URL"};
	const char *url;
	int r;

	if (service == CFS_AWS_EC2 && config->settings->endpoint) {
		take_url(endpoints, config, service, "endpoint", config->settings->endpoint);
		return 0;
	}
	if (cfs_aws_config_flag(config, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
		    "ignore_configured_endpoint_urls"))
		return 0;
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		url = cfs_env_get(config->env, variables[i]);
		if (url) {
			take_url(endpoints, config, service, variables[i], url);
			return 0;
		}
	}
	r = take_from_services(endpoints, config, service, why);
	if (r < 0 || endpoints->configured[service])
		return r;
	url = cfs_aws_config_get(config, config->profile, "endpoint_url");
	if (url)
		take_url(endpoints, config, service, "endpoint_url of the profile", url);
	return 0;
}

static int choose_region(struct cfs_aws_endpoints *endpoints, const struct cfs_aws_config *config,
	struct cfs_buf *why)
{
	const char *region = cfs_env_get(config->env, "AWS_REGION");
	int r;

	if (!region)
		region = cfs_aws_config_setting(config, "AWS_DEFAULT_REGION", "region");
	if (!region)
		return 0;
	if (!cfs_aws_endpoint_valid_region(region)) {
		r = cfs_buf_adds(why,
			"AWS_REGION, AWS_DEFAULT_REGION or region of the profile is not a region "
			"name");
		return r < 0 ? r : -EINVAL;
	}
	snprintf(endpoints->region, sizeof(endpoints->region), "%s", region);
	return 0;
}

static int choose_ca_file(struct cfs_aws_endpoints *endpoints, const struct cfs_aws_config *config,
	struct cfs_buf *why)
{
	const char *own = config->settings->ca_file;
	const char *path = own ? own : cfs_aws_config_setting(config, "AWS_CA_BUNDLE", "ca_bundle");
	int r;

	if (!path)
		return 0;
	r = cfs_env_expand(config->env, path, &endpoints->ca_file);
	if (r != -ENOENT)
		return r;
	r = cfs_buf_addf(why, "%s begins with ~, but no home directory is known",
		own ? "ca_file" : "AWS_CA_BUNDLE or ca_bundle");
	return r < 0 ? r : -EINVAL;
}

static int choose_sts(struct cfs_aws_endpoints *endpoints, const struct cfs_aws_config *config,
	struct cfs_buf *why)
{
	const char *value = cfs_aws_config_setting(
		config, "AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints");
	int r;

	endpoints->legacy_sts = value && strcmp(value, "legacy") == 0;
	if (!value || endpoints->legacy_sts || strcmp(value, "regional") == 0)
		return 0;
	r = cfs_buf_adds(why,
		"AWS_STS_REGIONAL_ENDPOINTS or sts_regional_endpoints is neither regional "
		"nor legacy");
	return r < 0 ? r : -EINVAL;
}

int cfs_aws_endpoints_load(struct cfs_aws_endpoints *endpoints, const struct cfs_aws_config *config,
	struct cfs_buf *why)
{
	int r;

	endpoints->fips = cfs_aws_config_flag(config, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
	endpoints->dual_stack =
		cfs_aws_config_flag(config, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
	r = choose_region(endpoints, config, why);
	if (r == 0)
		r = choose_ca_file(endpoints, config, why);
	if (r == 0)
		r = choose_sts(endpoints, config, why);
	for (int i = 0; r == 0 && i < CFS_AWS_N_SERVICES; i++)
		r = choose_url(endpoints, config, (enum cfs_aws_service)i, why);
	return r;
}

void cfs_aws_endpoints_finish(struct cfs_aws_endpoints *endpoints)
{
	if (!endpoints)
		return;
	free(endpoints->ca_file);
	endpoints->ca_file = NULL;
}

int cfs_aws_endpoints_check(const struct cfs_aws_endpoints *endpoints, enum cfs_aws_service service,
	struct cfs_buf *why)
{
	int r;

	if (!endpoints->wrong[service])
		return 0;
	/* The URL itself is not shown: it may hold a password. */
	r = cfs_buf_addf(why, "%s %s", endpoints->from[service], endpoints->wrong[service]);
	return r < 0 ? r : -EINVAL;
}

/* "fips-us-east-1" and "us-east-1-fips", old forms, are us-east-1 with FIPS. Returns whether it is
 * one of them. */
static bool strip_fips(char *region)
{
	static const char *const marks[] = {"fips-", "-fips"};
	bool found = false;
	char *at;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		while ((at = strstr(region, marks[i]))) {
			memmove(at, at + strlen(marks[i]), strlen(at + strlen(marks[i])) + 1);
			found = true;
		}
	}
	return found;
}

static bool is_legacy(const char *region)
{
	for (size_t i = 0; i < sizeof(legacy_regions) / sizeof(legacy_regions[0]); i++) {
		if (strcmp(legacy_regions[i], region) == 0)
			return true;
	}
	return false;
}

/* Whether STS is asked at its global endpoint. */
static bool is_global(const struct cfs_aws_endpoints *endpoints, const char *region, bool fips)
{
	if (fips || endpoints->dual_stack)
		return false;
	return !*region || strcmp(region, "aws-global") == 0 ||
		(endpoints->legacy_sts && is_legacy(region));
}

void cfs_aws_endpoints_target(const struct cfs_aws_endpoints *endpoints,
	enum cfs_aws_service service, const char *region, struct cfs_aws_target *ret_target)
{
	struct cfs_aws_target target = {0};
	bool fips = endpoints->fips;

	snprintf(target.region, sizeof(target.region), "%s", *region ? region : endpoints->region);
	if (strip_fips(target.region))
		fips = true;
	if (service == CFS_AWS_STS && !endpoints->configured[service] &&
		is_global(endpoints, target.region, fips)) {
		target.endpoint = (struct cfs_aws_endpoint){
			.tls = true, .host = STS_GLOBAL_HOST, .path = "/"};
		memcpy(target.region, STS_GLOBAL_REGION, sizeof(STS_GLOBAL_REGION));
		*ret_target = target;
		return;
	}
	if (!*target.region || strcmp(target.region, "aws-global") == 0)
		snprintf(target.region, sizeof(target.region), "%s",
			cfs_aws_partition_of_region("")->region);
	if (endpoints->configured[service])
		target.endpoint = endpoints->endpoint[service];
	else if (service == CFS_AWS_SIGNIN)
		cfs_aws_endpoint_of_signin(
			target.region, fips, endpoints->dual_stack, &target.endpoint);
	else
		cfs_aws_endpoint_of_region(services[service].label, target.region, fips,
			endpoints->dual_stack, &target.endpoint);
	*ret_target = target;
}

const char *cfs_aws_endpoints_signing_name(enum cfs_aws_service service)
{
	return services[service].signing;
}
