/* SPDX-License-Identifier: MIT */
/*
 * Prints, a line each, the code points of the characters that a property holds for: of those with a
 * well-formed UTF-8 sequence, which surrogates have not.
 */
#include <stdint.h>
#include <stdio.h>

#include "backends/base/text.h"

static size_t encode(uint32_t c, unsigned char ret_bytes[4])
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = n; i-- > 1; c >>= 6)
		ret_bytes[i] = (unsigned char)(0x80 | (c & 0x3f));
	ret_bytes[0] = (unsigned char)(first[n] | c);
	return n;
}

int main(void)
{
	unsigned char bytes[4];
	size_t n;

	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		n = encode(c, bytes);
		if (cfs_text_utf8_length(bytes, n) == n && cfs_text_is_unprintable(bytes, n))
			printf("%x\n", (unsigned)c);
	}
	return 0;
}
