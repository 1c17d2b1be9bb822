/* SPDX-License-Identifier: ISC */
/*
 * A request's way, message by message: what RFC 9915 section 18.3 answers, and what firmware
 * needs (bootd_bench.c checks that of each answer).
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/exchange_bench.h"

static void test_solicit(void **state)
{
	struct bench *b = *state;
	struct wire_in data;
	uint8_t preference;

	bench_ask(b, DHCP6_SOLICIT, 7, NULL);
	assert_int_equal(b->reply.type, DHCP6_ADVERTISE);
	assert_true(b->has_address);
	assert_true(prefix_contains(&b->config->subnet[0].prefix, &b->address));
	assert_string_equal(b->url, "tftp://[2001:db8::69]/x.efi");
	assert_true(bench_option(b, DHCP6_OPT_PREFERENCE, &data));
	assert_int_equal(dhcp6_get_u8(data, &preference), 0);
	assert_int_equal(preference, 255);
	assert_int_equal(b->valid_s, BOOT_LIFETIME_S);
	assert_int_equal(b->event.with_boot_url, true);
}

/* RFC 9915 section 18.3.9: 0 unless the operator configures it. */
static void test_preference(void **state)
{
	static const struct {
		const char *conf;
		int preference; /* 0: not sent */
	} row[] = {{"", 0}, {"preference = 0\n", 0}, {"preference = 7\n", 7},
		{"preference = 255\n", 255}, {"preference = true\n", 255},
		{"preference = false\n", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct wire_in data;
		struct bench b;
		char conf[256];
		uint8_t preference = 0;

		snprintf(conf, sizeof(conf), "%ssubnet \"2001:db8:1::/64\" {}\n", row[i].conf);
		bench_start(&b, conf);
		bench_message(&b, DHCP6_SOLICIT);
		bench_put_ia(&b, 1, NULL);
		assert_int_equal(bench_relay(&b), EXCHANGE_ANSWERED);
		if (bench_option(&b, DHCP6_OPT_PREFERENCE, &data))
			assert_int_equal(dhcp6_get_u8(data, &preference), 0);
		assert_int_equal(preference, row[i].preference);
		bench_stop(&b);
	}
}

static void put_vendor_class(struct bench *b, uint32_t enterprise, const char *text)
{
	size_t option = dhcp6_open_option(&b->out, DHCP6_OPT_VENDOR_CLASS), item;

	wire_put_u32(&b->out, enterprise);
	item = wire_open_len16(&b->out);
	wire_put_bytes(&b->out, text, strlen(text));
	wire_close_len16(&b->out, item);
	dhcp6_close_option(&b->out, option);
}

/* RFC 9915 section 21.16: one Vendor Class option per enterprise, and all of them count. */
static void test_vendor_classes(void **state)
{
	static const char conf[] = "subnet \"2001:db8:1::/64\" {}\n"
				   "boot \"x\" { arch = {x64-uefi} vendor-class = \"Acme*\" "
				   "url = \"tftp://[2001:db8::1]/acme.efi\" }\n";
	static const struct {
		uint32_t second;
		bool matches;
	} row[] = {{9, true}, {343, false}};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		bench_start(&b, conf);
		bench_message(&b, DHCP6_SOLICIT);
		bench_put_ia(&b, 1, NULL);
		bench_put_arch(&b, 7);
		put_vendor_class(&b, 343, "PXEClient:Arch:00007");
		put_vendor_class(&b, row[i].second, "AcmeServer");
		assert_int_equal(bench_relay(&b), EXCHANGE_ANSWERED);
		assert_int_equal(b.has_url, row[i].matches);
		bench_stop(&b);
	}
}

static void test_answer_goes_back_as_it_came(void **state)
{
	struct bench *b = *state;
	struct wire_in id;

	bench_ask(b, DHCP6_SOLICIT, 7, NULL);
	assert_int_equal(b->chain.count, 1);
	assert_memory_equal(&b->chain.relay[0].link_address, &b->link, 16);
	assert_memory_equal(&b->chain.relay[0].peer_address, &b->peer, 16);
	assert_true(dhcp6_option_find(b->chain.relay[0].options, DHCP6_OPT_INTERFACE_ID, &id));
	assert_int_equal(wire_left(&id), 7);
	assert_int_equal(b->answer.port, DHCP6_SERVER_PORT);
	assert_int_equal(b->answer.ifindex, 3); /* the relay's address is link-local here */
}

