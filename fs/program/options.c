/* SPDX-License-Identifier: MIT */
#include "fs/program/options.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/nearest.h"
#include "backends/base/text.h"
#include "fs/base/quote.h"
#include "fs/program/commas.h"

const char cfs_options_usage[] =
	"usage: consolefs [options] MOUNTPOINT\n"
	"       consolefs [options] --get PATH... [--into DIR] [--wake]\n"
	"       consolefs [options] --list PATH...\n"
	"\n"
	"Mounts the consoles of cloud virtual machines as files.\n"
	"\n"
	"    -c, --config FILE   the configuration; default: $CONSOLEFS_CONFIG,\n"
	"                        ~/.config/consolefs/consolefs.conf, /etc/consolefs.conf\n"
	"    -f                  stay in the foreground, log to stderr\n"
	"    -o OPT[,OPT...]     mount options: ro, uid=N, gid=N, umask=M, allow_other,\n"
	"                        auto_unmount, fsname=NAME, config=FILE, still (exact\n"
	"                        sizes before the open: see consolefs(1)), trust_files\n"
	"                        (also those that others could change), and every\n"
	"                        setting of the configuration as SECTION.KEY=VALUE,\n"
	"                        for example mycloud.rate=5\n"
	"    --check[=json]      do not mount; say for each cloud whether it works, and\n"
	"                        which permissions are missing\n"
	"    --get               do not mount; print the files of these paths, from the\n"
	"                        top of a mount; patterns: 'aws/*/console.log'\n"
	"    --into DIR          put each file at its path below DIR instead\n"
	"    --wake              wake the displays of the screenshots that are got\n"
	"    --list              do not mount; print the paths that directories show\n"
	"    --log-level LEVEL   error, warning, info (the default) or debug\n"
	"    --backends          print the kinds of clouds, and the settings of each\n"
	"    --demo              mount simulated clouds; makes MOUNTPOINT if need be\n"
	"    -V, --version       print the version\n"
	"    -h, --help          print this\n"
	"\n"
	"Credentials come from where each cloud's own tools keep them.\n"
	"Unmount with: fusermount3 -u MOUNTPOINT\n";

#define SHOWN_MAX 256 /* bytes of an argument in a message */

#define ID_MAX 4294967294 /* of a user or a group: (uid_t)-1 stands for none */
#define UMASK_MAX 07777

struct parsing {
	struct cfs_options options; /* first: fuse_opt_parse writes fields at their offsets */
	char *uid, *gid, *umask;    /* as typed, NULL when not given */
	struct cfs_config_items *items;
	struct cfs_buf *why;
	int result;
};

#define OPTION(text, field, value) \
	{ \
		text, offsetof(struct parsing, field), value \
	}

static const struct fuse_opt options_known[] = {
	OPTION("-c %s", options.config_file, 0),
	OPTION("--config %s", options.config_file, 0),
	OPTION("--config=%s", options.config_file, 0),
	OPTION("config=%s", options.config_file, 0),
	OPTION("still", options.still, 1),
	OPTION("trust_files", options.trust_files, 1),
	OPTION("-f", options.foreground, 1),
	OPTION("--foreground", options.foreground, 1),
	OPTION("--backends", options.backends, 1),
	OPTION("--demo", options.demo, 1),
	OPTION("--check", options.check, 1),
	OPTION("--check=%s", options.check_format, 0),
	OPTION("--get", options.get, 1),
	OPTION("--list", options.list, 1),
	OPTION("--into %s", options.into, 0),
	OPTION("--into=%s", options.into, 0),
	OPTION("--wake", options.wake, 1),
	OPTION("--log-level %s", options.log_level, 0),
	OPTION("--log-level=%s", options.log_level, 0),
	OPTION("log_level=%s", options.log_level, 0),
	OPTION("-V", options.version, 1),
	OPTION("--version", options.version, 1),
	OPTION("-h", options.help, 1),
	OPTION("--help", options.help, 1),
	OPTION("uid=%s", uid, 0),
	OPTION("gid=%s", gid, 0),
	OPTION("umask=%s", umask, 0),
	OPTION("hand_over", options.hand_over, 1),
	FUSE_OPT_END,
};

