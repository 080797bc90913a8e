/* SPDX-License-Identifier: MIT */
/*
 * Reads the answers of GetConsoleScreenshot and GetConsoleOutput, whose content is base64: decodes it
 * into a buffer, the snapshot, as it arrives.
 */
#ifndef CFS_BACKENDS_AWS_EC2_CONSOLE_H
#define CFS_BACKENDS_AWS_EC2_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "backends/aws/api/grammar.h"
#include "backends/base/base64.h"
#include "backends/contract/backend.h"

/* Private to console.c. Owns nothing. */
struct cfs_aws_console {
	const char *id;          /* of the instance in the question */
	struct cfs_buf *content; /* the snapshot */
	bool image;              /* it is a screenshot, not a log */
	struct cfs_base64 decoder;
	bool seen;     /* the element with the data has begun */
	bool bad;      /* the data is not base64, or not in one element */
	bool named;    /* the answer has an instance ID */
	bool mistaken; /* which is not `id` */
};

/* Borrows id and content for as long as the reader is used. */
void cfs_aws_console_init(
	struct cfs_aws_console *console, const char *id, struct cfs_buf *content, bool image);

void cfs_aws_console_begin(struct cfs_aws_console *console, enum cfs_aws_place place);
/* A piece of CFS_AT_CONSOLE_DATA. 0; -EFBIG when the snapshot is full; -ENOMEM. */
int cfs_aws_console_data(struct cfs_aws_console *console, const char *text, size_t len);
/* An element ends. If it is a leaf other than CFS_AT_CONSOLE_DATA, this is its text. */
void cfs_aws_console_end(
	struct cfs_aws_console *console, enum cfs_aws_place place, const char *text);

/* The document has ended: what is wrong with it, CFS_OK for nothing. A missing or empty image is
 * CFS_EMPTY. A missing log is an empty log. */
void cfs_aws_console_judge(const struct cfs_aws_console *console, struct cfs_error *ret_error);

#endif
