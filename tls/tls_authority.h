/* SPDX-License-Identifier: ISC */
/*
 * A certification authority of the operator's own: machines trust it because it is enrolled in
 * their firmware, and it signs the certificates of bootd. Its files are in one directory:
 *
 *	ca.key      its private key, for root only
 *	ca.crt      its certificate, PEM
 *	ca.der      the same for menus of firmware, DER
 *	ca.esl      the same as an EFI signature list (UEFI 2.10 section 32.4.1), for OVMF
 *	server.crt  the certificate of bootd, and
 *	server.key  its key, for root and bootd's group
 */
#ifndef NB6_TLS_TLS_AUTHORITY_H
#define NB6_TLS_TLS_AUTHORITY_H

#include <stddef.h>

#include "tls/tls_certificate.h"

enum { TLS_CA_DAYS = 3650, TLS_SERVER_DAYS = 365, TLS_DAYS_MAX = 36500 };

struct tls_wish {
	const char *directory;   /* is made if it is missing */
	const char *const *name; /* IPv6 or IPv4 addresses, DNS names; at least one */
	size_t names;
	int days;               /* of the server's certificate */
	enum tls_key_kind kind; /* of its key: RSA with 3,072 bits, or ECDSA P-256 */
	const char *stem;       /* of the server's files: "server" */
	const char *group;      /* may read the server's key; NULL: nobody */
};

struct tls_made {
	bool has_new_ca; /* else the one in the directory has signed */
	bool has_group;  /* `group` exists and may read the key */
};

/*
 * Make what is missing, and a new server certificate in any case. Files are replaced one by one,
 * each at once: key before certificate. Returns 0, or -errno and why.
 */
int tls_authority_init(const struct tls_wish *wish, struct tls_made *made, char why[TLS_WHY]);

#endif
