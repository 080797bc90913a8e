/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include "backends/base/nearest.h"
#include "backends/base/text.h"
#include "fs/base/caller.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/base/quote.h"
#include "fs/client/credentials.h"
#include "fs/client/metrics.h"
#include "fs/cloud/clouds.h"
#include "fs/cloud/config.h"
#include "fs/fuse/session.h"
#include "fs/get/get.h"
#include "fs/program/check.h"
#include "fs/program/daemon.h"
#include "fs/program/demo.h"
#include "fs/program/harden.h"
#include "fs/program/inherit.h"
#include "fs/program/mountpoint.h"
#include "fs/program/notify.h"
#include "fs/program/options.h"

#define WHY_MAX 8192         /* bytes of a reason not to start */
#define TEXT_MAX (64 * 1024) /* bytes of what is only printed */
#define SHOWN_MAX 256        /* bytes of a path in a message */

/* Everything that the program owns while it runs. */
struct program {
	struct cfs_options options;
	struct cfs_config config;
	struct cfs_buf why;
	struct cfs_env env; /* of the process, when it started */
	char *directory;    /* where that was, NULL: unknown */
	char *config_file;  /* that was found where none was named; NULL: none */
	char *mountpoint;
	int handed; /* /dev/fuse of a mount that another process has made; -1: none */
	struct cfs_daemon daemon;
	struct cfs_demo *demo;
	struct cfs_runtime runtime;
	struct cfs_clouds clouds;
	struct cfs_mount_config mount_config;     /* that is in use */
	struct cfs_current_caller current_caller; /* of the request being answered */
	struct cfs_session *session;
	struct cfs_watch http_watch, signal_watch;
	int signals;         /* a signalfd */
	int ended;           /* by this signal; 0: not */
	bool hangup_ignored; /* when it was started */
	bool unwell;         /* what was checked does not work, or not all could be got */
};

static void tell_manager(const char *state)
{
	int r = cfs_notify(&cfs_env_process, state);

	if (r < 0)
		cfs_log(CFS_LOG_WARNING, "cannot tell the service manager %s: %s", state,
			strerror(-r));
}

/* Judges a configuration file that another user could change: what is in it decides where signed
 * requests go, and which files are trusted. */
static int check_foreign(
	const struct program *program, const char *path, const char *foreign, struct cfs_buf *why)
{
	char shown[SHOWN_MAX];

	if (!foreign || program->options.trust_files)
		return 0;
	cfs_text_line(shown, sizeof(shown), path, strlen(path));
	if (!program->env.wary) {
		cfs_log(CFS_LOG_WARNING, "%s may hold what another user has written: %s", shown,
			foreign);
		return 0;
	}
	cfs_buf_addf(why,
		"%s is not read as root: %s. Mount as that user, name another file with -c, or "
		"trust it with -o trust_files",
		shown, foreign);
	return -EPERM;
}

/* Reads the configuration file, if there is one. One that was found is read again and again: where
 * it is missing, no other takes its place. */
static int read_config(struct program *program, struct cfs_config_items *items, struct cfs_buf *why)
{
	const char *path = program->options.config_file;
	int r;

	if (program->demo)
		return 0;
	if (!path && !program->config_file) {
		r = cfs_config_default_path(&program->env, &program->config_file);
		if (r < 0)
			return r;
	}
	if (!path)
		path = program->config_file;
	if (!path)
		return 0;
	r = cfs_config_items_read(items, path, &program->env, why);
	return r < 0 ? r : check_foreign(program, path, items->foreign, why);
}

/* Reads the configuration again. If it has an error, the one in use stays. */
static void reload(struct program *program)
{
	struct cfs_buf why = CFS_BUF_INIT(WHY_MAX);
	struct cfs_config config;
	int r;

	tell_manager(CFS_NOTIFY_RELOADING);
	cfs_config_init(&config);
	config.items.directory = program->directory;
	r = cfs_config_items_copy_options(&config.items, &program->config.items);
	if (r == 0)
		r = read_config(program, &config.items, &why);
	if (r == 0)
		r = cfs_config_resolve(&config, &why);
	if (r == 0)
		r = cfs_clouds_configure(&program->clouds, &config, &why);
	if (r == 0) {
		program->mount_config = config.mount;
		cfs_session_configured(program->session);
	}
	if (r < 0)
		cfs_log(CFS_LOG_ERROR,
			"cannot reload the configuration, the old one stays in use: %s",
			why.len ? cfs_buf_text(&why) : strerror(-r));
	else
		cfs_log(CFS_LOG_INFO, "reloaded the configuration");
	cfs_config_finish(&config);
	cfs_buf_finish(&why);
	tell_manager(CFS_NOTIFY_READY);
}

