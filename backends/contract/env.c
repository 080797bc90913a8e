#include "backends/contract/env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define READ_CHUNK 4096

const char *cfs_env_get(const struct cfs_env *env, const char *name)
{
	const char *value = env->get(env->arg, name);

	return value && *value ? value : NULL;
}

int cfs_env_expand(const struct cfs_env *env, const char *path, char **ret_path)
{
	const char *home = "";
	size_t home_len;
	char *expanded;

	/* "~name" is another user's home, for which the user database would have to be read. */
	if (path[0] == '~' && (path[1] == '/' || path[1] == '\0')) {
		home = cfs_env_get(env, "HOME");
		if (!home)
			return -ENOENT;
		path++;
	}
	home_len = strlen(home);
	expanded = malloc(home_len + strlen(path) + 1);
	if (!expanded)
		return -ENOMEM;
	memcpy(expanded, home, home_len);
	memcpy(expanded + home_len, path, strlen(path) + 1);
	*ret_path = expanded;
	return 0;
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

static int process_read_file(void *arg, const char *path, struct cfs_buf *content)
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
	close(fd);
	/* The bytes beyond are wiped with the buffer. */
	if (r < 0)
		cfs_buf_cut(content, before);
	return r;
}

const struct cfs_env cfs_env_process = {
	.get = process_get,
	.read_file = process_read_file,
};
