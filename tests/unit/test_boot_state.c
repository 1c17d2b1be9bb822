/* SPDX-License-Identifier: ISC */
/*
 * What bootd remembers: bindings and boots. Their life, their bounds, and the
 * addresses that need no memory.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/bindings/stable_address.h"
#include "bootd/progress/boot_progress.h"
#include "tests/unit/bootd_bench.h"
#include "tests/unit/random.h"

static struct prefix prefix_of(const char *address, uint8_t len)
{
	struct prefix prefix = {.len = len};

	inet_pton(AF_INET6, address, &prefix.address);
	return prefix;
}

static struct machine machine_number(uint32_t number)
{
	const uint8_t mac[] = {0x52, 0x54, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
		(uint8_t)(number >> 8), (uint8_t)number};

	return machine_of_mac(mac);
}

/* --- prefixes and stable addresses --------------------------------------------------- */

static void test_prefixes(void **state)
{
	static const struct {
		const char *prefix;
		uint8_t len;
		const char *address;
		bool inside;
	} row[] = {
		{"2001:db8::", 64, "2001:db8::ffff:ffff:ffff:ffff", true},
		{"2001:db8::", 64, "2001:db8:0:1::", false},
		{"2001:db8::", 63, "2001:db8:0:1::", true},
		{"2001:db8::", 63, "2001:db8:0:2::", false},
		{"2001:db8::", 120, "2001:db8::ff", true},
		{"2001:db8::", 120, "2001:db8::100", false},
		{"2001:db8::1", 128, "2001:db8::1", true},
		{"2001:db8::1", 128, "2001:db8::", false},
		{"::", 0, "ffff::", true},
		{"8000::", 1, "ffff::", true},
		{"8000::", 1, "7fff::", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct prefix prefix = prefix_of(row[i].prefix, row[i].len);
		struct in6_addr address;

		inet_pton(AF_INET6, row[i].address, &address);
		assert_int_equal(prefix_contains(&prefix, &address), row[i].inside);
	}
}

/* Known answers: the address of a machine must not change from one version to the next. */
static void test_stable_address_does_not_change(void **state)
{
	static const struct {
		const char *prefix;
		uint8_t len;
		uint32_t counter;
		const char *want;
	} row[] = {
		{"2001:db8:1::", 64, 0, "2001:db8:1:0:b67e:94bc:582a:c5c4"},
		{"2001:db8:1::", 64, 1, "2001:db8:1:0:1ddf:eba4:75ec:72c6"},
		{"2001:db8:2::", 64, 0, "2001:db8:2:0:b9a2:86e:54e4:241d"},
		{"2001:db8:1::", 120, 0, "2001:db8:1::bf"},
		{"2001:db8:1::", 57, 0, "2001:db8:1:54:9b43:f6f7:8287:1014"},
	};
	const uint8_t mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
	struct machine machine = machine_of_mac(mac);
	uint8_t key[BOOT_KEY_LEN];

	(void)state;
	stable_address_key("a secret of the tests", 21, key);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct prefix prefix = prefix_of(row[i].prefix, row[i].len);
		struct in6_addr got = stable_address(key, &prefix, &machine, row[i].counter);

		assert_true(prefix_contains(&prefix, &got));
		assert_string_equal(bench_text(&got), row[i].want);
	}
}

static void test_reserved_identifiers(void **state)
{
	static const struct {
		const char *address;
		bool reserved;
	} row[] = {
		{"2001:db8:1::", true}, /* Subnet-Router anycast */
		{"2001:db8:1::1", false},
		{"2001:db8:1:0:200:5eff:fe00:0", true},
		{"2001:db8:1:0:200:5eff:feff:ffff", true},
		{"2001:db8:1:0:200:5eff:fd00:0", false},
		{"2001:db8:1:0:fdff:ffff:ffff:ff80", true},
		{"2001:db8:1:0:fdff:ffff:ffff:ffff", true},
		{"2001:db8:1:0:fdff:ffff:ffff:ff7f", false},
	};
	struct prefix prefix = prefix_of("2001:db8:1::", 64);

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct in6_addr address;

		inet_pton(AF_INET6, row[i].address, &address);
		assert_int_equal(stable_address_is_reserved(&prefix, &address), row[i].reserved);
	}
}

