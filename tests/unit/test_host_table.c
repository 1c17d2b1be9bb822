/* SPDX-License-Identifier: ISC */
/*
 * Hosts: by what they are found and which of two wins, what they inherit of their
 * groups, conflicts, and that a look-up costs the same with many hosts.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/config/conf_file.h"
#include "bootd/rules/boot_rule.h"
#include "bootd/rules/boot_config.h"

static struct boot_config *load(const char *text)
{
	struct config_problems problems = {0};
	struct boot_config *config;

	if (conf_text_load("b.conf", text, &config, &problems) < 0)
		fail_msg("%s", problems.text);
	return config;
}

static struct wire_in view(const char *text)
{
	return wire_in_of(text, text ? strlen(text) : 0);
}

/* --- whose port is it --------------------------------------------------------------- */

#define RELAY "00030001525400999999"

static const char ports[] =
	"subnet \"2001:db8:1::/64\" {} subnet \"2001:db8:2::/64\" {}\n"
	"host \"mac\" { mac = {\"52:54:00:00:00:01\", \"52:54:00:00:00:02\"} }\n"
	"host \"uuid\" { uuid = \"00112233-4455-6677-8899-aabbccddeeff\" }\n"
	"host \"i\" { interface-id = \"ge-0\" }\n"
	"host \"r\" { remote-id = \"0x67652d30\" }\n" /* "ge-0", too */
	"host \"ir\" { interface-id = \"ge-0\" remote-id = \"switch1\" }\n"
	"host \"is\" { interface-id = \"ge-0\" subnet = \"2001:db8:2::/64\" }\n"
	"host \"irs\" { interface-id = \"ge-0\" remote-id = \"switch1\"\n"
	"  subnet = \"2001:db8:2::/64\" }\n"
	"host \"ix\" { interface-id = \"ge-0\" relay-id = \"" RELAY "\" }\n";

static void test_found(void **state)
{
	static const struct {
		const char *interface_id, *remote_id, *relay_id;
		unsigned mac, subnet;
		bool has_uuid;
		const char *host, *by; /* NULL: none */
	} row[] = {
		{.mac = 1, .host = "mac", .by = "mac"},
		{.mac = 2, .host = "mac", .by = "mac"},
		{.mac = 3},
		{.mac = 2, .has_uuid = true, .host = "mac", .by = "mac"},
		{.mac = 3, .has_uuid = true, .host = "uuid", .by = "uuid"},
		{.interface_id = "ge-0", .mac = 1, .host = "mac", .by = "mac"},
		{.interface_id = "ge-0", .has_uuid = true, .host = "uuid", .by = "uuid"},
		{.interface_id = "ge-0", .mac = 3, .host = "i", .by = "port"},
		{.interface_id = "ge-0", .host = "i", .by = "port"},
		{.interface_id = "ge-1"},
		{.interface_id = "ge-", .remote_id = "0ge-0"},
		{.remote_id = "ge-0", .host = "r", .by = "port"},
		{.interface_id = "ge-0", .remote_id = "ge-0", .host = "r", .by = "port"},
		{.interface_id = "ge-0", .remote_id = "other", .host = "i", .by = "port"},
		{.interface_id = "ge-0", .remote_id = "switch1", .host = "ir", .by = "port"},
		{.interface_id = "ge-0", .subnet = 1, .host = "is", .by = "port"},
		{.interface_id = "ge-0",
			.remote_id = "switch1",
			.subnet = 1,
			.host = "irs",
			.by = "port"},
		{.interface_id = "ge-1", .remote_id = "switch1", .subnet = 1},
		{.interface_id = "ge-0",
			.remote_id = "switch1",
			.relay_id = "x",
			.subnet = 1,
			.host = "ix",
			.by = "port"},
	};
	struct boot_config *config = load(ports);
	struct dhcp6_duid relay;

	(void)state;
	assert_int_equal(dhcp6_duid_parse(RELAY, &relay), 0);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct client_facts facts = {
			.mac_source = row[i].mac ? CLIENT_MAC_RELAY : CLIENT_MAC_UNKNOWN,
			.mac = {0x52, 0x54, 0, 0, 0, (uint8_t)row[i].mac},
			.interface_id = view(row[i].interface_id),
			.remote_id = view(row[i].remote_id),
			.has_uuid = row[i].has_uuid,
			.uuid = {0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa,
				0xbb, 0xcc, 0xdd, 0xee, 0xff},
		};
		struct host_choice found;

		if (row[i].relay_id)
			facts.relay_id = wire_in_of(relay.octets, relay.len);
		found = boot_config_choose_host(config, &facts, &config->subnet[row[i].subnet]);
		if (!row[i].host ? found.host != NULL
				 : !found.host || strcmp(found.host->name, row[i].host) != 0)
			fail_msg("row %zu: %s", i, found.host ? found.host->name : "none");
		if (row[i].by)
			assert_string_equal(host_identifier_name(found.by), row[i].by);
	}
	boot_config_free(config);
}

