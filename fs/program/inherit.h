/* SPDX-License-Identifier: MIT */
/*
 * Takes from the process that started this one only what is meant for it. A mount lives for weeks: a
 * lock or a pipe of a script that it inherited would be held as long.
 *
 * What is inherited, and what becomes of it:
 *
 *     descriptors      closed, but for stdio, the mount's and the configuration's
 *     signals          all handled as by default and none blocked; an ignored SIGHUP is remembered
 *     SSLKEYLOGFILE    removed: libcurl would write the keys of connections there
 *     other variables  left: they are the user's, as the program is, and credential processes need
 *                      them (contrib/doc/security.md lists what is read)
 *     umask            left, for credential processes: each file that is made here has a mode of its
 *                      own
 *     directory        left in the foreground; the daemon goes to / when it is ready
 *     limits           left, but for those that cfs_harden sets
 */
#ifndef CFS_FS_PROGRAM_INHERIT_H
#define CFS_FS_PROGRAM_INHERIT_H

#include <stdbool.h>
#include <stddef.h>

/* Gives every signal its default action and blocks none: a parent that ignores SIGCHLD would let
 * every credential process fail. Whether SIGHUP was ignored, as nohup(1) does it: the end of the
 * terminal must not end this process. */
bool cfs_inherit_signals(void);

/* The number of the descriptor that a path names: /dev/fd/N or /proc/self/fd/N. -1: none; path may
 * be NULL. */
int cfs_inherit_descriptor(const char *path);

/*
 * Closes every descriptor but stdio and the n spared, of which those that are -1 are passed over. The
 * spared are closed when another program is executed. With `sockets`, unnamed sockets stay too:
 * mount.fuse3 leaves the one open whose end tells fusermount3 to unmount (auto_unmount), and says
 * its number nowhere.
 */
void cfs_inherit_close(const int *spared, size_t n, bool sockets);

/* Removes the variables that libraries would take secrets by, with a line of the log for each. */
void cfs_inherit_environment(void);

#endif