static void test_direct_client(void **state)
{
	struct bench *b = *state;
	struct in6_addr own[2];

	inet_pton(AF_INET6, "2001:db8:99::1", &own[0]);
	inet_pton(AF_INET6, "2001:db8:1::1", &own[1]);
	b->arrival.on_link = own;
	b->arrival.on_links = 2;
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(bench_direct(b), EXCHANGE_ANSWERED);
	assert_true(b->has_address);
	assert_int_equal(b->answer.port, DHCP6_CLIENT_PORT);
	assert_int_equal(b->valid_s, DEFAULT_LIFETIME_S); /* no architecture: no boot */
	assert_false(b->has_url);
}

static void test_no_address_no_url(void **state)
{
	struct bench *b = *state;

	inet_pton(AF_INET6, "2001:db8:2::1", &b->link);
	bench_ask(b, DHCP6_SOLICIT, 1, NULL);
	assert_int_equal(b->ia_status, DHCP6_STATUS_NO_ADDRS_AVAIL);
	assert_false(b->has_address);
	assert_false(b->has_url);
	assert_int_equal(binding_table_count(&b->exchange.bindings), 0);
	bench_ask(b, DHCP6_REQUEST, 1, NULL);
	assert_int_equal(b->ia_status, DHCP6_STATUS_NO_ADDRS_AVAIL);
	bench_ask(b, DHCP6_RENEW, 1, NULL);
	assert_int_equal(b->ia_status, DHCP6_STATUS_NO_BINDING);
}

static void test_second_ia_and_prefix(void **state)
{
	struct bench *b = *state;
	unsigned addresses = 0, statuses = 0;
	struct dhcp6_option option;
	struct wire_in options, data;

	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	bench_put_ia(b, 2, NULL);
	dhcp6_put_option(&b->out, DHCP6_OPT_IA_PD, "\0\0\0\1\0\0\0\0\0\0\0\0", 12);
	dhcp6_put_option(&b->out, DHCP6_OPT_IA_TA, "\0\0\0\1", 4);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	for (options = b->reply.options; dhcp6_option_next(&options, &option);) {
		struct wire_in inner = option.data;

		assert_int_not_equal(option.code, DHCP6_OPT_IA_TA);
		if (option.code != DHCP6_OPT_IA_NA && option.code != DHCP6_OPT_IA_PD)
			continue;
		wire_get_bytes(&inner, 12);
		addresses += dhcp6_option_find(inner, DHCP6_OPT_IAADDR, &data);
		if (dhcp6_option_find(inner, DHCP6_OPT_STATUS_CODE, &data)) {
			assert_int_equal(option.code, DHCP6_OPT_IA_PD);
			assert_int_equal(wire_get_u16(&data), DHCP6_STATUS_NO_PREFIX_AVAIL);
			statuses++;
		}
	}
	/* a system may have several addresses; a prefix is not delegated */
	assert_int_equal(addresses, 2);
	assert_int_equal(statuses, 1);

	bench_message(b, DHCP6_RENEW);
	bench_put_server_id(b);
	dhcp6_put_option(&b->out, DHCP6_OPT_IA_PD, "\0\0\0\1\0\0\0\0\0\0\0\0", 12);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_true(dhcp6_option_find(b->reply.options, DHCP6_OPT_IA_PD, &data));
	wire_get_bytes(&data, 12);
	assert_true(dhcp6_option_find(data, DHCP6_OPT_STATUS_CODE, &data));
	assert_int_equal(wire_get_u16(&data), DHCP6_STATUS_NO_BINDING);
}

static void test_request_off_link(void **state)
{
	struct bench *b = *state;
	struct in6_addr elsewhere;

	inet_pton(AF_INET6, "2001:db8:77::1", &elsewhere);
	bench_ask(b, DHCP6_REQUEST, 1, &elsewhere);
	assert_int_equal(b->ia_status, DHCP6_STATUS_NOT_ON_LINK);
	assert_false(b->has_address);
	assert_false(b->has_url);
}

