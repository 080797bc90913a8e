/* SPDX-License-Identifier: MIT */
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

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 2026-11-21, and in ISO 8601 also 20261121. */
static bool take_date(const char **at, bool iso, struct tm *tm)
{
	bool dashes;

	if (!take(at, 4, 1970, 9999, &tm->tm_year))
		return false;
	dashes = skip(at, "-");
	return (dashes || iso) && take(at, 2, 1, 12, &tm->tm_mon) && (!dashes || skip(at, "-")) &&
		take(at, 2, 1, 31, &tm->tm_mday);
}

/* 20:13:48, and in ISO 8601 also 201348, 20:13, 2013 and 20: *ret_unit is the seconds of the last
 * number. */
static bool take_clock(const char **at, bool iso, struct tm *tm, int *ret_unit)
{
	bool colons;

	*ret_unit = 3600;
	if (!take(at, 2, 0, 23, &tm->tm_hour))
		return false;
	colons = skip(at, ":");
	if (!colons && !(iso && is_digit(**at)))
		return iso;
	*ret_unit = 60;
	if (!take(at, 2, 0, 59, &tm->tm_min))
		return false;
	if (colons ? !skip(at, ":") : !is_digit(**at))
		return iso;
	*ret_unit = 1;
	return take(at, 2, 0, 60, &tm->tm_sec);
}

/* The fraction of a second, which is dropped, or of a minute. */
static bool take_fraction(const char **at, int unit, struct tm *tm)
{
	int part = 1000 * unit, thousandths = 0;

	if (!skip(at, ".,"))
		return true;
	if (!is_digit(**at) || unit > 60)
		return false;
	for (; is_digit(**at); (*at)++) {
		part /= 10;
		thousandths += part * (**at - '0');
	}
	tm->tm_sec += thousandths / 1000;
	return true;
}

/* "Z" or "+hh:mm", and in ISO 8601 also "UTC", "GMT", "-hhmm" and "+hh", after a blank or not:
 * seconds east of UTC. */
static bool take_offset(const char **at, bool iso, int *ret_seconds)
{
	int sign, hours, minutes = 0;
	bool colon;

	*ret_seconds = 0;
	if (iso)
		skip(at, " ");
	if (skip(at, "Zz"))
		return true;
	if (iso && (strcmp(*at, "UTC") == 0 || strcmp(*at, "GMT") == 0)) {
		*at += strlen(*at);
		return true;
	}
	sign = **at == '-' ? -1 : 1;
	if (!skip(at, "+-") || !take(at, 2, 0, 23, &hours))
		return false;
	colon = skip(at, ":");
	if (!colon && !iso)
		return false;
	if ((colon || **at) && !take(at, 2, 0, 59, &minutes))
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

static int parse(const char *text, bool iso, int64_t *ret_time)
{
	const char *at = text;
	struct tm tm = {0};
	int unit, offset, day;
	int64_t seconds;

	if (!take_date(&at, iso, &tm) || !skip(&at, "Tt ") || !take_clock(&at, iso, &tm, &unit) ||
		!take_fraction(&at, unit, &tm) || !take_offset(&at, iso, &offset) || *at != '\0')
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

int cfs_time_parse(const char *text, int64_t *ret_time)
{
	return parse(text, false, ret_time);
}

int cfs_time_parse_iso8601(const char *text, int64_t *ret_time)
{
	return parse(text, true, ret_time);
}
