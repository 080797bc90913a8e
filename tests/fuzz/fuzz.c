/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/text.h"

_Noreturn void fuzz_broken(const char *promise, const char *file, int line, const char *text)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, promise);
	if (text)
		fprintf(stderr, "%s\n", text);
	abort();
}

struct fuzz_input fuzz_input(const uint8_t *data, size_t size)
{
	return (struct fuzz_input){.at = (const char *)data, .left = size};
}

unsigned fuzz_byte(struct fuzz_input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return (unsigned char)*input->at++;
}

bool fuzz_next(struct fuzz_input *input, char separator, struct fuzz_input *ret_part)
{
	const char *end;

	if (input->left == 0)
		return false;
	end = memchr(input->at, separator, input->left);
	*ret_part = (struct fuzz_input){
		.at = input->at, .left = end ? (size_t)(end - input->at) : input->left};
	input->at += ret_part->left + (end ? 1 : 0);
	input->left -= ret_part->left + (end ? 1 : 0);
	return true;
}

char *fuzz_text(const struct fuzz_input *input)
{
	char *text = input->left ? strndup(input->at, input->left) : strdup("");

	MUST(text);
	return text;
}

char *fuzz_bytes(const struct fuzz_input *input)
{
	/* One byte too many where there are none: not every malloc gives a block of that size. */
	char *bytes = malloc(input->left ? input->left : 1);

	MUST(bytes);
	if (input->left)
		memcpy(bytes, input->at, input->left);
	return bytes;
}

/* The character that begins here, of *ret_n bytes; or -1. By RFC 3629, and not by backends/base/text.c,
 * which is held against it. */
static long character(const unsigned char *text, size_t *ret_n)
{
	static const long least[] = {0, 0x80, 0x800, 0x10000};
	size_t n = text[0] < 0x80    ? 0
		: text[0] >> 5 == 6  ? 1
		: text[0] >> 4 == 14 ? 2
		: text[0] >> 3 == 30 ? 3
				     : 4;
	long c = n == 0 ? text[0] : text[0] & 0x3f >> n;

	if (n == 4)
		return -1;
	for (size_t i = 1; i <= n; i++) {
		if (text[i] >> 6 != 2)
			return -1;
		c = c << 6 | (text[i] & 0x3f);
	}
	*ret_n = n + 1;
	return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? -1 : c;
}

/* What changes where text stands or what a terminal does: C0, DEL, C1; U+061C, U+200E, U+200F,
 * U+2028 to U+202E, U+2066 to U+2069. */
static bool is_control(long c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
		(c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* That, and what is not seen: general categories Cc, Cf, Zl and Zp of Unicode 17.0. */
static bool is_unprintable(long c)
{
	static const long others[] = {
		0xad, 0x6dd, 0x70f, 0x890, 0x891, 0x8e2, 0x180e, 0xfeff, 0x110bd, 0x110cd, 0xe0001};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (c == others[i])
			return true;
	}
	return is_control(c) || (c >= 0x600 && c <= 0x605) || (c >= 0x200b && c <= 0x200f) ||
		(c >= 0x2060 && c <= 0x206f && c != 0x2065) || (c >= 0xfff9 && c <= 0xfffb) ||
		(c >= 0x13430 && c <= 0x1343f) || (c >= 0x1bca0 && c <= 0x1bca3) ||
		(c >= 0x1d173 && c <= 0x1d17a) || (c >= 0xe0020 && c <= 0xe007f);
}

static bool is_text(const char *text, bool (*is_wrong)(long c))
{
	const unsigned char *in = (const unsigned char *)text;
	size_t n = 0;

	for (; *in; in += n) {
		long c = character(in, &n);

		if (c < 0 || (is_wrong && is_wrong(c)))
			return false;
	}
	return true;
}

bool fuzz_is_utf8(const char *text)
{
	return is_text(text, NULL);
}

bool fuzz_is_line(const char *text)
{
	return is_text(text, is_control);
}

bool fuzz_is_printable(const char *text)
{
	return is_text(text, is_unprintable);
}

static bool is_unprintable_in_text(long c)
{
	return c != '\n' && c != '\t' && is_unprintable(c);
}

bool fuzz_is_printable_text(const char *text)
{
	return is_text(text, is_unprintable_in_text);
}

void fuzz_check_error(const struct cfs_error *error)
{
	MUST(error->fault >= CFS_OK && error->fault < CFS_N_FAULTS);
	MUST(memchr(error->code, '\0', sizeof(error->code)));
	MUST(memchr(error->message, '\0', sizeof(error->message)));
	MUST(memchr(error->request_id, '\0', sizeof(error->request_id)));
	MUST_OF(fuzz_is_printable(error->code), error->code);
	MUST_OF(fuzz_is_printable(error->message), error->message);
	MUST_OF(fuzz_is_printable(error->request_id), error->request_id);
	/* What a service quotes of what it was sent: a session token is such a word. */
	MUST_OF(cfs_text_before_secret(error->message, strlen(error->message)) ==
			strlen(error->message),
		error->message);
}
