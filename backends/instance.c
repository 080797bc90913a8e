#include "backends/instance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD, for a NUL too: the text ends at one */

/* What an instance takes besides its text, at most. */
#define OVERHEAD_MAX \
	(sizeof(struct cfs_instance) + (CFS_TAGS_MAX + CFS_EXTRAS_MAX) * sizeof(struct cfs_pair) + \
		CFS_ADDRESSES_MAX * sizeof(char *))
#define TEXT_MAX (CFS_INSTANCE_BYTES_MAX - OVERHEAD_MAX)

_Static_assert(OVERHEAD_MAX < CFS_INSTANCE_BYTES_MAX / 2, "an instance must hold some text");

void cfs_instance_destroy(struct cfs_instance *instance)
{
	free(instance);
}

void cfs_instance_builder_init(struct cfs_instance_builder *builder)
{
	*builder = (struct cfs_instance_builder){0};
	cfs_buf_init(&builder->text, TEXT_MAX);
}

void cfs_instance_builder_finish(struct cfs_instance_builder *builder)
{
	if (builder)
		cfs_buf_finish(&builder->text);
}

void cfs_instance_builder_reset(struct cfs_instance_builder *builder)
{
	cfs_buf_clear(&builder->text);
	memset(builder->field, 0, sizeof(builder->field));
	builder->n_tags = builder->n_extras = builder->n_addresses = 0;
}

static const char *text_at(const struct cfs_instance_builder *builder, uint32_t at)
{
	return at ? builder->text.data + at - 1 : "";
}

/* Forgets text added since the buffer held len bytes. */
static void rewind_to(struct cfs_buf *text, size_t len)
{
	if (text->data) {
		text->len = len;
		text->data[len] = '\0';
	}
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

/*
 * Adds one text and its NUL; *ret_at is where it begins, plus one. -ENOMEM, or -EFBIG when the
 * instance is full.
 */
static int add_text(
	struct cfs_instance_builder *builder, const char *text, size_t len, uint32_t *ret_at)
{
	struct cfs_buf *all = &builder->text;
	size_t before = all->len;
	int r = 0;

	len = fitting(text, len);
	for (size_t i = 0, run; r == 0 && i < len; i += run) {
		run = strnlen(text + i, len - i);
		if (run == 0) {
			run = 1;
			r = cfs_buf_adds(all, REPLACEMENT);
		} else {
			r = cfs_text_add_utf8(all, text + i, run);
		}
	}
	if (r == 0)
		r = cfs_buf_addc(all, '\0');
	if (r < 0) {
		rewind_to(all, before);
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
	uint32_t at = 0;
	int r;

	/* The old text stays behind unused; packing leaves it out. */
	r = add_text(builder, text, len, &at);
	if (r == 0 || r == -EFBIG)
		builder->field[field] = at;
	return forgive(r);
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
		rewind_to(&builder->text, before);
	return r;
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
	if (r == 0)
		builder->n_tags++;
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
	return text_at(builder, builder->field[field]);
}

/* Bytes of all that is to be packed as text, NULs included. */
static size_t packed_text(const struct cfs_instance_builder *builder)
{
	size_t size = 0;

	for (size_t i = 0; i < CFS_N_FIELDS; i++)
		size += strlen(text_at(builder, builder->field[i])) + 1;
	for (size_t i = 0; i < builder->n_tags; i++) {
		size += strlen(text_at(builder, builder->tags[i].key)) + 1;
		size += strlen(text_at(builder, builder->tags[i].value)) + 1;
	}
	for (size_t i = 0; i < builder->n_extras; i++) {
		size += strlen(text_at(builder, builder->extras[i].key)) + 1;
		size += strlen(text_at(builder, builder->extras[i].value)) + 1;
	}
	for (size_t i = 0; i < builder->n_addresses; i++)
		size += strlen(text_at(builder, builder->addresses[i])) + 1;
	return size;
}

/* Copies a text to *place, which moves on behind it. */
static const char *pack_text(const struct cfs_instance_builder *builder, uint32_t at, char **place)
{
	char *begin = *place;

	*place = stpcpy(begin, text_at(builder, at)) + 1;
	return begin;
}

int cfs_instance_builder_build(const struct cfs_instance_builder *builder, enum cfs_power power,
	uint32_t offers, struct cfs_instance **ret_instance)
{
	struct cfs_instance *instance;
	struct cfs_pair *pairs;
	const char **addresses;
	size_t n_pairs = (size_t)builder->n_tags + builder->n_extras;
	char *text;

	instance = malloc(sizeof(*instance) + n_pairs * sizeof(*pairs) +
		builder->n_addresses * sizeof(*addresses) + packed_text(builder));
	if (!instance)
		return -ENOMEM;
	pairs = (struct cfs_pair *)(instance + 1);
	addresses = (const char **)(pairs + n_pairs);
	text = (char *)(addresses + builder->n_addresses);

	*instance = (struct cfs_instance){
		.tags = pairs,
		.extras = pairs + builder->n_tags,
		.addresses = addresses,
		.n_tags = builder->n_tags,
		.n_extras = builder->n_extras,
		.n_addresses = builder->n_addresses,
		.power = (uint8_t)power,
		.offers = offers,
	};
	for (size_t i = 0; i < CFS_N_FIELDS; i++)
		instance->field[i] = pack_text(builder, builder->field[i], &text);
	for (size_t i = 0; i < builder->n_tags; i++, pairs++) {
		pairs->key = pack_text(builder, builder->tags[i].key, &text);
		pairs->value = pack_text(builder, builder->tags[i].value, &text);
	}
	for (size_t i = 0; i < builder->n_extras; i++, pairs++) {
		pairs->key = pack_text(builder, builder->extras[i].key, &text);
		pairs->value = pack_text(builder, builder->extras[i].value, &text);
	}
	for (size_t i = 0; i < builder->n_addresses; i++)
		addresses[i] = pack_text(builder, builder->addresses[i], &text);
	*ret_instance = instance;
	return 0;
}
