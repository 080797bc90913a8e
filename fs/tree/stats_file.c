/* SPDX-License-Identifier: MIT */
#include "fs/tree/stats_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/loop.h"
#include "fs/catalogue/catalogue.h"
#include "fs/client/credentials.h"
#include "fs/client/endpoint.h"
#include "fs/client/failure.h"
#include "fs/client/metrics.h"
#include "fs/cloud/config.h"

static void head(struct cfs_buf *buf, const char *name, const char *type, const char *help)
{
	cfs_buf_addf(
		buf, "# HELP consolefs_%s %s\n# TYPE consolefs_%s %s\n", name, help, name, type);
}

/* A label's value, in which '\', '"' and the line feed are escaped. */
static void label(struct cfs_buf *buf, const char *name, const char *value)
{
	size_t len;

	cfs_buf_addf(buf, "%s=\"", name);
	for (; *value; value += len) {
		len = strcspn(value, "\\\"\n");
		cfs_buf_addf(buf, "%.*s", (int)len, value);
		if (value[len])
			cfs_buf_addf(buf, "\\%c", value[len] == '\n' ? 'n' : value[len]);
		len += value[len] != '\0';
	}
	cfs_buf_addf(buf, "\"");
}

static void series_labels(
	struct cfs_buf *buf, const char *name, const struct cfs_metrics_series *series)
{
	cfs_buf_addf(buf, "consolefs_%s{", name);
	label(buf, "cloud", series->cloud);
	cfs_buf_addf(buf, ",");
	label(buf, "region", series->region);
	cfs_buf_addf(buf, ",");
	label(buf, "action", series->action);
}

/* Faults with the same errno are one result. */
static void results(struct cfs_buf *buf, const struct cfs_metrics_series *series)
{
	bool told[CFS_N_FAULTS] = {false};
	uint64_t count;

	for (int fault = CFS_OK; fault < CFS_N_FAULTS; fault++) {
		if (told[fault])
			continue;
		count = 0;
		for (int same = fault; same < CFS_N_FAULTS; same++) {
			if (cfs_failure_errno((enum cfs_fault)same, false) ==
				cfs_failure_errno((enum cfs_fault)fault, false)) {
				count += series->results[same];
				told[same] = true;
			}
		}
		if (count == 0 && fault != CFS_OK)
			continue;
		series_labels(buf, "calls_total", series);
		cfs_buf_addf(buf, ",");
		label(buf, "result",
			fault == CFS_OK ? "ok"
					: cfs_failure_errno_name(
						  cfs_failure_errno((enum cfs_fault)fault, false)));
		cfs_buf_addf(buf, "} %" PRIu64 "\n", count);
	}
}

/* A number that every series has. */
struct column {
	const char *name, *type, *help;
	uint64_t (*value)(const struct cfs_metrics_series *series);
};

static uint64_t retries(const struct cfs_metrics_series *series)
{
	return series->retries;
}

static uint64_t throttles(const struct cfs_metrics_series *series)
{
	return series->throttles;
}

static uint64_t queued(const struct cfs_metrics_series *series)
{
	return series->queued;
}

static uint64_t in_flight(const struct cfs_metrics_series *series)
{
	return series->under_way - series->queued;
}

static const struct column columns[] = {
	{"call_retries_total", "counter", "Attempts at API calls beyond the first.", retries},
	{"call_throttles_total", "counter", "Attempts that the cloud refused by its rate limit.",
		throttles},
	{"calls_queued", "gauge", "Calls that wait here, so as to keep the cloud's rate.", queued},
	{"calls_in_flight", "gauge", "Calls under way that do not wait in the queue.", in_flight},
};

static void write_series(struct cfs_buf *buf, const struct cfs_metrics *metrics)
{
	const struct cfs_metrics_series *series;

	head(buf, "calls_total", "counter", "API calls that ended, by errno or ok.");
	for (size_t i = 0; (series = cfs_metrics_at(metrics, i)); i++)
		results(buf, series);
	for (const struct column *column = columns;
		column < columns + sizeof(columns) / sizeof(columns[0]); column++) {
		head(buf, column->name, column->type, column->help);
		for (size_t i = 0; (series = cfs_metrics_at(metrics, i)); i++) {
			series_labels(buf, column->name, series);
			cfs_buf_addf(buf, "} %" PRIu64 "\n", column->value(series));
		}
	}
}

