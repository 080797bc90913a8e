/* SPDX-License-Identifier: MIT */
/*
 * Names for the directory by-name/: finds instances by the names that users gave them.
 *
 * Such a name need not be unique or valid as a file name, and may be chosen by an attacker. So the
 * directory shows an instance under
 *
 *   - its clean name: each `/`, invalid byte and unprintable character (cfs_text_is_unprintable)
 *     is replaced by `_`, and so is a `-`, `+` or `.` at the beginning; the name is cut to 255
 *     bytes without splitting a character. An instance without a name is shown under its id;
 *   - with `-ID` appended (the name is cut to make room) if another instance has the same clean
 *     name, or if the clean name ends in a valid instance id, so that no instance can pass for
 *     another by its name.
 *
 * In `tar cf x.tar *` a name with `-` at the beginning would be an option, and tar has one that runs
 * a command; so have vim and less with `+`. One with `.` would be hidden from ls and from `*`.
 *
 * The resulting names are all different, and depend on nothing but the ids and names of the
 * instances. Only which entries share a clean name is stored, in the entries themselves; the name
 * of an entry in the directory is computed when needed.
 */
#ifndef CFS_FS_CATALOGUE_BY_NAME_H
#define CFS_FS_CATALOGUE_BY_NAME_H

#include "fs/catalogue/entries.h"

#define CFS_BY_NAME_MAX 255 /* bytes of an entry's name: NAME_MAX */

/*
 * Entries with the same clean name form a ring. One of them, the leader, is in the hash table for
 * all. An entry whose name is empty or ends in an id is in no ring, because its name in the
 * directory does not depend on the names of others.
 */
struct cfs_by_name {
	const struct cfs_entries *entries;
	bool (*valid_id)(const char *id);
	struct cfs_table names;
	int64_t changed_ns; /* when a name in the directory last changed, since the epoch */
};

/* `entries` are borrowed; `valid_id` is the backend's function. 0 or -ENOMEM. */
int cfs_by_name_init(struct cfs_by_name *by_name, const struct cfs_entries *entries,
	bool (*valid_id)(const char *id));
/* Accepts a zeroed struct. */
void cfs_by_name_finish(struct cfs_by_name *by_name);

/* Call enter after an entry got an instance, or one with another name; call leave before it loses
 * its instance, or gets one with another name. */
void cfs_by_name_enter(struct cfs_by_name *by_name, struct cfs_entry *entry);
void cfs_by_name_leave(struct cfs_by_name *by_name, struct cfs_entry *entry);

/* The current name in by-name/ of an entry that has an instance. */
void cfs_by_name_of(const struct cfs_entry *entry, char ret_name[CFS_BY_NAME_MAX + 1]);
/* Finds the instance with that name in by-name/, without asking the cloud. 0 or -ENOENT. */
int cfs_by_name_find(
	const struct cfs_by_name *by_name, const char *name, struct cfs_entry **ret_entry);

/* Makes the clean name by the first of the rules above; "" stays "". */
void cfs_by_name_clean(char out[CFS_BY_NAME_MAX + 1], const char *name);

#endif
