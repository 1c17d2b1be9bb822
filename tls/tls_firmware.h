/* SPDX-License-Identifier: ISC */
/*
 * Which clients accept the certificates of a server: generations of firmware that differ in the
 * types of keys and in the strength that they want. This knows neither files nor OpenSSL: it
 * decides by struct tls_facts.
 */
#ifndef NB6_TLS_TLS_FIRMWARE_H
#define NB6_TLS_TLS_FIRMWARE_H

#include <stddef.h>

#include "tls/tls_facts.h"

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
