/* SPDX-License-Identifier: ISC */
/*
 * Leasequery: who may ask, by which query, and what the answer contains; over UDP (RFC 5007) and in
 * the stream of a Bulk Leasequery (RFC 5460).
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/dhcp/bulk_session.h"
#include "tests/unit/bootd_bench.h"

#define ROUTER "2001:db8:100::1"

static const char conf[] =
	"leasequery = {\"2001:db8:100::/64\"}\n"
	"subnet \"2001:db8:1::/64\" { lifetime = \"1h\" }\n"
	"subnet \"2001:db8:2::/64\" { lifetime = \"1h\" }\n"
	"host \"db1\" { mac = \"52:54:00:00:00:d1\" address = \"2001:db8:1::d1\" }\n";

static const uint8_t relay_id[] = {0, 3, 0, 1, 2, 0, 0, 0, 0, 9};
static const char remote_id[] = "\0\0\0\x09port-7";

static int start(void **state)
{
	return bench_setup(state, conf);
}

/* --- who has an address ------------------------------------------------------------- */

/* What bench_message() began, through a relay that says who and where it is. */
static enum exchange_drop relayed(struct bench *b)
{
	uint8_t datagram[2048];
	struct wire_out out = wire_out_of(datagram, sizeof(datagram));

	dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &b->link, &b->peer);
	dhcp6_put_option(&out, DHCP6_OPT_RELAY_ID, relay_id, sizeof(relay_id));
	dhcp6_put_option(&out, DHCP6_OPT_REMOTE_ID, remote_id, sizeof(remote_id) - 1);
	dhcp6_put_linklayer(&out, 1, b->mac, sizeof(b->mac));
	dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, b->ask, b->out.len);
	return bench_octets(b, datagram, out.len);
}

/* A machine with this number is bound; its address. */
static struct in6_addr bind_machine(struct bench *b, unsigned number)
{
	b->mac[4] = b->duid.octets[8] = (uint8_t)(number >> 8);
	b->mac[5] = b->duid.octets[9] = (uint8_t)number;
	bench_message(b, DHCP6_REQUEST);
	bench_put_server_id(b);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(relayed(b), EXCHANGE_ANSWERED);
	assert_true(b->has_address);
	return b->address;
}

static void register_address(struct bench *b, const char *text)
{
	struct in6_addr link_local = b->peer;

	b->peer = bench_in6(text);
	bench_message(b, DHCP6_ADDR_REG_INFORM);
	dhcp6_put_iaaddr(&b->out, &b->peer, 600, 1200);
	assert_int_equal(relayed(b), EXCHANGE_ANSWERED);
	b->peer = link_local;
}

/* --- asking ---------------------------------------------------------------------------- */

static size_t open_query(struct bench *b, uint8_t type, const char *link)
{
	struct in6_addr link_address = bench_in6(link);
	size_t mark;

	bench_message(b, DHCP6_LEASEQUERY);
	mark = dhcp6_open_option(&b->out, DHCP6_OPT_LQ_QUERY);
	wire_put_u8(&b->out, type);
	wire_put_in6(&b->out, &link_address);
	return mark;
}

/* From a router, by unicast, as it is done. */
static enum exchange_drop ask(struct bench *b, size_t mark)
{
	enum exchange_drop drop;

	dhcp6_close_option(&b->out, mark);
	b->arrival.source = bench_in6(ROUTER);
	b->arrival.multicast = false;
	b->arrival.source_port = 54321;
	drop = bench_octets(b, b->ask, b->out.len);
	b->arrival.multicast = true;
	b->arrival.source = bench_in6("fe80::2");
	return drop;
}

static void ask_by_address(struct bench *b, const struct in6_addr *address, const char *link)
{
	size_t mark = open_query(b, DHCP6_QUERY_BY_ADDRESS, link);

	dhcp6_put_iaaddr(&b->out, address, 0, 0);
	assert_int_equal(ask(b, mark), EXCHANGE_ANSWERED);
	assert_int_equal(b->reply.type, DHCP6_LEASEQUERY_REPLY);
}

