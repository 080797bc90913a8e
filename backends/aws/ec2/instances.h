/*
 * Reads the answer of DescribeInstances as it arrives: each instance is handed on where its element
 * ends, and its memory is used again for the next.
 */
#ifndef CFS_BACKENDS_AWS_EC2_INSTANCES_H
#define CFS_BACKENDS_AWS_EC2_INSTANCES_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/aws/api/grammar.h"
#include "backends/contract/backend.h"

#define CFS_AWS_IPV6_MAX 32 /* of one instance */
/* Text of one instance, tags not counted. Fields that do not fit are left out. */
#define CFS_AWS_INSTANCE_TEXT_MAX (64 * 1024)

/* To be treated as opaque. */
struct cfs_aws_instances {
	struct cfs_sink *sink;
	const char *wanted; /* FIND: the only id that is handed on; else NULL */
	bool found;         /* `wanted` was there */
	bool bad_page;      /* the next page's token is none that could be sent */
	struct cfs_instance_builder builder;
	struct cfs_buf text;                   /* NUL-terminated texts of the instance under way */
	uint32_t field[CFS_N_INSTANCE_FIELDS]; /* offset in text, plus one; 0: not there */
	uint32_t ipv6[CFS_AWS_IPV6_MAX];
	uint32_t tag_key, tag_value;
	size_t tag_begin; /* text held before the tag under way */
	unsigned n_ipv6;
};

/* sink and wanted are borrowed until finish. */
void cfs_aws_instances_init(
	struct cfs_aws_instances *instances, struct cfs_sink *sink, const char *wanted);
void cfs_aws_instances_finish(struct cfs_aws_instances *instances);

/* An element begins, or ends with this text if it is a leaf; `cut` if it had more than is held
 * here. Elements of no concern are ignored. 0, -ENOMEM or what the sink returned. */
void cfs_aws_instances_begin(struct cfs_aws_instances *instances, enum cfs_aws_place place);
int cfs_aws_instances_end(struct cfs_aws_instances *instances, enum cfs_aws_place place,
	const char *text, size_t len, bool cut);

/* The whole document has been read: what is wrong with it, CFS_OK for nothing. */
void cfs_aws_instances_judge(
	const struct cfs_aws_instances *instances, struct cfs_error *ret_error);

/* "i-" and 8 or 17 lower-case hexadecimal digits. */
bool cfs_aws_instances_valid_id(const char *id);

/* What the state means, by the low byte of its code (the rest is EC2's own), else by its name. */
enum cfs_power cfs_aws_instances_power(const char *code, const char *name);

/*
 * Which live files make sense, as bits of CFS_AWS_LIVE_*. EC2 has no screenshot of *.metal and Arm
 * instances, and of what is not running or on its way down; no output of what has not begun to run
 * or is terminated.
 */
uint32_t cfs_aws_instances_offers(
	enum cfs_power power, const char *state, const char *type, const char *architecture);

#endif
