/* SPDX-License-Identifier: MIT */
/* fs/tree/stats_file.h: counters, and the file that shows them; fs/base/histogram.h. */
#include "fs/cloud/config.h"
#include "fs/node/file.h"
#include "fs/tree/layout.h"
#include "fs/tree/stats_file.h"
#include "fs/tree/status.h"
#include "tests/unit/support/call_asked.h"
#include "tests/unit/support/open_file.h"

struct shown {
	struct world *world;
	struct cfs_nodes *nodes;
	struct cfs_metrics *metrics;
	struct cfs_buf text;
};

static int show_set_up(void **state)
{
	struct shown *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->world = world_create();
	assert_int_equal(cfs_nodes_create(&f->nodes), 0);
	assert_int_equal(cfs_metrics_create(&f->metrics), 0);
	f->world->runtime.metrics = f->metrics;
	cfs_buf_init(&f->text, CFS_FILE_RENDERED_MAX);
	*state = f;
	return 0;
}

static int show_tear_down(void **state)
{
	struct shown *f = *state;

	cfs_nodes_destroy(f->nodes);
	world_destroy(f->world);
	cfs_metrics_destroy(f->metrics);
	cfs_buf_finish(&f->text);
	free(f);
	return 0;
}

static void show(struct shown *f)
{
	struct cfs_stats_file_subject subject = {
		f->metrics, f->world->cloud, f->world->loop, f->nodes};

	cfs_buf_clear(&f->text);
	assert_int_equal(cfs_stats_file_write(&subject, &f->text), 0);
}

/* A call of those labels begins. */
static struct cfs_metrics_series *begin(
	struct cfs_metrics *metrics, const char *cloud, const char *region, const char *action)
{
	struct cfs_metrics_series *series = cfs_metrics_find(metrics, cloud, region, action);

	cfs_metrics_began(series);
	return series;
}

/* Whether such a line is there now, the line as a whole. */
static bool has(struct shown *f, const char *line)
{
	const char *text = cfs_buf_text(&f->text), *found = text;
	size_t len = strlen(line);

	while ((found = strstr(found, line))) {
		if ((found == text || found[-1] == '\n') && found[len] == '\n')
			return true;
		found++;
	}
	return false;
}

static void assert_has(struct shown *f, const char *line)
{
	if (!has(f, line))
		fail_msg("no line \"%s\" in: %s", line, cfs_buf_text(&f->text));
}

static size_t count(const struct shown *f, const char *text)
{
	const char *at = cfs_buf_text(&f->text);
	size_t n = 0;

	while ((at = strstr(at, text))) {
		at++;
		n++;
	}
	return n;
}

#define LABELS "cloud=\"c\",region=\"r\",action=\"A\""

static void a_call_is_counted_by_its_result(void **state)
{
	struct shown *f = *state;
	struct cfs_metrics_series *series;

	for (int i = 0; i < 3; i++) {
		series = begin(f->metrics, "c", "r", "A");
		cfs_metrics_ended(series, CFS_OK, 1000);
	}
	cfs_metrics_ended(begin(f->metrics, "c", "r", "A"), CFS_THROTTLED, 1);
	cfs_metrics_ended(begin(f->metrics, "c", "r", "A"), CFS_TRANSITION, 1);
	cfs_metrics_ended(begin(f->metrics, "c", "r", "A"), CFS_INTERRUPTED, 1);
	show(f);
	assert_has(f, "consolefs_calls_total{" LABELS ",result=\"ok\"} 3");
	assert_has(f, "consolefs_calls_total{" LABELS ",result=\"EBUSY\"} 2");
	assert_has(f, "consolefs_calls_total{" LABELS ",result=\"EINTR\"} 1");
	assert_int_equal(count(f, "\nconsolefs_calls_total{"), 3);
}

static void retries_throttles_queue_and_flight_are_told(void **state)
{
	struct shown *f = *state;
	struct cfs_metrics_series *one = begin(f->metrics, "c", "r", "A");
	struct cfs_metrics_series *two = begin(f->metrics, "c", "r", "A");

	assert_ptr_equal(one, two);
	cfs_metrics_queued(two);
	cfs_metrics_throttled(one);
	cfs_metrics_throttled(one);
	cfs_metrics_retried(one);
	show(f);
	assert_has(f, "consolefs_call_retries_total{" LABELS "} 1");
	assert_has(f, "consolefs_call_throttles_total{" LABELS "} 2");
	assert_has(f, "consolefs_calls_queued{" LABELS "} 1");
	assert_has(f, "consolefs_calls_in_flight{" LABELS "} 1");
	cfs_metrics_dequeued(two);
	cfs_metrics_ended(one, CFS_OK, 1);
	cfs_metrics_ended(two, CFS_OK, 1);
	show(f);
	assert_has(f, "consolefs_calls_queued{" LABELS "} 0");
	assert_has(f, "consolefs_calls_in_flight{" LABELS "} 0");
}

