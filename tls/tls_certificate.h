/* SPDX-License-Identifier: ISC */
/*
 * One certificate of a server: its chain and its private key, read from PEM files, and what is
 * known about it. The chain begins with the server's own certificate; each one that follows has
 * issued the one before it (RFC 8446 section 4.4.2). A CA that clients trust may be left out.
 */
#ifndef NB6_TLS_TLS_CERTIFICATE_H
#define NB6_TLS_TLS_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tls/tls_facts.h"

enum { TLS_WHY = 320 };

/* Files of a certificate; key NULL: the key is in the file of the certificate. */
struct tls_files {
	const char *certificate, *key;
};

/* The types are OpenSSL's, whose headers only this folder includes. */
struct evp_pkey_st;
struct stack_st_X509;
struct x509_st;

struct tls_certificate {
	char *file, *key_file;
	struct x509_st *own;         /* X509 */
	struct stack_st_X509 *chain; /* STACK_OF(X509): those behind it; may be empty */
	struct evp_pkey_st *key;     /* EVP_PKEY; NULL: none was read */
	struct tls_facts facts;
};

/* What is wrong with which setting of which certificate. */
struct tls_problem {
	size_t which;
	const char *setting; /* "certificate" or "key"; static */
	char why[TLS_WHY];
};

/*
 * Read a certificate and its key. `before`, if it is not NULL, has the same files: when the key can
 * no longer be read because bootd has dropped its privileges, and the certificate is unchanged, its
 * key is used again. Returns 0, or -errno (-EINVAL: the contents are wrong) and *problem.
 */
int tls_certificate_load(struct tls_certificate **out, const struct tls_files *files,
	const struct tls_certificate *before, struct tls_problem *problem);
/* Without a key: to look at. */
int tls_certificate_read(
	struct tls_certificate **out, const char *file, struct tls_problem *problem);
void tls_certificate_free(struct tls_certificate *certificate); /* NULL is fine */

/* The reason of the oldest error in OpenSSL's queue, which is emptied. Static. */
const char *tls_openssl_reason(void);

#endif