/* Identifiers longer than any host's are nobody's, and no buffer's end. */
static void test_long_port(void **state)
{
	struct boot_config *config = load(ports);
	static const char octets[PORT_ID_MAX + 1] = "ge-0";
	struct client_facts facts = {.interface_id = wire_in_of(octets, sizeof(octets)),
		.remote_id = wire_in_of(octets, sizeof(octets)),
		.relay_id = wire_in_of(octets, DHCP6_DUID_MAX + 1)};

	(void)state;
	assert_null(boot_config_choose_host(config, &facts, &config->subnet[0]).host);
	boot_config_free(config);
}

/* --- groups --------------------------------------------------------------------------- */

static void test_groups(void **state)
{
	struct boot_config *config =
		load("group \"db\" { set = {\"profile=db\", \"disk=nvme\"} }\n"
		     "group \"rack7\" { set = {\"disk=ssd\", \"console=ttyS1\"} }\n"
		     "host \"db1\" { mac = \"52:54:00:00:00:01\" group = {\"db\", \"rack7\"}\n"
		     "  set = {\"profile=db-primary\"} }\n"
		     "host \"web1\" { mac = \"52:54:00:00:00:02\" group = \"rack7\" }\n");
	const struct boot_host *db1 = boot_config_host_named(config, "db1");
	const struct boot_host *web1 = boot_config_host_named(config, "web1");
	struct client_facts facts = {0};
	struct boot_values values;

	(void)state;
	assert_string_equal(boot_config_variable(config, db1, "profile"), "db-primary");
	assert_string_equal(boot_config_variable(config, db1, "disk"), "nvme");
	assert_string_equal(boot_config_variable(config, db1, "console"), "ttyS1");
	assert_null(boot_config_variable(config, db1, "other"));
	assert_string_equal(boot_config_variable(config, web1, "disk"), "ssd");
	assert_null(boot_config_variable(config, web1, "profile"));
	boot_values_of_client(&values, config, &facts, NULL, web1, NULL);
	assert_string_equal(boot_values_lookup(&values, "console"), "ttyS1");
	boot_config_free(config);
}

/* --- many ----------------------------------------------------------------------------- */

static struct boot_host *make_host(unsigned i)
{
	const uint8_t mac[DHCP6_MAC_LEN] = {
		2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
	struct boot_host *host = boot_host_new();
	char name[16];

	snprintf(name, sizeof(name), "host%u", i);
	host->name = strdup(name);
	host->mac = malloc(sizeof(mac));
	memcpy(host->mac[0], mac, sizeof(mac));
	host->macs = 1;
	host->has_address = true;
	host->address.s6_addr32[0] = htonl(0x20010db8);
	host->address.s6_addr32[3] = htonl(i + 1);
	assert_int_equal(boot_host_finish(host), 0);
	return host;
}

static void test_many(void **state)
{
	enum { MANY = 100000 };
	struct host_table table = {0};
	const struct boot_host *with;
	const char *what;

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(host_table_add(&table, make_host(i), &with, &what), 0);
	for (unsigned i = 0; i < MANY; i += 2) {
		struct boot_host *host = (struct boot_host *)(uintptr_t)host_table_by_mac(&table,
			(uint8_t[]){2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i});

		assert_non_null(host);
		host_table_remove(&table, host);
		boot_host_free(host);
	}
	assert_int_equal(table.hosts, MANY / 2);
	assert_null(host_table_by_name(&table, "host500"));
	assert_string_equal(host_table_by_name(&table, "host501")->name, "host501");
	host_table_fini(&table);
}

static void test_add_and_remove(void **state)
{
	struct host_table table = {0};
	struct boot_host *first = make_host(1), *second = make_host(1);
	const struct boot_host *with;
	const char *what;

	(void)state;
	assert_int_equal(host_table_add(&table, first, &with, &what), 0);
	assert_int_equal(host_table_add(&table, second, &with, &what), -EEXIST);
	assert_ptr_equal(with, first);
	host_table_remove(&table, first);
	assert_int_equal(host_table_find_conflict(&table, second, &with, &what), 0);
	assert_int_equal(host_table_add(&table, second, &with, &what), 0);
	assert_ptr_equal(host_table_by_mac(&table, second->mac[0]), second);
	boot_host_free(first);
	host_table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_long_port),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_add_and_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