static void ask_by_duid(struct bench *b, const struct dhcp6_duid *duid, const char *link)
{
	size_t mark = open_query(b, DHCP6_QUERY_BY_CLIENT_ID, link);

	dhcp6_put_option(&b->out, DHCP6_OPT_CLIENTID, duid->octets, duid->len);
	assert_int_equal(ask(b, mark), EXCHANGE_ANSWERED);
}

/* How many addresses the Client Data has; -1: there is none. */
static int addresses_in(struct wire_in options)
{
	struct dhcp6_option option;
	struct wire_in data;
	int n = 0;

	if (!dhcp6_option_find(options, DHCP6_OPT_CLIENT_DATA, &data))
		return -1;
	while (dhcp6_option_next(&data, &option))
		n += option.code == DHCP6_OPT_IAADDR;
	return n;
}

static struct wire_in told(struct bench *b, uint16_t code)
{
	struct wire_in data, inner;

	assert_true(bench_option(b, DHCP6_OPT_CLIENT_DATA, &data));
	return dhcp6_option_find(data, code, &inner) ? inner : wire_in_of(NULL, 0);
}

static void test_by_address(void **state)
{
	struct bench *b = *state;
	struct in6_addr address = bind_machine(b, 1);
	struct dhcp6_iaaddr iaaddr;
	struct wire_in time, duid;

	b->now_ms += 100 * 1000;
	ask_by_address(b, &address, "::");
	assert_int_equal(b->status, -1);
	assert_int_equal(b->answer.port, 54321);
	assert_int_equal(addresses_in(b->reply.options), 1);
	duid = told(b, DHCP6_OPT_CLIENTID);
	assert_int_equal(wire_left(&duid), b->duid.len);
	assert_memory_equal(duid.pos, b->duid.octets, b->duid.len);
	assert_int_equal(dhcp6_get_iaaddr(told(b, DHCP6_OPT_IAADDR), &iaaddr), 0);
	assert_memory_equal(&iaaddr.address, &address, sizeof(address));
	assert_int_equal(iaaddr.valid_s, 3500);
	assert_int_equal(iaaddr.preferred_s, 2600);
	time = told(b, DHCP6_OPT_CLT_TIME);
	assert_int_equal(wire_get_u32(&time), 100);
	time = told(b, DHCP6_OPT_LQ_RELAY_DATA); /* not asked for */
	assert_int_equal(wire_left(&time), 0);
	assert_int_equal(b->told, 1); /* a query is no step of a machine's */
}

/* What is not bound now is not told: an offer, an address released, one whose time is over. */
static void test_nothing_to_send(void **state)
{
	struct bench *b = *state;
	struct in6_addr address = bench_in6("2001:db8:1::77");

	ask_by_address(b, &address, "::");
	assert_int_equal(b->status, -1);
	assert_int_equal(addresses_in(b->reply.options), -1);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	address = b->address;
	ask_by_address(b, &address, "::");
	assert_int_equal(addresses_in(b->reply.options), -1);
	address = bind_machine(b, 1);
	ask_by_address(b, &address, "2001:db8:2::1"); /* another link */
	assert_int_equal(addresses_in(b->reply.options), -1);
	b->now_ms += 3601 * 1000;
	ask_by_address(b, &address, "::");
	assert_int_equal(addresses_in(b->reply.options), -1);
}

static void test_by_client_id(void **state)
{
	struct bench *b = *state;
	struct dhcp6_duid nobody;
	struct wire_in links;

	bind_machine(b, 1);
	register_address(b, "2001:db8:1::77");
	ask_by_duid(b, &b->duid, "::");
	assert_int_equal(addresses_in(b->reply.options), 1); /* what is registered is no lease */
	b->link = bench_in6("2001:db8:2::1");
	bind_machine(b, 1);
	ask_by_duid(b, &b->duid, "::"); /* on two links: which ones */
	assert_int_equal(addresses_in(b->reply.options), -1);
	assert_true(bench_option(b, DHCP6_OPT_LQ_CLIENT_LINK, &links));
	assert_int_equal(wire_left(&links), 32);
	ask_by_duid(b, &b->duid, "2001:db8:1::1");
	assert_int_equal(addresses_in(b->reply.options), 1);
	ask_by_duid(b, &b->duid, "2001:db8:2::1");
	assert_int_equal(addresses_in(b->reply.options), 1);
	assert_int_equal(dhcp6_duid_parse("00030001ffffffffffff", &nobody), 0);
	ask_by_duid(b, &nobody, "::");
	assert_int_equal(addresses_in(b->reply.options), -1);
	assert_false(bench_option(b, DHCP6_OPT_LQ_CLIENT_LINK, &links));
}

