/* SPDX-License-Identifier: ISC */
/*
 * Beside a server that gives the addresses: what real firmware sent to two servers, with us in
 * the place of the one that gave boot files only, and what must never be said to it.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/dhcp/proxy.h"
#include "netboot6/capture.h"
#include "tests/unit/bootd_bench.h"

#define PROXY_DUID "000200007ed970726f7879" /* of the captures */

static const char conf[] =
	"server-duid = \"" PROXY_DUID "\"\n"
	"dns = {\"2001:db8:2::2\"}\n"
	"subnet \"2001:db8:1::/64\" { addresses = proxy }\n"
	"subnet \"2001:db8:9::/64\" {}\n"
	"boot \"ipxe\" { user-class = \"iPXE\" url = \"http://[2001:db8:2::2]/boot.ipxe\" }\n"
	"boot \"http\" { arch = {x64-http} url = \"http://[2001:db8:2::2]/ipxe.efi\" }\n"
	"boot \"port\" { arch = {x64-uefi} interface-id = \"vlan100\" mac = \"52:54:00\"\n"
	"  url = \"tftp://[2001:db8:2::2]/port.efi\" }\n"
	"boot \"uefi\" { arch = {x64-uefi} url = \"tftp://[2001:db8:2::2]/snponly.efi\" }\n"
	"boot \"any\" { url = \"tftp://[2001:db8:2::2]/any\" }\n";

static int start(void **state)
{
	static struct bench b;
	static struct in6_addr own;

	bench_start(&b, conf);
	assert_int_equal(dhcp6_duid_parse(PROXY_DUID, &b.config->server_duid), 0);
	inet_pton(AF_INET6, "2001:db8:1::1", &own);
	b.arrival.on_link = &own;
	b.arrival.on_links = 1;
	*state = &b;
	return 0;
}

static int stop(void **state)
{
	bench_stop(*state);
	return 0;
}

/* --- captures -------------------------------------------------------------------------- */

struct seen {
	unsigned offers, confirmed, others, left, compared;
	char url[sizeof(((struct bench *)0)->url)]; /* the last */
};

/* The option as the server of the capture sent it to the same message, where it is at all. */
static void check_same(const struct bench *b, const struct dhcp6_message *recorded, uint16_t code)
{
	struct wire_in ours, theirs;

	assert_true(dhcp6_option_find(recorded->options, code, &theirs));
	assert_true(bench_option(b, code, &ours));
	assert_int_equal(wire_left(&ours), wire_left(&theirs));
	assert_memory_equal(ours.pos, theirs.pos, wire_left(&ours));
}

/* What the proxy of the capture answered: it is the only one on port 4011. */
static bool recorded_answer(
	const struct capture_datagram *datagram, uint8_t type, struct dhcp6_message *message)
{
	struct wire_in id;

	if (dhcp6_message_read(wire_in_of(datagram->data, datagram->len), message) < 0 ||
		message->type != type)
		return false;
	return datagram->destination_port == BOOT_SERVER_PORT ||
	       (datagram->destination_port == DHCP6_CLIENT_PORT &&
		       dhcp6_option_find(message->options, DHCP6_OPT_SERVERID, &id) &&
		       wire_left(&id) == 11 && memcmp(id.pos + 6, "proxy", 5) == 0);
}

static void take_answer(const struct bench *b, uint8_t type, struct seen *seen)
{
	struct wire_in data;

	assert_true(bench_option(b, DHCP6_OPT_VENDOR_CLASS, &data));
	assert_false(bench_option(b, DHCP6_OPT_IA_NA, &data));
	assert_false(bench_option(b, DHCP6_OPT_PREFERENCE, &data));
	assert_true(b->has_url);
	seen->offers += type == DHCP6_SOLICIT;
	seen->confirmed += type == DHCP6_REQUEST;
	strcpy(seen->url, b->url);
}

