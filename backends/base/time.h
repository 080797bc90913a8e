/*
 * Times as AWS writes them: RFC 3339, with `Z`, `UTC` or an offset.
 */
#ifndef CFS_BACKENDS_BASE_TIME_H
#define CFS_BACKENDS_BASE_TIME_H

#include <stdint.h>

/* Seconds since the epoch; fractions are dropped. -EINVAL for what is no such time. */
int cfs_time_parse(const char *text, int64_t *ret_time);

#endif