/* Two interfaces of one client, on one link: one Client Data with the addresses of both. */
static void test_client_id_of_two_interfaces(void **state)
{
	struct bench *b = *state;
	struct dhcp6_duid duid = b->duid;
	struct in6_addr address;
	struct wire_in links;

	for (unsigned number = 1; number <= 2; number++) {
		b->mac[5] = (uint8_t)number;
		b->duid = duid;
		bench_message(b, DHCP6_REQUEST);
		bench_put_server_id(b);
		bench_put_ia(b, number, NULL);
		assert_int_equal(relayed(b), EXCHANGE_ANSWERED);
	}
	address = b->address;
	for (int named = 0; named < 2; named++) {
		ask_by_duid(b, &duid, named ? "2001:db8:1::1" : "::");
		assert_int_equal(addresses_in(b->reply.options), 2);
		assert_false(bench_option(b, DHCP6_OPT_LQ_CLIENT_LINK, &links));
	}
	ask_by_address(b, &address, "::");
	assert_int_equal(addresses_in(b->reply.options), 2);
}

/* Another DUID of the same machine has the address now; the old one has nothing. */
static void test_client_id_of_the_last_asker(void **state)
{
	struct bench *b = *state;
	struct dhcp6_duid before;

	bind_machine(b, 1);
	before = b->duid;
	assert_int_equal(dhcp6_duid_parse("000400112233445566778899aabbccddeeff", &b->duid), 0);
	bench_message(b, DHCP6_REQUEST);
	bench_put_server_id(b);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(relayed(b), EXCHANGE_ANSWERED);
	ask_by_duid(b, &before, "::");
	assert_int_equal(addresses_in(b->reply.options), -1);
	ask_by_duid(b, &b->duid, "::");
	assert_int_equal(addresses_in(b->reply.options), 1);
}

static void test_other_requested_options(void **state)
{
	struct bench *b = *state;
	struct in6_addr address = bind_machine(b, 1);
	size_t mark = open_query(b, DHCP6_QUERY_BY_ADDRESS, "::"), oro;
	struct dhcp6_relay relay;
	struct wire_in data, inner;

	dhcp6_put_iaaddr(&b->out, &address, 0, 0);
	oro = dhcp6_open_option(&b->out, DHCP6_OPT_ORO);
	wire_put_u16(&b->out, DHCP6_OPT_LQ_RELAY_DATA);
	wire_put_u16(&b->out, DHCP6_OPT_CLIENT_LINKLAYER_ADDR);
	dhcp6_close_option(&b->out, oro);
	assert_int_equal(ask(b, mark), EXCHANGE_ANSWERED);
	data = told(b, DHCP6_OPT_LQ_RELAY_DATA);
	address = wire_get_in6(&data);
	assert_string_equal(bench_text(&address), "fe80::2"); /* the sender */
	assert_int_equal(dhcp6_relay_read(data, &relay), 0);
	assert_int_equal(relay.type, DHCP6_RELAY_FORW);
	assert_memory_equal(&relay.peer_address, &b->peer, sizeof(b->peer));
	assert_true(dhcp6_option_find(relay.options, DHCP6_OPT_REMOTE_ID, &inner));
	assert_false(dhcp6_option_find(relay.options, DHCP6_OPT_RELAY_MSG, &inner));
	data = told(b, DHCP6_OPT_CLIENT_LINKLAYER_ADDR);
	assert_int_equal(wire_left(&data), 8);
	assert_memory_equal(data.pos + 2, b->mac, sizeof(b->mac));
}

