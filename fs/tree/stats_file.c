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

/* Writing. The first error stays, and nothing is written after it. */

struct writer {
	struct cfs_buf *buf;
	int r;
};

static void say(struct writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct writer *writer, const char *format, ...)
{
	va_list args;

	if (writer->r < 0)
		return;
	va_start(args, format);
	writer->r = cfs_buf_vaddf(writer->buf, format, args);
	va_end(args);
}

static void head(struct writer *writer, const char *name, const char *type, const char *help)
{
	say(writer, "# HELP consolefs_%s %s\n# TYPE consolefs_%s %s\n", name, help, name, type);
}

/* A label's value, in which '\', '"' and the line feed are escaped. */
static void label(struct writer *writer, const char *name, const char *value)
{
	size_t len;

	say(writer, "%s=\"", name);
	for (; *value; value += len) {
		len = strcspn(value, "\\\"\n");
		say(writer, "%.*s", (int)len, value);
		if (value[len])
			say(writer, "\\%c", value[len] == '\n' ? 'n' : value[len]);
		len += value[len] != '\0';
	}
	say(writer, "\"");
}

static void series_labels(
	struct writer *writer, const char *name, const struct cfs_metrics_series *series)
{
	say(writer, "consolefs_%s{", name);
	label(writer, "cloud", series->cloud);
	say(writer, ",");
	label(writer, "region", series->region);
	say(writer, ",");
	label(writer, "action", series->action);
}

