/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/rendered.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/catalogue/catalogue.h"
#include "fs/client/metrics.h"
#include "fs/node/node.h"
#include "fs/tree/stats_file.h"
#include "fs/tree/status.h"

#define TEXT_MAX (4 * 1024 * 1024)
#define SAMPLES_MAX 4096
#define NAME_MAX_BYTES 64

/* A sample of Prometheus's text format. */
struct sample {
	char *name;   /* without labels */
	char *labels; /* as they are written, "" for none */
	double value;
};

struct samples {
	struct sample all[SAMPLES_MAX];
	size_t n;
};

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Labels: name="value", where a backslash escapes itself, a quotation mark and 'n'. Returns what is
 * behind the brace that ends them. */
static const char *skip_labels(const char *at, const char *line)
{
	for (;;) {
		MUST_OF(is_name_byte(*at), line);
		while (is_name_byte(*at))
			at++;
		MUST_OF(at[0] == '=' && at[1] == '"', line);
		for (at += 2; *at != '"'; at++) {
			MUST_OF(*at, line);
			if (*at == '\\')
				MUST_OF(*++at && strchr("\\\"n", *at), line);
		}
		if (*++at == '}')
			return at + 1;
		MUST_OF(*at++ == ',', line);
	}
}

static void read_sample(struct samples *samples, const char *line)
{
	struct sample *sample = &samples->all[samples->n];
	const char *at = line;
	char *end;

	MUST(samples->n < SAMPLES_MAX);
	while (is_name_byte(*at))
		at++;
	MUST_OF(strncmp(line, "consolefs_", 10) == 0, line);
	sample->name = strndup(line, (size_t)(at - line));
	line = at;
	if (*at == '{')
		at = skip_labels(at + 1, line);
	sample->labels = strndup(line, (size_t)(at - line));
	MUST(sample->name && sample->labels);
	MUST_OF(*at == ' ', line);
	sample->value = strtod(at + 1, &end);
	MUST_OF(end > at + 1 && *end == '\0', line);
	MUST_OF(sample->value >= 0, line);
	/* No other sample is the same. */
	for (size_t i = 0; i < samples->n; i++)
		MUST_OF(strcmp(samples->all[i].name, sample->name) != 0 ||
				strcmp(samples->all[i].labels, sample->labels) != 0,
			line);
	samples->n++;
}

/* The buckets of a histogram count up to its count. */
static void check_histograms(const struct samples *samples)
{
	double before = 0;

	for (size_t i = 0; i < samples->n; i++) {
		const struct sample *sample = &samples->all[i];
		const char *bucket = strstr(sample->name, "_bucket");

		if (!bucket || bucket[7]) {
			before = 0;
			continue;
		}
		MUST_OF(sample->value >= before, sample->labels);
		before = sample->value;
		if (!strstr(sample->labels, "le=\"+Inf\""))
			continue;
		MUST(i + 2 < samples->n);
		MUST_OF(strstr(samples->all[i + 2].name, "_count"), samples->all[i + 2].name);
		MUST_OF(samples->all[i + 2].value == before, sample->labels);
		before = 0;
	}
}

static double sum_of(const struct samples *samples, const char *name)
{
	double sum = 0;

	for (size_t i = 0; i < samples->n; i++) {
		if (strcmp(samples->all[i].name, name) == 0)
			sum += samples->all[i].value;
	}
	return sum;
}

/* Each line of a text by itself. */
static void each_line(
	const struct cfs_buf *text, void (*fn)(void *arg, const char *line), void *arg)
{
	char *copy = strdup(cfs_buf_text(text)), *rest = copy, *line;

	MUST(copy);
	MUST(strlen(copy) == text->len);
	MUST(text->len == 0 || copy[text->len - 1] == '\n');
	while ((line = strsep(&rest, "\n")) && rest) {
		MUST_OF(fuzz_is_line(line), line);
		fn(arg, line);
	}
	free(copy);
}