static void test_confirm(void **state)
{
	struct bench *b = *state;
	struct in6_addr address;

	inet_pton(AF_INET6, "2001:db8:1::5", &address);
	bench_ask(b, DHCP6_CONFIRM, 1, &address);
	assert_int_equal(b->status, DHCP6_STATUS_SUCCESS);
	inet_pton(AF_INET6, "2001:db8:77::5", &address);
	bench_ask(b, DHCP6_CONFIRM, 1, &address);
	assert_int_equal(b->status, DHCP6_STATUS_NOT_ON_LINK);
	bench_message(b, DHCP6_CONFIRM);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(bench_relay(b), DROP_NOTHING_ASKED);
}

/* Another address than the one it shall have: that one goes (lifetime 0), the right one comes. */
static void test_renew_corrects(void **state)
{
	struct bench *b = *state;
	struct in6_addr other, stable;
	struct wire_in data, inner;
	struct dhcp6_option option;
	struct dhcp6_iaaddr address;
	struct dhcp6_ia_na ia;
	bool stale = false;

	inet_pton(AF_INET6, "2001:db8:1::bad", &other);
	for (int i = 0; i < 2; i++) {
		stable = bench_ask(b, i ? DHCP6_REBIND : DHCP6_RENEW, 1, &other);
		assert_memory_not_equal(&stable, &other, sizeof(other));
		assert_true(bench_option(b, DHCP6_OPT_IA_NA, &data));
		assert_int_equal(dhcp6_get_ia_na(data, &ia), 0);
		for (inner = ia.options; dhcp6_option_next(&inner, &option);) {
			assert_int_equal(dhcp6_get_iaaddr(option.data, &address), 0);
			stale |= IN6_ARE_ADDR_EQUAL(&address.address, &other) &&
				 address.valid_s == 0;
		}
		assert_true(stale);
	}
}

static void test_release_holds(void **state)
{
	struct bench *b = *state;
	struct in6_addr address = bench_bind(b), again;
	struct binding *binding = binding_table_find_address(&b->exchange.bindings, &address);

	bench_ask(b, DHCP6_RELEASE, 1, &address);
	assert_int_equal(b->status, DHCP6_STATUS_SUCCESS);
	assert_int_equal(binding->state, BINDING_RELEASED);
	again = bench_ask(b, DHCP6_SOLICIT, 5, NULL);
	assert_memory_equal(&address, &again, sizeof(address));
	/* what is not bound cannot be released */
	inet_pton(AF_INET6, "2001:db8:1::bad", &again);
	bench_ask(b, DHCP6_RELEASE, 1, &again);
	assert_int_equal(b->status, DHCP6_STATUS_SUCCESS);
	assert_int_equal(b->ia_status, DHCP6_STATUS_NO_BINDING);
}

/* UEFI's IP stack releases after its PXE has asked under another IAID. */
static void test_release_of_an_earlier_asker_changes_nothing(void **state)
{
	struct bench *b = *state;
	struct in6_addr address = bench_bind(b);

	bench_ask(b, DHCP6_REQUEST, 2, &address);
	bench_ask(b, DHCP6_RELEASE, 1, &address);
	assert_int_equal(b->status, DHCP6_STATUS_SUCCESS);
	assert_int_equal(b->ia_status, -1);
	assert_int_equal(
		binding_table_find_address(&b->exchange.bindings, &address)->state, BINDING_BOUND);
}

/* --- Rebind of what we have not given, section 18.3.5 ------------------------------------- */

/* The valid lifetime of this address in the answer's IA; -1: it is not there. */
static long lifetime_of(const struct bench *b, const struct in6_addr *address)
{
	struct dhcp6_iaaddr iaaddr;
	struct dhcp6_option option;
	struct dhcp6_ia_na ia;
	struct wire_in data;

	assert_true(bench_option(b, DHCP6_OPT_IA_NA, &data));
	assert_int_equal(dhcp6_get_ia_na(data, &ia), 0);
	while (dhcp6_option_next(&ia.options, &option))
		if (option.code == DHCP6_OPT_IAADDR &&
			dhcp6_get_iaaddr(option.data, &iaaddr) == 0 &&
			IN6_ARE_ADDR_EQUAL(&iaaddr.address, address))
			return (long)iaaddr.valid_s;
	return -1;
}

static void rebind(struct bench *b, const struct in6_addr *address, const struct in6_addr *other)
{
	size_t mark;

	bench_message(b, DHCP6_REBIND);
	mark = dhcp6_open_ia_na(&b->out, 1, 0, 0);
	dhcp6_put_iaaddr(&b->out, address, 100, 200);
	if (other)
		dhcp6_put_iaaddr(&b->out, other, 100, 200);
	dhcp6_close_option(&b->out, mark);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
}

