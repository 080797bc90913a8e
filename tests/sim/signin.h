/* SPDX-License-Identifier: MIT */
/*
 * The AWS sign-in service: CreateOAuth2Token (POST /v1/token), grant refresh_token, with which the
 * tools renew the keys of `aws login`.
 *
 * A refresh token belongs to a key: its last part, after a dot, is the thumbprint of the one that
 * has to sign the proof. It may be used again until it expires, as the model says of the real one.
 * Source: the model of the service in botocore, version 2023-01-01.
 */
#ifndef SIM_SIGNIN_H
#define SIM_SIGNIN_H

#include "sim.h"

/* query: what follows the question mark. */
void sim_signin_token(struct sim *sim, const struct sim_request *request, const char *query,
	struct sim_answer *answer);

#endif
