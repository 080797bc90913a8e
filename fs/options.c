#include "fs/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char cfs_options_usage[] =
	"usage: consolefs [options] MOUNTPOINT\n"
	"\n"
	"Mounts the consoles of cloud virtual machines as files.\n"
	"\n"
	"    -c, --config FILE   the configuration; default: $CONSOLEFS_CONFIG,\n"
	"                        ~/.config/consolefs/consolefs.conf, /etc/consolefs.conf\n"
	"    -f                  stay in the foreground, log to stderr\n"
	"    -o OPT[,OPT...]     mount options: ro, uid=N, gid=N, umask=M, allow_other,\n"
	"                        auto_unmount, fsname=NAME, and every setting of the\n"
	"                        configuration as SECTION.KEY=VALUE, for example\n"
	"                        aws.regions=us-east-1:eu-west-1\n"
	"    --demo              mount two simulated clouds; makes MOUNTPOINT if need be\n"
	"    -V, --version       print the version\n"
	"    -h, --help          print this\n"
	"\n"
	"Credentials come from where each cloud's own tools keep them.\n"
	"Unmount with: fusermount3 -u MOUNTPOINT\n";

enum { KEY_CLOUD_SETTING = 1 };

#define OPTION(text, field, value) \
	{ \
		text, offsetof(struct cfs_options, field), value \
	}

static const struct fuse_opt options_known[] = {
	OPTION("-c %s", config_file, 0),
	OPTION("--config %s", config_file, 0),
	OPTION("--config=%s", config_file, 0),
	OPTION("-f", foreground, 1),
	OPTION("--foreground", foreground, 1),
	OPTION("--demo", demo, 1),
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
	struct cfs_config *config;
	struct cfs_buf *why;
	int result;
};

static int refuse(struct parsing *parsing, const char *arg, const char *text)
{
	cfs_buf_addf(parsing->why, "%s: %s", arg, text);
	parsing->result = -EINVAL;
	return -1;
}

/* Whether an option is SECTION.KEY=VALUE: no option of mount(8) has a dot before its '='. But
 * x-systemd.* are for others. */
static bool is_cloud_setting(const char *arg)
{
	size_t name = strcspn(arg, "=");

	return arg[name] == '=' && memchr(arg, '.', name) && strncmp(arg, "x-", 2) != 0;
}

static int process(void *data, const char *arg, int key, struct fuse_args *args)
{
	struct parsing *parsing = data;

	(void)args;
	if (key == FUSE_OPT_KEY_NONOPT) {
		if (parsing->options.mountpoint)
			return refuse(parsing, arg, "only one mount point can be given");
		parsing->options.mountpoint = strdup(arg);
		if (!parsing->options.mountpoint)
			parsing->result = -ENOMEM;
		return parsing->options.mountpoint ? 0 : -1;
	}
	if (arg[0] == '-')
		return refuse(parsing, arg, "unknown option; see consolefs --help");
	if (is_cloud_setting(arg)) {
		parsing->result = cfs_config_option(parsing->config, arg, parsing->why);
		return parsing->result < 0 ? -1 : 0;
	}
	return 1; /* libfuse's, or it refuses it */
}

int cfs_options_parse(int argc, char **argv, struct cfs_config *config,
	struct cfs_options *ret_options, struct cfs_buf *why)
{
	struct parsing parsing = {.config = config, .why = why};

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
	/* The kernel checks permissions, before and instead of us. */
	if (fuse_opt_add_arg(&parsing.options.args, "-odefault_permissions,subtype=consolefs") <
		0) {
		cfs_options_finish(&parsing.options);
		return -ENOMEM;
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
	free(options->mountpoint);
	fuse_opt_free_args(&options->args);
	*options = (struct cfs_options){0};
}
