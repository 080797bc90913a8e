/* SPDX-License-Identifier: MIT */
/*
 * Proofs that a token is renewed by whoever it was given to: DPoP, which the sign-in service of
 * `aws login` asks for.
 *
 * Source: RFC 9449 (the proof, a JWT), RFC 7515 and 7518 (JWS, ES256), RFC 5915 and 5208 (the key);
 * for what AWS takes of them, the official SDKs for JavaScript and Python.
 */
#ifndef CFS_BACKENDS_AWS_KEYS_DPOP_H
#define CFS_BACKENDS_AWS_KEYS_DPOP_H

#include <stdint.h>

#include "backends/base/buf.h"

#define CFS_AWS_DPOP_RANDOM 16 /* bytes that a proof is told from all others by */
#define CFS_AWS_DPOP_MAX 2048  /* bytes of a proof */

/*
 * Appends a proof for one request, signed with the private key in `pem`: on the curve P-256, as
 * "EC PRIVATE KEY" or "PRIVATE KEY", not encrypted. -EBADMSG if the text is not such a key, -ENOMEM,
 * or what cfs_buf_add returned.
 */
int cfs_aws_dpop_add(struct cfs_buf *proof, const char *pem, const char *method, const char *url,
	int64_t now, const unsigned char random[static CFS_AWS_DPOP_RANDOM]);

#endif
