/* SPDX-License-Identifier: MIT */
/*
 * Reads the list of mounts, /proc/self/mountinfo: which device is mounted where.
 *
 * A line each: "36 35 98:0 /root /mount/point ...", where blanks, line feeds and backslashes of a
 * path are written as \040 and so on (proc(5)). Paths are what other users have mounted and named,
 * so they are compared and never shown.
 */
#ifndef CFS_FS_FUSE_MOUNTINFO_H
#define CFS_FS_FUSE_MOUNTINFO_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#define CFS_MOUNTINFO_DEVICE_MAX 24 /* bytes of a device's two numbers, NUL included */

/* Finds the device of the last mount at that path, which is the one on top. 0, or -ENOENT if there
 * is none, with *ret_device untouched. */
int cfs_mountinfo_find(FILE *list, const char *mountpoint, char *ret_device);
/* Finds the device of the only mount of that type. -ENOENT if there is none, or more than one, with
 * *ret_device untouched. */
int cfs_mountinfo_find_only(FILE *list, const char *type, char *ret_device);
/*
 * What the mount of the device lacks, in *ret_missing: "default_permissions" if others may enter and
 * nobody checks what they do, "nosuid" or "nodev"; NULL if it lacks nothing. -ENOENT: there is no
 * such mount.
 */
int cfs_mountinfo_check(FILE *list, const char *device, const char **ret_missing);
/* Whether a mount of the device is in the list. 1 or 0; a negative errno if the list could not be
 * read to its end: the mount may be in the rest. */
int cfs_mountinfo_has(FILE *list, const char *device);

/* Whether the mount of that number is all of a filesystem of that type, "fuse.NAME", which that user
 * has mounted. False also if the list cannot be read. */
bool cfs_mountinfo_is_of(FILE *list, int id, const char *type, uid_t user);

#endif
