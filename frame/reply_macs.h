/* SPDX-License-Identifier: ISC */
/*
 * The MACs that replies go to: which MAC sent the message with this transaction id, from this
 * address, on this link. relayd keeps no state about clients; this table only has to remember a
 * message until its reply comes back from the server, and forgets the oldest ones after that.
 *
 * The transaction id is part of the key, so that a stranger who sends from a client's address
 * gets no replies to that client's messages.
 */
#ifndef NB6_FRAME_REPLY_MACS_H
#define NB6_FRAME_REPLY_MACS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct reply_macs;

struct reply_macs *reply_macs_new(void);       /* NULL: no memory */
void reply_macs_free(struct reply_macs *macs); /* may be NULL */

/*
 * The key of a message (at least 4 octets, of which the last three are the transaction id). To
 * compute it for a whole batch and to prefetch its place before the batch is handled hides the time
 * that the memory takes.
 */
uint64_t reply_macs_key(const struct reply_macs *macs, int ifindex, const struct in6_addr *client,
	const uint8_t *message);
void reply_macs_prefetch(const struct reply_macs *macs, int ifindex, uint64_t key);

/* Remembers the MAC of the sender of the message with this key. */
void reply_macs_put(struct reply_macs *macs, int ifindex, uint64_t key, const uint8_t mac[6]);

/* True and the MAC if the message that this is the reply to is remembered. */
bool reply_macs_find(const struct reply_macs *macs, int ifindex, const struct in6_addr *client,
	const uint8_t *reply, uint8_t mac[6]);

#endif
