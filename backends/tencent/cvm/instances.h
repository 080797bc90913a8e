/* SPDX-License-Identifier: MIT */
/*
 * Reads the instances of a DescribeInstances answer (its InstanceSet).
 *
 * Source: https://cloud.tencent.com/document/api/213/15753#Instance. All but InstanceId is optional
 * here: a field that is missing, null or of another type is left out, and nothing else is.
 */
#ifndef CFS_BACKENDS_TENCENT_CVM_INSTANCES_H
#define CFS_BACKENDS_TENCENT_CVM_INSTANCES_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "backends/contract/backend.h"

/* Whether the text is the id of a CVM: "ins-" and 8 letters and digits, as far as the documentation
 * shows; 6 to 16 are taken, so that a longer form to come does not empty a listing. */
bool cfs_tencent_instances_valid_id(const char *id);

/* A time as RFC 3339 in UTC with `Z`, from `Z` or a zero offset. Returns false for any other text.
 */
#define CFS_TENCENT_TIME_MAX 40 /* bytes, NUL included */
bool cfs_tencent_instances_time(const char *text, char ret_time[static CFS_TENCENT_TIME_MAX]);

/* What a state means, and which live files it offers. An unknown one is CFS_POWER_UNKNOWN and
 * offers all: the cloud will refuse at open what it cannot do. */
enum cfs_power cfs_tencent_instances_state(const char *state, uint32_t *ret_offers);

/*
 * Hands every instance of the set to the sink; with `only`, just the one of that id. What has no
 * well-formed id is left out and reported. *ret_received counts the entries, *ret_given what the
 * sink took. 0, -ENOMEM, or what the sink returned.
 */
int cfs_tencent_instances_read(const cJSON *set, const char *only, struct cfs_sink *sink,
	size_t *ret_received, size_t *ret_given);

#endif
