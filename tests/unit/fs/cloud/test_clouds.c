/* SPDX-License-Identifier: MIT */
/* fs/cloud/clouds.h: the set of clouds, which can be configured again while mounted. */
#include "fs/client/credentials.h"
#include "fs/cloud/clouds.h"
#include "fs/node/node.h"
#include "tests/unit/support/fake_backend.h"

struct fixture {
	struct world *world;
	struct cfs_clouds clouds;
	struct cfs_config config; /* the next one */
	struct cfs_nodes *nodes;
	struct cfs_buf why;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->world = world_create();
	f->clouds.runtime = &f->world->runtime;
	cfs_config_init(&f->config);
	cfs_buf_init(&f->why, 4096);
	assert_int_equal(cfs_nodes_create(&f->nodes), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	cfs_nodes_destroy(f->nodes);
	cfs_clouds_finish(&f->clouds);
	cfs_config_finish(&f->config);
	cfs_buf_finish(&f->why);
	world_destroy(f->world);
	free(f);
	return 0;
}

/* A section of the next configuration. */
static struct cfs_cloud_config *section(struct fixture *f, const char *name)
{
	struct cfs_cloud_config *config = calloc(1, sizeof(*config)), **at;

	assert_non_null(config);
	config->name = strdup(name);
	config->backend = &fake_backend;
	config->regions[0] = strdup("r");
	config->n_regions = 1;
	config->list_ttl_ms = 60000;
	config->timeout_ms = 30000;
	for (at = &f->config.clouds; *at; at = &(*at)->next)
		;
	*at = config;
	f->config.from_file = true;
	return config;
}

static int configure(struct fixture *f)
{
	int r;

	cfs_buf_clear(&f->why);
	r = cfs_clouds_configure(&f->clouds, &f->config, &f->why);
	if (r == 0)
		assert_null(f->config.clouds);
	cfs_config_finish(&f->config);
	return r;
}

static struct cfs_cloud *cloud(struct fixture *f, const char *name)
{
	for (struct cfs_cloud *found = f->clouds.first; found; found = found->next)
		if (strcmp(found->config->name, name) == 0)
			return found;
	return NULL;
}

static void assert_names(struct fixture *f, const char *expected)
{
	char names[256] = "";

	for (const struct cfs_cloud *each = f->clouds.first; each; each = each->next)
		strcat(strcat(names, each->config->name), " ");
	assert_string_equal(names, expected);
}

static void the_clouds_are_those_of_the_configuration_in_its_order(void **state)
{
	struct fixture *f = *state;

	section(f, "b");
	section(f, "a");
	section(f, "c");
	assert_int_equal(configure(f), 0);
	assert_names(f, "b a c ");
	assert_int_equal(f->world->accounts, 3);
}

static void what_is_configured_as_before_stays_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct cfs_cloud *a, *b;

	section(f, "a");
	section(f, "b");
	assert_int_equal(configure(f), 0);
	a = cloud(f, "a");
	b = cloud(f, "b");
	section(f, "c");
	section(f, "b");
	section(f, "a");
	assert_int_equal(configure(f), 0);
	assert_names(f, "c b a ");
	assert_ptr_equal(cloud(f, "a"), a);
	assert_ptr_equal(cloud(f, "b"), b);
	assert_int_equal(f->world->accounts, 3);
}

/* The time of the top directory. */
static void the_set_is_of_when_a_cloud_came_or_went(void **state)
{
	static const char *const sets[] = {"a", "a", "ab", "ba", "b"};
	static const bool changes[] = {true, false, true, false, true};
	struct fixture *f = *state;
	char name[2] = "";
	int64_t before;

	for (size_t i = 0; i < 5; i++) {
		before = f->clouds.changed_ns;
		for (const char *at = sets[i]; *at; at++) {
			name[0] = *at;
			section(f, name);
		}
		assert_int_equal(configure(f), 0);
		assert_int_equal(f->clouds.changed_ns != before, changes[i]);
	}
}

static void any_difference_makes_another_cloud(void **state)
{
	struct fixture *f = *state;
	struct cfs_cloud_config *config;
	struct cfs_cloud *before;

	section(f, "a");
	assert_int_equal(configure(f), 0);
	for (int i = 0; i < 9; i++) {
		/* A node keeps the old one in place, so that the new one cannot have its address.
		 */
		before = cloud(f, "a");
		assert_non_null(cfs_node_of_cloud(f->nodes, before));
		config = section(f, "a");
		switch (i) {
		case 0:
			config->list_ttl_ms++;
			break;
		case 1:
			config->timeout_ms++;
			break;
		case 2:
			config->rate = 5;
			break;
		case 3:
			config->profile = strdup("p");
			break;
		case 4:
			config->endpoint = strdup("e");
			break;
		case 5:
			config->ca_file = strdup("c");
			break;
		case 6:
			config->regions[config->n_regions++] = strdup("s");
			break;
		case 7:
			config->own[config->n_own++] = (struct cfs_pair){"k", strdup("v")};
			break;
		default:
			free(config->regions[--config->n_regions]);
			config->all_regions = true;
			break;
		}
		assert_int_equal(configure(f), 0);
		assert_ptr_not_equal(cloud(f, "a"), before);
		assert_true(before->retired);
	}
}

