/* SPDX-License-Identifier: MIT */
/*
 * Proofs of possession (DPoP): reads one of a request and verifies it.
 * Source: RFC 9449, section 4.3; RFC 7638, the thumbprint of a key.
 */
#ifndef SIM_PROOF_H
#define SIM_PROOF_H

#include <stddef.h>
#include <stdint.h>

#define SIM_PROOF_SECONDS 300 /* that its time may be off; the real service does not say */
#define SIM_PROOF_ID_SIZE 65  /* of its identifier, with the NUL */
#define SIM_PROOF_KEY_SIZE 44 /* of the thumbprint, in base64url, with the NUL */
#define SIM_PROOFS_MAX 256    /* identifiers that are remembered */

struct sim_proof {
	char id[SIM_PROOF_ID_SIZE];
	char key[SIM_PROOF_KEY_SIZE];
};

/* The identifiers of proofs that were taken: none is taken twice. */
struct sim_proofs {
	char ids[SIM_PROOFS_MAX][SIM_PROOF_ID_SIZE];
	size_t next;
};

/* What is wrong with it, a static text, or NULL with *ret_proof filled. text may be NULL. */
const char *sim_proof_verify(const char *text, const char *method, const char *url, int64_t now_ms,
	struct sim_proofs *proofs, struct sim_proof *ret_proof);

#endif
