/* SPDX-License-Identifier: MIT */
/*
 * A file of the tree that is open, for tests of what stands above the open itself.
 */
#ifndef CFS_TESTS_UNIT_SUPPORT_OPEN_FILE_H
#define CFS_TESTS_UNIT_SUPPORT_OPEN_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fs/node/node.h"

/* Opens a node, whose snapshot then is the text. origin may be NULL. */
void open_file_from(struct cfs_node *node, const char *text, struct cfs_origin *origin);

void open_file(struct cfs_node *node, const char *text);

#endif
