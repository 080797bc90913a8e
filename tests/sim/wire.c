/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define RECORD ((size_t)16 << 10) /* the most that TLS takes at once */
#define LONG_BY 1000              /* bytes that a Content-Length promises and nobody sends */
#define HEADER_LINES 128          /* of a head that is too large, each of about 1 kB */
#define LONG_LINE ((size_t)256 << 10)

/* Instead of the socket. Whatever the session's owner says at its end goes nowhere. */
static ssize_t push_nowhere(gnutls_transport_ptr_t context, const void *data, size_t len)
{
	(void)context;
	(void)data;
	return (ssize_t)len;
}

static ssize_t push(gnutls_transport_ptr_t context, const void *data, size_t len)
{
	struct sim_buf *out = context;
	sim_buf_add(out, data, len);
	return (ssize_t)len;
}

static void add_head(struct sim_buf *text, const struct sim_answer *answer, const char *date)
{
	sim_buf_addf(text, "HTTP/1.1 %u %s\r\nDate: %s\r\n", answer->status,
		answer->status < 400 ? "OK" : "Error", date);
	if (answer->content_type)
		sim_buf_addf(text, "Content-Type: %s\r\n", answer->content_type);
	if (answer->server)
		sim_buf_addf(text, "Server: %s\r\n", answer->server);
	if (answer->request_id_header)
		sim_buf_addf(text, "%s: %s\r\n", answer->request_id_header, answer->request_id);
	if (answer->header)
		sim_buf_addf(text, "%s: %s\r\n", answer->header, answer->header_value);
}

static void add_body(struct sim_buf *text, const struct sim_answer *answer, size_t length)
{
	sim_buf_addf(text, "Content-Length: %zu\r\n\r\n", length);
	sim_buf_add(text, answer->body.data, answer->body.len);
}

/* Chunks, their sizes written in the ways that RFC 9112, section 7.1, allows, and all but the last.
 */
static void add_chunks(struct sim_buf *text, const struct sim_buf *body, size_t size)
{
	static const struct style {
		const char *before, *after;
	} styles[] = {{"", ""}, {"000", ""}, {"", ";name"}, {"", ";name=value"},
		{"00", ";name=\"quoted; and so on\";more=1"}};
	size_t turn = 0;
	for (size_t at = 0; at < body->len; at += size) {
		size_t len = body->len - at < size ? body->len - at : size;
		const struct style *style = &styles[turn++ % (sizeof(styles) / sizeof(styles[0]))];
		sim_buf_addf(text, "%s%zx%s\r\n", style->before, len, style->after);
		sim_buf_add(text, body->data + at, len);
		sim_buf_adds(text, "\r\n");
	}
}

static void add_chunked(struct sim_wire *wire, const struct sim_answer *answer)
{
	static const char last[] = "0\r\nX-Checksum: none\r\nX-Trailer: end\r\n\r\n";
	struct sim_buf *text = &wire->text;
	size_t half = answer->body.len / 2;
	sim_buf_adds(text, "Transfer-Encoding: chunked\r\n\r\n");
	if (answer->wire == SIM_FAULT_CHUNKS) {
		add_chunks(text, &answer->body, answer->wire_number);
		sim_buf_adds(text, last);
		return;
	}
	if (half)
		add_chunks(text, &(struct sim_buf){.data = answer->body.data, .len = half}, half);
	if (answer->wire == SIM_FAULT_NOLASTCHUNK) {
		wire->end = SIM_WIRE_BYE;
		return;
	}
	sim_buf_adds(text, "zz\r\n");
	sim_buf_add(text, answer->body.data + half, answer->body.len - half);
	sim_buf_adds(text, "\r\n0\r\n\r\n");
}

static void add_many_headers(struct sim_buf *text)
{
	for (unsigned i = 0; i < HEADER_LINES; i++) {
		sim_buf_addf(text, "X-Padding-%u: ", i);
		sim_buf_fill(text, 'a', 1000);
		sim_buf_adds(text, "\r\n");
	}
}

/* What is said, but for the end of it. */
static void make_text(struct sim_wire *wire, const struct sim_answer *answer, const char *date)
{
	static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
				      "Link: </style.css>; rel=preload\r\n\r\n";
	struct sim_buf *text = &wire->text;
	const struct sim_buf *body = &answer->body;
	enum sim_fault_kind kind = answer->wire;
	if (kind == SIM_FAULT_CLOSE)
		return;
	if (kind == SIM_FAULT_INTERIM)
		sim_buf_adds(text, interim);
	add_head(text, answer, date);
	if (kind == SIM_FAULT_CUTHEADER) {
		text->len -= text->len / 4;
	} else if (kind == SIM_FAULT_CUTBODY) {
		sim_buf_adds(text, "Connection: close\r\n\r\n");
		sim_buf_add(text, body->data, body->len / 2);
	} else if (kind == SIM_FAULT_CHUNKS || kind == SIM_FAULT_BADCHUNK ||
		kind == SIM_FAULT_NOLASTCHUNK) {
		add_chunked(wire, answer);
	} else if (kind == SIM_FAULT_LONGLENGTH) {
		add_body(text, answer, body->len + LONG_BY);
	} else if (kind == SIM_FAULT_SHORTLENGTH) {
		add_body(text, answer, body->len / 2);
	} else if (kind == SIM_FAULT_BIGHEADER) {
		add_many_headers(text);
		add_body(text, answer, body->len);
	} else if (kind == SIM_FAULT_LONGHEADER) {
		sim_buf_adds(text, "X-Padding: ");
		sim_buf_fill(text, 'a', LONG_LINE);
		sim_buf_adds(text, "\r\n");
		add_body(text, answer, body->len);
	} else {
		add_body(text, answer, body->len);
	}
	if (kind == SIM_FAULT_TWICE) {
		add_head(text, answer, date);
		add_body(text, answer, body->len);
	}
	/* Less than is promised. */
	if (kind == SIM_FAULT_STALL || kind == SIM_FAULT_CUTTLS)
		text->len -= body->len / 2;
}

