/* SPDX-License-Identifier: ISC */
/*
 * A request's way, message by message: what RFC 9915 section 16 discards, what
 * section 18.3 answers, and what firmware needs (bootd_bench.c checks that of each answer).
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/bootd_bench.h"

static const char conf[] =
	"dns = {\"2001:db8::53\"} domain-search = {\"example.org\"}\n"
	"subnet \"2001:db8:1::/64\" {}\n"
	"subnet \"2001:db8:2::/64\" { addresses = none }\n"
	"host \"db1\" { mac = \"52:54:00:00:00:d1\" address = \"2001:db8:1::d1\" }\n"
	"host \"db2\" { uuid = \"00112233-4455-6677-8899-aabbccddeeff\" "
	"address = \"2001:db8:2::d2\" }\n"
	"boot \"ipxe\" { user-class = \"iPXE\" url = "
	"\"http://[2001:db8::69]/b.ipxe?m=${mac}&u=${uuid}\" }\n"
	"boot \"http\" { arch = {x64-http} url = \"http://[2001:db8::69]/x.efi\" }\n"
	"boot \"uefi\" { arch = {x64-uefi} url = \"tftp://[2001:db8::69]/x.efi\" "
	"param = {\"700\"} }\n"
	"boot \"arm\" { arch = {arm64-uefi} url = \"tftp://[2001:db8::69]/${uuid}.efi\" }\n";

static int start(void **state)
{
	return bench_setup(state, conf);
}

static struct in6_addr ask(struct bench *b, uint8_t type, uint32_t iaid, const struct in6_addr *has)
{
	bench_message(b, type);
	if (type != DHCP6_SOLICIT && type != DHCP6_REBIND && type != DHCP6_CONFIRM)
		bench_put_server_id(b);
	bench_put_ia(b, iaid, has);
	bench_put_arch(b, 7);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	return b->address;
}

static struct in6_addr bind_address(struct bench *b)
{
	struct in6_addr offered = ask(b, DHCP6_SOLICIT, 1, NULL);

	return ask(b, DHCP6_REQUEST, 1, &offered);
}

static void set_mac(struct bench *b, const char *text)
{
	assert_int_equal(dhcp6_mac_parse(text, b->mac), 0);
}

/* --- answers ------------------------------------------------------------------- */

