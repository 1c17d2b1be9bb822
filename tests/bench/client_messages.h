/* SPDX-License-Identifier: ISC */
/*
 * What UEFI firmware says on its way to an address, and what of an answer it goes on with:
 * Solicit, Request and Information-request, each for a machine of a number.
 */
#ifndef NB6_TESTS_BENCH_CLIENT_MESSAGES_H
#define NB6_TESTS_BENCH_CLIENT_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CLIENT_SOLICIT = 1,
	CLIENT_ADVERTISE = 2,
	CLIENT_REQUEST = 3,
	CLIENT_REPLY = 7,
	CLIENT_INFORMATION_REQUEST = 11,
	CLIENT_KEPT_MAX = 256,
	CLIENT_MESSAGE_MAX = 128 + CLIENT_KEPT_MAX,
};

/* An answer: its transaction, and its Server Identifier and IA_NA for the Request. */
struct client_answer {
	uint8_t type;
	uint32_t xid;
	bool has_address;
	uint8_t kept[CLIENT_KEPT_MAX];
	size_t kept_len;
};

/* Returns the length. `answer` is the Advertise of a Request, else NULL. */
size_t client_message_put(uint8_t octets[CLIENT_MESSAGE_MAX], uint8_t type, uint32_t xid,
	uint32_t machine, const struct client_answer *answer);

/* False for what is no message. */
bool client_answer_read(struct client_answer *answer, const uint8_t *octets, size_t len);

/* The next option in *at, and past it; NULL at the end. For the envelopes of relays, too. */
const uint8_t *client_option_next(const uint8_t **at, const uint8_t *end, unsigned *len);

#endif
