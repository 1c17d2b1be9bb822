/* SPDX-License-Identifier: ISC */
/*
 * Headers, the walk over options, and nests of relays: malformed ones by
 * name, and random ones written and read back.
 */
#include "dhcp6/message.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dhcp6/option.h"
#include "tests/unit/bytes.h"
#include "tests/unit/random.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* link-address 2001:db8::1, peer-address fe80::2: what follows type and hop-count. */
#define ADDRESSES                                                                                  \
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xfe, 0x80, 0, 0, 0, 0, 0, 0,  \
		0, 0, 0, 0, 0, 0, 0, 2

struct row {
	const char *name;
	const uint8_t *octets;
	size_t len;
	int rc;
};

static const struct row message_rows[] = {
	{"nothing", NULL, 0, -EBADMSG},
	{"one octet", BYTES(1), -EBADMSG},
	{"header one short", BYTES(1, 0xaa, 0xbb), -EBADMSG},
	{"header alone", BYTES(1, 0xaa, 0xbb, 0xcc), 0},
	{"unknown type", BYTES(200, 0xaa, 0xbb, 0xcc), 0},
	{"reserved type 0", BYTES(0, 0xaa, 0xbb, 0xcc), 0},
	{"zero-length option at the end", BYTES(1, 0, 0, 0, 0, 14, 0, 0), 0},
	{"unknown option", BYTES(1, 0, 0, 0, 0xff, 0xff, 0, 1, 7), 0},
	{"option code cut after one octet", BYTES(1, 0, 0, 0, 0), -EBADMSG},
	{"option without length", BYTES(1, 0, 0, 0, 0, 8), -EBADMSG},
	{"option length cut after one octet", BYTES(1, 0, 0, 0, 0, 8, 0), -EBADMSG},
	{"option data one short", BYTES(1, 0, 0, 0, 0, 8, 0, 2, 0), -EBADMSG},
	{"option data that just fits", BYTES(1, 0, 0, 0, 0, 8, 0, 2, 0, 0), 0},
	{"one octet past the last option", BYTES(1, 0, 0, 0, 0, 8, 0, 2, 0, 0, 0), -EBADMSG},
	{"second option overruns", BYTES(1, 0, 0, 0, 0, 14, 0, 0, 0, 8, 0xff, 0xff, 0), -EBADMSG},
	{"relay-forward where a message should be", BYTES(12, 0, 0, 0), -EBADMSG},
	{"relay-reply where a message should be", BYTES(13, 0, 0, 0, 0, 9, 0, 0), -EBADMSG},
};

static const struct row relay_rows[] = {
	{"nothing", NULL, 0, -EBADMSG},
	{"type alone", BYTES(12), -EBADMSG},
	{"peer-address missing",
		BYTES(12, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), -EBADMSG},
	{"header one short",
		BYTES(12, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xfe, 0x80, 0,
			0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		-EBADMSG},
	{"header alone", BYTES(12, 0, ADDRESSES), 0},
	{"relay-reply", BYTES(13, 8, ADDRESSES, 0, 9, 0, 1, 7), 0},
	{"a solicit of that length", BYTES(1, 0, ADDRESSES), -EBADMSG},
	{"hop-count 255", BYTES(12, 255, ADDRESSES), 0},
	{"option overruns by one", BYTES(12, 0, ADDRESSES, 0, 18, 0, 2, 'e'), -EBADMSG},
	{"length without end", BYTES(12, 0, ADDRESSES, 0, 9, 0xff, 0xff, 1, 0, 0, 0), -EBADMSG},
};

/* Chains of one relay; deeper ones are built below. */
static const struct row chain_rows[] = {
	{"a client's message", BYTES(1, 0, 0, 1), 0},
	/* An empty or broken inner message is found where it is read. */
	{"nothing at all", NULL, 0, 0},
	{"empty relay message option", BYTES(12, 0, ADDRESSES, 0, 9, 0, 0), 0},
	{"relay message after another option",
		BYTES(12, 0, ADDRESSES, 0, 18, 0, 0, 0, 9, 0, 4, 1, 0, 0, 1), 0},
	{"no relay message option", BYTES(12, 0, ADDRESSES, 0, 18, 0, 1, 'e'), -EBADMSG},
	{"no options", BYTES(12, 0, ADDRESSES), -EBADMSG},
	{"relay message one short", BYTES(12, 0, ADDRESSES, 0, 9, 0, 5, 1, 0, 0, 1), -EBADMSG},
	{"rubbish after the relay message", BYTES(12, 0, ADDRESSES, 0, 9, 0, 4, 1, 0, 0, 1, 0xff),
		-EBADMSG},
	{"inner relay header cut", BYTES(12, 0, ADDRESSES, 0, 9, 0, 2, 12, 0), -EBADMSG},
	{"relay-reply outermost", BYTES(13, 0, ADDRESSES, 0, 9, 0, 4, 7, 0, 0, 1), -EPROTO},
	{"relay-reply in a relay-forward",
		BYTES(12, 1, ADDRESSES, 0, 9, 0, 42, 13, 0, ADDRESSES, 0, 9, 0, 4, 7, 0, 0, 1),
		-EPROTO},
};

static void check(const struct row *row, int rc)
{
	if (rc != row->rc)
		fail_msg("%s: returned %d, not %d", row->name, rc, row->rc);
}

static void test_message_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(message_rows); i++) {
		const struct row *row = &message_rows[i];
		struct dhcp6_message message;

		check(row, dhcp6_message_read(wire_in_of(row->octets, row->len), &message));
	}
}

