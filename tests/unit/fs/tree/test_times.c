/* SPDX-License-Identifier: MIT */
/* fs/tree/times.h: the times that stat reports. */
#include "fs/node/wake.h"
#include "fs/tree/layout.h"
#include "fs/tree/times.h"
#include "tests/unit/support/open_file.h"
#include "tests/unit/support/tree_fixture.h"

#define MINUTE_MS INT64_C(60000)

static const struct cfs_ownership mine;

static int set_up(void **state)
{
	fixture_set_up(state);
	world_add_region(((struct fixture *)*state)->world, "s");
	fixture_add_cloud(*state);
	fixture_put(*state);
	return 0;
}

static struct cfs_node *file_node(struct cfs_node *directory, const char *name)
{
	const struct cfs_file *file = NULL;
	const struct cfs_live *live = NULL;
	struct cfs_node *node;

	assert_int_equal(cfs_layout_find(directory, name, &file, &live), 0);
	node = cfs_node_of_file(directory, file, live);
	assert_non_null(node);
	return node;
}

static struct cfs_node *view(struct fixture *f, enum cfs_node_kind kind, size_t region)
{
	struct cfs_node *node = cfs_node_of_view(f->nodes, f->cloud, kind, region);

	assert_non_null(node);
	return node;
}

static int64_t ns(struct timespec time)
{
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t of(const struct cfs_node *node)
{
	return ns(cfs_times_modified(node));
}

/* Of a node that is looked up for it, as everything else of a file belongs to one lookup. */
static int64_t of_file(struct fixture *f, const char *name)
{
	return of(file_node(f->instance, name));
}

/* An instance as a listing says it is. */
struct saying {
	const char *name, *state, *tag, *address;
	size_t region;
	uint32_t offers;
	enum cfs_power power;
};

static const struct saying usual = {.name = "web",
	.state = "running",
	.tag = "prod",
	.address = "10.0.0.1",
	.offers = 3,
	.power = CFS_POWER_ON};

static struct cfs_entry *list(struct fixture *f, const char *id, const struct saying *saying)
{
	struct cfs_instance_builder builder;
	struct cfs_instance *instance;
	int r = 0;

	cfs_instance_builder_init(&builder);
	r |= cfs_instance_builder_set(&builder, CFS_FIELD_ID, id, strlen(id));
	r |= cfs_instance_builder_set(&builder, CFS_FIELD_NAME, saying->name, strlen(saying->name));
	r |= cfs_instance_builder_set(
		&builder, CFS_FIELD_STATE, saying->state, strlen(saying->state));
	r |= cfs_instance_builder_add_tag(&builder, "env", 3, saying->tag, strlen(saying->tag));
	r |= cfs_instance_builder_add_address(&builder, saying->address, strlen(saying->address));
	r |= cfs_instance_builder_build(&builder, saying->power, saying->offers, &instance);
	cfs_instance_builder_finish(&builder);
	assert_int_equal(r, 0);
	assert_int_equal(cfs_store_put(&f->cloud->catalogue->store, saying->region, instance), 0);
	return cfs_catalogue_find(f->cloud->catalogue, id);
}

static void info_is_of_when_the_listing_said_something_new(void **state)
{
	struct saying other[] = {usual, usual, usual, usual, usual};
	struct fixture *f = *state;
	int64_t before;

	other[0].name = "db";
	other[1].state = "stopped";
	other[2].tag = "test";
	other[3].address = "10.0.0.2";
	other[4].region = 1;
	for (size_t i = 0; i < 5; i++) {
		list(f, "x-1", &usual);
		before = of_file(f, "info.json");
		clock_skip(MINUTE_MS);
		list(f, "x-1", &usual);
		assert_true(of_file(f, "info.json") == before);
		list(f, "x-1", &other[i]);
		assert_true(of_file(f, "info.json") >= before + MINUTE_MS * 1000000);
	}
}

/* info.json does not show them. */
static void info_stays_when_only_the_live_files_that_make_sense_change(void **state)
{
	struct fixture *f = *state;
	struct saying other = usual;
	int64_t before, shown;

	list(f, "x-1", &usual);
	before = of_file(f, "info.json");
	shown = of(f->instance);
	clock_skip(MINUTE_MS);
	other.offers = 1;
	other.power = CFS_POWER_CHANGING;
	list(f, "x-1", &other);
	assert_true(of_file(f, "info.json") == before);
	assert_true(of(f->instance) > shown);
}

static void an_open_info_is_of_what_it_says(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *info = file_node(f->instance, "info.json");
	struct saying other = usual;
	int64_t before = of(info);

	clock_skip(MINUTE_MS);
	open_file(info, "x");
	assert_true(of(info) == before);
	other.name = "db";
	list(f, "x-1", &other);
	assert_true(of(info) == before);
	assert_true(of_file(f, "info.json") > before);
	cfs_node_released(info);
	assert_true(of(info) > before);
}

static void the_error_is_of_the_failure(void **state)
{
	struct fixture *f = *state;
	struct cfs_failure failure = {
		.number = EBUSY, .when = {.tv_sec = 1440938160, .tv_nsec = 5}};
	int64_t before = of_file(f, "error");

	clock_skip(MINUTE_MS);
	list(f, "x-1", &usual);
	assert_true(of_file(f, "error") == before);
	cfs_entry_failed(f->entry, &failure);
	assert_true(of_file(f, "error") == ns(failure.when));
}

static void wake_is_of_the_last_write_and_the_last_wake(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *wake = file_node(f->instance, "wake");
	struct cfs_wake taken;
	int64_t before = of(wake);

	clock_skip(MINUTE_MS);
	list(f, "x-1", &usual);
	/* Nothing to take. */
	taken = cfs_wake_take(f->entry);
	cfs_wake_give_back(f->entry, &taken);
	assert_true(of(wake) == before);
	open_file(wake, "0\n");
	for (size_t i = 0; i < 3; i++) {
		clock_skip(MINUTE_MS);
		if (i == 0)
			assert_int_equal(cfs_wake_write(wake, "1\n", 2), 0);
		else if (i == 1)
			taken = cfs_wake_take(f->entry);
		else
			cfs_wake_give_back(f->entry, &taken);
		/* It changes while it is open, too. */
		assert_true(of(wake) >= before + MINUTE_MS * 1000000);
		assert_true(of_file(f, "wake") == of(wake));
		before = of(wake);
	}
	cfs_node_released(wake);
}

static void what_is_made_anew_is_of_the_present_minute(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *files[] = {file_node(f->instance, "screen"),
		file_node(f->instance, "text"), file_node(f->directory, "status"),
		file_node(f->top, "stats"), file_node(f->top, "index.html")};
	int64_t earliest, latest, time;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		earliest = cfs_clock_wall_ns();
		time = of(files[i]);
		latest = cfs_clock_wall_ns();
		assert_int_equal(time % 60000000000, 0);
		assert_true(time > earliest - 60000000000 && time <= latest);
		clock_skip(MINUTE_MS);
		assert_true(of(files[i]) >= time + 60000000000);
	}
}

