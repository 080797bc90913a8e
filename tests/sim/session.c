/* SPDX-License-Identifier: MIT */
#include "session.h"

#include "crypto.h"
#include "sim.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int sim_session_init(struct sim_sessions *sessions)
{
	sessions->ring = calloc(SIM_SESSIONS_MAX, sizeof(*sessions->ring));
	sessions->tickets = calloc(SIM_TICKETS_MAX, sizeof(*sessions->tickets));
	return sessions->ring && sessions->tickets ? 0 : -ENOMEM;
}

void sim_session_finish(struct sim_sessions *sessions)
{
	if (!sessions)
		return;
	if (sessions->ring)
		OPENSSL_cleanse(sessions->ring, SIM_SESSIONS_MAX * sizeof(*sessions->ring));
	if (sessions->tickets)
		OPENSSL_cleanse(sessions->tickets, SIM_TICKETS_MAX * sizeof(*sessions->tickets));
	free(sessions->ring);
	free(sessions->tickets);
	*sessions = (struct sim_sessions){0};
}

/* prefix and then random digits, len bytes in all. The alphabet's size is a power of two. */
static int make_text(const char *prefix, const char *alphabet, size_t len, char *ret_text)
{
	size_t start = strlen(prefix), size = strlen(alphabet);
	memcpy(ret_text, prefix, start);
	int r = sim_crypto_random(ret_text + start, len - start);
	for (size_t i = start; i < len && r == 0; i++)
		ret_text[i] = alphabet[(unsigned char)ret_text[i] % size];
	ret_text[len] = '\0';
	return r;
}

unsigned sim_session_seconds(const struct sim *sim, unsigned asked)
{
	unsigned most = sim->options.session_seconds;
	return most && most < asked ? most : asked;
}

const struct sim_session *sim_session_make(
	struct sim *sim, enum sim_cloud cloud, const char *role, const char *name, unsigned seconds)
{
	/* The lengths are the real ones'; a token's differs from one to the next there. */
	struct sim_session session = {.cloud = cloud, .made_ms = sim_now_ms(sim)};
	int r;
	if (cloud == SIM_AWS) {
		r = make_text("ASIA", base32, 20, session.id);
		if (r == 0)
			r = make_text("", base64, 40, session.secret);
		if (r == 0)
			r = make_text("IQoJb3JpZ2luX2Vj", base64, 404, session.token);
	} else {
		r = make_text("AKID", base64, 68, session.id);
		/* An id stands in a credential scope, between slashes. */
		for (char *p = session.id; *p; p++)
			*p = *p == '/' ? '-' : *p == '+' ? '_' : *p;
		if (r == 0)
			r = make_text("", base64, 43, session.secret);
		strcat(session.secret, "=");
		if (r == 0)
			r = make_text("", base64, 300, session.token);
	}
	if (r < 0)
		return NULL;
	session.expires_ms = session.made_ms + 1000ll * sim_session_seconds(sim, seconds);
	snprintf(session.role, sizeof(session.role), "%s", role);
	snprintf(session.name, sizeof(session.name), "%s", name);
	struct sim_session *slot = &sim->sessions.ring[sim->sessions.next];
	sim->sessions.next = (sim->sessions.next + 1) % SIM_SESSIONS_MAX;
	*slot = session;
	sim_disclose(sim, "secret", session.secret);
	sim_disclose(sim, "token", session.token);
	return slot;
}

const struct sim_session *sim_session_find(
	const struct sim *sim, enum sim_cloud cloud, const char *id)
{
	for (size_t i = 0; i < SIM_SESSIONS_MAX && id[0]; i++) {
		const struct sim_session *session = &sim->sessions.ring[i];
		if (session->cloud == cloud && strcmp(session->id, id) == 0)
			return session;
	}
	return NULL;
}

const char *sim_session_ticket(struct sim *sim, enum sim_ticket_kind kind, unsigned seconds)
{
	struct sim_sessions *sessions = &sim->sessions;
	struct sim_ticket ticket = {.kind = kind, .expires_ms = sim_now_ms(sim) + 1000ll * seconds};
	if (make_text("", base64, 56, ticket.text) < 0)
		return NULL;
	struct sim_ticket *slot = &sessions->tickets[sessions->next_ticket];
	sessions->next_ticket = (sessions->next_ticket + 1) % SIM_TICKETS_MAX;
	*slot = ticket;
	sim_disclose(sim, "ticket", ticket.text);
	return slot->text;
}

bool sim_session_ticket_is_good(const struct sim *sim, enum sim_ticket_kind kind, const char *text)
{
	for (size_t i = 0; i < SIM_TICKETS_MAX && text[0]; i++) {
		const struct sim_ticket *ticket = &sim->sessions.tickets[i];
		if (ticket->kind == kind && strcmp(ticket->text, text) == 0)
			return sim_now_ms(sim) < ticket->expires_ms;
	}
	return false;
}
