/* SPDX-License-Identifier: ISC */
/*
 * Prefix delegation: which messages change which delegations (RFC 8987), by messages that are written
 * here and a table without kernel and clock.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "relayd/prefixes/delegation_table.h"

static struct in6_addr in6(const char *text)
{
	struct in6_addr address;

	assert_int_equal(inet_pton(AF_INET6, text, &address), 1);
	return address;
}

static struct prefix prefix(const char *text, uint8_t len)
{
	struct in6_addr address = in6(text);

	return prefix_of_address(&address, len);
}

/* --- messages ----------------------------------------------------------------------------- */

struct message {
	uint8_t octets[2048];
	struct wire_out out;
	struct delegation_message read;
};

static void begin(struct message *m, uint8_t type, bool has_client)
{
	static const uint8_t duid[] = {0, 3, 0, 1, 2, 0, 0, 0, 0, 9};

	m->out = wire_out_of(m->octets, sizeof(m->octets));
	dhcp6_put_message_header(&m->out, type, 0x123456);
	if (has_client)
		dhcp6_put_option(&m->out, DHCP6_OPT_CLIENTID, duid, sizeof(duid));
}

static size_t open_ia_pd(struct message *m, uint32_t iaid)
{
	size_t mark = dhcp6_open_option(&m->out, DHCP6_OPT_IA_PD);

	wire_put_u32(&m->out, iaid);
	wire_put_u32(&m->out, 100);
	wire_put_u32(&m->out, 200);
	return mark;
}

static void put_prefix(struct message *m, const char *text, uint8_t len, uint32_t preferred_s,
	uint32_t valid_s, int status)
{
	size_t mark = dhcp6_open_option(&m->out, DHCP6_OPT_IAPREFIX);
	struct in6_addr address = in6(text);

	wire_put_u32(&m->out, preferred_s);
	wire_put_u32(&m->out, valid_s);
	wire_put_u8(&m->out, len);
	wire_put_in6(&m->out, &address);
	if (status >= 0)
		dhcp6_put_status(&m->out, (uint16_t)status, "");
	dhcp6_close_option(&m->out, mark);
}

/* The message with all that is in it, read again; the texts of its prefixes one after the other. */
static const char *prefixes_in(struct message *m, const char *peer)
{
	static char texts[512];
	struct in6_addr from = in6(peer);
	struct delegated_prefix item;

	assert_false(m->out.bad);
	*texts = '\0';
	if (!delegation_message_read(wire_in_of(m->octets, m->out.len), &from, &m->read))
		return "no";
	while (delegation_message_next(&m->read, &item)) {
		char text[PREFIX_TEXT], line[PREFIX_TEXT + 48];

		snprintf(line, sizeof(line), "%u:%s:%u/%u ", item.iaid,
			item.has_prefix ? prefix_format(&item.prefix, text) : "-",
			item.has_prefix ? item.preferred_s : 0, item.has_prefix ? item.valid_s : 0);
		strcat(texts, line);
	}
	return texts;
}

static void test_prefixes_of_a_reply(void **state)
{
	struct message m;
	size_t mark;

	(void)state;
	begin(&m, DHCP6_REPLY, true);
	mark = open_ia_pd(&m, 1);
	put_prefix(&m, "2001:db8:f001::", 48, 1800, 3600, -1);
	put_prefix(&m, "2001:db8:f002::", 56, 0, 0, DHCP6_STATUS_SUCCESS);
	dhcp6_close_option(&m.out, mark);
	mark = open_ia_pd(&m, 2); /* a status of the IA */
	dhcp6_put_status(&m.out, DHCP6_STATUS_NO_PREFIX_AVAIL, "none");
	dhcp6_close_option(&m.out, mark);
	mark = open_ia_pd(&m, 3);
	put_prefix(&m, "2001:db8:f003::ff", 64, UINT32_MAX, UINT32_MAX, -1); /* host bits */
	dhcp6_close_option(&m.out, mark);
	assert_string_equal(prefixes_in(&m, "fe80::9"),
		"1:2001:db8:f001::/48:1800/3600 1:2001:db8:f002::/56:0/0 "
		"3:2001:db8:f003::/64:4294967295/4294967295 ");
	assert_int_equal(m.read.type, DHCP6_REPLY);
	assert_int_equal(m.read.duid.len, 10);
}