static int refuse(struct parsing *parsing, const char *arg, const char *text)
{
	char shown[SHOWN_MAX];

	cfs_text_line(shown, sizeof(shown), arg, strlen(arg));
	cfs_buf_addf(parsing->why, "%s: %s", shown, text);
	parsing->result = -EINVAL;
	return -1;
}

static int refuse_unknown(struct parsing *parsing, const char *arg)
{
	static const char *const words[] = {"--config", "--foreground", "--check", "--get",
		"--into", "--list", "--log-level", "--backends", "--demo", "--version", "--wake",
		"--help", NULL};
	struct cfs_nearest nearest;
	int r;

	r = refuse(parsing, arg, "unknown option");
	cfs_nearest_init(&nearest, arg, strcspn(arg, "="));
	for (size_t i = 0; words[i]; i++)
		cfs_nearest_offer(&nearest, words[i]);
	cfs_nearest_add(&nearest, parsing->why);
	cfs_buf_adds(parsing->why, "; see consolefs --help");
	return r;
}

/* A number of digits alone, in *ret_number; nothing if it was not given. */
static int take_number(struct parsing *parsing, const char *name, const char *text, int base,
	unsigned long long max, unsigned *ret_number)
{
	unsigned long long number;
	char *end;

	if (!text)
		return 0;
	errno = 0;
	number = strtoull(text, &end, base);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && number <= max) {
		*ret_number = (unsigned)number;
		return 0;
	}
	cfs_buf_addf(parsing->why, "-o %s: ", name);
	cfs_quote_add(parsing->why, text, strlen(text));
	cfs_buf_addf(parsing->why,
		base == 8 ? " is not an octal number from 0 to %llo"
			  : " is not a number from 0 to %llu",
		max);
	return -EINVAL;
}

static int take_ownership(struct parsing *parsing)
{
	struct cfs_ownership *ownership = &parsing->options.ownership;
	unsigned uid = getuid(), gid = getgid(), mask = 077;
	int r;

	r = take_number(parsing, "uid", parsing->uid, 10, ID_MAX, &uid);
	if (r == 0)
		r = take_number(parsing, "gid", parsing->gid, 10, ID_MAX, &gid);
	if (r == 0)
		r = take_number(parsing, "umask", parsing->umask, 8, UMASK_MAX, &mask);
	if (r == 0)
		*ownership = (struct cfs_ownership){.uid = uid, .gid = gid, .umask = mask & 0777};
	return r;
}

/* Whether an option is SECTION.KEY=VALUE: no option of mount(8) has a dot before its '=', other than
 * x-systemd.*, which are for others. */
static bool is_cloud_setting(const char *arg)
{
	size_t name = strcspn(arg, "=");

	return arg[name] == '=' && memchr(arg, '.', name);
}

static bool is_one_of(const char *option, const char *const *names)
{
	size_t len = strcspn(option, "=");

	for (size_t i = 0; names[i]; i++) {
		if (strlen(names[i]) == len && strncmp(option, names[i], len) == 0)
			return true;
	}
	return false;
}

/* Whether an option says when and by whom something is to be mounted, which is decided by now. */
static bool is_for_others(const char *arg)
{
	static const char *const names[] = {"defaults", "auto", "noauto", "nofail", "_netdev",
		"user", "nouser", "users", "owner", "noowner", "group", "nogroup", "comment", NULL};

	return strncmp(arg, "x-", 2) == 0 || strncmp(arg, "X-", 2) == 0 || is_one_of(arg, names);
}

/* What libfuse and the kernel are known to take. They may take others too, and decide. */
static const char *const mount_options[] = {"allow_other", "allow_root", "async", "atime",
	"auto_unmount", "context", "default_permissions", "dev", "diratime", "dirsync", "exec",
	"fsname", "lazytime", "max_read", "noatime", "nodev", "nodiratime", "noexec", "norelatime",
	"nostrictatime", "nosuid", "nosymfollow", "relatime", "ro", "rw", "strictatime", "subtype",
	"suid", "sync", NULL};

static const char *const own_options[] = {
	"config", "gid", "hand_over", "log_level", "still", "trust_files", "uid", "umask", NULL};