static void an_open_file_is_of_when_it_was_read(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *files[] = {file_node(f->instance, "screen"), file_node(f->top, "stats")};
	int64_t earliest, time;

	for (size_t i = 0; i < 2; i++) {
		earliest = cfs_clock_wall_ns();
		open_file(files[i], "x");
		time = of(files[i]);
		assert_true(time >= earliest && time <= cfs_clock_wall_ns());
		assert_true(ns(cfs_times_changed(files[i])) == time);
		clock_skip(MINUTE_MS);
		assert_true(of(files[i]) == time);
		cfs_node_released(files[i]);
	}
}

/* Which of the directories have another time than they had, as their first letters; the times are
 * noted anew. */
static const char *changed(struct fixture *f, int64_t times[6], char letters[7])
{
	const struct cfs_node *const nodes[] = {f->top, f->directory, view(f, CFS_NODE_BY_NAME, 0),
		view(f, CFS_NODE_BY_REGION, 0), view(f, CFS_NODE_REGION, 0),
		view(f, CFS_NODE_REGION, 1)};
	size_t n = 0;

	for (size_t i = 0; i < 6; i++) {
		if (of(nodes[i]) != times[i])
			letters[n++] = "tcnrab"[i];
		times[i] = of(nodes[i]);
	}
	letters[n] = '\0';
	clock_skip(MINUTE_MS);
	return letters;
}

