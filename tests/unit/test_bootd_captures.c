/* SPDX-License-Identifier: ISC */
/*
 * What real firmware sent, octet for octet, through the real exchange on the
 * captures' own time: each message gets the answer that its sender can live with.
 *
 * A capture of the client's link is read as bootd would receive it there, one of the
 * server's link (NAME-server.pcap) through the relay. The servers of the captures
 * are stood in for by taking the DUID that the client names.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/progress/boot_progress.h"
#include "netboot6/capture.h"
#include "tests/unit/bootd_bench.h"

static const char conf[] =
	"subnet \"2001:db8:1::/64\" {}\n"
	"dns = {\"2001:db8:2::2\"}\n"
	"boot \"ipxe\" { user-class = \"iPXE\" url = \"http://[2001:db8:2::2]/boot.ipxe\" }\n"
	"boot \"http\" { arch = {x64-http} url = \"http://[2001:db8:2::2]/uki.efi\" }\n"
	"boot \"uefi\" { arch = {x64-uefi} url = \"tftp://[2001:db8:2::2]/snponly.efi\" }\n"
	"boot \"grub\" { url = \"tftp://[2001:db8:2::2]/grub.cfg\" }\n";

struct seen {
	unsigned messages, solicits, requests, urls, information_requests, declines;
	bool kind[FIRMWARE_KINDS];
	enum boot_stage stage;
};

/* The client's own message, behind whatever relays. */
static bool inner_message(const struct capture_datagram *datagram, struct dhcp6_message *message)
{
	struct dhcp6_chain chain;

	return dhcp6_chain_read(wire_in_of(datagram->data, datagram->len), &chain) == 0 &&
	       dhcp6_message_read(chain.inner, message) == 0;
}

/* From a client or a relay, to the servers. */
static bool is_for_us(const struct capture_datagram *datagram, struct dhcp6_message *message)
{
	return datagram->destination_port == DHCP6_SERVER_PORT &&
	       inner_message(datagram, message) && message->type != DHCP6_REPLY &&
	       message->type != DHCP6_ADVERTISE;
}

static void take_server_id(struct bench *b, const struct dhcp6_message *message)
{
	struct wire_in id;

	if (dhcp6_option_find(message->options, DHCP6_OPT_SERVERID, &id))
		assert_int_equal(dhcp6_duid_read(id, &b->config->server_duid), 0);
}

static void check_url_of_kind(const struct bench *b, enum firmware_kind kind)
{
	static const char *const url[FIRMWARE_KINDS] = {
		[FIRMWARE_IPXE] = "http://[2001:db8:2::2]/boot.ipxe",
		[FIRMWARE_UEFI_HTTP] = "http://[2001:db8:2::2]/uki.efi",
		[FIRMWARE_UEFI_PXE] = "tftp://[2001:db8:2::2]/snponly.efi",
		[FIRMWARE_NONE] = "tftp://[2001:db8:2::2]/grub.cfg",
	};
	struct wire_in data;

	assert_non_null(url[kind]);
	assert_string_equal(b->url, url[kind]);
	assert_int_equal(
		bench_option(b, DHCP6_OPT_VENDOR_CLASS, &data), kind == FIRMWARE_UEFI_HTTP);
	assert_false(bench_option(b, DHCP6_OPT_BOOTFILE_PARAM, &data));
}

