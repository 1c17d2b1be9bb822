/* SPDX-License-Identifier: ISC */
/*
 * addresses = pool, message by message on fake time: who gets which address, what is
 * stored before it is promised, and what is said while the store cannot be written.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bootd/config/conf_file.h"
#include "bootd/leases/sqlite_store.h"
#include "daemon/log.h"
#include "tests/unit/bootd_bench.h"
#include "tests/unit/lease_directory.h"
#include "tests/unit/log_capture.h"

#define BOOT "boot \"uefi\" { arch = {x64-uefi} url = \"tftp://[2001:db8::69]/x.efi\" }\n"
#define SUBNET(range)                                                                              \
	"subnet \"2001:db8:1::/64\" { addresses = pool lifetime = \"10m\" pool = \"" range "\" "   \
	"}\n"

enum { LIFETIME_S = 600, MACHINES = 8 };

/* --- a store that fails when it is told to -------------------------------------------- */

struct flaky_store {
	struct lease_store head;
	struct lease_store *real;
	int fails; /* 0 or -errno */
};

static struct flaky_store flaky;

static int flaky_load(struct lease_store *store, int64_t now_unix_s, lease_take_fn *take, void *arg)
{
	(void)store;
	return flaky.real->driver->load(flaky.real, now_unix_s, take, arg);
}

static int flaky_put(struct lease_store *store, const struct lease *lease)
{
	(void)store;
	return flaky.real->driver->put(flaky.real, lease);
}

static int flaky_remove(
	struct lease_store *store, const struct in6_addr *address, const struct machine *machine)
{
	(void)store;
	return flaky.real->driver->remove(flaky.real, address, machine);
}

/* Where the disk is full, the real one has nothing of the transaction either. */
static int flaky_commit(struct lease_store *store)
{
	char why[LEASE_STORE_WHY];

	(void)store;
	if (flaky.fails == 0)
		return flaky.real->driver->commit(flaky.real);
	flaky.real->driver->close(flaky.real);
	assert_int_equal(sqlite_driver.open(lease_file, NULL, NULL, &flaky.real, why), 0);
	return flaky.fails;
}

static const char *flaky_last_error(const struct lease_store *store)
{
	(void)store;
	return "told to fail";
}

static void flaky_describe(const struct lease_store *store, struct lease_store_health *health)
{
	(void)store;
	*health = (struct lease_store_health){.kind = "flaky", .state = "ready"};
}

static void flaky_close(struct lease_store *store)
{
	(void)store;
	flaky.real->driver->close(flaky.real);
}

static struct lease_store *open_store(void)
{
	static const struct lease_driver driver = {.load = flaky_load,
		.put = flaky_put,
		.remove = flaky_remove,
		.commit = flaky_commit,
		.last_error = flaky_last_error,
		.describe = flaky_describe,
		.close = flaky_close};
	char why[LEASE_STORE_WHY];

	flaky = (struct flaky_store){.head = {.driver = &driver, .name = "flaky"}};
	if (sqlite_driver.open(lease_file, NULL, NULL, &flaky.real, why) < 0)
		fail_msg("%s", why);
	return &flaky.head;
}

/* --- a bench with leases ---------------------------------------------------------------- */

static struct bench bench;

static void begin(const char *conf, uint64_t now_ms)
{
	bench_start(&bench, conf);
	bench.now_ms = now_ms;
	bench.exchange.leases.store = open_store();
	lease_journal_set_time(&bench.exchange.leases, now_ms, BENCH_UNIX_MS + (int64_t)now_ms);
	assert_int_equal(
		lease_journal_load(&bench.exchange.leases, &bench.exchange.bindings, now_ms), 0);
}

/* bootd ends, or is killed, and is started again after a while. */
static void restart(const char *conf, uint64_t after_ms)
{
	uint64_t now_ms = bench.now_ms + after_ms;

	bench_stop(&bench);
	begin(conf, now_ms);
}

static int end(void **state)
{
	bench_stop(&bench);
	return lease_directory_remove(state);
}

static void be_machine(uint8_t number)
{
	bench.mac[5] = number;
	assert_int_equal(dhcp6_duid_parse("000300015254001234ff", &bench.duid), 0);
	bench.duid.octets[9] = number;
}

