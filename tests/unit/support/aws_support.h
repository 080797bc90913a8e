/* SPDX-License-Identifier: MIT */
/* What the tests of the AWS backend share: an environment of their own, and fixtures. */
#ifndef CFS_TESTS_UNIT_SUPPORT_AWS_SUPPORT_H
#define CFS_TESTS_UNIT_SUPPORT_AWS_SUPPORT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/contract/backend.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

/* Somebody else could change the file of this path, and the env is wary of that. */
#define FOREIGN(path) "foreign " path

/* Variables, and files whose names begin with '/'. A file that is "EACCES" cannot be read. Random
 * bytes are 0, 1, 2 ... */
struct fake_env {
	struct cfs_env env;
	int64_t host_time; /* 0: that of the cloud */
	struct {
		const char *name, *value;
	} entries[24];
};

/* As the backends are handed it; *fake must live as long. */
const struct cfs_env *fake_env_of(struct fake_env *fake);

/* Appends a file of tests/unit/data/aws. */
struct cfs_buf load_fixture(const char *name);

#endif
