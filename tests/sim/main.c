/* SPDX-License-Identifier: MIT */
#include "log.h"
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EXIT_USAGE 2

/* A reader sees nothing, or all of it. */
static int write_file(const char *path, const char *text)
{
	struct sim_buf name = {0};
	size_t len = strlen(text);
	int r = -ENOMEM, fd = -1;
	sim_buf_addf(&name, "%s.%ld.tmp", path, (long)getpid());
	if (name.failed)
		goto out;
	fd = open(name.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0) {
		r = -errno;
		goto out;
	}
	ssize_t written = write(fd, text, len);
	if (written < 0 || (size_t)written != len)
		r = written < 0 ? -errno : -EIO;
	else
		r = rename(name.data, path) < 0 ? -errno : 0;
	if (r < 0)
		unlink(name.data);
out:
	if (fd >= 0)
		close(fd);
	sim_buf_finish(&name);
	return r;
}

/* A descriptor that is readable once SIGTERM or SIGINT came. */
static int open_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int fail(const char *what, const char *path, int r)
{
	fprintf(stderr, "consolefs-sim: %s%s%s: %s\n", what, path ? " " : "", path ? path : "",
		strerror(-r));
	return r;
}

static int announce(const struct sim_options *options, const struct sim_tls *tls,
	const struct sim_server *server)
{
	char url[64];
	int r;
	if (options->ca_file) {
		r = write_file(options->ca_file, tls->ca);
		if (r < 0)
			return fail("cannot write", options->ca_file, r);
	}
	if (options->metadata_file) {
		snprintf(url, sizeof(url), "http://127.0.0.1:%u\n",
			sim_server_metadata_port(server));
		r = write_file(options->metadata_file, url);
		if (r < 0)
			return fail("cannot write", options->metadata_file, r);
	}
	snprintf(url, sizeof(url), "https://127.0.0.1:%u\n", sim_server_port(server));
	if (options->ready_file) {
		r = write_file(options->ready_file, url);
		if (r < 0)
			return fail("cannot write", options->ready_file, r);
	} else {
		fputs(url, stdout);
		fflush(stdout);
	}
	return 0;
}

static int serve(const struct sim_options *options, struct sim *sim)
{
	struct sim_tls tls = {0};
	struct sim_server *server = NULL;
	int log_fd = -1, issued_fd = -1, stop_fd = -1;
	int r = stop_fd = open_signals();
	if (r < 0) {
		fail("cannot wait for signals", NULL, r);
		goto out;
	}
	if (options->log_file) {
		r = log_fd = sim_log_open(options->log_file);
		if (r < 0) {
			fail("cannot open", options->log_file, r);
			goto out;
		}
	}
	if (options->issued_file) {
		r = issued_fd = sim_log_open(options->issued_file);
		if (r < 0) {
			fail("cannot open", options->issued_file, r);
			goto out;
		}
		sim->issued_fd = issued_fd;
	}
	r = sim_tls_init(&tls, options->authority_file);
	if (r < 0) {
		fail("cannot make a certificate", options->authority_file, r);
		goto out;
	}
	r = sim_server_create(sim, &tls, log_fd, &server);
	if (r < 0) {
		fail("cannot listen on 127.0.0.1", NULL, r);
		goto out;
	}
	r = announce(options, &tls, server);
	if (r < 0)
		goto out;
	r = sim_server_run(server, stop_fd);
	if (r < 0)
		fail("cannot go on", NULL, r);
out:
	sim_server_destroy(server);
	sim_tls_finish(&tls);
	sim->issued_fd = -1;
	if (issued_fd >= 0)
		close(issued_fd);
	if (log_fd >= 0)
		close(log_fd);
	if (stop_fd >= 0)
		close(stop_fd);
	return r;
}

int main(int argc, char **argv)
{
	struct sim_options *options = calloc(1, sizeof(*options));
	struct sim *sim = calloc(1, sizeof(*sim));
	pid_t parent = getppid();
	int status = EXIT_FAILURE;
	if (!options || !sim) {
		fail("cannot start", NULL, -ENOMEM);
		goto out;
	}
	int r = sim_options_parse(argc, argv, options);
	if (r != 0) {
		status = r > 0 ? EXIT_SUCCESS : EXIT_USAGE;
		goto out;
	}
	if (options->die_with_parent) {
		/* The second look is for a parent that died before the first line. */
		if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0) {
			fail("cannot follow the parent", NULL, -errno);
			goto out;
		}
		if (getppid() != parent)
			goto out;
	}
	r = sim_init(sim, options);
	if (r < 0) {
		fail("cannot make the fleet", NULL, r);
		goto out;
	}
	status = serve(options, sim) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	sim_finish(sim);
out:
	free(sim);
	free(options);
	return status;
}
