/* SPDX-License-Identifier: MIT */
/*
 * Makes the content of the live files: the link that opens a VNC console.
 *
 * InstanceVncUrl is the address of a web socket, already percent-encoded, to be appended unchanged
 * to the URL of a page (https://cloud.tencent.com/document/api/213/18150). The link is a secret: it
 * opens a console without a password.
 */
#ifndef CFS_BACKENDS_TENCENT_CVM_VNC_H
#define CFS_BACKENDS_TENCENT_CVM_VNC_H

#include <stddef.h>

#include "backends/contract/backend.h"

#define CFS_TENCENT_VNC_VALUE_MAX 8192 /* bytes of InstanceVncUrl */

/* Appends page and value. A value that is not encoded, as its "://" tells, is encoded first. The
 * caller wipes the link. -EBADMSG when the value is not an address, -EFBIG, -ENOMEM. */
int cfs_tencent_vnc_link(const char *page, const char *value, struct cfs_buf *ret_link);

/* Appends the content of a live file of the instance of that id; live is a row of the backend's
 * table. Errors as above; content is then unchanged. */
int cfs_tencent_vnc_content(const struct cfs_live *live, const char *id, const char *page,
	const char *value, struct cfs_buf *content);

#endif
