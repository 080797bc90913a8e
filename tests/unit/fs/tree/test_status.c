/* SPDX-License-Identifier: MIT */
/* fs/tree/status.h: files made of what is in memory; and fs/cloud/cloud.h: the line that a failure logs. */
#include <fcntl.h>

#include <cjson/cJSON.h>

#include "fs/tree/gallery_card.h"
#include "fs/tree/status.h"
#include "tests/unit/support/tree_fixture.h"

static size_t n_strlen;

/* In place of libc's, for the library too: how it finds the end of each text is its work. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): theirs are reserved */
size_t strlen(const char *text)
{
	n_strlen++;
	return strnlen(text, PTRDIFF_MAX);
}

static int set_up(void **state)
{
	fixture_set_up(state);
	world_add_region(((struct fixture *)*state)->world, "s");
	return 0;
}

static struct cfs_node *node_of(struct fixture *f, struct cfs_entry *entry)
{
	struct cfs_node *node = cfs_node_of_entry(f->nodes, f->world->cloud, entry);

	assert_non_null(node);
	return node;
}

static const char *render(struct fixture *f, int (*fn)(const struct cfs_node *, struct cfs_buf *),
	const struct cfs_node *node)
{
	cfs_buf_clear(&f->text);
	assert_int_equal(fn(node, &f->text), 0);
	if (f->text.len > 0)
		assert_int_equal(f->text.data[f->text.len - 1], '\n');
	return cfs_buf_text(&f->text);
}

static const char *status(struct fixture *f)
{
	struct cfs_node *node = cfs_node_of_cloud(f->nodes, f->world->cloud);

	assert_non_null(node);
	return render(f, cfs_status_render, node);
}

static void assert_text(const cJSON *object, const char *key, const char *expected)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

	assert_non_null(text);
	assert_string_equal(text, expected);
}

/* An instance with everything, and text of strangers. */
static struct cfs_entry *put_rich(struct fixture *f)
{
	static const struct {
		enum cfs_field field;
		const char *text;
	} fields[] = {
		{CFS_FIELD_ID, "x-1"},
		{CFS_FIELD_NAME, "a \"b\" \\ </script>\n\x1b[2J \xe6\x9c\xaa"},
		{CFS_FIELD_ZONE, "r-1"},
		{CFS_FIELD_STATE, "running"},
		{CFS_FIELD_TYPE, "t"},
		{CFS_FIELD_LAUNCHED, "2015-08-30T12:36:00Z"},
	};
	struct cfs_instance_builder builder;
	struct cfs_instance *instance;

	cfs_instance_builder_init(&builder);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		assert_int_equal(cfs_instance_builder_set(&builder, fields[i].field, fields[i].text,
					 strlen(fields[i].text)),
			0);
	assert_int_equal(cfs_instance_builder_add_address(&builder, "10.0.0.1", 8), 0);
	assert_int_equal(cfs_instance_builder_add_address(&builder, "::1", 3), 0);
	assert_int_equal(cfs_instance_builder_add_tag(&builder, "env", 3, "prod", 4), 0);
	assert_int_equal(cfs_instance_builder_add_tag(&builder, "Env", 3, "other", 5), 0);
	assert_int_equal(cfs_instance_builder_add_tag(&builder, "env", 3, "again", 5), 0);
	assert_int_equal(cfs_instance_builder_add_tag(&builder, "", 0, "\xff", 1), 0);
	assert_int_equal(cfs_instance_builder_add_extra(&builder, "vpcId", "v", 1), 0);
	assert_int_equal(cfs_instance_builder_build(&builder, CFS_POWER_ON, 3, &instance), 0);
	cfs_instance_builder_finish(&builder);
	assert_int_equal(cfs_store_put(&f->world->cloud->catalogue->store, 1, instance), 0);
	return cfs_catalogue_find(f->world->cloud->catalogue, "x-1");
}

static void info_is_the_instance_as_last_listed(void **state)
{
	struct fixture *f = *state;
	const cJSON *list, *tags;
	cJSON *root;

	fixture_add_cloud(f);
	root = cJSON_Parse(render(f, cfs_status_render_info, node_of(f, put_rich(f))));
	assert_non_null(root);
	assert_text(root, "id", "x-1");
	assert_text(root, "cloud", "cloud");
	assert_text(root, "region", "s");
	assert_text(root, "zone", "r-1");
	assert_text(root, "state", "running");
	assert_text(root, "type", "t");
	assert_text(root, "launched", "2015-08-30T12:36:00Z");
	assert_text(root, "name", "a \"b\" \\ </script>\n\x1b[2J \xe6\x9c\xaa");
	list = cJSON_GetObjectItemCaseSensitive(root, "addresses");
	assert_int_equal(cJSON_GetArraySize(list), 2);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(list, 1)), "::1");
	tags = cJSON_GetObjectItemCaseSensitive(root, "tags");
	assert_int_equal(cJSON_GetArraySize(tags), 3);
	assert_text(tags, "env", "prod");
	assert_text(tags, "Env", "other");
	assert_text(tags, "", "\xef\xbf\xbd");
	assert_text(cJSON_GetObjectItemCaseSensitive(root, "fake"), "vpcId", "v");
	cJSON_Delete(root);
}

