/* SPDX-License-Identifier: ISC */
/*
 * The running sessions of a TFTP server: a list by age, and a hash table by the client's address,
 * which all questions are about: whose datagram, how many, the same file?
 */
#ifndef NB6_BOOTD_TFTP_TFTP_SESSIONS_H
#define NB6_BOOTD_TFTP_TFTP_SESSIONS_H

#include <netinet/in.h>
#include <stddef.h>

#include "bootd/tftp/tftp_session.h"
#include "util/hash_table.h"

struct tftp_sessions {
	struct tftp_session *oldest, *newest; /* linked by next and before */
	size_t count;
	struct hash_table by_address;
};

int tftp_sessions_init(struct tftp_sessions *sessions);  /* 0 or -ENOMEM */
void tftp_sessions_fini(struct tftp_sessions *sessions); /* it is empty by now */

void tftp_sessions_add(struct tftp_sessions *sessions, struct tftp_session *session);
void tftp_sessions_remove(struct tftp_sessions *sessions, struct tftp_session *session);

/* The sessions of one address, one after the other: NULL begins and ends. */
struct tftp_session *tftp_sessions_next(const struct tftp_sessions *sessions,
	const struct in6_addr *address, const struct tftp_session *after);

/* The session of this address, port and link; NULL: there is none. */
struct tftp_session *tftp_sessions_find(
	const struct tftp_sessions *sessions, const struct sockaddr_in6 *peer);

#endif
