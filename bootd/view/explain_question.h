/* SPDX-License-Identifier: ISC */
/*
 * What `boot explain` is asked about: a client, described by words "name=value". message=HEX has
 * the octets of a datagram of a client or a relay, with source=ADDRESS and frame=MAC as it was
 * captured; or mac=, arch=, user-class=... have what such a message would contain. Beside a message
 * they replace what it contains.
 */
#ifndef NB6_BOOTD_VIEW_EXPLAIN_QUESTION_H
#define NB6_BOOTD_VIEW_EXPLAIN_QUESTION_H

#include <jansson.h>
#include <stdbool.h>

#include "bootd/client/client_facts.h"
#include "daemon/control.h"

/* The facts are views into the octets and the words. */
struct explain_question {
	struct client_facts facts;
	struct arrival arrival;
	uint8_t frame_mac[DHCP6_MAC_LEN];
	bool has_message;
	uint8_t octets[CONTROL_LINE_MAX / 2];
	size_t len;
};

/*
 * words[0] is the command. Returns NULL, or an error that names the wrong word and what is
 * expected.
 */
json_t *explain_question_read(struct explain_question *q, int n, char *const words[]);

/* The client is on the link with this prefix or address. */
void explain_question_set_subnet(struct explain_question *q, const char *text);

#endif
