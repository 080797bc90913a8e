/* SPDX-License-Identifier: MIT */
/*
 * Pictures, whole and not: what is taken for one is one still with more behind it, and none without
 * its last byte.
 */
#include <stdlib.h>
#include <string.h>

#include "backends/base/jpeg.h"
#include "tests/fuzz/fuzz.h"

/* Of a block of exactly as many bytes. */
static const char *check(const uint8_t *data, size_t size, size_t more)
{
	char *copy = calloc(1, size + more + !(size + more));
	const char *problem;

	MUST(copy);
	memcpy(copy, data, size);
	problem = cfs_jpeg_check(copy, size + more);
	free(copy);
	return problem;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *problem = size ? check(data, size, 0) : "has no bytes";

	if (problem) {
		MUST_OF(fuzz_is_line(problem) && *problem, problem);
		return 0;
	}
	MUST(!check(data, size, 3));
	/* Up to where it ends: no beginning of it is one. */
	while (size > 0 && !check(data, size - 1, 0))
		size--;
	MUST(size > 2 && data[size - 2] == 0xff && data[size - 1] == 0xd9);
	for (size_t len = 0; len < size; len++)
		MUST(check(data, len, 0));
	return 0;
}