/* An instance with so many addresses and tags. */
static struct cfs_entry *put_with(struct fixture *f, unsigned n)
{
	struct cfs_instance_builder builder;
	struct cfs_instance *instance;
	char text[16];

	cfs_instance_builder_init(&builder);
	assert_int_equal(cfs_instance_builder_set(&builder, CFS_FIELD_ID, "x-2", 3), 0);
	for (unsigned i = 0; i < n; i++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "10.0.%u.%u", i / 256, i % 256);

		assert_int_equal(cfs_instance_builder_add_address(&builder, text, len), 0);
		assert_int_equal(cfs_instance_builder_add_tag(&builder, text, len, text, len), 0);
	}
	assert_int_equal(cfs_instance_builder_build(&builder, CFS_POWER_ON, 3, &instance), 0);
	assert_int_equal(instance->n_addresses, n);
	cfs_instance_builder_finish(&builder);
	assert_int_equal(cfs_store_put(&f->world->cloud->catalogue->store, 1, instance), 0);
	return cfs_catalogue_find(f->world->cloud->catalogue, "x-2");
}

static void each_address_takes_as_much_work_as_the_one_before(void **state)
{
	struct cfs_buf card = CFS_BUF_INIT(1 << 20);
	struct fixture *f = *state;
	struct cfs_node *node;
	size_t before;

	fixture_add_cloud(f);
	node = node_of(f, put_with(f, CFS_ADDRESSES_MAX));
	before = n_strlen;
	render(f, cfs_status_render_info, node);
	cfs_gallery_card_add(&card, f->world->cloud, node->entry, 0);
	assert_int_equal(cfs_buf_error(&card), 0);
	/* It is counted at all, and a few times for each text. */
	assert_in_range(n_strlen - before, CFS_ADDRESSES_MAX, 32 * CFS_ADDRESSES_MAX);
	cfs_buf_finish(&card);
}

static void info_of_a_guess_is_what_is_known(void **state)
{
	struct fixture *f = *state;
	cJSON *root;

	fixture_add_cloud(f);
	root = cJSON_Parse(render(f, cfs_status_render_info,
		node_of(f, cfs_store_put_unknown(&f->world->cloud->catalogue->store, "x-9"))));
	assert_non_null(root);
	assert_int_equal(cJSON_GetArraySize(root), 2);
	assert_text(root, "id", "x-9");
	assert_text(root, "cloud", "cloud");
	cJSON_Delete(root);
}

static void error_is_empty_when_there_was_none(void **state)
{
	struct fixture *f = *state;
	struct cfs_failure failure = {.number = EHOSTDOWN,
		.action = "GetScreen",
		.permission = "fake:Look",
		.error = {.fault = CFS_STOPPED, .code = "Stopped"}};
	struct cfs_node *node;

	fixture_add_cloud(f);
	node = node_of(f, world_put(f->world, "x-1", 3));
	assert_string_equal(render(f, cfs_status_render_error, node), "");
	cfs_entry_failed(node->entry, &failure);
	assert_non_null(
		strstr(render(f, cfs_status_render_error, node), "errno:      EHOSTDOWN ("));
	assert_non_null(strstr(render(f, cfs_status_render_error, node), "code:       Stopped\n"));
	assert_non_null(
		strstr(render(f, cfs_status_render_error, node), "action:     GetScreen\n"));
}

static void told(void *arg, int result)
{
	struct world *world = arg;

	(void)result;
	cfs_loop_stop(world->loop);
}

static void list(struct fixture *f)
{
	struct cfs_wait wait = {0};

	if (cfs_catalogue_list(f->world->cloud->catalogue, &wait, told, f->world) == 0)
		while (wait.link)
			assert_int_equal(cfs_loop_run(f->world->loop), 0);
	/* And until what goes on behind it has ended. */
	run_idle(f->world);
	while (f->world->readers)
		assert_int_equal(cfs_loop_run(f->world->loop), 0);
	run_idle(f->world);
}