static void durations_are_those_of_a_clouds_action_in_every_region(void **state)
{
	struct shown *f = *state;

	cfs_metrics_ended(begin(f->metrics, "c", "r", "A"), CFS_OK, 50000);
	cfs_metrics_ended(begin(f->metrics, "c", "s", "A"), CFS_OK, 50001);
	cfs_metrics_ended(begin(f->metrics, "c", "s", "A"), CFS_SERVER, 61000000);
	cfs_metrics_ended(begin(f->metrics, "c", "s", "B"), CFS_OK, -5);
	show(f);
	assert_has(f,
		"consolefs_call_duration_seconds_bucket{cloud=\"c\",action=\"A\",le=\"0.05\"} 1");
	assert_has(
		f, "consolefs_call_duration_seconds_bucket{cloud=\"c\",action=\"A\",le=\"0.1\"} 2");
	assert_has(
		f, "consolefs_call_duration_seconds_bucket{cloud=\"c\",action=\"A\",le=\"60\"} 2");
	assert_has(f,
		"consolefs_call_duration_seconds_bucket{cloud=\"c\",action=\"A\",le=\"+Inf\"} 3");
	assert_has(f, "consolefs_call_duration_seconds_sum{cloud=\"c\",action=\"A\"} 61.100001");
	assert_has(f, "consolefs_call_duration_seconds_count{cloud=\"c\",action=\"A\"} 3");
	assert_has(f, "consolefs_call_duration_seconds_sum{cloud=\"c\",action=\"B\"} 0.000000");
	assert_int_equal(count(f, "# TYPE consolefs_call_duration_seconds histogram\n"), 1);
}

static void label_values_are_escaped(void **state)
{
	struct shown *f = *state;

	cfs_metrics_ended(begin(f->metrics, "a\"b\\c\nd%s", "", "A"), CFS_OK, 1);
	show(f);
	assert_has(f,
		"consolefs_calls_total{cloud=\"a\\\"b\\\\c\\nd%s\",region=\"\",action=\"A\","
		"result=\"ok\"} 1");
}

static void series_have_a_limit_beyond_which_they_are_one(void **state)
{
	struct shown *f = *state;
	char region[32];
	int n = CFS_METRICS_MAX + 7;

	show(f);
	assert_int_equal(count(f, "\"other\""), 0);
	for (int i = 0; i < n; i++) {
		snprintf(region, sizeof(region), "r-%d", i * 7919 % n);
		cfs_metrics_ended(begin(f->metrics, "c", region, "A"), CFS_OK, 1);
	}
	show(f);
	assert_int_equal(count(f, "\nconsolefs_calls_total{"), CFS_METRICS_MAX + 1);
	assert_has(f,
		"consolefs_calls_total{cloud=\"other\",region=\"other\",action=\"other\","
		"result=\"ok\"} 7");
	/* What has a series keeps it. */
	cfs_metrics_ended(begin(f->metrics, "c", "r-0", "A"), CFS_OK, 1);
	show(f);
	assert_has(f,
		"consolefs_calls_total{cloud=\"c\",region=\"r-0\",action=\"A\",result=\"ok\"} 2");
}

static void even_the_most_there_can_be_fits(void **state)
{
	struct shown *f = *state;
	char cloud[CFS_CLOUD_NAME_MAX + 1], region[CFS_REGION_MAX + 1];

	memset(cloud, 'c', sizeof(cloud));
	memset(region, 'r', sizeof(region));
	cloud[CFS_CLOUD_NAME_MAX] = region[CFS_REGION_MAX] = '\0';
	for (int i = 0; i < CFS_METRICS_MAX; i++) {
		snprintf(region, 4, "%03d", i);
		region[3] = 'r';
		cloud[0] = (char)('A' + i % 64);
		for (int fault = CFS_OK; fault < CFS_N_FAULTS; fault++)
			cfs_metrics_ended(
				begin(f->metrics, cloud, region, "DescribeInstanceVncUrlAndMore"),
				(enum cfs_fault)fault, INT64_MAX / CFS_METRICS_MAX / CFS_N_FAULTS);
	}
	show(f);
	assert_true(f->text.len < CFS_FILE_RENDERED_MAX / 2);
}

static void what_is_not_known_is_not_told(void **state)
{
	struct shown *f = *state;

	world_cloud(f->world);
	show(f);
	assert_int_equal(count(f, "\nconsolefs_instances{"), 0);
	assert_int_equal(count(f, "\nconsolefs_list_age_seconds{"), 0);
	assert_int_equal(count(f, "\nconsolefs_credentials_expiry_timestamp_seconds{"), 0);
}

