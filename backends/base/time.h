/*
 * Times as text: formats and parses RFC 3339.
 */
#ifndef CFS_BACKENDS_BASE_TIME_H
#define CFS_BACKENDS_BASE_TIME_H

#include <stdint.h>

#define CFS_TIME_TEXT sizeof("2000-01-01T00:00:00Z")

/* Seconds since the epoch as "2026-11-21T20:13:48Z"; "-" for a year that does not have four digits.
 */
void cfs_time_format(int64_t seconds, char ret_text[static CFS_TIME_TEXT]);

/* Seconds since the epoch, fractions dropped. Taken are `Z`, an offset with or without a colon, and
 * `UTC`, which older AWS tools wrote. -EINVAL for anything else, and for years before 1970. */
int cfs_time_parse(const char *text, int64_t *ret_time);

#endif
