#include "backends/base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
