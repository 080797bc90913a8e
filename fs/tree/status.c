/* SPDX-License-Identifier: MIT */
#include "fs/tree/status.h"

#include <errno.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "backends/base/json.h"
#include "backends/base/time.h"
#include "fs/base/clock.h"
#include "fs/client/credentials.h"
#include "fs/client/endpoint.h"
#include "fs/client/metrics.h"
#include "fs/cloud/trouble.h"

static bool add_text(cJSON *object, const char *key, const char *value)
{
	return cJSON_AddStringToObject(object, key, value) != NULL;
}

static bool add_field(
	cJSON *object, const char *key, const struct cfs_entry *entry, enum cfs_field field)
{
	return add_text(object, key, cfs_instance_field(entry->instance, field));
}

static bool add_addresses(cJSON *root, const struct cfs_instance *instance)
{
	cJSON *list = cJSON_AddArrayToObject(root, "addresses"), *item;
	const char *at = cfs_instance_addresses(instance);

	if (!list)
		return false;
	for (size_t i = 0; i < instance->n_addresses; i++) {
		item = cJSON_CreateString(cfs_instance_take(&at));
		if (!item || !cJSON_AddItemToArray(list, item)) {
			cJSON_Delete(item);
			return false;
		}
	}
	return true;
}

/* Of n pairs from `at` on. If a key comes twice, the first value counts: JSON readers differ about
 * such objects. */
static bool add_pairs(cJSON *root, const char *key, const char *at, size_t n)
{
	cJSON *object = cJSON_AddObjectToObject(root, key);
	struct cfs_pair pair;

	if (!object)
		return false;
	for (size_t i = 0; i < n; i++) {
		pair = cfs_instance_take_pair(&at);
		if (!cJSON_GetObjectItemCaseSensitive(object, pair.key) &&
			!add_text(object, pair.key, pair.value))
			return false;
	}
	return true;
}

static bool fill_info(cJSON *root, const struct cfs_node *node)
{
	const struct cfs_entry *entry = node->entry;
	const struct cfs_instance *instance = entry->instance;

	if (!add_text(root, "id", entry->id) || !add_text(root, "cloud", node->cloud->config->name))
		return false;
	if (!instance)
		return true;
	return add_field(root, "name", entry, CFS_FIELD_NAME) &&
		add_text(root, "region",
			cfs_catalogue_region_name(node->cloud->catalogue, (size_t)entry->region)) &&
		add_field(root, "zone", entry, CFS_FIELD_ZONE) &&
		add_field(root, "state", entry, CFS_FIELD_STATE) &&
		add_field(root, "type", entry, CFS_FIELD_TYPE) &&
		add_field(root, "launched", entry, CFS_FIELD_LAUNCHED) &&
		add_addresses(root, instance) &&
		add_pairs(root, "tags", cfs_instance_tags(instance), instance->n_tags) &&
		add_pairs(root, node->cloud->client->backend->name, cfs_instance_extras(instance),
			instance->n_extras);
}

int cfs_status_render_info(const struct cfs_node *node, struct cfs_buf *buf)
{
	cJSON *root = cJSON_CreateObject();
	char *text = NULL;
	int r = -ENOMEM;

	if (!root || !fill_info(root, node))
		goto out;
	text = cJSON_Print(root);
	if (!text)
		goto out;
	cfs_json_add_printable(buf, text);
	cfs_buf_addc(buf, '\n');
	r = cfs_buf_error(buf);
out:
	cJSON_free(text);
	cJSON_Delete(root);
	return r;
}

int cfs_status_render_error(const struct cfs_node *node, struct cfs_buf *buf)
{
	const struct cfs_failure *failure = node->entry->failure;

	return failure ? cfs_failure_describe(failure, buf) : 0;
}

struct timespec cfs_status_info_changed(const struct cfs_node *node)
{
	return cfs_clock_from_ns(node->entry->info_ns);
}

struct timespec cfs_status_error_changed(const struct cfs_node *node)
{
	const struct cfs_entry *entry = node->entry;

	return entry->failure ? entry->failure->when : cfs_clock_from_ns(entry->born_ns);
}

/* Where the credentials come from and until when they are valid; if the last search for them
 * failed, where it looked. */
static void render_credentials(const struct cfs_cloud *cloud, struct cfs_buf *buf)
{
	const struct cfs_credentials *credentials = cloud->client->credentials;
	const char *source = cfs_credentials_source(credentials);
	const char *line = cfs_credentials_looked(credentials), *end;
	int64_t expires = cfs_credentials_expires(credentials);
	char until[CFS_TIME_TEXT];

	cfs_buf_addf(buf, "credentials: %s", source[0] ? source : "none");
	if (source[0] && expires != INT64_MAX) {
		cfs_time_format(expires, until);
		cfs_buf_addf(buf, ", until %s", until);
	}
	if (cfs_credentials_fault(credentials) == CFS_OK) {
		cfs_buf_addc(buf, '\n');
		return;
	}
	cfs_buf_adds(buf, source[0] ? "; not renewed; looked in\n" : "; looked in\n");
	for (; (end = strchr(line, '\n')); line = end + 1)
		cfs_buf_addf(buf, "    %.*s\n", (int)(end - line), line);
}

