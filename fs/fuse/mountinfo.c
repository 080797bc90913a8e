#include "fs/fuse/mountinfo.h"

#include <errno.h>
#include <stdbool.h>
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
