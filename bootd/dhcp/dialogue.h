/* SPDX-License-Identifier: ISC */
/*
 * A message on its way through the exchange, and what each type of message is owed: which
 * identifiers it must bear (RFC 9915 section 16), and who writes the answer (section 18.3).
 *
 * For exchange.c and the files that answer for it; nobody else needs it.
 */
#ifndef NB6_BOOTD_DHCP_DIALOGUE_H
#define NB6_BOOTD_DHCP_DIALOGUE_H

#include "bootd/dhcp/exchange.h"

/* Filled in from top to bottom. */
struct request {
	struct exchange *exchange;
	const struct arrival *arrival;
	uint64_t now_ms;
	bool is_settled; /* it waited for a commit, and was counted when it came */
	bool waits;
	struct dhcp6_chain chain;
	struct client_facts facts;
	struct decision decision;
	size_t message_at; /* where the answer to the client begins, behind its relays */
	uint8_t answer_type;
	struct exchange_event event;
};

/* Writes the answer behind its head: EXCHANGE_ANSWERED, or why there is none. */
typedef enum exchange_drop respond_fn(struct request *r, struct wire_out *out);

enum wants { WANTED, UNWANTED, OPTIONAL };

struct dialogue {
	enum wants client_id, server_id;
	uint8_t answer;
	respond_fn *respond;
	respond_fn *proxy;  /* where another server gives the addresses; NULL: that is its affair */
	bool gives_nothing; /* neither an address nor a boot file: there is none to be chosen */
	bool is_no_clients; /* but a requestor's, by unicast from wherever it is */
};

/* The type of the answer: the dialogue's, but a Solicit may be answered at once (section 18.3.1).
 */
uint8_t dialogue_answer(const struct request *r);

/* Is it to be looked at: from a trusted relay, within its client's and link's share? admission.c.
 */
enum exchange_drop request_admit(const struct request *r);

/* Write the answer, by the type of the message and the kind of its subnet. */
enum exchange_drop dialogue_respond(struct request *r, struct wire_out *out);

/* The boot file, if one was chosen for it; what else the client asks for. */
void dialogue_put_boot(struct request *r, struct wire_out *out);
void dialogue_put_requested(struct request *r, struct wire_out *out);

/* Addr-reg-inform: registration.c. */
respond_fn respond_registration;
/* Leasequery: leasequery.c. */
respond_fn respond_leasequery;

/* Of the messages that clients send; NULL for all others. */
const struct dialogue *dialogue_of(uint8_t type);

#endif
