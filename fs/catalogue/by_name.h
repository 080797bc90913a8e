/*
 * The directory by-name/: the instances of a cloud by the names that people gave them.
 *
 * Names come from strangers and need be neither unique nor fit for a file. So the entry of an
 * instance is
 *
 *   - its name with `/`, control characters, marks that reorder text and ill-formed bytes replaced
 * by `_`, `.` and `..` by `_` and `__`, cut to 255 bytes at a character's edge; its id if it has no
 * name;
 *   - with `-ID` appended (the name cut to make room) if another instance has the same, or if it
 * ends in what is an instance's id: nobody can pass for another by his name.
 *
 * These are all different, and depend on nothing but the ids and names there are. What is kept is
 * only who has which name, in the entries themselves; an entry's name is made when it is wanted.
 */
#ifndef CFS_FS_CATALOGUE_BY_NAME_H
#define CFS_FS_CATALOGUE_BY_NAME_H

#include "fs/catalogue/entries.h"

#define CFS_BY_NAME_MAX 255 /* bytes of an entry's name: NAME_MAX */

/*
 * Entries of one clean name are a ring, and one of them leads it: it stands in the table for all.
 * An entry whose name is empty or claims an id is in no ring, because its name in the directory
 * does not depend on what others are called.
 */
struct cfs_by_name {
	const struct cfs_entries *entries;
	bool (*valid_id)(const char *id);
	struct cfs_table names;
};

/* entries are borrowed; valid_id is the backend's. -ENOMEM. */
int cfs_by_name_init(struct cfs_by_name *by_name, const struct cfs_entries *entries,
	bool (*valid_id)(const char *id));
/* Accepts one that is zeroed. */
void cfs_by_name_finish(struct cfs_by_name *by_name);

/* An entry has got an instance, or one of another name; and it will have none, or one of another
 * name. */
void cfs_by_name_enter(struct cfs_by_name *by_name, struct cfs_entry *entry);
void cfs_by_name_leave(struct cfs_by_name *by_name, struct cfs_entry *entry);

/* What the entry, one that has an instance, is called now. */
void cfs_by_name_of(const struct cfs_entry *entry, char ret_name[CFS_BY_NAME_MAX + 1]);
/* The instance of that name as it is known now. 0; -ENOENT. */
int cfs_by_name_find(
	const struct cfs_by_name *by_name, const char *name, struct cfs_entry **ret_entry);

/* The first of the rules above: a name made fit, "" if it has nothing. */
void cfs_by_name_clean(char out[CFS_BY_NAME_MAX + 1], const char *name);

#endif
