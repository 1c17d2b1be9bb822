/* SPDX-License-Identifier: ISC */
/*
 * Golden test: everything that bootd answers to the client messages of tests/data/captures and
 * of the fuzz corpus, octet for octet, and the bindings that result, compared with the text in
 * tests/data/golden/bootd-answers.txt. Clock, key, Server Identifier and configuration are
 * fixed, so a change of code that is not meant to change an answer leaves the text as it is.
 *
 * After a change that is meant to, write the text again and review the difference:
 *
 *	make golden && git diff tests/data/golden
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "netboot6/capture.h"
#include "tests/unit/bootd_bench.h"

#define GOLDEN GOLDEN_DIRECTORY "/bootd-answers.txt"

#define BOOT                                                                                       \
	"preference = 255 dns = {\"2001:db8:2::2\"} domain-search = {\"example.org\"}\n"           \
	"boot \"ipxe\" { user-class = \"iPXE\" url = "                                             \
	"\"http://[2001:db8:2::2]/boot.ipxe?m=${mac}&u=${uuid}\" }\n"                              \
	"boot \"http\" { arch = {x64-http} url = \"http://[2001:db8:2::2]/uki.efi\" }\n"           \
	"boot \"uefi\" { arch = {x64-uefi} url = \"tftp://[2001:db8:2::2]/snponly.efi\" "          \
	"param = {\"700\"} }\n"                                                                    \
	"boot \"any\" { url = \"tftp://[2001:db8:2::2]/${arch}/${address}\" }\n"

static const char stable_conf[] = "subnet \"2001:db8:1::/64\" {}\n" BOOT;
static const char pool_conf[] = "subnet \"2001:db8:1::/64\" { addresses = pool lifetime = \"10m\" "
				"pool = \"2001:db8:1::100-2001:db8:1::10f\" }\n" BOOT;
static const char proxy_conf[] = "subnet \"2001:db8:1::/64\" { addresses = proxy }\n" BOOT;
/* Every option that can be asked for, Leasequery, registration, each kind of subnet. */
static const char corpus_conf[] =
	"leasequery = {\"fe80::/10\"} rapid-commit = true sol-max-rt = \"1h\" inf-max-rt = \"1h\" "
	"information-refresh = \"1h\"\n"
	"subnet \"2001:db8:1::/64\" { interface = \"eth0\" }\n"
	"subnet \"2001:db8::/32\" { addresses = none }\n"
	"subnet \"2001:db8:2::/64\" { addresses = pool pool = \"2001:db8:2::-2001:db8:2::3\" }\n"
	"subnet \"2001:db8:4::/64\" { addresses = proxy }\n"
	"host \"a\" { mac = \"52:54:00:12:34:56\" address = \"2001:db8:1::d1\" }\n" BOOT;

static struct bench bench;
static FILE *text; /* what bootd does now */

/* --- a lease store that takes everything, without a disk ---------------------------------- */

static int null_load(struct lease_store *store, int64_t now_unix_s, lease_take_fn *take, void *arg)
{
	(void)store, (void)now_unix_s, (void)take, (void)arg;
	return 0;
}

static int null_put(struct lease_store *store, const struct lease *lease)
{
	(void)store, (void)lease;
	return 0;
}

static int null_remove(
	struct lease_store *store, const struct in6_addr *address, const struct machine *machine)
{
	(void)store, (void)address, (void)machine;
	return 0;
}

static int null_commit(struct lease_store *store)
{
	(void)store;
	return 0;
}

static const char *null_last_error(const struct lease_store *store)
{
	(void)store;
	return "none";
}

static void null_describe(const struct lease_store *store, struct lease_store_health *health)
{
	(void)store;
	*health = (struct lease_store_health){.kind = "null", .state = "ready"};
}

static void null_close(struct lease_store *store)
{
	(void)store;
}

static struct lease_store *null_store(void)
{
	static const struct lease_driver driver = {.load = null_load,
		.put = null_put,
		.remove = null_remove,
		.commit = null_commit,
		.last_error = null_last_error,
		.describe = null_describe,
		.close = null_close};
	static struct lease_store store;

	store = (struct lease_store){.driver = &driver, .name = "null"};
	return &store;
}

/* --- one message ----------------------------------------------------------------------- */

static void write_octets(const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fprintf(text, "%02x", octets[i]);
	fputc('\n', text);
}

/* As bench_octets(), without its checks: some answers of the corpus are to no firmware. */
static enum exchange_drop answer(const uint8_t *octets, size_t len)
{
	uint64_t now_ms = bench.now_ms;
	struct wire_in datagram = wire_in_of(octets, len);
	enum exchange_drop drop;