/* A server's mistake, or an attack on it, gives us no default route and none to our own links. */
static void test_prefixes_that_no_route_should_have(void **state)
{
	static const struct {
		const char *prefix;
		uint8_t len;
		uint32_t preferred_s, valid_s;
		int status;
	} rows[] = {
		{"::", 0, 1, 2, -1},
		{"2000::", 3, 1, 2, -1},
		{"2001:db8::", 15, 1, 2, -1},
		{"2001:db8::", 129, 1, 2, -1},
		{"2001:db8::", 255, 1, 2, -1},
		{"fe80::", 64, 1, 2, -1},
		{"ff02::", 16, 1, 2, -1},
		{"::1", 128, 1, 2, -1},
		{"::ffff:192.0.2.0", 120, 1, 2, -1},
		{"2001:db8:f001::", 48, 3, 2, -1},
		{"2001:db8:f001::", 48, 1, 2, DHCP6_STATUS_NO_PREFIX_AVAIL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message m;
		size_t mark;

		begin(&m, DHCP6_REPLY, true);
		mark = open_ia_pd(&m, 1);
		put_prefix(&m, rows[i].prefix, rows[i].len, rows[i].preferred_s, rows[i].valid_s,
			rows[i].status);
		dhcp6_close_option(&m.out, mark);
		assert_string_equal(prefixes_in(&m, "fe80::9"), "");
	}
}

static void test_messages_that_delegate_nothing(void **state)
{
	static const uint8_t types[] = {DHCP6_ADVERTISE, DHCP6_SOLICIT, DHCP6_RECONFIGURE,
		DHCP6_REQUEST, DHCP6_RENEW, DHCP6_LEASEQUERY_REPLY};
	struct message m;

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		begin(&m, types[i], true);
		assert_string_equal(prefixes_in(&m, "fe80::9"), "no");
	}
	begin(&m, DHCP6_REPLY, false);
	assert_string_equal(prefixes_in(&m, "fe80::9"), "no");
	begin(&m, DHCP6_REPLY, true);
	assert_string_equal(prefixes_in(&m, "fe80::9"), "");
}

static void test_a_release_names_prefixes_or_whole_ias(void **state)
{
	struct message m;
	size_t mark;

	(void)state;
	begin(&m, DHCP6_RELEASE, true);
	dhcp6_close_option(&m.out, open_ia_pd(&m, 1));
	mark = open_ia_pd(&m, 2);
	put_prefix(&m, "2001:db8:f001::", 48, 0, 0, -1);
	dhcp6_close_option(&m.out, mark);
	assert_string_equal(prefixes_in(&m, "fe80::9"), "1:-:0/0 2:2001:db8:f001::/48:0/0 ");
}

