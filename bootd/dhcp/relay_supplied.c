/* SPDX-License-Identifier: ISC */
/* Code by code of the few that may be supplied: found in the answer? else at which relay? */
#include "bootd/dhcp/relay_supplied.h"

/* Every option with this code that the relay supplies; true where there was one. */
static bool put_of_relay(struct wire_out *out, const struct dhcp6_relay *relay, uint16_t code)
{
	struct dhcp6_option option;
	struct wire_in supplied;
	bool found = false;

	if (!dhcp6_option_find(relay->options, DHCP6_OPT_RSOO, &supplied))
		return false;
	while (dhcp6_option_next(&supplied, &option)) {
		if (option.code != code)
			continue;
		dhcp6_put_option(out, code, option.data.pos, wire_left(&option.data));
		found = true;
	}
	return found;
}

static bool is_answered(const struct wire_out *out, size_t message_at, uint16_t code)
{
	struct wire_in options, data;

	if (out->bad)
		return true;
	options = wire_in_of(out->buf + message_at, out->len - message_at);
	wire_get_bytes(&options, DHCP6_HEADER_LEN);
	return dhcp6_option_find(options, code, &data);
}

void relay_supplied_put(struct wire_out *out, size_t message_at, const struct dhcp6_chain *chain,
	const struct client_facts *facts, const struct boot_config *config)
{
	for (size_t i = 0; chain->count > 0 && i < config->relay_supplieds; i++) {
		uint16_t code = config->relay_supplied[i];
		unsigned at = chain->count;

		if (!client_asks_for(facts, code) || is_answered(out, message_at, code))
			continue;
		while (at > 0 && !put_of_relay(out, &chain->relay[at - 1], code))
			at--;
	}
}
