/* SPDX-License-Identifier: ISC */
/*
 * Who gets which script, and who can say that a machine has booted: the asking address decides,
 * and nobody speaks for another machine.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/boot_scripts.h"
#include "tests/unit/bootd_bench.h"

static const char conf[] =
	"subnet \"2001:db8:1::/64\" {}\n"
	"subnet \"2001:db8:2::/64\" {}\n"
	"host \"db\" { mac = {\"52:54:00:00:00:d1\", \"52:54:00:00:00:d2\"} set = {\"role=db\"} }\n"
	"host \"rack\" { uuid = \"01020304-0506-0708-090a-0b0c0d0e0f10\" set = {\"role=rack\"} }\n"
	"host \"fixed\" { mac = \"52:54:00:00:00:f1\" address = \"2001:db8:2::f1\" "
	"set = {\"role=fixed\"} }\n"
	"boot \"uefi\" { arch = {x64-uefi} url = \"tftp://[2001:db8::69]/x.efi\" }\n";

static struct boot_progress progress;
static struct boot_scripts scripts;

static void observe(void *arg, const struct exchange_event *event)
{
	(void)arg;
	boot_progress_exchange(&progress, event);
}

static void start(struct bench *b)
{
	bench_start(b, conf);
	assert_int_equal(boot_progress_init(&progress, 0), 0);
	b->exchange.observe = observe;
	scripts = (struct boot_scripts){
		.config = b->config, .bindings = &b->exchange.bindings, .progress = &progress};
}

static void stop(struct bench *b)
{
	boot_progress_fini(&progress);
	bench_stop(b);
}

/* The machine whose MAC ends in `last` gets an address by DHCPv6. */
static struct in6_addr bind_machine(struct bench *b, uint8_t last)
{
	static const uint8_t oui[] = {0x52, 0x54, 0, 0, 0};

	memcpy(b->mac, oui, sizeof(oui));
	b->mac[5] = last;
	bench_message(b, DHCP6_REQUEST);
	bench_put_server_id(b);
	bench_put_ia(b, 1, NULL);
	bench_put_arch(b, 7);
	assert_int_equal(bench_relay(b), EXCHANGE_ANSWERED);
	assert_true(b->has_address);
	return b->address;
}

/* The value of ${role} in the script that `peer` gets; NULL: it has none. */
static const char *role_for(struct in6_addr peer, const char *mac, int expected)
{
	struct boot_question question = {.kind = QUESTION_SCRIPT,
		.peer = peer,
		.mac = mac,
		.names = 2,
		.name = {"unknown", "role"}};
	struct boot_answer answer;

	boot_scripts_answer(&scripts, &question, &answer);
	assert_int_equal(answer.status, expected);
	if (expected < 0)
		return NULL;
	assert_int_equal(answer.values, 2);
	assert_null(answer.value[0]);
	return answer.value[1];
}

static int call_home(struct in6_addr peer, const char *mac)
{
	struct boot_question question = {.kind = QUESTION_BOOTED, .peer = peer, .mac = mac};
	struct boot_answer answer;

	boot_scripts_answer(&scripts, &question, &answer);
	assert_non_null(answer.text);
	return answer.status;
}

static void test_the_address_decides_and_mac_must_agree(void **state)
{
	struct in6_addr db, other, stranger = bench_in6("2001:db8:1::5");
	struct bench b;

	(void)state;
	start(&b);
	db = bind_machine(&b, 0xd1);
	other = bind_machine(&b, 0x01);
	assert_string_equal(role_for(db, NULL, 0), "db");
	assert_string_equal(role_for(db, "52:54:00:00:00:d1", 0), "db");
	/* Its other card is the same host. */
	assert_string_equal(role_for(db, "52:54:00:00:00:d2", 0), "db");
	assert_null(role_for(other, NULL, 0));
	assert_null(role_for(other, "52:54:00:00:00:01", 0));
	role_for(other, "52:54:00:00:00:d1", -EACCES);
	role_for(db, "52:54:00:00:00:01", -EACCES);
	role_for(db, "nonsense", -EINVAL);
	/* Configured, and nobody has asked by DHCPv6 yet. */
	assert_string_equal(role_for(bench_in6("2001:db8:2::f1"), NULL, 0), "fixed");
	role_for(bench_in6("2001:db8:2::f1"), "52:54:00:00:00:d1", -EACCES);
	assert_null(role_for(stranger, NULL, 0));
	stop(&b);
}

