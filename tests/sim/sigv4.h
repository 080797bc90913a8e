/*
 * Verifies AWS Signature Version 4 as EC2 does.
 * Source: "AWS Signature Version 4 for API requests" in the IAM user guide, and the status codes of
 * "Error codes for the Amazon EC2 API".
 */
#ifndef SIM_SIGV4_H
#define SIM_SIGV4_H

#include "fleet.h"
#include "request.h"

#define SIM_SIGV4_WINDOW_MS (15 * 60 * 1000)

struct sim_verdict {
	const char *reason; /* "ok", or a word for the log */
	unsigned status;    /* the error, if it is not ok */
	const char *code;
	const char *message;
	char region[SIM_REGION_SIZE]; /* of the scope, when it could be read */
};

/* 0, or -ENOMEM or -EIO when no verdict was reached. */
int sim_sigv4_verify(const struct sim_request *request, const struct sim_regions *regions,
	int64_t now_ms, struct sim_verdict *ret_verdict);

#endif