static void check_answer(struct bench *b, uint8_t type, struct seen *seen)
{
	enum firmware_kind kind = b->decision.boot.kind;
	bool boots = kind != FIRMWARE_NONE;

	seen->messages++;
	seen->kind[kind] = true;
	seen->solicits += type == DHCP6_SOLICIT;
	seen->requests += type == DHCP6_REQUEST;
	seen->information_requests += type == DHCP6_INFORMATION_REQUEST;
	seen->urls += b->has_url;
	if (b->has_url)
		check_url_of_kind(b, kind);
	switch (type) {
	case DHCP6_SOLICIT:
		assert_int_equal(b->reply.type, DHCP6_ADVERTISE);
		assert_true(b->has_address);
		assert_true(b->has_url == boots);
		break;
	case DHCP6_REQUEST:
		assert_int_equal(b->reply.type, DHCP6_REPLY);
		assert_true(b->has_address);
		assert_true(b->has_url || !boots);
		break;
	case DHCP6_DECLINE:
		seen->declines++;
		assert_int_equal(b->status, DHCP6_STATUS_SUCCESS);
		break;
	case DHCP6_RELEASE:
		assert_int_equal(b->status, DHCP6_STATUS_SUCCESS);
		break;
	case DHCP6_INFORMATION_REQUEST:
		assert_false(b->has_address);
		assert_true(b->has_url == boots);
		break;
	default:
		fail_msg("message type %u in a capture", type);
	}
}

/* The machine of the captures asks for the addresses that their servers gave: we give ours. */
static void make_addresses_ours(
	struct bench *b, const struct capture_datagram *datagram, uint8_t *copy)
{
	struct in6_addr ours = b->address;

	memcpy(copy, datagram->data, datagram->len);
	for (size_t i = 0; b->told > 0 && i + 20 <= datagram->len; i++)
		if (memcmp(copy + i, "\0\5\0\x18", 4) == 0)
			memcpy(copy + i + 4, &ours, sizeof(ours));
}

/* The bench's own observer is kept, and the story of the boot is written along. */
static exchange_observe_fn *bench_observe;
static struct boot_progress progress;

static void observe(void *arg, const struct exchange_event *event)
{
	bench_observe(arg, event);
	boot_progress_exchange(&progress, event);
}

/* One of its messages has come: answered, and as it can live with; what it unicasts is not. */
static void hand_in(struct bench *b, const char *name, const struct capture_datagram *datagram,
	const struct dhcp6_message *message, struct seen *seen)
{
	static uint8_t copy[65536];
	enum exchange_drop drop;

	make_addresses_ours(b, datagram, copy);
	drop = bench_octets(b, copy, datagram->len);
	if (datagram->source_port == DHCP6_CLIENT_PORT && !b->arrival.multicast) {
		assert_int_equal(drop, DROP_UNICAST); /* Server Unicast is no more */
		return;
	}
	if (drop != EXCHANGE_ANSWERED)
		fail_msg("%s: message %u of type %u is not answered", name, seen->messages,
			message->type);
	check_answer(b, message->type, seen);
}

static void replay(const char *name, struct seen *seen)
{
	struct capture_datagram datagram;
	struct in6_addr own, first = {0};
	struct dhcp6_message message;
	struct capture capture;
	uint8_t *octets;
	size_t len;
	struct bench b;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.pcap", CAPTURES, name);
	assert_int_equal(capture_read_file(path, &octets, &len), 0);
	assert_int_equal(capture_open(&capture, octets, len), 0);
	assert_int_equal(boot_progress_init(&progress, 0), 0);
	bench_start(&b, conf);
	bench_observe = b.exchange.observe;
	b.exchange.observe = observe;
	inet_pton(AF_INET6, "2001:db8:1::1", &own);
	b.arrival.on_link = &own;
	b.arrival.on_links = 1;
	*seen = (struct seen){0};
	while (capture_next(&capture, &datagram)) {
		if (!is_for_us(&datagram, &message))
			continue;
		b.now_ms = datagram.at_ms;
		b.arrival.source = datagram.source;
		b.arrival.source_port = datagram.source_port;
		b.arrival.multicast = IN6_IS_ADDR_MULTICAST(&datagram.destination);
		take_server_id(&b, &message);
		hand_in(&b, name, &datagram, &message, seen);
		if (b.has_address && IN6_IS_ADDR_UNSPECIFIED(&first))
			first = b.address;
		if (b.has_address && seen->declines == 0)
			assert_memory_equal(&first, &b.address, sizeof(first));
	}
	assert_int_equal(progress.count, 1); /* one machine, whatever it called itself */
	seen->stage = progress.newest->stage;
	assert_int_equal(binding_table_count(&b.exchange.bindings), first.s6_addr[0] ? 1 : 0);
	bench_stop(&b);
	boot_progress_fini(&progress);
	free(octets);
}