static void test_solicit(void **state)
{
	struct bench *b = *state;
	struct wire_in data;
	uint8_t preference;

	ask(b, DHCP6_SOLICIT, 7, NULL);
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

static void test_answer_goes_back_as_it_came(void **state)
{
	struct bench *b = *state;
	struct wire_in id;

	ask(b, DHCP6_SOLICIT, 7, NULL);
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

static void test_one_machine_one_address(void **state)
{
	struct bench *b = *state;
	struct in6_addr uefi = bind_address(b), ipxe, other;

	assert_int_equal(dhcp6_duid_parse("000400112233445566778899aabbccddeeff", &b->duid), 0);
	ipxe = ask(b, DHCP6_SOLICIT, 99, NULL);
	assert_memory_equal(&uefi, &ipxe, sizeof(uefi));
	ipxe = ask(b, DHCP6_REQUEST, 99, &ipxe);
	assert_memory_equal(&uefi, &ipxe, sizeof(uefi));
	set_mac(b, "52:54:00:99:99:99");
	other = ask(b, DHCP6_SOLICIT, 99, NULL);
	assert_memory_not_equal(&uefi, &other, sizeof(uefi));
	assert_int_equal(binding_table_count(&b->exchange.bindings), 2);
}

static void test_without_mac_the_duid_counts(void **state)
{
	struct bench *b = *state;
	struct in6_addr first, second;

	b->with_mac = false;
	assert_int_equal(dhcp6_duid_parse("0002000000090001", &b->duid), 0);
	first = ask(b, DHCP6_SOLICIT, 1, NULL);
	assert_int_equal(b->event.facts == NULL, false);
	assert_false(b->decision.machine.is_mac);
	assert_int_equal(dhcp6_duid_parse("0002000000090002", &b->duid), 0);
	second = ask(b, DHCP6_SOLICIT, 1, NULL);
	assert_memory_not_equal(&first, &second, sizeof(first));
}

/* --- where the MAC comes from ---------------------------------------------------- */

static void check_mac(const struct bench *b, enum client_mac_source source, const char *mac)
{
	char text[MACHINE_TEXT];

	assert_int_equal(b->mac_source, source);
	assert_string_equal(machine_format(&b->decision.machine, text), mac);
}

/* Option 79 before the EUI-64 of the address before the DUID; none of them: the DUID itself. */
static void test_mac_sources_of_a_relayed_client(void **state)
{
	struct bench *b = *state;

	inet_pton(AF_INET6, "fe80::5054:ff:fe00:e064", &b->peer);
	assert_int_equal(dhcp6_duid_parse("0003000152540000d01d", &b->duid), 0);
	ask(b, DHCP6_SOLICIT, 1, NULL);
	check_mac(b, CLIENT_MAC_RELAY, "52:54:00:12:34:56");
	b->with_mac = false;
	ask(b, DHCP6_SOLICIT, 1, NULL);
	check_mac(b, CLIENT_MAC_EUI64, "52:54:00:00:e0:64");
	inet_pton(AF_INET6, "fe80::1:2:3:4", &b->peer);
	ask(b, DHCP6_SOLICIT, 1, NULL);
	check_mac(b, CLIENT_MAC_DUID, "52:54:00:00:d0:1d");
	assert_int_equal(dhcp6_duid_parse("0002000000090001", &b->duid), 0);
	ask(b, DHCP6_SOLICIT, 1, NULL);
	check_mac(b, CLIENT_MAC_UNKNOWN, "0002000000090001");
	assert_false(client_mac_is_hint(CLIENT_MAC_RELAY) || client_mac_is_hint(CLIENT_MAC_FRAME));
	assert_true(client_mac_is_hint(CLIENT_MAC_EUI64) && client_mac_is_hint(CLIENT_MAC_DUID));
}

/* On a link of ours the frame counts; a client cannot say option 79 itself. */
static void test_mac_of_a_direct_client_is_its_frames(void **state)
{
	static const uint8_t framed[] = {0x52, 0x54, 0, 0, 0xf7, 0xa3},
			     forged[] = {2, 2, 2, 2, 2, 2};
	struct bench *b = *state;
	struct in6_addr own;

	inet_pton(AF_INET6, "2001:db8:1::1", &own);
	b->arrival.on_link = &own;
	b->arrival.on_links = 1;
	b->arrival.mac = framed;
	inet_pton(AF_INET6, "fe80::5054:ff:fe00:e064", &b->arrival.source);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	dhcp6_put_linklayer(&b->out, 1, forged, 6);
	assert_int_equal(bench_direct(b), EXCHANGE_ANSWERED);
	check_mac(b, CLIENT_MAC_FRAME, "52:54:00:00:f7:a3");
}

/*
 * A whole boot: each stage with a DUID and IAID of its own; the relay that tells the MAC
 * comes only later, and before that the MAC is read from the client's address.
 */
static void test_one_address_from_hint_to_proof(void **state)
{
	static const struct stage {
		const char *duid;
		uint32_t iaid;
		bool with_mac;
	} stage[] = {
		{"000433221100554477668899aabbccddeeff", 0x11111111, false}, /* UEFI */
		{"000433221100554477668899aabbccddeeff", 0x22222222, true},
		{"000400112233445566778899aabbccddeeff", 0xaa55b0df, true}, /* iPXE */
		{"00030001525400123456", 0, true},                          /* GRUB */
		{"000200000ab11234567890abcdef", 0x33333333, false},        /* systemd */
		{"000100012a2b2c2d525400123456", 0x33333333, true},         /* another installer */
	};
	struct bench *b = *state;
	struct in6_addr first = {0}, got;

	inet_pton(AF_INET6, "fe80::5054:ff:fe12:3456", &b->peer);
	for (size_t i = 0; i < sizeof(stage) / sizeof(stage[0]); i++) {
		assert_int_equal(dhcp6_duid_parse(stage[i].duid, &b->duid), 0);
		b->with_mac = stage[i].with_mac;
		got = ask(b, DHCP6_SOLICIT, stage[i].iaid, NULL);
		check_mac(b, stage[i].with_mac ? CLIENT_MAC_RELAY : CLIENT_MAC_EUI64,
			"52:54:00:12:34:56");
		got = ask(b, DHCP6_REQUEST, stage[i].iaid, &got);
		if (i == 0)
			first = got;
		assert_memory_equal(&first, &got, sizeof(got));
		/* EDK2 releases what the next stage goes on using. */
		ask(b, DHCP6_RELEASE, stage[i].iaid, &got);
		b->now_ms += 20000;
		binding_table_expire(&b->exchange.bindings, b->now_ms);
	}
	assert_int_equal(binding_table_count(&b->exchange.bindings), 1);
}

/* Whoever sits on it, whatever it did before: its host gets what the operator wrote. */
static void test_host_never_lacks_its_address(void **state)
{
	struct bench *b = *state;
	struct in6_addr host, other;

	inet_pton(AF_INET6, "2001:db8:1::d1", &host);
	other = ask(b, DHCP6_SOLICIT, 1, NULL);
	binding_table_set_address(&b->exchange.bindings,
		binding_table_find_address(&b->exchange.bindings, &other), &host, false);
	set_mac(b, "52:54:00:00:00:d1");
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(
			dhcp6_duid_parse("000400112233445566778899aabbccddeeff", &b->duid), 0);
		b->duid.octets[17] = (uint8_t)i;
		other = ask(b, DHCP6_SOLICIT, i, NULL);
		assert_memory_equal(&host, &other, sizeof(host));
		other = ask(b, DHCP6_REQUEST, i, &host);
		assert_memory_equal(&host, &other, sizeof(host));
		ask(b, i % 2 ? DHCP6_DECLINE : DHCP6_RELEASE, i, &host);
	}
	set_mac(b, "52:54:00:12:34:56");
	other = ask(b, DHCP6_SOLICIT, 1, &host);
	assert_memory_not_equal(&host, &other, sizeof(host));
}

static void test_host_address(void **state)
{
	struct bench *b = *state;
	struct in6_addr got;

	set_mac(b, "52:54:00:00:00:d1");
	got = ask(b, DHCP6_SOLICIT, 1, NULL);
	assert_string_equal(bench_text(&got), "2001:db8:1::d1");
	/* in a subnet without addresses, by a UUID in SMBIOS order */
	set_mac(b, "52:54:00:00:00:d2");
	inet_pton(AF_INET6, "2001:db8:2::1", &b->link);
	assert_int_equal(dhcp6_duid_parse("000433221100554477668899aabbccddeeff", &b->duid), 0);
	got = ask(b, DHCP6_SOLICIT, 1, NULL);
	assert_string_equal(bench_text(&got), "2001:db8:2::d2");
}

static void test_no_address_no_url(void **state)
{
	struct bench *b = *state;

	inet_pton(AF_INET6, "2001:db8:2::1", &b->link);
	ask(b, DHCP6_SOLICIT, 1, NULL);
	assert_int_equal(b->ia_status, DHCP6_STATUS_NO_ADDRS_AVAIL);
	assert_false(b->has_address);
	assert_false(b->has_url);
	assert_int_equal(binding_table_count(&b->exchange.bindings), 0);
	ask(b, DHCP6_REQUEST, 1, NULL);
	assert_int_equal(b->ia_status, DHCP6_STATUS_NO_ADDRS_AVAIL);
	ask(b, DHCP6_RENEW, 1, NULL);
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
		statuses += dhcp6_option_find(inner, DHCP6_OPT_STATUS_CODE, &data);
	}
	assert_int_equal(addresses, 1);
	assert_int_equal(statuses, 2);
}

