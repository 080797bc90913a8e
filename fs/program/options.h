/* SPDX-License-Identifier: MIT */
/*
 * Parses the command line: what to mount where, and how.
 */
#ifndef CFS_FS_PROGRAM_OPTIONS_H
#define CFS_FS_PROGRAM_OPTIONS_H

#define FUSE_USE_VERSION 314
#include <fuse_opt.h>

#include "fs/cloud/config_items.h"
#include "fs/tree/layout.h"

/*
 * As a user types it, `consolefs [options] MOUNTPOINT`; or as mount(8) and its helpers do for a
 * line of fstab, `consolefs SOURCE MOUNTPOINT -o OPTIONS`. A source is the path of a configuration,
 * or `none` or `consolefs`, and becomes the mount's fsname, by which mount(8) knows it again. What
 * in OPTIONS is for mount(8) and the service manager alone, like `nofail`, is ignored.
 *
 * With --get or --list all arguments are paths in the tree, and nothing is mounted.
 */
struct cfs_options {
	char *config_file;  /* -c or the source, NULL when not given */
	char *source;       /* NULL when not given */
	char *mountpoint;   /* NULL when not given */
	char *log_level;    /* --log-level, a word; NULL when not given */
	char *check_format; /* --check=FORMAT; NULL when not given */
	char *unfamiliar;   /* the first mount option that may not be one; NULL: there is none */
	char *into;         /* --into; NULL when not given */
	char **arguments;   /* as given; those of a mount are in source and mountpoint too */
	size_t n_arguments;
	int trust_files; /* as root too, files that another user could change */
	int foreground, still, demo, check, get, list, wake, backends, version, help;
	int auto_unmount; /* an option of libfuse's, which gets it too */
	int hand_over;    /* -o hand_over */
	struct cfs_ownership ownership;
	struct fuse_args args; /* the mount options for libfuse */
};

/* Parses argv; settings of clouds are added to items. -EINVAL with a sentence in why, -ENOMEM.
 */
int cfs_options_parse(int argc, char **argv, struct cfs_config_items *items,
	struct cfs_options *ret_options, struct cfs_buf *why);
void cfs_options_finish(struct cfs_options *options);

/* Appends what to say when libfuse or the kernel may have refused the unfamiliar mount option:
 * nothing if there is none. */
void cfs_options_explain(const struct cfs_options *options, struct cfs_buf *why);

extern const char cfs_options_usage[];

#endif
