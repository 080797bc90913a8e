/*
 * by-name/: the instances of a catalogue by the names that people gave them.
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

#include "fs/catalogue/catalogue.h"

#define CFS_BY_NAME_MAX 255 /* bytes of an entry's name: NAME_MAX */

struct cfs_by_name;

/* The catalogue is borrowed for its life, and tells of what comes, goes and is renamed; of one it
 * keeps one. -ENOMEM. */
int cfs_by_name_create(struct cfs_catalogue *catalogue, struct cfs_by_name **ret_by_name);
void cfs_by_name_destroy(struct cfs_by_name *by_name);

/* An entry has got an instance, or one of another name; and it will have none, or one of another
 * name. Without a byname nothing is done. */
void cfs_by_name_enter(struct cfs_by_name *by_name, struct cfs_entry *entry);
void cfs_by_name_leave(struct cfs_by_name *by_name, struct cfs_entry *entry);

/* What the entry, one that has an instance, is called now. */
void cfs_by_name_of(const struct cfs_entry *entry, char ret_name[CFS_BY_NAME_MAX + 1]);
/* The instance of that name as the catalogue knows it now. 0; -ENOENT. */
int cfs_by_name_find(
	const struct cfs_by_name *by_name, const char *name, struct cfs_entry **ret_entry);

/* The first of the rules above: a name made fit, "" if it has nothing. */
void cfs_by_name_clean(char out[CFS_BY_NAME_MAX + 1], const char *name);

#endif
