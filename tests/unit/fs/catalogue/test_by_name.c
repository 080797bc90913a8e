/* SPDX-License-Identifier: MIT */
/* fs/catalogue/by_name.h: names for the directory by-name/. */
#include "fs/catalogue/by_name.h"
#include "tests/unit/support/fake_backend.h"

#define FLEET 12    /* instances that a random fleet has at most */
#define ROUNDS 4000 /* random fleets */

struct fixture {
	struct world *world;
	struct cfs_catalogue *catalogue;
	struct cfs_by_name *by_name;
};

/* The names that a walk finds, sorted. */
struct walk {
	char names[FLEET][CFS_BY_NAME_MAX + 1];
	const struct cfs_entry *entries[FLEET];
	size_t n;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->world = world_create();
	f->catalogue = world_cloud(f->world)->catalogue;
	f->by_name = &f->catalogue->store.by_name;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	world_destroy(f->world);
	free(f);
	return 0;
}

static struct cfs_entry *put(struct fixture *f, const char *id, const char *name)
{
	return world_put_named(f->world, 0, id, name, 3);
}

static void drop(struct fixture *f, const char *id)
{
	cfs_store_remove(&f->catalogue->store, cfs_catalogue_find(f->catalogue, id));
}

static void add(struct walk *walk, const struct cfs_entry *entry)
{
	char name[CFS_BY_NAME_MAX + 1];
	size_t i;

	assert_in_range(walk->n, 0, FLEET - 1);
	memset(name, 0, sizeof(name));
	cfs_by_name_of(entry, name);
	assert_in_range(strlen(name), 1, CFS_BY_NAME_MAX);
	for (i = walk->n++; i > 0 && strcmp(walk->names[i - 1], name) > 0; i--) {
		memcpy(walk->names[i], walk->names[i - 1], sizeof(walk->names[i]));
		walk->entries[i] = walk->entries[i - 1];
	}
	memcpy(walk->names[i], name, sizeof(name));
	walk->entries[i] = entry;
}

static void walk_over(struct fixture *f, struct walk *ret_walk)
{
	*ret_walk = (struct walk){0};
	for (const struct cfs_entry *entry = f->catalogue->store.entries.first; entry;
		entry = entry->next)
		add(ret_walk, entry);
}

/* The name finds that instance, or none if id is NULL. */
static void assert_leads(struct fixture *f, const char *name, const char *id)
{
	struct cfs_entry *entry = NULL;

	assert_int_equal(cfs_by_name_find(f->by_name, name, &entry), id ? 0 : -ENOENT);
	if (id)
		assert_string_equal(entry->id, id);
	else
		assert_null(entry);
}

/* Clean names */

static void assert_clean(const char *name, const char *expected)
{
	char out[CFS_BY_NAME_MAX + 1];

	memset(out, 0xa5, sizeof(out));
	cfs_by_name_clean(out, name);
	assert_string_equal(out, expected);
}