static void set_manner(struct sim_wire *wire, enum sim_fault_kind kind, unsigned number)
{
	wire->piece = RECORD;
	wire->start = SIZE_MAX;
	wire->end = SIM_WIRE_HOLD;
	if (kind == SIM_FAULT_DRIP) {
		wire->piece = 1;
		wire->pace_ms = number;
	}
	if (kind == SIM_FAULT_CUTTLS)
		wire->cut = true;
	if (kind == SIM_FAULT_BADTLS)
		wire->spoil = true;
	if (kind == SIM_FAULT_CUTHEADER || kind == SIM_FAULT_CUTTLS)
		wire->end = SIM_WIRE_BREAK;
	if (kind == SIM_FAULT_CLOSE || kind == SIM_FAULT_CUTBODY || kind == SIM_FAULT_LONGLENGTH)
		wire->end = SIM_WIRE_BYE;
}

int sim_wire_init(struct sim_wire *wire, const struct sim_answer *answer, const char *date,
	void *session, int fd)
{
	*wire = (struct sim_wire){.session = session, .fd = fd};
	set_manner(wire, answer->wire, answer->wire_number);
	make_text(wire, answer, date);
	if (wire->pace_ms)
		wire->start = wire->text.len / 2;
	if (session) {
		gnutls_transport_ptr_t in = gnutls_transport_get_ptr(session);
		gnutls_transport_set_ptr2(session, in, NULL);
		gnutls_transport_set_push_function(session, push_nowhere);
	}
	return wire->text.failed ? -ENOMEM : 0;
}

/* Runs the session with its output in wire->out. */
static int say(struct sim_wire *wire, size_t len)
{
	gnutls_session_t session = wire->session;
	gnutls_transport_ptr_t in;
	ssize_t r = 0;
	if (!session) {
		sim_buf_add(&wire->out, wire->text.data + wire->said, len);
		wire->said += len;
		return wire->out.failed ? -ENOMEM : 0;
	}
	in = gnutls_transport_get_ptr(session);
	gnutls_transport_set_ptr2(session, in, &wire->out);
	gnutls_transport_set_push_function(session, push);
	if (len)
		r = gnutls_record_send(session, wire->text.data + wire->said, len);
	else
		r = gnutls_bye(session, GNUTLS_SHUT_WR);
	gnutls_transport_set_ptr2(session, in, NULL);
	gnutls_transport_set_push_function(session, push_nowhere);
	if (r < 0)
		return -EIO;
	wire->said += (size_t)r;
	return wire->out.failed ? -ENOMEM : 0;
}

/* Makes more to write. */
static int say_more(struct sim_wire *wire)
{
	size_t left = wire->text.len - wire->said, piece;
	int r;
	sim_buf_reset(&wire->out);
	wire->written = 0;
	if (left == 0) {
		wire->last = true;
		return wire->end == SIM_WIRE_BYE && wire->session ? say(wire, 0) : 0;
	}
	piece = wire->said < wire->start ? RECORD : wire->piece;
	if (wire->said < wire->start && piece > wire->start - wire->said)
		piece = wire->start - wire->said;
	r = say(wire, left < piece ? left : piece);
	if (r < 0 || wire->said < wire->text.len)
		return r;
	/* This was the last record. */
	if (wire->cut)
		wire->out.len -= wire->out.len / 2;
	if (wire->spoil)
		wire->out.data[wire->out.len / 2] ^= 1;
	return 0;
}

int sim_wire_step(struct sim_wire *wire, enum sim_wire_next *ret_next)
{
	int r;
	for (;;) {
		while (wire->written < wire->out.len) {
			ssize_t n = send(wire->fd, wire->out.data + wire->written,
				wire->out.len - wire->written, MSG_NOSIGNAL | MSG_DONTWAIT);
			if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
				*ret_next = SIM_WIRE_BLOCKED;
				return 0;
			}
			if (n < 0)
				return -errno;
			wire->written += (size_t)n;
		}
		if (wire->last) {
			*ret_next = SIM_WIRE_DONE;
			return 0;
		}
		if (wire->pace_ms && wire->out.len && wire->said >= wire->start) {
			sim_buf_reset(&wire->out);
			wire->written = 0;
			*ret_next = SIM_WIRE_PAUSE;
			return 0;
		}
		r = say_more(wire);
		if (r < 0)
			return r;
	}
}

void sim_wire_finish(struct sim_wire *wire)
{
	if (!wire)
		return;
	sim_buf_finish(&wire->text);
	sim_buf_finish(&wire->out);
	*wire = (struct sim_wire){0};
}