/* A subnet so small that hashes collide: every machine still gets an address of its own. */
static void test_a_collision_takes_the_next_address(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, "subnet \"2001:db8:1::/120\" {}\n"
			"host \"a\" { mac = \"02:00:00:00:00:01\" address = \"2001:db8:1::7\" }\n");
	inet_pton(AF_INET6, "2001:db8:1::1", &b.link);
	for (uint8_t i = 0; i < 100; i++) {
		struct binding *binding;

		b.mac[5] = i;
		bench_message(&b, DHCP6_REQUEST);
		bench_put_server_id(&b);
		bench_put_ia(&b, 1, NULL);
		assert_int_equal(bench_relay(&b), EXCHANGE_ANSWERED);
		assert_true(b.has_address);
		assert_string_not_equal(bench_text(&b.address), "2001:db8:1::7");
		assert_int_not_equal(b.address.s6_addr[15], 0);
		binding = binding_table_find_address(&b.exchange.bindings, &b.address);
		assert_int_equal(binding_machine(binding).octets[5], i);
	}
	/* all 100 addresses differ: none has lost its own */
	for (const struct binding *x = binding_table_next(&b.exchange.bindings, NULL); x;
		x = binding_table_next(&b.exchange.bindings, x))
		assert_true(x->has_address);
	assert_int_equal(binding_table_count(&b.exchange.bindings), 100);
	bench_stop(&b);
}

static struct in6_addr request(struct bench *b)
{
	bench_message(b, DHCP6_REQUEST);
	bench_put_server_id(b);
	bench_put_ia(b, 1, NULL);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	return b->address;
}

/* The address that a machine would have, or has, is now a host's own: the machine moves. */
static void test_hosts_come_first(void **state)
{
	static const char subnet[] = "subnet \"2001:db8:1::/64\" {}\n";
	struct boot_config *before, *with_host;
	struct in6_addr first, second, third;
	struct bench b, other;
	char conf_text[256];

	(void)state;
	bench_start(&b, subnet);
	first = request(&b);
	snprintf(conf_text, sizeof(conf_text),
		"%shost \"h\" { mac = \"52:54:00:00:00:01\" address = \"%s\" }\n", subnet,
		bench_text(&first));
	bench_start(&other, conf_text);
	second = request(&other);
	assert_memory_not_equal(&first, &second, sizeof(first));
	assert_int_equal(other.decision.address.counter, 1);
	/* the same by a reload, with the binding in force */
	before = b.config;
	with_host = other.config;
	with_host->server_duid = before->server_duid;
	memcpy(with_host->key, before->key, sizeof(before->key));
	b.exchange.config = with_host;
	third = request(&b);
	assert_memory_equal(&second, &third, sizeof(second));
	b.mac[3] = b.mac[4] = 0;
	b.mac[5] = 1;
	third = request(&b);
	assert_memory_equal(&first, &third, sizeof(first));
	bench_stop(&other);
	bench_stop(&b);
}

/* --- bindings ---------------------------------------------------------------------- */

static struct binding *put(struct binding_table *table, uint32_t number, enum binding_state state,
	uint64_t now_ms, uint64_t for_s)
{
	struct prefix prefix = prefix_of("2001:db8:1::", 64);
	struct machine machine = machine_number(number);
	struct binding *binding = binding_table_get(table, &prefix, &machine, NULL);
	struct in6_addr address = prefix.address;

	address.s6_addr32[3] = htonl(number);
	binding_table_set_address(table, binding, &address, false);
	binding_table_set_state(table, binding, state, now_ms, for_s);
	return binding;
}

static bool has(struct binding_table *table, uint32_t number)
{
	struct prefix prefix = prefix_of("2001:db8:1::", 64);
	struct machine machine = machine_number(number);

	return binding_table_find(table, &prefix, &machine, NULL) != NULL;
}