static enum exchange_drop ask(uint8_t type, const struct in6_addr *has)
{
	bench_message(&bench, type);
	if (type != DHCP6_SOLICIT && type != DHCP6_REBIND)
		bench_put_server_id(&bench);
	bench_put_ia(&bench, 1, has);
	bench_put_arch(&bench, 7);
	return bench_relay(&bench);
}

/* Solicit and Request of a machine; its address, which must have been stored. */
static struct in6_addr get_address(uint8_t machine)
{
	struct in6_addr offered;

	be_machine(machine);
	assert_int_equal(ask(DHCP6_SOLICIT, NULL), EXCHANGE_ANSWERED);
	assert_true(bench.has_address && bench.has_url);
	offered = bench.address;
	assert_int_equal(ask(DHCP6_REQUEST, &offered), EXCHANGE_ANSWERED);
	assert_true(bench.has_address && bench.has_url);
	assert_memory_equal(&offered, &bench.address, sizeof(offered));
	assert_int_equal(bench.valid_s, LIFETIME_S);
	return offered;
}

/* Neither an address nor a URL, in either answer. */
static void get_nothing(uint8_t machine)
{
	be_machine(machine);
	for (uint8_t type = DHCP6_SOLICIT; type <= DHCP6_REQUEST; type += 2) {
		assert_int_equal(ask(type, NULL), EXCHANGE_ANSWERED);
		assert_int_equal(bench.ia_status, DHCP6_STATUS_NO_ADDRS_AVAIL);
		assert_false(bench.has_address || bench.has_url);
	}
}

static void pass(uint64_t seconds)
{
	bench.now_ms += seconds * 1000;
	binding_table_expire(&bench.exchange.bindings, bench.now_ms);
}

static void same(struct in6_addr a, struct in6_addr b)
{
	assert_string_equal(bench_text(&a), bench_text(&b));
}

static void differ(struct in6_addr a, struct in6_addr b)
{
	assert_string_not_equal(bench_text(&a), bench_text(&b));
}

/* --- who gets which ------------------------------------------------------------------------ */

#define ONE SUBNET("2001:db8:1::77-2001:db8:1::77") BOOT
#define TWO SUBNET("2001:db8:1::10-2001:db8:1::11") BOOT
#define MANY SUBNET("2001:db8:1::1000-2001:db8:1::1fff") BOOT

static void test_pool_of_one(void **state)
{
	struct in6_addr first;

	(void)state;
	begin(ONE, 1000);
	first = get_address(1);
	assert_string_equal(bench_text(&first), "2001:db8:1::77");
	get_nothing(2);
	/* released, it waits for its machine; over, it is the other's */
	be_machine(1);
	assert_int_equal(ask(DHCP6_RELEASE, &first), EXCHANGE_ANSWERED);
	get_nothing(2);
	same(get_address(1), first);
	pass(LIFETIME_S - 1);
	get_nothing(2);
	pass(1);
	same(get_address(2), first);
	get_nothing(1);
}

static void test_an_offer_is_no_promise(void **state)
{
	struct in6_addr offered;

	(void)state;
	begin(ONE, 1000);
	be_machine(1);
	assert_int_equal(ask(DHCP6_SOLICIT, NULL), EXCHANGE_ANSWERED);
	offered = bench.address;
	assert_int_equal(bench.exchange.leases.commits, 0);
	/* who asks first has it */
	same(get_address(2), offered);
	be_machine(1);
	assert_int_equal(ask(DHCP6_REQUEST, &offered), EXCHANGE_ANSWERED);
	assert_int_equal(bench.ia_status, DHCP6_STATUS_NO_ADDRS_AVAIL);
	assert_false(bench.has_url);
}

static void test_expired_addresses_are_given_last(void **state)
{
	struct in6_addr one, two;

	(void)state;
	begin(TWO, 1000);
	one = get_address(1);
	pass(LIFETIME_S + 1);
	two = get_address(2);
	differ(one, two);
	same(get_address(1), one); /* its own again */
	get_nothing(3);
	pass(LIFETIME_S + 1);
	get_address(3);
	get_address(4);
	get_nothing(1);
}

