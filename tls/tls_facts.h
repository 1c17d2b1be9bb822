/* SPDX-License-Identifier: ISC */
/*
 * What a chain of certificates says about itself, as far as clients decide by it: names, keys,
 * signatures, times, order. Everything is read through OpenSSL's functions; text that comes from a
 * certificate has no control characters.
 */
#ifndef NB6_TLS_TLS_FACTS_H
#define NB6_TLS_TLS_FACTS_H

#include <stdbool.h>
#include <stdint.h>

enum { TLS_NAME = 256, TLS_NAMES = 2048 };

enum tls_key_kind { TLS_KEY_RSA, TLS_KEY_ECDSA, TLS_KEY_OTHER };

struct tls_facts {
	char subject[TLS_NAME], issuer[TLS_NAME];
	char names[TLS_NAMES]; /* "boot.example.org 2001:db8::69": what it is valid for (SAN) */
	enum tls_key_kind kind;
	char key[32];       /* "RSA 2048", "ECDSA P-256" */
	char signature[64]; /* "RSA-SHA256" */
	unsigned key_bits;
	unsigned security_bits; /* of the weakest key or signature of the chain, NIST SP 800-57 */
	unsigned chain;         /* certificates in the file */
	bool is_self_signed;    /* the first one is */
	bool is_for_servers;    /* its extended key usage allows it */
	const char *fault;      /* what is wrong with the chain; static; NULL: nothing */
	int64_t not_before, not_after; /* seconds since 1970, of the whole chain */
};

struct stack_st_X509; /* OpenSSL's STACK_OF(X509) and X509 */
struct x509_st;

/* `chain` has the certificates behind `own`, and may be empty. */
void tls_facts_find(
	struct x509_st *own, const struct stack_st_X509 *chain, struct tls_facts *facts);

#endif
