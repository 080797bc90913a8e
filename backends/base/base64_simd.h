/* SPDX-License-Identifier: MIT */
/*
 * Decodes base64 with vector instructions, for long texts. Private to the base64 decoder.
 *
 * Which instructions there are is asked of the processor at run time, so that one build runs on all
 * processors of an architecture. Where there are none, nothing is decoded here, and the decoder's
 * own loop does all of it.
 */
#ifndef CFS_BACKENDS_BASE_BASE64_SIMD_H
#define CFS_BACKENDS_BASE_BASE64_SIMD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Decodes the blocks at the beginning of text[0..len), until one is not all digits. Returns the
 * number of digits decoded, a multiple of four. Writes three bytes for each four of them, and nothing
 * behind those.
 */
size_t cfs_base64_simd_decode(const char *text, size_t len, char *out);

/* What the above chooses from, the best first, ended by a row without a name. For tests. */
struct cfs_base64_simd {
	const char *name;
	bool (*supported)(void); /* by the processor that this runs on */
	size_t (*decode)(const char *text, size_t len, char *out);
};

extern const struct cfs_base64_simd cfs_base64_simds[];

#endif
