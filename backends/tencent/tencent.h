/*
 * Tencent Cloud: the VNC consoles of CVM.
 *
 * DescribeInstanceVncUrl is the only console action of CVM: there is no screenshot and no log. Its
 * address opens one console, once, within 15 seconds: it is a secret, and every open of a live file
 * is a call of its own.
 */
#ifndef CFS_BACKENDS_TENCENT_TENCENT_H
#define CFS_BACKENDS_TENCENT_TENCENT_H

#include "backends/contract/backend.h"

/* Rows of the backend's table of live files. All of them come from the same action. */
enum { CFS_TENCENT_LIVE_VNC_URL, CFS_TENCENT_LIVE_VNC_PAGE, CFS_TENCENT_N_LIVE };

/* Whether the text is the id of a CVM: "ins-" and 8 letters and digits, as far as the documentation
 * shows; 6 to 16 are taken, so that a longer form to come does not empty a listing. */
bool cfs_tencent_valid_id(const char *id);

extern const struct cfs_backend cfs_tencent_backend;

#endif
