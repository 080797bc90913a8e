/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fleet.h"

#include <string.h>

#include "fs/catalogue/catalogue.h"
#include "fs/client/credentials.h"

void fuzz_fleet_init(struct fuzz_fleet *fleet, const struct cfs_backend *backend)
{
	static char name[] = "cloud", region[] = "us-east-1";
	static const struct cfs_env unread = {.get = NULL};

	*fleet = (struct fuzz_fleet){.config = {
					     .name = name,
					     .backend = backend,
					     .regions = {region},
					     .n_regions = 1,
					     .list_ttl_ms = 60000,
					     .timeout_ms = 30000,
				     }};
	fleet->client = (struct cfs_client){
		.runtime = &fleet->runtime,
		.backend = backend,
		.settings.name = name,
		.regions = {region},
		.n_regions = 1,
		.timeout_ms = 30000,
	};
	fleet->cloud.config = &fleet->config;
	fleet->cloud.client = &fleet->client;
	fleet->clouds.first = &fleet->cloud;
	MUST(cfs_credentials_create(NULL, NULL, backend, &fleet->client.settings, &unread,
		     &fleet->client.cloud_clock, &fleet->client.credentials) == 0);
	MUST(cfs_catalogue_create(&fleet->client, 60000, &fleet->cloud.catalogue) == 0);
	MUST(cfs_nodes_create(&fleet->nodes) == 0);
	cfs_nodes_set_clouds(fleet->nodes, &fleet->clouds);
}

void fuzz_fleet_finish(struct fuzz_fleet *fleet)
{
	MUST(cfs_nodes_count(fleet->nodes) == 1);
	cfs_nodes_destroy(fleet->nodes);
	cfs_catalogue_destroy(fleet->cloud.catalogue);
	cfs_credentials_destroy(fleet->client.credentials);
}

struct cfs_entry *fuzz_fleet_put(
	struct fuzz_fleet *fleet, const struct cfs_instance_builder *builder, uint32_t offers)
{
	struct cfs_instance *instance = NULL;
	const char *id = cfs_instance_builder_get(builder, CFS_FIELD_ID);

	MUST(cfs_instance_builder_build(builder, CFS_POWER_ON, offers, &instance) == 0);
	MUST(cfs_store_put(&fleet->cloud.catalogue->store, 0, instance) == 0);
	return cfs_catalogue_find(fleet->cloud.catalogue, id);
}

void fuzz_set(struct cfs_instance_builder *builder, enum cfs_field field, const char *text)
{
	MUST(cfs_instance_builder_set(builder, field, text, strlen(text)) == 0);
}