static void status_says_how_the_account_stands(void **state)
{
	struct fixture *f = *state;

	fixture_add_cloud(f);
	assert_non_null(strstr(status(f), "cloud:       cloud (backend fake)\n"));
	assert_non_null(strstr(status(f), "condition:   not used yet\n"));
	assert_non_null(strstr(status(f), "credentials: none\n"));
	assert_non_null(strstr(status(f), "region:      r: not listed\n"));
	assert_null(strstr(status(f), "last error"));

	server_says(&f->world->server, "LIST r ", ALWAYS, "instance x-1 on 3\n");
	server_rule_add(&f->world->server,
		(struct server_rule){
			"LIST s ", 1, 200, "error 2 NotAllowed you may not\n", SERVER_ANSWERS});
	server_says(&f->world->server, "LIST s ", ALWAYS, "");
	list(f);
	assert_non_null(strstr(status(f), "condition:   working in part\n"));
	assert_non_null(strstr(status(f), "credentials: K\n"));
	assert_non_null(strstr(status(f), "region:      r: 1 instances, listed 0 s ago\n"));
	assert_non_null(strstr(status(f),
		"region:      s: not listed; last attempt failed: EACCES: NotAllowed: you may "
		"not\n"));
	assert_non_null(strstr(status(f), "last error:\n"));
	assert_non_null(strstr(status(f), "advice:     allow fake:List\n"));
	assert_null(strstr(status(f), "hush"));

	clock_skip(5000);
	list(f);
	assert_non_null(strstr(status(f), "condition:   working\n"));
	assert_non_null(strstr(status(f), "region:      r: 1 instances, listed 5 s ago\n"));
	assert_non_null(strstr(status(f), "region:      s: 0 instances, listed 0 s ago\n"));
}

static void status_says_where_credentials_were_looked_for(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_ABSENT, .text = "VARIABLE is not set"});
	fixture_add_cloud(f);
	list(f);
	assert_non_null(strstr(status(f), "condition:   not working\n"));
	assert_non_null(strstr(status(f),
		"credentials: none; looked in\n    first: VARIABLE is not set\n"
		"    second: nothing there\n"));
	assert_non_null(strstr(status(f),
		"message:    no usable credentials; looked in: first: VARIABLE is not set; "
		"second: nothing there\n"));
}

static void what_does_not_fit_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct cfs_buf small = CFS_BUF_INIT(8);
	struct cfs_node *node;

	fixture_add_cloud(f);
	node = node_of(f, put_rich(f));
	assert_int_equal(cfs_status_render_info(node, &small), -EFBIG);
	assert_int_equal(cfs_status_render(node, &small), -EFBIG);
	cfs_buf_finish(&small);
}

/* The log has the same line. */
static void a_failure_is_one_line_in_the_log(void **state)
{
	struct fixture *f = *state;
	struct cfs_question question = {
		.verb = CFS_FETCH, .region = "r", .id = "x-1", .live = &fake_live[0]};
	struct cfs_error error = {.fault = CFS_DENIED,
		.code = "NotAllowed",
		.message = "you may not 100%s",
		.request_id = "1-2-3"};
	struct cfs_failure failure;
	char path[] = "/tmp/consolefs.test_render.XXXXXX", line[256] = "";
	int fd = mkstemp(path), saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_true(fd >= 0 && saved >= 0);
	fixture_add_cloud(f);
	fflush(stderr);
	dup2(fd, STDERR_FILENO);
	cfs_log_set_level(CFS_LOG_WARNING);
	cfs_client_failed(f->world->cloud->client, &question, &error, false, &failure);
	cfs_log_set_level(CFS_LOG_ERROR);
	cfs_client_failed(f->world->cloud->client, &question, &error, true, &failure);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = pread(fd, line, sizeof(line) - 1, 0);
	close(fd);
	unlink(path);
	assert_true(n > 0);
	assert_string_equal(line,
		"consolefs: cloud: GetScreen x-1: EACCES: NotAllowed: you may not 100%s; request "
		"id 1-2-3\n");
	assert_int_equal(failure.number, EACCES);
	assert_int_equal(f->world->cloud->client->failure.number, EACCES);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(info_is_the_instance_as_last_listed),
		TEST(each_address_takes_as_much_work_as_the_one_before),
		TEST(info_of_a_guess_is_what_is_known),
		TEST(error_is_empty_when_there_was_none),
		TEST(status_says_how_the_account_stands),
		TEST(status_says_where_credentials_were_looked_for),
		TEST(what_does_not_fit_is_an_error),
		TEST(a_failure_is_one_line_in_the_log),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
