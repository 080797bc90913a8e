/* SPDX-License-Identifier: MIT */
#include "fs/fuse/mountinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A mount's device and mount point, cut out of its line, and what follows them: its options, and after
 * " - " the type, the source and the filesystem's options. False if it is not such a line. */
static bool split(char *line, char **ret_device, char **ret_mountpoint, char **ret_rest)
{
	enum { DEVICE = 2, MOUNTPOINT = 4, N_FIELDS };
	char *fields[N_FIELDS], *rest = line;

	for (int i = 0; i < N_FIELDS; i++) {
		fields[i] = strsep(&rest, " ");
		if (!rest)
			return false;
	}
	*ret_device = fields[DEVICE];
	*ret_mountpoint = fields[MOUNTPOINT];
	*ret_rest = rest;
	return true;
}

static bool parse(char *line, char **ret_device, char **ret_mountpoint)
{
	char *rest;

	return split(line, ret_device, ret_mountpoint, &rest);
}

/* The type, the source and the filesystem's options of what split() has left. NULL: there are none. */
static char *filesystem_of(char *rest)
{
	char *separator = strstr(rest, " - ");

	if (!separator)
		return NULL;
	*separator = '\0';
	return separator + strlen(" - ");
}

/* Whether a word is among those that commas, blanks and the line's end separate. */
static bool has_word(const char *text, const char *word)
{
	static const char separators[] = ", \n";
	size_t len = strlen(word);

	while (*text) {
		size_t n = strcspn(text, separators);

		if (n == len && strncmp(text, word, len) == 0)
			return true;
		text += n;
		text += strspn(text, separators);
	}
	return false;
}

/* Whether `escaped` stands for the path. */
static bool is_path(const char *escaped, const char *path)
{
	for (; *path; path++) {
		if (*escaped == '\\') {
			if (strlen(escaped) < 4 ||
				(escaped[1] - '0') * 64 + (escaped[2] - '0') * 8 +
						(escaped[3] - '0') !=
					(unsigned char)*path)
				return false;
			escaped += 4;
		} else if (*escaped++ != *path) {
			return false;
		}
	}
	return *escaped == '\0';
}

int cfs_mountinfo_find(FILE *list, const char *mountpoint, char *ret_device)
{
	char *line = NULL, *device, *where;
	int r = -ENOENT;
	size_t size = 0;

	while (getline(&line, &size, list) > 0) {
		if (parse(line, &device, &where) && is_path(where, mountpoint) &&
			strlen(device) < CFS_MOUNTINFO_DEVICE_MAX) {
			strcpy(ret_device, device);
			r = 0;
		}
	}
	free(line);
	return r;
}

int cfs_mountinfo_find_only(FILE *list, const char *type, char *ret_device)
{
	char found[CFS_MOUNTINFO_DEVICE_MAX] = "", *line = NULL, *device, *where, *rest;
	size_t size = 0, n = 0;

	while (getline(&line, &size, list) > 0) {
		char *filesystem;

		if (!split(line, &device, &where, &rest) || !(filesystem = filesystem_of(rest)) ||
			strcspn(filesystem, " ") != strlen(type) ||
			strncmp(filesystem, type, strlen(type)) != 0 ||
			strlen(device) >= sizeof(found))
			continue;
		strcpy(found, device);
		n++;
	}
	free(line);
	if (n != 1)
		return -ENOENT;
	strcpy(ret_device, found);
	return 0;
}

int cfs_mountinfo_check(FILE *list, const char *device, const char **ret_missing)
{
	char *line = NULL, *found, *where, *rest;
	const char *missing = NULL;
	int r = -ENOENT;
	size_t size = 0;

	while (r < 0 && getline(&line, &size, list) > 0) {
		char *filesystem;

		if (!split(line, &found, &where, &rest) || strcmp(found, device) != 0 ||
			!(filesystem = filesystem_of(rest)))
			continue;
		if (has_word(filesystem, "allow_other") &&
			!has_word(filesystem, "default_permissions"))
			missing = "default_permissions";
		else if (!has_word(rest, "nosuid"))
			missing = "nosuid";
		else if (!has_word(rest, "nodev"))
			missing = "nodev";
		r = 0;
	}
	free(line);
	if (r == 0)
		*ret_missing = missing;
	return r;
}

int cfs_mountinfo_has(FILE *list, const char *device)
{
	char *line = NULL, *found, *where;
	size_t size = 0;
	int r = 0;

	while (r == 0 && getline(&line, &size, list) > 0)
		r = parse(line, &found, &where) && strcmp(found, device) == 0;
	if (r == 0 && !feof(list))
		r = -EIO;
	free(line);
	return r;
}

/* Whether one of the options, separated by commas, is this one. */
static bool has_option(char *options, const char *option)
{
	char *one;

	while ((one = strsep(&options, ","))) {
		one[strcspn(one, "\n")] = '\0';
		if (strcmp(one, option) == 0)
			return true;
	}
	return false;
}

/* Cuts out the fields before the optional ones, and those after them. False if it is not a line. */
static bool parse_whole(char *line, char *before[static 6], char *after[static 3])
{
	char *rest = line, *field;

	for (int i = 0; i < 6; i++) {
		before[i] = strsep(&rest, " ");
		if (!rest)
			return false;
	}
	do
		field = strsep(&rest, " ");
	while (field && strcmp(field, "-") != 0);
	for (int i = 0; i < 3; i++) {
		after[i] = strsep(&rest, " ");
		if (!after[i])
			return false;
	}
	return true;
}

bool cfs_mountinfo_is_of(FILE *list, int id, const char *type, uid_t user)
{
	char *line = NULL, *before[6], *after[3], number[16], owner[32];
	bool found = false, is = false;
	size_t size = 0;

	snprintf(number, sizeof(number), "%d", id);
	snprintf(owner, sizeof(owner), "user_id=%u", (unsigned)user);
	while (!found && getline(&line, &size, list) > 0) {
		if (!parse_whole(line, before, after) || strcmp(before[0], number) != 0)
			continue;
		found = true;
		is = strcmp(before[3], "/") == 0 && strcmp(after[0], type) == 0 &&
			has_option(after[2], owner);
	}
	free(line);
	return is;
}
