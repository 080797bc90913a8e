/*
 * The log: lines for the operator, to stderr while there is a terminal to read it and to syslog
 * afterwards. A line never holds a secret: callers pass names, ids, codes and sanitised texts.
 */
#ifndef CFS_FS_BASE_LOG_H
#define CFS_FS_BASE_LOG_H

#include <stdbool.h>

enum cfs_log_level { CFS_LOG_ERROR, CFS_LOG_WARNING, CFS_LOG_INFO, CFS_LOG_DEBUG };

#define CFS_LOG_LINE_MAX 2048 /* bytes; a longer line is cut */

/* Lines above this level are dropped. The one mutable global, with where the lines go and how many
 * were lost. */
void cfs_log_set_level(enum cfs_log_level level);
/* The level of that name ("error", "warning", "info", "debug"), or -1. */
int cfs_log_level_find(const char *name);
/* Lines on stderr begin with their priority, as sd-daemon(3) has it, if stderr is the journal's: if
 * $JOURNAL_STREAM, which is `stream` and may be NULL, names its device and inode. A variable that
 * is left from whoever started the shell of a terminal does not. */
void cfs_log_to_journal(const char *stream);
/* From now on to syslog, facility daemon. */
void cfs_log_to_syslog(void);

/* Never waits: a line that nobody takes is lost. */
void cfs_log(enum cfs_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
