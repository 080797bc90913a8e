/* SPDX-License-Identifier: MIT */
/*
 * An answer as libmicrohttpd would never send it: written to the wire byte by byte, and broken
 * where a fault says so.
 *
 * The text of the answer is made at once. Then it is said in pieces, each of which is a TLS record
 * of its own; what the TLS library makes of a piece is kept here, where it can be cut or spoilt,
 * and then written to the socket.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "answer.h"

#include <stdint.h>

enum sim_wire_end {
	SIM_WIRE_BYE,   /* with a close_notify, and then the end of the stream */
	SIM_WIRE_BREAK, /* the end of the stream, in the middle of TLS */
	SIM_WIRE_HOLD,  /* the connection stays open, until the client speaks or goes */
};

enum sim_wire_next {
	SIM_WIRE_DONE,
	SIM_WIRE_BLOCKED, /* step again when the socket can be written */
	SIM_WIRE_PAUSE,   /* step again after pace_ms */
};

struct sim_wire {
	void *session; /* gnutls_session_t; NULL: plain http */
	int fd;
	struct sim_buf text; /* what is said */
	size_t said;
	struct sim_buf out; /* what is written */
	size_t written;
	size_t start; /* bytes of the text that are said at once; the rest by the piece */
	size_t piece;
	unsigned pace_ms;
	bool cut, spoil; /* the last record is not whole; one bit of it is wrong */
	bool last;       /* the last record is made */
	enum sim_wire_end end;
};

/*
 * Prepares the answer's text, as its `wire` says; the answer's body must be whole, not a stream.
 * From now on the session's TLS records are the wire's, and whoever else closes the session says
 * nothing. 0 or -ENOMEM; to finish in both cases. Session and fd are borrowed.
 */
int sim_wire_init(struct sim_wire *wire, const struct sim_answer *answer, const char *date,
	void *session, int fd);
/* Goes on, without waiting. 0 and what is to come next, or negative errno. */
int sim_wire_step(struct sim_wire *wire, enum sim_wire_next *ret_next);
void sim_wire_finish(struct sim_wire *wire);

#endif
