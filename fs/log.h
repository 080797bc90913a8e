/*
 * The log: lines for the operator, to stderr while there is a terminal to read it and to syslog
 * afterwards. A line never holds a secret: callers pass names, ids, codes and sanitised texts.
 */
#ifndef CFS_LOG_H
#define CFS_LOG_H

#include <stdbool.h>

enum cfs_log_level { CFS_LOG_ERROR, CFS_LOG_WARNING, CFS_LOG_INFO, CFS_LOG_DEBUG };

#define CFS_LOG_LINE_MAX 2048 /* bytes; a longer line is cut */

/* Lines above this level are dropped. The one mutable global, with where the lines go. */
void cfs_log_set_level(enum cfs_log_level level);
/* From now on to syslog, facility daemon. */
void cfs_log_to_syslog(void);

void cfs_log(enum cfs_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
