#include "fs/fuse/mountinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A mount's device and mount point, cut out of its line. False if it is not such a line. */
static bool parse(char *line, char **ret_device, char **ret_mountpoint)
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
	return true;
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