static void replay(struct bench *b, const char *name, bool is_recorded, struct seen *seen)
{
	struct dhcp6_message message, answer;
	struct capture_datagram datagram;
	struct dhcp6_chain chain;
	struct capture capture;
	uint8_t *octets;
	size_t len;
	enum exchange_drop drop = EXCHANGE_DROPS;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.pcap", CAPTURES, name);
	assert_int_equal(capture_read_file(path, &octets, &len), 0);
	assert_int_equal(capture_open(&capture, octets, len), 0);
	*seen = (struct seen){0};
	while (capture_next(&capture, &datagram)) {
		if (drop == EXCHANGE_ANSWERED && is_recorded &&
			recorded_answer(&datagram, b->reply.type, &answer)) {
			check_same(b, &answer, DHCP6_OPT_BOOTFILE_URL);
			check_same(b, &answer, DHCP6_OPT_VENDOR_CLASS);
			check_same(b, &answer, DHCP6_OPT_CLIENTID);
			drop = EXCHANGE_DROPS;
			seen->compared++;
			continue;
		}
		b->arrival.at_boot_server = datagram.destination_port == BOOT_SERVER_PORT;
		if ((datagram.destination_port != DHCP6_SERVER_PORT &&
			    !b->arrival.at_boot_server) ||
			dhcp6_chain_read(wire_in_of(datagram.data, datagram.len), &chain) < 0 ||
			dhcp6_message_read(chain.inner, &message) < 0 ||
			message.type == DHCP6_REPLY)
			continue;
		b->now_ms = datagram.at_ms;
		b->arrival.source = datagram.source;
		b->arrival.source_port = datagram.source_port;
		b->arrival.multicast = IN6_IS_ADDR_MULTICAST(&datagram.destination);
		drop = bench_octets(b, datagram.data, datagram.len);
		if (drop == EXCHANGE_ANSWERED)
			take_answer(b, message.type, seen);
		seen->others += drop == DROP_OTHER_SERVER;
		seen->left += drop == DROP_PROXY;
	}
	free(octets);
}

/* Both ways of the same boot: on the link, and through the relay. */
static void test_uefi_pxe_beside_another_server(void **state)
{
	static const char *const name[] = {
		"ovmf-2022.11-pxe6-proxy_binl_4011", "ovmf-2022.11-pxe6-proxy_binl_4011-server"};
	struct bench *b = *state;
	struct in6_addr leased, slaac;
	const struct binding *binding;
	struct seen seen;

	inet_pton(AF_INET6, "2001:db8:1::2000", &leased);
	inet_pton(AF_INET6, "2001:db8:1:0:5054:ff:fe12:3456", &slaac);
	for (int i = 0; i < 2; i++) {
		replay(b, name[i], i == 0, &seen);
		assert_int_equal(seen.offers, 1);
		assert_int_equal(seen.confirmed, 1); /* on port 4011 */
		assert_int_equal(seen.others, 2);    /* Request and Release */
		assert_int_equal(seen.left, 1);      /* the IP stack's own Solicit */
		assert_int_equal(seen.compared, i == 0 ? 2 : 0);
		assert_string_equal(seen.url, "tftp://[2001:db8:2::2]/snponly.efi");
		binding = binding_table_find_address(&b->exchange.bindings, &leased);
		assert_non_null(binding);
		assert_true(binding->is_mac);
	}
}

static void test_uefi_http_beside_another_server(void **state)
{
	struct bench *b = *state;
	struct seen seen;

	replay(b, "ovmf-2022.11-http6-proxy", true, &seen);
	assert_int_equal(seen.offers, 1);
	assert_int_equal(seen.left, 1);
	assert_int_equal(seen.compared, 1);
	replay(b, "ovmf-2022.11-http6-proxy-server", false, &seen);
	assert_int_equal(seen.offers, 1);
	assert_string_equal(seen.url, "http://[2001:db8:2::2]/ipxe.efi");
}

/* The Advertise with which it hung: ours has the class that saves it. */
static void test_firmware_gets_the_vendor_class_that_it_needs(void **state)
{
	struct bench *b = *state;
	struct seen seen;

	replay(b, "ovmf-2022.11-pxe6-proxy_no_ia_hang", false, &seen);
	assert_int_equal(seen.offers, 1);
	replay(b, "ovmf-2022.11-pxe6-silent_server", false, &seen);
	assert_true(seen.offers > 1);
}

/* --- who gets what ----------------------------------------------------------------------- */

static void put_class(struct bench *b, const char *text)
{
	size_t option = dhcp6_open_option(&b->out, DHCP6_OPT_VENDOR_CLASS), item;

	wire_put_u32(&b->out, 343);
	item = wire_open_len16(&b->out);
	wire_put_bytes(&b->out, text, strlen(text));
	wire_close_len16(&b->out, item);
	dhcp6_close_option(&b->out, option);
}

static void solicit(struct bench *b, uint16_t arch, const char *class, const char *user_class)
{
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	if (arch)
		bench_put_arch(b, arch);
	if (class)
		put_class(b, class);
	if (user_class)
		bench_put_user_class(b, user_class);
}

/* An Advertise without an address is sent only to clients that can use it. */
static void test_clients_that_get_no_offer(void **state)
{
	struct bench *b = *state;

	solicit(b, 0, NULL, NULL); /* a system */
	assert_int_equal(bench_relay(b), DROP_PROXY);
	solicit(b, 7, "PXEClient:Arch:00007", "iPXE");
	assert_int_equal(bench_relay(b), DROP_PROXY);
	solicit(b, 0, "PXEClient:Arch:00000", NULL);
	bench_put_arch(b, 0); /* BIOS */
	assert_int_equal(bench_relay(b), DROP_PROXY);
	solicit(b, 7, NULL, NULL); /* UEFI PXE that says no class: it would hang */
	assert_int_equal(bench_relay(b), DROP_PROXY);
	solicit(b, 7, "PXEClien", NULL);
	assert_int_equal(bench_relay(b), DROP_PROXY);
	solicit(b, 7, "PXEClient", NULL);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	solicit(b, 16, "HTTPClient", NULL);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
}

