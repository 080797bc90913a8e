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
 * These are all different, and depend on nothing but the ids and names there are.
 */
#ifndef CFS_BYNAME_H
#define CFS_BYNAME_H

#include "fs/catalogue.h"

#define CFS_BYNAME_MAX 255 /* bytes of an entry's name: NAME_MAX */

struct cfs_byname;

/* The catalogue is borrowed for its life. -ENOMEM. */
int cfs_byname_create(const struct cfs_catalogue *catalogue, struct cfs_byname **ret_byname);
void cfs_byname_destroy(struct cfs_byname *byname);

/* The instance of that entry as the catalogue knows it now. 0; -ENOENT, -ENOMEM. */
int cfs_byname_find(struct cfs_byname *byname, const char *name, struct cfs_entry **ret_entry);
/* Calls fn for every entry in the order of their bytes, until it returns non-zero, and returns
 * that; or -ENOMEM. */
int cfs_byname_each(struct cfs_byname *byname,
	int (*fn)(void *arg, const char *name, const struct cfs_entry *entry), void *arg);

/* The first of the rules above: a name made fit, "" if it has nothing. */
void cfs_byname_clean(char out[CFS_BYNAME_MAX + 1], const char *name);

#endif
