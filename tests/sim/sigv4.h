/* SPDX-License-Identifier: MIT */
/*
 * Verifies AWS Signature Version 4 as EC2 and STS do, each with its own errors.
 * Source: "AWS Signature Version 4 for API requests" in the IAM user guide, the status codes of
 * "Error codes for the Amazon EC2 API", and "Common errors" of the STS reference.
 */
#ifndef SIM_SIGV4_H
#define SIM_SIGV4_H

#include "sim.h"

#define SIM_SIGV4_WINDOW_MS (15 * 60 * 1000)

enum sim_sigv4_service { SIM_SIGV4_EC2, SIM_SIGV4_STS, SIM_SIGV4_SERVICES };

struct sim_verdict {
	const char *reason; /* "ok", or a word for the log */
	unsigned status;    /* the error, if it is not ok */
	const char *code;
	char message[2048];
	char region[SIM_REGION_SIZE];      /* of the scope, when it could be read */
	const struct sim_session *session; /* whose keys signed; NULL: the user's own */
};

/* 0, or -ENOMEM or -EIO when no verdict was reached. */
int sim_sigv4_verify(const struct sim *sim, const struct sim_request *request,
	enum sim_sigv4_service service, struct sim_verdict *ret_verdict);

#endif