static bool is_option(const char *piece, struct cfs_nearest *nearest)
{
	const char *const *const lists[] = {own_options, mount_options};

	if (is_for_others(piece))
		return true;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (is_one_of(piece, lists[i]))
			return true;
		for (size_t j = 0; nearest && lists[i][j]; j++)
			cfs_nearest_offer(nearest, lists[i][j]);
	}
	return false;
}

/* Remembers the first option that libfuse or the kernel may refuse. */
static int pass_on(struct parsing *parsing, const char *arg)
{
	char **unfamiliar = &parsing->options.unfamiliar;

	if (*unfamiliar || is_one_of(arg, mount_options))
		return 1;
	*unfamiliar = strndup(arg, strcspn(arg, "="));
	if (!*unfamiliar) {
		parsing->result = -ENOMEM;
		return -1;
	}
	return 1;
}

void cfs_options_explain(const struct cfs_options *options, struct cfs_buf *why)
{
	struct cfs_nearest nearest;

	if (!options->unfamiliar)
		return;
	cfs_buf_adds(why, ": ");
	cfs_quote_add(why, options->unfamiliar, strlen(options->unfamiliar));
	cfs_buf_adds(why, " may not be a mount option");
	cfs_nearest_init(&nearest, options->unfamiliar, strlen(options->unfamiliar));
	(void)is_option(options->unfamiliar, &nearest);
	cfs_nearest_add(&nearest, why);
}

static int take_argument(struct parsing *parsing, const char *arg)
{
	struct cfs_options *options = &parsing->options;
	char **more, *copy = strdup(arg);

	more = reallocarray(
		options->arguments, options->n_arguments + 1, sizeof(*options->arguments));
	if (more)
		options->arguments = more;
	if (!more || !copy) {
		free(copy);
		parsing->result = -ENOMEM;
		return -1;
	}
	options->arguments[options->n_arguments++] = copy;
	return 0;
}

/* Whether the number is one, of an option of libfuse that takes one: libfuse would take its lowest 32
 * bits. */
static bool is_number(struct parsing *parsing, const char *arg)
{
	static const char option[] = "max_read=";
	unsigned number;

	if (strncmp(arg, option, sizeof(option) - 1) == 0)
		parsing->result = take_number(
			parsing, "max_read", arg + sizeof(option) - 1, 10, UINT_MAX, &number);
	return parsing->result == 0;
}

static int process(void *data, const char *arg, int key, struct fuse_args *args)
{
	struct parsing *parsing = data;

	(void)args;
	if (key == FUSE_OPT_KEY_NONOPT)
		return take_argument(parsing, arg);
	if (arg[0] == '-')
		return refuse_unknown(parsing, arg);
	if (is_for_others(arg))
		return 0;
	if (strcmp(arg, "auto_unmount") == 0)
		parsing->options.auto_unmount = 1;
	if (is_cloud_setting(arg)) {
		parsing->result = cfs_config_items_option(parsing->items, arg, parsing->why);
		return parsing->result < 0 ? -1 : 0;
	}
	return is_number(parsing, arg) ? pass_on(parsing, arg) : -1;
}

/* Names the mount after its source. First of all options, so that a fsname of the user replaces it. */
static int add_fsname(struct fuse_args *args, const char *source)
{
	char *text = NULL, *escaped = NULL, *option = NULL;
	int r = -ENOMEM;

	if (asprintf(&text, "fsname=%s", source) < 0)
		text = NULL;
	else if (fuse_opt_add_opt_escaped(&escaped, text) == 0 &&
		asprintf(&option, "-o%s", escaped) < 0)
		option = NULL;
	if (option && fuse_opt_insert_arg(args, 1, option) == 0)
		r = 0;
	free(text);
	free(escaped);
	free(option);
	return r;
}

/* What is wrong with the options that go together; NULL: nothing. */
static const char *find_conflict(const struct cfs_options *options)
{
	bool gets = options->get || options->list;

	if (options->get && options->list)
		return "--get and --list cannot go together";
	if (gets && (options->check || options->check_format))
		return "--check cannot go with --get or --list";
	if ((options->into || options->wake) && !options->get)
		return "--into and --wake need --get";
	if (options->get && options->n_arguments == 0)
		return "--get needs a path, for example aws/i-0abc/screenshot.jpg";
	return NULL;
}

