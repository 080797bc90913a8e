/* SPDX-License-Identifier: MIT */
/*
 * Times as text: formats RFC 3339, and parses it and ISO 8601.
 */
#ifndef CFS_BACKENDS_BASE_TIME_H
#define CFS_BACKENDS_BASE_TIME_H

#include <stdint.h>

#define CFS_TIME_TEXT sizeof("2000-01-01T00:00:00Z")

/* Seconds since the epoch as "2026-11-21T20:13:48Z"; "-" for a year that does not have four digits.
 */
void cfs_time_format(int64_t seconds, char ret_text[static CFS_TIME_TEXT]);

/* Seconds since the epoch, fractions dropped. RFC 3339, with `Z` or "+hh:mm" at the end: for what a
 * service says of an instance, which is shown as it was read. -EINVAL for anything else, and for
 * years before 1970. */
int cfs_time_parse(const char *text, int64_t *ret_time);

/*
 * The same for when keys and tokens expire, which any tool may have written: every form of ISO 8601
 * that the AWS CLI takes for one moment (it parses them with Python's dateutil). Also taken are the
 * basic form "20261121T201348Z"; no seconds, or no minutes either; a fraction of a minute;
 * "+hhmm", "+hh", "UTC" and "GMT", after a blank or not. A time without a zone is -EINVAL: to the
 * CLI it is an error too, and other SDKs take it for local time.
 */
int cfs_time_parse_iso8601(const char *text, int64_t *ret_time);

#endif