static void test_refused(void **state)
{
	static const struct {
		uint8_t type;
		const char *link;
		bool whole;
		int status;
	} row[] = {
		{DHCP6_QUERY_BY_ADDRESS, "::", false, DHCP6_STATUS_MALFORMED_QUERY},
		{DHCP6_QUERY_BY_CLIENT_ID, "::", false, DHCP6_STATUS_MALFORMED_QUERY},
		{DHCP6_QUERY_BY_ADDRESS, "2001:db8:77::1", true, DHCP6_STATUS_NOT_CONFIGURED},
		{0, "::", true, DHCP6_STATUS_UNKNOWN_QUERY_TYPE},
		{6, "::", true, DHCP6_STATUS_UNKNOWN_QUERY_TYPE},
		{DHCP6_QUERY_BY_RELAY_ID, "::", true, DHCP6_STATUS_NOT_ALLOWED},
		{DHCP6_QUERY_BY_LINK_ADDRESS, "::", true, DHCP6_STATUS_NOT_ALLOWED},
		{DHCP6_QUERY_BY_REMOTE_ID, "::", true, DHCP6_STATUS_NOT_ALLOWED},
	};
	struct bench *b = *state;
	struct in6_addr address = bind_machine(b, 1);

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		size_t mark = open_query(b, row[i].type, row[i].link);

		if (row[i].whole)
			dhcp6_put_iaaddr(&b->out, &address, 0, 0);
		assert_int_equal(ask(b, mark), EXCHANGE_ANSWERED);
		assert_int_equal(b->status, row[i].status);
		assert_int_equal(addresses_in(b->reply.options), -1);
	}
	bench_message(b, DHCP6_LEASEQUERY);
	assert_int_equal(ask(b, dhcp6_open_option(&b->out, 999)), DROP_NO_QUERY);
	b->duid.len = 0;
	assert_int_equal(ask(b, open_query(b, 1, "::")), DROP_NO_CLIENT_ID);
}

/* Neither a stranger, nor a client behind a relay that may: relays pass what they do not know. */
static void test_only_allowed_requestors(void **state)
{
	struct bench *b = *state;
	struct in6_addr address = bind_machine(b, 1);
	size_t mark;

	b->config->leasequery[0].address = bench_in6("2001:db8:200::");
	ask_by_address(b, &address, "::");
	assert_int_equal(b->status, DHCP6_STATUS_NOT_ALLOWED);
	b->config->leasequery[0].address = bench_in6("2001:db8:100::");
	for (int may = 0; may < 2; may++) {
		mark = open_query(b, DHCP6_QUERY_BY_ADDRESS, "::");
		dhcp6_put_iaaddr(&b->out, &address, 0, 0);
		dhcp6_close_option(&b->out, mark);
		b->arrival.source = bench_in6(ROUTER);
		if (may)
			b->peer = bench_in6("2001:db8:100::2");
		assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
		assert_int_equal(b->status, may ? -1 : DHCP6_STATUS_NOT_ALLOWED);
		assert_int_equal(addresses_in(b->reply.options), may ? 1 : -1);
	}
}

/* Each relay of the path has to be allowed, not only the first and the requestor. */
static void test_each_relay_must_be_allowed(void **state)
{
	struct bench *b = *state;
	struct in6_addr address = bind_machine(b, 1);
	const struct in6_addr own = bench_in6("2001:db8:100::3");

	for (int may = 0; may < 2; may++) {
		struct in6_addr middle = bench_in6(may ? "2001:db8:100::2" : "2001:db8:200::2");
		uint8_t inner[1024], outer[1024];
		struct wire_out in = wire_out_of(inner, sizeof(inner));
		struct wire_out out = wire_out_of(outer, sizeof(outer));
		size_t mark = open_query(b, DHCP6_QUERY_BY_ADDRESS, "::");

		dhcp6_put_iaaddr(&b->out, &address, 0, 0);
		dhcp6_close_option(&b->out, mark);
		dhcp6_put_relay_header(&in, DHCP6_RELAY_FORW, 0, &b->link, &own);
		dhcp6_put_option(&in, DHCP6_OPT_RELAY_MSG, b->ask, b->out.len);
		dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 1, &b->link, &middle);
		dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, inner, in.len);
		b->arrival.source = bench_in6(ROUTER);
		assert_int_equal(bench_octets(b, outer, out.len), EXCHANGE_ANSWERED);
		assert_int_equal(b->status, may ? -1 : DHCP6_STATUS_NOT_ALLOWED);
	}
}

