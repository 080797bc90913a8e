/*
 * What a backend may read of the computer it runs on: environment variables and small files. Handed
 * in by the caller, so that a backend does no I/O of its own and tests need no real home directory.
 */
#ifndef CFS_BACKENDS_CONTRACT_ENV_H
#define CFS_BACKENDS_CONTRACT_ENV_H

#include "backends/base/buf.h"

/* A credentials or configuration file larger than this is refused. */
#define CFS_ENV_FILE_MAX (1024 * 1024)

struct cfs_env {
	/* The variable's value, or NULL when it is unset. */
	const char *(*get)(void *arg, const char *name);
	/* Appends the file's bytes. 0, or a negative errno, with nothing appended: -ENOENT,
	 * -EACCES, -EFBIG, -EISDIR, -EINVAL for what is not a regular file ... */
	int (*read_file)(void *arg, const char *path, struct cfs_buf *content);
	void *arg;
};

/* The variable's value, or NULL when it is unset or empty: both mean "not given" to every SDK. */
const char *cfs_env_get(const struct cfs_env *env, const char *name);

/* "~/x" expanded by HOME into *ret_path, other paths copied; the caller frees it. -ENOENT: no HOME.
 */
int cfs_env_expand(const struct cfs_env *env, const char *path, char **ret_path);

/* The environment and the files of this process. */
extern const struct cfs_env cfs_env_process;

#endif
