#include "fs/cloud/cloud.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/catalogue/by_name.h"
#include "fs/catalogue/catalogue.h"
#include "fs/client/endpoint.h"

void cfs_cloud_config_destroy(struct cfs_cloud_config *config)
{
	size_t i;

	if (!config)
		return;
	free(config->name);
	free(config->profile);
	free(config->endpoint);
	free(config->ca_file);
	for (i = 0; i < config->n_regions; i++)
		free(config->regions[i]);
	/* The keys are the backend's own texts. */
	for (i = 0; i < config->n_own; i++)
		free((char *)(uintptr_t)config->own[i].value);
	free(config);
}

/* Either may be NULL: not given. */
static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool cfs_cloud_config_equal(const struct cfs_cloud_config *a, const struct cfs_cloud_config *b)
{
	size_t i;

	if (!same_text(a->name, b->name) || a->backend != b->backend ||
		!same_text(a->profile, b->profile) || !same_text(a->endpoint, b->endpoint) ||
		!same_text(a->ca_file, b->ca_file) || a->all_regions != b->all_regions ||
		a->list_ttl_ms != b->list_ttl_ms || a->timeout_ms != b->timeout_ms ||
		a->rate != b->rate || a->n_regions != b->n_regions || a->n_own != b->n_own)
		return false;
	for (i = 0; i < a->n_regions; i++)
		if (strcmp(a->regions[i], b->regions[i]) != 0)
			return false;
	for (i = 0; i < a->n_own; i++)
		if (strcmp(a->own[i].key, b->own[i].key) != 0 ||
			strcmp(a->own[i].value, b->own[i].value) != 0)
			return false;
	return true;
}

static int set_regions(struct cfs_cloud *cloud, struct cfs_buf *why)
{
	const struct cfs_cloud_config *config = cloud->config;
	const char *region;
	size_t i;
	int r;

	for (i = 0; i < config->n_regions; i++)
		cloud->regions[cloud->n_regions++] = config->regions[i];
	if (cloud->n_regions > 0 || config->all_regions)
		return 0;
	r = cloud->backend->account_region(cloud->account, &region);
	if (r < 0) {
		cfs_buf_addf(why, "no region: %s", strerror(-r));
		return r;
	}
	if (region[0] == '\0')
		return 0;
	if (!cloud->backend->valid_region(region)) {
		cfs_buf_adds(
			why, "the region in the environment or the profile is no region's name");
		return -EINVAL;
	}
	cloud->regions[cloud->n_regions++] = region;
	return 0;
}

int cfs_cloud_create(const struct cfs_runtime *runtime, struct cfs_cloud_config *config,
	struct cfs_cloud **ret_cloud, struct cfs_buf *why)
{
	struct cfs_cloud *cloud;
	int r;

	cloud = calloc(1, sizeof(*cloud));
	if (!cloud)
		return -ENOMEM;
	cloud->runtime = runtime;
	cloud->config = config;
	cloud->backend = config->backend;
	cloud->settings = (struct cfs_settings){
		.name = config->name,
		.profile = config->profile,
		.endpoint = config->endpoint,
		.ca_file = config->ca_file,
		.own = config->own,
		.n_own = config->n_own,
	};
	r = cloud->backend->account_create(&cloud->settings, runtime->env, &cloud->account, why);
	if (r == 0)
		r = set_regions(cloud, why);
	if (r == 0)
		r = cfs_credentials_create(runtime->loop, runtime->http, cloud->backend,
			&cloud->settings, runtime->env, &cloud->cloud_clock, &cloud->credentials);
	if (r == 0)
		r = cfs_rate_queues_create(runtime->loop, &cloud->queues);
	if (r == 0)
		r = cfs_endpoints_create(cloud, &cloud->endpoints);
	if (r == 0)
		r = cfs_catalogue_create(cloud, &cloud->catalogue);
	if (r == 0)
		r = cfs_by_name_create(cloud->catalogue, &cloud->by_name);
	if (r < 0) {
		cfs_cloud_destroy(cloud);
		return r;
	}
	*ret_cloud = cloud;
	return 0;
}

void cfs_cloud_destroy(struct cfs_cloud *cloud)
{
	if (!cloud)
		return;
	cfs_by_name_destroy(cloud->by_name);
	cfs_catalogue_destroy(cloud->catalogue);
	cfs_endpoints_destroy(cloud->endpoints);
	cfs_rate_queues_destroy(cloud->queues);
	cfs_credentials_destroy(cloud->credentials);
	cloud->backend->account_destroy(cloud->account);
	if (cloud->owns_config)
		cfs_cloud_config_destroy(cloud->config);
	free(cloud);
}

void cfs_cloud_retire(struct cfs_cloud *cloud)
{
	cloud->retired = true;
	if (cloud->refs == 0)
		cfs_cloud_destroy(cloud);
}

struct cfs_cloud *cfs_cloud_ref(struct cfs_cloud *cloud)
{
	cloud->refs++;
	return cloud;
}

void cfs_cloud_unref(struct cfs_cloud *cloud)
{
	if (cloud && --cloud->refs == 0 && cloud->retired)
		cfs_cloud_destroy(cloud);
}

bool cfs_cloud_wakes(const struct cfs_cloud *cloud)
{
	size_t i;

	for (i = 0; i < cloud->backend->n_live; i++)
		if (cloud->backend->live[i].wakes)
			return true;
	return false;
}

void cfs_cloud_failed(struct cfs_cloud *cloud, const struct cfs_question *question,
	const struct cfs_error *error, bool in_catalogue, struct cfs_failure *ret_failure)
{
	const char *subject = question->id ? question->id : question->region;
	struct cfs_failure failure = {
		.when = cfs_clock_wall(),
		.action = cloud->backend->action(question),
		.permission = cloud->backend->permission(question),
		.number = cfs_failure_errno(error->fault, in_catalogue),
		.error = *error,
	};

	cfs_log(CFS_LOG_WARNING, "%s: %s %s: %s: %s%s%s%s%s", cloud->config->name, failure.action,
		subject, cfs_failure_errno_name(failure.number), error->code,
		error->code[0] ? ": " : "", error->message,
		error->request_id[0] ? "; request id " : "", error->request_id);
	cloud->failure = failure;
	*ret_failure = failure;
}