static void a_name_is_made_fit(void **state)
{
	static const struct {
		const char *name, *expected;
	} table[] = {
		{"", ""},
		{"web-1", "web-1"},
		{"Web server 1 (old).bak", "Web server 1 (old).bak"},
		{" ", " "},
		{"\xe6\x95\xb0\xe6\x8d\xae\xe5\xba\x93", "\xe6\x95\xb0\xe6\x8d\xae\xe5\xba\x93"},
		{"\xf0\x9f\x94\xa5", "\xf0\x9f\x94\xa5"},
		/* Characters with a meaning in paths. */
		{"/", "_"},
		{"a/b//c", "a_b__c"},
		{"../../etc/passwd", "_._.._etc_passwd"},
		/* What would be an option, a command of vim's or less's, or hidden. */
		{"-", "_"},
		{"-rf", "_rf"},
		{"--checkpoint-action=exec=id", "_-checkpoint-action=exec=id"},
		{"+!id", "_!id"},
		{".", "_"},
		{"..", "_."},
		{"...", "_.."},
		{".hidden", "_hidden"},
		{"./", "__"},
		{"a-b+c.d-", "a-b+c.d-"},
		{" -rf", " -rf"},
		{"/-rf", "_-rf"},
		/* Control characters: C0, DEL, C1. */
		{"\x01", "_"},
		{"a\nb\tc\x1b[31m\x7f", "a_b_c_[31m_"},
		{"a\xc2\x80\xc2\x9b\xc2\x9fz", "a___z"},
		{"a\xc2\xa0z", "a\xc2\xa0z"},
		/* What reorders text or ends a line: U+202E, U+2066, U+200F, U+061C; U+2028,
		   U+2029. */
		{"gpj\xe2\x80\xae.exe", "gpj_.exe"},
		{"\xe2\x81\xa6x\xe2\x81\xa9", "_x_"},
		{"\xe2\x80\x8f", "_"},
		{"a\xd8\x9cz", "a_z"},
		{"a\xe2\x80\xa8z\xe2\x80\xa9", "a_z_"},
		/* What nobody sees: a zero-width space, a byte order mark, a tag. */
		{"web\xe2\x80\x8b", "web_"},
		{"\xef\xbb\xbf-rf", "_-rf"},
		{"a\xf3\xa0\x81\xb2z", "a_z"},
		/* What is no UTF-8, byte by byte: stray, overlong, a surrogate, too large, cut off.
		 */
		{"a\x80z", "a_z"},
		{"\xff\xfe", "__"},
		{"\xc0\xaf", "__"},
		{"\xe0\x80\xaf", "___"},
		{"\xed\xa0\x80", "___"},
		{"\xf4\x90\x80\x80", "____"},
		{"a\xe6\x95", "a__"},
		{"\xe6\x95/", "___"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_clean(table[i].name, table[i].expected);
}

static void every_byte_alone_is_made_fit(void **state)
{
	char name[2] = "", expected[2] = "";

	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		name[0] = (char)byte;
		expected[0] =
			byte < 0x20 || byte >= 0x7f || strchr("/-+.", byte) ? '_' : (char)byte;
		assert_clean(name, expected);
	}
}

/* Characters of every length, at every distance to the 255th byte. */
static void a_name_is_cut_at_a_characters_edge(void **state)
{
	static const char *const characters[] = {
		"z", "\xc3\xa9", "\xe6\x95\xb0", "\xf0\x9f\x94\xa5", "\xff", "\xe2\x80\xae"};
	char name[CFS_BY_NAME_MAX + 16], expected[CFS_BY_NAME_MAX + 16];
	size_t shown;

	(void)state;
	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
		/* The last two are replaced. */
		shown = i < 4 ? i + 1 : 1;
		for (size_t before = CFS_BY_NAME_MAX - 8; before <= CFS_BY_NAME_MAX + 8; before++) {
			memset(name, 'a', before);
			strcpy(name + before, characters[i]);
			/* Bytes after a character that did not fit must not be taken instead. */
			strcat(name, "z");
			memset(expected, 'a', before);
			expected[before < CFS_BY_NAME_MAX ? before : CFS_BY_NAME_MAX] = '\0';
			if (before + shown <= CFS_BY_NAME_MAX)
				strcat(expected, i < 4 ? characters[i] : "_");
			if (before + shown < CFS_BY_NAME_MAX)
				strcat(expected, "z");
			assert_clean(name, expected);
		}
	}
}

/* The names of a fleet */

static void an_instance_is_found_by_its_name(void **state)
{
	struct fixture *f = *state;

	assert_leads(f, "web-1", NULL);
	put(f, "x-1", "web-1");
	put(f, "x-2", "a/b");
	assert_leads(f, "web-1", "x-1");
	assert_leads(f, "a_b", "x-2");
	assert_leads(f, "a/b", NULL);
	assert_leads(f, "web", NULL);
	assert_leads(f, "web-1 ", NULL);
	assert_leads(f, "", NULL);
	assert_leads(f, "x-1", NULL);
	assert_leads(f, "web-1-x-1", NULL);
}

static void one_without_a_name_is_called_by_its_id(void **state)
{
	struct fixture *f = *state;

	put(f, "x-1", "");
	assert_leads(f, "x-1", "x-1");
	assert_leads(f, "", NULL);
	assert_leads(f, "-x-1", NULL);
}

