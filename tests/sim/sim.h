/* What every part of the simulator works on; one of it lives in main(). */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "answer.h"
#include "bucket.h"
#include "options.h"
#include "request.h"
#include "vnc.h"

/* The one account of both clouds. Public on purpose: the simulator holds nothing of worth. */
#define SIM_KEY_ID "CONSOLEFSSIM"
#define SIM_KEY_SECRET "consolefs-sim-secret"
#define SIM_ACCOUNT "123456789012"

/* What --freeze-clock shows: 2025-12-24T08:30:00Z. */
#define SIM_FROZEN_MS 1766565000000

struct sim {
	struct sim_options options;
	struct sim_fleet fleet;
	struct sim_buckets buckets;
	struct sim_links links;
	uint64_t random;                          /* of the faults */
	unsigned char token_key[SIM_SHA256_SIZE]; /* seals NextToken */
	uint32_t last_bytes;                      /* length of the last screen drawn */
};

/* 0 or negative errno. options are copied. */
int sim_init(struct sim *sim, const struct sim_options *options);
void sim_finish(struct sim *sim);

/* The wall clock, in milliseconds, that screens and logs inside machines show. */
int64_t sim_shown_ms(const struct sim *sim);

/*
 * Decides the answer to a request. Always gives one: without memory, an answer of status 500 with
 * no body. The answer must be zeroed; it is the caller's to finish.
 */
void sim_decide(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer);

#endif
