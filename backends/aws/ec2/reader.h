/* SPDX-License-Identifier: MIT */
/*
 * Reads one answer of EC2, or of STS to GetCallerIdentity: what was asked for, or an error. The
 * functions are slots of the backend, described in backends/contract/backend.h.
 */
#ifndef CFS_BACKENDS_AWS_EC2_READER_H
#define CFS_BACKENDS_AWS_EC2_READER_H

#include "backends/contract/backend.h"

/* Bytes of an answer. A thousand instances take about 10 MB. */
#define CFS_AWS_LIST_MAX (64 * 1024 * 1024)
#define CFS_AWS_FIND_MAX (1024 * 1024)
/* What surrounds the base64 of a snapshot; and the answers that are small. */
#define CFS_AWS_ENVELOPE_MAX (64 * 1024)
/* Bytes that are still read after the body has turned out not to be XML. The HTTP status behind the
 * HTML of a proxy says more than that it is not XML. */
#define CFS_AWS_REST_MAX (64 * 1024)
/* Bytes kept of the text of one element, other than a snapshot. */
#define CFS_AWS_LEAF_MAX CFS_TOKEN_MAX
#define CFS_AWS_ARN_MAX 512

int cfs_aws_reader_create(const struct cfs_account *account, const struct cfs_question *question,
	struct cfs_sink *sink, struct cfs_reader **ret_reader);
int cfs_aws_reader_feed(struct cfs_reader *reader, const char *bytes, size_t len);
void cfs_aws_reader_finish(struct cfs_reader *reader, int status, struct cfs_error *ret_error);
void cfs_aws_reader_destroy(struct cfs_reader *reader);

#endif