static void two_of_one_name_both_get_their_id(void **state)
{
	struct fixture *f = *state;

	put(f, "x-1", "web");
	put(f, "x-2", "web");
	put(f, "x-3", "db");
	assert_leads(f, "web", NULL);
	assert_leads(f, "web-x-1", "x-1");
	assert_leads(f, "web-x-2", "x-2");
	assert_leads(f, "db", "x-3");
	/* Different names with the same clean name. */
	put(f, "x-4", "a/b");
	put(f, "x-5", "a\nb");
	put(f, "x-6", "a_b");
	assert_leads(f, "a_b", NULL);
	assert_leads(f, "a_b-x-4", "x-4");
	assert_leads(f, "a_b-x-5", "x-5");
	assert_leads(f, "a_b-x-6", "x-6");
}

/* If a name ends in an id, it is impossible to tell who appended it. */
static void no_instance_passes_for_another(void **state)
{
	struct fixture *f = *state;

	put(f, "x-1", "web");
	put(f, "x-2", "web");
	put(f, "x-3", "");
	/* Another instance's id, its entry, and what would be its entry. */
	put(f, "x-4", "x-3");
	put(f, "x-5", "web-x-1");
	put(f, "x-6", "other-x-3");
	/* The id of no known instance: it may appear tomorrow. */
	put(f, "x-7", "x-99");
	/* Its own id is no exception. */
	put(f, "x-8", "x-8");
	assert_leads(f, "web-x-1", "x-1");
	assert_leads(f, "x-3", "x-3");
	assert_leads(f, "x-3-x-4", "x-4");
	assert_leads(f, "web-x-1-x-5", "x-5");
	assert_leads(f, "other-x-3-x-6", "x-6");
	assert_leads(f, "other-x-3", NULL);
	assert_leads(f, "x-99", NULL);
	assert_leads(f, "x-99-x-7", "x-7");
	assert_leads(f, "x-8-x-8", "x-8");
	assert_leads(f, "x-8", NULL);
}

/* Nor does it prevent another instance from having the plain name. */
static void an_instance_shown_with_its_id_anyway_shares_no_name(void **state)
{
	struct fixture *f = *state;

	put(f, "x-1", "");
	put(f, "x-2", "x-1");
	put(f, "x-3", "x-1");
	assert_leads(f, "x-1", "x-1");
	assert_leads(f, "x-1-x-2", "x-2");
	assert_leads(f, "x-1-x-3", "x-3");
}

static void a_long_name_is_cut_to_make_room_for_the_id(void **state)
{
	char name[401] = "", expected[CFS_BY_NAME_MAX + 1] = "", long_id[CFS_ID_MAX + 1] = "x-";
	struct fixture *f = *state;
	struct walk walk;

	/* Characters of three bytes each. */
	for (size_t i = 0; i < 400 / 3; i++)
		strcat(name, "\xe6\x95\xb0");
	memset(long_id + 2, '1', CFS_ID_MAX - 2);
	put(f, "x-1", name);
	put(f, long_id, name);
	memcpy(expected, name, 249);
	strcpy(expected + 249, "-x-1");
	assert_leads(f, expected, "x-1");
	memcpy(expected, name, 189);
	strcpy(expected + 189, "-");
	strcat(expected, long_id);
	assert_leads(f, expected, long_id);
	/* Characters of one byte each: all the room is used. */
	memset(name, 'a', 400);
	put(f, "x-2", name);
	put(f, "x-3", name);
	memset(expected, 'a', 251);
	strcpy(expected + 251, "-x-2");
	assert_leads(f, expected, "x-2");
	walk_over(f, &walk);
	assert_int_equal(walk.n, 4);
}

static void names_are_followed(void **state)
{
	struct fixture *f = *state;

	put(f, "x-1", "web");
	assert_leads(f, "web", "x-1");
	put(f, "x-1", "db");
	assert_leads(f, "web", NULL);
	assert_leads(f, "db", "x-1");
	put(f, "x-2", "db");
	assert_leads(f, "db", NULL);
	assert_leads(f, "db-x-1", "x-1");
	drop(f, "x-1");
	assert_leads(f, "db-x-1", NULL);
	assert_leads(f, "db", "x-2");
	drop(f, "x-2");
	assert_leads(f, "db", NULL);
	/* It comes back, as another entry with the same id. */
	put(f, "x-1", "db");
	assert_leads(f, "db", "x-1");
}

