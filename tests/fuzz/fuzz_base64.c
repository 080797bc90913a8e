/* SPDX-License-Identifier: MIT */
/*
 * Base64, against OpenSSL's: a text is accepted if and only if OpenSSL, of the bytes it makes of
 * it, makes the same text again. (What it takes besides, it does not write.) The first byte says
 * how the text is cut, the second how much may come of it. And each decoder by vector instructions that
 * this processor has, against one byte at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "backends/base/base64.h"
#include "backends/base/base64_simd.h"
#include "tests/fuzz/fuzz.h"

/* The text without blanks. */
static char *squeeze(const struct fuzz_input *input, size_t *ret_len)
{
	char *text = malloc(input->left + 1);
	size_t len = 0;

	MUST(text);
	for (size_t i = 0; i < input->left; i++) {
		if (!memchr(" \t\r\n", input->at[i], 4))
			text[len++] = input->at[i];
	}
	text[len] = '\0';
	*ret_len = len;
	return text;
}

/* Whether OpenSSL makes this text of bytes; and those. */
static bool openssl_decode(const char *text, size_t len, unsigned char *out, size_t *ret_len)
{
	size_t padding = 0;
	unsigned char *again;
	bool same = false;
	int n;

	*ret_len = 0;
	if (len == 0 || len % 4 != 0)
		return len == 0;
	n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);
	if (n < 0)
		return false;
	while (padding < 2 && text[len - 1 - padding] == '=')
		padding++;
	*ret_len = (size_t)n - padding;
	again = malloc(len + 1);
	MUST(again);
	if (*ret_len > 0) {
		n = EVP_EncodeBlock(again, out, (int)*ret_len);
		same = (size_t)n == len && memcmp(again, text, len) == 0;
	}
	free(again);
	return same;
}

static int decode(const struct fuzz_input *input, size_t piece, struct cfs_buf *content)
{
	struct cfs_base64 decoder = {0};
	struct fuzz_input part;
	char *bytes;
	int r = 0, again;

	for (size_t at = 0; r == 0 && at < input->left; at += piece) {
		part = (struct fuzz_input){.at = input->at + at,
			.left = input->left - at < piece ? input->left - at : piece};
		bytes = fuzz_bytes(&part);
		r = cfs_base64_feed(&decoder, bytes, part.left, content);
		free(bytes);
	}
	again = cfs_base64_end(&decoder);
	if (r < 0) /* an error is final */
		MUST(again == r && cfs_base64_feed(&decoder, "AAAA", 4, content) == r);
	return again;
}

static void check_simd(const struct cfs_base64_simd *simd, const struct fuzz_input *input)
{
	struct fuzz_input run = *input;
	struct cfs_buf singly = CFS_BUF_INIT(input->left);
	char *text = fuzz_bytes(input), *out = malloc(input->left / 4 * 3 + 1);

	MUST(out);
	run.left = simd->decode(text, input->left, out);
	MUST(run.left <= input->left && run.left % 4 == 0);
	MUST(decode(&run, 1, &singly) == 0 && singly.len == run.left / 4 * 3);
	MUST(singly.len == 0 || memcmp(singly.data, out, singly.len) == 0);
	cfs_buf_finish(&singly);
	free(text);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	size_t piece = 1 + fuzz_byte(&input), max = (size_t)64 * fuzz_byte(&input), len, want_len;
	struct cfs_buf whole = CFS_BUF_INIT(max), pieces = CFS_BUF_INIT(max);
	char *text = squeeze(&input, &len);
	unsigned char *want = malloc(len + 1);
	int r, again;
	bool good;

	MUST(want);
	for (const struct cfs_base64_simd *simd = cfs_base64_simds; simd->name; simd++) {
		if (simd->supported())
			check_simd(simd, &input);
	}
	good = openssl_decode(text, len, want, &want_len);
	r = decode(&input, input.left + 1, &whole);
	again = decode(&input, piece, &pieces);
	MUST(whole.len <= max && pieces.len <= max);
	MUST((r == 0) == (again == 0));
	if (good && want_len <= max) {
		MUST(r == 0 && again == 0);
		MUST(whole.len == want_len && pieces.len == want_len);
		MUST(want_len == 0 || memcmp(whole.data, want, want_len) == 0);
		MUST(want_len == 0 || memcmp(pieces.data, want, want_len) == 0);
	} else if (good) {
		MUST(r == -EFBIG && again == -EFBIG);
	} else {
		MUST(r == -EBADMSG || r == -EFBIG);
	}
	cfs_buf_finish(&whole);
	cfs_buf_finish(&pieces);
	free(text);
	free(want);
	return 0;
}
