/* SPDX-License-Identifier: ISC */
#include "tests/bench/client_messages.h"

#include <string.h>

#include "tests/bench/client_frames.h"

enum {
	IA_AT = 32, /* of the IA_NA in client_solicit, and where what follows it begins */
	IA_END = 48,
	UUID_TAIL_AT = 22,
	IAID_AT = 36,
	OPT_SERVERID = 2,
	OPT_IA_NA = 3,
	OPT_IAADDR = 5,
};

static void put_u32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static unsigned get_u16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* The Solicit with another type, and with what the Advertise said instead of its IA_NA. */
size_t client_message_put(uint8_t octets[CLIENT_MESSAGE_MAX], uint8_t type, uint32_t xid,
	uint32_t machine, const struct client_answer *answer)
{
	uint8_t *at = octets + IA_AT;

	memcpy(octets, client_solicit, IA_END);
	put_u32(octets, xid);
	octets[0] = type;
	put_u32(octets + UUID_TAIL_AT, machine);
	put_u32(octets + IAID_AT, machine);
	if (type == CLIENT_SOLICIT)
		at = octets + IA_END;
	if (answer) {
		memcpy(at, answer->kept, answer->kept_len);
		at += answer->kept_len;
	}
	memcpy(at, client_solicit + IA_END, CLIENT_SOLICIT_LEN - IA_END);
	return (size_t)(at - octets) + CLIENT_SOLICIT_LEN - IA_END;
}

const uint8_t *client_option_next(const uint8_t **at, const uint8_t *end, unsigned *len)
{
	const uint8_t *option = *at;

	if (end - option < 4)
		return NULL;
	*len = get_u16(option + 2);
	if ((size_t)(end - option) < 4 + *len)
		return NULL;
	*at = option + 4 + *len;
	return option;
}

static void keep(struct client_answer *answer, const uint8_t *option, unsigned len)
{
	if (answer->kept_len + 4 + len > CLIENT_KEPT_MAX)
		return;
	memcpy(answer->kept + answer->kept_len, option, 4 + len);
	answer->kept_len += 4 + len;
}

bool client_answer_read(struct client_answer *answer, const uint8_t *octets, size_t len)
{
	const uint8_t *at = octets + 4, *end = octets + len, *option;
	unsigned size = 0;

	if (len < 4)
		return false;
	answer->type = octets[0];
	answer->xid = (uint32_t)octets[1] << 16 | get_u16(octets + 2);
	answer->has_address = false;
	answer->kept_len = 0;
	while ((option = client_option_next(&at, end, &size))) {
		unsigned code = get_u16(option);

		answer->has_address |= code == OPT_IA_NA && size >= 12 + 4 + 24 &&
				       get_u16(option + 4 + 12) == OPT_IAADDR;
		if (code == OPT_SERVERID || code == OPT_IA_NA)
			keep(answer, option, size);
	}
	return true;
}
