/* SPDX-License-Identifier: MIT */
/*
 * Prints what `consolefs --check` found, as JSON for programs or as lines for people: both are made
 * of the same objects, one for each cloud, so that they say the same.
 *
 *   cloud, backend        names
 *   credentials           where they come from, or null; looked: where they were looked for
 *   expires               seconds since the epoch, null for never
 *   identity              an ARN, or null; identity_error
 *   regions               [{name, instances, error}]; instances is null where error is not
 *   permissions           [{name, allowed: true, false or null for unknown, error, statement}]
 *   note                  what is good to know where nothing is missing, or null
 *   ok                    whether nothing is missing
 */
#ifndef CFS_FS_PROGRAM_CHECK_REPORT_H
#define CFS_FS_PROGRAM_CHECK_REPORT_H

#include <stdbool.h>

#include <cjson/cJSON.h>

/* To stdout. 0 or a negative errno. */
int cfs_check_report_print(const cJSON *reports, bool json);

#endif
