/* SPDX-License-Identifier: MIT */
/*
 * The struct of a client, for the modules that make its calls (attempt, call, endpoint).
 *
 * It is data only, so that those modules need not include client.h, which creates and destroys it.
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

/* Bytes of a cloud's name: the name of its section in the configuration and of its directory. */
#define CFS_CLOUD_NAME_MAX 64

struct cfs_credentials;
struct cfs_endpoint;

/* What a client is created from. Everything in it is borrowed for the client's life. */
struct cfs_client_config {
	const struct cfs_backend *backend;
	struct cfs_settings settings;
	char *const *regions;
	size_t n_regions;   /* 0: the region that the cloud's own tools would use */
	bool all_regions;   /* use all regions that the account may use */
	int64_t timeout_ms; /* of a call */
	double rate;        /* calls a second; 0: the rate that the cloud documents */
};

struct cfs_client {
	const struct cfs_runtime *runtime;
	const struct cfs_backend *backend;
	struct cfs_settings settings; /* settings.name is the cloud's name */
	int64_t timeout_ms;
	double rate;
	struct cfs_account *account;
	struct cfs_cloud_clock cloud_clock;
	struct cfs_credentials *credentials;
	struct cfs_endpoint *endpoints; /* a list, see endpoint.h */
	const char *regions[CFS_REGIONS_MAX];
	size_t n_regions; /* 0: no region is configured anywhere, or all_regions is set */
	bool all_regions;
	struct cfs_failure failure; /* of the last call that failed; number 0: none has */
};

#endif
