/*
 * What a client holds: data alone, for the modules that the way to a cloud is made of (attempt,
 * call, endpoint). client.h makes and destroys it.
 */
#ifndef CFS_FS_CLIENT_CLIENT_DATA_H
#define CFS_FS_CLIENT_CLIENT_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/contract/backend.h"
#include "fs/client/cloud_clock.h"
#include "fs/client/failure.h"
#include "fs/client/runtime.h"

/* Bytes of a cloud's name: that of its section, and of its directory. */
#define CFS_CLOUD_NAME_MAX 64

struct cfs_credentials;
struct cfs_endpoint;

/* What a client is made of. Everything in it is borrowed for the client's life. */
struct cfs_client_config {
	const struct cfs_backend *backend;
	struct cfs_settings settings;
	char *const *regions; /* none: the cloud's own tools' rules */
	size_t n_regions;
	bool all_regions;   /* those that the account may use: the client names none */
	int64_t timeout_ms; /* of a call */
	double rate;        /* calls a second, 0: what the cloud documents */
};

struct cfs_client {
	const struct cfs_runtime *runtime;
	const struct cfs_backend *backend;
	struct cfs_settings settings; /* its name is the cloud's */
	int64_t timeout_ms;
	double rate;
	struct cfs_account *account;
	struct cfs_cloud_clock cloud_clock;
	struct cfs_credentials *credentials;
	struct cfs_endpoint *endpoints; /* a list: endpoint.h */
	const char *regions[CFS_REGIONS_MAX];
	size_t n_regions; /* 0: none is configured anywhere, or all are wanted */
	bool all_regions;
	struct cfs_failure failure; /* the last of any call; number 0: there was none */
};

#endif
