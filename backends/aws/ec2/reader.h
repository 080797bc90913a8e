/*
 * Reads one answer of EC2, or of STS about its caller, whatever it is: slots of the backend, as
 * backends/contract/backend.h has them.
 */
#ifndef CFS_BACKENDS_AWS_EC2_READER_H
#define CFS_BACKENDS_AWS_EC2_READER_H

#include "backends/contract/backend.h"

/* Bytes of a whole answer. A thousand instances take some 10 MB. */
#define CFS_AWS_LIST_MAX (64 * 1024 * 1024)
#define CFS_AWS_FIND_MAX (1024 * 1024)
/* Around the base64 of a snapshot; and answers that are small. */
#define CFS_AWS_ENVELOPE_MAX (64 * 1024)
/* Bytes of what has turned out to be no XML that are still taken, so that the HTTP status of a
 * proxy's HTML page can say more than its body. */
#define CFS_AWS_REST_MAX (64 * 1024)
/* Text of one element other than a snapshot. What is beyond is not kept. */
#define CFS_AWS_LEAF_MAX CFS_PAGE_MAX
#define CFS_AWS_ARN_MAX 512

int cfs_aws_reader_create(const struct cfs_account *account, const struct cfs_question *question,
	struct cfs_sink *sink, struct cfs_reader **ret_reader);
int cfs_aws_reader_feed(struct cfs_reader *reader, const char *bytes, size_t len);
void cfs_aws_reader_finish(struct cfs_reader *reader, int status, struct cfs_error *ret_error);
void cfs_aws_reader_destroy(struct cfs_reader *reader);

#endif
