/* SPDX-License-Identifier: ISC */
/* The bench: see its header. */
#include "tests/unit/bootd_bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/bindings/stable_address.h"
#include "bootd/config/conf_file.h"

static void observe(void *arg, const struct exchange_event *event)
{
	struct bench *b = arg;

	b->told++;
	b->event = *event;
	b->decision = *event->decision;
	b->mac_source = event->facts->mac_source;
}

static struct boot_config *load(const char *conf)
{
	struct config_problems problems = {0};
	struct boot_config *config;

	if (conf_text_load("bootd.conf", conf, &config, &problems) < 0)
		fail_msg("%s", problems.text);
	config->client_rate = config->link_rate = 0; /* all at the same fake time */
	stable_address_key("bench", 5, config->key);
	assert_int_equal(dhcp6_duid_parse("0003000102000000aaaa", &config->server_duid), 0);
	return config;
}

void bench_reload(struct bench *b, const char *conf)
{
	struct boot_config *before = b->config;

	b->config = load(conf);
	assert_int_equal(exchange_set_config(&b->exchange, b->config), 0);
	boot_config_free(before);
}

void bench_start(struct bench *b, const char *conf)
{
	static const uint8_t mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
	static const struct in6_addr on_link[1];

	memset(b, 0, sizeof(*b));
	b->config = load(conf);
	assert_int_equal(exchange_init(&b->exchange, b->config), 0);
	b->exchange.observe = observe;
	b->exchange.observe_arg = b;
	b->now_ms = 1000;
	b->with_mac = true;
	memcpy(b->mac, mac, sizeof(mac));
	assert_int_equal(dhcp6_duid_parse("00030001525400123456", &b->duid), 0);
	inet_pton(AF_INET6, BENCH_LINK, &b->link);
	inet_pton(AF_INET6, "fe80::1", &b->peer);
	b->arrival = (struct arrival){.multicast = true,
		.source_port = 546,
		.ifindex = 3,
		.link_name = "eth0",
		.on_link = on_link};
	inet_pton(AF_INET6, "fe80::2", &b->arrival.source);
}

void bench_stop(struct bench *b)
{
	exchange_fini(&b->exchange);
	boot_config_free(b->config);
}

int bench_setup(void **state, const char *conf)
{
	static struct bench b;

	bench_start(&b, conf);
	*state = &b;
	return 0;
}

int bench_teardown(void **state)
{
	bench_stop(*state);
	return 0;
}

struct in6_addr bench_in6(const char *text)
{
	struct in6_addr address;

	assert_int_equal(inet_pton(AF_INET6, text, &address), 1);
	return address;
}

void bench_message(struct bench *b, uint8_t type)
{
	b->out = wire_out_of(b->ask, sizeof(b->ask));
	b->with_arch = false;
	dhcp6_put_message_header(&b->out, type, 0x123456);
	if (b->duid.len)
		dhcp6_put_option(&b->out, DHCP6_OPT_CLIENTID, b->duid.octets, b->duid.len);
}

void bench_put_ia(struct bench *b, uint32_t iaid, const struct in6_addr *address)
{
	size_t mark = dhcp6_open_ia_na(&b->out, iaid, 0, 0);

	if (address)
		dhcp6_put_iaaddr(&b->out, address, 0, 0);
	dhcp6_close_option(&b->out, mark);
}

void bench_put_arch(struct bench *b, uint16_t code)
{
	b->with_arch = true;
	dhcp6_put_u16_option(&b->out, DHCP6_OPT_CLIENT_ARCH, code);
}

void bench_put_user_class(struct bench *b, const char *text)
{
	size_t mark = dhcp6_open_option(&b->out, DHCP6_OPT_USER_CLASS);

	wire_put_u16(&b->out, (uint16_t)strlen(text));
	wire_put_bytes(&b->out, text, strlen(text));
	dhcp6_close_option(&b->out, mark);
}

void bench_put_oro(struct bench *b, uint16_t code)
{
	dhcp6_put_u16_option(&b->out, DHCP6_OPT_ORO, code);
}

void bench_put_server_id(struct bench *b)
{
	const struct dhcp6_duid *duid = &b->config->server_duid;

	dhcp6_put_option(&b->out, DHCP6_OPT_SERVERID, duid->octets, duid->len);
}

bool bench_option(const struct bench *b, uint16_t code, struct wire_in *data)
{
	return dhcp6_option_find(b->reply.options, code, data);
}

