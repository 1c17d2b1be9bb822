/* SPDX-License-Identifier: ISC */
/*
 * The certificates of a server, and the SSL_CTX that is made of them. A connection holds them until
 * it is closed, so a reload can put others in their place at any time.
 */
#ifndef NB6_TLS_TLS_CREDENTIALS_H
#define NB6_TLS_TLS_CREDENTIALS_H

#include "tls/tls_certificate.h"

struct ssl_st; /* OpenSSL's SSL */
struct tls_credentials;

/* Whether this build has TLS. Without it nothing can be loaded (-ENOSYS). */
bool tls_is_built(void);

/*
 * Read `n` certificates, at least 1, with their keys. `before` are those in use, or NULL (see
 * tls_certificate_load()). Returns 0 or -errno and *problem.
 */
int tls_credentials_load(struct tls_credentials **out, const struct tls_files *files, size_t n,
	const struct tls_credentials *before, struct tls_problem *problem);
void tls_credentials_free(struct tls_credentials *credentials); /* NULL is fine */

size_t tls_credentials_count(const struct tls_credentials *credentials);
const struct tls_certificate *tls_credentials_at(
	const struct tls_credentials *credentials, size_t i);

/* A new connection of a server with these certificates. NULL: no memory. */
struct ssl_st *tls_credentials_connect(struct tls_credentials *credentials);

struct tls_credentials *tls_credentials_hold(struct tls_credentials *credentials);

#endif