/* --- Bulk Leasequery --------------------------------------------------------------------- */

static uint8_t stream[1 << 20];

struct bulk {
	struct bulk_session session;
	unsigned messages, replies, datas, dones, addresses;
	int status; /* of the last message; -1: none */
};

static void read_stream(struct bulk *bulk, struct wire_in in)
{
	struct dhcp6_status status;
	struct dhcp6_message message;
	struct wire_in data;

	while (wire_left(&in) > 0) {
		size_t len = wire_get_u16(&in);

		assert_int_equal(dhcp6_message_read(wire_get_sub(&in, len), &message), 0);
		assert_int_equal(message.xid, 0x123456);
		bulk->messages++;
		bulk->replies += message.type == DHCP6_LEASEQUERY_REPLY;
		bulk->datas += message.type == DHCP6_LEASEQUERY_DATA;
		bulk->dones += message.type == DHCP6_LEASEQUERY_DONE;
		assert_int_equal(dhcp6_option_find(message.options, DHCP6_OPT_SERVERID, &data),
			message.type == DHCP6_LEASEQUERY_REPLY);
		if (addresses_in(message.options) > 0)
			bulk->addresses += (unsigned)addresses_in(message.options);
		bulk->status = -1;
		if (dhcp6_option_find(message.options, DHCP6_OPT_STATUS_CODE, &data)) {
			assert_int_equal(dhcp6_get_status(data, &status), 0);
			bulk->status = status.code;
		}
	}
}

/* Feed these octets, some at a time; the replies are counted. */
static enum bulk_state feed(
	struct bench *b, struct bulk *bulk, const uint8_t *octets, size_t len, size_t at_a_time)
{
	enum bulk_state state = BULK_WAITS;

	while (len > 0 && state != BULK_BROKEN) {
		size_t n = bulk_session_take(
			&bulk->session, octets, len < at_a_time ? len : at_a_time);

		assert_true(n > 0); /* a session that waits has room */
		octets += n;
		len -= n;
		do {
			struct wire_out out = wire_out_of(stream, 2 * BULK_ROOM);

			state = bulk_session_answer(&bulk->session, &b->exchange, b->now_ms, &out);
			assert_false(out.bad);
			read_stream(bulk, wire_in_of(stream, out.len));
		} while (state == BULK_ANSWERS);
	}
	return state;
}

/* The message of open_query(), closed, as a frame. */
static size_t frame(struct bench *b, size_t mark, uint8_t *octets)
{
	dhcp6_close_option(&b->out, mark);
	octets[0] = (uint8_t)(b->out.len >> 8);
	octets[1] = (uint8_t)b->out.len;
	memcpy(octets + 2, b->ask, b->out.len);
	return b->out.len + 2;
}

static void bulk_query(struct bench *b, struct bulk *bulk, uint8_t type, const char *link)
{
	uint8_t octets[1024];
	size_t mark = open_query(b, type, link);

	memset(bulk, 0, sizeof(*bulk));
	dhcp6_put_option(&b->out, DHCP6_OPT_RELAY_ID, relay_id, sizeof(relay_id));
	dhcp6_put_option(&b->out, DHCP6_OPT_REMOTE_ID, remote_id, sizeof(remote_id) - 1);
	dhcp6_put_option(&b->out, DHCP6_OPT_CLIENTID, b->duid.octets, b->duid.len);
	assert_int_equal(feed(b, bulk, octets, frame(b, mark, octets), sizeof(octets)), BULK_WAITS);
}