static void action_labels(struct cfs_buf *buf, const struct cfs_metrics_series *series)
{
	label(buf, "cloud", series->cloud);
	cfs_buf_addc(buf, ',');
	label(buf, "action", series->action);
}

static void histogram_total(struct cfs_buf *buf, const char *name, const char *what,
	const struct cfs_metrics_series *series)
{
	cfs_buf_addf(buf, "consolefs_%s_%s", name, what);
	if (series) {
		cfs_buf_addc(buf, '{');
		action_labels(buf, series);
		cfs_buf_addc(buf, '}');
	}
}

/* A histogram; with a series, of its cloud's action, in all regions together. */
static void write_histogram(struct cfs_buf *buf, const char *name,
	const struct cfs_metrics_series *series, const struct cfs_histogram *histogram)
{
	uint64_t count = 0;

	for (size_t i = 0; i <= histogram->bounds->n; i++) {
		count += histogram->counts[i];
		cfs_buf_addf(buf, "consolefs_%s_bucket{", name);
		if (series) {
			action_labels(buf, series);
			cfs_buf_addc(buf, ',');
		}
		cfs_buf_addf(buf, "le=\"%s\"} %" PRIu64 "\n",
			i < histogram->bounds->n ? histogram->bounds->at[i].text : "+Inf", count);
	}
	histogram_total(buf, name, "sum", series);
	cfs_buf_addf(buf, " %" PRIu64 ".%06u\n", histogram->sum_us / 1000000,
		(unsigned)(histogram->sum_us % 1000000));
	histogram_total(buf, name, "count", series);
	cfs_buf_addf(buf, " %" PRIu64 "\n", count);
}

static void write_durations(struct cfs_buf *buf, const struct cfs_metrics *metrics)
{
	const struct cfs_metrics_series *series, *next;
	struct cfs_histogram sum = {.bounds = &cfs_histogram_calls};

	head(buf, "call_duration_seconds", "histogram",
		"How long API calls took, their retries and their time in the queue included.");
	for (size_t i = 0; (series = cfs_metrics_at(metrics, i)); i++) {
		cfs_histogram_merge(&sum, &series->durations);
		next = cfs_metrics_at(metrics, i + 1);
		if (next && strcmp(next->cloud, series->cloud) == 0 &&
			strcmp(next->action, series->action) == 0)
			continue;
		write_histogram(buf, "call_duration_seconds", series, &sum);
		sum = (struct cfs_histogram){.bounds = &cfs_histogram_calls};
	}
}

/* Numbers of a region: how many instances it has, how old its list is. */
static void write_regions(struct cfs_buf *buf, const struct cfs_cloud *clouds, bool ages)
{
	const char *name = ages ? "list_age_seconds" : "instances";
	struct cfs_region_state region;

	for (const struct cfs_cloud *cloud = clouds; cloud; cloud = cloud->next) {
		for (size_t i = 0; i < cfs_catalogue_n_regions(cloud->catalogue); i++) {
			cfs_catalogue_region(cloud->catalogue, i, &region);
			if (!region.listed)
				continue;
			cfs_buf_addf(buf, "consolefs_%s{", name);
			label(buf, "cloud", cloud->config->name);
			cfs_buf_addf(buf, ",");
			label(buf, "region", region.name);
			if (ages)
				cfs_buf_addf(buf, "} %" PRId64 ".%03u\n", region.age_ms / 1000,
					(unsigned)(region.age_ms % 1000));
			else
				cfs_buf_addf(buf, "} %zu\n", region.instances);
		}
	}
}

/* A number of an endpoint. */
static void write_rate(struct cfs_buf *buf, const struct cfs_endpoint *endpoint)
{
	cfs_buf_addf(buf, "} %.3f\n", cfs_rate_adaptive_rate(&endpoint->queue.rate));
}

static void write_up(struct cfs_buf *buf, const struct cfs_endpoint *endpoint)
{
	cfs_buf_addf(buf, "} %d\n", !endpoint->breaker.down);
}

