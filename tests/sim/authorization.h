/* SPDX-License-Identifier: MIT */
/*
 * The Authorization header of both clouds, taken apart:
 * ALGORITHM Credential=..., SignedHeaders=a;b, Signature=...
 */
#ifndef SIM_AUTHORIZATION_H
#define SIM_AUTHORIZATION_H

#include <stdbool.h>

#define SIM_AUTHORIZATION_SIZE 4096

struct sim_authorization {
	char text[SIM_AUTHORIZATION_SIZE];
	const char *credential;
	const char *signed_headers;
	const char *signature;
};

/* False unless the header has this algorithm and each of the three parts once. */
bool sim_authorization_parse(
	const char *header, const char *algorithm, struct sim_authorization *ret_parts);

/* Is the header of this lower-case name in a list a;b;c? */
bool sim_authorization_signs(const char *list, const char *name);

/* Is the list sorted, without repeats? */
bool sim_authorization_sorted(const char *list);

#endif
