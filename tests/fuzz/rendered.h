/* SPDX-License-Identifier: MIT */
/*
 * What the files `status` and `stats` promise, whatever the clouds have said.
 */
#ifndef CFS_FUZZ_RENDERED_H
#define CFS_FUZZ_RENDERED_H

#include "fs/cloud/clouds.h"
#include "tests/fuzz/fuzz.h"

/* Renders both and reads them as their readers do. `tells`: whether a secret is in a text; it is in
 * neither. */
void fuzz_rendered_check(const struct cfs_clouds *clouds, bool (*tells)(const char *text));

#endif
