/* SPDX-License-Identifier: MIT */
#include "fs/client/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/nearest.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/quote.h"
#include "fs/client/credentials.h"
#include "fs/client/endpoint.h"

static void refuse_region(
	const struct cfs_backend *backend, const char *region, struct cfs_buf *why)
{
	struct cfs_nearest nearest;

	cfs_nearest_init(&nearest, region, strlen(region));
	for (size_t i = 0; backend->regions && backend->regions[i]; i++)
		cfs_nearest_offer(&nearest, backend->regions[i]);
	/* On an error of these the sentence is cut short; it is refused anyway. */
	(void)cfs_buf_adds(why, "region ");
	(void)cfs_quote_add(why, region, strlen(region));
	(void)cfs_buf_adds(why, " (from the environment or the profile) is not a region name");
	(void)cfs_nearest_add(&nearest, why);
}

static int set_regions(
	struct cfs_client *client, const struct cfs_client_config *config, struct cfs_buf *why)
{
	const char *region;
	int r;

	for (size_t i = 0; i < config->n_regions; i++)
		client->regions[client->n_regions++] = config->regions[i];
	if (client->n_regions > 0 || config->all_regions)
		return 0;
	r = client->backend->account_region(client->account, &region);
	if (r < 0) {
		cfs_buf_addf(why, "no region: %s", strerror(-r));
		return r;
	}
	if (region[0] == '\0')
		return 0;
	if (!client->backend->valid_region(region)) {
		refuse_region(client->backend, region, why);
		return -EINVAL;
	}
	client->regions[client->n_regions++] = region;
	return 0;
}

int cfs_client_create(const struct cfs_runtime *runtime, const struct cfs_client_config *config,
	struct cfs_client **ret_client, struct cfs_buf *why)
{
	struct cfs_client *client;
	int r;

	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	client->runtime = runtime;
	client->backend = config->backend;
	client->settings = config->settings;
	client->all_regions = config->all_regions;
	client->timeout_ms = config->timeout_ms;
	client->rate = config->rate;
	r = client->backend->account_create(&client->settings, runtime->env, &client->account, why);
	if (r == 0)
		r = set_regions(client, config, why);
	if (r == 0)
		r = cfs_credentials_create(runtime->loop, runtime->http, client->backend,
			&client->settings, runtime->env, &client->cloud_clock,
			&client->credentials);
	if (r < 0) {
		cfs_client_destroy(client);
		return r;
	}
	*ret_client = client;
	return 0;
}

void cfs_client_destroy(struct cfs_client *client)
{
	if (!client)
		return;
	cfs_endpoint_destroy_all(client);
	cfs_credentials_destroy(client->credentials);
	client->backend->account_destroy(client->account);
	free(client);
}

void cfs_client_failed(struct cfs_client *client, const struct cfs_question *question,
	const struct cfs_error *error, bool in_catalogue, struct cfs_failure *ret_failure)
{
	const char *subject = question->id ? question->id : question->region;
	struct cfs_failure failure = {
		.when = cfs_clock_wall(),
		.action = client->backend->action(question),
		.permission = client->backend->permission(question),
		.number = cfs_failure_errno(error->fault, in_catalogue),
		.error = *error,
	};

	cfs_log(CFS_LOG_WARNING, "%s: %s %s: %s: %s%s%s%s%s", client->settings.name, failure.action,
		subject, cfs_failure_errno_name(failure.number), error->code,
		error->code[0] ? ": " : "", error->message,
		error->request_id[0] ? "; request id " : "", error->request_id);
	client->failure = failure;
	*ret_failure = failure;
}
