/*
 * Tells the service manager what the mount is doing: the protocol of sd_notify(3), which is a
 * datagram to the socket that $NOTIFY_SOCKET names, without its library.
 *
 * Without the variable, nobody wants to know, and nothing is done.
 */
#ifndef CFS_FS_PROGRAM_NOTIFY_H
#define CFS_FS_PROGRAM_NOTIFY_H

#include "backends/contract/env.h"

/* The states of a service that it reports itself. After a reload it is ready again. */
#define CFS_NOTIFY_READY "READY=1"
#define CFS_NOTIFY_RELOADING "RELOADING=1"
#define CFS_NOTIFY_STOPPING "STOPPING=1"

/*
 * 0 when it was sent, or when nobody listens; a negative errno. -EINVAL: the variable names no
 * socket, which is a path, or an abstract name with '@' for its first byte. Waits a second at most
 * for a manager that does not read.
 */
int cfs_notify(const struct cfs_env *env, const char *state);

#endif
