#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include "fs/base/caller.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/client/metrics.h"
#include "fs/cloud/clouds.h"
#include "fs/cloud/config.h"
#include "fs/fuse/session.h"
#include "fs/program/check.h"
#include "fs/program/daemon.h"
#include "fs/program/demo.h"
#include "fs/program/mountpoint.h"
#include "fs/program/notify.h"
#include "fs/program/options.h"

#define WHY_MAX 8192 /* bytes of a reason not to start */

/* Everything there is while it runs. */
struct program {
	struct cfs_options options;
	struct cfs_config config;
	struct cfs_buf why;
	char *mountpoint;
	struct cfs_daemon daemon;
	struct cfs_demo *demo;
	struct cfs_runtime runtime;
	struct cfs_clouds clouds;
	struct cfs_guests guests;                 /* whose opens are refused */
	struct cfs_current_caller current_caller; /* as in the machine */
	struct cfs_session *session;
	struct cfs_watch http_watch, signal_watch;
	int signals; /* a signalfd */
	bool ended;  /* by a signal */
	bool unwell; /* a check found something wrong */
};

static void tell_manager(const char *state)
{
	int r = cfs_notify(&cfs_env_process, state);

	if (r < 0)
		cfs_log(CFS_LOG_WARNING, "cannot tell the service manager %s: %s", state,
			strerror(-r));
}

/* Reads the configuration file, if there is one. */
static int read_config(
	const struct program *program, struct cfs_config_items *items, struct cfs_buf *why)
{
	char *path = NULL;
	int r = 0;

	if (program->demo)
		return 0;
	if (!program->options.config_file) {
		r = cfs_config_default_path(&cfs_env_process, &path);
		if (r < 0)
			return r;
	}
	if (program->options.config_file || path)
		r = cfs_config_items_read(
			items, path ? path : program->options.config_file, &cfs_env_process, why);
	free(path);
	return r;
}

/* Reads the configuration again. A bad one is refused, and everything stays as it is. */
static void reload(struct program *program)
{
	struct cfs_buf why = CFS_BUF_INIT(WHY_MAX);
	struct cfs_config config;
	int r;

	tell_manager(CFS_NOTIFY_RELOADING);
	cfs_config_init(&config);
	r = cfs_config_items_copy_options(&config.items, &program->config.items);
	if (r == 0)
		r = read_config(program, &config.items, &why);
	if (r == 0)
		r = cfs_config_resolve(&config, &why);
	if (r == 0)
		r = cfs_clouds_configure(&program->clouds, &config, &why);
	if (r == 0)
		program->guests = config.guests;
	if (r < 0)
		cfs_log(CFS_LOG_ERROR, "the configuration stays as it was: %s",
			why.len ? cfs_buf_text(&why) : strerror(-r));
	else
		cfs_log(CFS_LOG_INFO, "the configuration was read again");
	cfs_config_finish(&config);
	cfs_buf_finish(&why);
	tell_manager(CFS_NOTIFY_READY);
}

/* A hangup means that the terminal is gone to a program in the foreground of one; otherwise it is
 * the wish to read the configuration again, as for every daemon. */
