/* SPDX-License-Identifier: MIT */
/* What every part of the simulator works on; one of it lives in main(). */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "answer.h"
#include "bucket.h"
#include "options.h"
#include "pictures.h"
#include "proof.h"
#include "request.h"
#include "session.h"
#include "vnc.h"

/* The one account of both clouds. Public on purpose: the simulator holds nothing of worth. */
#define SIM_KEY_ID "CONSOLEFSSIM"
#define SIM_KEY_SECRET "consolefs-sim-secret"
#define SIM_ACCOUNT "123456789012"
#define SIM_USER "consolefs-sim"
#define SIM_UIN "100000000001"     /* of Tencent Cloud's account */
#define SIM_SUB_UIN "100000000002" /* of its user */

/* Roles of both clouds, and who may assume them. */
#define SIM_ROLE_READER "reader"       /* anybody of the account */
#define SIM_ROLE_PARTNER "partner"     /* who knows the ExternalId */
#define SIM_ROLE_CHAINED "chained"     /* a session of the reader */
#define SIM_ROLE_FEDERATED "federated" /* web identities */
#define SIM_ROLE_INSTANCE "instance"   /* the machine: metadata services */
#define SIM_ROLE_TASK "task"           /* the container */
#define SIM_ROLE_OPERATOR "operator"   /* people, by single sign-on */
#define SIM_ROLE_CONSOLE "console"     /* people, by aws login */
#define SIM_EXTERNAL_ID "consolefs-sim-external"

/* What the sign-in services accept. */
#define SIM_WEB_IDENTITY "consolefs-sim-web-identity-token"
#define SIM_CONTAINER_TOKEN "consolefs-sim-container-token"
#define SIM_SSO_ACCESS_TOKEN "consolefs-sim-sso-token"
#define SIM_SSO_REFRESH_TOKEN "consolefs-sim-refresh-token"
#define SIM_SSO_CLIENT_ID "consolefs-sim-client"
#define SIM_SSO_CLIENT_SECRET "consolefs-sim-client-secret"
#define SIM_LOGIN_CLIENT_ID "arn:aws:signin:::devtools/same-device"
#define SIM_LOGIN_REFRESH_TOKEN "consolefs-sim-login" /* and a dot, and the key's thumbprint */

/* What --freeze-clock shows: 2025-12-24T08:30:00Z. */
#define SIM_FROZEN_MS 1766565000000

struct sim {
	struct sim_options options;
	struct sim_fleet fleet;
	struct sim_pictures pictures; /* none without --screen-bytes */
	struct sim_buckets buckets;
	struct sim_links links;
	struct sim_sessions sessions;
	struct sim_proofs proofs;
	struct sim_session standing[SIM_CLOUDS + 1]; /* the metadata services' */
	struct sim_fault_file fault_file;
	int issued_fd;                            /* of --issued-file, or -1; borrowed */
	uint64_t random;                          /* of the faults */
	unsigned char token_key[SIM_SHA256_SIZE]; /* seals NextToken */
	uint32_t last_bytes;                      /* length of the last screen drawn */
};

/* 0 or negative errno. options are copied. */
int sim_init(struct sim *sim, const struct sim_options *options);
void sim_finish(struct sim *sim);

/* The clouds' time, milliseconds since the epoch. */
int64_t sim_now_ms(const struct sim *sim);
/* The fault that hits the request that the record tells of. */
struct sim_effect sim_pick_fault(
	struct sim *sim, enum sim_cloud cloud, const struct sim_record *record);
/* Writes something secret that is handed out to --issued-file. */
void sim_disclose(const struct sim *sim, const char *kind, const char *text);
/* query.c: answers a request of the Query protocol, EC2's or STS's. */
void sim_query_decide(
	struct sim *sim, const struct sim_request *request, struct sim_answer *answer);
/* Is the text the first line of the file, or, without a file, the other text? */
bool sim_is_token(const char *text, const char *file, const char *otherwise);

/* The wall clock, in milliseconds, that screens and logs inside machines show. */
int64_t sim_shown_ms(const struct sim *sim);

/*
 * Decides the answer to a request. Always gives one: without memory, an answer of status 500 with
 * no body. The answer must be zeroed; it is the caller's to finish.
 */
void sim_decide(struct sim *sim, const struct sim_request *request, struct sim_answer *ret_answer);

#endif
