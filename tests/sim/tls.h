/* SPDX-License-Identifier: MIT */
/* A certificate authority and a server certificate, made anew at each start, or the authority kept
 * from start to start. */
#ifndef SIM_TLS_H
#define SIM_TLS_H

struct sim_tls {
	char *ca;    /* PEM, for the clients */
	char *chain; /* PEM, the server's certificate and the CA's */
	char *key;   /* PEM, the server's private key; never leaves the memory */
};

/*
 * P-256 keys; the server's certificate names localhost, ec2.localhost, cvm.localhost, 127.0.0.1 and
 * ::1, and is valid from a day ago for a year. The CA's private key is gone when this returns, but
 * for authority_file (or NULL): what another start has left there is the CA, and if there is no
 * such file it is written, with mode 0600. 0, -ENOMEM, -EIO or what keeps the file from being
 * read or written.
 */
int sim_tls_init(struct sim_tls *tls, const char *authority_file);
void sim_tls_finish(struct sim_tls *tls); /* wipes the key */

#endif
