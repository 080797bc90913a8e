/* SPDX-License-Identifier: MIT */
#include "fs/program/check_report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backends/base/time.h"

static const char *text_of(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static void print_credentials(const cJSON *report)
{
	const cJSON *expires = cJSON_GetObjectItemCaseSensitive(report, "expires");
	const char *source = text_of(report, "credentials"), *end;
	char when[CFS_TIME_TEXT];

	if (!source) {
		printf("  credentials  none; looked in\n");
		for (const char *line = text_of(report, "looked");
			line && (end = strchr(line, '\n')); line = end + 1)
			printf("                 %.*s\n", (int)(end - line), line);
		return;
	}
	printf("  credentials  %s", source);
	if (cJSON_IsNumber(expires)) {
		cfs_time_format((int64_t)cJSON_GetNumberValue(expires), when);
		printf(", until %s", when);
	}
	printf("\n");
}

/* One cause may fail everything: its message is printed once. */
static const char *once(const char *error, const char **printed)
{
	if (*printed && strcmp(*printed, error) == 0)
		return "as above";
	*printed = error;
	return error;
}

static void print_permission(const cJSON *permission, const char **printed)
{
	const cJSON *allowed = cJSON_GetObjectItemCaseSensitive(permission, "allowed");
	const char *name = text_of(permission, "name");

	if (cJSON_IsTrue(allowed)) {
		printf("  allowed      %s\n", name);
	} else if (cJSON_IsFalse(allowed)) {
		printf("  MISSING      %s; add to the policy:\n                 %s\n", name,
			text_of(permission, "statement"));
	} else {
		printf("  unknown      %s: %s\n", name,
			once(text_of(permission, "error"), printed));
	}
}

static void print_report(const cJSON *report)
{
	const cJSON *item, *instances;
	const char *identity = text_of(report, "identity"), *printed = NULL;
	const char *note = text_of(report, "note");

	printf("%s (backend %s)\n", text_of(report, "cloud"), text_of(report, "backend"));
	print_credentials(report);
	if (identity)
		printf("  who          %s\n", identity);
	else if (!text_of(report, "credentials"))
		printf("  who          NOT KNOWN: there are no credentials\n");
	else
		printf("  who          %s: %s\n", note ? "not known" : "NOT KNOWN",
			once(text_of(report, "identity_error"), &printed));
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(report, "regions"))
	{
		instances = cJSON_GetObjectItemCaseSensitive(item, "instances");
		if (cJSON_IsNumber(instances))
			printf("  region       %s: %.0f instances\n", text_of(item, "name"),
				cJSON_GetNumberValue(instances));
		else
			printf("  region       %s: FAILED: %s\n", text_of(item, "name"),
				once(text_of(item, "error"), &printed));
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(report, "permissions"))
	{
		print_permission(item, &printed);
	}
	if (note)
		printf("  note         %s\n", note);
	printf("  %s\n",
		cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(report, "ok")) ? "OK" : "NOT OK");
}

/* The one next step: the first cloud that does not work decides. */
static void print_next(const cJSON *reports)
{
	const cJSON *report;
	const char *next = NULL;

	cJSON_ArrayForEach(report, reports)
	{
		if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(report, "ok")))
			continue;
		next = text_of(report, "next");
		printf("next: [%s] %s\n", text_of(report, "cloud"),
			next ? next : "add the statement above to the policy");
		return;
	}
	printf("next: mount it: consolefs DIR\n");
}

int cfs_check_report_print(const cJSON *reports, bool json)
{
	const cJSON *report;
	char *text;

	if (json) {
		text = cJSON_Print(reports);
		if (!text)
			return -ENOMEM;
		printf("%s\n", text);
		cJSON_free(text);
	} else {
		cJSON_ArrayForEach(report, reports)
		{
			print_report(report);
		}
		print_next(reports);
	}
	return fflush(stdout) == 0 ? 0 : -errno;
}