/* A flood of Solicits pushes out offers, and not what is in use. */
static void test_a_flood_evicts_no_binding(void **state)
{
	struct binding_table table;

	(void)state;
	assert_int_equal(binding_table_init(&table, 50), 0);
	for (uint32_t i = 1; i <= 40; i++)
		put(&table, i, BINDING_BOUND, i, 600);
	for (uint32_t i = 1000; i < 3000; i++)
		put(&table, i, BINDING_OFFERED, i, 120);
	assert_int_equal(binding_table_count(&table), 50);
	for (uint32_t i = 1; i <= 40; i++)
		assert_true(has(&table, i));
	assert_true(has(&table, 2999));
	assert_false(has(&table, 1000));
	assert_int_equal(table.evicted, 1990);
	/* all bound: the oldest goes */
	for (uint32_t i = 100; i <= 150; i++)
		put(&table, i, BINDING_BOUND, i, 600);
	assert_int_equal(binding_table_count(&table), 50);
	assert_false(has(&table, 1));
	assert_true(has(&table, 150));
	binding_table_fini(&table);
}

static void test_expiry(void **state)
{
	struct binding_table table;
	struct binding *binding;

	(void)state;
	assert_int_equal(binding_table_init(&table, 0), 0);
	put(&table, 1, BINDING_OFFERED, 1000, 120);
	binding = put(&table, 2, BINDING_BOUND, 1000, 600);
	put(&table, 3, BINDING_RELEASED, 1000, 0);
	binding_table_expire(&table, 1001);
	assert_false(has(&table, 3));
	assert_true(has(&table, 1));
	binding_table_expire(&table, 120999);
	assert_true(has(&table, 1));
	binding_table_expire(&table, 121000);
	assert_false(has(&table, 1));
	assert_true(has(&table, 2));
	assert_null(binding_table_find_address(&table, &(struct in6_addr){0}));
	assert_ptr_equal(binding_table_find_address(&table, &binding->address), binding);
	binding_table_drop_address(&table, binding);
	binding_table_drop_address(&table, binding);
	assert_null(binding_table_find_address(&table, &binding->address));
	binding_table_fini(&table);
}

static void test_address_is_taken_over(void **state)
{
	struct binding_table table;
	struct binding *one, *two;

	(void)state;
	assert_int_equal(binding_table_init(&table, 0), 0);
	one = put(&table, 1, BINDING_BOUND, 1, 600);
	two = put(&table, 2, BINDING_BOUND, 1, 600);
	binding_table_set_address(&table, two, &one->address, true);
	assert_false(one->has_address);
	assert_true(two->has_address && two->is_fixed);
	assert_ptr_equal(binding_table_find_address(&table, &two->address), two);
	binding_table_remove(&table, one);
	binding_table_remove(&table, two);
	assert_int_equal(binding_table_count(&table), 0);
	binding_table_fini(&table);
}

/* Random work on a small table, against a plain array. */
static void test_bindings_against_a_model(void **state)
{
	enum { MACHINES = 40 };
	uint64_t expires_ms[MACHINES] = {0}, now_ms = 1;
	struct binding_table table;

	(void)state;
	random_start("bindings");
	assert_int_equal(binding_table_init(&table, 100), 0);
	for (int step = 0; step < 20000; step++) {
		uint32_t i = (uint32_t)random_below(MACHINES);
		uint64_t for_s = random_below(100);

		now_ms += random_below(3000);
		put(&table, i, (enum binding_state)random_below(4), now_ms, for_s);
		expires_ms[i] = now_ms + for_s * 1000;
		if (random_below(4) == 0) {
			binding_table_expire(&table, now_ms);
			for (uint32_t k = 0; k < MACHINES; k++)
				assert_int_equal(has(&table, k), expires_ms[k] > now_ms);
		}
	}
	binding_table_fini(&table);
}

/* --- boots ------------------------------------------------------------------------- */

static const char conf[] =
	"subnet \"2001:db8:1::/64\" {}\n"
	"host \"db\" { mac = \"52:54:00:12:34:d1\" }\n"
	"boot \"ipxe\" { user-class = \"iPXE\" url = \"http://[2001:db8::69]/b.ipxe\" }\n"
	"boot \"uefi\" { arch = {x64-uefi} url = \"tftp://[2001:db8::69]/x.efi\" }\n";

static struct boot_progress progress;

static void observe(void *arg, const struct exchange_event *event)
{
	(void)arg;
	boot_progress_exchange(&progress, event);
}

static void ask(struct bench *b, uint8_t type, const char *user_class)
{
	bench_message(b, type);
	if (type == DHCP6_REQUEST)
		bench_put_server_id(b);
	bench_put_ia(b, 1, NULL);
	bench_put_arch(b, 7);
	if (user_class)
		bench_put_user_class(b, user_class);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	b->now_ms += 100;
}

