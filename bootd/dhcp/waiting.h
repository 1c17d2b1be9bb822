/* SPDX-License-Identifier: ISC */
/*
 * Datagrams that cannot be answered yet, copied in order, in a bounded room. What finds none
 * is not answered: its client asks again.
 */
#ifndef NB6_BOOTD_DHCP_WAITING_H
#define NB6_BOOTD_DHCP_WAITING_H

#include <stdbool.h>

#include "daemon/udp.h"
#include "dhcp6/identity.h"

struct waiting_one {
	struct waiting_one *next;
	struct udp_datagram datagram; /* its data is behind it */
	unsigned put_off;             /* how often */
	bool has_mac;
	uint8_t mac[DHCP6_MAC_LEN]; /* of its frame */
};

struct waiting {
	struct waiting_one *first, *last;
	size_t count;
};

struct waiting_room {
	size_t octets, most; /* in use, in all lists; and how many there may be */
};

/* A copy, in no list yet. NULL: there is no room. */
struct waiting_one *waiting_new(struct waiting_room *room, const struct udp_datagram *datagram);

/* The first of the list, or NULL; it goes to another list, or is freed. */
struct waiting_one *waiting_take(struct waiting *list);
void waiting_append(struct waiting *list, struct waiting_one *one);
void waiting_free(struct waiting_room *room, struct waiting_one *one);
void waiting_free_all(struct waiting_room *room, struct waiting *list);

#endif