static void an_id_of_which_nothing_is_known_has_no_name(void **state)
{
	struct fixture *f = *state;
	struct walk walk;

	assert_non_null(cfs_store_put_unknown(&f->catalogue->store, "x-1"));
	walk_over(f, &walk);
	assert_int_equal(walk.n, 0);
	assert_leads(f, "x-1", NULL);
	put(f, "x-1", "web");
	assert_leads(f, "web", "x-1");
}

/* Random fleets */

static const char *const pieces[] = {"web", "-", "/", ".", "..", "_", "x-", "x-3", "-x-5", "x-99",
	"\n", "\x7f", "\xc2\x85", "\xe2\x80\xae", "\xe2\x80\xa8", "\xff", "\xe6\x95\xb0",
	"\xf0\x9f\x94\xa5", " ", "A"};

/* A malicious name: mostly short ones, which are often the same, and some very long ones. */
static void draw_name(uint64_t *seed, char name[1200])
{
	size_t n = draw(seed) % 4;
	const char *filler;

	name[0] = '\0';
	if (draw(seed) % 6 == 0) {
		filler = pieces[draw(seed) % 2 ? 0 : 16];
		for (size_t i = 0; i < 70 + draw(seed) % 30; i++)
			strcat(name, filler);
	}
	for (size_t i = 0; i < n; i++)
		strcat(name, pieces[draw(seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
}

/* DESIGN: an entry never contains `/`, NUL, control bytes, invisible characters or invalid UTF-8,
 * begins with neither `-` nor `.`, is never empty, fits in 255 bytes. */
static void assert_valid(const char *name)
{
	const unsigned char *at = (const unsigned char *)name;
	size_t n;

	assert_in_range(strlen(name), 1, 255);
	assert_null(strchr("-+.", name[0]));
	assert_null(strchr(name, '/'));
	for (; *at; at += n) {
		n = cfs_text_utf8_length(at, strlen((const char *)at));
		assert_in_range(n, 1, 4);
		assert_false(cfs_text_is_unprintable(at, n));
	}
}

static bool ends_in(const char *name, const char *id)
{
	size_t len = strlen(name), id_len = strlen(id);

	return len > id_len && name[len - id_len - 1] == '-' &&
		strcmp(name + len - id_len, id) == 0;
}

static void assert_is_no_other(const struct walk *walk, size_t i)
{
	for (size_t j = 0; j < walk->n; j++) {
		if (j == i)
			continue;
		assert_string_not_equal(walk->names[i], walk->entries[j]->id);
		assert_false(ends_in(walk->names[i], walk->entries[j]->id));
	}
}

/* The rules of the header, computed from the names alone. */
static void assert_by_the_rules(const struct walk *walk, size_t i)
{
	const struct cfs_entry *entry = walk->entries[i];
	char mine[CFS_BY_NAME_MAX + 1], other[CFS_BY_NAME_MAX + 1];
	bool shared = false;
	size_t len;

	cfs_by_name_clean(mine, cfs_instance_field(entry->instance, CFS_FIELD_NAME));
	for (size_t j = 0; j < walk->n; j++) {
		cfs_by_name_clean(
			other, cfs_instance_field(walk->entries[j]->instance, CFS_FIELD_NAME));
		shared = shared || (j != i && mine[0] && strcmp(mine, other) == 0);
	}
	if (strcmp(walk->names[i], mine[0] ? mine : entry->id) == 0) {
		assert_false(shared);
		return;
	}
	assert_true(ends_in(walk->names[i], entry->id));
	len = strlen(walk->names[i]) - strlen(entry->id) - 1;
	assert_memory_equal(walk->names[i], mine, len);
	/* Cut no more than necessary: the next character would not have fitted. */
	if (mine[len])
		assert_true(strlen(walk->names[i]) +
				cfs_text_utf8_length(
					(unsigned char *)mine + len, strlen(mine + len)) >
			255);
}

static void assert_holds(struct fixture *f, size_t expected)
{
	struct cfs_entry *entry;
	struct walk walk;

	walk_over(f, &walk);
	assert_int_equal(walk.n, expected);
	for (size_t i = 0; i < walk.n; i++) {
		assert_valid(walk.names[i]);
		/* All different. */
		if (i > 0)
			assert_true(strcmp(walk.names[i - 1], walk.names[i]) < 0);
		assert_int_equal(cfs_by_name_find(f->by_name, walk.names[i], &entry), 0);
		assert_ptr_equal(entry, walk.entries[i]);
		assert_ptr_equal(entry, cfs_catalogue_find(f->catalogue, entry->id));
		assert_is_no_other(&walk, i);
		assert_by_the_rules(&walk, i);
	}
}

/* A name is found if and only if a walk shows it. */
static void assert_agrees(struct fixture *f, const char *name)
{
	struct cfs_entry *entry = NULL;
	struct walk walk;
	size_t i;

	walk_over(f, &walk);
	for (i = 0; i < walk.n && strcmp(walk.names[i], name) != 0; i++)
		;
	assert_int_equal(cfs_by_name_find(f->by_name, name, &entry), i < walk.n ? 0 : -ENOENT);
	assert_ptr_equal(entry, i < walk.n ? walk.entries[i] : NULL);
}

static void whatever_a_fleet_is_called_its_names_hold(void **state)
{
	struct fixture *f = *state;
	char id[16], name[1200];
	uint64_t seed = 20261121;
	size_t i;
	bool there[FLEET] = {false};
	size_t n = 0;

	for (size_t round = 0; round < ROUNDS; round++) {
		i = draw(&seed) % FLEET;
		snprintf(id, sizeof(id), "x-%zu", i);
		if (there[i] && draw(&seed) % 3 == 0) {
			drop(f, id);
			there[i] = false;
			n--;
		} else {
			draw_name(&seed, name);
			put(f, id, name);
			n += !there[i];
			there[i] = true;
		}
		assert_holds(f, n);
		draw_name(&seed, name);
		assert_agrees(f, name);
	}
	assert_true(n > 2);
}

/* Stable: they depend on nothing but the ids and names there are. */
static void the_same_fleet_has_the_same_names_however_it_was_listed(void **state)
{
	static char names[FLEET][1200];
	struct fixture *f = *state;
	struct walk before, after;
	uint64_t seed = 7;
	size_t j, start;
	char id[16];

	for (size_t round = 0; round < ROUNDS / 10; round++) {
		for (size_t i = 0; i < FLEET; i++) {
			draw_name(&seed, names[i]);
			snprintf(id, sizeof(id), "x-%zu", i);
			put(f, id, names[i]);
		}
		walk_over(f, &before);
		/* A refresh that changes nothing. */
		for (size_t i = 0; i < FLEET; i++) {
			snprintf(id, sizeof(id), "x-%zu", FLEET - 1 - i);
			put(f, id, names[FLEET - 1 - i]);
		}
		walk_over(f, &after);
		assert_memory_equal(&before, &after, sizeof(before));
		/* And one after which each is another entry, in another order. */
		start = draw(&seed);
		for (size_t i = 0; i < FLEET; i++) {
			snprintf(id, sizeof(id), "x-%zu", i);
			drop(f, id);
		}
		for (size_t i = 0; i < FLEET; i++) {
			j = (start + 5 * i) % FLEET;
			snprintf(id, sizeof(id), "x-%zu", j);
			put(f, id, names[j]);
		}
		walk_over(f, &after);
		assert_memory_equal(&before.names, &after.names, sizeof(before.names));
	}
}

static void many_of_one_name_are_all_found(void **state)
{
	enum { MANY = 5000 };
	struct fixture *f = *state;
	char id[16], name[32];

	for (size_t i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "x-%zu", i);
		put(f, id, i % 2 ? "odd" : "even");
	}
	for (size_t i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "x-%zu", i);
		snprintf(name, sizeof(name), "%s-%s", i % 2 ? "odd" : "even", id);
		assert_leads(f, name, id);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_made_fit),
		cmocka_unit_test(every_byte_alone_is_made_fit),
		cmocka_unit_test(a_name_is_cut_at_a_characters_edge),
		TEST(an_instance_is_found_by_its_name),
		TEST(one_without_a_name_is_called_by_its_id),
		TEST(two_of_one_name_both_get_their_id),
		TEST(no_instance_passes_for_another),
		TEST(an_instance_shown_with_its_id_anyway_shares_no_name),
		TEST(a_long_name_is_cut_to_make_room_for_the_id),
		TEST(names_are_followed),
		TEST(an_id_of_which_nothing_is_known_has_no_name),
		TEST(whatever_a_fleet_is_called_its_names_hold),
		TEST(the_same_fleet_has_the_same_names_however_it_was_listed),
		TEST(many_of_one_name_are_all_found),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
