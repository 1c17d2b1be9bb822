/* SPDX-License-Identifier: ISC */
/*
 * `boot explain` against the wire: thousands of random clients are described in words, and send a
 * Solicit. Host, address and boot file have to be the same, and what is not given as well.
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/view/boot_view.h"
#include "tests/unit/bootd_bench.h"

enum { CLIENTS = 5000, WORDS = 10, WORD = 300 };

static const char conf[] =
	"subnet \"2001:db8:1::/64\" { class \"c\" { user-class = \"c\" addresses = none } }\n"
	"subnet \"2001:db8:2::/64\" { addresses = none }\n"
	"subnet \"2001:db8:3::/64\" { lifetime = \"2h\" }\n"
	"subnet \"2001:db8:4::/64\" { addresses = proxy }\n"
	"host \"mac\" { mac = \"52:54:00:00:00:01\" address = \"2001:db8:2::a1\" }\n"
	"host \"uuid\" { uuid = \"00112233-4455-6677-8899-aabbccddee01\" "
	"address = \"2001:db8:1::a2\" }\n"
	"host \"duid\" { duid = \"00020000ab1101\" }\n"
	"boot \"ipxe\" { user-class = \"iPXE\" url = \"http://[2001:db8::1]/b?m=${mac}\" }\n"
	"boot \"pxe\" { arch = {uefi} vendor-class = \"PXE*\" url = \"tftp://[2001:db8::1]/p\" }\n"
	"boot \"http\" { arch = {x64-http} url = \"http://[2001:db8::1]/x.efi\" }\n"
	"boot \"host\" { host = \"uuid\" arch = {uefi} url = \"tftp://[2001:db8::1]/u\" }\n";

/* A client in words; what is not said has an empty word. */
struct client {
	char word[WORDS][WORD];
	int words;
	bool has_mac, has_vendor;
	unsigned subnet, arch;
	uint32_t iaid;
	const char *user_class;
};

static unsigned random_number(unsigned below)
{
	static uint64_t state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % below);
}

static void say(struct client *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct client *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->word[c->words++], WORD, fmt, args);
	va_end(args);
}

static void choose_duid(struct client *c, struct bench *b)
{
	static const struct {
		const char *start;
		bool has_end; /* four digits of their own */
	} kind[] = {
		{"0003000152540000", true},                 /* DUID-LL */
		{"000100011234567852540000", true},         /* DUID-LLT */
		{"000400112233445566778899aabbccdd", true}, /* DUID-UUID, in either order */
		{"000433221100554477668899aabbccdd", true},
		{"000400000000000000000000000000000000", false}, /* of no machine */
		{"00020000ab1101", false},                       /* DUID-EN */
	};
	unsigned k = random_number(6);
	char end[8] = "", text[DHCP6_DUID_TEXT];

	if (kind[k].has_end)
		snprintf(end, sizeof(end), "%s%02x", random_number(2) ? "ee" : "00",
			random_number(4));
	snprintf(text, sizeof(text), "%s%s", kind[k].start, end);
	assert_int_equal(dhcp6_duid_parse(text, &b->duid), 0);
	say(c, "duid=%s", text);
}

static struct client random_client(struct bench *b)
{
	static const char *const user_class[] = {NULL, "iPXE", "c", "other"};
	static const unsigned arch[] = {0, 0, 7, 16, 11};
	struct client c = {.words = 1};
	char link[64];

	strcpy(c.word[0], "explain");
	c.subnet = 1 + random_number(4);
	snprintf(link, sizeof(link), "2001:db8:%u::1", c.subnet);
	b->link = bench_in6(link);
	say(&c, "subnet=2001:db8:%u::/64", c.subnet);
	c.has_mac = random_number(2);
	if (c.has_mac) {
		b->mac[3] = b->mac[4] = 0;
		b->mac[5] = (uint8_t)random_number(4);
		say(&c, "mac=52:54:00:00:00:%02x", b->mac[5]);
	}
	choose_duid(&c, b);
	c.arch = arch[random_number(5)];
	if (c.arch)
		say(&c, "arch=%u", c.arch);
	c.iaid = random_number(3);
	say(&c, "iaid=%u", c.iaid);
	c.user_class = user_class[random_number(4)];
	if (c.user_class)
		say(&c, "user-class=%s", c.user_class);
	c.has_vendor = random_number(2);
	if (c.has_vendor)
		say(&c, "vendor-class=PXEClient");
	return c;
}

