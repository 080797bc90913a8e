/*
 * consolefs --check: does each cloud work, and what is missing?
 *
 * Tries what a mount would do without its effects: signs in, asks who that is, lists the regions,
 * and asks for each live file whether it would be allowed (EC2 by a dry run, CVM by an id that does
 * not exist).
 */
#ifndef CFS_FS_PROGRAM_CHECK_H
#define CFS_FS_PROGRAM_CHECK_H

#include "fs/cloud/clouds.h"

/* Prints the result to stdout, for people or as JSON. Runs the loop meanwhile. 1: all is well; 0:
 * something is missing or does not work; a negative errno: it could not be found out. */
int cfs_check(const struct cfs_clouds *clouds, bool json);

#endif
