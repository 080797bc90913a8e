/* SPDX-License-Identifier: MIT */
/* fs/tree/gallery.h: the gallery at the top. */
#include "fs/tree/gallery.h"
#include "fs/tree/layout.h"
#include "tests/unit/support/tree_fixture.h"

#define MANY 3000

static int set_up(void **state)
{
	fixture_set_up(state);
	world_add_region(((struct fixture *)*state)->world, "s");
	fixture_add_cloud(*state);
	return 0;
}

static const char *render(struct fixture *f)
{
	void *generator;
	int r;

	cfs_buf_clear(&f->text);
	assert_int_equal(
		cfs_gallery_generator.begin(cfs_node_find(f->nodes, CFS_NODE_ROOT), &generator), 0);
	do
		r = cfs_gallery_generator.step(generator, &f->text);
	while (r > 0);
	cfs_gallery_generator.end(generator);
	assert_int_equal(r, 0);
	return cfs_buf_text(&f->text);
}

static void put(struct fixture *f, const char *id, const char *name, const char *tag)
{
	struct cfs_instance_builder builder;
	struct cfs_instance *instance;

	cfs_instance_builder_init(&builder);
	assert_int_equal(cfs_instance_builder_set(&builder, CFS_FIELD_ID, id, strlen(id)), 0);
	assert_int_equal(cfs_instance_builder_set(&builder, CFS_FIELD_NAME, name, strlen(name)), 0);
	assert_int_equal(cfs_instance_builder_set(&builder, CFS_FIELD_STATE, "\"<on>", 5), 0);
	assert_int_equal(
		cfs_instance_builder_add_tag(&builder, tag, strlen(tag), tag, strlen(tag)), 0);
	assert_int_equal(cfs_instance_builder_build(&builder, CFS_POWER_ON, 3, &instance), 0);
	cfs_instance_builder_finish(&builder);
	assert_int_equal(cfs_store_put(&f->world->cloud->catalogue->store, 1, instance), 0);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void a_cloud_that_was_never_listed_is_said_to_be_so(void **state)
{
	struct fixture *f = *state;
	const char *text = render(f);

	assert_non_null(strstr(text,
		"<strong>cloud</strong> has not been listed yet. "
		"<a href=\"cloud/\">"));
	assert_non_null(strstr(text, "0 instances in 1 cloud<"));
	assert_int_equal(count(text, "class=\"card\""), 0);
	assert_int_equal(f->world->server.n_log, 0);
}

static void every_instance_has_a_card_sorted_by_name(void **state)
{
	struct fixture *f = *state;
	const char *text;

	put(f, "x-1", "web", "t");
	put(f, "x-2", "", "t");
	put(f, "x-3", "Api", "t");
	text = render(f);
	assert_int_equal(count(text, "class=\"card\""), 3);
	assert_true(strstr(text, "<bdi>Api</bdi>") < strstr(text, "<bdi>web</bdi>"));
	assert_true(strstr(text, "<bdi>web</bdi>") < strstr(text, "<bdi>x-2</bdi>"));
	assert_non_null(strstr(text, "href=\"cloud/x-1/text\">text</a>"));
	assert_non_null(strstr(text, "href=\"cloud/x-1/info.json\""));
	assert_non_null(strstr(text, "echo &gt; cloud/x-1/wake"));
	assert_int_equal(f->world->server.n_log, 0);
}

static void nothing_of_a_name_or_a_tag_is_markup(void **state)
{
	static const char *const bad[] = {"<script>alert(1)</script>",
		"\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)",
		"</li></ul></main><script>", "{{script}}", "--><!--", "&lt;b&gt;",
		"a\xe2\x80\xaez"};
	struct fixture *f = *state;
	char plain[65536] = "";

	put(f, "x-0", "plain", "plain");
	render(f);
	assert_true(f->text.len < sizeof(plain));
	memcpy(plain, f->text.data, f->text.len);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(f, "x-0", bad[i], bad[i]);
		render(f);
		assert_int_equal(count(cfs_buf_text(&f->text), "<script"), count(plain, "<script"));
		assert_int_equal(count(cfs_buf_text(&f->text), "<"), count(plain, "<"));
		assert_int_equal(count(cfs_buf_text(&f->text), "\""), count(plain, "\""));
		assert_int_equal(count(cfs_buf_text(&f->text), "'"), count(plain, "'"));
		assert_null(strstr(cfs_buf_text(&f->text), "\xe2\x80\xae"));
	}
}