static void test_bulk(void **state)
{
	enum { MACHINES = 300 };
	static const struct {
		uint8_t type;
		const char *link;
		unsigned clients;
	} row[] = {
		{DHCP6_QUERY_BY_RELAY_ID, "::", MACHINES + 1},
		{DHCP6_QUERY_BY_REMOTE_ID, "::", MACHINES + 1},
		{DHCP6_QUERY_BY_LINK_ADDRESS, "2001:db8:1::9", MACHINES},
		{DHCP6_QUERY_BY_LINK_ADDRESS, "2001:db8:2::9", 1},
		{DHCP6_QUERY_BY_RELAY_ID, "2001:db8:2::9", 1},
		{DHCP6_QUERY_BY_CLIENT_ID, "::", 2},
	};
	struct bench *b = *state;
	struct bulk bulk;

	for (unsigned i = 0; i < MACHINES; i++)
		bind_machine(b, i);
	register_address(b, "2001:db8:1::77"); /* no lease: not told */
	b->link = bench_in6("2001:db8:2::1");
	bind_machine(b, MACHINES - 1);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		bulk_query(b, &bulk, row[i].type, row[i].link);
		assert_int_equal(bulk.replies, 1);
		assert_int_equal(bulk.datas, row[i].clients - 1);
		assert_int_equal(bulk.dones, 1);
		assert_int_equal(bulk.status, -1);
		assert_int_equal(bulk.session.clients, row[i].clients);
	}
	assert_int_equal(bulk.addresses, 2);
}

static void test_bulk_refused(void **state)
{
	static const struct {
		uint8_t type;
		const char *link;
		int status;
	} row[] = {
		{DHCP6_QUERY_BY_LINK_ADDRESS, "::", DHCP6_STATUS_MALFORMED_QUERY},
		{DHCP6_QUERY_BY_LINK_ADDRESS, "2001:db8:77::", DHCP6_STATUS_NOT_CONFIGURED},
		{DHCP6_QUERY_BY_ADDRESS, "::", DHCP6_STATUS_MALFORMED_QUERY},
		{99, "::", DHCP6_STATUS_UNKNOWN_QUERY_TYPE},
		{DHCP6_QUERY_BY_RELAY_ID, "::", -1}, /* nobody is there: neither data nor an end */
	};
	struct bench *b = *state;
	struct bulk bulk;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		bulk_query(b, &bulk, row[i].type, row[i].link);
		assert_int_equal(bulk.messages, 1);
		assert_int_equal(bulk.replies, 1);
		assert_int_equal(bulk.status, row[i].status);
	}
}

/* Queries in a row, in whatever pieces TCP makes of them. */
static void test_bulk_in_pieces(void **state)
{
	struct bench *b = *state;
	uint8_t octets[4096];
	struct bulk bulk;
	size_t len;

	for (unsigned i = 0; i < 5; i++)
		bind_machine(b, i);
	len = frame(b, open_query(b, DHCP6_QUERY_BY_LINK_ADDRESS, "2001:db8:1::"), octets);
	for (unsigned i = 1; i < 10; i++)
		memcpy(octets + i * len, octets, len);
	for (size_t at_a_time = 1; at_a_time < 200; at_a_time += 7) {
		memset(&bulk, 0, sizeof(bulk));
		assert_int_equal(feed(b, &bulk, octets, 10 * len, at_a_time), BULK_WAITS);
		assert_int_equal(bulk.replies, 10);
		assert_int_equal(bulk.addresses, 50);
		assert_int_equal(bulk.dones, 10);
	}
}

static void test_bulk_is_for_nothing_else(void **state)
{
	static const uint8_t short_one[] = {0, 3, 14, 0, 0}, long_one[] = {0xff, 0xff},
			     cut[] = {0, 6, 14, 0, 0, 1, 0, 1};
	struct bench *b = *state;
	uint8_t octets[256];
	struct bulk bulk = {0};

	assert_int_equal(feed(b, &bulk, short_one, sizeof(short_one), 9), BULK_BROKEN);
	memset(&bulk, 0, sizeof(bulk));
	assert_int_equal(feed(b, &bulk, long_one, sizeof(long_one), 9), BULK_BROKEN);
	memset(&bulk, 0, sizeof(bulk));
	assert_int_equal(feed(b, &bulk, cut, sizeof(cut), 9), BULK_BROKEN);
	memset(&bulk, 0, sizeof(bulk));
	bench_message(b, DHCP6_SOLICIT);
	assert_int_equal(feed(b, &bulk, octets, frame(b, dhcp6_open_option(&b->out, 999), octets),
				 sizeof(octets)),
		BULK_BROKEN);
}

