/* SPDX-License-Identifier: MIT */
#include "backends/base/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/span.h"

/* Reads quoted text, including both quotes. */
static int take_quoted(const char **at, char **out)
{
	char quote = *(*at)++;

	for (; **at != quote; (*at)++) {
		if (**at == '\0')
			return -EINVAL;
		/* A backslash quotes itself and the quote, and only in double quotes. */
		if (quote == '"' && **at == '\\') {
			char next = (*at)[1];

			if (next == '\0')
				return -EINVAL;
			if (next == '"' || next == '\\')
				(*at)++;
			else
				*(*out)++ = *(*at)++;
		}
		*(*out)++ = **at;
	}
	(*at)++;
	return 0;
}

static int take_word(const char **at, char **out)
{
	int r;

	while (**at && !cfs_span_is_blank(**at)) {
		if (**at == '"' || **at == '\'') {
			r = take_quoted(at, out);
			if (r < 0)
				return r;
			continue;
		}
		if (**at == '\\' && *++*at == '\0')
			return -EINVAL;
		*(*out)++ = *(*at)++;
	}
	*(*out)++ = '\0';
	return 0;
}

int cfs_words_split(const char *text, bool comments, char ***ret_words, size_t *ret_n)
{
	/* A word with its NUL takes no more bytes than the word with a blank does in the text. */
	char **words = malloc((CFS_WORDS_MAX + 1) * sizeof(*words) + strlen(text) + 1), *out;
	size_t n = 0;
	int r = 0;

	if (!words)
		return -ENOMEM;
	out = (char *)(words + CFS_WORDS_MAX + 1);
	for (;;) {
		while (cfs_span_is_blank(*text))
			text++;
		if (!*text)
			break;
		if (comments && (*text == '#' || *text == ';')) {
			text += strcspn(text, "\n");
			continue;
		}
		if (n == CFS_WORDS_MAX) {
			r = -EFBIG;
			goto out;
		}
		words[n++] = out;
		r = take_word(&text, &out);
		if (r < 0)
			goto out;
	}
	words[n] = NULL;
	*ret_words = words;
	*ret_n = n;
	words = NULL;
out:
	free(words);
	return r;
}
