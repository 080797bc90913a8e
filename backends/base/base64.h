/* SPDX-License-Identifier: MIT */
/*
 * A strict base64 decoder for text that arrives in pieces (RFC 4648, section 4).
 *
 * Strict, because what is decoded becomes a file: a byte outside the alphabet, anything but white
 * space after the padding, a final group that is not whole, and bits that no encoder sets are all
 * errors. (OpenSSL's EVP_Decode is more lenient: '-' ends the input, for example.) Space,
 * tab, CR and LF are ignored everywhere: EC2 wraps the lines of one answer and not of the other.
 */
#ifndef CFS_BACKENDS_BASE_BASE64_H
#define CFS_BACKENDS_BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "backends/base/buf.h"

/* To be zeroed before the first piece. Opaque. Owns nothing. */
struct cfs_base64 {
	uint32_t bits;   /* of the group under way */
	unsigned digits; /* of it, padding counted */
	unsigned padding;
	int failed;
};

/*
 * Appends what the next piece decodes to. 0; -EBADMSG for text that is not base64; or what
 * cfs_buf_add returned. An error is final: every later call returns it too.
 */
int cfs_base64_feed(
	struct cfs_base64 *decoder, const char *text, size_t len, struct cfs_buf *content);

/* Whether the text may end here: 0, -EBADMSG or the earlier error. */
int cfs_base64_end(const struct cfs_base64 *decoder);

#endif
