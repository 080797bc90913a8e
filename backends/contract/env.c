/* SPDX-License-Identifier: MIT */
#include "backends/contract/env.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "backends/contract/owner.h"

#define READ_CHUNK 4096
#define USER_MAX 256     /* bytes of a user's name, NUL included */
#define PASSWD_MAX 65536 /* bytes of one entry of the user database */

const char *cfs_env_get(const struct cfs_env *env, const char *name)
{
	const char *value = env->get(env->arg, name);

	return value && *value ? value : NULL;
}

int cfs_env_absolute(const struct cfs_env *env, const char *path, char **ret_path)
{
	bool whole = path[0] == '/' || path[0] == '\0' || !env->directory;
	const char *directory = whole ? "" : env->directory, *slash = whole ? "" : "/";
	size_t len = strlen(directory) + strlen(slash) + strlen(path) + 1;
	char *absolute = malloc(len);

	if (!absolute)
		return -ENOMEM;
	stpcpy(stpcpy(stpcpy(absolute, directory), slash), path);
	*ret_path = absolute;
	return 0;
}

int cfs_env_read_owned(const struct cfs_env *env, const char *path, struct cfs_buf *content,
	struct cfs_buf *foreign)
{
	char *absolute;
	int r = cfs_env_absolute(env, path, &absolute);

	if (r < 0)
		return r;
	r = foreign && env->read_owned ? env->read_owned(env->arg, absolute, content, foreign)
				       : env->read_file(env->arg, absolute, content);
	free(absolute);
	return r;
}

int cfs_env_read(const struct cfs_env *env, const char *path, struct cfs_buf *content)
{
	return cfs_env_read_owned(env, path, content, NULL);
}

/* The home of the user who is named, or of our own, in *ret_home, which the caller frees. */
static int find_home(const struct cfs_env *env, const char *user, char **ret_home)
{
	const char *home = user ? NULL : cfs_env_get(env, "HOME");

	if (!home)
		return env->find_home ? env->find_home(env->arg, user, ret_home) : -ENOENT;
	*ret_home = strdup(home);
	return *ret_home ? 0 : -ENOMEM;
}

int cfs_env_expand(const struct cfs_env *env, const char *path, char **ret_path)
{
	size_t name_len = path[0] == '~' ? strcspn(path + 1, "/") : 0, home_len, rest_len;
	char name[USER_MAX], *home = NULL, *expanded;
	int r;

	if (path[0] == '~' && name_len < sizeof(name)) {
		memcpy(name, path + 1, name_len);
		name[name_len] = '\0';
		r = find_home(env, name_len ? name : NULL, &home);
		if (r == -ENOMEM || (r < 0 && name_len == 0))
			return r;
	}
	if (home)
		path += 1 + name_len;
	home_len = home ? strlen(home) : 0;
	rest_len = strlen(path) + 1;
	expanded = malloc(home_len + rest_len);
	if (expanded) {
		memcpy(expanded, home ? home : "", home_len);
		memcpy(expanded + home_len, path, rest_len);
	}
	free(home);
	if (!expanded)
		return -ENOMEM;
	r = cfs_env_absolute(env, expanded, ret_path);
	free(expanded);
	return r;
}

