/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share.
 *
 * A target is a file fuzz_<stem>.c with one function, which takes any bytes and holds what is made
 * of them against the promises of the headers. libFuzzer calls it with what it thinks up; replay.c
 * with the files of corpus/<stem>, so that every build keeps what was once found.
 */
#ifndef CFS_FUZZ_H
#define CFS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/base/buf.h"
#include "backends/base/fault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise. When it is broken this program ends as by a crash, with what is in `text` (NULL:
 * nothing) on stderr. */
#define MUST(promise) MUST_OF(promise, NULL)
#define MUST_OF(promise, text) \
	((promise) ? (void)0 : fuzz_broken(#promise, __FILE__, __LINE__, text))
_Noreturn void fuzz_broken(const char *promise, const char *file, int line, const char *text);

/* What is left of an input. */
struct fuzz_input {
	const char *at;
	size_t left;
};

struct fuzz_input fuzz_input(const uint8_t *data, size_t size);
/* The next byte, 0 past the end. */
unsigned fuzz_byte(struct fuzz_input *input);
/* What comes before the next `separator`, or all there is. False at the end. */
bool fuzz_next(struct fuzz_input *input, char separator, struct fuzz_input *ret_part);
/* All that is left as a text of its own, for free(3): up to the first NUL. What lies past its end
 * is no longer memory of this program. */
char *fuzz_text(const struct fuzz_input *input);
/* The same bytes, NULs and all, in a block of exactly as many. */
char *fuzz_bytes(const struct fuzz_input *input);

/* Records of an input are separated by this byte: it shows in an editor, and means nothing in INI,
 * XML and JSON. */
#define FUZZ_SEPARATOR '\x1e'

bool fuzz_is_utf8(const char *text);
/* Whether the text is one line that a terminal shows as it is. */
bool fuzz_is_line(const char *text);
/* That, and without characters that nobody sees. */
bool fuzz_is_printable(const char *text);
/* The same of a text of several lines, which may have tabs. */
bool fuzz_is_printable_text(const char *text);
/* What a struct cfs_error promises, CFS_OK included. */
void fuzz_check_error(const struct cfs_error *error);

#endif