/* A client of another server keeps what that gave, and gets nothing unless Rapid Commit is on. */
static void test_rebind_of_another_servers_address(void **state)
{
	struct bench *b = *state;
	struct in6_addr here = bench_in6("2001:db8:1::abcd"), off = bench_in6("2001:db8:77::1");
	struct in6_addr own;

	rebind(b, &here, NULL);
	assert_int_equal(b->ia_status, DHCP6_STATUS_NO_BINDING);
	assert_int_equal(lifetime_of(b, &here), -1);
	assert_int_equal(binding_table_count(&b->exchange.bindings), 0);
	rebind(b, &off, &here); /* what is not of the link ends */
	assert_int_equal(lifetime_of(b, &off), 0);
	assert_int_equal(lifetime_of(b, &here), -1);
	assert_int_equal(binding_table_count(&b->exchange.bindings), 0);
	bench_ask(b, DHCP6_REBIND, 1, &off); /* firmware */
	assert_int_equal(b->ia_status, DHCP6_STATUS_NO_BINDING);
	b->config->rapid_commit = true;
	rebind(b, &off, &here);
	assert_int_equal(lifetime_of(b, &off), 0);
	assert_int_equal(lifetime_of(b, &here), -1);
	assert_int_equal(binding_table_count(&b->exchange.bindings), 1);
	/* known here: still not ended, unless another machine has it */
	b->config->rapid_commit = false;
	own = b->address;
	rebind(b, &own, &here);
	assert_true(lifetime_of(b, &own) > 0);
	assert_int_equal(lifetime_of(b, &here), -1);
	bench_set_mac(b, "52:54:00:00:00:77");
	here = bench_bind(b);
	bench_set_mac(b, "52:54:00:12:34:56");
	rebind(b, &own, &here);
	assert_int_equal(lifetime_of(b, &here), 0);
}

/* A stable address that this server has forgotten is the client's own all the same. */
static void test_rebind_of_a_forgotten_address(void **state)
{
	struct bench *b = *state;
	struct in6_addr own = bench_bind(b);

	binding_table_remove(
		&b->exchange.bindings, binding_table_find_address(&b->exchange.bindings, &own));
	rebind(b, &own, NULL);
	assert_true(lifetime_of(b, &own) > 0);
}

/* Without Rapid Commit a Rebind makes no binding: the client's IA must be known. */
static void test_rebind_makes_no_binding(void **state)
{
	struct bench *b = *state;
	struct in6_addr foreign = bench_in6("2001:db8:1::f00");

	bench_ask(b, DHCP6_REBIND, 1, &foreign);
	assert_int_equal(b->ia_status, DHCP6_STATUS_NO_BINDING);
	assert_false(b->has_address);
	assert_null(binding_table_find_address(&b->exchange.bindings, &foreign));
}

/* Two prefixes of one link: the old one is not ended while the network is renumbered. */
static void test_link_of_two_prefixes(void **state)
{
	static const char *const conf[] = {"subnet \"2001:db8:1::/64\" { link = \"office\" }\n"
					   "subnet \"2001:db8:2::/64\" { link = \"office\" }\n",
		"subnet \"2001:db8:1::/64\" {}\nsubnet \"2001:db8:2::/64\" { link = \"x\" }\n"};

	(void)state;
	for (int is_shared = 1; is_shared >= 0; is_shared--) {
		struct in6_addr old, address;
		struct bench b;

		bench_start(&b, conf[!is_shared]);
		old = bench_bind(&b);
		b.link = bench_in6("2001:db8:2::1");
		bench_ask(&b, DHCP6_CONFIRM, 1, &old);
		assert_int_equal(
			b.status, is_shared ? DHCP6_STATUS_SUCCESS : DHCP6_STATUS_NOT_ON_LINK);
		address = bench_ask(&b, DHCP6_RENEW, 1, &old);
		assert_memory_not_equal(&address, &old, 8);
		assert_int_equal(lifetime_of(&b, &old), is_shared ? -1 : 0);
		bench_ask(&b, DHCP6_REQUEST, 1, &old);
		if (!is_shared)
			assert_int_equal(b.ia_status, DHCP6_STATUS_NOT_ON_LINK);
		else
			assert_true(b.has_address);
		bench_stop(&b);
	}
}

