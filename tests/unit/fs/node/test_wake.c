/* SPDX-License-Identifier: MIT */
/* fs/node/wake.h: the wake flag of an instance. */
#include "fs/node/wake.h"
#include "tests/unit/support/tree_fixture.h"

static void assert_reads(struct fixture *f, const char *expected)
{
	struct cfs_buf buf = CFS_BUF_INIT(16);

	assert_int_equal(cfs_wake_read(f->instance, &buf), 0);
	assert_string_equal(cfs_buf_text(&buf), expected);
	cfs_buf_finish(&buf);
}

/* The bytes, in memory of exactly their length. */
static void write_bytes(struct fixture *f, const char *bytes, size_t len)
{
	char *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, bytes, len);
	assert_int_equal(cfs_wake_write(f->instance, exact, len), 0);
	free(exact);
}

static void write_text(struct fixture *f, const char *text)
{
	write_bytes(f, text, strlen(text));
}

static void it_is_not_armed_at_first(void **state)
{
	struct fixture *f = *state;

	assert_reads(f, "0\n");
	assert_false(cfs_wake_take(f->entry).taken);
}

static void any_write_arms_it(void **state)
{
	static const char *const texts[] = {"\n", "1\n", "1", "", " ", "yes", "on\n", "wake up!\n",
		"00", "0x0", "offline", "nope", "falsehood", "o", "of", "f", "-0", "0.", "n o",
		"true 0", "\xff\xfe", "1 off"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		f->entry->wake_armed = false;
		write_text(f, texts[i]);
		assert_reads(f, "1\n");
	}
	f->entry->wake_armed = false;
	write_bytes(f, "\0", 1);
	assert_reads(f, "1\n");
}

static void a_first_word_of_refusal_disarms_it(void **state)
{
	static const char *const texts[] = {"0", "0\n", "off", "OFF\n", "no", "No\r\n", "false",
		"False\n", " 0 ", "\t\n off now\n", "0 1", "no wake please", "fAlSe\v", "\f0"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_text(f, "1\n");
		write_text(f, texts[i]);
		assert_reads(f, "0\n");
	}
	/* What is behind the bytes written is not theirs. */
	write_text(f, "1");
	write_bytes(f, "off\n", 3);
	assert_reads(f, "0\n");
	write_bytes(f, "offs", 4);
	assert_reads(f, "1\n");
	write_bytes(f, "0\0x", 3);
	assert_reads(f, "0\n");
}

/* Of several concurrent opens exactly one carries it. */
static void one_taker_has_it(void **state)
{
	struct fixture *f = *state;

	write_text(f, "1");
	assert_true(cfs_wake_take(f->entry).taken);
	assert_reads(f, "0\n");
	for (int i = 0; i < 5; i++)
		assert_false(cfs_wake_take(f->entry).taken);
}

/* A wake is never lost. */
static void what_a_failed_call_gives_back_is_armed_again(void **state)
{
	struct fixture *f = *state;
	struct cfs_wake first, other;

	write_text(f, "1");
	first = cfs_wake_take(f->entry);
	other = cfs_wake_take(f->entry);
	cfs_wake_give_back(f->entry, &other);
	assert_reads(f, "0\n");
	cfs_wake_give_back(f->entry, &first);
	assert_reads(f, "1\n");
	assert_true(cfs_wake_take(f->entry).taken);
}

/* And a disarmed one never comes back. */
static void a_later_write_is_the_last_word(void **state)
{
	struct fixture *f = *state;
	struct cfs_wake wake;

	write_text(f, "1");
	wake = cfs_wake_take(f->entry);
	write_text(f, "0");
	cfs_wake_give_back(f->entry, &wake);
	assert_reads(f, "0\n");

	write_text(f, "1");
	wake = cfs_wake_take(f->entry);
	write_text(f, "1");
	cfs_wake_give_back(f->entry, &wake);
	assert_reads(f, "1\n");
	assert_true(cfs_wake_take(f->entry).taken);
	assert_reads(f, "0\n");

	/* Armed anew and taken by another: the first has nothing to give back. */
	write_text(f, "1");
	wake = cfs_wake_take(f->entry);
	write_text(f, "1");
	assert_true(cfs_wake_take(f->entry).taken);
	cfs_wake_give_back(f->entry, &wake);
	assert_reads(f, "0\n");
}

static void a_backend_without_wake_has_no_such_file(void **state)
{
	struct fixture *f = *state;
	struct cfs_backend plain = fake_backend;

	assert_true(cfs_wake_exists(f->instance));
	plain.live = &fake_live[1];
	plain.n_live = 1;
	f->world->cloud->client->backend = &plain;
	assert_false(cfs_wake_exists(f->instance));
	f->world->cloud->client->backend = &fake_backend;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up_instance, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(it_is_not_armed_at_first),
		TEST(any_write_arms_it),
		TEST(a_first_word_of_refusal_disarms_it),
		TEST(one_taker_has_it),
		TEST(what_a_failed_call_gives_back_is_armed_again),
		TEST(a_later_write_is_the_last_word),
		TEST(a_backend_without_wake_has_no_such_file),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