static void directories_are_of_when_what_they_show_changed(void **state)
{
	struct fixture *f = *state;
	struct cfs_store *store = &f->cloud->catalogue->store;
	struct saying other = usual;
	int64_t times[6] = {0};
	char letters[7];

	changed(f, times, letters);
	list(f, "x-2", &usual);
	assert_string_equal(changed(f, times, letters), "cna");
	list(f, "x-2", &usual);
	assert_string_equal(changed(f, times, letters), "");
	other.tag = "test";
	list(f, "x-2", &other);
	assert_string_equal(changed(f, times, letters), "");
	other.name = "";
	list(f, "x-2", &other);
	assert_string_equal(changed(f, times, letters), "n");
	other.region = 1;
	list(f, "x-2", &other);
	assert_string_equal(changed(f, times, letters), "ab");
	assert_int_equal(cfs_store_add_region(store, "s"), 0);
	assert_string_equal(changed(f, times, letters), "");
	assert_int_equal(cfs_store_add_region(store, "t"), 0);
	assert_string_equal(changed(f, times, letters), "r");
	cfs_store_remove(store, cfs_catalogue_find(f->cloud->catalogue, "x-2"));
	assert_string_equal(changed(f, times, letters), "cnb");
	/* An id of which nothing is known is not shown. */
	assert_non_null(cfs_store_put_unknown(store, "x-9"));
	assert_string_equal(changed(f, times, letters), "");
	list(f, "x-9", &usual);
	assert_string_equal(changed(f, times, letters), "cna");
	other.power = CFS_POWER_GONE;
	other.region = 0;
	list(f, "x-9", &other);
	assert_string_equal(changed(f, times, letters), "cna");
}

static void links_are_of_their_instance(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *by_name, *by_region;
	struct saying other = usual;

	by_name = cfs_node_of_link(view(f, CFS_NODE_BY_NAME, 0), "x-1", f->entry);
	by_region = cfs_node_of_link(view(f, CFS_NODE_REGION, 0), "x-1", f->entry);
	assert_non_null(by_name);
	assert_non_null(by_region);
	for (size_t i = 0; i < 2; i++) {
		assert_true(of(by_name) == of(f->instance));
		assert_true(of(by_region) == of(f->instance));
		assert_true(ns(cfs_times_changed(by_name)) == of(by_name));
		clock_skip(MINUTE_MS);
		other.offers = 1;
		list(f, "x-1", &other);
	}
}

/* tar compares it before and after. */
static void the_ctime_of_a_directory_stays(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *const nodes[] = {f->directory, f->instance, view(f, CFS_NODE_BY_NAME, 0),
		view(f, CFS_NODE_BY_REGION, 0), view(f, CFS_NODE_REGION, 0)};
	struct saying other = usual;
	int64_t before[5];

	for (size_t i = 0; i < 5; i++)
		before[i] = ns(cfs_times_changed(nodes[i]));
	clock_skip(MINUTE_MS);
	other.offers = 1;
	list(f, "x-1", &other);
	list(f, "x-2", &usual);
	for (size_t i = 0; i < 5; i++)
		assert_true(ns(cfs_times_changed(nodes[i])) == before[i]);
	assert_true(of(f->directory) > before[0]);
	assert_true(of(f->instance) > before[1]);
}

/* They are looked up again and again, also when the kernel is short of memory. */
static void a_new_node_has_the_times_of_the_old(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *again;
	struct stat before, after;

	assert_int_equal(cfs_layout_stat(f->instance, &mine, &before), 0);
	cfs_node_forget(f->instance, 1);
	clock_skip(MINUTE_MS);
	again = cfs_node_of_entry(f->nodes, f->cloud, f->entry);
	assert_non_null(again);
	assert_int_equal(cfs_layout_stat(again, &mine, &after), 0);
	assert_memory_equal(&before, &after, sizeof(after));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(info_is_of_when_the_listing_said_something_new),
		TEST(info_stays_when_only_the_live_files_that_make_sense_change),
		TEST(an_open_info_is_of_what_it_says),
		TEST(the_error_is_of_the_failure),
		TEST(wake_is_of_the_last_write_and_the_last_wake),
		TEST(what_is_made_anew_is_of_the_present_minute),
		TEST(an_open_file_is_of_when_it_was_read),
		TEST(directories_are_of_when_what_they_show_changed),
		TEST(links_are_of_their_instance),
		TEST(the_ctime_of_a_directory_stays),
		TEST(a_new_node_has_the_times_of_the_old),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