static void test_host_in_the_pool(void **state)
{
	static const char conf[] = TWO "host \"h\" { mac = \"52:54:00:12:34:99\" "
				       "address = \"2001:db8:1::10\" }\n";
	struct in6_addr one;

	(void)state;
	begin(conf, 1000);
	one = get_address(1);
	assert_string_equal(bench_text(&one), "2001:db8:1::11");
	get_nothing(2);
	be_machine(0x99);
	assert_int_equal(ask(DHCP6_REQUEST, NULL), EXCHANGE_ANSWERED);
	assert_string_equal(bench_text(&bench.address), "2001:db8:1::10");
	assert_int_equal(bench.exchange.leases.stored, 1); /* the host's is in the configuration */
}

/* A host is given an address that a machine has: that one gets another, at its Renew. */
static void test_host_is_added_by_reload(void **state)
{
	struct config_problems problems = {0};
	struct boot_config *config, *before;
	struct in6_addr one;
	char conf[512];

	(void)state;
	begin(TWO, 1000);
	one = get_address(1);
	snprintf(conf, sizeof(conf),
		"%shost \"h\" { mac = \"52:54:00:12:34:99\" address = \"%s\" }\n", TWO,
		bench_text(&one));
	assert_int_equal(conf_text_load("bootd.conf", conf, &config, &problems), 0);
	before = bench.config;
	config->server_duid = before->server_duid;
	assert_int_equal(exchange_set_config(&bench.exchange, config), 0);
	bench.config = config;
	boot_config_free(before);
	be_machine(1);
	assert_int_equal(ask(DHCP6_RENEW, &one), EXCHANGE_ANSWERED);
	assert_true(bench.has_address);
	differ(bench.address, one);
	get_nothing(2);
}

static void test_the_last_requestor_becomes_the_owner(void **state)
{
	struct in6_addr one;

	(void)state;
	begin(MANY, 1000);
	one = get_address(1);
	assert_int_equal(dhcp6_duid_parse("000400112233445566778899aabbccddeeff", &bench.duid), 0);
	assert_int_equal(ask(DHCP6_SOLICIT, NULL), EXCHANGE_ANSWERED);
	same(bench.address, one);
	assert_int_equal(ask(DHCP6_REQUEST, &one), EXCHANGE_ANSWERED);
	same(bench.address, one);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 1);
	/* the Release of the one before does not count */
	be_machine(1);
	assert_int_equal(ask(DHCP6_RELEASE, &one), EXCHANGE_ANSWERED);
	assert_int_equal(
		binding_table_find_address(&bench.exchange.bindings, &one)->state, BINDING_BOUND);
}

/* --- classes: several kinds of addresses in one subnet --------------------------------------- */

#define CLASSES(own)                                                                               \
	"subnet \"2001:db8:1::/64\" { " own " lifetime = \"10m\"\n"                                \
	"class \"firmware\" { arch = {uefi} addresses = pool\n"                                    \
	"  pool = \"2001:db8:1::10-2001:db8:1::11\" }\n"                                           \
	"class \"lab\" { mac = \"52:54:00:12:34:99\" addresses = none } }\n" BOOT

#define OWN_POOL "addresses = pool pool = \"2001:db8:1::20-2001:db8:1::2f\""

/* The system that a machine runs: no architecture, another DUID. */
static struct in6_addr get_address_of_system(uint8_t machine)
{
	be_machine(machine);
	bench.duid.octets[4] ^= 0xff;
	bench_message(&bench, DHCP6_REQUEST);
	bench_put_server_id(&bench);
	bench_put_ia(&bench, 7, NULL);
	assert_int_equal(bench_relay(&bench), EXCHANGE_ANSWERED);
	assert_true(bench.has_address);
	return bench.address;
}

static bool is_in(struct in6_addr address, const char *start)
{
	return strncmp(bench_text(&address), start, strlen(start)) == 0;
}