	lease_journal_set_time(&bench.exchange.leases, now_ms, BENCH_UNIX_MS + (int64_t)now_ms);
	binding_table_expire(&bench.exchange.bindings, now_ms);
	drop = exchange_handle(&bench.exchange, &bench.request, &bench.arrival, datagram, now_ms,
		wire_out_of(bench.octets, sizeof(bench.octets)));
	exchange_commit(&bench.exchange, now_ms);
	if (drop == EXCHANGE_PENDING)
		drop = exchange_complete(&bench.request, now_ms);
	bench.answer = bench.request.answer;
	return drop;
}

static void write_answer(const uint8_t *octets, size_t len)
{
	enum exchange_drop drop = answer(octets, len);

	if (drop) {
		fprintf(text, "no answer: %s\n", exchange_drop_name(drop));
		return;
	}
	fprintf(text, "to [%s]:%u ", bench_text(&bench.answer.to), bench.answer.port);
	write_octets(bench.octets, bench.answer.out.len);
}

/* The client chose a server: in a capture another one, here it is us. */
static void take_server_id(struct wire_in datagram)
{
	struct dhcp6_message message;
	struct dhcp6_chain chain;
	struct wire_in id;

	if (dhcp6_chain_read(datagram, &chain) == 0 &&
		dhcp6_message_read(chain.inner, &message) == 0 &&
		dhcp6_option_find(message.options, DHCP6_OPT_SERVERID, &id))
		dhcp6_duid_read(id, &bench.config->server_duid);
}

/* --- the bindings that result ------------------------------------------------------------ */

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *binding_line(const struct binding *binding)
{
	char name[MACHINE_TEXT], duid_text[DHCP6_DUID_TEXT], *line = NULL;
	struct machine machine = binding_machine(binding);
	struct dhcp6_duid duid = binding_duid(binding);
	int rc = asprintf(&line, "binding %s %s %s duid %s iaid %u until %llu stored %llu\n",
		binding->has_address ? bench_text(&binding->address) : "-",
		binding_state_name(binding->state), machine_format(&machine, name),
		dhcp6_duid_format(&duid, duid_text), binding->iaid,
		(unsigned long long)binding->expires_ms, (unsigned long long)binding->stored_ms);

	assert_true(rc > 0);
	return line;
}

static void write_bindings(void)
{
	static char *line[4096];
	struct binding *binding = NULL;
	size_t lines = 0;

	while ((binding = binding_table_next(&bench.exchange.bindings, binding))) {
		assert_true(lines < sizeof(line) / sizeof(line[0]));
		line[lines++] = binding_line(binding);
	}
	qsort(line, lines, sizeof(line[0]), compare_lines);
	for (size_t i = 0; i < lines; i++) {
		fputs(line[i], text);
		free(line[i]);
	}
}

/* --- one file ---------------------------------------------------------------------------- */

static void begin(const char *title, const char *conf, const struct in6_addr *on_link)
{
	fprintf(text, "\n== %s\n", title);
	bench_start(&bench, conf);
	bench.exchange.leases.store = null_store();
	bench.arrival.on_link = on_link;
	bench.arrival.on_links = 1;
}

static void end(void)
{
	write_bindings();
	bench_stop(&bench);
}

/* A machine of a capture asks for what another server gave: here it asks for what we gave. */
static void ask_for_ours(uint8_t *octets, size_t len, const struct in6_addr *ours)
{
	for (size_t i = 0; i + 20 <= len; i++)
		if (memcmp(octets + i, "\0\5\0\x18", 4) == 0)
			memcpy(octets + i + 4, ours, sizeof(*ours));
}

static void note_given(struct in6_addr *ours)
{
	struct binding *binding = binding_table_next(&bench.exchange.bindings, NULL);

	if (binding && binding->has_address)
		*ours = binding->address;
}

static void replay_capture(const char *path, const char *name, const char *kind, const char *conf)
{
	const struct in6_addr own = bench_in6("2001:db8:1::1");
	struct capture_datagram datagram;
	struct in6_addr ours = own;
	struct capture capture;
	uint8_t *octets, copy[65536];
	char title[256];
	size_t len;

	snprintf(title, sizeof(title), "%s, %s", name, kind);
	begin(title, conf, &own);
	assert_int_equal(capture_read_file(path, &octets, &len), 0);
	assert_int_equal(capture_open(&capture, octets, len), 0);
	while (capture_next(&capture, &datagram)) {
		if (datagram.destination_port != DHCP6_SERVER_PORT)
			continue;
		bench.now_ms = datagram.at_ms;
		bench.arrival.source = datagram.source;
		bench.arrival.source_port = datagram.source_port;
		bench.arrival.multicast = IN6_IS_ADDR_MULTICAST(&datagram.destination);
		take_server_id(wire_in_of(datagram.data, datagram.len));
		memcpy(copy, datagram.data, datagram.len);
		ask_for_ours(copy, datagram.len, &ours);
		write_answer(copy, datagram.len);
		note_given(&ours);
	}
	free(octets);
	end();
}

