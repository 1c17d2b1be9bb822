/* SPDX-License-Identifier: ISC */
/*
 * Certificates as JSON, for the control socket of bootd and for `netboot6 boot tls check`, so that
 * both show the same: what each one is, how long it is valid, which clients accept it.
 */
#ifndef NB6_TLS_TLS_VIEW_H
#define NB6_TLS_TLS_VIEW_H

#include <jansson.h>

#include "tls/tls_certificate.h"

/*
 * {"ok": false if a certificate has expired or is faulty, "certificates": [...], "clients": [...]};
 * NULL: no memory.
 */
json_t *tls_view(const struct tls_certificate *const *certificate, size_t n, int64_t now);

#endif