/* Firmware from a small pool, the system by computation: each keeps its own over reboots. */
static void test_class_beside_stable(void **state)
{
	struct in6_addr firmware, system, other;

	(void)state;
	begin(CLASSES(""), 1000);
	firmware = get_address(1);
	assert_true(is_in(firmware, "2001:db8:1::1"));
	system = get_address_of_system(1);
	assert_false(is_in(system, "2001:db8:1::"));
	same(get_address(1), firmware);
	same(get_address_of_system(1), system);
	/* the firmware's is released after the system has its own */
	be_machine(1);
	assert_int_equal(ask(DHCP6_RELEASE, &firmware), EXCHANGE_ANSWERED);
	assert_int_equal(binding_table_find_address(&bench.exchange.bindings, &firmware)->state,
		BINDING_RELEASED);
	assert_int_equal(binding_table_find_address(&bench.exchange.bindings, &system)->state,
		BINDING_BOUND);
	other = get_address(2);
	differ(other, firmware);
	get_nothing(3); /* the pool is used up */
	differ(get_address_of_system(3), system);
	be_machine(0x99);
	assert_int_equal(ask(DHCP6_SOLICIT, NULL), EXCHANGE_ANSWERED);
	assert_false(bench.has_address);
	assert_string_equal(bench.decision.class->name, "firmware"); /* the first that it is in */
	restart(CLASSES(""), 5000);
	same(get_address(1), firmware);
	same(get_address_of_system(1), system);
	same(get_address(2), other);
}

/* Two pools: the lease of one is not given up for that of the other. */
static void test_class_beside_pool(void **state)
{
	struct in6_addr firmware, system;

	(void)state;
	begin(CLASSES(OWN_POOL), 1000);
	firmware = get_address(1);
	system = get_address_of_system(1);
	assert_true(is_in(system, "2001:db8:1::2"));
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 2);
	restart(CLASSES(OWN_POOL), 5000);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 2);
	same(get_address(1), firmware);
	same(get_address_of_system(1), system);
	/* over, it is to be had by others; the machine's other one goes on */
	be_machine(1);
	pass(LIFETIME_S - 5);
	same(get_address_of_system(1), system);
	pass(6);
	get_address(2);
	get_address(3);
	get_nothing(1);
	same(get_address_of_system(1), system);
}

/* A class of machines that get none. */
static void test_class_without_addresses(void **state)
{
	(void)state;
	begin(CLASSES(OWN_POOL), 1000);
	be_machine(0x99);
	bench_message(&bench, DHCP6_SOLICIT);
	bench_put_ia(&bench, 1, NULL);
	assert_int_equal(bench_relay(&bench), EXCHANGE_ANSWERED);
	assert_int_equal(bench.ia_status, DHCP6_STATUS_NO_ADDRS_AVAIL);
	assert_string_equal(bench.decision.class->name, "lab");
}

/* A subnet loses its classes by a reload: what was leased is renewed from what there is now. */
static void test_a_reload_applies_classes(void **state)
{
	struct config_problems problems = {0};
	struct boot_config *config, *before;
	struct in6_addr firmware;

	(void)state;
	begin(CLASSES(""), 1000);
	firmware = get_address(1);
	assert_int_equal(conf_text_load("bootd.conf", MANY, &config, &problems), 0);
	before = bench.config;
	config->server_duid = before->server_duid;
	assert_int_equal(exchange_set_config(&bench.exchange, config), 0);
	bench.config = config;
	boot_config_free(before);
	assert_int_equal(ask(DHCP6_RENEW, &firmware), EXCHANGE_ANSWERED);
	assert_true(is_in(bench.address, "2001:db8:1::1"));
	differ(bench.address, firmware);
	assert_null(binding_table_find_address(&bench.exchange.bindings, &firmware));
}

static void test_declined_addresses_are_held_back(void **state)
{
	struct in6_addr one, two;

	(void)state;
	begin(TWO, 1000);
	one = get_address(1);
	assert_int_equal(ask(DHCP6_DECLINE, &one), EXCHANGE_ANSWERED);
	two = get_address(1);
	differ(one, two);
	get_nothing(2);
	restart(TWO, 5000);
	same(get_address(1), two);
	get_nothing(2);
	/* both are declined: nothing is left, for an hour */
	be_machine(1);
	assert_int_equal(ask(DHCP6_DECLINE, &two), EXCHANGE_ANSWERED);
	get_nothing(1);
	restart(TWO, 1000);
	get_nothing(1);
	pass(DECLINE_HELD_S);
	get_address(1);
	get_address(2);
}

