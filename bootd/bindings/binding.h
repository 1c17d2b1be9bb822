/* SPDX-License-Identifier: ISC */
/*
 * A binding: which machine has which address, in which state, and until when.
 *
 *	Solicit -> offered -> Request -> bound -> Release -> released -> removed
 *	                                  |  ^ \-- valid lifetime expired --^
 *	                                  |  +-- Renew, Rebind, another DUID of the same machine
 *	                                  +--> Decline -> declined: nobody gets the address
 *
 * A machine keeps its binding when its DUID and IAID change, as they do between firmware, iPXE
 * and the installed system (machine.h).
 *
 * A lease is a binding with an address of a pool; it is stored on disk (lease_journal.h). When it
 * expires it stays in the state `expired`, so that its machine gets the address back until another
 * machine needs it. A declined lease is detached: it is found by its address only, and its machine
 * may have another binding.
 *
 * An address that a machine registered itself (RFC 9686) is a binding in the state `registered`,
 * beside the one that DHCPv6 gave.
 */
#ifndef NB6_BOOTD_BINDINGS_BINDING_H
#define NB6_BOOTD_BINDINGS_BINDING_H

#include "bootd/client/client_facts.h"
#include "bootd/client/machine.h"
#include "dhcp6/prefix.h"
#include "util/hash_table.h"

struct last_transaction;

enum {
	BINDING_IDS_INLINE = 32,
	OFFER_HELD_S = 120,    /* how long an offer waits for its Request */
	DECLINE_HELD_S = 3600, /* how long nobody gets a declined address */
	DECLINES_MAX = 4,      /* leases of a machine that are held so at a time, per subnet */
};

enum binding_state {
	BINDING_OFFERED,
	BINDING_BOUND,
	BINDING_RELEASED,
	BINDING_DECLINED,
	BINDING_EXPIRED,
	BINDING_REGISTERED
};

struct binding {
	struct prefix subnet; /* with the machine the key; never changes */

	bool has_address;
	bool is_fixed;     /* the host's own address, from the configuration */
	bool is_lease;     /* of a pool: bound, released or declined */
	bool is_in_flight; /* a change of it is being committed */
	bool is_detached;  /* declined: found by its address only, not by its machine */
	uint8_t round;     /* of reading a shared store: the last one that listed it */

	/* Machine and DUID; read them with binding_machine() and binding_duid(). */
	bool is_mac;
	uint8_t machine_part, machine_len, duid_len;
	union {
		uint8_t inlined[BINDING_IDS_INLINE]; /* both, if they fit: nearly always */
		uint8_t *heap;
	} ids;

	struct in6_addr address;
	enum binding_state state;
	enum client_mac_source mac_source; /* of the last message; unknown for a loaded lease */
	uint32_t declines;                 /* the counter of stable_address() */
	uint32_t iaid;                     /* of the last message, like the DUID */
	/* Without a MAC: hashes of the peer-addresses that use the DUID; 0: none yet. */
	uint32_t peer, other_peer;
	bool is_duplicate;  /* they alternate, which is reported already */
	uint64_t booted_ms; /* when its client last sent an architecture, or was loaded; 0: never */
	uint64_t since_ms;  /* when it entered this state */
	uint64_t expires_ms; /* then it is removed; a lease becomes `expired` */
	uint64_t stored_ms;  /* a lease's expiry as the store has it; 0: not stored */
	struct last_transaction *transaction; /* NULL: not kept, or unknown */

	/* Private to binding_table.c. */
	struct hash_node by_machine, by_address;
	struct binding *newer, *older; /* in the list of its kind */
};

/* "offered", "bound", "released", "declined", "expired", "registered". */
const char *binding_state_name(enum binding_state state);

/* Sets the machine of a new binding, once. Returns 0 or -ENOMEM. */
int binding_set_machine(struct binding *binding, const struct machine *machine);
void binding_free_ids(struct binding *binding);
struct machine binding_machine(const struct binding *binding);
bool binding_is_of(const struct binding *binding, const struct machine *machine);

/* The DUID of the last message. Without memory for a longer one the old one stays. */
struct dhcp6_duid binding_duid(const struct binding *binding);
bool binding_has_duid(const struct binding *binding, const struct dhcp6_duid *duid);
void binding_set_duid(struct binding *binding, const struct dhcp6_duid *duid);

#endif
