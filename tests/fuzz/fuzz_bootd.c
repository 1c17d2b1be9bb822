/* SPDX-License-Identifier: ISC */
/*
 * Datagrams from anyone, one after the other, to one bootd: answered or not, the
 * answer is well formed and none that firmware would hang on.
 *
 * Input: {flags, 16-bit length, that many octets} and so on; what is cut short is
 * taken as far as it goes.
 *	1   sent by multicast
 *	2   the frame's MAC is known
 *	4   the Server Identifier in it is ours
 *	8   some time has passed
 *	16  in a subnet where another server gives the addresses
 *	32  to port 4011
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/config/conf_file.h"
#include "bootd/dhcp/exchange.h"
#include "bootd/dhcp/proxy.h"
#include "bootd/progress/boot_log.h"
#include "bootd/progress/boot_progress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ERP_LOCAL_DOMAIN_NAME = 65 }; /* what relays may supply, empty or not */
enum { MULTICAST = 1, WITH_MAC = 2, OUR_SERVER_ID = 4, LATER = 8, PROXY = 16, BOOT_SERVER = 32 };

static const char conf[] =
	"dns = {\"2001:db8::53\"} domain-search = {\"example.org\"}\n"
	"leasequery = {\"fe80::/10\"} rapid-commit = true sol-max-rt = \"1h\" inf-max-rt = \"1h\" "
	"information-refresh = "
	"\"1h\"\n"
	"key = \"the key of the fuzzer\" server-duid = \"000300010200000000aa\"\n"
	"subnet \"2001:db8:1::/64\" { interface = \"eth0\" }\n"
	"subnet \"2001:db8::/32\" { addresses = none }\n"
	"subnet \"2001:db8:2::/64\" { addresses = pool pool = \"2001:db8:2::-2001:db8:2::3\" }\n"
	"subnet \"2001:db8:4::/64\" { addresses = proxy }\n"
	"host \"a\" { mac = \"52:54:00:12:34:56\" address = \"2001:db8:1::d1\" }\n"
	"boot \"i\" { user-class = \"iPXE\" url = \"http://[2001:db8::1]/b?m=${mac}&u=${uuid}\" }\n"
	"boot \"h\" { arch = {x64-http} url = \"http://[2001:db8::1]/x.efi\" }\n"
	"boot \"u\" { arch = {x64-uefi} url = \"tftp://[2001:db8::1]/x.efi\" param = {\"7\"} }\n"
	"boot \"r\" { remote-id = \"r*\" vendor-class = \"PXE*\" interface-id = \"v*\"\n"
	"  url = \"tftp://[2001:db8::1]/${arch}/${address}\" }\n"
	"boot \"x\" { url = \"tftp://[2001:db8::1]/any\" }\n";

static void demand(bool true_thing)
{
	if (!true_thing)
		abort();
}

static struct boot_config *load(void)
{
	struct config_problems problems = {0};
	struct boot_config *config;

	demand(conf_text_load("bootd.conf", conf, &config, &problems) == 0);
	return config;
}

static void check_ia(struct wire_in data, bool *with_address)
{
	struct dhcp6_option option;
	struct dhcp6_iaaddr address;
	struct dhcp6_ia_na ia;

	demand(dhcp6_get_ia_na(data, &ia) == 0);
	demand(ia.t1_s <= ia.t2_s);
	while (dhcp6_option_next(&ia.options, &option)) {
		if (option.code != DHCP6_OPT_IAADDR)
			continue;
		demand(dhcp6_get_iaaddr(option.data, &address) == 0);
		demand(address.preferred_s <= address.valid_s);
		*with_address |= address.valid_s > 0;
	}
}

/* Without an address UEFI goes on with "HTTPClient" or its own "PXEClient" only. */
static bool is_class_of_proxy(struct wire_in data)
{
	struct dhcp6_vendor_class vendor;
	struct wire_in item;

	demand(dhcp6_get_vendor_class(data, &vendor) == 0);
	return dhcp6_class_next(&vendor.classes, &item) && wire_left(&item) >= 9 &&
	       (memcmp(item.pos, "PXEClient", 9) == 0 || memcmp(item.pos, "HTTPClien", 9) == 0);
}

