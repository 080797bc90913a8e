#include <errno.h>
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

#include "fs/cloud.h"
#include "fs/config.h"
#include "fs/daemon.h"
#include "fs/demo.h"
#include "fs/filesystem.h"
#include "fs/log.h"
#include "fs/mountpoint.h"
#include "fs/notify.h"
#include "fs/options.h"

#define WHY_MAX 8192 /* bytes of a reason not to start */

/* Everything there is while it runs. */
struct program {
	struct cfs_options options;
	struct cfs_config config;
	struct cfs_buf why;
	char *mountpoint;
	struct cfs_daemon daemon;
	struct cfs_demo *demo;
	struct cfs_machine machine;
	struct cfs_cloud *clouds;
	struct cfs_filesystem *filesystem;
	struct cfs_watch http_watch, signal_watch;
	int signals; /* a signalfd */
};

static void on_signal(void *arg)
{
	struct program *program = arg;
	struct signalfd_siginfo info;

	if (read(program->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		cfs_log(CFS_LOG_INFO, "%s: unmounting", strsignal((int)info.ssi_signo));
	cfs_loop_stop(program->machine.loop);
}

static void on_http(void *arg)
{
	struct program *program = arg;

	cfs_http_dispatch(program->machine.http);
}

static void tell_manager(const char *state)
{
	int r = cfs_notify(&cfs_env_process, state);

	if (r < 0)
		cfs_log(CFS_LOG_WARNING, "cannot tell the service manager %s: %s", state,
			strerror(-r));
}

/* The kernel has completed the mount: whoever waits for it may go on. */
static void on_ready(void *arg)
{
	struct program *program = arg;
	int r;

	if (program->demo)
		cfs_demo_explain(program->demo, program->mountpoint);
	if (!program->options.foreground)
		cfs_log_to_syslog();
	r = cfs_daemon_ready(&program->daemon);
	if (r < 0) {
		cfs_log(CFS_LOG_ERROR, "cannot leave the terminal: %s", strerror(-r));
		cfs_loop_stop(program->machine.loop);
		return;
	}
	tell_manager(CFS_NOTIFY_READY);
}

/* Keys are in memory: no core may hold them, and no other process of the user may look. And a mount
 * with a thousand calls under way needs their sockets. */
static void harden(void)
{
	struct rlimit none = {0, 0}, files;

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
	return cfs_watch_start(program->machine.loop, &program->signal_watch, program->signals,
		on_signal, program);
}

static int make_machine(struct program *program)
{
	int r;

	program->machine.env = program->demo ? &cfs_demo_env : &cfs_env_process;
	r = cfs_loop_create(&program->machine.loop);
	if (r == 0)
		r = watch_signals(program);
	if (r == 0)
		r = cfs_http_create(&program->machine.http);
	if (r == 0)
		r = cfs_watch_start(program->machine.loop, &program->http_watch,
			cfs_http_fd(program->machine.http), on_http, program);
	if (r < 0)
		cfs_buf_addf(&program->why, "cannot start: %s", strerror(-r));
	return r;
}

static void ignore_keys(void *arg, int result)
{
	(void)arg, (void)result;
}

/* Whether the cloud has credentials, as far as can be told at once. */
static bool has_keys(struct cfs_cloud *cloud, struct cfs_error *ret_error)
{
	struct cfs_wait wait = {0};
	const struct cfs_keys *keys;
	int r;

	r = cfs_keyring_get(cloud->keyring, &wait, ignore_keys, NULL, &keys, ret_error);
	cfs_wait_leave(&wait);
	return r >= 0;
}

static int make_clouds(struct program *program)
{
	const struct cfs_cloud_config *config;
	struct cfs_cloud **at = &program->clouds;
	int r;

	for (config = program->config.clouds; config; config = config->next) {
		r = cfs_cloud_create(&program->machine, config, at, &program->why);
		if (r < 0) {
			fprintf(stderr, "consolefs: [%s]: ", config->name);
			return r;
		}
		at = &(*at)->next;
	}
	return 0;
}

/*
 * What has no credentials is offered only if the configuration names it, or if nothing has any:
 * then the mount shows, and `status` says, where they were looked for.
 */
static int sift_clouds(struct program *program)
{
	struct cfs_cloud *cloud, **at;
	struct cfs_error error;
	bool any = program->config.from_file;

	for (cloud = program->clouds; cloud && !any; cloud = cloud->next)
		any = has_keys(cloud, &error);
	for (at = &program->clouds; (cloud = *at);) {
		if (!has_keys(cloud, &error)) {
			if (any && !program->config.from_file) {
				*at = cloud->next;
				cfs_cloud_destroy(cloud);
				continue;
			}
			cfs_log(CFS_LOG_WARNING, "[%s]: %s", cloud->config->name, error.message);
		} else if (cloud->n_regions == 0 && !cloud->config->all_regions) {
			cfs_buf_addf(&program->why,
				"[%s]: no region: set `regions`, or the "
				"environment variable that the cloud's own tools read",
				cloud->config->name);
			return -EINVAL;
		}
		at = &cloud->next;
	}
	return 0;
}

static int run(struct program *program)
{
	int r;

	harden();
	r = program->demo ? cfs_demo_configure(program->demo, &program->config, &program->why) : 0;
	if (r == 0)
		r = cfs_config_resolve(&program->config, &program->why);
	if (r == 0)
		r = make_machine(program);
	if (r == 0)
		r = make_clouds(program);
	if (r == 0)
		r = sift_clouds(program);
	if (r == 0) {
		r = cfs_filesystem_create(&program->machine, program->clouds,
			&program->options.ownership, &program->options.args, on_ready, program,
			&program->filesystem);
		if (r == 0)
			r = cfs_filesystem_mount(program->filesystem, program->mountpoint);
		if (r < 0)
			cfs_buf_adds(&program->why, "the mount failed");
	}
	if (r == 0) {
		r = cfs_loop_run(program->machine.loop);
		tell_manager(CFS_NOTIFY_STOPPING);
	}
	return r;
}

static void finish(struct program *program)
{
	struct cfs_cloud *cloud;

	cfs_filesystem_destroy(program->filesystem);
	while ((cloud = program->clouds)) {
		program->clouds = cloud->next;
		cfs_cloud_destroy(cloud);
	}
	cfs_watch_stop(&program->http_watch);
	cfs_watch_stop(&program->signal_watch);
	cfs_http_destroy(program->machine.http);
	cfs_loop_destroy(program->machine.loop);
	if (program->signals >= 0)
		close(program->signals);
	cfs_demo_stop(program->demo);
	free(program->mountpoint);
	cfs_config_finish(&program->config);
	cfs_options_finish(&program->options);
	cfs_buf_finish(&program->why);
}

/* Reads the configuration file, if there is one. */
static int read_config(struct program *program)
{
	char *path = NULL;
	int r = 0;

	if (program->options.demo)
		return 0;
	if (!program->options.config_file) {
		r = cfs_config_default_path(&cfs_env_process, &path);
		if (r < 0)
			return r;
	}
	if (program->options.config_file || path)
		r = cfs_config_read(&program->config, path ? path : program->options.config_file,
			&cfs_env_process, &program->why);
	free(path);
	return r;
}

/* What can be said before anything is started. */
static int prepare(struct program *program)
{
	int r;

	if (!program->options.mountpoint) {
		cfs_buf_adds(&program->why, "no mount point; see consolefs --help");
		return -EINVAL;
	}
	if (program->options.demo && mkdir(program->options.mountpoint, 0700) < 0 &&
		errno != EEXIST) {
		r = -errno;
		cfs_buf_addf(&program->why, "%s: %s", program->options.mountpoint, strerror(-r));
		return r;
	}
	r = cfs_mountpoint_check(program->options.mountpoint, &program->mountpoint, &program->why);
	return r == 0 ? read_config(program) : r;
}

int main(int argc, char **argv)
{
	struct program program = {.signals = -1, .daemon.parent = -1};
	int r;

	cfs_buf_init(&program.why, WHY_MAX);
	cfs_config_init(&program.config);
	r = cfs_options_parse(argc, argv, &program.config, &program.options, &program.why);
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
	if (r == 0 && !program.options.foreground)
		r = cfs_daemon_fork(&program.daemon);
	if (r == 0 && program.options.demo)
		r = cfs_demo_start(&program.demo, &program.why);
	if (r == 0)
		r = run(&program);
	if (r < 0)
		fprintf(stderr, "consolefs: %s\n",
			program.why.len ? cfs_buf_text(&program.why) : strerror(-r));
out:
	finish(&program);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
