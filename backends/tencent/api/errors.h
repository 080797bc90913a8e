/* SPDX-License-Identifier: MIT */
/*
 * What the error codes of CVM, of STS and of API 3.0 mean.
 *
 * Source: the error code sections of DescribeInstanceVncUrl and DescribeInstances
 * (https://cloud.tencent.com/document/api/213/18150, .../15728) and the common error codes
 * (https://cloud.tencent.com/document/api/213/30435); those of STS
 * (https://cloud.tencent.com/document/api/1312/48200).
 */
#ifndef CFS_BACKENDS_TENCENT_API_ERRORS_H
#define CFS_BACKENDS_TENCENT_API_ERRORS_H

#include <stdbool.h>
#include <stddef.h>

#include "backends/base/fault.h"

/*
 * The fault of a code. One without a row of its own has that of the code it refines: `X.Y.Z` that
 * of `X.Y`, then of `X`. One of no known family is CFS_REJECTED.
 */
enum cfs_fault cfs_tencent_errors_fault(const char *code);

/* Whether an error of DescribeInstanceVncUrl shows that the call was permitted: one about the
 * instance and what it can do now. (One about the form of its id may come before permission is
 * looked at, and shows nothing.) */
bool cfs_tencent_errors_permitted(const char *code);

#endif