static void what_is_open_is_told(void **state)
{
	struct shown *f = *state;
	struct cfs_node *instance, *screen;

	world_cloud(f->world);
	instance = cfs_node_of_entry(f->nodes, f->world->cloud, world_put(f->world, "x-1", 3));
	assert_non_null(instance);
	screen = cfs_node_of_file(instance, NULL, &fake_live[0]);
	assert_non_null(screen);
	open_file(screen, "1234567");
	cfs_node_opened(screen);
	cfs_metrics_refused(f->metrics);
	show(f);
	assert_has(f, "consolefs_open_snapshots 1");
	assert_has(f, "consolefs_open_snapshot_bytes 7");
	assert_has(f, "consolefs_nodes 3");
	assert_has(f, "consolefs_refused_opens_total 1");
	assert_has(f, "consolefs_build_info{version=\"" CONSOLEFS_VERSION "\"} 1");
	cfs_node_released(screen);
	show(f);
	assert_has(f, "consolefs_open_snapshots 1");
	cfs_node_released(screen);
	show(f);
	assert_has(f, "consolefs_open_snapshots 0");
	assert_has(f, "consolefs_open_snapshot_bytes 0");
}

static void turns_of_the_loop_are_counted_and_cause_none(void **state)
{
	struct shown *f = *state;
	const struct cfs_histogram *turns = cfs_loop_turns(f->world->loop);
	uint64_t before = 0, after = 0;

	run_idle(f->world);
	for (size_t i = 0; i <= turns->bounds->n; i++)
		before += turns->counts[i];
	assert_true(before > 0);
	show(f);
	for (size_t i = 0; i <= turns->bounds->n; i++)
		after += turns->counts[i];
	assert_int_equal(before, after);
	assert_int_equal(count(f, "\nconsolefs_loop_turn_duration_seconds_bucket{le="),
		turns->bounds->n + 1);
}

static void status_tells_the_same_in_a_line(void **state)
{
	struct shown *f = *state;
	struct cfs_metrics_series *series;
	struct cfs_node *cloud;

	world_cloud(f->world);
	cloud = cfs_node_of_cloud(f->nodes, f->world->cloud);
	assert_non_null(cloud);
	cfs_metrics_ended(begin(f->metrics, "cloud", "r", "A"), CFS_OK, 1);
	cfs_metrics_ended(begin(f->metrics, "cloud", "s", "A"), CFS_SERVER, 1);
	cfs_metrics_ended(begin(f->metrics, "cloud", "s", "B"), CFS_INTERRUPTED, 1);
	cfs_metrics_ended(begin(f->metrics, "cloudy", "s", "B"), CFS_SERVER, 1);
	series = begin(f->metrics, "cloud", "s", "B");
	cfs_metrics_retried(series);
	cfs_metrics_throttled(series);
	cfs_metrics_queued(begin(f->metrics, "cloud", "t", "B"));
	assert_int_equal(cfs_status_render(cloud, &f->text), 0);
	assert_has(f,
		"calls:       3, of which 1 failed; 1 retries, 1 throttled; 1 under way, 1 waiting "
		"for the rate");
}

static void without_stats_nothing_is_counted(void **state)
{
	struct cfs_metrics_series *series = begin(NULL, "c", "r", "A");

	(void)state;
	assert_null(series);
	cfs_metrics_queued(series);
	cfs_metrics_dequeued(series);
	cfs_metrics_throttled(series);
	cfs_metrics_retried(series);
	cfs_metrics_ended(series, CFS_OK, 1);
	cfs_metrics_refused(NULL);
	cfs_metrics_destroy(NULL);
}

/* A call from start to end, as call.c counts it. */

static void calls_count_themselves(void **state)
{
	struct shown *f = *state;
	struct asked asked, other;

	world_cloud(f->world);
	asked_init(&asked, f->world);
	asked_init(&other, f->world);
	server_fails(&f->world->server, "FETCH", 1, 429);
	server_fails(&f->world->server, "FETCH", 1, 503);
	server_says(&f->world->server, "FETCH", ALWAYS, "content one\n");
	asked_start(&asked, &fetch);
	show(f);
	assert_int_equal(count(f, "consolefs_calls_in_flight{cloud=\"cloud\",region=\"r\""), 1);
	assert_int_equal(count(f, "} 1\n"), 3); /* that one, `up` and build_info's */
	run_until(f->world, &asked.done, 1);
	show(f);
	assert_int_equal(count(f, "result=\"ok\"} 1"), 1);
	assert_int_equal(count(f, "\"} 2\n"), 1); /* retries */
	/* One that is given up, and once only. */
	asked_start(&other, &fetch);
	cfs_call_cancel(&other.call);
	cfs_call_cancel(&other.call);
	show(f);
	assert_int_equal(count(f, "result=\"EINTR\"} 1"), 1);
	asked_finish(&asked);
	asked_finish(&other);
	show(f);
	assert_int_equal(count(f, "result=\"EINTR\"} 1"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, show_set_up, show_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_call_is_counted_by_its_result),
		TEST(retries_throttles_queue_and_flight_are_told),
		TEST(durations_are_those_of_a_clouds_action_in_every_region),
		TEST(label_values_are_escaped),
		TEST(series_have_a_limit_beyond_which_they_are_one),
		TEST(even_the_most_there_can_be_fits),
		TEST(what_is_not_known_is_not_told),
		TEST(what_is_open_is_told),
		TEST(turns_of_the_loop_are_counted_and_cause_none),
		TEST(status_tells_the_same_in_a_line),
		TEST(without_stats_nothing_is_counted),
		TEST(calls_count_themselves),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
