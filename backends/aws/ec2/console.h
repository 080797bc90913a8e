/*
 * Reads the answers of GetConsoleScreenshot and GetConsoleOutput: base64 that is decoded into the
 * snapshot as it arrives.
 */
#ifndef CFS_BACKENDS_AWS_EC2_CONSOLE_H
#define CFS_BACKENDS_AWS_EC2_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "backends/aws/api/grammar.h"
#include "backends/base/base64.h"
#include "backends/contract/backend.h"

/* To be treated as opaque. Owns nothing. */
struct cfs_aws_console {
	const char *id;          /* of the instance that was asked about */
	struct cfs_buf *content; /* the snapshot */
	bool image;              /* an image is wanted, not a log */
	struct cfs_base64 decoder;
	bool seen;     /* the data's element has begun */
	bool bad;      /* it is not one element of base64 */
	bool named;    /* the answer says whose console it is */
	bool mistaken; /* and it is another's */
};

/* id and content are borrowed for as long as the reader is used. */
void cfs_aws_console_init(
	struct cfs_aws_console *console, const char *id, struct cfs_buf *content, bool image);

void cfs_aws_console_begin(struct cfs_aws_console *console, enum cfs_aws_place place);
/* A piece of CFS_AT_CONSOLE_DATA. 0; -EFBIG when the snapshot is full; -ENOMEM. */
int cfs_aws_console_data(struct cfs_aws_console *console, const char *text, size_t len);
/* An element ends; with this text if it is another leaf. */
void cfs_aws_console_end(
	struct cfs_aws_console *console, enum cfs_aws_place place, const char *text);

/* The whole document has been read: what is wrong with it, CFS_OK for nothing. An image that is
 * absent or empty is CFS_EMPTY; a log that is, is an empty log. */
void cfs_aws_console_judge(const struct cfs_aws_console *console, struct cfs_error *ret_error);

#endif
