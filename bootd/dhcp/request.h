/* SPDX-License-Identifier: ISC */
/*
 * One client message while bootd works on it, and the server's state that the work reads and
 * changes. exchange.c fills a request from top to bottom. The table of message types
 * (message_types.c) names the function that answers it; these functions are in message_types.c,
 * ia_answer.c, proxy.c, registration.c and leasequery.c, none of which includes exchange.h.
 *
 * A new type of message is a row of that table: the identifiers that it must have (RFC 9915 section
 * 16), and the function that writes its answer (section 18.3).
 */
#ifndef NB6_BOOTD_DHCP_REQUEST_H
#define NB6_BOOTD_DHCP_REQUEST_H

#include "bootd/bindings/lease_journal.h"
#include "bootd/dhcp/decision.h"
#include "bootd/dhcp/drop.h"

struct rate_table;

enum {
	EXCHANGE_TYPES = DHCP6_ADDR_REG_REPLY + 1,
	EXCHANGE_RETRIES_MAX = 16, /* of a message whose lease the store refuses */
};

struct exchange_counters {
	uint64_t received[EXCHANGE_TYPES]; /* by type of the client's message; 0: any other */
	uint64_t relayed;
	uint64_t sent[EXCHANGE_TYPES];
	uint64_t dropped[EXCHANGE_DROPS];
};

/* An answered message, for the log and the boot progress. Borrowed, valid during the call. */
struct exchange_event {
	const struct client_facts *facts;
	const struct decision *decision;
	uint8_t answer_type;
	uint16_t status;    /* that the answer has for the address or the message */
	bool with_address;  /* decision->address is in the answer */
	bool with_boot_url; /* decision->boot is in the answer */
	bool taken_over;    /* the address was another machine's */
	bool is_duplicate;  /* two clients use this DUID and IAID: reported once */
	uint64_t now_ms;
};
typedef void exchange_observe_fn(void *arg, const struct exchange_event *event);

/* The state of the DHCPv6 server. */
struct exchange {
	const struct boot_config *config; /* swapped between batches: exchange_set_config() */
	uint64_t config_swaps;
	struct binding_table bindings;
	struct address_pools next_pools; /* of a configuration that is prepared, not in force */
	struct lease_journal leases;     /* the owner sets its store, if there are pools */
	struct rate_table *client_rates, *link_rates; /* NULL: no limits */
	struct proxy_memory *proxied;                 /* NULL: none yet */
	struct exchange_counters counters;
	exchange_observe_fn *observe; /* NULL: nobody */
	void *observe_arg;
};

/* Destination of an answer, and its octets in the caller's buffer. */
struct exchange_answer {
	struct wire_out out;
	struct in6_addr to;
	uint16_t port;
	int ifindex; /* the link to send on; 0: the routes decide */
};

/* A lease that an answer gives before it is stored, and where its IA is in the answer. */
struct promise {
	struct machine machine;
	struct address_choice choice;
	size_t ia_at, iaaddr_at;
};

struct request {
	/* Received: set by exchange_handle(). */
	struct exchange *exchange;
	struct arrival arrival;
	struct wire_in datagram;
	uint64_t now_ms;
	unsigned retries; /* it was handled so many times before: it is counted already */

	/* Read and decided. */
	struct dhcp6_chain chain;
	struct client_facts facts;
	struct decision decision;

	/* Answered. */
	uint8_t answer_type;
	struct exchange_answer answer;
	size_t message_at; /* where the answer to the client begins, after the headers of the relays
			    */
	struct exchange_event event;

	struct address_choice address[MACHINE_IAS_MAX]; /* all that the answer gives */
	unsigned addresses;

	/*
	 * Pending: the message changes leases, which are not stored yet. The promises are those
	 * that the answer gives. The decision borrows from the configuration as it was after
	 * so many changes.
	 */
	bool is_pending;
	struct promise promise[MACHINE_IAS_MAX];
	unsigned promises;
	uint64_t config_swaps, host_changes;
};

/* --- admission.c ------------------------------------------------------------------- */

/* Is the message admitted: from a trusted relay, within its client's and link's rates? */
enum exchange_drop request_admit(const struct request *r);
/* Has the message what its type must have (RFC 9915 section 16), and is it for this server? */
enum exchange_drop request_check(const struct request *r);
/* Logs why there is no answer. */
void request_log_drop(const struct request *r, enum exchange_drop drop);

/* --- message_types.c --------------------------------------------------------------- */

/* Writes the answer to a type of message, after its head. Returns EXCHANGE_ANSWERED, or why not. */
typedef enum exchange_drop respond_fn(struct request *r, struct wire_out *out);

/* For the Client Identifier and the Server Identifier of a message. */
enum identifier_rule { REQUIRED, FORBIDDEN, OPTIONAL };

struct message_type {
	enum identifier_rule client_id, server_id;
	uint8_t answer;
	respond_fn *respond;
	respond_fn *proxy;  /* in a subnet whose addresses another server gives; NULL: that
			       server answers */
	bool gives_nothing; /* the answer has neither an address nor a boot file */
	bool is_requestors; /* sent by Leasequery requestors, by unicast from anywhere */
};

/* The row of a message that clients or requestors send; NULL for all other types. */
const struct message_type *message_type_of(uint8_t type);

/* The type of the answer: the row's, except for a Solicit with Rapid Commit (section 18.3.1). */
uint8_t message_answer_type(const struct request *r);

/* Writes the answer, by the type of the message and the kind of its subnet. */
enum exchange_drop message_respond(struct request *r, struct wire_out *out);

/* Addr-reg-inform (RFC 9686): registration.c. Leasequery and proxies have headers of their own. */
respond_fn respond_registration;

#endif