static void test_request_off_link(void **state)
{
	struct bench *b = *state;
	struct in6_addr elsewhere;

	inet_pton(AF_INET6, "2001:db8:77::1", &elsewhere);
	ask(b, DHCP6_REQUEST, 1, &elsewhere);
	assert_int_equal(b->ia_status, DHCP6_STATUS_NOT_ON_LINK);
	assert_false(b->has_address);
	assert_false(b->has_url);
}

static void test_confirm(void **state)
{
	struct bench *b = *state;
	struct in6_addr address;

	inet_pton(AF_INET6, "2001:db8:1::5", &address);
	ask(b, DHCP6_CONFIRM, 1, &address);
	assert_int_equal(b->status, DHCP6_STATUS_SUCCESS);
	inet_pton(AF_INET6, "2001:db8:77::5", &address);
	ask(b, DHCP6_CONFIRM, 1, &address);
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
		stable = ask(b, i ? DHCP6_REBIND : DHCP6_RENEW, 1, &other);
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
	struct in6_addr address = bind_address(b), again;
	struct binding *binding = binding_table_find_address(&b->exchange.bindings, &address);

	ask(b, DHCP6_RELEASE, 1, &address);
	assert_int_equal(b->status, DHCP6_STATUS_SUCCESS);
	assert_int_equal(binding->state, BINDING_RELEASED);
	again = ask(b, DHCP6_SOLICIT, 5, NULL);
	assert_memory_equal(&address, &again, sizeof(address));
	/* what is not bound cannot be released */
	inet_pton(AF_INET6, "2001:db8:1::bad", &again);
	ask(b, DHCP6_RELEASE, 1, &again);
	assert_int_equal(b->status, DHCP6_STATUS_SUCCESS);
	assert_int_equal(b->ia_status, DHCP6_STATUS_NO_BINDING);
}