/* The length of the name of a variable that begins at `text`, 0 if there is none. */
static size_t name_of(const char *text, const char **ret_name, size_t *ret_len)
{
	static const char word[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	const char *close;

	if (*text != '{') {
		*ret_name = text;
		*ret_len = strspn(text, word);
		return *ret_len;
	}
	close = strchr(text, '}');
	if (!close)
		return 0;
	*ret_name = text + 1;
	*ret_len = (size_t)(close - text) - 1;
	return *ret_len + 2;
}

/* Appends the value of the variable. -ENOENT when it is not set. */
static int add_variable(
	const struct cfs_env *env, const char *name, size_t len, struct cfs_buf *path)
{
	char *copy = strndup(name, len);
	const char *value;

	if (!copy)
		return -ENOMEM;
	value = env->get(env->arg, copy);
	free(copy);
	return value ? cfs_buf_adds(path, value) : -ENOENT;
}

int cfs_env_expand_variables(const struct cfs_env *env, const char *path, char **ret_path)
{
	struct cfs_buf expanded = CFS_BUF_INIT(PATH_MAX);
	int r = 0;

	while (r == 0 && *path) {
		size_t plain = strcspn(path, "$"), name_len, len = 0;
		const char *name;

		r = cfs_buf_add(&expanded, path, plain);
		path += plain;
		if (r < 0 || !*path)
			break;
		len = name_of(path + 1, &name, &name_len);
		if (len > 0)
			r = add_variable(env, name, name_len, &expanded);
		if (len == 0 || r == -ENOENT)
			r = cfs_buf_add(&expanded, path, len + 1);
		path += len + 1;
	}
	if (r == 0)
		r = cfs_env_expand(env, cfs_buf_text(&expanded), ret_path);
	cfs_buf_finish(&expanded);
	return r == -EFBIG ? -ENAMETOOLONG : r;
}

static const char *process_get(void *arg, const char *name)
{
	(void)arg;
	return getenv(name);
}

/* Appends what fd still has to give. */
static int read_bounded(int fd, struct cfs_buf *content)
{
	size_t total = 0, room;
	ssize_t got;
	char past;
	int r;

	for (;;) {

		/* A file that fills the buffer exactly is whole only if nothing follows. */
		if (total == CFS_ENV_FILE_MAX || content->len == content->max) {
			got = TEMP_FAILURE_RETRY(read(fd, &past, 1));
			return got < 0 ? -errno : got > 0 ? -EFBIG : 0;
		}
		room = CFS_ENV_FILE_MAX - total;
		if (room > content->max - content->len)
			room = content->max - content->len;
		if (room > READ_CHUNK)
			room = READ_CHUNK;
		r = cfs_buf_reserve(content, room);
		if (r < 0)
			return r;
		got = TEMP_FAILURE_RETRY(read(fd, content->data + content->len, room));
		if (got < 0)
			return -errno;
		content->len += (size_t)got;
		content->data[content->len] = '\0';
		if (got == 0)
			return 0;
		total += (size_t)got;
	}
}

static int process_read_owned(
	void *arg, const char *path, struct cfs_buf *content, struct cfs_buf *foreign)
{
	size_t before = content->len;
	struct stat st;
	int fd, r;

	(void)arg;
	/* O_NONBLOCK: a FIFO or a device in a file's place must not hang the only thread there is.
	 */
	fd = TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		r = -EISDIR;
	else if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
		r = 0; /* /dev/null: the usual way to say that there is no file */
	else if (!S_ISREG(st.st_mode))
		r = -EINVAL;
	else
		r = read_bounded(fd, content);
	if (r == 0 && foreign)
		r = cfs_owner_check(fd, foreign);
	close(fd);
	/* The bytes beyond are wiped with the buffer. */
	if (r < 0)
		cfs_buf_cut(content, before);
	return r;
}

static int process_read_file(void *arg, const char *path, struct cfs_buf *content)
{
	return process_read_owned(arg, path, content, NULL);
}

static int process_find_home(void *arg, const char *user, char **ret_home)
{
	char *entry = malloc(PASSWD_MAX);
	struct passwd passwd, *found = NULL;
	int r = entry ? 0 : -ENOMEM;

	(void)arg;
	if (r == 0 && user)
		(void)getpwnam_r(user, &passwd, entry, PASSWD_MAX, &found);
	else if (r == 0)
		(void)getpwuid_r(getuid(), &passwd, entry, PASSWD_MAX, &found);
	if (found && *found->pw_dir) {
		*ret_home = strdup(found->pw_dir);
		if (!*ret_home)
			r = -ENOMEM;
	} else if (r == 0) {
		r = -ENOENT;
	}
	free(entry);
	return r;
}

const struct cfs_env cfs_env_process = {
	.get = process_get,
	.read_file = process_read_file,
	.read_owned = process_read_owned,
	.find_home = process_find_home,
};