/* One machine that declines all it gets holds up a few addresses, and not the pool. */
static void test_declines_are_limited(void **state)
{
	static struct capture capture;
	struct in6_addr last = {0}, address = {0};

	(void)state;
	begin(SUBNET("2001:db8:1::10-2001:db8:1::19") BOOT, 1000);
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_WARNING);
	capture_start(&capture);
	for (int i = 0; i < 20; i++) {
		last = address;
		address = get_address(1);
		if (i > DECLINES_MAX)
			same(address, last);
		else
			differ(address, last);
		assert_int_equal(ask(DHCP6_DECLINE, &address), EXCHANGE_ANSWERED);
		assert_int_equal(bench.status, DHCP6_STATUS_SUCCESS);
	}
	assert_non_null(strstr(capture_stop(&capture),
		"52:54:00:12:34:01 declines each address that it gets, 5 within an hour"));
	for (uint8_t machine = 2; machine < 2 + 10 - DECLINES_MAX - 1; machine++)
		get_address(machine);
	get_nothing(20);
}

/* A system's Release frees the address of the pool at once; in the store as well. */
static void test_release_of_a_system(void **state)
{
	struct in6_addr address;

	(void)state;
	begin(ONE, 1000);
	address = get_address_of_system(1);
	bench_message(&bench, DHCP6_RELEASE);
	bench_put_server_id(&bench);
	bench_put_ia(&bench, 7, &address);
	assert_int_equal(bench_relay(&bench), EXCHANGE_ANSWERED);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 0);
	restart(ONE, 0);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 0);
	same(get_address(2), address);
}

static void test_decline_of_an_offer_counts_for_nothing(void **state)
{
	struct in6_addr offered;

	(void)state;
	begin(ONE, 1000);
	be_machine(1);
	assert_int_equal(ask(DHCP6_SOLICIT, NULL), EXCHANGE_ANSWERED);
	offered = bench.address;
	assert_int_equal(ask(DHCP6_DECLINE, &offered), EXCHANGE_ANSWERED);
	assert_int_equal(bench.ia_status, DHCP6_STATUS_NO_BINDING);
	same(get_address(2), offered);
}

/* --- over a restart ----------------------------------------------------------------------- */

static void test_restart_keeps_leases(void **state)
{
	struct in6_addr has[MACHINES];
	uint32_t left_s;

	(void)state;
	begin(MANY, 1000);
	for (uint8_t i = 0; i < MACHINES; i++)
		has[i] = get_address(i);
	restart(MANY, 100 * 1000);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), MACHINES);
	left_s = lease_journal_stored_s(
		binding_table_find_address(&bench.exchange.bindings, &has[0]), bench.now_ms);
	assert_in_range(left_s, LIFETIME_S - 100, LIFETIME_S - 99);
	for (uint8_t i = 0; i < MACHINES; i++) {
		be_machine(i);
		assert_int_equal(ask(DHCP6_RENEW, &has[i]), EXCHANGE_ANSWERED);
		same(bench.address, has[i]);
		assert_int_equal(bench.valid_s, LIFETIME_S);
	}
	/* what has expired meanwhile is not there any more, but the search begins where it was */
	restart(MANY, (LIFETIME_S + 1) * 1000);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 0);
	for (uint8_t i = 0; i < MACHINES; i++)
		same(get_address(i), has[i]);
}

static void test_reload_keeps_leases(void **state)
{
	struct in6_addr one, two;

	(void)state;
	begin(TWO, 1000);
	one = get_address(1);
	assert_int_equal(exchange_set_config(&bench.exchange, bench.config), 0);
	two = get_address(2);
	differ(one, two);
	same(get_address(1), one);
	get_nothing(3);
}

/* --- a store that cannot be written --------------------------------------------------------- */

static void test_renew_ends_at_the_stored_expiry(void **state)
{
	struct in6_addr one;

	(void)state;
	begin(MANY, 1000);
	one = get_address(1);
	pass(200);
	assert_int_equal(ask(DHCP6_RENEW, &one), EXCHANGE_ANSWERED);
	assert_int_equal(bench.valid_s, LIFETIME_S);
	flaky.fails = -ENOSPC;
	pass(200);
	assert_int_equal(ask(DHCP6_RENEW, &one), EXCHANGE_ANSWERED);
	assert_int_equal(bench.committed, -ENOSPC);
	same(bench.address, one);
	assert_int_equal(bench.valid_s, LIFETIME_S - 200);
	assert_true(bench.has_url);
}

