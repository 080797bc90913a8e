/*
 * From a fault to what the user sees: an errno, its name, and what he can do.
 */
#ifndef CFS_FS_CLIENT_FAILURE_H
#define CFS_FS_CLIENT_FAILURE_H

#include <stdbool.h>
#include <time.h>

#include "backends/base/fault.h"

/* The errno (positive) of a fault. In the catalogue an instance exists whatever the cloud says, so
 * there CFS_NOT_FOUND is EHOSTDOWN: clouds give that answer for a stopped instance. */
int cfs_failure_errno(enum cfs_fault fault, bool in_catalogue);
/* "EHOSTDOWN". A static text. */
const char *cfs_failure_errno_name(int number);
/* What to do about it, one line without a full stop, "" when there is nothing to say. A static
 * text, in which "%s" stands for the permission. */
const char *cfs_failure_errno_advice(enum cfs_fault fault);

/* A failure as it is shown in `error`, `status` and the log. */
struct cfs_failure {
	struct timespec when;
	const char *action; /* static texts of the backend */
	const char *permission;
	int number; /* the errno, positive; 0: there was no failure */
	struct cfs_error error;
};

/* The failure's account, several lines, appended to buf. Errors are those of cfs_buf_add. */
struct cfs_buf;
int cfs_failure_describe(const struct cfs_failure *failure, struct cfs_buf *buf);

/* What to do about it, one line with the permission in place, appended to buf. */
int cfs_failure_advice(const struct cfs_failure *failure, struct cfs_buf *buf);

#endif
