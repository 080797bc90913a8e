/* SPDX-License-Identifier: MIT */
#include "backends/contract/instance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD, for a NUL too: the text ends at one */

/* Of pairs and addresses: what header and fields leave of an instance. */
#define TEXT_MAX \
	(CFS_INSTANCE_BYTES_MAX - sizeof(struct cfs_instance) - \
		sizeof(((struct cfs_instance_builder *)0)->fields))

_Static_assert(CFS_TAGS_MAX <= UINT8_MAX, "counts are kept in a byte");
_Static_assert(CFS_EXTRAS_MAX <= UINT8_MAX, "counts are kept in a byte");
_Static_assert(CFS_ADDRESSES_MAX <= UINT16_MAX, "counts are kept in two bytes");
_Static_assert(CFS_FIELD_ID == 0, "the id is the first text");

static const char *skip(const char *text, size_t n)
{
	while (n-- > 0)
		text += strlen(text) + 1;
	return text;
}

const char *cfs_instance_field(const struct cfs_instance *instance, enum cfs_field field)
{
	return skip(instance->text, field);
}

const char *cfs_instance_addresses(const struct cfs_instance *instance)
{
	return skip(instance->text, CFS_N_FIELDS);
}

const char *cfs_instance_tags(const struct cfs_instance *instance)
{
	return skip(cfs_instance_addresses(instance), instance->n_addresses);
}

const char *cfs_instance_extras(const struct cfs_instance *instance)
{
	return skip(cfs_instance_tags(instance), 2 * (size_t)instance->n_tags);
}

const char *cfs_instance_take(const char **at)
{
	const char *text = *at;

	*at = skip(text, 1);
	return text;
}

struct cfs_pair cfs_instance_take_pair(const char **at)
{
	struct cfs_pair pair;

	pair.key = cfs_instance_take(at);
	pair.value = cfs_instance_take(at);
	return pair;
}

bool cfs_instance_equal(const struct cfs_instance *a, const struct cfs_instance *b)
{
	return a->size == b->size && memcmp(a, b, a->size) == 0;
}

bool cfs_instance_says_same(const struct cfs_instance *a, const struct cfs_instance *b)
{
	return a->size == b->size && a->n_tags == b->n_tags && a->n_extras == b->n_extras &&
		a->n_addresses == b->n_addresses &&
		memcmp(a->text, b->text, a->size - offsetof(struct cfs_instance, text)) == 0;
}

void cfs_instance_destroy(struct cfs_instance *instance)
{
	free(instance);
}

void cfs_instance_builder_init(struct cfs_instance_builder *builder)
{
	cfs_buf_init(&builder->text, TEXT_MAX);
	cfs_instance_builder_reset(builder);
}

void cfs_instance_builder_finish(struct cfs_instance_builder *builder)
{
	if (builder)
		cfs_buf_finish(&builder->text);
}

void cfs_instance_builder_reset(struct cfs_instance_builder *builder)
{
	cfs_buf_clear(&builder->text);
	for (size_t i = 0; i < CFS_N_FIELDS; i++)
		builder->fields[i][0] = '\0';
	builder->n_tags = builder->n_extras = builder->n_addresses = 0;
}

static const char *text_at(const struct cfs_instance_builder *builder, uint32_t at)
{
	return at ? builder->text.data + at - 1 : "";
}

/* Whether the text is itself once it is made well-formed, and fits: nearly all are and do. */
static bool is_plain(const char *text, size_t len)
{
	unsigned char other = 0;

	for (size_t i = 0; i < len; i++)
		other |= (unsigned char)(text[i] - 1) >= 0x7f;
	return !other && len <= CFS_FIELD_TEXT_MAX;
}

/* How many bytes of text give at most CFS_FIELD_TEXT_MAX bytes once it is made well-formed. */
static size_t fitting(const char *text, size_t len)
{
	size_t in = 0, out = 0;

	while (in < len) {
		size_t n = cfs_text_utf8_length((const unsigned char *)text + in, len - in);
		size_t gives = n && text[in] != '\0' ? n : strlen(REPLACEMENT);

		if (out + gives > CFS_FIELD_TEXT_MAX)
			break;
		in += n ? n : 1;
		out += gives;
	}
	return in;
}

/* Adds what fits of a text, made well-formed. */
static void add_repaired(struct cfs_buf *all, const char *text, size_t len)
{
	len = fitting(text, len);
	for (size_t i = 0, run; i < len; i += run) {
		run = strnlen(text + i, len - i);
		if (run == 0) {
			run = 1;
			cfs_buf_adds(all, REPLACEMENT);
		} else {
			cfs_text_add_utf8(all, text + i, run);
		}
	}
}

/*
 * Adds one text and its NUL; *ret_at is where it begins, plus one. -ENOMEM, or -EFBIG when the
 * instance is full.
 */
static int add_text(
	struct cfs_instance_builder *builder, const char *text, size_t len, uint32_t *ret_at)
{
	struct cfs_buf *all = &builder->text;
	size_t before = all->len;
	int r;

	if (is_plain(text, len))
		cfs_buf_add(all, text, len);
	else
		add_repaired(all, text, len);
	cfs_buf_addc(all, '\0');
	r = cfs_buf_error(all);
	if (r < 0) {
		cfs_buf_cut(all, before);
		return r;
	}
	*ret_at = (uint32_t)before + 1;
	return 0;
}

