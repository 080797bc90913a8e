/* SPDX-License-Identifier: MIT */
/*
 * Sets the process up before it holds keys: what it keeps, what it may open, and who may look into it.
 */
#ifndef CFS_FS_PROGRAM_HARDEN_H
#define CFS_FS_PROGRAM_HARDEN_H

#include <stdbool.h>

/* Keys are in memory, so core dumps are turned off, and other processes of the user may not look. A
 * thousand calls at once need their sockets, so the limit of open files is raised. What fails is
 * logged as a warning. Whether keys can be locked in memory is logged at debug. */
void cfs_harden(void);

/* Opens /dev/null in place of each of stdin, stdout and stderr that is closed: otherwise another
 * file would get that number, and be lost when the daemon puts /dev/null there. To print fails then:
 * who has closed stdout is not to believe that it went anywhere. Whether that could be done. */
bool cfs_harden_stdio(void);

#endif
