/* SPDX-License-Identifier: ISC */
/*
 * A request's way, from the octets of a datagram to the octets of its answer:
 *
 *	datagram -> relays, message, client facts -> subnet -> host -> address
 *	         -> boot rule -> answer, wrapped back through the same relays
 *
 * Takes bytes and `now`, does no I/O but that of the lease store: what ships is what the tests
 * and the fuzzer run.
 *
 * A batch: exchange_handle() each; those of which it says EXCHANGE_WAITS promise a lease that
 * is not stored yet: exchange_commit(), then exchange_settle() these once more. A Reply says
 * what the store has, no more, so a store that cannot be written shortens lifetimes to what it
 * has from before; without that there is no Reply.
 *
 * A store that is shared takes its time for a commit (-EINPROGRESS), and exchange_land() is its
 * end; meanwhile what would change leases is put off: EXCHANGE_LATER, nothing is changed,
 * hand it in anew after that, with arrival->put_off one more. All else is answered as ever. So
 * it is with a lease that the store has refused, when it is settled.
 */
#ifndef NB6_BOOTD_DHCP_EXCHANGE_H
#define NB6_BOOTD_DHCP_EXCHANGE_H

#include "bootd/bindings/address_choice.h"
#include "bootd/bindings/lease_journal.h"
#include "bootd/client/client_facts.h"
#include "bootd/rules/boot_rule.h"
#include "bootd/rules/host_choice.h"

struct rate_table;

/* Why a datagram is not answered; names in exchange_drop_name(). */
enum exchange_drop {
	EXCHANGE_ANSWERED,
	DROP_MALFORMED,       /* a header or an option does not fit */
	DROP_RELAY_LOOP,      /* more relays than the hop limit allows */
	DROP_UNTRUSTED_RELAY, /* from none of the relays that may relay */
	DROP_CLIENT_RATE,     /* more from this client than its share */
	DROP_LINK_RATE,       /* more from this link than its share */
	DROP_NOT_FOR_SERVERS, /* a type that servers send, or an unknown one */
	DROP_UNICAST,         /* straight from a client, but not by multicast */
	DROP_NO_CLIENT_ID,
	DROP_NO_SERVER_ID,
	DROP_WITH_SERVER_ID, /* where RFC 9915 section 16 allows none */
	DROP_OTHER_SERVER,   /* it chose another server */
	DROP_PROXY,          /* it is for the server that gives the subnet's addresses */
	DROP_WITH_IA,        /* Information-request that asks for addresses */
	DROP_WITH_ORO,       /* Addr-reg-inform that asks for options */
	DROP_NOT_ITS_OWN,   /* it registers no address, several, or one that it did not send from */
	DROP_NOT_ON_LINK,   /* it registers an address of another link */
	DROP_ASSIGNED,      /* it registers what DHCPv6 has given */
	DROP_NO_SUBNET,     /* from a subnet that is not in the configuration */
	DROP_NOTHING_ASKED, /* no IA, or a Confirm without addresses */
	DROP_TOO_LARGE,     /* the answer, with all its relays, does not fit a datagram */
	DROP_NOT_STORED,    /* a new lease that the store could not take */
	DROP_NO_MEMORY,
	EXCHANGE_DROPS,
	EXCHANGE_WAITS = EXCHANGE_DROPS, /* for the commit: nothing is counted or told yet */
	EXCHANGE_LATER,                  /* the same, but it has to be handed in anew */
};

/* What was found out about a client, each from the one before. */
struct decision {
	const struct subnet *subnet; /* NULL: not one of ours, and nothing below is set */
	struct machine machine;
	const struct boot_host *host; /* NULL: not a known one */
	enum host_proof host_by;
	const struct address_class *class; /* of the subnet; NULL: none of them */
	struct address_choice address;
	struct boot_choice boot;
};

/* How the address is given: by the plan of its class, or of its subnet. */
const struct address_plan *decision_plan(const struct decision *decision);

/* An answered message, for the log and the boot progress. Borrowed, valid during the call. */
struct exchange_event {
	const struct client_facts *facts;
	const struct decision *decision;
	uint8_t answer_type;
	uint16_t status;    /* what the answer says of the address or the message */
	bool with_address;  /* decision->address is in the answer */
	bool with_boot_url; /* decision->boot is in the answer */
	bool taken_over;    /* the address was another machine's */
	uint64_t now_ms;
};
typedef void exchange_observe_fn(void *arg, const struct exchange_event *event);

enum {
	EXCHANGE_TYPES = DHCP6_ADDR_REG_REPLY + 1,
	EXCHANGE_TRIES_MOST = 16, /* of an address that the store may refuse */
};

struct exchange_counters {
	uint64_t received[EXCHANGE_TYPES]; /* by type of the client's message; 0: any other */
	uint64_t relayed;
	uint64_t sent[EXCHANGE_TYPES];
	uint64_t dropped[EXCHANGE_DROPS];
};

struct exchange {
	const struct boot_config *config; /* swapped between two batches: exchange_set_config() */
	struct binding_table bindings;
	struct lease_journal leases; /* the owner sets its store, where there are pools */
	struct rate_table *client_rates, *link_rates; /* NULL: no limits */
	struct proxy_memory *proxied;                 /* NULL: nothing was yet */
	struct exchange_counters counters;
	exchange_observe_fn *observe; /* NULL: nobody */
	void *observe_arg;
};

/* Where an answer goes, and its octets in the caller's buffer. */
struct exchange_answer {
	struct wire_out out; /* made by the caller with wire_out_of() */
	struct in6_addr to;
	uint16_t port;
	int ifindex; /* to be named for the sending: 0 where the routes know better */
};

/* Returns 0 or -ENOMEM. `config` is borrowed. */
int exchange_init(struct exchange *exchange, const struct boot_config *config);
void exchange_fini(struct exchange *exchange);

/* Returns 0, or -ENOMEM and the old one stays. */
int exchange_set_config(struct exchange *exchange, const struct boot_config *config);

/* EXCHANGE_ANSWERED and *answer is to be sent, or why nothing is; or _WAITS or _LATER. */
enum exchange_drop exchange_handle(struct exchange *exchange, const struct arrival *arrival,
	struct wire_in datagram, uint64_t now_ms, struct exchange_answer *answer);

/*
 * What the batch has changed goes to the store. Returns 0 (also where there is nothing), -errno;
 * -EINPROGRESS: exchange_land() with how it ended, as lease_store.h has it.
 */
int exchange_commit(struct exchange *exchange, uint64_t now_ms);
void exchange_land(struct exchange *exchange, int rc, const bool *refused, uint64_t now_ms);

/* The same datagram that waited, once more after the commit; it may have to be put off. */
enum exchange_drop exchange_settle(struct exchange *exchange, const struct arrival *arrival,
	struct wire_in datagram, uint64_t now_ms, struct exchange_answer *answer);

/*
 * What would be decided for a client with these facts; changes nothing. False and
 * decision->subnet NULL for a subnet that is not ours.
 */
bool exchange_decide(const struct boot_config *config, const struct binding_table *bindings,
	const struct client_facts *facts, struct decision *decision);

/* "malformed", "no-subnet"...: for logs and counters. */
const char *exchange_drop_name(enum exchange_drop drop);

#endif