/* Queries have up to 2,048 octets; after a longer one nothing can be told apart: it is closed. */
static void test_bulk_length_limit(void **state)
{
	static const uint8_t filler[BULK_QUERY_MAX];
	struct bench *b = *state;
	uint8_t octets[BULK_QUERY_MAX + 16];

	bind_machine(b, 1);
	for (size_t over = 0; over <= 1; over++) {
		struct bulk bulk = {0};
		size_t mark = open_query(b, DHCP6_QUERY_BY_LINK_ADDRESS, "2001:db8:1::");
		size_t len = BULK_QUERY_MAX + over - b->out.len - 4;

		b->out.size = sizeof(b->ask);
		dhcp6_close_option(&b->out, mark);
		octets[0] = (uint8_t)((BULK_QUERY_MAX + over) >> 8);
		octets[1] = (uint8_t)(BULK_QUERY_MAX + over);
		memcpy(octets + 2, b->ask, b->out.len);
		memcpy(octets + 2 + b->out.len,
			(uint8_t[]){255, 255, (uint8_t)(len >> 8), (uint8_t)len}, 4);
		memcpy(octets + 2 + b->out.len + 4, filler, len);
		assert_int_equal(
			feed(b, &bulk, octets, 2 + BULK_QUERY_MAX + over, sizeof(octets)),
			over ? BULK_BROKEN : BULK_WAITS);
		assert_int_equal(bulk.addresses, !over);
	}
}

/*
 * So many machines in one slot of the binding table, with a long Remote-ID each, that an answer has
 * no room for a whole slot. Slots are few here, so that machines of one slot are soon found.
 */
static void fill_a_slot(struct bench *b, unsigned machines)
{
	static const uint8_t long_id[900];
	struct binding_table *table = &b->exchange.bindings;
	const struct prefix *subnet = &b->config->subnet[0].prefix;
	uint8_t octets[1024];
	struct wire_out out = wire_out_of(octets, sizeof(octets));
	struct dhcp6_chain chain;
	unsigned found = 0;

	binding_table_fini(table);
	assert_int_equal(binding_table_init(table, 512), 0);
	assert_int_equal(binding_table_keep_transactions(table), 0);
	dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &b->link, &b->peer);
	dhcp6_put_option(&out, DHCP6_OPT_REMOTE_ID, long_id, sizeof(long_id));
	bench_message(b, DHCP6_SOLICIT);
	dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, b->ask, b->out.len);
	assert_int_equal(dhcp6_chain_read(wire_in_of(octets, out.len), &chain), 0);
	for (uint32_t i = 1; found < machines; i++) {
		uint8_t mac[] = {2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
		struct machine machine = machine_of_mac(mac);
		struct binding *binding = binding_table_get(table, subnet, &machine, NULL);
		struct in6_addr address = address_after(&subnet->address, i);
		const struct binding *other = NULL;

		assert_non_null(binding);
		binding_table_set_address(table, binding, &address, false);
		while ((other = binding_table_in_slot(table, 7, other)) && other != binding)
			;
		if (!other) {
			binding_table_remove(table, binding);
			continue;
		}
		b->duid.octets[9] = (uint8_t)found++;
		binding_set_duid(binding, &b->duid);
		binding_table_set_state(table, binding, BINDING_BOUND, b->now_ms, 3600);
		transaction_record(
			&table->transactions, binding, &chain, &b->peer, b->now_ms);
	}
}

/*
 * RFC 5460 section 7.4: an answer that cannot be finished ends with QueryTerminated, as a whole
 * message wherever the room ends; then the connection is closed.
 */
static void test_bulk_terminated(void **state)
{
	struct bench *b = *state;
	uint8_t octets[256];
	size_t mark = open_query(b, DHCP6_QUERY_BY_LINK_ADDRESS, "2001:db8:1::"), oro, len;

	oro = dhcp6_open_option(&b->out, DHCP6_OPT_ORO);
	wire_put_u16(&b->out, DHCP6_OPT_LQ_RELAY_DATA);
	dhcp6_close_option(&b->out, oro);
	len = frame(b, mark, octets);
	fill_a_slot(b, 40);
	for (size_t room = BULK_ROOM; room < BULK_ROOM + 1200; room++) {
		struct wire_out out = wire_out_of(stream, room);
		struct bulk bulk = {0};

		assert_int_equal(bulk_session_take(&bulk.session, octets, len), len);
		assert_int_equal(
			bulk_session_answer(&bulk.session, &b->exchange, b->now_ms, &out),
			BULK_ANSWERS);
		assert_false(out.bad);
		read_stream(&bulk, wire_in_of(stream, out.len));
		assert_in_range(bulk.addresses, 30, 39);
		assert_int_equal(bulk.dones, 1);
		assert_int_equal(bulk.status, DHCP6_STATUS_QUERY_TERMINATED);
		out = wire_out_of(stream, room);
		assert_int_equal(
			bulk_session_answer(&bulk.session, &b->exchange, b->now_ms, &out),
			BULK_BROKEN);
		assert_int_equal(out.len, 0);
	}
}

