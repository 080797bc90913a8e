/* SPDX-License-Identifier: MIT */
#include "fs/cloud/cloud.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/catalogue/catalogue.h"

int cfs_cloud_create(const struct cfs_runtime *runtime, struct cfs_cloud_config *config,
	struct cfs_cloud **ret_cloud, struct cfs_buf *why)
{
	struct cfs_client_config client = {
		.backend = config->backend,
		.settings =
			{
				.name = config->name,
				.profile = config->profile,
				.endpoint = config->endpoint,
				.ca_file = config->ca_file,
				.insecure_http = config->insecure_http,
				.own = config->own,
				.n_own = config->n_own,
			},
		.regions = config->regions,
		.n_regions = config->n_regions,
		.all_regions = config->all_regions,
		.timeout_ms = config->timeout_ms,
		.rate = config->rate,
	};
	struct cfs_cloud *cloud;
	int r;

	cloud = calloc(1, sizeof(*cloud));
	if (!cloud)
		return -ENOMEM;
	cloud->config = config;
	r = cfs_client_create(runtime, &client, &cloud->client, why);
	if (r == 0)
		r = cfs_catalogue_create(cloud->client, config->list_ttl_ms, &cloud->catalogue);
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
	cfs_catalogue_destroy(cloud->catalogue);
	cfs_client_destroy(cloud->client);
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
	for (size_t i = 0; i < cloud->client->backend->n_live; i++)
		if (cloud->client->backend->live[i].wakes)
			return true;
	return false;
}