static void render_region(const struct cfs_region_state *region, struct cfs_buf *buf)
{
	cfs_buf_addf(buf, "region:      %s: ", region->name);
	if (region->listed)
		cfs_buf_addf(buf, "%zu instances, listed %lld s ago", region->instances,
			(long long)(region->age_ms / 1000));
	else
		cfs_buf_adds(buf, "not listed");
	if (region->refreshing)
		cfs_buf_adds(buf, ", listing now");
	if (region->failure)
		cfs_buf_addf(buf, "; last attempt failed: %s: %s%s%s",
			cfs_failure_errno_name(region->failure->number),
			region->failure->error.code, region->failure->error.code[0] ? ": " : "",
			region->failure->error.message);
	cfs_buf_addc(buf, '\n');
}

/* A summary; `stats` has the details. */
static void render_calls(const struct cfs_cloud *cloud, struct cfs_buf *buf)
{
	struct cfs_metrics_sum sum;

	if (!cloud->client->runtime->metrics)
		return;
	sum = cfs_metrics_sum(cloud->client->runtime->metrics, cloud->config->name);
	cfs_buf_addf(buf,
		"calls:       %llu, of which %llu failed; %llu retries, %llu throttled; "
		"%llu under way, %llu waiting for the rate\n",
		(unsigned long long)sum.ended, (unsigned long long)sum.failed,
		(unsigned long long)sum.retries, (unsigned long long)sum.throttles,
		(unsigned long long)sum.in_flight, (unsigned long long)sum.queued);
}

/* What keeps calls from being made as fast as they might be, if anything. */
static void render_hindrances(const struct cfs_cloud *cloud, struct cfs_buf *buf)
{
	for (const struct cfs_endpoint *endpoint = cloud->client->endpoints; endpoint;
		endpoint = endpoint->next) {
		if (endpoint->queue.rate.reduced)
			cfs_buf_addf(buf, "throttled:   %s %s, now at most %.1f calls a second\n",
				endpoint->region, endpoint->action,
				cfs_rate_adaptive_rate(&endpoint->queue.rate));
	}
	for (const struct cfs_endpoint *endpoint = cloud->client->endpoints; endpoint;
		endpoint = endpoint->next) {
		if (endpoint->breaker.down)
			cfs_buf_addf(buf,
				"no answer:   %s %s; calls fail at once, until a probe is "
				"answered\n",
				endpoint->region, endpoint->action);
	}
}

/* Whether the account works, as far as is known. */
static const char *condition(const struct cfs_cloud *cloud, bool troubled)
{
	if (cfs_catalogue_is_listed(cloud->catalogue))
		return troubled ? "working in part" : "working";
	return troubled ? "not working" : "not used yet";
}

/* The main trouble comes first. */
static void render_condition(const struct cfs_cloud *cloud, struct cfs_buf *buf)
{
	struct cfs_trouble trouble;
	bool troubled = cfs_trouble_find(cloud, &trouble);

	cfs_buf_addf(buf, "cloud:       %s (backend %s)\ncondition:   %s\n", cloud->config->name,
		cloud->client->backend->name, condition(cloud, troubled));
	if (troubled)
		cfs_buf_addf(buf, "trouble:     %s\n", trouble.what);
	if (trouble.todo[0])
		cfs_buf_addf(buf, "to do:       %s\n", trouble.todo);
}

int cfs_status_render(const struct cfs_node *node, struct cfs_buf *buf)
{
	const struct cfs_cloud *cloud = node->cloud;
	struct cfs_region_state region;

	render_condition(cloud, buf);
	render_credentials(cloud, buf);
	if (cloud->client->cloud_clock.offset)
		cfs_buf_addf(buf, "clock:       local time is %+lld s off the cloud's\n",
			-(long long)cloud->client->cloud_clock.offset);
	for (size_t i = 0; i < cfs_catalogue_n_regions(cloud->catalogue); i++) {
		cfs_catalogue_region(cloud->catalogue, i, &region);
		render_region(&region, buf);
	}
	render_calls(cloud, buf);
	render_hindrances(cloud, buf);
	if (cloud->client->failure.number) {
		cfs_buf_adds(buf, "last error:\n");
		cfs_failure_describe(&cloud->client->failure, buf);
	}
	return cfs_buf_error(buf);
}