static void test_nothing_new_is_promised(void **state)
{
	struct in6_addr offered;

	(void)state;
	begin(TWO, 1000);
	flaky.fails = -EROFS;
	be_machine(1);
	assert_int_equal(ask(DHCP6_SOLICIT, NULL), EXCHANGE_ANSWERED);
	offered = bench.address;
	bench.told = 0;
	assert_int_equal(ask(DHCP6_REQUEST, &offered), DROP_NOT_STORED);
	assert_int_equal(bench.told, 0); /* no log says that it was answered */
	assert_int_equal(bench.exchange.counters.dropped[DROP_NOT_STORED], 1);
	assert_int_equal(bench.exchange.counters.received[DHCP6_REQUEST], 1);
	assert_int_equal(bench.exchange.leases.failed_commits, 1);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 0);
	/* the disk is writable again, nothing was lost */
	restart(TWO, 1000);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 0);
	get_address(1);
	get_address(2);
}

/* A machine moves to another pool; if that cannot be stored, its old address stays its own. */
static void test_a_move_that_is_not_stored(void **state)
{
	struct in6_addr old, other;
	const struct binding *holder;

	(void)state;
	begin(ONE, 1000);
	old = get_address(1);
	pass(200);
	bench_reload(&bench, TWO);
	flaky.fails = -ENOSPC;
	assert_int_equal(ask(DHCP6_REQUEST, NULL), DROP_NOT_STORED);
	assert_int_equal(bench.committed, -ENOSPC);
	holder = binding_table_find_address(&bench.exchange.bindings, &old);
	assert_non_null(holder);
	assert_true(holder->is_lease && holder->state == BINDING_BOUND);
	assert_int_equal(
		lease_journal_stored_s(holder, bench.now_ms), LIFETIME_S - 200);
	bench_reload(&bench, ONE);
	get_nothing(2);
	/* it is stored as soon as that is possible, and the old address is free */
	flaky.fails = 0;
	bench_reload(&bench, TWO);
	other = get_address(1);
	differ(old, other);
	bench_reload(&bench, ONE);
	same(get_address(2), old);
	restart(ONE, 0);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 2);
}

static void test_release_is_answered_all_the_same(void **state)
{
	struct in6_addr one;

	(void)state;
	begin(MANY, 1000);
	one = get_address(1);
	flaky.fails = -EIO;
	assert_int_equal(ask(DHCP6_RELEASE, &one), EXCHANGE_ANSWERED);
	assert_int_equal(bench.committed, -EIO);
	restart(MANY, 1000);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 1);
}

static void test_without_store(void **state)
{
	struct in6_addr offered;

	(void)state;
	begin(MANY, 1000);
	lease_journal_fini(&bench.exchange.leases);
	be_machine(1);
	assert_int_equal(ask(DHCP6_SOLICIT, NULL), EXCHANGE_ANSWERED);
	offered = bench.address;
	assert_int_equal(ask(DHCP6_REQUEST, &offered), DROP_NOT_STORED);
}

static void test_operator_deletes(void **state)
{
	struct in6_addr one;
	struct binding *binding;

	(void)state;
	begin(ONE, 1000);
	one = get_address(1);
	binding = binding_table_find_address(&bench.exchange.bindings, &one);
	assert_int_equal(
		lease_journal_remove(&bench.exchange.leases, &bench.exchange.bindings, binding), 0);
	same(get_address(2), one);
	restart(ONE, 1000);
	get_nothing(1);
}

/* More machines than a table has room for: leases stay, the rest is told that there is none. */
static void test_full_table(void **state)
{
	struct in6_addr one;

	(void)state;
	begin(MANY, 1000);
	binding_table_fini(&bench.exchange.bindings);
	assert_int_equal(binding_table_init(&bench.exchange.bindings, 10), 0);
	assert_int_equal(binding_table_set_pools(&bench.exchange.bindings, bench.config), 0);
	one = get_address(1);
	for (uint8_t i = 2; i <= 9; i++)
		get_address(i);
	get_nothing(10);
	same(get_address(1), one);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 9);
}

/* --- the wall clock ---------------------------------------------------------------------- */

enum { YEARS_S = 24 * 365 * 24 * 3600 };

