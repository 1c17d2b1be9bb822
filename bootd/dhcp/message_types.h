/* SPDX-License-Identifier: ISC */
/*
 * Processing per type of message: which identifiers a message of the type must have
 * (RFC 9915 section 16), and which function writes its answer (section 18.3). A new type of
 * message is one row of the table in message_types.c.
 */
#ifndef NB6_BOOTD_DHCP_MESSAGE_TYPES_H
#define NB6_BOOTD_DHCP_MESSAGE_TYPES_H

#include "bootd/dhcp/request.h"

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

/* Of the messages that clients and requestors send; NULL for all others. */
const struct message_type *message_type_of(uint8_t type);

/* The type of the answer: the row's, except for a Solicit with Rapid Commit (section 18.3.1). */
uint8_t message_answer_type(const struct request *r);

/* Writes the answer, by the type of the message and the kind of its subnet. */
enum exchange_drop message_respond(struct request *r, struct wire_out *out);

#endif
