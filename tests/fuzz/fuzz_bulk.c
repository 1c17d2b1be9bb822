/* SPDX-License-Identifier: ISC */
/*
 * A stream of anything to a Bulk Leasequery session, in pieces of the fuzzer's choice: what
 * comes back is whole frames of well-formed messages, and it comes to an end.
 *
 * Input: {length of the piece, that many octets} and so on.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/config/conf_file.h"
#include "bootd/dhcp/bulk_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char conf[] = "leasequery = {\"::/1\"} key = \"the key of the fuzzer\" server-duid = "
			   "\"000300010200000000aa\"\n"
			   "subnet \"2001:db8:1::/64\" {} subnet \"2001:db8:2::/64\" {}\n";

static void demand(bool true_thing)
{
	if (!true_thing)
		abort();
}

/* A few clients to report, one of them on two links, reached through a relay. */
static void fill(struct exchange *exchange)
{
	static const uint8_t message[] = {12, 0, 0x20, 1, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 1, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		/* relay-id, remote-id, a message */
		0, 53, 0, 3, 0, 3, 9, 0, 37, 0, 5, 0, 0, 0, 9, 7, 0, 9, 0, 4, 1, 0, 0, 0};
	struct in6_addr address, relay;
	struct dhcp6_chain chain;

	demand(dhcp6_chain_read(wire_in_of(message, sizeof(message)), &chain) == 0);
	inet_pton(AF_INET6, "2001:db8:100::1", &relay);
	for (uint8_t i = 0; i < 8; i++) {
		const struct prefix *subnet = &exchange->config->subnet[i % 2].prefix;
		struct dhcp6_duid duid = {.len = 3, .octets = {0, 3, i / 4}};
		struct machine machine = machine_of_duid(&duid);
		struct binding *binding;

		address = subnet->address;
		address.s6_addr[15] = (uint8_t)(i + 1);
		binding = i < 4 ? binding_table_get(&exchange->bindings, subnet, &machine, NULL)
				: binding_table_register(
					  &exchange->bindings, subnet, &machine, &address);
		demand(binding);
		binding_table_set_address(&exchange->bindings, binding, &address, false);
		binding_set_duid(binding, &duid);
		binding_table_set_state(&exchange->bindings, binding,
			i < 4 ? BINDING_BOUND : BINDING_REGISTERED, 1000, 3600);
		transaction_record(&exchange->bindings.transactions, binding, &chain, &relay, 1000);
	}
}

static void check(struct wire_in in)
{
	struct dhcp6_message message;

	while (wire_left(&in) > 0) {
		size_t len = wire_get_u16(&in);

		demand(dhcp6_message_read(wire_get_sub(&in, len), &message) == 0);
		demand(message.type >= DHCP6_LEASEQUERY_REPLY &&
			message.type <= DHCP6_LEASEQUERY_DATA);
	}
	demand(!in.bad);
}

/* False once it is to be hung up on. */
static bool answer(struct bulk_session *session, const struct exchange *exchange)
{
	static uint8_t octets[2 * BULK_ROOM];
	enum bulk_state state;

	for (unsigned turns = 0;; turns++) {
		struct wire_out out = wire_out_of(octets, sizeof(octets));

		state = bulk_session_answer(session, exchange, 2000, &out);
		demand(!out.bad && turns < 1000);
		check(wire_in_of(octets, out.len));
		if (state != BULK_ANSWERS)
			return state == BULK_WAITS;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_in in = wire_in_of(data, size);
	struct config_problems problems = {0};
	struct bulk_session session = {0};
	struct exchange exchange = {0};
	struct boot_config *config;

	demand(conf_text_load("bootd.conf", conf, &config, &problems) == 0);
	demand(binding_table_init(&exchange.bindings, 16) == 0);
	demand(exchange_set_config(&exchange, config) == 0);
	fill(&exchange);
	while (wire_left(&in) > 1) {
		size_t len = wire_get_u8(&in), left = wire_left(&in);
		const uint8_t *octets = wire_get_bytes(&in, len < left ? len : left);

		bulk_session_take(&session, octets, len < left ? len : left);
		if (!answer(&session, &exchange))
			break;
	}
	binding_table_fini(&exchange.bindings);
	boot_config_free(config);
	return 0;
}
