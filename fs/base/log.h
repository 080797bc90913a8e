/* SPDX-License-Identifier: MIT */
/*
 * The log: writes lines for the operator, to stderr in the foreground and to syslog as a daemon.
 *
 * A line never contains a secret: callers pass names, ids, codes and sanitised texts.
 */
#ifndef CFS_FS_BASE_LOG_H
#define CFS_FS_BASE_LOG_H

#include <stdbool.h>

enum cfs_log_level { CFS_LOG_ERROR, CFS_LOG_WARNING, CFS_LOG_INFO, CFS_LOG_DEBUG };

#define CFS_LOG_LINE_MAX 2048 /* bytes; a longer line is cut */

/* Lines above this level are dropped. The level, where lines go and how many were lost are the only
 * mutable globals. */
void cfs_log_set_level(enum cfs_log_level level);
/* The level called `name` ("error", "warning", "info", "debug"), or -1. */
int cfs_log_level_find(const char *name);
/* Makes lines on stderr begin with their priority, as in sd-daemon(3), if stderr is connected to
 * the journal. `stream` is the value of $JOURNAL_STREAM, or NULL: it must name the device and inode
 * of stderr, because the variable alone may be inherited by a shell whose stderr is a terminal. */
void cfs_log_to_journal(const char *stream);
/* Sends lines to syslog, facility daemon, from now on. */
void cfs_log_to_syslog(void);

/* Writes a line. Never blocks: a line that cannot be written at once is lost (and counted). */
void cfs_log(enum cfs_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