static void what_is_no_longer_configured_goes_when_nothing_of_it_is_open(void **state)
{
	struct fixture *f = *state;
	struct cfs_node *directory;

	section(f, "a");
	section(f, "b");
	section(f, "c");
	assert_int_equal(configure(f), 0);
	directory = cfs_node_of_cloud(f->nodes, cloud(f, "b"));
	assert_non_null(directory);
	section(f, "c");
	assert_int_equal(configure(f), 0);
	assert_names(f, "c ");
	assert_int_equal(f->world->accounts, 2);
	assert_string_equal(directory->cloud->config->name, "b");
	/* A cloud with the same name may be added meanwhile: it is another one. */
	section(f, "b");
	section(f, "c");
	assert_int_equal(configure(f), 0);
	assert_ptr_not_equal(cloud(f, "b"), directory->cloud);
	cfs_node_forget(directory, 1);
	assert_names(f, "b c ");
	assert_int_equal(f->world->accounts, 2);
}

static void a_configuration_that_cannot_be_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct cfs_cloud_config *config;
	struct cfs_cloud *a;

	section(f, "a");
	assert_int_equal(configure(f), 0);
	a = cloud(f, "a");
	section(f, "b");
	section(f, "a");
	config = section(f, "c");
	free(config->regions[--config->n_regions]);
	assert_int_equal(configure(f), -EINVAL);
	assert_string_equal(cfs_buf_text(&f->why),
		"[c]: no region is configured: set REGION, or mount with -o c.regions=r");
	assert_names(f, "a ");
	assert_ptr_equal(cloud(f, "a"), a);
	assert_int_equal(f->world->accounts, 1);
	section(f, "a");
	assert_int_equal(configure(f), 0);
	assert_ptr_equal(cloud(f, "a"), a);
}

/* Credentials */

static void a_named_cloud_without_credentials_is_offered_all_the_same(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_ABSENT, .text = "-"});
	section(f, "a");
	assert_int_equal(configure(f), 0);
	assert_names(f, "a ");
}

static void without_a_file_a_cloud_without_credentials_is_left_out(void **state)
{
	struct fixture *f = *state;

	/* The first to be asked has none, the others have. */
	SCRIPT(f->world, 0, {.kind = CFS_STEP_ABSENT, .text = "-"},
		{.kind = CFS_STEP_KEYS, .text = "K"});
	section(f, "a");
	section(f, "b");
	section(f, "c");
	f->config.from_file = false;
	assert_int_equal(configure(f), 0);
	assert_names(f, "b c ");
	assert_int_equal(f->world->accounts, 2);
}

static void if_none_has_any_all_are_offered(void **state)
{
	struct fixture *f = *state;

	SCRIPT(f->world, 0, {.kind = CFS_STEP_ABSENT, .text = "-"});
	section(f, "a");
	section(f, "b");
	f->config.from_file = false;
	assert_int_equal(configure(f), 0);
	assert_names(f, "a b ");
}

/* For example from a metadata service. */
static void searches_that_take_requests_are_waited_for(void **state)
{
	struct fixture *f = *state;

	/* Only the searches that are waited for may end the run of the loop. */
	cfs_watch_stop(&f->world->http_watch);
	SCRIPT(f->world, 0, {.kind = CFS_STEP_PROCESS, .text = "true"},
		{.kind = CFS_STEP_KEYS, .text = "K"});
	section(f, "a");
	f->config.from_file = false;
	assert_int_equal(configure(f), 0);
	assert_names(f, "a ");
	assert_string_equal(cfs_credentials_source(cloud(f, "a")->client->credentials), "K");
	assert_int_equal(f->world->provider_states, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_clouds_are_those_of_the_configuration_in_its_order),
		TEST(what_is_configured_as_before_stays_as_it_is),
		TEST(the_set_is_of_when_a_cloud_came_or_went),
		TEST(any_difference_makes_another_cloud),
		TEST(what_is_no_longer_configured_goes_when_nothing_of_it_is_open),
		TEST(a_configuration_that_cannot_be_changes_nothing),
		TEST(a_named_cloud_without_credentials_is_offered_all_the_same),
		TEST(without_a_file_a_cloud_without_credentials_is_left_out),
		TEST(if_none_has_any_all_are_offered),
		TEST(searches_that_take_requests_are_waited_for),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
