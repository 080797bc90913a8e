/* SPDX-License-Identifier: MIT */
#include "fs/fuse/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/caller.h"
#include "fs/base/log.h"
#include "fs/fuse/detach.h"
#include "fs/fuse/device.h"
#include "fs/fuse/operations.h"
#include "fs/fuse/pending.h"

/* Requests answered before the loop looks at anything else. */
#define REQUESTS_A_TURN 64

struct cfs_session {
	struct cfs_mount mount;
	struct fuse_session *fuse;
	struct fuse_buf buf;
	struct cfs_watch watch;
	struct cfs_detach detach;
	bool mounted;
};

static void __attribute__((format(printf, 2, 0)))
say_nothing(enum fuse_log_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
}

int cfs_session_check_options(const struct fuse_args *args)
{
	static const struct fuse_lowlevel_ops none = {.init = NULL};
	struct fuse_args copy = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *fuse = NULL;
	int r = 0;

	for (int i = 0; i < args->argc && r == 0; i++)
		r = fuse_opt_add_arg(&copy, args->argv[i]) < 0 ? -ENOMEM : 0;
	/* Its own words do not say what may have been meant. */
	fuse_set_log_func(say_nothing);
	if (r == 0)
		fuse = fuse_session_new(&copy, &none, sizeof(none), NULL);
	fuse_set_log_func(NULL);
	if (r == 0 && !fuse)
		r = -EINVAL;
	if (fuse)
		fuse_session_destroy(fuse);
	fuse_opt_free_args(&copy);
	return r;
}

int cfs_session_create(const struct cfs_runtime *runtime, const struct cfs_clouds *clouds,
	const struct cfs_mount_config *config, const struct cfs_ownership *ownership, bool still,
	struct fuse_args *args, void (*ready)(void *arg), void *arg,
	struct cfs_session **ret_session)
{
	struct cfs_session *session;
	int r;

	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->mount = (struct cfs_mount){
		.runtime = runtime,
		.config = config,
		.ownership = *ownership,
		.ready = ready,
		.ready_arg = arg,
	};
	r = cfs_quota_init(&session->mount.quota, geteuid(), ownership->uid);
	if (r == 0)
		r = cfs_nodes_create(&session->mount.nodes);
	if (r == 0) {
		cfs_nodes_set_clouds(session->mount.nodes, clouds);
		cfs_still_init(&session->mount.still, runtime->loop, config);
		cfs_nodes_set_still(session->mount.nodes, &session->mount.still, still);
		session->fuse = fuse_session_new(
			args, &cfs_operations, sizeof(cfs_operations), &session->mount);
		if (!session->fuse)
			r = -EINVAL;
	}
	if (r < 0) {
		cfs_session_destroy(session);
		return r;
	}
	*ret_session = session;
	return 0;
}

void cfs_session_configured(struct cfs_session *session)
{
	cfs_still_let_go_retired(&session->mount.still);
}

void cfs_session_destroy(struct cfs_session *session)
{
	if (!session)
		return;
	cfs_operations_abandon(&session->mount);
	cfs_watch_stop(&session->watch);
	cfs_detach_stop(&session->detach);
	if (session->mounted)
		fuse_session_unmount(session->fuse);
	if (session->fuse)
		fuse_session_destroy(session->fuse);
	cfs_still_finish(&session->mount.still);
	cfs_nodes_destroy(session->mount.nodes);
	cfs_quota_finish(&session->mount.quota);
	free(session->buf.mem);
	free(session);
}

static void answer_requests(void *arg)
{
	struct cfs_session *session = arg;
	int i, r;

	for (i = 0; i < REQUESTS_A_TURN; i++) {
		r = fuse_session_receive_buf(session->fuse, &session->buf);
		if (r == -EINTR)
			continue;
		if (r <= 0)
			break;
		fuse_session_process_buf(session->fuse, &session->buf);
		cfs_caller_set_current(session->mount.runtime->current_caller, 0);
	}
	/* 0: unmounted. A device that cannot be read ends the mount too. */
	if (i < REQUESTS_A_TURN && r != -EAGAIN) {
		if (r < 0)
			cfs_log(CFS_LOG_ERROR, "reading /dev/fuse failed: error %d", -r);
		cfs_watch_stop(&session->watch);
		cfs_loop_stop(session->mount.runtime->loop);
	}
}

/* Mounts have changed. One that was detached while in use (fusermount3 -uz) lasts until its last
 * file is closed: no request waits for a cloud meanwhile, and what is open can be read to its end.
 */
static void on_mounts(void *arg)
{
	struct cfs_session *session = arg;

	if (session->mount.requests && cfs_detach_happened(&session->detach))
		cfs_pending_abandon(&session->mount);
}

/* Whether a mount that another process has made is one to serve. */
static bool is_safe(const struct cfs_session *session)
{
	const char *missing = cfs_detach_missing(&session->detach);

	if (!missing)
		return true;
	/* Without it nobody looks at the modes of files. */
	if (strcmp(missing, "default_permissions") == 0) {
		cfs_log(CFS_LOG_ERROR, "a mount with allow_other needs default_permissions too");
		return false;
	}
	cfs_log(CFS_LOG_WARNING, "the mount is without %s: mount it with nosuid,nodev,noexec",
		missing);
	return true;
}

int cfs_session_mount(struct cfs_session *session, const char *mountpoint, bool handed)
{
	int fd, flags, r;

	if (fuse_session_mount(session->fuse, mountpoint) < 0)
		return -EIO;
	session->mounted = true;
	r = cfs_detach_start(&session->detach, session->mount.runtime->loop,
		fuse_session_fd(session->fuse), handed ? NULL : mountpoint, on_mounts, session);
	if (r < 0)
		cfs_log(handed ? CFS_LOG_WARNING : CFS_LOG_DEBUG,
			"a lazy unmount will not be noticed%s: %s",
			handed ? ", and the options of the mount are not known: with allow_other "
				 "it "
				 "needs default_permissions"
			       : "",
			strerror(-r));
	else if (handed && !is_safe(session))
		return -EPERM;
	r = cfs_device_attach(session->fuse);
	if (r < 0)
		return r;
	fd = fuse_session_fd(session->fuse);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return cfs_watch_start(
		session->mount.runtime->loop, &session->watch, fd, answer_requests, session);
}
