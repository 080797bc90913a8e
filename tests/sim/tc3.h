/* SPDX-License-Identifier: MIT */
/*
 * Verifies TC3-HMAC-SHA256 as Tencent Cloud's API 3.0 does.
 * Source: https://cloud.tencent.com/document/api/213/30654
 */
#ifndef SIM_TC3_H
#define SIM_TC3_H

#include "sim.h"

#define SIM_TC3_WINDOW_S (5 * 60)

struct sim_tc3_verdict {
	const char *reason; /* "ok", or a word for the log */
	const char *code;   /* the error, if it is not ok */
	const char *message;
	const struct sim_session *session; /* whose keys signed; NULL: the user's own */
};

/* 0, or -ENOMEM or -EIO when no verdict was reached. */
int sim_tc3_verify(const struct sim *sim, const struct sim_request *request, const char *service,
	struct sim_tc3_verdict *ret_verdict);

#endif
