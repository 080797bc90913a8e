#include "backends/base/time.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

/* Reads n digits as a number from low to high. */
static bool take(const char **at, int n, int low, int high, int *ret_number)
{
	int number = 0;

	for (int i = 0; i < n; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		number = number * 10 + (**at - '0');
	}
	if (number < low || number > high)
		return false;
	*ret_number = number;
	return true;
}

static bool skip(const char **at, const char *any_of)
{
	if (**at == '\0' || !strchr(any_of, **at))
		return false;
	(*at)++;
	return true;
}

/* "Z", "UTC" (as older tools wrote it), "+hh:mm" or "-hhmm": seconds east of UTC. */
static bool take_offset(const char **at, int *ret_seconds)
{
	int sign, hours, minutes;

	*ret_seconds = 0;
	if (skip(at, "Zz"))
		return true;
	if (strcmp(*at, "UTC") == 0) {
		*at += strlen(*at);
		return true;
	}
	sign = **at == '-' ? -1 : 1;
	if (!skip(at, "+-") || !take(at, 2, 0, 23, &hours))
		return false;
	skip(at, ":");
	if (!take(at, 2, 0, 59, &minutes))
		return false;
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

void cfs_time_format(int64_t seconds, char ret_text[static CFS_TIME_TEXT])
{
	time_t at = seconds;
	struct tm utc;

	if (!gmtime_r(&at, &utc) ||
		strftime(ret_text, CFS_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		memcpy(ret_text, "-", sizeof("-"));
}

int cfs_time_parse(const char *text, int64_t *ret_time)
{
	const char *at = text;
	struct tm tm = {0};
	int offset, day;
	int64_t seconds;

	if (!take(&at, 4, 1970, 9999, &tm.tm_year) || !skip(&at, "-") ||
		!take(&at, 2, 1, 12, &tm.tm_mon) || !skip(&at, "-") ||
		!take(&at, 2, 1, 31, &tm.tm_mday) || !skip(&at, "Tt ") ||
		!take(&at, 2, 0, 23, &tm.tm_hour) || !skip(&at, ":") ||
		!take(&at, 2, 0, 59, &tm.tm_min) || !skip(&at, ":") ||
		!take(&at, 2, 0, 60, &tm.tm_sec))
		return -EINVAL;
	if (skip(&at, ".,")) {
		size_t digits = strspn(at, "0123456789");

		if (digits == 0)
			return -EINVAL;
		at += digits;
	}
	if (!take_offset(&at, &offset) || *at != '\0')
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	if (tm.tm_sec == 60)
		tm.tm_sec = 59; /* a leap second, which the epoch does not count */
	day = tm.tm_mday;
	seconds = (int64_t)timegm(&tm) - offset;
	/* timegm makes the 1st of March of the 30th of February. */
	if (tm.tm_mday != day)
		return -EINVAL;
	*ret_time = seconds;
	return 0;
}
