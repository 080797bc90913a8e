/* SPDX-License-Identifier: MIT */
/*
 * What the error codes of EC2 and STS mean: turns them into faults, and makes their messages fit to be
 * shown.
 *
 * Source: "Error codes for the Amazon EC2 API" and "Common errors" in the API references; for
 * GetConsoleScreenshot, also recorded answers of the service.
 */
#ifndef CFS_BACKENDS_AWS_API_ERRORS_H
#define CFS_BACKENDS_AWS_API_ERRORS_H

#include <stddef.h>

#include "backends/base/fault.h"

/* The fault for a code ("" if the answer has none), its message and the HTTP status of the answer. A
 * code `X.Y` that is not known means the same as `X`. Never CFS_OK. */
enum cfs_fault cfs_aws_errors_classify(const char *code, const char *message, int status);

/* Puts the cloud's message into the error. Leaves out the kilobytes of encoded authorization
 * context at the end of a denial. Also leaves out the signed request that a message about a wrong
 * signature quotes, because the session token is in it. */
void cfs_aws_errors_message(struct cfs_error *error, const char *text, size_t len);

#endif
