/* SPDX-License-Identifier: MIT */
#include "fs/cloud/trouble.h"

#include <stdio.h>
#include <string.h>

#include "fs/catalogue/catalogue.h"
#include "fs/client/credentials.h"

/* The names of the places where credentials were looked for: "environment, profile". */
static void name_places(const char *looked, struct cfs_buf *names)
{
	const char *end;

	for (; (end = strchr(looked, '\n')); looked = end + 1)
		cfs_buf_addf(names, "%s%.*s", names->len ? ", " : "", (int)strcspn(looked, ":\n"),
			looked);
}

/* The last line: what ended the search. */
static const char *last_line(const char *looked, int *ret_len)
{
	const char *line = looked, *end;

	for (; (end = strchr(looked, '\n')); looked = end + 1) {
		line = looked;
		*ret_len = (int)(end - looked);
	}
	return line;
}

static void tell_credentials(const struct cfs_cloud *cloud, struct cfs_trouble *trouble)
{
	const struct cfs_credentials *credentials = cloud->client->credentials;
	const char *looked = cfs_credentials_looked(credentials), *line;
	struct cfs_buf names = CFS_BUF_INIT(CFS_TROUBLE_WHAT_MAX);
	int len = 0;

	if (cfs_credentials_absent(credentials)) {
		name_places(looked, &names);
		snprintf(trouble->what, sizeof(trouble->what), "no usable credentials (%s)",
			cfs_buf_text(&names));
		snprintf(trouble->todo, sizeof(trouble->todo), "%s",
			cloud->client->backend->first_steps->keys);
	} else {
		line = last_line(looked, &len);
		snprintf(trouble->what, sizeof(trouble->what), "no usable credentials: %.*s", len,
			line);
		snprintf(trouble->todo, sizeof(trouble->todo), "%s",
			cfs_failure_errno_advice(cfs_credentials_fault(credentials)));
	}
	cfs_buf_finish(&names);
}

static void tell_no_region(const struct cfs_cloud *cloud, struct cfs_trouble *trouble)
{
	const struct cfs_first_steps *steps = cloud->client->backend->first_steps;

	snprintf(trouble->what, sizeof(trouble->what), "no region is configured");
	snprintf(trouble->todo, sizeof(trouble->todo), "set %s, or mount with -o %s.regions=%s",
		steps->region_variable, cloud->config->name, steps->region);
}

static void tell_failure(
	const struct cfs_failure *failure, const char *region, struct cfs_trouble *trouble)
{
	struct cfs_buf advice = CFS_BUF_INIT(CFS_TROUBLE_TODO_MAX - 1);

	snprintf(trouble->what, sizeof(trouble->what), "%s%s%s: %s%s%s", region,
		region[0] ? " could not be listed: " : "", cfs_failure_errno_name(failure->number),
		failure->error.code, failure->error.code[0] ? ": " : "", failure->error.message);
	cfs_failure_advice(failure, &advice);
	snprintf(trouble->todo, sizeof(trouble->todo), "%s", cfs_buf_text(&advice));
	cfs_buf_finish(&advice);
}

/* Whether the fault is of the account or of the network, and not of one instance. */
static bool is_about_account(enum cfs_fault fault)
{
	return fault == CFS_UNAUTHENTICATED || fault == CFS_NOT_ENABLED || fault == CFS_EXPIRED ||
		fault == CFS_CLOCK_SKEW || fault == CFS_TIMED_OUT || fault == CFS_UNREACHABLE ||
		fault == CFS_REFUSED || fault == CFS_RESET || fault == CFS_TLS ||
		fault == CFS_PROXY_DENIED;
}

/* A failure to list tells more than one of a single file. */
static bool find_failure(const struct cfs_cloud *cloud, struct cfs_trouble *trouble)
{
	const struct cfs_failure *failure = cfs_catalogue_regions_failure(cloud->catalogue);
	struct cfs_region_state region;

	if (failure) {
		tell_failure(failure, "", trouble);
		return true;
	}
	for (size_t i = 0; i < cfs_catalogue_n_regions(cloud->catalogue); i++) {
		cfs_catalogue_region(cloud->catalogue, i, &region);
		if (region.failure) {
			tell_failure(region.failure, region.name, trouble);
			return true;
		}
	}
	/* Nothing was listed yet, but paths of instances may have been used. */
	failure = &cloud->client->failure;
	if (cfs_catalogue_is_listed(cloud->catalogue) || !failure->number ||
		!is_about_account(failure->error.fault))
		return false;
	tell_failure(failure, "", trouble);
	return true;
}

bool cfs_trouble_find(const struct cfs_cloud *cloud, struct cfs_trouble *ret_trouble)
{
	const struct cfs_credentials *credentials = cloud->client->credentials;

	*ret_trouble = (struct cfs_trouble){.what = ""};
	if (!cfs_credentials_source(credentials)[0] &&
		cfs_credentials_fault(credentials) != CFS_OK) {
		tell_credentials(cloud, ret_trouble);
		return true;
	}
	if (cloud->client->n_regions == 0 && !cloud->config->all_regions) {
		tell_no_region(cloud, ret_trouble);
		return true;
	}
	return find_failure(cloud, ret_trouble);
}