/* What a lightweight relay agent on the client's link wraps is ours; what a router wraps is not. */
static void test_relays_below(void **state)
{
	static const struct {
		const char *link_address, *prefixes;
	} rows[] = {{"::", "1:2001:db8:f001::/48:1/2 "}, {"2001:db8:7::1", "no"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct in6_addr link_address = in6(rows[i].link_address), client = in6("fe80::c");
		struct message inner, m;
		size_t mark;

		begin(&inner, DHCP6_REPLY, true);
		mark = open_ia_pd(&inner, 1);
		put_prefix(&inner, "2001:db8:f001::", 48, 1, 2, -1);
		dhcp6_close_option(&inner.out, mark);
		m.out = wire_out_of(m.octets, sizeof(m.octets));
		dhcp6_put_relay_header(&m.out, DHCP6_RELAY_REPL, 0, &link_address, &client);
		dhcp6_put_option(&m.out, DHCP6_OPT_RELAY_MSG, inner.octets, inner.out.len);
		assert_string_equal(prefixes_in(&m, "fe80::9"), rows[i].prefixes);
		if (i == 0)
			assert_true(IN6_ARE_ADDR_EQUAL(&m.read.client, &client));
	}
}

/* --- the table ---------------------------------------------------------------------------- */

static char happened[1024];

static void on_changed(void *arg, struct delegation *d, enum delegation_event event)
{
	char text[PREFIX_TEXT];

	(void)arg;
	snprintf(happened + strlen(happened), sizeof(happened) - strlen(happened), "%s %s ",
		delegation_event_name(event), prefix_format(&d->prefix, text));
}

static const char *take_happened(void)
{
	static char copy[sizeof(happened)];

	memcpy(copy, happened, sizeof(copy));
	*happened = '\0';
	return copy;
}

static struct delegation_table table;

static int set_up(void **state)
{
	static const struct delegation_table_ops ops = {.changed = on_changed};

	(void)state;
	*happened = '\0';
	return delegation_table_init(&table, &ops, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	delegation_table_fini(&table);
	return 0;
}

static const struct delegation_limits wide = {.per_client = 8, .per_link = 100};

static struct dhcp6_duid duid(uint8_t last)
{
	return (struct dhcp6_duid){.len = 4, .octets = {0, 4, 1, last}};
}

static enum delegation_result put(const char *link, uint8_t client, const char *text, uint8_t len,
	int64_t until_ms, const struct delegation_limits *limits)
{
	struct dhcp6_duid id = duid(client);
	struct delegation_offer offer = {.prefix = prefix(text, len),
		.link = link,
		.next_hop = in6("fe80::1"),
		.duid = &id,
		.iaid = 1,
		.preferred_until_ms = until_ms,
		.valid_until_ms = until_ms};

	offer.next_hop.s6_addr[15] = client;
	return delegation_table_put(&table, &offer, limits);
}

static void test_the_life_of_a_delegation(void **state)
{
	struct delegation *d;

	(void)state;
	assert_int_equal(put("lan1", 1, "2001:db8:f001::", 48, 1000, &wide), DELEGATION_ACCEPTED);
	assert_string_equal(take_happened(), "added 2001:db8:f001::/48 ");
	assert_int_equal(put("lan1", 1, "2001:db8:f001::", 48, 2000, &wide), DELEGATION_ACCEPTED);
	assert_string_equal(take_happened(), "renewed 2001:db8:f001::/48 ");
	assert_int_equal(delegation_table_expire(&table, 1999, 10), 1);
	assert_string_equal(take_happened(), "");
	assert_int_equal(delegation_table_expire(&table, 2000, 10), DELEGATION_HOLD_MS);
	assert_string_equal(take_happened(), "expired 2001:db8:f001::/48 ");
	assert_int_equal(table.n_active, 0);
	assert_int_equal(table.n_ended, 1);
	/* The client comes back: added again. */
	assert_int_equal(put("lan1", 1, "2001:db8:f001::", 48, 5000, &wide), DELEGATION_ACCEPTED);
	assert_string_equal(take_happened(), "added 2001:db8:f001::/48 ");
	d = delegation_table_next(&table, NULL);
	assert_non_null(d);
	assert_null(delegation_table_next(&table, d));
	delegation_table_expire(&table, 5000, 10);
	assert_int_equal(delegation_table_expire(&table, 5000 + DELEGATION_HOLD_MS, 10), -1);
	assert_string_equal(
		take_happened(), "expired 2001:db8:f001::/48 forgotten 2001:db8:f001::/48 ");
	assert_null(delegation_table_link(&table, "lan1"));
}

/* A lifetime without end never expires, and delays no other one. */
static void test_a_lifetime_without_end(void **state)
{
	(void)state;
	put("lan1", 1, "2001:db8:f001::", 48, DELEGATION_FOREVER, &wide);
	assert_int_equal(delegation_table_expire(&table, INT64_MAX / 2, 10), -1);
	put("lan1", 1, "2001:db8:f002::", 48, 7000, &wide);
	assert_int_equal(delegation_table_expire(&table, 6000, 10), 1000);
}

/* Expiry is worked off in parts, so that thousands at once do not stop the relay. */
static void test_expiry_in_order_and_in_parts(void **state)
{
	static const struct delegation_limits limits = {.per_client = 1000, .per_link = 1000};
	int64_t last = 0;

	(void)state;
	for (int i = 0; i < 500; i++) {
		char text[32];

		snprintf(text, sizeof(text), "2001:db8:%x::", 1 + i);
		put("lan1", 1, text, 48, 1000 + (i * 7919) % 500, &limits);
	}
	for (int i = 0; i < 500; i++) {
		struct delegation *first = table.heap.of[0];

		assert_true(first->until_ms >= last);
		last = first->until_ms;
		assert_int_equal(delegation_table_expire(&table, 2000, 1) > 0, i == 499);
		assert_int_equal(table.n_active, 499 - i);
	}
}

static void test_a_move_to_another_client(void **state)
{
	struct prefix moved = prefix("2001:db8:f001::", 48);

	(void)state;
	put("lan1", 1, "2001:db8:f001::", 48, 1000, &wide);
	take_happened();
	put("lan2", 2, "2001:db8:f001::", 48, 1000, &wide);
	assert_string_equal(take_happened(), "moved 2001:db8:f001::/48 ");
	assert_null(delegation_table_link(&table, "lan1"));
	assert_string_equal(delegation_table_find(&table, &moved)->link->name, "lan2");
	/* The same prefix of another length is another one. */
	put("lan2", 2, "2001:db8:f001::", 56, 1000, &wide);
	assert_string_equal(take_happened(), "added 2001:db8:f001::/56 ");
}

static void test_limits(void **state)
{
	static const struct delegation_limits two = {.per_client = 2, .per_link = 4};
	struct dhcp6_duid first = duid(1);

	(void)state;
	assert_int_equal(put("lan1", 1, "2001:db8:1::", 48, 1000, &two), DELEGATION_ACCEPTED);
	assert_int_equal(put("lan1", 1, "2001:db8:2::", 48, 1000, &two), DELEGATION_ACCEPTED);
	assert_int_equal(put("lan1", 1, "2001:db8:3::", 48, 1000, &two), DELEGATION_CLIENT_LIMIT);
	/* What a client has is renewed in any case, and it has as many on another link. */
	assert_int_equal(put("lan1", 1, "2001:db8:2::", 48, 2000, &two), DELEGATION_ACCEPTED);
	assert_int_equal(put("lan2", 1, "2001:db8:3::", 48, 1000, &two), DELEGATION_ACCEPTED);
	assert_int_equal(put("lan1", 2, "2001:db8:4::", 48, 1000, &two), DELEGATION_ACCEPTED);
	assert_int_equal(put("lan1", 3, "2001:db8:5::", 48, 1000, &two), DELEGATION_ACCEPTED);
	assert_int_equal(put("lan1", 4, "2001:db8:6::", 48, 1000, &two), DELEGATION_LINK_LIMIT);
	assert_int_equal(table.n_active, 5);
	/* One that has ended makes room, in the link as for the client. */
	take_happened();
	delegation_table_end_ia(&table, "lan1", &first, 1, DELEGATION_RELEASED, 100);
	take_happened();
	assert_int_equal(put("lan1", 1, "2001:db8:7::", 48, 1000, &two), DELEGATION_ACCEPTED);
	assert_int_equal(table.n_active, 4);
	assert_int_equal(table.n_ended, 1);
}

/* Only the client on the same link ends what it has. */
static void test_who_may_release(void **state)
{
	struct prefix one = prefix("2001:db8:1::", 48), two = prefix("2001:db8:2::", 48);
	struct dhcp6_duid client = duid(1), stranger = duid(2);

	(void)state;
	put("lan1", 1, "2001:db8:1::", 48, 1000, &wide);
	put("lan1", 1, "2001:db8:2::", 48, 1000, &wide);
	take_happened();
	delegation_table_end_prefix(&table, "lan2", &client, &one, DELEGATION_RELEASED, 5);
	delegation_table_end_prefix(&table, "lan1", &stranger, &one, DELEGATION_RELEASED, 5);
	delegation_table_end_ia(&table, "lan1", &stranger, 1, DELEGATION_RELEASED, 5);
	delegation_table_end_ia(&table, "lan1", &client, 9, DELEGATION_RELEASED, 5);
	assert_string_equal(take_happened(), "");
	delegation_table_end_prefix(&table, "lan1", &client, &two, DELEGATION_WITHDRAWN, 5);
	assert_string_equal(take_happened(), "withdrawn 2001:db8:2::/48 ");
	delegation_table_end_ia(&table, "lan1", &client, 1, DELEGATION_RELEASED, 5);
	assert_string_equal(take_happened(), "released 2001:db8:1::/48 ");
	delegation_table_clear(&table, delegation_table_find(&table, &one), 6);
	assert_string_equal(take_happened(), "forgotten 2001:db8:1::/48 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes_of_a_reply),
		cmocka_unit_test(test_prefixes_that_no_route_should_have),
		cmocka_unit_test(test_messages_that_delegate_nothing),
		cmocka_unit_test(test_a_release_names_prefixes_or_whole_ias),
		cmocka_unit_test(test_relays_below),
		cmocka_unit_test_setup_teardown(test_the_life_of_a_delegation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_lifetime_without_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_expiry_in_order_and_in_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_move_to_another_client, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_who_may_release, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
