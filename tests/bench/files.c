/* SPDX-License-Identifier: MIT */
/*
 * bench-files: what a reader of files waits for.
 *
 * Each line of stdin is "VERB COUNT PATH"; the answer is a line of COUNT durations in microseconds.
 *
 *     open  open, fstat, read of the size that fstat told, close
 *     stat  stat
 *     ls    opendir, readdir to the end, closedir
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

#define LINE_MAX_BYTES 4352
#define CONTENT_MAX (1 << 20)

static char content[CONTENT_MAX];

static void do_open(const char *path)
{
	struct stat st;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		bench_die(path);
	if (st.st_size <= 0 || st.st_size > CONTENT_MAX) {
		errno = EFBIG;
		bench_die(path);
	}
	n = read(fd, content, (size_t)st.st_size);
	if (n != st.st_size)
		bench_die(path);
	close(fd);
}

static void do_stat(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		bench_die(path);
}

static void do_ls(const char *path)
{
	DIR *dir = opendir(path);

	if (!dir)
		bench_die(path);
	while (readdir(dir))
		;
	closedir(dir);
}

static const struct verb {
	const char *name;
	void (*fn)(const char *path);
} verbs[] = {
	{"open", do_open},
	{"stat", do_stat},
	{"ls", do_ls},
};

static void run(const struct verb *verb, unsigned count, const char *path)
{
	while (count-- > 0) {
		double began = bench_clock_us();

		verb->fn(path);
		printf("%.1f ", bench_clock_us() - began);
	}
	putchar('\n');
	fflush(stdout);
}

int main(void)
{
	char line[LINE_MAX_BYTES], name[8], path[4097];
	unsigned count;

	while (fgets(line, sizeof(line), stdin)) {
		const struct verb *found = NULL;

		if (sscanf(line, "%7s %u %4096[^\n]", name, &count, path) != 3)
			return EXIT_FAILURE;
		for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
			if (strcmp(verbs[i].name, name) == 0)
				found = &verbs[i];
		}
		if (!found)
			return EXIT_FAILURE;
		run(found, count, path);
	}
	return EXIT_SUCCESS;
}
