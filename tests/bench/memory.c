/* SPDX-License-Identifier: MIT */
/*
 * bench-memory [options of libfuse] MOUNTPOINT [BYTES]: the least that a filesystem can cost.
 *
 * With BYTES it has one file of so many, `file`, held in memory; without, it is empty. As in
 * consolefs each lookup answers with a fresh node, and nothing that the kernel knows of a file is
 * good for any time. Returns when the mount is usable.
 */
#define FUSE_USE_VERSION 314
#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	char *bytes; /* NULL: there is no file */
	size_t len;
	fuse_ino_t last_ino;
} memory = {.last_ino = FUSE_ROOT_ID};

static struct stat attributes(fuse_ino_t ino)
{
	struct stat st = {.st_ino = ino,
		.st_nlink = 1,
		.st_mode = S_IFREG | 0400,
		.st_uid = getuid(),
		.st_gid = getgid(),
		.st_size = (off_t)memory.len};

	if (ino == FUSE_ROOT_ID)
		st.st_mode = S_IFDIR | 0500;
	return st;
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	conn->want &= ~(unsigned)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_SPLICE_READ |
		FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = {0};

	if (parent != FUSE_ROOT_ID || !memory.bytes || strcmp(name, "file") != 0) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	entry.ino = ++memory.last_ino;
	entry.attr = attributes(entry.ino);
	fuse_reply_entry(req, &entry);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st = attributes(ino);

	(void)fi;
	fuse_reply_attr(req, &st, ino == FUSE_ROOT_ID ? 1 : 0);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fuse_reply_open(req, fi);
}

static void op_read(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	size_t at = (size_t)offset < memory.len ? (size_t)offset : memory.len;

	(void)ino, (void)fi;
	fuse_reply_buf(req, memory.bytes + at, size < memory.len - at ? size : memory.len - at);
}

static void op_readdir(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	(void)ino, (void)size, (void)offset, (void)fi;
	fuse_reply_buf(req, NULL, 0);
}

static const struct fuse_lowlevel_ops operations = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.open = op_open,
	.read = op_read,
	.readdir = op_readdir,
};

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_session *session = NULL;
	char *bytes = NULL;
	int r = EXIT_FAILURE;

	if (argc > 2 && strspn(argv[argc - 1], "0123456789") == strlen(argv[argc - 1]))
		bytes = argv[--args.argc];
	const char *mountpoint = args.argc > 1 ? argv[--args.argc] : NULL;
	if (bytes) {
		memory.len = (size_t)atol(bytes);
		memory.bytes = calloc(1, memory.len);
		if (!memory.bytes)
			goto out;
		memset(memory.bytes, 'x', memory.len);
	}
	session = fuse_session_new(&args, &operations, sizeof(operations), NULL);
	if (!session || !mountpoint || fuse_set_signal_handlers(session) < 0)
		goto out;
	if (fuse_session_mount(session, mountpoint) == 0) {
		if (fuse_daemonize(0) == 0)
			r = fuse_session_loop(session) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
		fuse_session_unmount(session);
	}
	fuse_remove_signal_handlers(session);
out:
	if (session)
		fuse_session_destroy(session);
	fuse_opt_free_args(&args);
	free(memory.bytes);
	return r;
}