static void on_signal(void *arg)
{
	struct program *program = arg;
	struct signalfd_siginfo info;

	if (read(program->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP && program->session && !isatty(STDERR_FILENO)) {
		reload(program);
		return;
	}
	cfs_log(CFS_LOG_INFO, "%s: unmounting", strsignal((int)info.ssi_signo));
	program->ended = true;
	cfs_loop_stop(program->runtime.loop);
}

static void on_http(void *arg)
{
	struct program *program = arg;

	cfs_http_dispatch(program->runtime.http);
}

/* The kernel has completed the mount: whoever waits for it may go on. */
static void on_ready(void *arg)
{
	struct program *program = arg;
	int r;

	r = program->demo ? cfs_demo_explain(program->demo, program->mountpoint) : 0;
	if (r < 0)
		cfs_log(CFS_LOG_WARNING, "cannot print what to try: %s", strerror(-r));
	if (!program->options.foreground)
		cfs_log_to_syslog();
	r = cfs_daemon_ready(&program->daemon);
	if (r < 0) {
		cfs_log(CFS_LOG_ERROR, "cannot leave the terminal: %s", strerror(-r));
		cfs_loop_stop(program->runtime.loop);
		return;
	}
	tell_manager(CFS_NOTIFY_READY);
}

/* Screens are tens of kilobytes and short-lived. Kept off the heap, their memory goes back to the
 * system when they are closed, however many were open at once. */
#define OWN_PAGES_FROM (32 * 1024)
/* What the heap keeps in reserve: what one call needs, so that one after the other asks the system
 * for nothing. It may serve a screen or two from there. */
#define RESERVE (256 * 1024)

/* Keys are in memory: no core may hold them, and no other process of the user may look. And a mount
 * with a thousand calls under way needs their sockets. */
static void harden(void)
{
	struct rlimit none = {0, 0}, files;

	/* Another allocator than glibc's may not know of these, and has its own ways. */
	(void)mallopt(M_MMAP_THRESHOLD, OWN_PAGES_FROM);
	(void)mallopt(M_TRIM_THRESHOLD, RESERVE);
	(void)mallopt(M_TOP_PAD, RESERVE / 4);
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		cfs_log(CFS_LOG_WARNING, "core dumps stay possible: %s", strerror(errno));
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files) < 0)
			cfs_log(CFS_LOG_WARNING, "few descriptors: %s", strerror(errno));
	}
}

static int watch_signals(struct program *program)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	/* Blocked before any thread is made (libcurl resolves names in threads), so all inherit it.
	 */
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	program->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (program->signals < 0)
		return -errno;
	return cfs_watch_start(program->runtime.loop, &program->signal_watch, program->signals,
		on_signal, program);
}

static int make_machine(struct program *program)
{
	int r;

	program->runtime.env = program->demo ? cfs_demo_env(program->demo) : &cfs_env_process;
	program->runtime.current_caller = &program->current_caller;
	r = cfs_loop_create(&program->runtime.loop);
	if (r == 0)
		r = cfs_metrics_create(&program->runtime.metrics);
	if (r == 0)
		r = watch_signals(program);
	if (r == 0)
		r = cfs_http_create(&program->runtime.http);
	if (r == 0)
		r = cfs_watch_start(program->runtime.loop, &program->http_watch,
			cfs_http_fd(program->runtime.http), on_http, program);
	if (r < 0)
		cfs_buf_addf(&program->why, "cannot start: %s", strerror(-r));
	return r;
}

/* The clouds, as the configuration has them now. */
static int make_clouds(struct program *program)
{
	int r;

	r = program->demo ? cfs_demo_configure(program->demo, &program->config.items, &program->why)
			  : 0;
	if (r == 0)
		r = cfs_config_resolve(&program->config, &program->why);
	if (r == 0)
		r = make_machine(program);
	program->clouds.runtime = &program->runtime;
	if (r == 0)
		r = cfs_clouds_configure(&program->clouds, &program->config, &program->why);
	if (r == 0)
		program->guests = program->config.guests;
	return r;
}

static int check(struct program *program)
{
	int r;

	r = make_clouds(program);
	if (r < 0 || program->ended)
		return r < 0 ? r : -EINTR;
	r = cfs_check(&program->clouds, program->options.check_format != NULL);
	program->unwell = r == 0;
	return r < 0 ? r : 0;
}

static int mount(struct program *program)
{
	int r;

	r = make_clouds(program);
	if (r < 0 || program->ended)
		return r;
	r = cfs_session_create(&program->runtime, &program->clouds, &program->guests,
		&program->options.ownership, &program->options.args, on_ready, program,
		&program->session);
	if (r == 0)
		r = cfs_session_mount(program->session, program->mountpoint);
	if (r < 0) {
		cfs_buf_adds(&program->why, "the mount failed");
		return r;
	}
	r = cfs_loop_run(program->runtime.loop);
	tell_manager(CFS_NOTIFY_STOPPING);
	return r;
}