static void read_ia(struct bench *b)
{
	struct wire_in data, inner;
	struct dhcp6_iaaddr address;
	struct dhcp6_status status;
	struct dhcp6_ia_na ia;

	if (!bench_option(b, DHCP6_OPT_IA_NA, &data))
		return;
	assert_int_equal(dhcp6_get_ia_na(data, &ia), 0);
	b->t1_s = ia.t1_s;
	b->t2_s = ia.t2_s;
	if (dhcp6_option_find(ia.options, DHCP6_OPT_STATUS_CODE, &inner)) {
		assert_int_equal(dhcp6_get_status(inner, &status), 0);
		b->ia_status = status.code;
	}
	if (dhcp6_option_find(ia.options, DHCP6_OPT_IAADDR, &inner)) {
		assert_int_equal(dhcp6_get_iaaddr(inner, &address), 0);
		b->has_address = true;
		b->address = address.address;
		b->preferred_s = address.preferred_s;
		b->valid_s = address.valid_s;
	}
}

static void read_answer(struct bench *b)
{
	struct dhcp6_status status;
	struct wire_in data;

	assert_int_equal(dhcp6_message_read(b->chain.inner, &b->reply), 0);
	read_ia(b);
	if (bench_option(b, DHCP6_OPT_STATUS_CODE, &data)) {
		assert_int_equal(dhcp6_get_status(data, &status), 0);
		b->status = status.code;
	}
	if (bench_option(b, DHCP6_OPT_BOOTFILE_URL, &data)) {
		b->has_url = true;
		snprintf(b->url, sizeof(b->url), "%.*s", (int)wire_left(&data), data.pos);
	}
}

/* Relay-replies, which dhcp6_chain_read() is right to refuse: it reads for servers. */
static void unwrap(struct bench *b)
{
	struct wire_in in = wire_in_of(b->octets, b->answer.out.len);

	b->chain.count = 0;
	while (dhcp6_peek_type(&in) == DHCP6_RELAY_REPL) {
		struct dhcp6_relay *relay = &b->chain.relay[b->chain.count++];

		assert_int_equal(dhcp6_relay_read(in, relay), 0);
		assert_true(dhcp6_option_find(relay->options, DHCP6_OPT_RELAY_MSG, &in));
	}
	b->chain.inner = in;
}

static void begin_answer(struct bench *b)
{
	b->has_address = b->has_url = false;
	b->status = b->ia_status = -1;
	*b->url = '\0';
	lease_journal_set_time(&b->exchange.leases, b->now_ms,
		BENCH_UNIX_MS + (int64_t)b->now_ms + b->clock_wrong_by_ms);
}

static enum exchange_drop take_answer(
	struct bench *b, const struct request *r, enum exchange_drop drop)
{
	if (drop)
		return drop;
	b->answer = r->answer;
	if (b->answer.out.buf != b->octets)
		memcpy(b->octets, b->answer.out.buf, b->answer.out.len);
	unwrap(b);
	read_answer(b);
	bench_check_answer(b);
	return EXCHANGE_ANSWERED;
}

enum exchange_drop bench_octets(struct bench *b, const void *octets, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1); /* of exact size: an overrun is seen */
	enum exchange_drop drop;

	memcpy(copy, octets, len);
	begin_answer(b);
	drop = exchange_handle(&b->exchange, &b->request, &b->arrival, wire_in_of(copy, len),
		b->now_ms, wire_out_of(b->octets, sizeof(b->octets)));
	b->committed = exchange_commit(&b->exchange, b->now_ms);
	if (drop == EXCHANGE_PENDING && b->committed != -EINPROGRESS)
		drop = exchange_complete(&b->request, b->now_ms);
	drop = take_answer(b, &b->request, drop);
	free(copy);
	return drop;
}

enum exchange_drop bench_handle(struct bench *b, struct bench_message *message, unsigned retries)
{
	struct request *r = &message->request;

	begin_answer(b);
	return take_answer(b, r,
		exchange_retry(&b->exchange, r, &b->arrival,
			wire_in_of(message->octets, message->len), b->now_ms,
			wire_out_of(message->answer, sizeof(message->answer)), retries));
}

enum exchange_drop bench_complete(struct bench *b, struct bench_message *message)
{
	begin_answer(b);
	return take_answer(b, &message->request, exchange_complete(&message->request, b->now_ms));
}

/* The message that bench_message() began, in `octets` as it stands or relayed. */
static enum exchange_drop hand_in(struct bench *b, const void *octets, size_t len)
{
	enum exchange_drop drop = bench_octets(b, octets, len);

	assert_false(b->out.bad);
	if (!drop)
		assert_int_equal(b->reply.xid, 0x123456);
	return drop;
}