static void replay_in_each_subnet(const char *path, const char *name)
{
	replay_capture(path, name, "stable addresses", stable_conf);
	replay_capture(path, name, "pool", pool_conf);
	replay_capture(path, name, "proxy", proxy_conf);
}

/* The format of tests/fuzz/fuzz_bootd.c: {flags, length, datagram}. */
static void replay_seed(const char *path, const char *name)
{
	enum { MULTICAST = 1, WITH_MAC = 2, OURS = 4, LATER = 8, PROXY = 16, BOOT_SERVER = 32 };
	static const uint8_t mac[] = {0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc};
	struct in6_addr own = in6addr_any;
	uint8_t *octets;
	struct wire_in in, datagram;
	size_t len;

	begin(name, corpus_conf, &own);
	assert_int_equal(capture_read_file(path, &octets, &len), 0);
	in = wire_in_of(octets, len);
	while (wire_left(&in) > 3) {
		uint8_t flags = wire_get_u8(&in);
		size_t left = wire_get_u16(&in);

		datagram = wire_get_sub(&in, left < wire_left(&in) ? left : wire_left(&in));
		if (flags & OURS)
			take_server_id(datagram);
		bench.now_ms += flags & LATER ? 1000 * 1000 : 10;
		own = bench_in6(flags & PROXY ? "2001:db8:4::1" : "2001:db8:1::1");
		bench.arrival.multicast = flags & MULTICAST;
		bench.arrival.link_name = flags & PROXY ? "eth1" : "eth0";
		bench.arrival.at_boot_server = flags & BOOT_SERVER;
		bench.arrival.mac = flags & WITH_MAC ? mac : NULL;
		bench.arrival.source = bench_in6(
			flags & BOOT_SERVER ? "2001:db8:4::2" : "fe80::5054:ff:fe12:3456");
		write_answer(datagram.pos, wire_left(&datagram));
	}
	free(octets);
	end();
}

/* --- all files ---------------------------------------------------------------------------- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && !strstr(entry->d_name, ".md");
}

static void replay_all(const char *directory, void (*replay)(const char *path, const char *name))
{
	struct dirent **entry;
	int entries = scandir(directory, &entry, is_input, by_name);

	assert_true(entries > 0);
	for (int i = 0; i < entries; i++) {
		char path[1024];

		snprintf(path, sizeof(path), "%s/%s", directory, entry[i]->d_name);
		replay(path, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
}

static void compare(char *now)
{
	FILE *golden = fopen(GOLDEN, "r");
	char *line = NULL, *mine = now, *end;
	size_t room = 0;
	unsigned number = 0;
	ssize_t len;

	assert_non_null(golden);
	while ((len = getline(&line, &room, golden)) > 0) {
		number++;
		end = strchr(mine, '\n');
		if (!end || end + 1 - mine != len || memcmp(line, mine, (size_t)len) != 0)
			fail_msg("%s:%u: %sbut now: %.*s\n(if that is meant: make golden, and "
				 "review the difference)",
				GOLDEN, number, line, end ? (int)(end - mine) : 0, mine);
		mine = end + 1;
	}
	if (*mine)
		fail_msg("%s ends at line %u, but now follows: %s", GOLDEN, number, mine);
	free(line);
	fclose(golden);
}

static void write_golden(const char *now)
{
	FILE *golden = fopen(GOLDEN, "w");

	assert_non_null(golden);
	assert_true(fputs(now, golden) >= 0);
	assert_int_equal(fclose(golden), 0);
}

static void test_golden(void **state)
{
	char *now = NULL;
	size_t len;

	(void)state;
	text = open_memstream(&now, &len);
	assert_non_null(text);
	fputs("# bootd's answers to tests/data/captures and tests/data/corpus/bootd, and the "
	      "bindings that\n# result. Written by `make golden`.\n",
		text);
	replay_all(CAPTURES, replay_in_each_subnet);
	replay_all(CORPUS, replay_seed);
	assert_int_equal(fclose(text), 0);
	if (getenv("NB6_GOLDEN_WRITE"))
		write_golden(now);
	else
		compare(now);
	free(now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
