/* SPDX-License-Identifier: MIT */
/*
 * VNC links: made by DescribeInstanceVncUrl, good for 15 seconds and one use, and redeemed by the
 * simulator's own page, GET /vnc?InstanceVncUrl=<the value, as given>.
 * Source: https://cloud.tencent.com/document/product/213/35753
 */
#ifndef SIM_VNC_H
#define SIM_VNC_H

#include "buf.h"
#include "fleet.h"

#include <stdbool.h>
#include <stdint.h>

#define SIM_LINK_MS 15000
#define SIM_LINKS_MAX 8192 /* remembered; older ones count as unknown */
#define SIM_TOKEN_BYTES 81
#define SIM_TOKEN_SIZE (SIM_TOKEN_BYTES / 3 * 4 + 1)

struct sim;
struct sim_request;
struct sim_answer;

struct sim_link {
	char token[SIM_TOKEN_SIZE]; /* "": free */
	uint32_t index;             /* of the instance */
	int64_t made_ms;            /* monotonic */
	bool used;
};

struct sim_links {
	struct sim_link *ring; /* SIM_LINKS_MAX */
	size_t next;
};

int sim_vnc_init(struct sim_links *links); /* 0 or -ENOMEM */
void sim_vnc_finish(struct sim_links *links);

/* Appends a new link's value, percent-encoded as the real one is. 0 or negative errno. */
int sim_vnc_make(struct sim *sim, const struct sim_instance *instance, struct sim_buf *ret_value);

/* Answers GET /vnc?...; query is what follows the question mark. */
void sim_vnc_redeem(struct sim *sim, const struct sim_request *request, const char *query,
	struct sim_answer *answer);

#endif
