/*
 * What the error codes of EC2 and STS mean.
 *
 * Source: "Error codes for the Amazon EC2 API" and "Common errors" of the API references; and, for
 * what GetConsoleScreenshot really answers, records of the real service.
 */
#ifndef CFS_BACKENDS_AWS_API_ERRORS_H
#define CFS_BACKENDS_AWS_API_ERRORS_H

#include <stddef.h>

#include "backends/base/fault.h"

/* The fault of a code ("" if the answer had none) with its message and the answer's HTTP status. A
 * code `X.Y` without a row of its own is taken for an `X`. Never CFS_OK. */
enum cfs_fault cfs_aws_errors_classify(const char *code, const char *message, int status);

/* Copies the cloud's message as one printable line, without the kilobytes of encoded authorization
 * context that a denial ends with, and without the request that was signed, which a refusal of a
 * signature quotes: the session token is in it. size > 0. */
void cfs_aws_errors_message(char *out, size_t size, const char *text, size_t len);

#endif
