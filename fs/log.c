#include "fs/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

static enum cfs_log_level max_level = CFS_LOG_INFO;
static bool use_syslog;

static const int priorities[] = {
	[CFS_LOG_ERROR] = LOG_ERR,
	[CFS_LOG_WARNING] = LOG_WARNING,
	[CFS_LOG_INFO] = LOG_INFO,
	[CFS_LOG_DEBUG] = LOG_DEBUG,
};

void cfs_log_set_level(enum cfs_log_level level)
{
	max_level = level;
}

void cfs_log_to_syslog(void)
{
	openlog("consolefs", LOG_PID, LOG_DAEMON);
	use_syslog = true;
}

void cfs_log(enum cfs_log_level level, const char *format, ...)
{
	char line[CFS_LOG_LINE_MAX];
	va_list args;

	if (level > max_level)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (use_syslog)
		syslog(priorities[level], "%s", line);
	else
		fprintf(stderr, "consolefs: %s\n", line);
}
