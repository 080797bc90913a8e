/*
 * A cloud: one configured account, with everything that belongs to it.
 */
#ifndef CFS_FS_CLOUD_CLOUD_H
#define CFS_FS_CLOUD_CLOUD_H

#include <stddef.h>
#include <stdint.h>

#include "backends/contract/backend.h"
#include "fs/base/loop.h"
#include "fs/client/credentials.h"
#include "fs/client/failure.h"
#include "fs/client/rate_queue.h"

struct cfs_by_name;
struct cfs_catalogue;
struct cfs_node;
struct cfs_endpoints;
struct cfs_stats;

/* What one configuration section says. Owned by the configuration, or by the cloud made of it. */
struct cfs_cloud_config {
	char *name;
	const struct cfs_backend *backend;
	char *profile, *endpoint, *ca_file; /* NULL when not given */
	char *regions[CFS_REGIONS_MAX];     /* none: the SDK's own rules */
	size_t n_regions;
	bool all_regions;                      /* those that the account may use */
	struct cfs_pair own[CFS_SETTINGS_MAX]; /* both texts owned */
	size_t n_own;
	int64_t list_ttl_ms;
	int64_t timeout_ms;
	double rate; /* calls a second, 0: what the cloud documents */
	struct cfs_cloud_config *next;
};

void cfs_cloud_config_destroy(struct cfs_cloud_config *config);
/* Whether both say the same. */
bool cfs_cloud_config_equal(const struct cfs_cloud_config *a, const struct cfs_cloud_config *b);

/* What a cloud needs of the process it lives in. */
struct cfs_runtime {
	struct cfs_loop *loop;
	struct cfs_http *http;
	const struct cfs_env *env;
	struct cfs_stats *stats; /* NULL: nobody counts */
	struct cfs_current_caller
		*current_caller; /* whose request is being answered; NULL: nobody asks */
};

struct cfs_cloud {
	const struct cfs_runtime *runtime;
	struct cfs_cloud_config *config;
	bool owns_config; /* it is destroyed with the cloud */
	const struct cfs_backend *backend;
	struct cfs_settings settings;
	struct cfs_account *account;
	struct cfs_cloud_clock cloud_clock;
	struct cfs_credentials *credentials;
	struct cfs_rate_queues *queues;
	struct cfs_endpoints *endpoints;
	struct cfs_catalogue *catalogue;
	struct cfs_by_name *by_name;
	const char *regions[CFS_REGIONS_MAX];
	size_t n_regions;           /* 0: none is configured anywhere */
	struct cfs_failure failure; /* the last of any call */
	struct cfs_node *node;      /* its directory, while the kernel knows one (node.c) */
	struct cfs_node *views;     /* its by-name/ and by-region/ directories, likewise */
	uint64_t refs;              /* nodes that refer to it */
	bool retired;               /* no longer configured: goes with its last node */
	struct cfs_cloud *next;
};

/* machine and config are borrowed for the cloud's life, unless the config is given to it by
 * owns_config afterwards. 0; -EINVAL with a sentence in why; -ENOMEM. */
int cfs_cloud_create(const struct cfs_runtime *runtime, struct cfs_cloud_config *config,
	struct cfs_cloud **ret_cloud, struct cfs_buf *why);
/* No call may be under way but those of its own catalogue and keyring, and no node refer to it. */
void cfs_cloud_destroy(struct cfs_cloud *cloud);
/* Destroys the cloud as soon as no node refers to it: now, or with the last of them. */
void cfs_cloud_retire(struct cfs_cloud *cloud);
struct cfs_cloud *cfs_cloud_ref(struct cfs_cloud *cloud);
void cfs_cloud_unref(struct cfs_cloud *cloud);

/* Whether the cloud's display can be woken: its instances then have a file `wake`. */
bool cfs_cloud_wakes(const struct cfs_cloud *cloud);

/* Remembers a failed call as the cloud's last, writes its line to the log, and fills *ret_failure.
 * `what` names the instance or region. */
void cfs_cloud_failed(struct cfs_cloud *cloud, const struct cfs_question *question,
	const struct cfs_error *error, bool in_catalogue, struct cfs_failure *ret_failure);

#endif
