/* SPDX-License-Identifier: MIT */
/*
 * The places where Tencent Cloud's own tools keep keys or get them from: each is a source of keys,
 * in the file <name>.c.
 *
 * Sources: "Credential management", https://cloud.tencent.com/document/product/494/42698, and the
 * SDKs and tccli themselves.
 */
#ifndef CFS_BACKENDS_TENCENT_KEYS_SOURCES_H
#define CFS_BACKENDS_TENCENT_KEYS_SOURCES_H

#include "backends/contract/source.h"

#define CFS_TENCENT_WHERE_MAX 200 /* bytes of the name of a place where keys are, NUL included */

/* TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and, for temporary keys, TENCENTCLOUD_TOKEN or
 * TENCENTCLOUD_SESSION_TOKEN. With TENCENTCLOUD_ROLE_ARN and TENCENTCLOUD_ROLE_SESSION_NAME, both,
 * they are those that the role is assumed with, as tccli has it. */
cfs_source_open_fn cfs_tencent_environment_open;

/* TENCENTCLOUD_CREDENTIALS_FILE, or else the first of ~/.tencentcloud/credentials and
 * /etc/tencentcloud/credentials that exists: INI, secret_id, secret_key and token in the section
 * of the profile, or in `default`. */
cfs_source_open_fn cfs_tencent_file_open;

/*
 * ~/.tccli/<profile>.credential, for the profile of backends/tencent/api/tccli_files.h. By its
 * `type`: `cvm-role` is the role of the machine; `oauth` (from `tccli auth login`) and `sso` hold
 * temporary keys, which are used until they expire: tccli renews them whenever it runs, and the
 * change of its file is noticed; any other holds keys. With role-arn the keys are those that this
 * role is assumed with; the variables of the environment's role go before it, but not in a named
 * profile.
 */
cfs_source_open_fn cfs_tencent_tccli_open;

/* The identity of a pod in TKE: TKE_REGION, TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE and
 * TKE_ROLE_ARN, all of them. */
cfs_source_open_fn cfs_tencent_tke_open;

/* The role that is bound to the machine, from its metadata service. */
cfs_source_open_fn cfs_tencent_metadata_open;
/* The same where the configuration asks for it: that there is none is FAILED, not ABSENT. */
cfs_source_open_fn cfs_tencent_metadata_open_required;

#endif
