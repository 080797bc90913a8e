/* SPDX-License-Identifier: MIT */
/*
 * A server on loopback that answers request n, on whatever connection it comes, with the bytes of
 * record n. It has no thread: it does what there is to do when it is told.
 *
 * A request is for "/n", and its record's first byte says what follows the answer:
 *
 *     k   the connection is kept       c   its end (FIN)       r   it is reset (RST)
 */
#ifndef CFS_FUZZ_PEER_H
#define CFS_FUZZ_PEER_H

#include "tests/fuzz/fuzz.h"

#define FUZZ_PEER_CONNECTIONS_MAX 64
#define FUZZ_PEER_ANSWERS_MAX 8
#define FUZZ_PEER_REQUEST_MAX 4096

struct fuzz_peer_answer {
	struct fuzz_input bytes;
	char then; /* 'k', 'c' or 'r' */
	unsigned asked;
};

struct fuzz_peer_connection {
	int fd; /* -1: none */
	char request[FUZZ_PEER_REQUEST_MAX + 1];
	size_t len;
	struct fuzz_peer_answer *answer; /* that is being sent, or was last */
	size_t sent;
};

struct fuzz_peer {
	int fd, port;
	size_t piece; /* bytes sent at a time, 0: all */
	struct fuzz_peer_answer answers[FUZZ_PEER_ANSWERS_MAX];
	size_t n_answers;
	struct fuzz_peer_connection connections[FUZZ_PEER_CONNECTIONS_MAX];
};

/* Listens, once for all inputs. */
void fuzz_peer_listen(struct fuzz_peer *peer);
/* Takes, reads and sends what can be without waiting. Returns whether there was anything. */
bool fuzz_peer_act(struct fuzz_peer *peer);
/* Ends what was answered wholly: whoever waits for more has it. Returns whether there was any. */
bool fuzz_peer_give_up(struct fuzz_peer *peer);
/* Breaks all connections and forgets the answers. */
void fuzz_peer_reset(struct fuzz_peer *peer);

#endif
