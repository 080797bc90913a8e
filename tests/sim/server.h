/* SPDX-License-Identifier: MIT */
/* HTTPS on 127.0.0.1, and the metadata services over http: one thread, one epoll loop. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim.h"
#include "tls.h"

struct sim_server;

/*
 * Listens on the port of sim's options, and on that of the metadata services if they are asked for.
 * sim and tls must outlive the server. 0 or negative errno.
 */
int sim_server_create(
	struct sim *sim, const struct sim_tls *tls, int log_fd, struct sim_server **ret_server);
unsigned sim_server_port(const struct sim_server *server);
unsigned sim_server_metadata_port(const struct sim_server *server); /* 0: not served */

/* Serves until stop_fd is readable. 0 or negative errno. */
int sim_server_run(struct sim_server *server, int stop_fd);

/* Drops every connection at once. Accepts NULL. */
void sim_server_destroy(struct sim_server *server);

#endif