static void test_decline_moves_on(void **state)
{
	struct bench *b = *state;
	struct in6_addr first = bench_bind(b), second, third;

	bench_ask(b, DHCP6_DECLINE, 1, &first);
	assert_int_equal(b->status, DHCP6_STATUS_SUCCESS);
	second = bench_bind(b);
	assert_memory_not_equal(&first, &second, sizeof(first));
	/* also when the new one's lifetime is over, the declined one still rests */
	b->now_ms += (BOOT_LIFETIME_S + 1) * 1000;
	binding_table_expire(&b->exchange.bindings, b->now_ms);
	third = bench_ask(b, DHCP6_SOLICIT, 1, NULL);
	assert_memory_equal(&second, &third, sizeof(third));
}

/* All that a restart leaves of a machine's binding is the address that the machine names. */
static void forget_all(struct bench *b)
{
	struct binding_table *bindings = &b->exchange.bindings;

	while (binding_table_count(bindings) > 0)
		binding_table_remove(bindings, binding_table_next(bindings, NULL));
}

/* After a Decline the machine has its second address: a server that was restarted renews that. */
static void test_decline_before_a_restart(void **state)
{
	struct bench *b = *state;
	struct in6_addr first = bench_bind(b), second, renewed;

	bench_ask(b, DHCP6_DECLINE, 1, &first);
	second = bench_bind(b);
	forget_all(b);
	renewed = bench_ask(b, DHCP6_RENEW, 1, &second);
	assert_memory_equal(&second, &renewed, sizeof(second));
	assert_true(b->valid_s > 0);
	forget_all(b);
	renewed = bench_ask(b, DHCP6_REBIND, 1, &second);
	assert_memory_equal(&second, &renewed, sizeof(second));
}

/* It is known as the machine's own, so it is not given to it again. */
static void test_decline_after_a_restart(void **state)
{
	struct bench *b = *state;
	struct in6_addr first = bench_bind(b), second, third;

	forget_all(b);
	bench_ask(b, DHCP6_DECLINE, 1, &first);
	assert_int_equal(b->status, DHCP6_STATUS_SUCCESS);
	assert_int_equal(b->ia_status, -1);
	second = bench_bind(b);
	assert_memory_not_equal(&first, &second, sizeof(first));
	forget_all(b);
	bench_ask(b, DHCP6_DECLINE, 1, &second);
	assert_int_equal(b->ia_status, -1);
	third = bench_bind(b);
	assert_memory_not_equal(&second, &third, sizeof(first));
	/* another machine's is not */
	forget_all(b);
	bench_set_mac(b, "52:54:00:00:00:77");
	bench_ask(b, DHCP6_DECLINE, 1, &third);
	assert_int_equal(b->ia_status, DHCP6_STATUS_NO_BINDING);
}

/* Another node uses the host's address: it gets another one until the Decline is over. */
static void test_declined_host_address(void **state)
{
	struct bench *b = *state;
	struct in6_addr first, second, again;

	bench_set_mac(b, "52:54:00:00:00:d1");
	first = bench_bind(b);
	bench_ask(b, DHCP6_DECLINE, 1, &first);
	second = bench_bind(b);
	assert_memory_not_equal(&first, &second, sizeof(first));
	assert_true(b->decision.is_declined);
	again = bench_ask(b, DHCP6_RENEW, 1, &second);
	assert_memory_equal(&second, &again, sizeof(second));
	b->now_ms += (DECLINE_HELD_S + 1) * 1000;
	binding_table_expire(&b->exchange.bindings, b->now_ms);
	again = bench_bind(b);
	assert_memory_equal(&first, &again, sizeof(first));
}

static void test_information_request(void **state)
{
	struct bench *b = *state;
	struct wire_in data;

	b->duid.len = 0; /* allowed here */
	bench_message(b, DHCP6_INFORMATION_REQUEST);
	bench_put_user_class(b, "iPXE");
	bench_put_arch(b, 7);
	bench_put_oro(b, DHCP6_OPT_DOMAIN_LIST);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_string_equal(b->url, "http://[2001:db8::69]/b.ipxe?m=52:54:00:12:34:56&u=${uuid}");
	assert_true(bench_option(b, DHCP6_OPT_DOMAIN_LIST, &data));
	assert_false(bench_option(b, DHCP6_OPT_DNS_SERVERS, &data)); /* not asked for */
	assert_false(bench_option(b, DHCP6_OPT_CLIENTID, &data));
	assert_int_equal(binding_table_count(&b->exchange.bindings), 0);
}

