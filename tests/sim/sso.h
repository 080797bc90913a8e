/* SPDX-License-Identifier: MIT */
/*
 * AWS IAM Identity Center: the portal's GetRoleCredentials (GET /federation/credentials) and the
 * OIDC service's CreateToken (POST /token, grant refresh_token).
 * Source: the API references of "AWS IAM Identity Center Portal" and "IAM Identity Center OIDC".
 */
#ifndef SIM_SSO_H
#define SIM_SSO_H

#include "sim.h"

/* query: what follows the question mark. */
void sim_sso_portal(struct sim *sim, const struct sim_request *request, const char *query,
	struct sim_answer *answer);
void sim_sso_token(struct sim *sim, const struct sim_request *request, const char *query,
	struct sim_answer *answer);

#endif