/* SIGHUP tells a daemon to read its configuration again; but to a program in the foreground of a
 * terminal it says that the terminal is gone, which does not matter to one started by nohup. */
static void on_signal(void *arg)
{
	struct program *program = arg;
	struct signalfd_siginfo info;

	if (read(program->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP && program->session &&
		(program->hangup_ignored || !isatty(STDERR_FILENO))) {
		reload(program);
		return;
	}
	cfs_log(CFS_LOG_INFO,
		program->handed < 0 ? "%s: unmounting"
				    : "%s: ending; the mount is left to whoever made it",
		strsignal((int)info.ssi_signo));
	program->ended = (int)info.ssi_signo;
	cfs_loop_stop(program->runtime.loop);
}

static void on_http(void *arg)
{
	struct program *program = arg;

	cfs_http_dispatch(program->runtime.http);
}

/* The kernel has completed the mount: the command that started it may return. */
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

static int watch_signals(struct program *program)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	/* Before any thread is made (libcurl resolves names in threads): they inherit the mask. */
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	program->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (program->signals < 0)
		return -errno;
	return cfs_watch_start(program->runtime.loop, &program->signal_watch, program->signals,
		on_signal, program);
}

static int make_runtime(struct program *program)
{
	int r;

	program->runtime.env = program->demo ? cfs_demo_env(program->demo) : &program->env;
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

/* Makes the clouds that the configuration has. */
static int make_clouds(struct program *program)
{
	int r;

	r = program->demo ? cfs_demo_configure(program->demo, &program->config.items, &program->why)
			  : 0;
	if (r == 0)
		r = cfs_config_resolve(&program->config, &program->why);
	if (r == 0)
		r = make_runtime(program);
	program->clouds.runtime = &program->runtime;
	if (r == 0)
		r = cfs_clouds_configure(&program->clouds, &program->config, &program->why);
	if (r == 0)
		program->mount_config = program->config.mount;
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

static int get(struct program *program)
{
	static char top[] = "", *const only_top[] = {top};
	const struct cfs_options *options = &program->options;
	struct cfs_get_request request = {
		.paths = options->arguments,
		.n_paths = options->n_arguments,
		.into = options->into,
		.umask = options->ownership.umask,
		.list = options->list,
		.wake = options->wake,
	};
	int r;

	if (request.n_paths == 0) {
		request.paths = only_top;
		request.n_paths = 1;
	}
	r = make_clouds(program);
	if (r < 0 || program->ended)
		return r < 0 ? r : -EINTR;
	r = cfs_get(&program->runtime, &program->clouds, &program->mount_config, &request);
	program->unwell = r == 0;
	if (r < 0 && r != -EINTR && r != -EPIPE)
		cfs_buf_addf(&program->why, "%s: %s", options->into ? options->into : "stdout",
			strerror(-r));
	return r < 0 ? r : 0;
}

/* Somebody who has not set anything up is told what there is to try. */
static void point_out_what_to_try(const struct program *program)
{
	for (struct cfs_cloud *cloud = program->clouds.first; cloud; cloud = cloud->next)
		if (!cfs_credentials_absent(cloud->client->credentials))
			return;
	if (!program->config.from_file)
		cfs_log(CFS_LOG_WARNING,
			"there is nothing to show yet; `consolefs --demo DIR` shows simulated "
			"clouds, `consolefs --check` says where credentials were looked for");
}

static int mount(struct program *program)
{
	int r;

	r = make_clouds(program);
	if (r < 0 || program->ended)
		return r;
	point_out_what_to_try(program);
	r = cfs_session_create(&program->runtime, &program->clouds, &program->mount_config,
		&program->options.ownership, program->options.still, &program->options.args,
		on_ready, program, &program->session);
	if (r == 0)
		r = cfs_session_mount(program->session, program->mountpoint, program->handed >= 0);
	if (r < 0) {
		/* libfuse has said why on stderr. */
		cfs_buf_adds(&program->why, "the mount failed");
		cfs_options_explain(&program->options, &program->why);
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
	free(program->config_file);
	free(program->directory);
	cfs_config_finish(&program->config);
	cfs_options_finish(&program->options);
	cfs_buf_finish(&program->why);
}

/* Makes a path independent of the working directory, which a daemon leaves. Symlinks in it stay: they
 * may be made anew. */
static int make_absolute(const struct program *program, char **path)
{
	char *absolute;
	int r = cfs_env_absolute(&program->env, *path, &absolute);

	if (r < 0)
		return r;
	free(*path);
	*path = absolute;
	return 0;
}

/* What the environment is and means: paths in it are relative to where it was set. */
static void take_env(struct program *program)
{
	program->directory = getcwd(NULL, 0);
	program->env = cfs_env_process;
	program->env.directory = program->directory;
	program->env.wary = geteuid() == 0 && !program->options.trust_files;
	program->config.items.directory = program->directory;
}

/* What can be checked before anything is started. */
static int prepare_mount(struct program *program)
{
	const char *path = program->options.mountpoint;
	struct stat st;
	int r;

	if (!path) {
		cfs_buf_adds(&program->why, "no mount point; see consolefs --help");
		return -EINVAL;
	}
	if (program->options.demo && mkdir(path, 0700) < 0 && errno != EEXIST) {
		r = -errno;
		cfs_buf_addf(
			&program->why, "cannot make the mount point %s: %s", path, strerror(-r));
		return r;
	}
	if (program->handed >= 0) {
		/* A manager that kept a copy would keep the mount alive after this process. */
		tell_manager(CFS_NOTIFY_FORGET);
		return cfs_mountpoint_check_handed(
			program->handed, &program->mountpoint, &program->why);
	}
	r = cfs_mountpoint_check(path, &program->mountpoint, &program->why);
	/* Of a name that anybody can guess, like /tmp/cloud. */
	if (r == 0 && program->options.demo && lstat(path, &st) == 0 && st.st_uid != 0 &&
		st.st_uid != getuid()) {
		cfs_buf_addf(&program->why,
			"%s is there already, and belongs to uid %u: name a directory of your own",
			path, (unsigned)st.st_uid);
		return -EPERM;
	}
	return r;
}

static int refuse_log_level(struct program *program)
{
	static const char *const levels[] = {"error", "warning", "info", "debug", NULL};
	const char *level = program->options.log_level;
	struct cfs_nearest nearest;

	cfs_nearest_init(&nearest, level, strlen(level));
	for (size_t i = 0; levels[i]; i++)
		cfs_nearest_offer(&nearest, levels[i]);
	cfs_buf_adds(&program->why, "--log-level: ");
	cfs_quote_add(&program->why, level, strlen(level));
	cfs_buf_adds(&program->why, " is not one of error, warning, info and debug");
	cfs_nearest_add(&nearest, &program->why);
	return -EINVAL;
}

static int refuse_check_format(struct program *program)
{
	const char *format = program->options.check_format;

	cfs_buf_adds(&program->why, "--check: ");
	cfs_quote_add(&program->why, format, strlen(format));
	cfs_buf_adds(&program->why, " is not a format: the only format is json");
	return -EINVAL;
}

static bool checks(const struct cfs_options *options)
{
	return options->check || options->check_format;
}

static bool gets_files(const struct cfs_options *options)
{
	return options->get || options->list;
}

static bool mounts(const struct cfs_options *options)
{
	return !checks(options) && !gets_files(options);
}

static int prepare(struct program *program)
{
	const struct cfs_options *options = &program->options;
	int level, r = 0;

	take_env(program);
	/* What is printed anyway, the log would say twice. */
	level = options->log_level ? cfs_log_level_find(options->log_level)
		: mounts(options)  ? CFS_LOG_INFO
				   : CFS_LOG_ERROR;
	if (level < 0)
		return refuse_log_level(program);
	cfs_log_set_level((enum cfs_log_level)level);
	if (options->check_format && strcmp(options->check_format, "json") != 0)
		return refuse_check_format(program);
	r = cfs_session_check_options(&options->args);
	if (r < 0) {
		cfs_buf_adds(&program->why, "the options are wrong");
		cfs_options_explain(options, &program->why);
		return r;
	}
	if (options->config_file)
		r = make_absolute(program, &program->options.config_file);
	if (r == 0 && mounts(options))
		r = prepare_mount(program);
	if (r == 0 && !options->demo)
		r = read_config(program, &program->config.items, &program->why);
	return r;
}

static int start(struct program *program)
{
	const struct cfs_options *options = &program->options;
	int r = 0;

	if (mounts(options) && !options->foreground)
		r = cfs_daemon_fork(&program->daemon);
	if (r == 0 && options->demo)
		r = cfs_demo_start(&program->demo, &program->why);
	if (r < 0)
		return r;
	cfs_harden();
	return checks(options)        ? check(program)
		: gets_files(options) ? get(program)
				      : mount(program);
}

/* Lets go of what the process that started this one has left to it by accident. */
static void inherit(struct program *program)
{
	const struct cfs_options *options = &program->options;
	const int spared[] = {
		program->handed = cfs_inherit_descriptor(options->mountpoint),
		cfs_inherit_descriptor(options->config_file
				? options->config_file
				: cfs_env_get(&cfs_env_process, "CONSOLEFS_CONFIG")),
		cfs_inherit_descriptor(options->into),
	};

	cfs_inherit_close(spared, sizeof(spared) / sizeof(spared[0]),
		program->handed >= 0 && options->auto_unmount);
	cfs_inherit_environment();
}

/* Leaves the mount to the service manager, for the process of the service that it starts next. */
static int hand_over(struct program *program)
{
	int r;

	if (program->handed < 0) {
		cfs_buf_adds(&program->why, "hand_over needs /dev/fd/N as the mount point");
		return -EINVAL;
	}
	r = cfs_mountpoint_check_handed(program->handed, &program->mountpoint, &program->why);
	if (r < 0)
		return r;
	r = cfs_notify_with(&cfs_env_process, CFS_NOTIFY_STORE, program->handed);
	if (r < 0)
		cfs_buf_addf(&program->why, "cannot hand the mount over to the service manager: %s",
			strerror(-r));
	return r;
}

/* Whether something is to be printed, and nothing else done. */
static bool tells(const struct cfs_options *options)
{
	return options->help || options->version || options->backends;
}

static int tell(const struct cfs_options *options)
{
	struct cfs_buf text = CFS_BUF_INIT(TEXT_MAX);
	int r;

	if (options->help)
		r = cfs_buf_adds(&text, cfs_options_usage);
	else if (options->version)
		r = cfs_buf_addf(
			&text, "consolefs %s\nlibfuse %s\n", CONSOLEFS_VERSION, fuse_pkgversion());
	else
		r = cfs_cloud_config_list(&text);
	if (r == 0 && (fputs(cfs_buf_text(&text), stdout) < 0 || fflush(stdout) < 0))
		r = -errno;
	cfs_buf_finish(&text);
	return r;
}

/* Ends as a program that does not handle the signal: its caller is to know. */
static void end_by(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	if (signal(number, SIG_DFL) != SIG_ERR && raise(number) == 0)
		sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	struct program program = {.signals = -1, .daemon.parent = -1, .handed = -1};
	int r, ends_by = 0;

	program.hangup_ignored = cfs_inherit_signals();
	if (!cfs_harden_stdio())
		return EXIT_FAILURE;
	cfs_buf_init(&program.why, WHY_MAX);
	cfs_config_init(&program.config);
	cfs_log_to_journal(cfs_env_get(&cfs_env_process, "JOURNAL_STREAM"));
	r = cfs_options_parse(argc, argv, &program.config.items, &program.options, &program.why);
	if (r == 0 && tells(&program.options)) {
		r = tell(&program.options);
		if (r < 0)
			cfs_buf_addf(&program.why, "cannot write: %s", strerror(-r));
	} else {
		if (r == 0) {
			inherit(&program);
			r = program.options.hand_over ? hand_over(&program) : prepare(&program);
		}
		if (r == 0 && !program.options.hand_over)
			r = start(&program);
	}
	/* Whoever reads what is printed has had enough, or whoever waits for it has. */
	if (r < 0 && !mounts(&program.options))
		ends_by = r == -EPIPE ? SIGPIPE : program.ended;
	if (r < 0 && ends_by == 0)
		cfs_log(CFS_LOG_ERROR, "%s",
			program.why.len ? cfs_buf_text(&program.why) : strerror(-r));
	finish(&program);
	if (ends_by != 0)
		end_by(ends_by);
	return r < 0 || program.unwell ? EXIT_FAILURE : EXIT_SUCCESS;
}