/* --- what firmware needs ----------------------------------------------------- */

static void test_options_of_each_firmware(void **state)
{
	struct bench *b = *state;
	struct wire_in data;

	bench_ask(b, DHCP6_SOLICIT, 1, NULL); /* UEFI PXE */
	assert_false(bench_option(b, DHCP6_OPT_VENDOR_CLASS, &data));
	assert_true(bench_option(b, DHCP6_OPT_BOOTFILE_PARAM, &data));
	assert_true(bench_option(b, DHCP6_OPT_CLIENT_ARCH, &data));
	for (int i = 0; i < 2; i++) {
		bench_message(b, i ? DHCP6_REQUEST : DHCP6_SOLICIT);
		if (i)
			bench_put_server_id(b);
		bench_put_ia(b, 1, NULL);
		bench_put_arch(b, 16);
		assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
		assert_true(bench_option(b, DHCP6_OPT_VENDOR_CLASS, &data));
		assert_memory_equal(data.pos, "\0\0\x01\x57\0\x0aHTTPClient", 16);
		assert_string_equal(b->url, "http://[2001:db8::69]/x.efi");
	}
	/* 9, by an older list, is x64 too */
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	bench_put_arch(b, 9);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_string_equal(b->url, "tftp://[2001:db8::69]/x.efi");
	/* no rule for it */
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	bench_put_arch(b, 27);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_true(b->has_address);
	assert_false(b->has_url);
}

/* All that can be configured at once still fits in an Advertise that UEFI takes (the bench looks).
 */
static void test_the_largest_advertise(void **state)
{
	char text[4096] = "subnet \"2001:db8:1::/64\" { interface = eth0 }\ndns = {\"::1\"";
	uint8_t codes[] = {0, 59, 0, 60, 0, 23, 0, 24, 0, 16};
	struct bench b;

	(void)state;
	for (int i = 1; i < DNS_SERVERS_MAX; i++)
		strcat(text, ", \"::1\"");
	strcat(text, "}\ndomain-search = {\"a.example\"");
	for (int i = 1; i < 23; i++)
		strcat(text, ", \"b.example\"");
	strcat(text, "}\nboot \"long\" { arch = {x64-http} url = \"http://[2001:db8::69]/");
	for (size_t i = strlen("http://[2001:db8::69]/.efi"); i < BOOT_URL_SIZE - 1; i++)
		strcat(text, "x");
	strcat(text, ".efi\" }\n");
	bench_start(&b, text);
	bench_message(&b, DHCP6_SOLICIT);
	bench_put_ia(&b, 1, NULL);
	bench_put_arch(&b, 16);
	dhcp6_put_option(&b.out, DHCP6_OPT_ORO, codes, sizeof(codes));
	assert_int_equal(bench_direct(&b), EXCHANGE_ANSWERED);
	assert_int_equal(strlen(b.url), BOOT_URL_SIZE - 1);
	assert_true(b.answer.out.len > 1300);
	bench_stop(&b);
}

int main(void)
{
#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, exchange_bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rebind_of_another_servers_address,
			exchange_bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_rebind_of_a_forgotten_address, exchange_bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_rebind_makes_no_binding, exchange_bench_setup, bench_teardown),
		cmocka_unit_test(test_link_of_two_prefixes),
		cmocka_unit_test(test_preference),
		cmocka_unit_test(test_vendor_classes),
		WITH_BENCH(test_solicit),
		WITH_BENCH(test_answer_goes_back_as_it_came),
		WITH_BENCH(test_direct_client),
		WITH_BENCH(test_no_address_no_url),
		WITH_BENCH(test_second_ia_and_prefix),
		WITH_BENCH(test_request_off_link),
		WITH_BENCH(test_confirm),
		WITH_BENCH(test_renew_corrects),
		WITH_BENCH(test_release_holds),
		WITH_BENCH(test_release_of_an_earlier_asker_changes_nothing),
		WITH_BENCH(test_decline_before_a_restart),
		WITH_BENCH(test_decline_after_a_restart),
		WITH_BENCH(test_decline_moves_on),
		WITH_BENCH(test_declined_host_address),
		WITH_BENCH(test_information_request),
		WITH_BENCH(test_options_of_each_firmware),
		cmocka_unit_test(test_the_largest_advertise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