#define ALL(a) (1u << (a))

static void test_captures(void **state)
{
	static const struct {
		const char *name;
		unsigned kinds;          /* of FIRMWARE_*, each of which must have been there */
		unsigned solicits, urls; /* at least */
		enum boot_stage stage;   /* how far it came */
	} row[] = {
		{"ovmf-2022.11-pxe6-ia_na", ALL(FIRMWARE_UEFI_PXE) | ALL(FIRMWARE_NONE), 2, 2,
			STAGE_FIRMWARE_ADDRESSED},
		{"ovmf-2025.02-pxe6-ia_na", ALL(FIRMWARE_UEFI_PXE), 1, 2, STAGE_FIRMWARE_ADDRESSED},
		{"ovmf-2025.02-pxe6-valid0_hang", ALL(FIRMWARE_UEFI_PXE), 1, 1,
			STAGE_FIRMWARE_ASKS},
		{"ovmf-2022.11-http6-ia_na", ALL(FIRMWARE_UEFI_HTTP), 1, 2,
			STAGE_FIRMWARE_ADDRESSED},
		{"ovmf-2025.02-http6-ia_na", ALL(FIRMWARE_UEFI_HTTP), 1, 2,
			STAGE_FIRMWARE_ADDRESSED},
		{"ovmf-2022.11-chain-ipxe-2019", ALL(FIRMWARE_UEFI_PXE) | ALL(FIRMWARE_IPXE), 2, 4,
			STAGE_IPXE_ADDRESSED},
		{"ovmf-2022.11-chain-grub-2.06", ALL(FIRMWARE_UEFI_PXE) | ALL(FIRMWARE_NONE), 2, 3,
			STAGE_FIRMWARE_ADDRESSED},
		{"ipxe-2019-bios-ra_M", ALL(FIRMWARE_IPXE), 1, 2, STAGE_IPXE_ADDRESSED},
		{"ipxe-2019-bios-ra_O", ALL(FIRMWARE_IPXE), 0, 1, STAGE_IPXE_ADDRESSED},
	};
	char name[128];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(row) / sizeof(row[0]); i++) {
		struct seen seen;
		unsigned kinds = row[i / 2].kinds;

		snprintf(name, sizeof(name), "%s%s", row[i / 2].name, i % 2 ? "-server" : "");
		replay(name, &seen);
		for (unsigned kind = 0; kind < FIRMWARE_KINDS; kind++)
			if (kinds & ALL(kind) && !seen.kind[kind])
				fail_msg("%s: %s was not seen", name,
					firmware_kind_name((enum firmware_kind)kind));
		if (seen.solicits < row[i / 2].solicits || seen.urls < row[i / 2].urls)
			fail_msg("%s: %u Solicits, %u URLs", name, seen.solicits, seen.urls);
		assert_true(seen.solicits + seen.information_requests > 0);
		if (seen.stage != row[i / 2].stage)
			fail_msg("%s: came to \"%s\"", name, boot_stage_name(seen.stage));
	}
}

/*
 * Every exchange there is, also those in which firmware hung or failed because of the answer:
 * bench_check_answer() holds each of our answers against that list.
 */
static void test_all_captures(void **state)
{
	DIR *directory = opendir(CAPTURES);
	struct dirent *entry;
	unsigned captures = 0;

	(void)state;
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		char *end = strstr(entry->d_name, ".pcap");
		struct seen seen;

		if (!end)
			continue;
		*end = '\0';
		replay(entry->d_name, &seen);
		assert_true(seen.messages > 0);
		captures++;
	}
	closedir(directory);
	assert_int_equal(captures, 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_captures),
		cmocka_unit_test(test_captures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
