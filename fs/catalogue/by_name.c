/* SPDX-License-Identifier: MIT */
#include "fs/catalogue/by_name.h"

#include <errno.h>
#include <string.h>

#include "backends/base/text.h"
#include "fs/base/clock.h"

int cfs_by_name_init(struct cfs_by_name *by_name, const struct cfs_entries *entries,
	bool (*valid_id)(const char *id))
{
	*by_name = (struct cfs_by_name){
		.entries = entries, .valid_id = valid_id, .changed_ns = cfs_clock_wall_ns()};
	return cfs_table_init(&by_name->names);
}

void cfs_by_name_finish(struct cfs_by_name *by_name)
{
	cfs_table_finish(&by_name->names);
}

void cfs_by_name_clean(char out[CFS_BY_NAME_MAX + 1], const char *name)
{
	const unsigned char *in = (const unsigned char *)name;
	size_t len = strlen(name), used = 0, n;

	for (; len > 0; in += n, len -= n) {
		n = cfs_text_utf8_length(in, len);
		if (n == 0 || *in == '/' || cfs_text_is_unprintable(in, n)) {
			n = n ? n : 1;
			if (used == CFS_BY_NAME_MAX)
				break;
			out[used++] = '_';
		} else {
			if (n > CFS_BY_NAME_MAX - used)
				break;
			memcpy(out + used, in, n);
			used += n;
		}
	}
	out[used] = '\0';
	if (out[0] == '-' || out[0] == '+' || out[0] == '.')
		out[0] = '_';
}

/* The longest suffix of the text that is a valid id: the whole text, or a part after a hyphen. NULL
 * if there is none. */
static const char *id_at_end(const struct cfs_by_name *by_name, const char *text)
{
	while (text && !by_name->valid_id(text)) {
		text = strchr(text, '-');
		text = text ? text + 1 : NULL;
	}
	return text;
}

static void clean_name(const struct cfs_entry *entry, char out[CFS_BY_NAME_MAX + 1])
{
	cfs_by_name_clean(out, cfs_instance_field(entry->instance, CFS_FIELD_NAME));
}

/* The leader of the entries with this clean name, or NULL. */
static struct cfs_entry *find_leader(const struct cfs_by_name *by_name, const char *name)
{
	struct cfs_link *link = cfs_table_first(&by_name->names, cfs_table_hash(name));
	char other[CFS_BY_NAME_MAX + 1];
	struct cfs_entry *leader;

	for (; link; link = cfs_table_next(link)) {
		leader = CFS_LINKED(link, struct cfs_entry, by_name);
		clean_name(leader, other);
		if (strcmp(name, other) == 0)
			return leader;
	}
	return NULL;
}

static void lead(struct cfs_by_name *by_name, struct cfs_entry *entry, uint32_t hash)
{
	entry->leads_namesakes = true;
	cfs_table_add(&by_name->names, &entry->by_name, hash);
}

void cfs_by_name_enter(struct cfs_by_name *by_name, struct cfs_entry *entry)
{
	char name[CFS_BY_NAME_MAX + 1];
	struct cfs_entry *leader;

	by_name->changed_ns = cfs_clock_wall_ns();
	clean_name(entry, name);
	entry->claims_id = id_at_end(by_name, name) != NULL;
	if (entry->claims_id || name[0] == '\0')
		return;
	leader = find_leader(by_name, name);
	if (!leader) {
		entry->next_namesake = entry->prev_namesake = entry;
		lead(by_name, entry, cfs_table_hash(name));
		return;
	}
	entry->prev_namesake = leader;
	entry->next_namesake = leader->next_namesake;
	entry->prev_namesake->next_namesake = entry->next_namesake->prev_namesake = entry;
}

void cfs_by_name_leave(struct cfs_by_name *by_name, struct cfs_entry *entry)
{
	struct cfs_entry *next = entry->next_namesake;

	by_name->changed_ns = cfs_clock_wall_ns();
	if (!next)
		return;
	next->prev_namesake = entry->prev_namesake;
	entry->prev_namesake->next_namesake = next;
	entry->next_namesake = entry->prev_namesake = NULL;
	if (!entry->leads_namesakes)
		return;
	entry->leads_namesakes = false;
	cfs_table_remove(&by_name->names, &entry->by_name);
	if (next != entry)
		lead(by_name, next, entry->by_name.hash);
}

/* The length of the name when cut to at most max bytes without splitting a character. */
static size_t cut(const char *name, size_t max)
{
	size_t len = strlen(name);

	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)name[max] & 0xc0) == 0x80)
		max--;
	return max;
}

void cfs_by_name_of(const struct cfs_entry *entry, char ret_name[CFS_BY_NAME_MAX + 1])
{
	size_t id_len = strlen(entry->id), len;

	clean_name(entry, ret_name);
	if (ret_name[0] == '\0') {
		memcpy(ret_name, entry->id, id_len + 1);
	} else if (entry->claims_id || entry->next_namesake != entry) {
		len = cut(ret_name, CFS_BY_NAME_MAX - 1 - id_len);
		ret_name[len] = '-';
		memcpy(ret_name + len + 1, entry->id, id_len + 1);
	}
}

/* The instance whose id the name ends in, if by-name/ shows that instance under this very name. */
static struct cfs_entry *find_by_id(const struct cfs_by_name *by_name, const char *name)
{
	char own[CFS_BY_NAME_MAX + 1];
	struct cfs_entry *entry;

	for (const char *id = id_at_end(by_name, name); id; id = id_at_end(by_name, id + 1)) {
		entry = cfs_entries_find(by_name->entries, id);
		if (!entry || !entry->instance)
			continue;
		cfs_by_name_of(entry, own);
		if (strcmp(own, name) == 0)
			return entry;
	}
	return NULL;
}

int cfs_by_name_find(
	const struct cfs_by_name *by_name, const char *name, struct cfs_entry **ret_entry)
{
	struct cfs_entry *entry = find_by_id(by_name, name);

	if (!entry) {
		entry = find_leader(by_name, name);
		/* Instances that share a name are only found with their id appended. */
		if (!entry || entry->next_namesake != entry)
			return -ENOENT;
	}
	*ret_entry = entry;
	return 0;
}
