/* SPDX-License-Identifier: MIT */
/*
 * Reads the answer of DescribeInstances: gives each instance to a sink as soon as its element has
 * arrived, so that only one is held at a time.
 */
#ifndef CFS_BACKENDS_AWS_EC2_INSTANCES_H
#define CFS_BACKENDS_AWS_EC2_INSTANCES_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/aws/api/grammar.h"
#include "backends/contract/addresses.h"
#include "backends/contract/backend.h"

/* Bytes of one instance's fields, without its tags. Fields that do not fit are left out. */
#define CFS_AWS_INSTANCE_TEXT_MAX (64 * 1024)

/* Private to instances.c. */
struct cfs_aws_instances {
	struct cfs_sink *sink;
	const char *wanted; /* FIND: the only ID of interest; LIST: NULL */
	bool found;         /* `wanted` was there */
	bool bad_page;      /* the continuation token could not be sent back */
	struct cfs_instance_builder builder;
	struct cfs_buf text;                   /* NUL-terminated texts of the current instance */
	uint32_t field[CFS_N_INSTANCE_FIELDS]; /* offset in text plus one; 0: none */
	struct cfs_addresses addresses;
	uint32_t tag_key, tag_value;
	size_t tag_begin; /* length of text before the current tag */
};

/* Borrows sink and wanted until finish. */
void cfs_aws_instances_init(
	struct cfs_aws_instances *instances, struct cfs_sink *sink, const char *wanted);
void cfs_aws_instances_finish(struct cfs_aws_instances *instances);

/* An element begins, or ends. If it is a leaf, this is its text, with a NUL behind it, and `cut` tells
 * that the text was longer. Other elements are ignored. 0, -ENOMEM or what the sink returned. */
void cfs_aws_instances_begin(struct cfs_aws_instances *instances, enum cfs_aws_place place);
int cfs_aws_instances_end(struct cfs_aws_instances *instances, enum cfs_aws_place place,
	const char *text, size_t len, bool cut);

/* The document has ended: what is wrong with it, CFS_OK for nothing. */
void cfs_aws_instances_judge(
	const struct cfs_aws_instances *instances, struct cfs_error *ret_error);

/* Whether it is "i-" and 8 or 17 lowercase hexadecimal digits. */
bool cfs_aws_instances_valid_id(const char *id);

/* What a state means: by the low byte of its code (EC2 keeps the rest for itself), or by its name if
 * the code is unknown. */
enum cfs_power cfs_aws_instances_power(const char *code, const char *name);

#endif
