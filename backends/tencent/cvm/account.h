/* SPDX-License-Identifier: MIT */
/*
 * One configured Tencent Cloud account: where its API is, what its listing is narrowed to, and the
 * page that opens a VNC address.
 */
#ifndef CFS_BACKENDS_TENCENT_CVM_ACCOUNT_H
#define CFS_BACKENDS_TENCENT_CVM_ACCOUNT_H

#include <stddef.h>

#include "backends/contract/backend.h"
#include "backends/tencent/api/endpoint.h"
#include "backends/tencent/api/url.h"
#include "backends/tencent/cvm/filters.h"

/* Source: https://cloud.tencent.com/document/api/213/18150 */
#define CFS_TENCENT_VNC_PAGE \
	"https://img.qcloud.com/qcloud/app/active_vnc/index.html?InstanceVncUrl="

struct cfs_account {
	struct cfs_tencent_endpoints endpoints;
	char *ca_file; /* NULL: the system's authorities */
	char *region;  /* "" when none is configured */
	char *vnc_page;
	char *filters[CFS_TENCENT_FILTERS_OWN_MAX];
	size_t n_filters;
};

/* Slots of the backend, as backends/contract/backend.h has them. */
extern const struct cfs_setting cfs_tencent_account_settings[];
extern const char *const cfs_tencent_account_regions[];
int cfs_tencent_account_create(const struct cfs_settings *settings, const struct cfs_env *env,
	struct cfs_account **ret_account, struct cfs_buf *why);
void cfs_tencent_account_destroy(struct cfs_account *account);
const char *cfs_tencent_account_ca_file(const struct cfs_account *account);
int cfs_tencent_account_region(const struct cfs_account *account, const char **ret_region);

#endif
