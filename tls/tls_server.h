/* SPDX-License-Identifier: ISC */
/*
 * TLS 1.2 and 1.3 (RFC 5246, RFC 8446) for the HTTP server, as a transport of its connections
 * (http_channel.h). The certificates can be exchanged at any time, all at once: connections that
 * are open keep theirs.
 *
 * OpenSSL does the work. bootd loads it anyway (libpq), its licence (Apache 2.0) goes with ours,
 * and it is what the machines that boot have themselves: EDK2 is built with it. The policy of the
 * system (openssl.cnf, crypto-policies) holds for ciphers and key sizes. There are no session
 * tickets: a machine that boots connects once, and without tickets there are no ticket keys to
 * change.
 */
#ifndef NB6_TLS_TLS_SERVER_H
#define NB6_TLS_TLS_SERVER_H

#include "http/http_channel.h"
#include "tls/tls_credentials.h"

struct tls_server;

/* Since the start. */
struct tls_stats {
	uint64_t handshakes; /* that a request followed */
	uint64_t failed;     /* handshakes; garbage and clients that leave are among them */
	uint64_t mistrusted; /* of those: the client refused our certificate */
};

/* `service` names it in the log; static. NULL: no memory. */
struct tls_server *tls_server_new(const char *service);
void tls_server_free(struct tls_server *server); /* after its connections; NULL is fine */

/* New connections use these from now on; they are the server's. */
void tls_server_set(struct tls_server *server, struct tls_credentials *credentials);
const struct tls_credentials *tls_server_credentials(const struct tls_server *server);

struct http_transport tls_server_transport(struct tls_server *server);
void tls_server_get_stats(const struct tls_server *server, struct tls_stats *out);

#endif