/* UEFI's IP stack releases after its PXE has asked under another IAID. */
static void test_release_of_an_earlier_asker_changes_nothing(void **state)
{
	struct bench *b = *state;
	struct in6_addr address = bind_address(b);

	ask(b, DHCP6_REQUEST, 2, &address);
	ask(b, DHCP6_RELEASE, 1, &address);
	assert_int_equal(b->status, DHCP6_STATUS_SUCCESS);
	assert_int_equal(b->ia_status, -1);
	assert_int_equal(
		binding_table_find_address(&b->exchange.bindings, &address)->state, BINDING_BOUND);
}

static void test_decline_moves_on(void **state)
{
	struct bench *b = *state;
	struct in6_addr first = bind_address(b), second, third;

	ask(b, DHCP6_DECLINE, 1, &first);
	assert_int_equal(b->status, DHCP6_STATUS_SUCCESS);
	second = bind_address(b);
	assert_memory_not_equal(&first, &second, sizeof(first));
	/* also when the new one's lifetime is over, the declined one still rests */
	b->now_ms += (BOOT_LIFETIME_S + 1) * 1000;
	binding_table_expire(&b->exchange.bindings, b->now_ms);
	third = ask(b, DHCP6_SOLICIT, 1, NULL);
	assert_memory_equal(&second, &third, sizeof(third));
}

