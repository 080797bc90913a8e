/* SPDX-License-Identifier: MIT */
/*
 * Tells the service manager (systemd) what the mount is doing, by the protocol of sd_notify(3) but
 * without its library: a datagram to the socket that $NOTIFY_SOCKET names. Without the variable
 * nothing is sent.
 */
#ifndef CFS_FS_PROGRAM_NOTIFY_H
#define CFS_FS_PROGRAM_NOTIFY_H

#include "backends/contract/env.h"

/* The states of a service that it reports itself. After a reload it is ready again. */
#define CFS_NOTIFY_READY "READY=1"
#define CFS_NOTIFY_RELOADING "RELOADING=1"
#define CFS_NOTIFY_STOPPING "STOPPING=1"

/* Descriptors that the manager keeps for the service, by a name; it gives them to a process of the
 * service when that is started, as 3 and the numbers that follow. */
#define CFS_NOTIFY_STORE "FDSTORE=1\nFDNAME=mount"
#define CFS_NOTIFY_FORGET "FDSTOREREMOVE=1\nFDNAME=mount"

/*
 * 0 when it was sent, or the variable is not set; a negative errno. -EINVAL: the variable is
 * neither a path nor an abstract name, which begins with '@'. Waits at most a second for a manager
 * that does not read.
 */
int cfs_notify(const struct cfs_env *env, const char *state);
/*
 * The same with a descriptor, of which the manager gets a copy. Returns when the manager has read it,
 * as it believes nobody who has ended: -ETIMEDOUT if it does not for ten seconds. -ENOTCONN if the
 * variable is not set.
 */
int cfs_notify_with(const struct cfs_env *env, const char *state, int fd);

#endif
