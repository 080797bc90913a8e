#include "fs/program/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/text.h"

const char cfs_options_usage[] =
	"usage: consolefs [options] MOUNTPOINT\n"
	"\n"
	"Mounts the consoles of cloud virtual machines as files.\n"
	"\n"
	"    -c, --config FILE   the configuration; default: $CONSOLEFS_CONFIG,\n"
	"                        ~/.config/consolefs/consolefs.conf, /etc/consolefs.conf\n"
	"    -f                  stay in the foreground, log to stderr\n"
	"    -o OPT[,OPT...]     mount options: ro, uid=N, gid=N, umask=M, allow_other,\n"
	"                        auto_unmount, fsname=NAME, config=FILE, and every\n"
	"                        setting of the configuration as SECTION.KEY=VALUE, for\n"
	"                        example aws.regions=us-east-1:eu-west-1\n"
	"    --check[=json]      do not mount; say for each cloud whether it works, and\n"
	"                        which permissions are missing\n"
	"    --log-level LEVEL   error, warning, info (the default) or debug\n"
	"    --demo              mount two simulated clouds; makes MOUNTPOINT if need be\n"
	"    -V, --version       print the version\n"
	"    -h, --help          print this\n"
	"\n"
	"Credentials come from where each cloud's own tools keep them.\n"
	"Unmount with: fusermount3 -u MOUNTPOINT\n";

#define SHOWN_MAX 256 /* bytes of an argument in a message */

enum { KEY_CLOUD_SETTING = 1 };

#define OPTION(text, field, value) \
	{ \
		text, offsetof(struct cfs_options, field), value \
	}

static const struct fuse_opt options_known[] = {
	OPTION("-c %s", config_file, 0),
	OPTION("--config %s", config_file, 0),
	OPTION("--config=%s", config_file, 0),
	OPTION("config=%s", config_file, 0),
	OPTION("-f", foreground, 1),
	OPTION("--foreground", foreground, 1),
	OPTION("--demo", demo, 1),
	OPTION("--check", check, 1),
	OPTION("--check=%s", check_format, 0),
	OPTION("--log-level %s", log_level, 0),
	OPTION("--log-level=%s", log_level, 0),
	OPTION("log_level=%s", log_level, 0),
	OPTION("-V", version, 1),
	OPTION("--version", version, 1),
	OPTION("-h", help, 1),
	OPTION("--help", help, 1),
	OPTION("uid=%u", ownership.uid, 0),
	OPTION("gid=%u", ownership.gid, 0),
	OPTION("umask=%o", ownership.umask, 0),
	FUSE_OPT_END,
};

struct parsing {
	struct cfs_options options; /* first: fuse_opt_parse writes fields at their offsets */
	struct cfs_config_items *items;
	struct cfs_buf *why;
	int result;
};

static int refuse(struct parsing *parsing, const char *arg, const char *text)
{
	char shown[SHOWN_MAX];

	cfs_text_line(shown, sizeof(shown), arg, strlen(arg));
	cfs_buf_addf(parsing->why, "%s: %s", shown, text);
	parsing->result = -EINVAL;
	return -1;
}

/* Whether an option is SECTION.KEY=VALUE: no option of mount(8) has a dot before its '='. But
 * x-systemd.* are for others. */
static bool is_cloud_setting(const char *arg)
{
	size_t name = strcspn(arg, "=");

	return arg[name] == '=' && memchr(arg, '.', name);
}

/* Whether an option says when and by whom something is to be mounted, which is decided by now. */
static bool is_for_others(const char *arg)
{
	static const char *const names[] = {"defaults", "auto", "noauto", "nofail", "_netdev",
		"user", "nouser", "users", "owner", "noowner", "group", "nogroup", "comment", NULL};
	size_t len = strcspn(arg, "="), i;

	if (strncmp(arg, "x-", 2) == 0 || strncmp(arg, "X-", 2) == 0)
		return true;
	for (i = 0; names[i]; i++)
		if (strlen(names[i]) == len && strncmp(arg, names[i], len) == 0)
			return true;
	return false;
}

/* The last one is the mount point, and the one before it the source. */
static int take_argument(struct parsing *parsing, const char *arg)
{
	if (parsing->options.source)
		return refuse(parsing, arg, "only a source and a mount point can be given");
	parsing->options.source = parsing->options.mountpoint;
	parsing->options.mountpoint = strdup(arg);
	if (!parsing->options.mountpoint)
		parsing->result = -ENOMEM;
	return parsing->result < 0 ? -1 : 0;
}

static int process(void *data, const char *arg, int key, struct fuse_args *args)
{
	struct parsing *parsing = data;

	(void)args;
	if (key == FUSE_OPT_KEY_NONOPT)
		return take_argument(parsing, arg);
	if (arg[0] == '-')
		return refuse(parsing, arg, "unknown option; see consolefs --help");
	if (is_for_others(arg))
		return 0;
	if (is_cloud_setting(arg)) {
		parsing->result = cfs_config_items_option(parsing->items, arg, parsing->why);
		return parsing->result < 0 ? -1 : 0;
	}
	return 1; /* libfuse's, or it refuses it */
}

/* Names the mount after its source, before what the user may say of it. */
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

static int resolve_source(struct parsing *parsing)
{
	struct cfs_options *options = &parsing->options;

	if (!options->source)
		return 0;
	if (strcmp(options->source, "none") != 0 && strcmp(options->source, "consolefs") != 0) {
		if (!strchr(options->source, '/')) {
			refuse(parsing, options->source,
				"neither the path of a configuration nor `none`");
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

/* What every mount has. The kernel checks permissions, before and instead of us; and helpers of
 * mount(8) ask for devices and set-user-id programs when nobody forbids it. */
static int add_constants(struct fuse_args *args)
{
	static const char constants[] = "-odefault_permissions,nosuid,nodev,noexec,"
					"subtype=consolefs";

	return fuse_opt_add_arg(args, constants) < 0 ? -ENOMEM : 0;
}

int cfs_options_parse(int argc, char **argv, struct cfs_config_items *items,
	struct cfs_options *ret_options, struct cfs_buf *why)
{
	struct parsing parsing = {.items = items, .why = why};
	int r;

	parsing.options.args = (struct fuse_args)FUSE_ARGS_INIT(argc, argv);
	parsing.options.ownership =
		(struct cfs_ownership){.uid = getuid(), .gid = getgid(), .umask = 077};
	if (fuse_opt_parse(&parsing.options.args, &parsing, options_known, process) < 0) {
		cfs_options_finish(&parsing.options);
		if (parsing.result == 0) {
			/* libfuse has said on stderr which value it could not read. */
			cfs_buf_adds(
				why, "the command line is not understood; see consolefs --help");
			parsing.result = -EINVAL;
		}
		return parsing.result;
	}
	r = resolve_source(&parsing);
	if (r == 0)
		r = add_constants(&parsing.options.args);
	if (r < 0) {
		cfs_options_finish(&parsing.options);
		return r;
	}
	parsing.options.ownership.umask &= 0777;
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
	fuse_opt_free_args(&options->args);
	*options = (struct cfs_options){0};
}