static void test_relay_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(relay_rows); i++) {
		const struct row *row = &relay_rows[i];
		struct dhcp6_relay relay;

		check(row, dhcp6_relay_read(wire_in_of(row->octets, row->len), &relay));
	}
}

static void test_chain_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(chain_rows); i++) {
		const struct row *row = &chain_rows[i];
		struct dhcp6_chain chain;

		check(row, dhcp6_chain_read(wire_in_of(row->octets, row->len), &chain));
	}
}

static void test_message_fields(void **state)
{
	struct dhcp6_message message;

	(void)state;
	assert_int_equal(dhcp6_message_read(WIRE(11, 0xff, 0x01, 0x02, 0, 8, 0, 0), &message), 0);
	assert_int_equal(message.type, DHCP6_INFORMATION_REQUEST);
	assert_int_equal(message.xid, 0xff0102);
	assert_int_equal(wire_left(&message.options), 4);
}

static void test_relay_fields(void **state)
{
	static const struct in6_addr link = {{{0x20, 0x01, 0x0d, 0xb8, [15] = 1}}};
	static const struct in6_addr peer = {{{0xfe, 0x80, [15] = 2}}};
	struct dhcp6_relay relay;

	(void)state;
	assert_int_equal(dhcp6_relay_read(WIRE(13, 7, ADDRESSES, 0, 18, 0, 0), &relay), 0);
	assert_int_equal(relay.type, DHCP6_RELAY_REPL);
	assert_int_equal(relay.hop_count, 7);
	assert_memory_equal(&relay.link_address, &link, 16);
	assert_memory_equal(&relay.peer_address, &peer, 16);
	assert_int_equal(wire_left(&relay.options), 4);
}

static void test_peek_type(void **state)
{
	struct wire_in in = WIRE(12, 1);
	struct wire_in empty = wire_in_of(NULL, 0);

	(void)state;
	assert_int_equal(dhcp6_peek_type(&in), 12);
	assert_int_equal(wire_left(&in), 2);
	assert_int_equal(dhcp6_peek_type(&empty), 0);
	assert_false(empty.bad);
}

static void test_walk_ends_where_an_option_does_not_fit(void **state)
{
	struct wire_in options = WIRE(0, 14, 0, 0, 0, 8, 0, 2, 0x12, 0x34, 0, 18, 0, 9, 'e');
	struct dhcp6_option option;

	(void)state;
	assert_true(dhcp6_option_next(&options, &option));
	assert_int_equal(option.code, DHCP6_OPT_RAPID_COMMIT);
	assert_int_equal(wire_left(&option.data), 0);
	assert_false(option.data.bad);
	assert_true(dhcp6_option_next(&options, &option));
	assert_int_equal(wire_get_u16(&option.data), 0x1234);
	assert_false(dhcp6_option_next(&options, &option));
	assert_true(options.bad);
	assert_false(dhcp6_option_next(&options, &option));
}

