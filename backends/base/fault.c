/* SPDX-License-Identifier: MIT */
#include "backends/base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "backends/base/span.h"
#include "backends/base/text.h"

void cfs_error_set(struct cfs_error *error, enum cfs_fault fault, const char *format, ...)
{
	/* Larger than the message, so that only text that is not kept is cut here. */
	char text[4 * CFS_MESSAGE_MAX];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	/* Only now, since an argument may point into the error itself. */
	*error = (struct cfs_error){.fault = fault};
	cfs_text_line(error->message, sizeof(error->message), text, strlen(text));
}

#define CODE_DIGITS_MAX 4 /* in a code */
#define ID_GROUP_MAX 12   /* bytes between the hyphens of an id, as a UUID's last ones */

static bool is_code(const char *text, size_t len)
{
	size_t digits = 0;

	for (size_t i = 0; i < len; i++)
		digits += text[i] >= '0' && text[i] <= '9';
	return digits <= CODE_DIGITS_MAX && cfs_text_is_token(text, len, CFS_CODE_MAX - 1, "._-:");
}

static bool is_request_id(const char *text, size_t len)
{
	size_t group = 0;

	for (size_t i = 0; i < len; i++) {
		group = text[i] == '-' ? 0 : group + 1;
		if (group > ID_GROUP_MAX)
			return false;
	}
	return cfs_text_is_token(text, len, CFS_REQUEST_ID_MAX - 1, "-");
}

/* Blanks around a text are an answer's layout. */
static void say(char *out, size_t size, bool (*is_valid)(const char *text, size_t len),
	const char *text, size_t len)
{
	while (len > 0 && cfs_span_is_blank(text[0])) {
		text++;
		len--;
	}
	while (len > 0 && cfs_span_is_blank(text[len - 1]))
		len--;
	snprintf(out, size, "%.*s", len && !is_valid(text, len) ? 1 : (int)len,
		len && !is_valid(text, len) ? "?" : text);
}

void cfs_error_say_code(struct cfs_error *error, const char *text, size_t len)
{
	say(error->code, sizeof(error->code), is_code, text, len);
}

void cfs_error_say_message(struct cfs_error *error, const char *text, size_t len)
{
	cfs_text_said(error->message, sizeof(error->message), text, len);
}

void cfs_error_say_request_id(struct cfs_error *error, const char *text, size_t len)
{
	say(error->request_id, sizeof(error->request_id), is_request_id, text, len);
}

/* Where a part of the secret begins in the text; its length if there is none. */
static size_t find_part(const char *text, const char *secret)
{
	size_t len = strlen(text), secret_len = strlen(secret);

	for (size_t i = 0; i + CFS_ERROR_PART_MIN <= len; i++) {
		if (memmem(secret, secret_len, text + i, CFS_ERROR_PART_MIN))
			return i;
	}
	return len;
}

void cfs_error_hide(struct cfs_error *error, const char *secret)
{
	size_t at;

	if (!secret)
		return;
	if (error->code[find_part(error->code, secret)])
		strcpy(error->code, "?");
	if (error->request_id[find_part(error->request_id, secret)])
		strcpy(error->request_id, "?");
	at = find_part(error->message, secret);
	if (!error->message[at])
		return;
	while (at > 0 && error->message[at - 1] != ' ')
		at--;
	error->message[at] = '\0';
}

enum cfs_fault cfs_fault_find(const struct cfs_code_fault *table, size_t n, const char *code)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(table[i].code, code) == 0)
			return table[i].fault;
	}
	return CFS_N_FAULTS;
}

enum cfs_fault cfs_fault_from_status(int status)
{
	if (status >= 500 && status <= 599)
		return CFS_SERVER;
	switch (status) {
	case 200:
		return CFS_OK;
	case 401:
	case 403:
		return CFS_UNAUTHENTICATED;
	case 429:
		return CFS_THROTTLED;
	default:
		return CFS_BAD_ANSWER;
	}
}

enum cfs_fault cfs_fault_from_errno(int r)
{
	switch (r) {
	case -ENOMEM:
		return CFS_NO_MEMORY;
	case -EFBIG:
		return CFS_TOO_LARGE;
	default:
		return CFS_BAD_ANSWER;
	}
}
