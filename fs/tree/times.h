/*
 * The times of the tree: when what a node shows last changed, as stat reports it.
 *
 * rsync, make, find -newer and file managers compare such a time with an earlier one and read again
 * what changed; archivers compare it before and after they read, and refuse what changed meanwhile.
 * So each kind of node has the time of what it shows:
 *
 *   info.json            when the listing last said something new of the instance
 *   error                the failure's time; wake: when it was last written or taken. While there
 *                        was none: when the instance was first known
 *   an instance          when the live files that it shows last changed
 *   a link               that of its instance
 *   other directories    when a name in them last appeared, disappeared or changed
 *   what is made anew    (live files, status, stats, index.html) the present time, to the minute
 *   at every open        while it is open: when its snapshot was made
 *
 * What is made anew has no time before it is opened: it always differs from what was read before.
 * With the present time to the nanosecond, whoever reads again what changed since (lf, tail, an
 * image viewer) would never rest, and each reading is a call. So it changes once a minute: often
 * enough for who looks, and seldom enough for the account's rate.
 */
#ifndef CFS_FS_TREE_TIMES_H
#define CFS_FS_TREE_TIMES_H

#include "fs/node/node.h"

/* mtime. */
struct timespec cfs_times_modified(const struct cfs_node *node);
/* ctime: that of files and links is their mtime. A directory's is when it was first there: tar
 * compares it before and after it reads the directory, which may be when its list is made. */
struct timespec cfs_times_changed(const struct cfs_node *node);

#endif
