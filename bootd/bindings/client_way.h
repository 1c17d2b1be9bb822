/* SPDX-License-Identifier: ISC */
/*
 * When and by which relays the client of a binding was last heard: what a Leasequery asks for
 * and nothing else needs. Kept beside the bindings, and only where Leasequery is configured; found
 * by the client's DUID, which a binding is not.
 */
#ifndef NB6_BOOTD_BINDINGS_CLIENT_WAY_H
#define NB6_BOOTD_BINDINGS_CLIENT_WAY_H

#include "dhcp6/identity.h"
#include "dhcp6/message.h"

struct binding;

struct client_way {
	struct binding *binding;
	uint64_t heard_ms;
	struct in6_addr
		relay; /* that we heard it from; :: straight from the client, or not known */

	/* Private to client_way.c. */
	struct client_way *next, **place; /* in the slot of its DUID */

	/* The Relay-forward, its relays in one another, without the client's message. */
	uint16_t len;
	uint8_t relay_forward[];
};

struct client_ways {
	uint64_t seed;
	size_t slots;
	struct client_way **by_duid; /* NULL: none are kept */
};

/* From now on they are kept; a power of two of slots. Returns 0 or -ENOMEM. */
int client_ways_init(struct client_ways *ways, size_t slots, uint64_t seed);
void client_ways_fini(struct client_ways *ways); /* after all of them are forgotten */

/*
 * The binding's client, whose DUID is binding_duid(), was heard through these relays; chain NULL:
 * it is not known how. Does nothing where none are kept, and without memory keeps what it has.
 */
void client_way_note(struct client_ways *ways, struct binding *binding,
	const struct dhcp6_chain *chain, const struct in6_addr *source, uint64_t now_ms);
void client_way_forget(struct client_way *way); /* NULL is fine */

/* The bindings of a DUID: NULL begins, NULL ends. */
struct binding *client_ways_next(
	const struct client_ways *ways, const struct dhcp6_duid *duid, const struct binding *after);

/* Did it come through a relay that sent this option with exactly these octets? NULL: no. */
bool client_way_has(const struct client_way *way, uint16_t code, const uint8_t *octets, size_t len);

/* The link-address that was chosen by; :: where there was none. */
struct in6_addr client_way_link(const struct client_way *way);

#endif
