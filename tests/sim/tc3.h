/*
 * Verifies TC3-HMAC-SHA256 as Tencent Cloud's API 3.0 does.
 * Source: https://cloud.tencent.com/document/api/213/30654
 */
#ifndef SIM_TC3_H
#define SIM_TC3_H

#include "request.h"

#include <stdint.h>

#define SIM_TC3_WINDOW_S (5 * 60)

struct sim_tc3_verdict {
	const char *reason; /* "ok", or a word for the log */
	const char *code;   /* the error, if it is not ok */
	const char *message;
};

/* 0, or -ENOMEM or -EIO when no verdict was reached. */
int sim_tc3_verify(
	const struct sim_request *request, int64_t now_ms, struct sim_tc3_verdict *ret_verdict);

#endif
