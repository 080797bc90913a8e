/* SPDX-License-Identifier: MIT */
/*
 * Splits text into words as a POSIX shell does, without running one: quotes, backslashes and
 * blanks, but no variable, pattern or operator.
 *
 * As Python's shlex.split does it, because botocore splits credential_process and the names of
 * sections with that.
 */
#ifndef CFS_BACKENDS_BASE_WORDS_H
#define CFS_BACKENDS_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define CFS_WORDS_MAX 256

/*
 * With `comments`, an unquoted `#` or `;` where a word would begin ends the line, as in the AWS
 * files.
 *
 * *ret_words is NULL-terminated and one malloc'd block, for the caller to free. -EINVAL for a quote
 * that is not closed or a backslash at the end, -EFBIG past CFS_WORDS_MAX, -ENOMEM.
 */
int cfs_words_split(const char *text, bool comments, char ***ret_words, size_t *ret_n);

#endif
