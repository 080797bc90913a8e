/* SPDX-License-Identifier: MIT */
/*
 * The times of the tree: when what a node shows last changed, as stat reports it.
 *
 * rsync, make, find -newer and file managers compare a file's time with an earlier one, and read
 * again what has changed. Archivers compare it before and after they read, and refuse what changed
 * meanwhile. So the time of each kind of node is:
 *
 *   info.json            when the listing last said something new of the instance
 *   error                the failure's time; wake: when it was last written or taken. While there
 *                        was none: when the instance was first known
 *   an instance          when the live files that it shows last changed
 *   a link               that of its instance
 *   other directories    when a name in them last appeared, disappeared or changed
 *   what is made at      (live files, status, stats, index.html) the present time, to the minute;
 *   every open           while it is open, and in .still: when its snapshot was made
 *
 * What is made at every open has no time of its own before: the next open gives something else. With
 * the present time to the nanosecond, a program that reads again what has changed since it read it
 * (lf) would never stop, and each time is a call. To the minute, it reads once a minute.
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