enum exchange_drop bench_direct(struct bench *b)
{
	return hand_in(b, b->ask, b->out.len);
}

enum exchange_drop bench_relay(struct bench *b)
{
	uint8_t datagram[4096];
	struct wire_out out = wire_out_of(datagram, sizeof(datagram));

	dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &b->link, &b->peer);
	dhcp6_put_option(&out, DHCP6_OPT_INTERFACE_ID, "vlan100", 7);
	if (b->with_mac)
		dhcp6_put_linklayer(&out, 1, b->mac, sizeof(b->mac));
	dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, b->ask, b->out.len);
	return hand_in(b, datagram, out.len);
}

/* --- the rules ----------------------------------------------------------------- */

static void check_lifetimes(const struct bench *b)
{
	if (!b->has_address || b->ia_status > 0)
		return;
	/* Only a system that rebinds an address of another link gets an answer: firmware hangs on
	 * it. */
	if (b->valid_s == 0 && !b->event.with_address && !b->with_arch)
		return;
	assert_true(b->valid_s > 0);
	assert_true(b->preferred_s <= b->valid_s);
	assert_true(b->t1_s <= b->t2_s);
	assert_true(b->t2_s <= b->preferred_s);
}

static void check_vendor_class(const struct bench *b)
{
	struct dhcp6_vendor_class vendor;
	struct wire_in data, item;

	if (!bench_option(b, DHCP6_OPT_VENDOR_CLASS, &data))
		return;
	assert_int_equal(dhcp6_get_vendor_class(data, &vendor), 0);
	assert_true(dhcp6_class_next(&vendor.classes, &item));
	/* "PXEClient" sends UEFI to port 4011: only a proxy says it, and gives no address. */
	if (wire_left(&item) == 10 && memcmp(item.pos, "HTTPClient", 10) == 0)
		return;
	assert_true(wire_left(&item) >= 9);
	assert_memory_equal(item.pos, "PXEClient", 9);
	assert_int_equal(decision_plan(&b->decision)->addresses, SUBNET_PROXY);
	assert_false(bench_option(b, DHCP6_OPT_IA_NA, &data));
}

/* The reader of HTTP Boot goes on to the next zero octet: one has to come behind. */
static void check_url(const struct bench *b, struct wire_in options)
{
	struct dhcp6_option option;
	bool url = false;

	while (dhcp6_option_next(&options, &option)) {
		assert_true(wire_left(&option.data) > 0 ||
			    option.code == DHCP6_OPT_ADDR_REG_ENABLE ||
			    option.code == DHCP6_OPT_RAPID_COMMIT);
		assert_int_not_equal(option.code, DHCP6_OPT_UNICAST);
		if (option.code == DHCP6_OPT_RAPID_COMMIT)
			assert_int_equal(b->reply.type, DHCP6_REPLY);
		if (url)
			assert_true(option.code < 256);
		url = option.code == DHCP6_OPT_BOOTFILE_URL;
	}
	if (b->event.facts && b->has_url && b->decision.boot.kind == FIRMWARE_UEFI_HTTP)
		assert_false(url); /* not the last */
}

void bench_check_answer(const struct bench *b)
{
	struct wire_in data;

	assert_true(b->answer.out.len <= 1472);
	check_lifetimes(b);
	check_vendor_class(b);
	check_url(b, b->reply.options);
	assert_true(bench_option(b, DHCP6_OPT_SERVERID, &data));
	if (b->reply.type == DHCP6_LEASEQUERY_REPLY)
		return; /* not to firmware */
	if (b->reply.type == DHCP6_ADVERTISE) {
		/* An Advertise has a whole IA_NA, or a status and no URL: all else makes UEFI hang.
		 */
		assert_true(b->has_address || b->ia_status > 0 ||
			    !bench_option(b, DHCP6_OPT_IA_NA, &data));
		assert_true(b->has_address || !b->has_url ||
			    bench_option(b, DHCP6_OPT_VENDOR_CLASS, &data));
	}
	if (b->has_url && bench_option(b, DHCP6_OPT_BOOTFILE_PARAM, &data) &&
		b->decision.boot.kind == FIRMWARE_UEFI_PXE)
		assert_in_range(wire_left(&data), 3, 7);
}

const char *bench_text(const struct in6_addr *address)
{
	static char text[4][INET6_ADDRSTRLEN];
	static unsigned next;

	next = (next + 1) % 4;
	inet_ntop(AF_INET6, address, text[next], sizeof(text[next]));
	return text[next];
}
