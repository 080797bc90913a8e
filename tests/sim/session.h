/* SPDX-License-Identifier: MIT */
/*
 * What the sign-in services hand out: temporary credentials, which both clouds then accept until
 * they expire, and opaque tickets (a metadata token, an SSO access token).
 */
#ifndef SIM_SESSION_H
#define SIM_SESSION_H

#include "fleet.h"

#define SIM_SESSIONS_MAX 1024 /* remembered; older ones count as unknown */
#define SIM_TICKETS_MAX 256
#define SIM_SESSION_ID_SIZE 80
#define SIM_SESSION_SECRET_SIZE 64
#define SIM_SESSION_TOKEN_SIZE 520
#define SIM_ROLE_SIZE 65
#define SIM_ROLE_SESSION_SIZE 129
#define SIM_TICKET_SIZE 64

struct sim;

struct sim_session {
	char id[SIM_SESSION_ID_SIZE]; /* "": free */
	char secret[SIM_SESSION_SECRET_SIZE];
	char token[SIM_SESSION_TOKEN_SIZE];
	enum sim_cloud cloud;
	char role[SIM_ROLE_SIZE];         /* its name */
	char name[SIM_ROLE_SESSION_SIZE]; /* RoleSessionName */
	int64_t made_ms, expires_ms;      /* sim_now_ms */
};

enum sim_ticket_kind {
	SIM_TICKET_METADATA,
	SIM_TICKET_SSO_ACCESS,
	SIM_TICKET_SSO_REFRESH,
	SIM_TICKET_LOGIN_REFRESH,
};

struct sim_ticket {
	char text[SIM_TICKET_SIZE]; /* "": free */
	enum sim_ticket_kind kind;
	int64_t expires_ms; /* sim_now_ms */
};

struct sim_sessions {
	struct sim_session *ring; /* SIM_SESSIONS_MAX */
	size_t next;
	struct sim_ticket *tickets; /* SIM_TICKETS_MAX, a ring too */
	size_t next_ticket;
};

int sim_session_init(struct sim_sessions *sessions); /* 0 or -ENOMEM */
void sim_session_finish(struct sim_sessions *sessions);

/*
 * New credentials of a role, for as long as asked for or --session-seconds, whichever is less.
 * Returns NULL when there is no randomness. Valid until SIM_SESSIONS_MAX others are made.
 */
const struct sim_session *sim_session_make(struct sim *sim, enum sim_cloud cloud, const char *role,
	const char *name, unsigned seconds);
/* The credentials of that access key id, expired or not, or NULL. */
const struct sim_session *sim_session_find(
	const struct sim *sim, enum sim_cloud cloud, const char *id);

/* A new ticket for as long as asked for, or NULL. */
const char *sim_session_ticket(struct sim *sim, enum sim_ticket_kind kind, unsigned seconds);
/* Whether it was handed out and has not expired. */
bool sim_session_ticket_is_good(const struct sim *sim, enum sim_ticket_kind kind, const char *text);

/* For as long as this was asked for, credentials are good for how many seconds? */
unsigned sim_session_seconds(const struct sim *sim, unsigned asked);

#endif
