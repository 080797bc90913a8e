/* SPDX-License-Identifier: MIT */
#include "backends/tencent/keys/temporary.h"

#include <errno.h>
#include <string.h>

#include "backends/base/text.h"
#include "backends/contract/step.h"

#define CLOCK_WINDOW 300 /* seconds that a clock may be off, as API 3.0 has it */

void cfs_tencent_temporary_keys(struct cfs_step *ret_step, int r, struct cfs_keys *keys,
	int64_t now, int64_t date, const char *who, const char *where)
{
	bool off = date > 0 && (date - now > CLOCK_WINDOW || now - date > CLOCK_WINDOW);
	struct cfs_error error;

	if (r == -EBADMSG) {
		cfs_error_set(&error, CFS_BAD_ANSWER, "the answer has no keys");
		cfs_step_refused(ret_step, &error, who, where);
	} else if (r == 0 && off && keys->expires <= now) {
		cfs_step_failed(ret_step, CFS_CLOCK_SKEW,
			"%s: the keys have expired by this computer's clock", where);
	} else {
		cfs_step_keys(ret_step, r, keys, now, "%s", where);
	}
	cfs_keys_finish(keys);
}

void cfs_tencent_temporary_refused(struct cfs_step *ret_step, const struct cfs_error *error,
	const char *who, const char *where)
{
	static const enum cfs_fault kept[] = {CFS_EXPIRED, CFS_CLOCK_SKEW, CFS_THROTTLED,
		CFS_SERVER, CFS_BAD_ANSWER, CFS_NO_MEMORY};
	struct cfs_error shown = *error;
	size_t len = strlen(error->code);

	shown.fault = CFS_UNAUTHENTICATED;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (error->fault == kept[i])
			shown.fault = kept[i];
	}
	/* Without a code the message is our own. */
	if (len > 0)
		shown.message[0] = '\0';
	if (len > 0 && !cfs_text_is_token(error->code, len, sizeof(error->code), "._-"))
		cfs_error_set(&shown, shown.fault, "the error has no valid code");
	cfs_step_refused(ret_step, &shown, who, where);
}
