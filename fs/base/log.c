/* SPDX-License-Identifier: MIT */
/*
 * A line that cannot be written at once is dropped and counted. The reader of the log may have
 * stopped and its pipe or socket may be full; a mount that waited for it would hang every process
 * that uses the mount. The next line that can be written says how many were lost. For the same
 * reason this file talks to syslog itself: syslog(3) blocks.
 */
#include "fs/base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "fs/base/clock.h"

#define SYSLOG_SOCKET "/dev/log"
#define FRAME_MAX 128 /* bytes around a line: priority, time, program name and pid */

static enum cfs_log_level max_level = CFS_LOG_INFO;
static bool use_syslog, use_priorities;
static int syslog_fd = -1;
static unsigned long n_lost;

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
	for (int i = CFS_LOG_ERROR; i <= CFS_LOG_DEBUG; i++)
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
	use_syslog = true;
}

static void disconnect(void)
{
	if (syslog_fd >= 0)
		close(syslog_fd);
	syslog_fd = -1;
}

static bool connect_to_syslog(void)
{
	static const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = SYSLOG_SOCKET};

	if (syslog_fd >= 0)
		return true;
	syslog_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (syslog_fd < 0)
		return false;
	if (connect(syslog_fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return true;
	disconnect();
	return false;
}

/* Sends one datagram in the format of RFC 3164, which every syslogd and the journal understand. */
static bool send_to_syslog(enum cfs_log_level level, const char *line)
{
	char message[CFS_LOG_LINE_MAX + FRAME_MAX], when[sizeof("Jan 31 23:59:59")] = "";
	time_t now = cfs_clock_wall().tv_sec;
	struct tm tm;
	int len;

	/* RFC 3164 wants English names of months; this process never leaves the C locale. */
	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%b %e %H:%M:%S", &tm);
	len = snprintf(message, sizeof(message), "<%d>%s consolefs[%d]: %s",
		LOG_DAEMON | priorities[level], when, (int)getpid(), line);
	if (len >= (int)sizeof(message))
		len = sizeof(message) - 1;
	for (int i = 0; i < 2 && connect_to_syslog(); i++) {
		if (send(syslog_fd, message, (size_t)len, MSG_NOSIGNAL) == len)
			return true;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return false;
		/* syslogd was restarted, or has stopped: connect again once. */
		disconnect();
	}
	return false;
}

/* Does not block: poll says that stderr is ready, and a line is shorter than the PIPE_BUF bytes
 * that a ready pipe then takes. */
static bool write_to_stderr(enum cfs_log_level level, const char *line)
{
	struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
	char text[CFS_LOG_LINE_MAX + FRAME_MAX];
	int len;

	if (poll(&ready, 1, 0) != 1)
		return false;
	if (use_priorities)
		len = snprintf(text, sizeof(text), "<%d>%s\n", priorities[level], line);
	else
		len = snprintf(text, sizeof(text), "consolefs: %s\n", line);
	return write(STDERR_FILENO, text, (size_t)len) == len;
}

static bool write_line(enum cfs_log_level level, const char *line)
{
	return use_syslog ? send_to_syslog(level, line) : write_to_stderr(level, line);
}

void cfs_log(enum cfs_log_level level, const char *format, ...)
{
	char line[CFS_LOG_LINE_MAX], lost[FRAME_MAX];
	va_list args;

	if (level > max_level)
		return;
	if (n_lost > 0) {
		snprintf(lost, sizeof(lost), "%lu log lines could not be written and are lost",
			n_lost);
		if (write_line(CFS_LOG_WARNING, lost))
			n_lost = 0;
	}
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n_lost > 0 || !write_line(level, line))
		n_lost++;
}