static void check_answer(struct wire_in in)
{
	bool with_address = false, with_url = false, is_proxys = false;
	struct dhcp6_message message;
	struct dhcp6_option option;
	struct dhcp6_relay relay;

	while (dhcp6_is_relay_type(dhcp6_peek_type(&in))) {
		demand(dhcp6_relay_read(in, &relay) == 0 && relay.type == DHCP6_RELAY_REPL);
		demand(dhcp6_option_find(relay.options, DHCP6_OPT_RELAY_MSG, &in));
	}
	demand(dhcp6_message_read(in, &message) == 0);
	demand(message.type == DHCP6_ADVERTISE || message.type == DHCP6_REPLY ||
		message.type == DHCP6_ADDR_REG_REPLY || message.type == DHCP6_LEASEQUERY_REPLY);
	while (dhcp6_option_next(&message.options, &option)) {
		demand(wire_left(&option.data) > 0 || option.code == DHCP6_OPT_ADDR_REG_ENABLE ||
			option.code == DHCP6_OPT_RAPID_COMMIT ||
			option.code == ERP_LOCAL_DOMAIN_NAME);
		demand(option.code != DHCP6_OPT_UNICAST);
		demand(option.code != DHCP6_OPT_RAPID_COMMIT || message.type == DHCP6_REPLY);
		if (option.code == DHCP6_OPT_IA_NA)
			check_ia(option.data, &with_address);
		with_url |= option.code == DHCP6_OPT_BOOTFILE_URL;
		is_proxys |=
			option.code == DHCP6_OPT_VENDOR_CLASS && is_class_of_proxy(option.data);
	}
	demand(message.type != DHCP6_ADVERTISE || with_address || !with_url || is_proxys);
}

/* So that what needs our Server Identifier is reached as well. */
static void take_server_id(struct boot_config *config, struct wire_in in)
{
	struct dhcp6_message message;
	struct dhcp6_chain chain;
	struct wire_in id;

	if (dhcp6_chain_read(in, &chain) == 0 && dhcp6_message_read(chain.inner, &message) == 0 &&
		dhcp6_option_find(message.options, DHCP6_OPT_SERVERID, &id))
		dhcp6_duid_read(id, &config->server_duid);
}

static struct boot_progress progress;

static void observe(void *arg, const struct exchange_event *event)
{
	char line[BOOT_LOG_LINE];

	(void)arg;
	boot_progress_exchange(&progress, event);
	demand(strlen(boot_log_exchange_text(event, line)) < sizeof(line));
}

static void handle(struct exchange *exchange, uint8_t flags, struct wire_in in, uint64_t now_ms)
{
	static const uint8_t mac[] = {0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc};
	static uint8_t octets[DHCP6_MESSAGE_MAX];
	static struct request r;
	enum exchange_drop drop;
	struct in6_addr own;
	struct arrival arrival = {.multicast = flags & MULTICAST,
		.source_port = 546,
		.ifindex = 2,
		.link_name = flags & PROXY ? "eth1" : "eth0",
		.at_boot_server = flags & BOOT_SERVER,
		.mac = flags & WITH_MAC ? mac : NULL,
		.on_link = &own,
		.on_links = 1};

	inet_pton(AF_INET6, flags & PROXY ? "2001:db8:4::1" : "2001:db8:1::1", &own);
	inet_pton(AF_INET6, flags & BOOT_SERVER ? "2001:db8:4::2" : "fe80::5054:ff:fe12:3456",
		&arrival.source);
	drop = exchange_handle(
		exchange, &r, &arrival, in, now_ms, wire_out_of(octets, sizeof(octets)));
	if (exchange_commit(exchange, now_ms) == 0)
		demand(drop != EXCHANGE_PENDING); /* there is no store */
	if (drop == EXCHANGE_PENDING)
		drop = exchange_complete(&r, now_ms);
	if (drop == EXCHANGE_ANSWERED) {
		demand(!r.answer.out.bad && r.answer.out.len > 0);
		check_answer(wire_in_of(octets, r.answer.out.len));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_in in = wire_in_of(data, size);
	struct boot_config *config = load();
	struct exchange exchange = {.config = config, .observe = observe};
	uint64_t now_ms = 1000;

	demand(binding_table_init(&exchange.bindings, 16) == 0);
	demand(exchange_set_config(&exchange, config) == 0);
	demand(boot_progress_init(&progress, 4) == 0);
	while (wire_left(&in) > 3) {
		uint8_t flags = wire_get_u8(&in);
		size_t len = wire_get_u16(&in);
		struct wire_in datagram =
			wire_get_sub(&in, len < wire_left(&in) ? len : wire_left(&in));

		if (flags & OUR_SERVER_ID)
			take_server_id(config, datagram);
		now_ms += flags & LATER ? 1000 * 1000 : 10;
		binding_table_expire(&exchange.bindings, now_ms);
		handle(&exchange, flags, datagram, now_ms);
	}
	boot_progress_fini(&progress);
	binding_table_fini(&exchange.bindings);
	lease_journal_fini(&exchange.leases);
	proxy_memory_free(exchange.proxied);
	boot_config_free(config);
	return 0;
}
