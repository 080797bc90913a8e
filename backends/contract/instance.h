/* SPDX-License-Identifier: MIT */
/*
 * One virtual machine as a listing describes it.
 *
 * An instance is immutable and one block of memory, a header and its texts, because an account may
 * have a hundred thousand of them. A builder collects the
 * fields while an answer is parsed and packs them. All text is valid UTF-8 of bounded length; what
 * a cloud sends beyond a bound is cut at a character, and beyond a count is left out. The id is
 * never cut: an instance whose id the backend does not find well-formed is not built.
 */
#ifndef CFS_BACKENDS_CONTRACT_INSTANCE_H
#define CFS_BACKENDS_CONTRACT_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/base/buf.h"

#define CFS_ID_MAX 64           /* bytes of an instance id, NUL not counted */
#define CFS_FIELD_TEXT_MAX 1024 /* bytes of any other text */
#define CFS_TAGS_MAX 64
#define CFS_ADDRESSES_MAX 1024
#define CFS_EXTRAS_MAX 32
#define CFS_INSTANCE_BYTES_MAX (128 * 1024)

/* A state in words that belong to no cloud. */
enum cfs_power {
	CFS_POWER_UNKNOWN,
	CFS_POWER_ON,
	CFS_POWER_OFF,
	CFS_POWER_CHANGING,
	CFS_POWER_GONE, /* terminated: not shown */
};

/* Two texts: a tag, or a field of the provider's own. */
struct cfs_pair {
	const char *key;
	const char *value;
};

/* The single-valued fields that every cloud has. "" where the cloud gave none. */
enum cfs_field {
	CFS_FIELD_ID,
	CFS_FIELD_NAME,
	CFS_FIELD_ZONE,
	CFS_FIELD_STATE, /* the provider's word */
	CFS_FIELD_TYPE,
	CFS_FIELD_LAUNCHED, /* RFC 3339, UTC */
	CFS_N_FIELDS
};

/* To be read by the functions below. The texts follow each other, each with its NUL: the fields in
 * their order, addresses, tags and extras, these two as key, value, key, value. No offsets are
 * kept: a text is found from the one before it. */
struct cfs_instance {
	uint32_t size;   /* bytes of the whole block */
	uint32_t offers; /* bit i: the backend's live file i makes sense now */
	uint16_t n_addresses;
	uint8_t n_tags, n_extras;
	uint8_t power; /* enum cfs_power */
	char text[];
};

/* Each text is valid as long as the instance. */
const char *cfs_instance_field(const struct cfs_instance *instance, enum cfs_field field);

/*
 * Where to begin with the addresses, tags or extras, to take as many as the instance counts by the
 * functions below. One is not had by its number: to count to each of a thousand addresses takes
 * milliseconds, for every instance that somebody has given so many.
 */
/* As text, in the order of addresses.h. */
const char *cfs_instance_addresses(const struct cfs_instance *instance);
/* In the order of their keys, whatever the cloud's order was: that may be another each time, and
 * says nothing. */
const char *cfs_instance_tags(const struct cfs_instance *instance);
/* The provider's own; a repeated key is a list. */
const char *cfs_instance_extras(const struct cfs_instance *instance);
/* Takes the text, or the pair, at *at, which is then behind it. */
const char *cfs_instance_take(const char **at);
struct cfs_pair cfs_instance_take_pair(const char **at);

static inline const char *cfs_instance_id(const struct cfs_instance *instance)
{
	return instance->text; /* the first */
}

/* Whether both are the same. */
bool cfs_instance_equal(const struct cfs_instance *a, const struct cfs_instance *b);
/* Whether all texts are the same: what the cloud said, and not what the backend makes of it. */
bool cfs_instance_says_same(const struct cfs_instance *a, const struct cfs_instance *b);

/* Destroyed with free(3): an instance owns nothing outside its own block. */
void cfs_instance_destroy(struct cfs_instance *instance);

/* Text collected so far. Fields have room of their own: however long the tags are that strangers
 * wrote, no id is lost. To be treated as opaque. */
struct cfs_instance_builder {
	char fields[CFS_N_FIELDS][CFS_FIELD_TEXT_MAX + 1];
	struct cfs_buf text; /* of pairs and addresses */
	struct cfs_pair_offsets {
		uint32_t key, value;
	} tags[CFS_TAGS_MAX], extras[CFS_EXTRAS_MAX];
	uint32_t addresses[CFS_ADDRESSES_MAX];
	uint16_t n_tags, n_extras, n_addresses;
};

void cfs_instance_builder_init(struct cfs_instance_builder *builder);
void cfs_instance_builder_finish(struct cfs_instance_builder *builder);
/* Forgets what was collected, to begin the next instance with the same memory. */
void cfs_instance_builder_reset(struct cfs_instance_builder *builder);

/* Each returns 0 or -ENOMEM. A field set twice has its last value. A pair or an address that no
 * longer fits into CFS_INSTANCE_BYTES_MAX, with all fields, is left out. */
int cfs_instance_builder_set(
	struct cfs_instance_builder *builder, enum cfs_field field, const char *text, size_t len);
int cfs_instance_builder_add_tag(struct cfs_instance_builder *builder, const char *key,
	size_t key_len, const char *value, size_t value_len);
int cfs_instance_builder_add_extra(
	struct cfs_instance_builder *builder, const char *key, const char *value, size_t len);
int cfs_instance_builder_add_address(
	struct cfs_instance_builder *builder, const char *text, size_t len);

/* The text a field was set to, "" when unset. Valid until the next change. */
const char *cfs_instance_builder_get(
	const struct cfs_instance_builder *builder, enum cfs_field field);

/* Packs. The caller owns *ret_instance. -ENOMEM. */
int cfs_instance_builder_build(const struct cfs_instance_builder *builder, enum cfs_power power,
	uint32_t offers, struct cfs_instance **ret_instance);

#endif