static void fetch(struct bench *b, const char *path, enum fetch_outcome outcome, uint64_t bytes)
{
	struct machine machine = machine_of_mac(b->mac);
	struct fetch_event event = {.kind = FETCH_HTTP,
		.outcome = outcome,
		.path = path,
		.bytes = bytes,
		.size = 1000,
		.error = outcome == FETCH_FAILED ? "no such file" : NULL};

	boot_progress_fetch(&progress, &machine, &event, b->now_ms += 100);
}

static void start(struct bench *b)
{
	bench_start(b, conf);
	assert_int_equal(boot_progress_init(&progress, 5), 0);
	b->exchange.observe = observe;
}

static void stop(struct bench *b)
{
	boot_progress_fini(&progress);
	bench_stop(b);
}

static void test_a_boot_from_end_to_end(void **state)
{
	static const char *const want[] = {"x64-uefi Solicit", "x64-uefi Request", "HTTP x.efi",
		"iPXE x64-uefi Solicit", "iPXE x64-uefi Request", "HTTP missing", "HTTP vmlinuz",
		"booted"};
	const struct boot_record *record;
	struct machine machine;
	struct bench b;

	(void)state;
	start(&b);
	machine = machine_of_mac(b.mac);
	ask(&b, DHCP6_SOLICIT, NULL);
	ask(&b, DHCP6_SOLICIT, NULL);
	record = boot_progress_find(&progress, &machine);
	assert_int_equal(record->stage, STAGE_FIRMWARE_ASKS);
	assert_int_equal(record->mac_source, CLIENT_MAC_RELAY);
	assert_int_equal(record->unverified_macs, 0);
	assert_null(boot_record_advice(record, b.now_ms));
	assert_non_null(strstr(boot_record_advice(record, b.now_ms + BOOT_SILENT_MS), "offer"));
	ask(&b, DHCP6_REQUEST, NULL);
	assert_int_equal(record->stage, STAGE_FIRMWARE_ADDRESSED);
	fetch(&b, "x.efi", FETCH_PROBED, 0);
	fetch(&b, "x.efi", FETCH_STARTED, 0);
	fetch(&b, "x.efi", FETCH_DONE, 1000);
	assert_int_equal(record->stage, STAGE_FIRMWARE_FETCHES);
	ask(&b, DHCP6_SOLICIT, "iPXE");
	ask(&b, DHCP6_REQUEST, "iPXE");
	fetch(&b, "missing", FETCH_FAILED, 0);
	assert_true(record->step[record->steps - 1].failed);
	fetch(&b, "vmlinuz", FETCH_STARTED, 0);
	fetch(&b, "vmlinuz", FETCH_DONE, 1000);
	boot_progress_booted(&progress, &machine, b.now_ms);
	assert_int_equal(record->stage, STAGE_BOOTED);
	assert_int_equal(record->bytes, 2000);
	assert_int_equal(record->steps, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < record->steps; i++)
		assert_string_equal(record->step[i].text, want[i]);
	assert_int_equal(record->step[0].times, 2);
	assert_int_equal(record->step[2].times, 1);
	assert_int_equal(record->boots, 1);
	/* it starts over: another boot */
	ask(&b, DHCP6_SOLICIT, NULL);
	assert_int_equal(record->boots, 2);
	assert_int_equal(record->steps, 1);
	assert_int_equal(record->stage, STAGE_FIRMWARE_ASKS);
	assert_int_equal(progress.reached[STAGE_BOOTED], 1);
	stop(&b);
}

static void test_boots_are_bounded(void **state)
{
	struct machine machine;
	struct bench b;
	char path[32];

	(void)state;
	start(&b);
	for (uint8_t i = 0; i < 20; i++) {
		b.mac[5] = i;
		ask(&b, DHCP6_SOLICIT, NULL);
	}
	assert_int_equal(progress.count, 5);
	machine = machine_of_mac(b.mac);
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "file%d", i);
		fetch(&b, path, FETCH_DONE, 1);
	}
	assert_int_equal(progress.newest->steps, BOOT_STEPS_MAX);
	assert_string_equal(progress.newest->step[0].text, "x64-uefi Solicit");
	assert_string_equal(progress.newest->step[BOOT_STEPS_MAX - 1].text, "HTTP file99");
	assert_ptr_equal(boot_progress_find(&progress, &machine), progress.newest);
	fetch(&b, "Z\xfcrich\xff", FETCH_FAILED, 0); /* a path of the peer's choice */
	assert_string_equal(progress.newest->step[BOOT_STEPS_MAX - 1].text, "HTTP Z?rich?");
	b.mac[5] = 0;
	machine = machine_of_mac(b.mac);
	assert_null(boot_progress_find(&progress, &machine));
	stop(&b);
}