static void test_an_unowned_address_may_name_machines_of_its_subnet_only(void **state)
{
	struct in6_addr slaac = bench_in6("2001:db8:1::abcd");
	struct bench b;

	(void)state;
	start(&b);
	role_for(slaac, "52:54:00:00:00:d1", -EACCES); /* never seen */
	bind_machine(&b, 0xd1);
	assert_string_equal(role_for(slaac, "52:54:00:00:00:d1", 0), "db");
	role_for(bench_in6("2001:db8:2::abcd"), "52:54:00:00:00:d1", -EACCES);
	role_for(bench_in6("2001:db8:99::1"), "52:54:00:00:00:d1", -EACCES);
	/* So does an address that is made of the MAC, or pretends to be. */
	assert_string_equal(role_for(bench_in6("2001:db8:1::5054:ff:fe00:d1"), NULL, 0), "db");
	assert_null(role_for(bench_in6("2001:db8:2::5054:ff:fe00:d1"), NULL, 0));
	assert_null(role_for(bench_in6("2001:db8:1::5054:ff:fe00:d2"), NULL, 0));
	/* An operator on the server itself. */
	assert_string_equal(role_for(in6addr_loopback, "52:54:00:00:00:f1", 0), "fixed");
	stop(&b);
}

/* What a firmware says of its UUID stands in its DUID, in one byte order or the other. */
static void test_a_host_by_uuid_comes_from_the_binding(void **state)
{
	static const uint8_t swapped[] = {
		0, 4, 4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16};
	struct in6_addr address;
	struct bench b;

	(void)state;
	start(&b);
	b.duid = (struct dhcp6_duid){.len = sizeof(swapped)};
	memcpy(b.duid.octets, swapped, sizeof(swapped));
	address = bind_machine(&b, 0x77);
	assert_string_equal(role_for(address, NULL, 0), "rack");
	/* Even if its record is gone. */
	boot_progress_fini(&progress);
	assert_int_equal(boot_progress_init(&progress, 0), 0);
	assert_string_equal(role_for(address, NULL, 0), "rack");
	stop(&b);
}

static void test_only_the_machine_itself_has_booted(void **state)
{
	struct in6_addr db, other;
	struct machine machine;
	struct bench b;

	(void)state;
	start(&b);
	db = bind_machine(&b, 0xd1);
	machine = machine_of_mac(b.mac);
	other = bind_machine(&b, 0x01);
	assert_int_equal(call_home(other, "52:54:00:00:00:d1"), 403);
	assert_int_equal(call_home(bench_in6("2001:db8:1::abcd"), "52:54:00:00:00:d1"), 403);
	assert_int_equal(call_home(bench_in6("2001:db8:2::abcd"), NULL), 403);
	assert_int_equal(call_home(bench_in6("2001:db8:2::5054:ff:fe00:d1"), NULL), 403);
	assert_int_equal(call_home(in6addr_loopback, "52:54:00:00:00:d1"), 403);
	assert_int_equal(call_home(db, "what"), 400);
	assert_int_not_equal(boot_progress_find(&progress, &machine)->stage, STAGE_BOOTED);
	assert_int_equal(call_home(db, "52:54:00:00:00:d1"), 200);
	assert_int_equal(boot_progress_find(&progress, &machine)->stage, STAGE_BOOTED);
	/* It has an address by configuration, but no boot of it was seen: no record is made. */
	assert_int_equal(call_home(bench_in6("2001:db8:2::f1"), NULL), 404);
	assert_int_equal(progress.count, 2);
	stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_address_decides_and_mac_must_agree),
		cmocka_unit_test(test_an_unowned_address_may_name_machines_of_its_subnet_only),
		cmocka_unit_test(test_a_host_by_uuid_comes_from_the_binding),
		cmocka_unit_test(test_only_the_machine_itself_has_booted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