static void set_clock(int64_t wrong_by_s)
{
	bench.clock_wrong_by_ms = wrong_by_s * 1000;
	lease_journal_set_time(&bench.exchange.leases, bench.now_ms,
		BENCH_UNIX_MS + (int64_t)bench.now_ms + bench.clock_wrong_by_ms);
}

static void rewrite(void)
{
	bool has_more;

	lease_journal_begin_rewrite(&bench.exchange.leases);
	do {
		has_more = lease_journal_rewrite(
			&bench.exchange.leases, &bench.exchange.bindings, bench.now_ms, 2);
		assert_int_equal(exchange_commit(&bench.exchange, bench.now_ms), 0);
	} while (has_more);
}

/* Given while the clock was years behind: once it is right, they are stored by the right time. */
static void test_clock_was_behind(void **state)
{
	struct in6_addr address[MACHINES];

	(void)state;
	begin(MANY, 1000);
	set_clock(-YEARS_S);
	for (uint8_t i = 0; i < MACHINES; i++)
		address[i] = get_address(i);
	set_clock(0);
	rewrite();
	restart(MANY, 10 * 1000);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), MACHINES);
	for (uint8_t i = 0; i < MACHINES; i++) {
		const struct binding *binding =
			binding_table_find_address(&bench.exchange.bindings, &address[i]);

		assert_non_null(binding);
		assert_in_range(
			lease_journal_stored_s(binding, bench.now_ms), LIFETIME_S - 12, LIFETIME_S);
	}
}

/* Given while it was years ahead: the address is not held for years. */
static void test_clock_was_ahead(void **state)
{
	struct in6_addr address;
	const struct binding *binding;

	(void)state;
	begin(ONE, 1000);
	set_clock(YEARS_S);
	address = get_address(1);
	restart(ONE, 10 * 1000);
	binding = binding_table_find_address(&bench.exchange.bindings, &address);
	assert_non_null(binding);
	assert_in_range(
		lease_journal_stored_s(binding, bench.now_ms), LIFETIME_S - 12, LIFETIME_S + 1);
	pass(LIFETIME_S + 2);
	same(get_address(2), address);
}

/* A machine without a battery starts in 1970; its clock is set a moment later. */
static void test_clock_is_behind_at_the_start(void **state)
{
	struct in6_addr address;

	(void)state;
	begin(ONE, 1000);
	address = get_address(1);
	bench_stop(&bench);
	bench_start(&bench, ONE);
	bench.exchange.leases.store = open_store();
	set_clock(-YEARS_S);
	assert_int_equal(
		lease_journal_load(&bench.exchange.leases, &bench.exchange.bindings, bench.now_ms),
		0);
	get_nothing(2);
	set_clock(0);
	rewrite();
	pass(LIFETIME_S + 2);
	restart(ONE, 0);
	same(get_address(2), address);
}

#define POOL_TEST(test) cmocka_unit_test_setup_teardown(test, lease_directory_make, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(test_pool_of_one),
		POOL_TEST(test_declines_are_limited),
		POOL_TEST(test_release_of_a_system),
		POOL_TEST(test_clock_was_behind),
		POOL_TEST(test_clock_was_ahead),
		POOL_TEST(test_clock_is_behind_at_the_start),
		POOL_TEST(test_an_offer_is_no_promise),
		POOL_TEST(test_expired_addresses_are_given_last),
		POOL_TEST(test_host_in_the_pool),
		POOL_TEST(test_host_is_added_by_reload),
		POOL_TEST(test_the_last_requestor_becomes_the_owner),
		POOL_TEST(test_class_beside_stable),
		POOL_TEST(test_class_beside_pool),
		POOL_TEST(test_class_without_addresses),
		POOL_TEST(test_a_reload_applies_classes),
		POOL_TEST(test_declined_addresses_are_held_back),
		POOL_TEST(test_decline_of_an_offer_counts_for_nothing),
		POOL_TEST(test_restart_keeps_leases),
		POOL_TEST(test_reload_keeps_leases),
		POOL_TEST(test_renew_ends_at_the_stored_expiry),
		POOL_TEST(test_nothing_new_is_promised),
		POOL_TEST(test_a_move_that_is_not_stored),
		POOL_TEST(test_release_is_answered_all_the_same),
		POOL_TEST(test_without_store),
		POOL_TEST(test_operator_deletes),
		POOL_TEST(test_full_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
