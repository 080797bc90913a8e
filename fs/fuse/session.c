#include "fs/fuse/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/caller.h"
#include "fs/base/log.h"
#include "fs/fuse/detach.h"
#include "fs/fuse/device.h"
#include "fs/fuse/operations.h"
#include "fs/fuse/pending.h"

/* Requests answered before the loop looks at anything else. */
#define REQUESTS_A_TURN 64

struct cfs_filesystem {
	struct cfs_mount mount;
	struct fuse_session *session;
	struct fuse_buf buf;
	struct cfs_watch watch;
	struct cfs_detach detach;
	bool mounted;
};

int cfs_filesystem_create(const struct cfs_machine *machine, const struct cfs_clouds *clouds,
	const struct cfs_guests *guests, const struct cfs_ownership *ownership,
	struct fuse_args *args, void (*ready)(void *arg), void *arg,
	struct cfs_filesystem **ret_filesystem)
{
	struct cfs_filesystem *filesystem;
	int r;

	filesystem = calloc(1, sizeof(*filesystem));
	if (!filesystem)
		return -ENOMEM;
	filesystem->mount = (struct cfs_mount){
		.machine = machine,
		.clouds = clouds,
		.guests = guests,
		.ownership = *ownership,
		.ready = ready,
		.ready_arg = arg,
	};
	r = cfs_nodes_create(&filesystem->mount.nodes);
	if (r == 0) {
		cfs_nodes_set_clouds(filesystem->mount.nodes, clouds);
		filesystem->session = fuse_session_new(
			args, &cfs_operations, sizeof(cfs_operations), &filesystem->mount);
		if (!filesystem->session)
			r = -EINVAL;
	}
	if (r < 0) {
		cfs_filesystem_destroy(filesystem);
		return r;
	}
	*ret_filesystem = filesystem;
	return 0;
}

void cfs_filesystem_destroy(struct cfs_filesystem *filesystem)
{
	if (!filesystem)
		return;
	cfs_operations_abandon(&filesystem->mount);
	cfs_watch_stop(&filesystem->watch);
	cfs_detach_stop(&filesystem->detach);
	if (filesystem->mounted)
		fuse_session_unmount(filesystem->session);
	if (filesystem->session)
		fuse_session_destroy(filesystem->session);
	cfs_nodes_destroy(filesystem->mount.nodes);
	free(filesystem->buf.mem);
	free(filesystem);
}

static void answer_requests(void *arg)
{
	struct cfs_filesystem *filesystem = arg;
	int i, r;

	for (i = 0; i < REQUESTS_A_TURN; i++) {
		r = fuse_session_receive_buf(filesystem->session, &filesystem->buf);
		if (r == -EINTR)
			continue;
		if (r <= 0)
			break;
		fuse_session_process_buf(filesystem->session, &filesystem->buf);
		cfs_asker_set(filesystem->mount.machine->asker, 0);
	}
	/* 0: unmounted. A device that cannot be read is as good as that. */
	if (i < REQUESTS_A_TURN && r != -EAGAIN) {
		if (r < 0)
			cfs_log(CFS_LOG_ERROR, "reading /dev/fuse failed: error %d", -r);
		cfs_watch_stop(&filesystem->watch);
		cfs_loop_stop(filesystem->mount.machine->loop);
	}
}

/* Mounts have changed. Taken away while in use (fusermount3 -uz), a mount lasts until the last user
 * has gone, and nobody shall wait for a cloud meanwhile. What is open can be read to its end. */
static void on_mounts(void *arg)
{
	struct cfs_filesystem *filesystem = arg;

	if (filesystem->mount.requests && cfs_detach_happened(&filesystem->detach))
		cfs_waiting_abandon(&filesystem->mount);
}

int cfs_filesystem_mount(struct cfs_filesystem *filesystem, const char *mountpoint)
{
	int fd, flags, r;

	if (fuse_session_mount(filesystem->session, mountpoint) < 0)
		return -EIO;
	filesystem->mounted = true;
	r = cfs_detach_start(&filesystem->detach, filesystem->mount.machine->loop, mountpoint,
		on_mounts, filesystem);
	if (r < 0)
		cfs_log(CFS_LOG_DEBUG, "a lazy unmount will not be noticed: %s", strerror(-r));
	r = cfs_device_attach(filesystem->session);
	if (r < 0)
		return r;
	fd = fuse_session_fd(filesystem->session);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return cfs_watch_start(filesystem->mount.machine->loop, &filesystem->watch, fd,
		answer_requests, filesystem);
}
