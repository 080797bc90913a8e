#include "fs/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

static enum cfs_log_level max_level = CFS_LOG_INFO;
static bool use_syslog, use_priorities;

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

int cfs_log_level_find(const char *name)
{
	static const char *const names[] = {
		[CFS_LOG_ERROR] = "error",
		[CFS_LOG_WARNING] = "warning",
		[CFS_LOG_INFO] = "info",
		[CFS_LOG_DEBUG] = "debug",
	};
	int i;

	for (i = CFS_LOG_ERROR; i <= CFS_LOG_DEBUG; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

void cfs_log_to_journal(const char *stream)
{
	unsigned long long device, inode;
	struct stat st;
	char end;

	use_priorities = stream && sscanf(stream, "%llu:%llu%c", &device, &inode, &end) == 2 &&
		fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
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
	else if (use_priorities)
		fprintf(stderr, "<%d>%s\n", priorities[level], line);
	else
		fprintf(stderr, "consolefs: %s\n", line);
}