/* Anybody can send messages; fewer have fetched a file, or have a host in the configuration. */
static void test_unknown_machines_displace_no_known_one(void **state)
{
	struct machine fetched, known, booted;
	struct bench b;

	(void)state;
	start(&b);
	boot_progress_set_hosts(&progress, 1);
	b.mac[5] = 0xd1; /* it has a host */
	known = machine_of_mac(b.mac);
	ask(&b, DHCP6_SOLICIT, NULL);
	b.mac[5] = 2;
	fetched = machine_of_mac(b.mac);
	ask(&b, DHCP6_REQUEST, NULL);
	fetch(&b, "x.efi", FETCH_STARTED, 0);
	for (unsigned i = 0; i < 12000; i++) {
		b.mac[3] = 9;
		b.mac[4] = (uint8_t)(i >> 8);
		b.mac[5] = (uint8_t)i;
		ask(&b, DHCP6_SOLICIT, NULL);
	}
	assert_int_equal(progress.count, 6);
	assert_true(progress.forgotten > 11000);
	assert_string_equal(boot_progress_find(&progress, &known)->host, "db");
	assert_int_equal(boot_progress_find(&progress, &fetched)->stage, STAGE_FIRMWARE_FETCHES);
	b.mac[3] = 7;
	booted = machine_of_mac(b.mac);
	assert_null(boot_progress_booted(&progress, &booted, b.now_ms));
	assert_int_equal(progress.count, 6);
	stop(&b);
}

/*
 * DUIDs that a hash by multiplication and folding puts into one slot, whatever its secret start is:
 * the highest bit of a word stays alone in the product, and the next word cancels what the fold
 * makes of it. Strangers choose DUIDs.
 */
static void test_duids_cannot_be_chosen_to_share_a_slot(void **state)
{
	enum { PAIRS = 8, DUIDS = 1 << PAIRS };
	struct fetch_event event = {.kind = FETCH_HTTP, .outcome = FETCH_STARTED, .path = "x"};
	size_t used = 0;

	(void)state;
	assert_int_equal(boot_progress_init(&progress, DUIDS), 0);
	for (unsigned i = 0; i < DUIDS; i++) {
		uint64_t word[2 * PAIRS] = {0};
		struct dhcp6_duid duid = {.len = sizeof(word)};
		struct machine machine;

		for (unsigned pair = 0; pair < PAIRS; pair++)
			if (i >> pair & 1) {
				word[2 * pair] = UINT64_C(1) << 63;
				word[2 * pair + 1] = UINT64_C(1) << 63 | UINT64_C(1) << 31;
			}
		memcpy(duid.octets, word, sizeof(word));
		machine = machine_of_duid(&duid);
		boot_progress_fetch(&progress, &machine, &event, 1000);
	}
	assert_int_equal(progress.count, DUIDS);
	for (size_t i = 0; i < progress.slots; i++)
		used += progress.slot[i] != NULL;
	assert_true(used > DUIDS / 2);
	boot_progress_fini(&progress);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_stable_address_does_not_change),
		cmocka_unit_test(test_reserved_identifiers),
		cmocka_unit_test(test_a_collision_takes_the_next_address),
		cmocka_unit_test(test_hosts_come_first),
		cmocka_unit_test(test_a_flood_evicts_no_binding),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_address_is_taken_over),
		cmocka_unit_test(test_bindings_against_a_model),
		cmocka_unit_test(test_a_boot_from_end_to_end),
		cmocka_unit_test(test_boots_are_bounded),
		cmocka_unit_test(test_unknown_machines_displace_no_known_one),
		cmocka_unit_test(test_duids_cannot_be_chosen_to_share_a_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