/* All that has to do with addresses is the other server's; options are anybody's. */
static void test_addresses_are_those_of_the_other_server(void **state)
{
	static const uint8_t type[] = {DHCP6_CONFIRM, DHCP6_REQUEST, DHCP6_RENEW, DHCP6_REBIND,
		DHCP6_RELEASE, DHCP6_DECLINE};
	struct bench *b = *state;
	struct in6_addr address;

	inet_pton(AF_INET6, "2001:db8:1::2000", &address);
	for (size_t i = 0; i < sizeof(type); i++) {
		bench_message(b, type[i]);
		if (type[i] != DHCP6_CONFIRM && type[i] != DHCP6_REBIND)
			bench_put_server_id(b);
		bench_put_ia(b, 1, &address);
		assert_int_equal(bench_relay(b), DROP_PROXY);
	}
	bench_message(b, DHCP6_INFORMATION_REQUEST);
	bench_put_user_class(b, "iPXE");
	bench_put_arch(b, 7);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_string_equal(b->url, "http://[2001:db8:2::2]/boot.ipxe");
}

static enum exchange_drop ask_boot_server(struct bench *b, const char *source)
{
	enum exchange_drop drop;

	bench_message(b, DHCP6_REQUEST);
	bench_put_server_id(b);
	bench_put_arch(b, 7);
	put_class(b, "PXEClient");
	b->arrival.at_boot_server = true;
	b->arrival.multicast = false;
	b->arrival.source_port = BOOT_SERVER_PORT;
	inet_pton(AF_INET6, source, &b->arrival.source);
	drop = bench_direct(b);
	b->arrival.at_boot_server = false;
	b->arrival.multicast = true;
	return drop;
}

/* The rule went by MAC and port, which the second request does not tell. */
static void test_second_answer_is_the_first(void **state)
{
	struct bench *b = *state;

	solicit(b, 7, "PXEClient", NULL);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_string_equal(b->url, "tftp://[2001:db8:2::2]/port.efi");
	assert_int_equal(ask_boot_server(b, "2001:db8:1::77"), EXCHANGE_ANSWERED);
	assert_string_equal(b->url, "tftp://[2001:db8:2::2]/port.efi");
	assert_int_equal(b->answer.port, BOOT_SERVER_PORT);
	assert_int_equal(b->reply.type, DHCP6_REPLY);
	/* too late: as far as can be told without */
	b->now_ms += (PROXY_REMEMBERED_S + 1) * 1000;
	b->duid.octets[3] ^= 1;
	assert_int_equal(ask_boot_server(b, "2001:db8:1::77"), EXCHANGE_ANSWERED);
	assert_string_equal(b->url, "tftp://[2001:db8:2::2]/snponly.efi");
}

static void test_boot_port_sends_nothing_else(void **state)
{
	struct bench *b = *state;

	assert_int_equal(ask_boot_server(b, "2001:db8:77::77"), DROP_NO_SUBNET);
	assert_int_equal(ask_boot_server(b, "2001:db8:9::77"), DROP_NOT_FOR_SERVERS);
	assert_int_equal(ask_boot_server(b, "2001:db8:1::77"), EXCHANGE_ANSWERED);
	solicit(b, 7, "PXEClient", NULL);
	b->arrival.at_boot_server = true;
	assert_int_equal(bench_direct(b), DROP_NOT_FOR_SERVERS);
	bench_message(b, DHCP6_REQUEST);
	bench_put_server_id(b);
	assert_int_equal(bench_relay(b), DROP_NOT_FOR_SERVERS);
	bench_message(b, DHCP6_REQUEST);
	bench_put_server_id(b);
	bench_put_ia(b, 1, NULL);
	bench_put_arch(b, 7);
	put_class(b, "PXEClient");
	assert_int_equal(bench_direct(b), DROP_PROXY);
}

int main(void)
{
#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		WITH_BENCH(test_uefi_pxe_beside_another_server),
		WITH_BENCH(test_uefi_http_beside_another_server),
		WITH_BENCH(test_firmware_gets_the_vendor_class_that_it_needs),
		WITH_BENCH(test_clients_that_get_no_offer),
		WITH_BENCH(test_addresses_are_those_of_the_other_server),
		WITH_BENCH(test_second_answer_is_the_first),
		WITH_BENCH(test_boot_port_sends_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
