/* SPDX-License-Identifier: ISC */
/*
 * The answers of a batch, sent together. Each is written where it is sent from:
 *
 *	outbox_begin() -> the answer is made -> outbox_add() ... outbox_flush()
 */
#ifndef NB6_BOOTD_DHCP_OUTBOX_H
#define NB6_BOOTD_DHCP_OUTBOX_H

#include "bootd/dhcp/exchange.h"
#include "daemon/udp.h"

struct outbox {
	struct udp_sender *sender;
	uint8_t (*buffer)[DHCP6_MESSAGE_MAX]; /* `most` of them: touched as far as used */
	unsigned most, answers;               /* to be sent */
	uint64_t failed;                      /* could not be sent, since the start */
};

/* Returns 0 or -ENOMEM; to be freed in any case. A zeroed one is fine. */
int outbox_init(struct outbox *outbox, unsigned most);
void outbox_fini(struct outbox *outbox);

static inline bool outbox_is_full(const struct outbox *outbox)
{
	return outbox->answers == outbox->most;
}

/* Where the next answer is to be written; it must not be full. */
struct wire_out outbox_begin(struct outbox *outbox);
/* That answer is to be sent; to what came this way. */
void outbox_add(struct outbox *outbox, const struct udp_datagram *datagram,
	const struct arrival *arrival, const struct exchange_answer *answer);

/* Sends them all by this socket: it is empty then. Failures are logged, and counted. */
void outbox_flush(struct outbox *outbox, int fd);

#endif