static void write_endpoints(struct cfs_buf *buf, const struct cfs_cloud *clouds, const char *name,
	void (*write_value)(struct cfs_buf *buf, const struct cfs_endpoint *endpoint))
{
	for (const struct cfs_cloud *cloud = clouds; cloud; cloud = cloud->next) {
		for (const struct cfs_endpoint *endpoint = cloud->client->endpoints; endpoint;
			endpoint = endpoint->next) {
			cfs_buf_addf(buf, "consolefs_%s{", name);
			label(buf, "cloud", cloud->config->name);
			cfs_buf_addf(buf, ",");
			label(buf, "region", endpoint->region);
			cfs_buf_addf(buf, ",");
			label(buf, "action", endpoint->action);
			write_value(buf, endpoint);
		}
	}
}

static void write_reachability(struct cfs_buf *buf, const struct cfs_cloud *clouds)
{
	head(buf, "rate_limit", "gauge",
		"Calls a second that are made at the most: less than documented after a throttle.");
	write_endpoints(buf, clouds, "rate_limit", write_rate);
	head(buf, "up", "gauge", "1; 0 while calls are refused here because nothing answers them.");
	write_endpoints(buf, clouds, "up", write_up);
}

static void write_clouds(struct cfs_buf *buf, const struct cfs_cloud *clouds)
{
	int64_t expires;

	head(buf, "instances", "gauge", "Instances in the last list of a region.");
	write_regions(buf, clouds, false);
	head(buf, "list_age_seconds", "gauge", "Age of the last good list of a region.");
	write_regions(buf, clouds, true);
	head(buf, "credentials_expiry_timestamp_seconds", "gauge",
		"When the credentials that are held expire; absent when never, or when none are.");
	for (const struct cfs_cloud *cloud = clouds; cloud; cloud = cloud->next) {
		expires = cfs_credentials_expires(cloud->client->credentials);
		if (!cfs_credentials_source(cloud->client->credentials)[0] || expires == INT64_MAX)
			continue;
		cfs_buf_addf(buf, "consolefs_credentials_expiry_timestamp_seconds{");
		label(buf, "cloud", cloud->config->name);
		cfs_buf_addf(buf, "} %" PRId64 "\n", expires);
	}
}

static void number(
	struct cfs_buf *buf, const char *name, const char *type, const char *help, uint64_t value)
{
	head(buf, name, type, help);
	cfs_buf_addf(buf, "consolefs_%s %" PRIu64 "\n", name, value);
}

int cfs_stats_file_write(const struct cfs_stats_file_subject *subject, struct cfs_buf *buf)
{
	struct cfs_nodes_open open = cfs_nodes_open(subject->nodes);

	head(buf, "build_info", "gauge", "A constant 1, labelled with the version.");
	cfs_buf_addf(buf, "consolefs_build_info{");
	label(buf, "version", CONSOLEFS_VERSION);
	cfs_buf_addf(buf, "} 1\n");
	write_series(buf, subject->metrics);
	write_durations(buf, subject->metrics);
	write_reachability(buf, subject->clouds);
	write_clouds(buf, subject->clouds);
	number(buf, "open_snapshots", "gauge",
		"Snapshots of files that are open, or held for .still.", open.snapshots);
	number(buf, "open_snapshot_bytes", "gauge", "Bytes of these snapshots.", open.bytes);
	number(buf, "nodes", "gauge", "Files and directories that the kernel refers to.",
		cfs_nodes_count(subject->nodes));
	number(buf, "refused_opens_total", "counter",
		"Opens that were refused to indexers, thumbnailers and their like.",
		cfs_metrics_refusals(subject->metrics));
	head(buf, "loop_turn_duration_seconds", "histogram",
		"How long the event loop was busy between two waits.");
	write_histogram(buf, "loop_turn_duration_seconds", NULL, cfs_loop_turns(subject->loop));
	return cfs_buf_error(buf);
}

int cfs_stats_file_render(const struct cfs_node *node, struct cfs_buf *buf)
{
	const struct cfs_clouds *clouds = cfs_nodes_clouds(node->nodes);
	struct cfs_stats_file_subject subject = {.nodes = node->nodes};

	if (!clouds || !clouds->runtime->metrics)
		return 0;
	subject.metrics = clouds->runtime->metrics;
	subject.clouds = clouds->first;
	subject.loop = clouds->runtime->loop;
	return cfs_stats_file_write(&subject, buf);
}
