/* SPDX-License-Identifier: MIT */
/*
 * What a backend may read of the computer it runs on: environment variables, small files, random
 * bytes and the clock. Handed in by the caller, so that a backend does no I/O of its own and tests need no real
 * home directory.
 */
#ifndef CFS_BACKENDS_CONTRACT_ENV_H
#define CFS_BACKENDS_CONTRACT_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/base/buf.h"

/* A credentials or configuration file larger than this is refused. */
#define CFS_ENV_FILE_MAX (1024 * 1024)

struct cfs_env {
	/* The variable's value, or NULL when it is unset. */
	const char *(*get)(void *arg, const char *name);
	/* Appends the file's bytes. 0, or a negative errno, with nothing appended: -ENOENT,
	 * -EACCES, -EFBIG, -EISDIR, -EINVAL for what is not a regular file ... */
	int (*read_file)(void *arg, const char *path, struct cfs_buf *content);
	/* The same; also appends to `foreign` who else could change the file, as cfs_owner_check
	 * does. May be NULL: nobody can. */
	int (*read_owned)(
		void *arg, const char *path, struct cfs_buf *content, struct cfs_buf *foreign);
	/* The home that the user database has for a user, NULL: the one who runs this process. The
	 * caller frees it. -ENOENT, -ENOMEM. May be NULL: there is no such database. */
	int (*find_home)(void *arg, const char *user, char **ret_home);
	/* Fills in bytes that nobody can guess, 256 at most. 0 or a negative errno. For credential
	 * providers; NULL in an env that none is handed. */
	int (*random)(void *arg, unsigned char *bytes, size_t len);
	/* This host's time in seconds since the epoch. For what other programs of this host have
	 * written; signatures and keys go by the cloud's, which may differ. NULL: it is the same. */
	int64_t (*host_time)(void *arg);
	void *arg;
	/* What relative paths are relative to: where the process was started, which a daemon
	 * leaves. Borrowed. NULL: the working directory. */
	const char *directory;
	/* Whether to run nothing that a file names which somebody else could change. */
	bool wary;
};

/* The variable's value, or NULL when it is unset or empty: both mean "not given" to every SDK. */
const char *cfs_env_get(const struct cfs_env *env, const char *name);

/* Reads a file: read_file and read_owned with a path that may be relative. Also -ENOMEM. */
int cfs_env_read(const struct cfs_env *env, const char *path, struct cfs_buf *content);
int cfs_env_read_owned(const struct cfs_env *env, const char *path, struct cfs_buf *content,
	struct cfs_buf *foreign);

/* The path, relative to env->directory if it is relative. The caller frees it. -ENOMEM. */
int cfs_env_absolute(const struct cfs_env *env, const char *path, char **ret_path);

/*
 * A path with a tilde expanded as Python's os.path.expanduser does it, with which the AWS CLI and
 * tccli find their files: "~/x" by HOME, and without that by the user database; "~name/x" by the
 * user database, unless it does not know the name. Other paths are copied. What is relative becomes
 * absolute, as cfs_env_absolute does it. The caller frees it.
 * -ENOENT: there is no home. -ENOMEM.
 */
int cfs_env_expand(const struct cfs_env *env, const char *path, char **ret_path);
/* The same after $NAME and ${NAME}: those of variables that are not set stay as they are, as with
 * os.path.expandvars. Also -ENAMETOOLONG. */
int cfs_env_expand_variables(const struct cfs_env *env, const char *path, char **ret_path);

/* The environment, the files and the user database that this process sees. */
extern const struct cfs_env cfs_env_process;

#endif