/* What does not fit is left out, which is no error of the caller's. */
static int forgive(int r)
{
	return r == -EFBIG ? 0 : r;
}

int cfs_instance_builder_set(
	struct cfs_instance_builder *builder, enum cfs_field field, const char *text, size_t len)
{
	struct cfs_buf repaired = CFS_BUF_INIT(CFS_FIELD_TEXT_MAX);
	char *place = builder->fields[field];
	int r;

	if (is_plain(text, len)) {
		memcpy(place, text, len);
		place[len] = '\0';
		return 0;
	}
	add_repaired(&repaired, text, len);
	r = cfs_buf_error(&repaired);
	strcpy(place, r == 0 ? cfs_buf_text(&repaired) : "");
	cfs_buf_finish(&repaired);
	return r;
}

/* Adds two texts, or none. */
static int add_pair(struct cfs_instance_builder *builder, const char *key, size_t key_len,
	const char *value, size_t value_len, uint32_t *ret_key, uint32_t *ret_value)
{
	size_t before = builder->text.len;
	int r;

	r = add_text(builder, key, key_len, ret_key);
	if (r < 0)
		return r;
	r = add_text(builder, value, value_len, ret_value);
	if (r < 0)
		cfs_buf_cut(&builder->text, before);
	return r;
}

/* Moves the last tag to where its key belongs, behind those of the same key. */
static void sort_last_tag(struct cfs_instance_builder *builder)
{
	size_t at = builder->n_tags - 1U;
	struct cfs_pair_offsets last = builder->tags[at];
	const char *key = text_at(builder, last.key);

	for (; at > 0 && strcmp(text_at(builder, builder->tags[at - 1].key), key) > 0; at--)
		builder->tags[at] = builder->tags[at - 1];
	builder->tags[at] = last;
}

int cfs_instance_builder_add_tag(struct cfs_instance_builder *builder, const char *key,
	size_t key_len, const char *value, size_t value_len)
{
	uint16_t n = builder->n_tags;
	int r;

	if (n == CFS_TAGS_MAX)
		return 0;
	r = add_pair(builder, key, key_len, value, value_len, &builder->tags[n].key,
		&builder->tags[n].value);
	if (r == 0) {
		builder->n_tags++;
		sort_last_tag(builder);
	}
	return forgive(r);
}

int cfs_instance_builder_add_extra(
	struct cfs_instance_builder *builder, const char *key, const char *value, size_t len)
{
	uint16_t n = builder->n_extras;
	int r;

	if (n == CFS_EXTRAS_MAX)
		return 0;
	r = add_pair(builder, key, strlen(key), value, len, &builder->extras[n].key,
		&builder->extras[n].value);
	if (r == 0)
		builder->n_extras++;
	return forgive(r);
}

int cfs_instance_builder_add_address(
	struct cfs_instance_builder *builder, const char *text, size_t len)
{
	uint16_t n = builder->n_addresses;
	int r;

	if (n == CFS_ADDRESSES_MAX)
		return 0;
	r = add_text(builder, text, len, &builder->addresses[n]);
	if (r == 0)
		builder->n_addresses++;
	return forgive(r);
}

const char *cfs_instance_builder_get(
	const struct cfs_instance_builder *builder, enum cfs_field field)
{
	return builder->fields[field];
}

/* Copies one text to the place, unless that is NULL, and returns what is behind it. */
static char *pack(const char *text, char *place, size_t *size)
{
	size_t len = strlen(text) + 1;

	*size += len;
	return place ? (char *)mempcpy(place, text, len) : NULL;
}

/* Copies all texts to the place in the order in which an instance has them, unless it is NULL, and
 * returns how many bytes they take. */
static size_t pack_all(const struct cfs_instance_builder *builder, char *place)
{
	size_t size = 0;

	for (size_t i = 0; i < CFS_N_FIELDS; i++)
		place = pack(builder->fields[i], place, &size);
	for (size_t i = 0; i < builder->n_addresses; i++)
		place = pack(text_at(builder, builder->addresses[i]), place, &size);
	for (size_t i = 0; i < builder->n_tags; i++) {
		place = pack(text_at(builder, builder->tags[i].key), place, &size);
		place = pack(text_at(builder, builder->tags[i].value), place, &size);
	}
	for (size_t i = 0; i < builder->n_extras; i++) {
		place = pack(text_at(builder, builder->extras[i].key), place, &size);
		place = pack(text_at(builder, builder->extras[i].value), place, &size);
	}
	return size;
}

int cfs_instance_builder_build(const struct cfs_instance_builder *builder, enum cfs_power power,
	uint32_t offers, struct cfs_instance **ret_instance)
{
	size_t size = offsetof(struct cfs_instance, text) + pack_all(builder, NULL);
	struct cfs_instance *instance = malloc(size);

	if (!instance)
		return -ENOMEM;
	*instance = (struct cfs_instance){
		.size = (uint32_t)size,
		.offers = offers,
		.power = (uint8_t)power,
		.n_tags = (uint8_t)builder->n_tags,
		.n_extras = (uint8_t)builder->n_extras,
		.n_addresses = builder->n_addresses,
	};
	pack_all(builder, instance->text);
	*ret_instance = instance;
	return 0;
}