static void finish(struct program *program)
{
	cfs_session_destroy(program->session);
	cfs_clouds_finish(&program->clouds);
	cfs_metrics_destroy(program->runtime.metrics);
	cfs_watch_stop(&program->http_watch);
	cfs_watch_stop(&program->signal_watch);
	cfs_http_destroy(program->runtime.http);
	cfs_loop_destroy(program->runtime.loop);
	if (program->signals >= 0)
		close(program->signals);
	cfs_demo_stop(program->demo);
	free(program->mountpoint);
	cfs_config_finish(&program->config);
	cfs_options_finish(&program->options);
	cfs_buf_finish(&program->why);
}

/* A path that stays right when the daemon has left the directory it was started in. */
static int make_absolute(char **path, struct cfs_buf *why)
{
	char *absolute = realpath(*path, NULL);
	int r;

	if (!absolute) {
		r = -errno;
		cfs_buf_addf(why, "%s: %s", *path, strerror(-r));
		return r;
	}
	free(*path);
	*path = absolute;
	return 0;
}

/* What can be said before anything is started. */
static int prepare_mount(struct program *program)
{
	const char *path = program->options.mountpoint;
	int r;

	if (!path) {
		cfs_buf_adds(&program->why, "no mount point; see consolefs --help");
		return -EINVAL;
	}
	if (program->options.demo && mkdir(path, 0700) < 0 && errno != EEXIST) {
		r = -errno;
		cfs_buf_addf(&program->why, "%s: %s", path, strerror(-r));
		return r;
	}
	return cfs_mountpoint_check(path, &program->mountpoint, &program->why);
}

static int prepare(struct program *program)
{
	const struct cfs_options *options = &program->options;
	int level, r = 0;

	/* What a check finds it prints itself. */
	level = options->log_level                        ? cfs_log_level_find(options->log_level)
		: options->check || options->check_format ? CFS_LOG_ERROR
							  : CFS_LOG_INFO;
	if (level < 0) {
		cfs_buf_adds(&program->why, "--log-level: error, warning, info or debug");
		return -EINVAL;
	}
	cfs_log_set_level((enum cfs_log_level)level);
	if (options->check_format && strcmp(options->check_format, "json") != 0) {
		cfs_buf_adds(&program->why, "--check: the only format is json");
		return -EINVAL;
	}
	if (options->config_file)
		r = make_absolute(&program->options.config_file, &program->why);
	if (r == 0 && !options->check && !options->check_format)
		r = prepare_mount(program);
	if (r == 0 && !options->demo)
		r = read_config(program, &program->config.items, &program->why);
	return r;
}

static int start(struct program *program)
{
	const struct cfs_options *options = &program->options;
	bool checks = options->check || options->check_format;
	int r = 0;

	if (!checks && !options->foreground)
		r = cfs_daemon_fork(&program->daemon);
	if (r == 0 && options->demo)
		r = cfs_demo_start(&program->demo, &program->why);
	if (r < 0)
		return r;
	harden();
	return checks ? check(program) : mount(program);
}

/* Started with stdin, stdout or stderr closed, something of ours would get its number, and lose it
 * when the daemon puts /dev/null there. */
static bool has_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int main(int argc, char **argv)
{
	struct program program = {.signals = -1, .daemon.parent = -1};
	int r;

	if (!has_stdio())
		return EXIT_FAILURE;
	cfs_buf_init(&program.why, WHY_MAX);
	cfs_config_init(&program.config);
	cfs_log_to_journal(cfs_env_get(&cfs_env_process, "JOURNAL_STREAM"));
	r = cfs_options_parse(argc, argv, &program.config.items, &program.options, &program.why);
	if (r == 0 && program.options.help) {
		fputs(cfs_options_usage, stdout);
		goto out;
	}
	if (r == 0 && program.options.version) {
		printf("consolefs %s\nlibfuse %s\n", CONSOLEFS_VERSION, fuse_pkgversion());
		goto out;
	}
	if (r == 0)
		r = prepare(&program);
	if (r == 0)
		r = start(&program);
	if (r < 0)
		cfs_log(CFS_LOG_ERROR, "%s",
			program.why.len ? cfs_buf_text(&program.why) : strerror(-r));
out:
	finish(&program);
	return r < 0 || program.unwell ? EXIT_FAILURE : EXIT_SUCCESS;
}