/* Tells what the arguments are: of a mount, the last is the mount point and the one before it the
 * source. */
static int resolve_arguments(struct parsing *parsing)
{
	struct cfs_options *options = &parsing->options;
	const char *conflict = find_conflict(options);
	size_t n = options->n_arguments;

	if (conflict) {
		cfs_buf_adds(parsing->why, conflict);
		return -EINVAL;
	}
	if (options->get || options->list || n == 0)
		return 0;
	if (n > 2) {
		refuse(parsing, options->arguments[2],
			"only a source and a mount point can be given");
		return -EINVAL;
	}
	options->mountpoint = strdup(options->arguments[n - 1]);
	if (n == 2)
		options->source = strdup(options->arguments[0]);
	return options->mountpoint && (n == 1 || options->source) ? 0 : -ENOMEM;
}

static int resolve_source(struct parsing *parsing)
{
	struct cfs_options *options = &parsing->options;

	if (!options->source)
		return 0;
	if (strcmp(options->source, "none") != 0 && strcmp(options->source, "consolefs") != 0) {
		if (!strchr(options->source, '/')) {
			refuse(parsing, options->source,
				"neither the path of a configuration nor `none`; with one "
				"argument, it is the mount point");
			return -EINVAL;
		}
		if (options->config_file) {
			refuse(parsing, options->source,
				"names a configuration, and an option names another");
			return -EINVAL;
		}
		options->config_file = strdup(options->source);
		if (!options->config_file)
			return -ENOMEM;
	}
	return add_fsname(&options->args, options->source);
}

/* What every mount has. The kernel checks permissions, so that we need not; and helpers of mount(8)
 * ask for devices and set-user-id programs unless they are turned off. */
static int add_constants(struct fuse_args *args)
{
	static const char constants[] = "-odefault_permissions,nosuid,nodev,noexec,"
					"subtype=consolefs";

	return fuse_opt_add_arg(args, constants) < 0 ? -ENOMEM : 0;
}

/* libfuse leaves a "--" among the options if there are any, and takes those that follow it, like ours,
 * for something else. */
static void remove_separator(struct fuse_args *args)
{
	for (int i = 1; i < args->argc; i++) {
		if (strcmp(args->argv[i], "--") != 0)
			continue;
		free(args->argv[i]);
		memmove(args->argv + i, args->argv + i + 1,
			(size_t)(args->argc - i) * sizeof(args->argv[0]));
		args->argc--;
		return;
	}
}

int cfs_options_parse(int argc, char **argv, struct cfs_config_items *items,
	struct cfs_options *ret_options, struct cfs_buf *why)
{
	struct parsing parsing = {.items = items, .why = why};
	int r;

	r = cfs_commas_settle(argc, argv, is_option, &parsing.options.args, why);
	if (r < 0)
		return r;
	if (fuse_opt_parse(&parsing.options.args, &parsing, options_known, process) < 0) {
		r = parsing.result;
		if (r == 0) {
			/* libfuse has said on stderr which option lacks its argument. */
			cfs_buf_adds(
				why, "the command line is not understood; see consolefs --help");
			r = -EINVAL;
		}
	}
	if (r == 0) {
		remove_separator(&parsing.options.args);
		r = take_ownership(&parsing);
	}
	if (r == 0)
		r = resolve_arguments(&parsing);
	if (r == 0)
		r = resolve_source(&parsing);
	if (r == 0)
		r = add_constants(&parsing.options.args);
	free(parsing.uid);
	free(parsing.gid);
	free(parsing.umask);
	if (r < 0) {
		cfs_options_finish(&parsing.options);
		return r;
	}
	*ret_options = parsing.options;
	return 0;
}

void cfs_options_finish(struct cfs_options *options)
{
	if (!options)
		return;
	free(options->config_file);
	free(options->source);
	free(options->mountpoint);
	free(options->log_level);
	free(options->check_format);
	free(options->unfamiliar);
	free(options->into);
	for (size_t i = 0; i < options->n_arguments; i++)
		free(options->arguments[i]);
	free(options->arguments);
	fuse_opt_free_args(&options->args);
	*options = (struct cfs_options){0};
}
