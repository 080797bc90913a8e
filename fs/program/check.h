/* SPDX-License-Identifier: MIT */
/*
 * consolefs --check: does each cloud work, and which permission is missing?
 *
 * Tries what a mount would do without its effects: signs in, asks who that is, lists the regions,
 * and asks for each live file whether it would be allowed. The backend says which permissions there
 * are, and knows how to ask for one without using it (CFS_PROBE).
 */
#ifndef CFS_FS_PROGRAM_CHECK_H
#define CFS_FS_PROGRAM_CHECK_H

#include "fs/cloud/clouds.h"

/* Prints the result to stdout, for people or as JSON. Runs the loop meanwhile. 1: everything works;
 * 0: something is missing or does not work; a negative errno: it could not be found out. */
int cfs_check(const struct cfs_clouds *clouds, bool json);

#endif
