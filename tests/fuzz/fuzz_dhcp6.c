/* SPDX-License-Identifier: ISC */
/*
 * A datagram from anyone: unwrapped from its relays as a server does, its
 * names and identities written as text and read back, and written again
 * octet for octet.
 */
#include <stdlib.h>
#include <string.h>

#include "dhcp6/identity.h"
#include "dhcp6/names.h"
#include "dhcp6/option.h"
#include "tests/unit/reencode.h"

enum { SEARCHED_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool true_thing)
{
	if (!true_thing)
		abort();
}

static void check_duid(struct wire_in data)
{
	struct dhcp6_duid duid, back;
	uint8_t octets[DHCP6_UUID_LEN], uuid[DHCP6_UUID_LEN], mac[DHCP6_MAC_LEN];
	char text[DHCP6_DUID_TEXT];

	if (dhcp6_duid_read(data, &duid) < 0)
		return;
	demand(dhcp6_duid_parse(dhcp6_duid_format(&duid, text), &back) == 0);
	demand(dhcp6_duid_equal(&duid, &back));
	if (dhcp6_duid_uuid(&duid, octets)) {
		demand(dhcp6_uuid_parse(dhcp6_uuid_format(octets, text), uuid) == 0);
		demand(dhcp6_uuid_same(octets, uuid));
		dhcp6_uuid_swap(uuid);
		demand(dhcp6_uuid_same(octets, uuid));
	}
	if (dhcp6_duid_mac(&duid, octets)) {
		demand(dhcp6_mac_parse(dhcp6_mac_format(octets, text), mac) == 0);
		demand(memcmp(octets, mac, sizeof(mac)) == 0);
	}
}

/* Config files give text: whatever octets these are, the parsers survive them. */
static void check_parsers(struct wire_in data)
{
	char text[256], name[sizeof(text) * 2];
	struct dhcp6_duid duid;
	uint8_t octets[DHCP6_UUID_LEN];
	struct wire_out out = wire_out_of(name, sizeof(name));
	size_t n = wire_left(&data) < sizeof(text) ? wire_left(&data) : sizeof(text) - 1;

	if (n > 0)
		memcpy(text, wire_get_bytes(&data, n), n);
	text[n] = '\0';
	dhcp6_duid_parse(text, &duid);
	dhcp6_uuid_parse(text, octets);
	dhcp6_mac_parse(text, octets);
	dhcp6_arch_named(text);
	demand(dhcp6_put_domain(&out, text) < 0 ? out.len == 0 : out.len <= 255);
}

static void check_names(const struct dhcp6_option *option)
{
	struct wire_in list = option->data;
	struct dhcp6_status status;
	uint16_t code;

	if (option->code == DHCP6_OPT_CLIENT_ARCH)
		while (dhcp6_code_next(&list, &code))
			demand(!dhcp6_arch_of(code) || dhcp6_arch_of(code)->code == code);
	if (dhcp6_get_status(option->data, &status) == 0)
		dhcp6_status_name(status.code);
}

static void check_options(struct wire_in options)
{
	struct dhcp6_option option;
	struct wire_in walk = options, found;
	unsigned searched = 0;

	while (dhcp6_option_next(&walk, &option)) {
		/* Not of all: with 16,000 options an input would take seconds. */
		if (searched++ < SEARCHED_MAX)
			demand(dhcp6_option_find(options, option.code, &found));
		check_names(&option);
		check_duid(option.data);
		check_parsers(option.data);
	}
}

static void check_chain(struct wire_in datagram)
{
	struct dhcp6_chain chain;
	struct dhcp6_message message;
	uint8_t mac[DHCP6_MAC_LEN];

	if (dhcp6_chain_read(datagram, &chain) < 0)
		return;
	demand(chain.count <= DHCP6_RELAYS_MAX);
	demand(wire_left(&chain.inner) <= wire_left(&datagram));
	for (unsigned i = 0; i < chain.count; i++) {
		demand(chain.relay[i].type == DHCP6_RELAY_FORW);
		dhcp6_mac_of_eui64(&chain.relay[i].peer_address, mac);
		check_options(chain.relay[i].options);
	}
	if (dhcp6_message_read(chain.inner, &message) == 0) {
		dhcp6_message_name(message.type);
		check_options(message.options);
	}
}

static void check_reencoded(struct wire_in datagram)
{
	size_t size = wire_left(&datagram);
	uint8_t *buf = malloc(size ? size : 1);
	struct wire_out out = wire_out_of(buf, size);

	demand(buf != NULL);
	if (reencode(datagram, &out) == 0)
		demand(!out.bad && out.len == size && memcmp(buf, datagram.pos, size) == 0);
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_in datagram = wire_in_of(data, size);

	if (size > DHCP6_MESSAGE_MAX)
		return 0;
	check_chain(datagram);
	check_reencoded(datagram);
	return 0;
}