static void test_find_gives_the_first(void **state)
{
	struct wire_in options = WIRE(0, 8, 0, 0, 0, 18, 0, 1, 'a', 0, 18, 0, 1, 'b');
	struct wire_in data;

	(void)state;
	assert_true(dhcp6_option_find(options, DHCP6_OPT_INTERFACE_ID, &data));
	assert_int_equal(wire_left(&data), 1);
	assert_int_equal(wire_get_u8(&data), 'a');
	assert_true(dhcp6_option_find(options, DHCP6_OPT_ELAPSED_TIME, &data));
	assert_int_equal(wire_left(&data), 0);
	assert_false(dhcp6_option_find(options, DHCP6_OPT_CLIENTID, &data));
}

/* `depth` Relay-forwards around `inner`, hop-counts as relays count them. */
static void put_nest(struct wire_out *out, unsigned depth, const uint8_t *inner, size_t len)
{
	size_t mark[DHCP6_RELAYS_MAX + 1];

	for (unsigned i = 0; i < depth; i++) {
		struct in6_addr link = {{{0x20, 0x01, [15] = (uint8_t)i}}};
		struct in6_addr peer = {{{0xfe, 0x80, [15] = (uint8_t)i}}};

		dhcp6_put_relay_header(
			out, DHCP6_RELAY_FORW, (uint8_t)(depth - 1 - i), &link, &peer);
		mark[i] = dhcp6_open_option(out, DHCP6_OPT_RELAY_MSG);
	}
	wire_put_bytes(out, inner, len);
	for (unsigned i = depth; i-- > 0;)
		dhcp6_close_option(out, mark[i]);
}

static void test_nest_to_the_hop_limit(void **state)
{
	static const uint8_t solicit[] = {1, 0, 0, 9};
	uint8_t buf[512];

	(void)state;
	for (unsigned depth = 0; depth <= DHCP6_RELAYS_MAX; depth++) {
		struct wire_out out = wire_out_of(buf, sizeof(buf));
		struct dhcp6_chain chain;

		put_nest(&out, depth, solicit, sizeof(solicit));
		assert_false(out.bad);
		assert_int_equal(dhcp6_chain_read(wire_in_of(buf, out.len), &chain), 0);
		assert_int_equal(chain.count, depth);
		assert_int_equal(wire_left(&chain.inner), sizeof(solicit));
		assert_memory_equal(chain.inner.pos, solicit, sizeof(solicit));
		for (unsigned i = 0; i < depth; i++) {
			assert_int_equal(chain.relay[i].hop_count, depth - 1 - i);
			assert_int_equal(chain.relay[i].link_address.s6_addr[15], i);
			assert_int_equal(chain.relay[i].peer_address.s6_addr[15], i);
		}
	}
}

static void test_nest_one_past_the_hop_limit(void **state)
{
	static const uint8_t solicit[] = {1, 0, 0, 9};
	uint8_t buf[512];
	struct wire_out out = wire_out_of(buf, sizeof(buf));
	struct dhcp6_chain chain;

	(void)state;
	put_nest(&out, DHCP6_RELAYS_MAX + 1, solicit, sizeof(solicit));
	assert_int_equal(dhcp6_chain_read(wire_in_of(buf, out.len), &chain), -ELOOP);
}

static void test_reply_at_the_bottom_of_a_nest(void **state)
{
	static const uint8_t reply[] = {13, 0, ADDRESSES, 0, 9, 0, 4, 7, 0, 0, 1};
	uint8_t buf[512];
	struct wire_out out = wire_out_of(buf, sizeof(buf));
	struct dhcp6_chain chain;

	(void)state;
	put_nest(&out, DHCP6_RELAYS_MAX - 1, reply, sizeof(reply));
	assert_int_equal(dhcp6_chain_read(wire_in_of(buf, out.len), &chain), -EPROTO);
}

/* Whatever octet a well-formed nest is cut at, it is no well-formed nest any more. */
static void test_nest_cut_anywhere(void **state)
{
	static const uint8_t solicit[] = {1, 0, 0, 9, 0, 8, 0, 2, 0, 0};
	uint8_t buf[512];
	struct wire_out out = wire_out_of(buf, sizeof(buf));
	struct dhcp6_chain chain;

	(void)state;
	put_nest(&out, 3, solicit, sizeof(solicit));
	for (size_t len = 1; len < out.len; len++)
		if (dhcp6_chain_read(wire_in_of(buf, len), &chain) != -EBADMSG)
			fail_msg("cut to %zu octets of %zu", len, out.len);
}

