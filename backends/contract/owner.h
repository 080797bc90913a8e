/* SPDX-License-Identifier: MIT */
/*
 * Whose a file is: whether anybody but the user of this process and root can change it.
 *
 * The rules are those of sshd's StrictModes for authorized_keys: the file, and every directory that
 * it is in, must belong to this user or to root, and neither group nor others may write to them.
 * Other than there, a directory with the sticky bit may be open to all (/tmp): nobody can replace
 * what is somebody else's in it; and directories above the home directory count too.
 */
#ifndef CFS_BACKENDS_CONTRACT_OWNER_H
#define CFS_BACKENDS_CONTRACT_OWNER_H

#include "backends/base/buf.h"

/* Appends who else can change the open file, as a sentence without its end: "/home/ann belongs to
 * uid 1000"; nothing if nobody can. It is about the file that was opened, whatever its name has
 * become. A negative errno with nothing appended. */
int cfs_owner_check(int fd, struct cfs_buf *foreign);

#endif