static void read_line(void *arg, const char *line)
{
	if (line[0] != '#')
		read_sample(arg, line);
	else
		MUST_OF(strncmp(line, "# HELP consolefs_", 17) == 0 ||
				strncmp(line, "# TYPE consolefs_", 17) == 0,
			line);
}

static void check_stats(const struct cfs_clouds *clouds, const struct cfs_nodes *nodes,
	bool (*tells)(const char *text))
{
	struct cfs_stats_file_subject subject = {.metrics = clouds->runtime->metrics,
		.clouds = clouds->first,
		.loop = clouds->runtime->loop,
		.nodes = nodes};
	struct cfs_buf text = CFS_BUF_INIT(TEXT_MAX);
	struct samples *samples = calloc(1, sizeof(*samples));
	struct cfs_metrics_sum sum;

	MUST(samples);
	MUST(cfs_stats_file_write(&subject, &text) == 0);
	MUST_OF(!tells(cfs_buf_text(&text)), text.data);
	each_line(&text, read_line, samples);
	check_histograms(samples);
	sum = cfs_metrics_sum(clouds->runtime->metrics, clouds->first->config->name);
	MUST(sum_of(samples, "consolefs_calls_total") == (double)sum.ended);
	MUST(sum_of(samples, "consolefs_call_duration_seconds_count") == (double)sum.ended);
	MUST(sum_of(samples, "consolefs_call_retries_total") == (double)sum.retries);
	MUST(sum_of(samples, "consolefs_calls_queued") == (double)sum.queued);
	while (samples->n > 0) {
		free(samples->all[--samples->n].name);
		free(samples->all[samples->n].labels);
	}
	free(samples);
	cfs_buf_finish(&text);
}

struct status {
	unsigned regions, conditions;
	bool has_error;
};

/* Nobody adds a line to it. */
static void read_status_line(void *arg, const char *line)
{
	static const char *const keys[] = {"cloud: ", "condition: ", "credentials: ", "clock: ",
		"region: ", "calls: ", "throttled: ", "no answer: ", "last error:", "left out: ",
		"trouble: ", "to do: ", "    "};
	static const char *const error_keys[] = {
		"time: ", "action: ", "errno: ", "code: ", "message: ", "request id: ", "advice: "};
	struct status *status = arg;
	const char *const *known = status->has_error ? error_keys : keys;
	size_t n = status->has_error ? sizeof(error_keys) / sizeof(error_keys[0])
				     : sizeof(keys) / sizeof(keys[0]);
	size_t i = 0;

	while (i < n && strncmp(line, known[i], strlen(known[i])) != 0)
		i++;
	MUST_OF(i < n, line);
	status->regions += strncmp(line, "region:", 7) == 0;
	status->conditions += strncmp(line, "condition:", 10) == 0;
	if (strcmp(line, "last error:") == 0)
		status->has_error = true;
}

static void check_status(struct cfs_cloud *cloud, bool (*tells)(const char *text))
{
	struct cfs_node node = {.kind = CFS_NODE_FILE, .cloud = cloud};
	struct cfs_buf text = CFS_BUF_INIT(TEXT_MAX);
	struct status status = {0};

	MUST(cfs_status_render(&node, &text) == 0);
	MUST_OF(!tells(cfs_buf_text(&text)), text.data);
	each_line(&text, read_status_line, &status);
	MUST(status.conditions == 1);
	MUST(status.regions == cfs_catalogue_n_regions(cloud->catalogue));
	MUST(status.has_error == (cloud->client->failure.number != 0));
	cfs_buf_finish(&text);
}

void fuzz_rendered_check(const struct cfs_clouds *clouds, bool (*tells)(const char *text))
{
	struct cfs_nodes *nodes = NULL;

	MUST(cfs_nodes_create(&nodes) == 0);
	check_stats(clouds, nodes, tells);
	for (struct cfs_cloud *cloud = clouds->first; cloud; cloud = cloud->next)
		check_status(cloud, tells);
	cfs_nodes_destroy(nodes);
}