static enum exchange_drop send_solicit(struct bench *b, const struct client *c)
{
	size_t option, item;

	b->with_mac = c->has_mac;
	bench_message(b, DHCP6_SOLICIT);
	bench_put_ia(b, c->iaid, NULL);
	if (c->arch)
		bench_put_arch(b, (uint16_t)c->arch);
	else
		bench_put_oro(b, DHCP6_OPT_BOOTFILE_URL);
	if (c->user_class)
		bench_put_user_class(b, c->user_class);
	if (c->has_vendor) {
		option = dhcp6_open_option(&b->out, DHCP6_OPT_VENDOR_CLASS);
		wire_put_u32(&b->out, 343);
		item = wire_open_len16(&b->out);
		wire_put_bytes(&b->out, "PXEClient", 9);
		wire_close_len16(&b->out, item);
		dhcp6_close_option(&b->out, option);
	}
	return bench_relay(b);
}

static void judge(struct bench *b, struct client *c)
{
	char *words[WORDS], line[WORDS * WORD] = "";
	enum exchange_drop drop;
	const char *address, *url;
	json_t *shown;

	for (int i = 0; i < c->words; i++) {
		words[i] = c->word[i];
		strcat(strcat(line, c->word[i]), " ");
	}
	shown = boot_explain(b->config, &b->exchange.bindings, c->words, words);
	assert_non_null(shown);
	assert_null(json_object_get(shown, "error"));
	address = json_string_value(json_object_get(shown, "address"));
	url = json_string_value(json_object_get(shown, "url"));
	b->has_address = b->has_url = false;
	drop = send_solicit(b, c);
	if (drop == DROP_PROXY) {
		if (address)
			fail_msg("%s: explain has an address, the wire nothing", line);
	} else {
		const char *host = json_string_value(json_object_get(shown, "host"));

		assert_int_equal(drop, EXCHANGE_ANSWERED);
		if (b->has_address != (address != NULL) ||
			(address && strcmp(address, bench_text(&b->address)) != 0))
			fail_msg("%s: explain has %s, the wire %s", line,
				address ? address : "none",
				b->has_address ? bench_text(&b->address) : "none");
		if (b->has_url != (url != NULL) || (url && strcmp(url, b->url) != 0))
			fail_msg("%s: explain has %s, the wire %s", line, url ? url : "no URL",
				b->has_url ? b->url : "no URL");
		if ((host != NULL) != (b->decision.host != NULL) ||
			(host && strcmp(host, b->decision.host->name) != 0))
			fail_msg("%s: explain has host %s", line, host ? host : "none");
	}
	json_decref(shown);
}

static void test_as_on_the_wire(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, conf);
	for (int i = 0; i < CLIENTS; i++) {
		struct client c = random_client(&b);

		judge(&b, &c);
		if (i % 1000 == 999) { /* without what the others have */
			bench_stop(&b);
			bench_start(&b, conf);
		}
	}
	bench_stop(&b);
}

static json_t *explain(struct bench *b, const char *a, const char *c)
{
	char word[3][WORD] = {"explain"};
	char *words[] = {word[0], word[1], word[2]};

	strcpy(word[1], a);
	strcpy(word[2], c);
	return boot_explain(b->config, &b->exchange.bindings, 3, words);
}

static void test_the_reason_is_given(void **state)
{
	struct bench b;
	json_t *shown;

	(void)state;
	bench_start(&b, conf);
	shown = explain(&b, "mac=52:54:00:00:00:77", "arch=7");
	assert_non_null(strstr(json_string_value(json_object_get(shown, "why")), "give --subnet"));
	json_decref(shown);
	shown = explain(&b, "mac=52:54:00:00:00:01", "subnet=2001:db8:1::/64");
	assert_string_equal(json_string_value(json_object_get(shown, "host-address-why")),
		"it is not in this subnet");
	json_decref(shown);
	/* a UUID is the DUID that firmware makes of it: an address, and its host's */
	shown = explain(&b, "uuid=00112233-4455-6677-8899-aabbccddee01", "subnet=2001:db8:1::/64");
	assert_string_equal(json_string_value(json_object_get(shown, "address")), "2001:db8:1::a2");
	json_decref(shown);
	bench_stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_on_the_wire),
		cmocka_unit_test(test_the_reason_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