/* Faults that show as the same errno are one result. */
static void results(struct writer *writer, const struct cfs_metrics_series *series)
{
	bool told[CFS_N_FAULTS] = {false};
	uint64_t count;
	int fault, same;

	for (fault = CFS_OK; fault < CFS_N_FAULTS; fault++) {
		if (told[fault])
			continue;
		count = 0;
		for (same = fault; same < CFS_N_FAULTS; same++) {
			if (cfs_failure_errno((enum cfs_fault)same, false) ==
				cfs_failure_errno((enum cfs_fault)fault, false)) {
				count += series->results[same];
				told[same] = true;
			}
		}
		if (count == 0 && fault != CFS_OK)
			continue;
		series_labels(writer, "calls_total", series);
		say(writer, ",");
		label(writer, "result",
			fault == CFS_OK ? "ok"
					: cfs_failure_errno_name(
						  cfs_failure_errno((enum cfs_fault)fault, false)));
		say(writer, "} %" PRIu64 "\n", count);
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

static void write_series(struct writer *writer, const struct cfs_metrics *metrics)
{
	const struct cfs_metrics_series *series;
	const struct column *column;
	size_t i;

	head(writer, "calls_total", "counter", "API calls that ended, by errno or ok.");
	for (i = 0; (series = cfs_metrics_at(metrics, i)); i++)
		results(writer, series);
	for (column = columns; column < columns + sizeof(columns) / sizeof(columns[0]); column++) {
		head(writer, column->name, column->type, column->help);
		for (i = 0; (series = cfs_metrics_at(metrics, i)); i++) {
			series_labels(writer, column->name, series);
			say(writer, "} %" PRIu64 "\n", column->value(series));
		}
	}
}

/* `labels` are written, or "". */
static void write_histogram(struct writer *writer, const char *name, const char *labels,
	const struct cfs_histogram *histogram)
{
	const char *comma = labels[0] ? "," : "", *open = labels[0] ? "{" : "",
		   *close = labels[0] ? "}" : "";
	uint64_t count = 0;
	size_t i;

	for (i = 0; i <= histogram->bounds->n; i++) {
		count += histogram->counts[i];
		say(writer, "consolefs_%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma,
			i < histogram->bounds->n ? histogram->bounds->at[i].text : "+Inf", count);
	}
	say(writer, "consolefs_%s_sum%s%s%s %" PRIu64 ".%06u\n", name, open, labels, close,
		histogram->sum_us / 1000000, (unsigned)(histogram->sum_us % 1000000));
	say(writer, "consolefs_%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, count);
}

/* Of a cloud's action, in all regions together. */
static void write_duration(struct writer *writer, const struct cfs_metrics_series *series,
	const struct cfs_histogram *histogram)
{
	struct cfs_buf labels = CFS_BUF_INIT(4 * (CFS_CLOUD_NAME_MAX + CFS_REGION_MAX) + 256);
	struct writer inner = {.buf = &labels};

	label(&inner, "cloud", series->cloud);
	say(&inner, ",");
	label(&inner, "action", series->action);
	if (inner.r < 0 && writer->r == 0)
		writer->r = inner.r;
	write_histogram(writer, "call_duration_seconds", cfs_buf_text(&labels), histogram);
	cfs_buf_finish(&labels);
}

static void write_durations(struct writer *writer, const struct cfs_metrics *metrics)
{
	const struct cfs_metrics_series *series, *next;
	struct cfs_histogram sum = {.bounds = &cfs_histogram_calls};
	size_t i;

	head(writer, "call_duration_seconds", "histogram",
		"How long API calls took, their retries and their time in the queue included.");
	for (i = 0; (series = cfs_metrics_at(metrics, i)); i++) {
		cfs_histogram_merge(&sum, &series->durations);
		next = cfs_metrics_at(metrics, i + 1);
		if (next && strcmp(next->cloud, series->cloud) == 0 &&
			strcmp(next->action, series->action) == 0)
			continue;
		write_duration(writer, series, &sum);
		sum = (struct cfs_histogram){.bounds = &cfs_histogram_calls};
	}
}

/* Numbers of a region: how many instances it has, how old its list is. */
static void write_regions(struct writer *writer, const struct cfs_cloud *clouds, bool ages)
{
	const char *name = ages ? "list_age_seconds" : "instances";
	const struct cfs_cloud *cloud;
	struct cfs_region_state region;
	size_t i;

	for (cloud = clouds; cloud; cloud = cloud->next) {
		for (i = 0; i < cfs_catalogue_n_regions(cloud->catalogue); i++) {
			cfs_catalogue_region(cloud->catalogue, i, &region);
			if (!region.listed)
				continue;
			say(writer, "consolefs_%s{", name);
			label(writer, "cloud", cloud->config->name);
			say(writer, ",");
			label(writer, "region", region.name);
			if (ages)
				say(writer, "} %" PRId64 ".%03u\n", region.age_ms / 1000,
					(unsigned)(region.age_ms % 1000));
			else
				say(writer, "} %zu\n", region.instances);
		}
	}
}

/* A number of an endpoint. */
static void write_rate(struct writer *writer, const struct cfs_endpoint *endpoint)
{
	say(writer, "} %.3f\n", cfs_rate_adaptive_rate(&endpoint->queue.rate));
}

static void write_up(struct writer *writer, const struct cfs_endpoint *endpoint)
{
	say(writer, "} %d\n", !endpoint->breaker.down);
}

static void write_endpoints(struct writer *writer, const struct cfs_cloud *clouds, const char *name,
	void (*write_value)(struct writer *writer, const struct cfs_endpoint *endpoint))
{
	const struct cfs_endpoint *endpoint;
	const struct cfs_cloud *cloud;

	for (cloud = clouds; cloud; cloud = cloud->next) {
		for (endpoint = cloud->client->endpoints; endpoint; endpoint = endpoint->next) {
			say(writer, "consolefs_%s{", name);
			label(writer, "cloud", cloud->config->name);
			say(writer, ",");
			label(writer, "region", endpoint->region);
			say(writer, ",");
			label(writer, "action", endpoint->action);
			write_value(writer, endpoint);
		}
	}
}

static void write_reachability(struct writer *writer, const struct cfs_cloud *clouds)
{
	head(writer, "rate_limit", "gauge",
		"Calls a second that are made at the most: less than documented after a throttle.");
	write_endpoints(writer, clouds, "rate_limit", write_rate);
	head(writer, "up", "gauge",
		"1; 0 while calls are refused here because nothing answers them.");
	write_endpoints(writer, clouds, "up", write_up);
}

static void write_clouds(struct writer *writer, const struct cfs_cloud *clouds)
{
	const struct cfs_cloud *cloud;
	int64_t expires;

	head(writer, "instances", "gauge", "Instances in the last list of a region.");
	write_regions(writer, clouds, false);
	head(writer, "list_age_seconds", "gauge", "Age of the last good list of a region.");
	write_regions(writer, clouds, true);
	head(writer, "credentials_expiry_timestamp_seconds", "gauge",
		"When the credentials that are held expire; absent when never, or when none are.");
	for (cloud = clouds; cloud; cloud = cloud->next) {
		expires = cfs_credentials_expires(cloud->client->credentials);
		if (!cfs_credentials_source(cloud->client->credentials)[0] || expires == INT64_MAX)
			continue;
		say(writer, "consolefs_credentials_expiry_timestamp_seconds{");
		label(writer, "cloud", cloud->config->name);
		say(writer, "} %" PRId64 "\n", expires);
	}
}

static void number(
	struct writer *writer, const char *name, const char *type, const char *help, uint64_t value)
{
	head(writer, name, type, help);
	say(writer, "consolefs_%s %" PRIu64 "\n", name, value);
}

int cfs_stats_file_write(const struct cfs_stats_file_subject *subject, struct cfs_buf *buf)
{
	struct writer writer = {.buf = buf};
	struct cfs_nodes_open open = cfs_nodes_open(subject->nodes);

	head(&writer, "build_info", "gauge", "A constant 1, labelled with the version.");
	say(&writer, "consolefs_build_info{");
	label(&writer, "version", CONSOLEFS_VERSION);
	say(&writer, "} 1\n");
	write_series(&writer, subject->metrics);
	write_durations(&writer, subject->metrics);
	write_reachability(&writer, subject->clouds);
	write_clouds(&writer, subject->clouds);
	number(&writer, "open_snapshots", "gauge",
		"Files that are open, each with content of its own.", open.snapshots);
	number(&writer, "open_snapshot_bytes", "gauge", "Bytes of what is open.", open.bytes);
	number(&writer, "nodes", "gauge", "Files and directories that the kernel refers to.",
		cfs_nodes_count(subject->nodes));
	number(&writer, "refused_opens_total", "counter",
		"Opens that were refused to indexers, thumbnailers and their like.",
		cfs_metrics_refusals(subject->metrics));
	head(&writer, "loop_turn_duration_seconds", "histogram",
		"How long the event loop was busy between two waits.");
	write_histogram(&writer, "loop_turn_duration_seconds", "", cfs_loop_turns(subject->loop));
	return writer.r;
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