static void test_declined_host_address_stays(void **state)
{
	struct bench *b = *state;
	struct in6_addr first, second;

	set_mac(b, "52:54:00:00:00:d1");
	first = bind_address(b);
	ask(b, DHCP6_DECLINE, 1, &first);
	second = ask(b, DHCP6_SOLICIT, 1, NULL);
	assert_memory_equal(&first, &second, sizeof(first));
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

static void test_options_of_each_firmware(void **state)
{
	struct bench *b = *state;
	struct wire_in data;

	ask(b, DHCP6_SOLICIT, 1, NULL); /* UEFI PXE */
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

/* UEFI sends the octets of SMBIOS, iPXE those of RFC 6355: ${uuid} is the same. */
static void test_uuid_is_the_same_of_uefi_and_ipxe(void **state)
{
	struct bench *b = *state;

	assert_int_equal(dhcp6_duid_parse("000433221100554477668899aabbccddeeff", &b->duid), 0);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	bench_put_arch(b, 11);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_string_equal(
		b->url, "tftp://[2001:db8::69]/00112233-4455-6677-8899-aabbccddeeff.efi");
	assert_int_equal(dhcp6_duid_parse("000400112233445566778899aabbccddeeff", &b->duid), 0);
	bench_message(b, DHCP6_INFORMATION_REQUEST);
	bench_put_arch(b, 11);
	bench_put_user_class(b, "iPXE");
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_string_equal(b->url, "http://[2001:db8::69]/b.ipxe?m=52:54:00:12:34:56"
				    "&u=00112233-4455-6677-8899-aabbccddeeff");
}

/* --- discarded ------------------------------------------------------------------- */

enum { OURS = 1, OTHERS, IA = 4, NO_CLIENT = 8, TO_UNICAST = 16, FOREIGN = 32, NO_LINK = 64 };

static void test_discarded(void **state)
{
	static const struct {
		const char *what;
		uint8_t type;
		int how;
		enum exchange_drop drop;
	} row[] = {
		{"Solicit without Client Identifier", DHCP6_SOLICIT, IA | NO_CLIENT,
			DROP_NO_CLIENT_ID},
		{"Solicit with a Server Identifier", DHCP6_SOLICIT, IA | OURS, DROP_WITH_SERVER_ID},
		{"Solicit that wants nothing", DHCP6_SOLICIT, 0, DROP_NOTHING_ASKED},
		{"Request without Server Identifier", DHCP6_REQUEST, IA, DROP_NO_SERVER_ID},
		{"Request for another server", DHCP6_REQUEST, IA | OTHERS, DROP_OTHER_SERVER},
		{"Confirm with a Server Identifier", DHCP6_CONFIRM, IA | OURS, DROP_WITH_SERVER_ID},
		{"Renew for another server", DHCP6_RENEW, IA | OTHERS, DROP_OTHER_SERVER},
		{"Renew without Server Identifier", DHCP6_RENEW, IA, DROP_NO_SERVER_ID},
		{"Rebind with a Server Identifier", DHCP6_REBIND, IA | OURS, DROP_WITH_SERVER_ID},
		{"Release for another server", DHCP6_RELEASE, IA | OTHERS, DROP_OTHER_SERVER},
		{"Decline without Server Identifier", DHCP6_DECLINE, IA, DROP_NO_SERVER_ID},
		{"Information-request with an IA", DHCP6_INFORMATION_REQUEST, IA, DROP_WITH_IA},
		{"Information-request for another", DHCP6_INFORMATION_REQUEST, OTHERS,
			DROP_OTHER_SERVER},
		{"Advertise", DHCP6_ADVERTISE, IA | OTHERS, DROP_NOT_FOR_SERVERS},
		{"Reply", DHCP6_REPLY, IA | OTHERS, DROP_NOT_FOR_SERVERS},
		{"Reconfigure", DHCP6_RECONFIGURE, OTHERS, DROP_NOT_FOR_SERVERS},
		{"type 0", 0, IA, DROP_NOT_FOR_SERVERS},
		{"type 99", 99, IA, DROP_NOT_FOR_SERVERS},
		{"type 255", 255, IA, DROP_NOT_FOR_SERVERS},
		{"unicast from a client", DHCP6_SOLICIT, IA | TO_UNICAST, DROP_UNICAST},
		{"a subnet that is not ours", DHCP6_SOLICIT, IA | FOREIGN, DROP_NO_SUBNET},
		{"no link-address at all", DHCP6_SOLICIT, IA | NO_LINK, DROP_NO_SUBNET},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct bench b;
		enum exchange_drop drop;

		(void)state;
		bench_start(&b, conf);
		if (row[i].how & NO_CLIENT)
			b.duid.len = 0;
		bench_message(&b, row[i].type);
		if (row[i].how & 3)
			bench_put_server_id(&b);
		if ((row[i].how & 3) == OTHERS)
			b.ask[b.out.len - 1] ^= 1;
		if (row[i].how & IA)
			bench_put_ia(&b, 1, NULL);
		if (row[i].how & FOREIGN)
			b.link.s6_addr[7] = 0x77;
		if (row[i].how & NO_LINK)
			b.link = (struct in6_addr){0};
		b.arrival.multicast = !(row[i].how & TO_UNICAST);
		drop = row[i].how & TO_UNICAST ? bench_direct(&b) : bench_relay(&b);
		if (drop != row[i].drop)
			fail_msg("%s: %s, not %s", row[i].what, exchange_drop_name(drop),
				exchange_drop_name(row[i].drop));
		assert_int_equal(b.exchange.counters.dropped[drop], 1);
		assert_int_equal(b.told, 0);
		bench_stop(&b);
	}
}

static void test_malformed(void **state)
{
	struct bench *b = *state;
	uint8_t whole[2048];
	size_t len;

	/* every cut of a Solicit is discarded or a shorter whole message: none may be read past */
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	bench_put_arch(b, 7);
	bench_put_user_class(b, "iPXE");
	bench_put_oro(b, 59);
	len = b->out.len;
	memcpy(whole, b->ask, len);
	for (size_t cut = 0; cut < len; cut++) {
		enum exchange_drop drop;

		memcpy(b->ask, whole, cut);
		b->out.len = cut;
		drop = bench_relay(b);
		assert_true(drop == DROP_MALFORMED || cut >= 4);
	}
	assert_true(b->exchange.counters.dropped[DROP_MALFORMED] > len / 2);

	bench_message(b, DHCP6_SOLICIT);
	dhcp6_put_option(&b->out, DHCP6_OPT_IA_NA, "\0\0\0\1", 4);
	assert_int_equal(bench_relay(b), DROP_MALFORMED);
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	dhcp6_put_option(&b->out, DHCP6_OPT_CLIENT_ARCH, "\0", 1);
	assert_int_equal(bench_relay(b), DROP_MALFORMED);
	b->duid.len = 2; /* too short to be one */
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(bench_relay(b), DROP_MALFORMED);
}

/* Only the relay next to the client knows the MAC; the innermost link-address that is one counts.
 */
static void test_chain_of_relays(void **state)
{
	static const uint8_t inner_mac[] = {0x52, 0x54, 0, 0, 0, 1},
			     outer_mac[] = {2, 2, 2, 2, 2, 2};
	static const struct in6_addr none;
	struct bench *b = *state;
	uint8_t inner[1024], outer[2048];
	struct wire_out in = wire_out_of(inner, sizeof(inner)),
			out = wire_out_of(outer, sizeof(outer));
	struct wire_in data;

	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, 1, NULL);
	dhcp6_put_relay_header(&in, DHCP6_RELAY_FORW, 0, &none, &b->peer);
	dhcp6_put_linklayer(&in, 1, inner_mac, 6);
	dhcp6_put_option(&in, DHCP6_OPT_RELAY_MSG, b->ask, b->out.len);
	dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 1, &b->link, &b->arrival.source);
	dhcp6_put_linklayer(&out, 1, outer_mac, 6);
	dhcp6_put_u16_option(&out, DHCP6_OPT_RELAY_PORT, 0);
	dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, inner, in.len);
	b->arrival.multicast = false;
	b->arrival.source_port = 33333;
	assert_int_equal(bench_octets(b, outer, out.len), EXCHANGE_ANSWERED);
	assert_int_equal(b->chain.count, 2);
	assert_int_equal(b->chain.relay[0].hop_count, 1);
	assert_int_equal(b->chain.relay[1].hop_count, 0);
	assert_memory_equal(b->decision.machine.octets, inner_mac, 6);
	assert_true(dhcp6_option_find(b->chain.relay[0].options, DHCP6_OPT_RELAY_PORT, &data));
	assert_false(dhcp6_option_find(b->chain.relay[1].options, DHCP6_OPT_RELAY_PORT, &data));
	assert_int_equal(b->answer.port, 33333); /* RFC 8357 */
}