/* The hashes are of what stands in the page; test_browser_gallery.py has a browser check them. */
static void nothing_but_its_own_script_may_run(void **state)
{
	struct fixture *f = *state;
	const char *text = render(f);

	assert_non_null(strstr(text,
		"default-src 'none'; img-src 'self' file:; "
		"style-src 'sha256-"));
	assert_non_null(strstr(text, "script-src 'sha256-"));
	assert_null(strstr(text, "unsafe"));
	assert_null(strstr(text, "{{"));
	assert_null(strstr(text, "://"));
}

static void cards_that_do_not_fit_are_counted(void **state)
{
	enum { N = 2000 };
	struct fixture *f = *state;
	char id[16];
	const char *text;
	size_t i;

	for (i = 0; i < N; i++) {
		snprintf(id, sizeof(id), "x-%zu", i);
		put(f, id, "", "t");
	}
	cfs_buf_finish(&f->text);
	cfs_buf_init(&f->text, 512 * 1024);
	text = render(f);
	i = count(text, "class=\"card\"");
	assert_in_range(i, 100, N - 1);
	snprintf(id, sizeof(id), ">%zu more", N - i);
	assert_non_null(strstr(text, id));
	assert_non_null(strstr(text, "</html>"));
}

/* A page that is made while the fleet changes. */
static void a_page_outlives_what_it_shows(void **state)
{
	struct fixture *f = *state;
	struct cfs_catalogue *catalogue = f->world->cloud->catalogue;
	unsigned steps = 0;
	void *generator;
	char id[16];
	int r;

	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "x-%d", i);
		put(f, id, id, "t");
	}
	assert_int_equal(
		cfs_gallery_generator.begin(cfs_node_find(f->nodes, CFS_NODE_ROOT), &generator), 0);
	while ((r = cfs_gallery_generator.step(generator, &f->text)) == 1) {
		for (int i = 0; i < 10; i++) {
			snprintf(id, sizeof(id), "x-%u", steps * 10 + (unsigned)i);
			if (cfs_catalogue_find(catalogue, id))
				cfs_store_remove(
					&catalogue->store, cfs_catalogue_find(catalogue, id));
		}
		steps++;
	}
	assert_int_equal(r, 0);
	cfs_gallery_generator.end(generator);
	/* In many steps; some went before they were looked at. */
	assert_in_range(steps, 40, 100);
	assert_in_range(count(cfs_buf_text(&f->text), "class=\"card\""), MANY - 100, MANY);
	assert_non_null(strstr(cfs_buf_text(&f->text), "</html>"));
}

static void a_page_can_be_given_up_at_any_step(void **state)
{
	struct fixture *f = *state;
	void *generator;
	char id[16];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "x-%u", i);
		put(f, id, "web", "t");
	}
	for (unsigned steps = 0; steps < 20; steps++) {
		cfs_buf_clear(&f->text);
		assert_int_equal(cfs_gallery_generator.begin(
					 cfs_node_find(f->nodes, CFS_NODE_ROOT), &generator),
			0);
		for (unsigned i = 0; i < steps; i++)
			assert_int_equal(cfs_gallery_generator.step(generator, &f->text), 1);
		cfs_gallery_generator.end(generator);
	}
	cfs_gallery_generator.end(NULL);
	render(f);
	assert_int_equal(count(cfs_buf_text(&f->text), "class=\"card\""), MANY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_cloud_that_was_never_listed_is_said_to_be_so),
		TEST(every_instance_has_a_card_sorted_by_name),
		TEST(nothing_of_a_name_or_a_tag_is_markup),
		TEST(nothing_but_its_own_script_may_run),
		TEST(cards_that_do_not_fit_are_counted),
		TEST(a_page_outlives_what_it_shows),
		TEST(a_page_can_be_given_up_at_any_step),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
