/* SPDX-License-Identifier: MIT */
/*
 * Answers of API 3.0: the backend's reader. They are bounded and short, so one is gathered and read
 * when it is whole.
 */
#ifndef CFS_BACKENDS_TENCENT_CVM_ANSWER_H
#define CFS_BACKENDS_TENCENT_CVM_ANSWER_H

#include "backends/contract/backend.h"

#define CFS_TENCENT_LISTING_MAX (4 * 1024 * 1024) /* bytes of an answer of DescribeInstances */
#define CFS_TENCENT_ANSWER_MAX (64 * 1024)        /* bytes of any other answer */
#define CFS_TENCENT_ARN_MAX 512                   /* bytes of a caller's ARN; longer ones are cut */

/* Slots of the backend, as backends/contract/backend.h has them. */
int cfs_tencent_answer_create(const struct cfs_account *account,
	const struct cfs_question *question, struct cfs_sink *sink, struct cfs_reader **ret_reader);
int cfs_tencent_answer_feed(struct cfs_reader *reader, const char *bytes, size_t len);
void cfs_tencent_answer_finish(struct cfs_reader *reader, int status, struct cfs_error *ret_error);
void cfs_tencent_answer_destroy(struct cfs_reader *reader);

#endif