/* Two servers with one key, and one after its restart, say the same. */
static void test_same_key_same_address(void **state)
{
	struct bench other, *b = *state;
	struct in6_addr here = ask(b, DHCP6_SOLICIT, 1, NULL), there;

	bench_start(&other, conf);
	there = ask(&other, DHCP6_SOLICIT, 2, NULL);
	assert_memory_equal(&here, &there, sizeof(here));
	other.config->key[0] ^= 1;
	bench_stop(&other);
	bench_start(&other, conf);
	other.config->key[0] ^= 1;
	there = ask(&other, DHCP6_SOLICIT, 2, NULL);
	assert_memory_not_equal(&here, &there, sizeof(here));
	bench_stop(&other);
}

int main(void)
{
#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, start, bench_teardown)
	const struct CMUnitTest tests[] = {
		WITH_BENCH(test_solicit),
		WITH_BENCH(test_answer_goes_back_as_it_came),
		WITH_BENCH(test_direct_client),
		WITH_BENCH(test_one_machine_one_address),
		WITH_BENCH(test_without_mac_the_duid_counts),
		WITH_BENCH(test_mac_sources_of_a_relayed_client),
		WITH_BENCH(test_mac_of_a_direct_client_is_its_frames),
		WITH_BENCH(test_one_address_from_hint_to_proof),
		WITH_BENCH(test_host_never_lacks_its_address),
		WITH_BENCH(test_host_address),
		WITH_BENCH(test_no_address_no_url),
		WITH_BENCH(test_second_ia_and_prefix),
		WITH_BENCH(test_request_off_link),
		WITH_BENCH(test_confirm),
		WITH_BENCH(test_renew_corrects),
		WITH_BENCH(test_release_holds),
		WITH_BENCH(test_release_of_an_earlier_asker_changes_nothing),
		WITH_BENCH(test_decline_moves_on),
		WITH_BENCH(test_declined_host_address_stays),
		WITH_BENCH(test_information_request),
		WITH_BENCH(test_options_of_each_firmware),
		cmocka_unit_test(test_the_largest_advertise),
		WITH_BENCH(test_uuid_is_the_same_of_uefi_and_ipxe),
		cmocka_unit_test(test_discarded),
		WITH_BENCH(test_malformed),
		WITH_BENCH(test_chain_of_relays),
		WITH_BENCH(test_same_key_same_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
