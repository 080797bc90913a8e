/* SPDX-License-Identifier: MIT */
/*
 * bench-readers THREADS WARM SECONDS PATH...: readers of files at once.
 *
 * Each thread opens, fstats, reads and closes one of the paths again and again. Prints how many
 * opens ended in each second, in the time after the first WARM seconds.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

#define STACK_BYTES (64 * 1024)
#define CONTENT_MAX (256 * 1024)

struct reader {
	pthread_t thread;
	const char *path;
	char *content;
};

static atomic_bool counting, stopping;
static atomic_ulong opens;

static void *read_on(void *arg)
{
	struct reader *reader = arg;
	struct stat st;
	int fd;

	while (!atomic_load(&stopping)) {
		fd = open(reader->path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0 ||
			read(fd, reader->content, CONTENT_MAX) != st.st_size)
			bench_die(reader->path);
		close(fd);
		if (atomic_load(&counting))
			atomic_fetch_add(&opens, 1);
	}
	return NULL;
}

static void pass(double seconds)
{
	struct timespec rest = {.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};

	while (nanosleep(&rest, &rest) < 0)
		;
}

int main(int argc, char **argv)
{
	unsigned n = argc > 4 ? (unsigned)atoi(argv[1]) : 0;
	struct reader *readers;
	pthread_attr_t attr;
	double began;

	if (n == 0)
		return EXIT_FAILURE;
	readers = calloc(n, sizeof(*readers));
	if (!readers || pthread_attr_init(&attr) != 0 ||
		pthread_attr_setstacksize(&attr, STACK_BYTES) != 0)
		bench_die("memory");
	for (unsigned i = 0; i < n; i++) {
		readers[i].path = argv[4 + i % (unsigned)(argc - 4)];
		readers[i].content = malloc(CONTENT_MAX);
		if (!readers[i].content ||
			pthread_create(&readers[i].thread, &attr, read_on, &readers[i]) != 0)
			bench_die("thread");
	}
	pass(atof(argv[2]));
	began = bench_clock_us();
	atomic_store(&counting, true);
	pass(atof(argv[3]));
	atomic_store(&counting, false);
	printf("%.2f\n", (double)atomic_load(&opens) / ((bench_clock_us() - began) / 1e6));
	atomic_store(&stopping, true);
	for (unsigned i = 0; i < n; i++) {
		pthread_join(readers[i].thread, NULL);
		free(readers[i].content);
	}
	free(readers);
	return EXIT_SUCCESS;
}
