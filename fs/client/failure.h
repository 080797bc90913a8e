/* SPDX-License-Identifier: MIT */
/*
 * Turns a fault into what the user sees: an errno, its name, and advice.
 */
#ifndef CFS_FS_CLIENT_FAILURE_H
#define CFS_FS_CLIENT_FAILURE_H

#include <stdbool.h>
#include <time.h>

#include "backends/base/fault.h"

/* The errno (positive) of a fault. An instance that is in the catalogue exists, so CFS_NOT_FOUND
 * for it is EHOSTDOWN: clouds also say "not found" about the console of a stopped instance. */
int cfs_failure_errno(enum cfs_fault fault, bool in_catalogue);
/* The name of an errno, for example "EHOSTDOWN". A static text. */
const char *cfs_failure_errno_name(int number);
/* What the user can do about a fault: one line without a full stop, or "". A static text, in which
 * "%s" stands for the missing permission. */
const char *cfs_failure_errno_advice(enum cfs_fault fault);

/* A failure, as shown in the files `error` and `status` and in the log. */
struct cfs_failure {
	struct timespec when;
	const char *action; /* static texts of the backend */
	const char *permission;
	int number; /* the errno, positive; 0: there was no failure */
	struct cfs_error error;
};

/* Appends the failure and its advice to buf, in several lines. Errors are those of cfs_buf_add. */
struct cfs_buf;
int cfs_failure_describe(const struct cfs_failure *failure, struct cfs_buf *buf);

/* Appends the advice to buf: one line, with the permission filled in. */
int cfs_failure_advice(const struct cfs_failure *failure, struct cfs_buf *buf);

#endif
