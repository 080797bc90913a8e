/* SPDX-License-Identifier: MIT */
/*
 * Runs a target over files, where there is no libFuzzer: fuzz_<stem> FILE|DIRECTORY...
 * A directory stands for the files in it, and one without any is a failure: nothing was tested.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (1024 * 1024)

/* Whether the file could be read. */
static bool replay(const char *path)
{
	/* Of the file's own size, so that a byte past its end is found out. */
	uint8_t *data = NULL;
	struct stat st;
	bool read_all = false;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size > INPUT_MAX)
		goto out;
	data = malloc(st.st_size ? (size_t)st.st_size : 1);
	read_all = data && read(fd, data, (size_t)st.st_size) == st.st_size;
	if (read_all)
		LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
out:
	if (!read_all)
		fprintf(stderr, "%s: cannot be read\n", path);
	free(data);
	if (fd >= 0)
		close(fd);
	return read_all;
}

/* How many files were replayed, -1 if one could not be. */
static long replay_directory(const char *path)
{
	struct dirent *entry;
	char *file;
	long n = 0;
	DIR *dir;

	dir = opendir(path);
	if (!dir) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while (n >= 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&file, "%s/%s", path, entry->d_name) < 0) {
			n = -1;
			break;
		}
		n = replay(file) ? n + 1 : -1;
		free(file);
	}
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	struct stat st;
	long n, all = 0;

	for (int i = 1; i < argc; i++) {
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			n = replay_directory(argv[i]);
		else
			n = replay(argv[i]) ? 1 : -1;
		if (n < 0)
			return EXIT_FAILURE;
		all += n;
	}
	printf("%ld inputs\n", all);
	return all > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