static void test_transaction_id_is_24_bits(void **state)
{
	static const uint8_t want[] = {7, 0xab, 0xcd, 0xef};
	uint8_t buf[4];
	struct wire_out out = wire_out_of(buf, sizeof(buf));

	(void)state;
	dhcp6_put_message_header(&out, DHCP6_REPLY, 0xffabcdef);
	assert_false(out.bad);
	assert_memory_equal(buf, want, sizeof(want));
}

static void test_multicast_groups(void **state)
{
	static const struct in6_addr relays = DHCP6_ALL_RELAYS_AND_SERVERS;
	static const struct in6_addr servers = DHCP6_ALL_SERVERS;
	static const uint8_t ff02_1_2[16] = {0xff, 0x02, [13] = 1, [15] = 2};
	static const uint8_t ff05_1_3[16] = {0xff, 0x05, [13] = 1, [15] = 3};

	(void)state;
	assert_memory_equal(&relays, ff02_1_2, 16);
	assert_memory_equal(&servers, ff05_1_3, 16);
}

enum { RANDOM_ROUNDS = 2000, RANDOM_OPTIONS = 12, RANDOM_DATA = 40 };

struct random_option {
	uint16_t code;
	size_t len;
	uint8_t data[RANDOM_DATA];
};

static void put_random_options(struct wire_out *out, struct random_option *option, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		option[i].code = (uint16_t)random_u64();
		option[i].len = random_below(RANDOM_DATA + 1);
		random_fill(option[i].data, option[i].len);
		dhcp6_put_option(out, option[i].code, option[i].data, option[i].len);
	}
}

static void expect_options(struct wire_in options, const struct random_option *want, size_t n)
{
	struct dhcp6_option option;

	for (size_t i = 0; i < n; i++) {
		assert_true(dhcp6_option_next(&options, &option));
		assert_int_equal(option.code, want[i].code);
		assert_int_equal(wire_left(&option.data), want[i].len);
		assert_memory_equal(option.data.pos, want[i].data, want[i].len);
	}
	assert_false(dhcp6_option_next(&options, &option));
	assert_false(options.bad);
}

static void test_random_messages_come_back(void **state)
{
	(void)state;
	random_start("messages");
	for (int round = 0; round < RANDOM_ROUNDS; round++) {
		struct random_option want[RANDOM_OPTIONS];
		size_t n = random_below(RANDOM_OPTIONS + 1);
		uint8_t type = (uint8_t)(14 + random_below(242)); /* no relay's */
		uint32_t xid = (uint32_t)random_below(1 << 24);
		unsigned depth = (unsigned)random_below(DHCP6_RELAYS_MAX + 1);
		uint8_t inner[1024], nest[2048];
		struct wire_out out = wire_out_of(inner, sizeof(inner));
		struct wire_out around = wire_out_of(nest, sizeof(nest));
		struct dhcp6_chain chain;
		struct dhcp6_message message;

		dhcp6_put_message_header(&out, type, xid);
		put_random_options(&out, want, n);
		put_nest(&around, depth, inner, out.len);
		assert_false(out.bad || around.bad);

		assert_int_equal(dhcp6_chain_read(wire_in_of(nest, around.len), &chain), 0);
		assert_int_equal(chain.count, depth);
		assert_int_equal(dhcp6_message_read(chain.inner, &message), 0);
		assert_int_equal(message.type, type);
		assert_int_equal(message.xid, xid);
		expect_options(message.options, want, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message_rows),
		cmocka_unit_test(test_relay_rows),
		cmocka_unit_test(test_chain_rows),
		cmocka_unit_test(test_message_fields),
		cmocka_unit_test(test_relay_fields),
		cmocka_unit_test(test_peek_type),
		cmocka_unit_test(test_walk_ends_where_an_option_does_not_fit),
		cmocka_unit_test(test_find_gives_the_first),
		cmocka_unit_test(test_nest_to_the_hop_limit),
		cmocka_unit_test(test_nest_one_past_the_hop_limit),
		cmocka_unit_test(test_reply_at_the_bottom_of_a_nest),
		cmocka_unit_test(test_nest_cut_anywhere),
		cmocka_unit_test(test_transaction_id_is_24_bits),
		cmocka_unit_test(test_multicast_groups),
		cmocka_unit_test(test_random_messages_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