/* They come back from disk or from another server's hands: not how, but whose. */
static void test_transactions_are_kept_when_asked_for(void **state)
{
	struct bench *b = *state;
	struct binding_table table;
	struct in6_addr address = bind_machine(b, 1);
	struct binding *binding;

	assert_non_null(binding_table_find_address(&b->exchange.bindings, &address)->transaction);
	assert_int_equal(binding_table_init(&table, 16), 0);
	binding =
		binding_table_get(&table, &b->config->subnet[0].prefix, &b->decision.machine, NULL);
	binding_set_duid(binding, &b->duid);
	assert_null(binding->transaction);
	assert_null(transaction_table_next(&table.transactions, &b->duid, NULL));
	assert_int_equal(binding_table_keep_transactions(&table), 0);
	assert_ptr_equal(transaction_table_next(&table.transactions, &b->duid, NULL), binding);
	assert_null(transaction_table_next(&table.transactions, &b->duid, binding));
	binding_table_remove(&table, binding);
	assert_null(transaction_table_next(&table.transactions, &b->duid, NULL));
	binding_table_fini(&table);
}

/* Long options of relays take no more memory than is set aside for all of them. */
static void test_relay_data_is_bounded(void **state)
{
	enum { CLIENTS = 8, OPTION = 900 };
	static uint8_t octets[1200], option[OPTION];
	const uint8_t solicit[] = {DHCP6_SOLICIT, 0, 0, 1};
	struct wire_out out = wire_out_of(octets, sizeof(octets));
	struct bench *b = *state;
	struct binding_table table;
	struct dhcp6_chain chain;
	unsigned kept = 0;

	dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &b->link, &b->peer);
	dhcp6_put_option(&out, DHCP6_OPT_REMOTE_ID, option, sizeof(option));
	dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, solicit, sizeof(solicit));
	assert_int_equal(dhcp6_chain_read(wire_in_of(octets, out.len), &chain), 0);
	assert_int_equal(binding_table_init(&table, CLIENTS), 0);
	assert_int_equal(binding_table_keep_transactions(&table), 0);
	for (uint8_t i = 0; i < CLIENTS; i++) {
		const uint8_t mac[] = {0x52, 0x54, 0, 0, 0, i};
		struct machine machine = machine_of_mac(mac);
		struct binding *binding =
			binding_table_get(&table, &b->config->subnet[0].prefix, &machine, NULL);

		for (int again = 0; again < 3; again++)
			transaction_record(
				&table.transactions, binding, &chain, &b->link, 1000 + i);
		assert_int_equal(binding->transaction->at_ms, 1000 + i);
		kept += binding->transaction->len > 0;
	}
	assert_int_equal(kept, CLIENTS * TRANSACTION_OCTETS / (OPTION + 4 + 34));
	/* whoever goes makes room */
	while (binding_table_count(&table) > 0)
		binding_table_remove(&table, binding_table_next(&table, NULL));
	assert_int_equal(table.transactions.octets, 0);
	binding_table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_client_id_of_two_interfaces, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_each_relay_must_be_allowed, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_by_address, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_nothing_to_send, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_by_client_id, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_client_id_of_the_last_asker, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_other_requested_options, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_refused, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_only_allowed_requestors, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_bulk, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_bulk_refused, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_bulk_in_pieces, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_bulk_is_for_nothing_else, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_bulk_length_limit, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_bulk_terminated, start, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_transactions_are_kept_when_asked_for, start, bench_teardown),
		cmocka_unit_test_setup_teardown(test_relay_data_is_bounded, start, bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
