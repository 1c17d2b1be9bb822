/* SPDX-License-Identifier: ISC */
/*
 * Certificates as JSON, for the control socket of bootd and for `netboot6 boot tls check`, so that
 * both show the same: what each one is, how long it is valid, which clients accept it. Clients are
 * generations of firmware that differ in the types of keys and in the strength that they want.
 */
#ifndef NB6_TLS_TLS_VIEW_H
#define NB6_TLS_TLS_VIEW_H

#include <jansson.h>
#include <stddef.h>

#include "tls/tls_certificate.h"

/*
 * {"ok": false if a certificate has expired or is faulty, "certificates": [...], "clients": [...]};
 * NULL: no memory.
 */
json_t *tls_view(const struct tls_certificate *const *certificate, size_t n, int64_t now);

struct tls_verdict {
	const char *client;            /* "iPXE before 2.0"; static */
	const struct tls_facts *given; /* the certificate that it gets and accepts; NULL: none */
	const char *why;               /* why it accepts none; static */
};

size_t tls_firmware_count(void);
/* The i-th kind of client, at a server with these certificates; `now` in seconds since 1970. */
struct tls_verdict tls_firmware_verdict(
	size_t i, const struct tls_facts *const *facts, size_t n, int64_t now);

#endif
