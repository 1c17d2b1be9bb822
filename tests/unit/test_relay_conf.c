/* SPDX-License-Identifier: ISC */
/*
 * relayd.conf: the values that a good file gives, and the message, with its line, for a bad one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "netlink/link.h"
#include "relayd/config/id_template.h"
#include "relayd/config/relay_conf_read.h"
#include "tests/unit/failing_malloc.h"

#define GOOD "interfaces = {\"vlan*\"}\nserver \"2001:db8::547\" {}\n"

static const char whole[] =
	"interfaces = {\"vlan*\", \"br-prov\", \"!vlan99\"} # the clients\n"
	"trusted = {\"vlan7\"}\n"
	"relays = {\"2001:db8:7::/48\", \"2001:db8::7/128\"}\n"
	"fwmark = 0x10\n"
	"server \"2001:db8:d::547\" {}\n"
	"server \"2001:db8:e::547\" { answers-from = {\"2001:db8:f::/64\"} }\n"
	"forward = hash\n"
	"link \"vlan1*\" { while-address = \"fe80::1\" link-address = \"::f\" }\n"
	"link \"vlan*\" {}\n"
	"subscriber-id = \"%i\"\n"
	"relay-id = \"00030001525400123456\"\n"
	"client-mac = false\n"
	"interface-id = none\n"
	"remote-id = \"%h:%i\"\n"
	"enterprise-number = 32473\n"
	"source = \"2001:db8::1\"\n"
	"user = \"root\"\n"
	"control = \"/tmp/r.sock\"\n";

static void test_a_whole_file(void **state)
{
	struct config_problems problems = {0};
	const struct relay_link_rule *rule;
	struct relay_conf *conf;
	struct in6_addr address;

	(void)state;
	assert_int_equal(relay_conf_read_text("f", whole, &conf, &problems), 0);
	assert_true(link_patterns_match(&conf->interfaces, "vlan98"));
	assert_false(link_patterns_match(&conf->interfaces, "vlan99"));
	assert_true(link_patterns_match(&conf->trusted, "vlan7"));
	assert_int_equal(conf->n_servers, 2);
	inet_pton(AF_INET6, "2001:db8:e::547", &address);
	assert_memory_equal(&conf->server[1].address, &address, 16);
	assert_int_equal(conf->n_relays, 2);
	inet_pton(AF_INET6, "2001:db8:7:8::9", &address);
	assert_true(prefix_any_contains(conf->relays, 2, &address));
	assert_int_equal(conf->server[0].n_answers_from, 0);
	assert_int_equal(conf->server[1].n_answers_from, 1);
	assert_int_equal(conf->fwmark, 16);
	assert_false(conf->client_mac);
	rule = relay_conf_global(conf);
	assert_null(rule->interface_id);
	assert_string_equal(rule->remote_id, "%h:%i");
	assert_int_equal(rule->remote_id_enterprise, 32473);
	assert_int_equal(rule->source.kind, RELAY_SOURCE_ADDRESS);
	assert_int_equal(rule->servers, ~0u);
	assert_string_equal(rule->subscriber_id, "%i");
	assert_string_equal(conf->user, "root");
	assert_int_equal(conf->forward, RELAY_FORWARD_HASH);
	assert_ptr_equal(relay_conf_rule(conf, "vlan17", NULL), &conf->rule[0]);
	assert_ptr_equal(relay_conf_rule(conf, "vlan7", NULL), &conf->rule[1]);
	assert_ptr_equal(relay_conf_rule(conf, "br-prov", NULL), rule);
	assert_int_equal(conf->rule[0].while_address.s6_addr[15], 1);
	assert_int_equal(conf->relay_id.len, 10);
	assert_string_equal(conf->control, "/tmp/r.sock");
	relay_conf_free(conf);
}

static void test_defaults(void **state)
{
	struct config_problems problems = {0};
	struct relay_conf *conf;

	(void)state;
	assert_int_equal(relay_conf_read_text("f", GOOD, &conf, &problems), 0);
	assert_true(conf->client_mac);
	assert_string_equal(relay_conf_global(conf)->interface_id, "%i");
	assert_int_equal(conf->forward, RELAY_FORWARD_ALL);
	assert_null(relay_conf_global(conf)->remote_id);
	assert_int_equal(relay_conf_global(conf)->source.kind, RELAY_SOURCE_AUTO);
	assert_int_equal(conf->source_port, 547);
	assert_int_equal(conf->without_address, RELAY_DROP);
	assert_null(conf->user);
	relay_conf_free(conf);
}

static void test_settings_of_links(void **state)
{
	const struct link link = {.name = "x", .altnames = "y\0b7\0"};
	static const char text[] =
		"interfaces = {\"*\"}\n"
		"server \"2001:db8::1\" {}\nserver \"2001:db8::2\" {}\n"
		"server \"dhcp.example.net\" {}\n"
		"servers = {\"2001:db8:0::1\"}\n"
		"source = lo\nremote-id = \"%h\"\nenterprise-number = 1\n"
		"link \"a*\" {\n"
		"servers = {\"2001:db8::2\", \"dhcp.example.net\"}\n"
		"source = \"2001:db8:9::1\"\ninterface-id = \"%h/%i\"\nremote-id = \"a\"\n"
		"enterprise-number = 2\nsubscriber-id = \"s\"\nwhile-address = \"::f\"\n}\n"
		"link \"b*\" { enterprise-number = 3 interface-id = none relay = false }\n";
	struct config_problems problems = {0};
	const struct relay_link_rule *rule;
	struct relay_conf *conf;

	(void)state;
	assert_int_equal(relay_conf_read_text("f", text, &conf, &problems), 0);
	rule = relay_conf_rule(conf, "a1", NULL);
	assert_int_equal(rule->servers, 6);
	assert_int_equal(rule->source.kind, RELAY_SOURCE_ADDRESS);
	assert_string_equal(rule->interface_id, "%h/%i");
	assert_string_equal(rule->remote_id, "a");
	assert_int_equal(rule->remote_id_enterprise, 2);
	assert_string_equal(rule->subscriber_id, "s");
	assert_int_equal(rule->while_address.s6_addr[15], 15);
	assert_false(rule->is_off);
	/* What a section leaves out is global. */
	rule = relay_conf_rule(conf, "b1", NULL);
	assert_true(rule->is_off);
	assert_int_equal(rule->servers, 1);
	assert_string_equal(rule->source.link, "lo");
	assert_null(rule->interface_id);
	assert_string_equal(rule->remote_id, "%h");
	assert_int_equal(rule->remote_id_enterprise, 3);
	assert_null(rule->subscriber_id);
	/* An alternative name counts like the name. */
	assert_ptr_equal(relay_conf_rule(conf, "x", &link), rule);
	assert_ptr_equal(relay_conf_rule(conf, "c", NULL), relay_conf_global(conf));
	assert_false(relay_conf_global(conf)->is_off);
	relay_conf_free(conf);
}

static void test_messages_about_bad_lines(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{GOOD "nonsense = 1\n", "f:3: nonsense: there is no such setting"},
		{GOOD "forward = any\n",
			"f:3: forward: \"any\" is unknown; expected all or first-reachable or hash"},
		{GOOD "interface-id = number\n",
			"f:3: interface-id: \"number\" is the same for all links; expected name"},
		{GOOD "source = \"fe80::1\"\n", "f:3: source: \"fe80::1\" is not a global"},
		{GOOD "source = \"2001:db8::zz\"\n", "f:3: source: \"2001:db8::zz\" is not a global"},
		{GOOD "source-port = 546\n", "f:3: source-port: 546 is not usable; expected a UDP port other than 546"},
		{GOOD "source-port = 0\n", "f:3: source-port: 0 is not usable"},
		{GOOD "source-port = 65536\n", "f:3: source-port: 65536 is not usable"},
		{GOOD "source = \"lo*\"\n", "f:3: source: \"lo*\" is not the name"},
		{GOOD "source = \"a-name-too-long-for-it\"\n", "f:3: source:"},
		{GOOD "enterprise-number = 0\n", "f:3: enterprise-number: 0 is out of range"},
		{GOOD "remote-id = \"\"\n", "f:3: remote-id: \"\""},
		{GOOD "remote-id = \"%i\"\n", "remote-id: needs the setting enterprise-number"},
		{GOOD "interface-id = none\nwithout-address = unspecified\n",
			"unspecified needs interface-id"},
		{GOOD "interface-id = \"%i%q\"\n", "f:3: interface-id: \"%i%q\" is not valid; expected a text with"},
		{GOOD "subscriber-id = \"%\"\n", "f:3: subscriber-id: \"%\" is not valid"},
		{GOOD "relay-id = \"00:03\"\n", "f:3: relay-id: \"00:03\" is not a DUID"},
		{GOOD "relay-id = \"zz\"\n", "f:3: relay-id: \"zz\" is not a DUID"},
		{GOOD "link \"!a\" {}\n", "f:3: link: \"!a\" cannot match"},
		{GOOD "link \"a\" {\nwhile-address = \"ff02::1\"\n}\n",
			"f:4: while-address: \"ff02::1\" is not a unicast"},
		{GOOD "link \"a\" {\nlink-address = \"fe80::1\"\n}\n",
			"f:4: link-address: \"fe80::1\" is not a global"},
		{GOOD "link \"a\" { while-adress = \"fe80::1\" }\n", "f:3: while-adress: there is no such setting in link; did you mean \"while-address\"?"},
		{GOOD "server \"ff05::1:3\" {}\n", "f:3: server: \"ff05::1:3\" is a multicast"},
		{GOOD "server \"ff05::1:3\" { interface = {\"a b\"} }\n",
			"f:3: interface: \"a b\" cannot match"},
		{GOOD "server \"ff01::1\" { interface = {\"a\"} }\n",
			"f:3: server: \"ff01::1\" cannot be reached through routers"},
		{GOOD "server \"fe80::1\" {}\n", "f:3: server: \"fe80::1\" cannot be reached"},
		{GOOD "server \"2001:db8::2\" { vrf = \"a*\" }\n",
			"f:3: vrf: \"a*\" is not the name"},
		{GOOD "server \"2001:db8::2\" { vrf = \"\" }\n", "f:3: vrf: \"\" is not the name"},
		{GOOD "server \"ff05::1:3\" { vrf = \"r\" interface = {\"a\"} }\n",
			"f:3: server: vrf and interface exclude each other"},
		{GOOD "server \"::\" {}\n", "f:3: server: \"::\" is not the address of a host"},
		{GOOD "server \"::ffff:192.0.2.1\" {}\n", "f:3: server: \"::ffff:192.0.2.1\" cannot be"},
		{GOOD "source = \"::ffff:192.0.2.1\"\n", "f:3: source: \"::ffff:192.0.2.1\" is not"},
		{GOOD "relays = {\"2001:db8::1/64\"}\n",
			"f:3: relays: \"2001:db8::1/64\" is not an IPv6 prefix"},
		{GOOD "server \"2001:db8::2\" { answers-from = {\"x\"} }\n",
			"f:3: answers-from: \"x\" is not an IPv6 prefix"},
		{GOOD "link \"a\" { servers = {\"2001:db8::9\"} }\n",
			"f: servers: \"2001:db8::9\" has no section"},
		{GOOD "servers = {\"dhcp.example.net\"}\n", "f: servers: \"dhcp.example.net\" has no"},
		{GOOD "link \"a\" { source = \"fe80::1\" }\n", "f:3: source: \"fe80::1\" is not"},
		{GOOD "link \"a\" { interface-id = fixed }\n", "f:3: interface-id: \"fixed\" is"},
		{GOOD "link \"a\" { remote-id = \"%i\" }\n", "remote-id: needs the setting"},
		{GOOD "fwmark = -1\n", "f:3: fwmark: -1 is out of range"},
		{GOOD "server \"dhcp\" {}\n", "f:3: server: \"dhcp\" is neither"},
		{GOOD "server \"dhcp.\" {}\n", "f:3: server: \"dhcp.\" is neither"},
		{GOOD "server \"a..b\" {}\n", "f:3: server: \"a..b\" is neither"},
		{GOOD "server \"-a.b\" {}\n", "f:3: server: \"-a.b\" is neither"},
		{GOOD "server \"a.b-\" {}\n", "f:3: server: \"a.b-\" is neither"},
		{GOOD "server \"a b.c\" {}\n", "f:3: server: \"a b.c\" is neither"},
		{GOOD "server \"192.0.2.1\" {}\n", "f:3: server: \"192.0.2.1\" is neither"},
		{GOOD "server \"2001:db8::1%eth0\" {}\n",
			"f:3: server: \"2001:db8::1%eth0\" is neither"},
		{"interfaces = {\"\"}\n", "f:1: interfaces: \"\""},
		{GOOD "client-mac = perhaps\n", "f:3: "},
		{GOOD "server {\n", "f:3"},
		{"interfaces = {\"a\"}\n", "f: server: no server"},
		{"server \"2001:db8::1\" {}\n", "f: interfaces: no client-facing link"},
		{"interfaces = {\"a\"}\nuser = \"no-such-user\"\n",
			"f:2: user: there is no user \"no-such-user\""},
		{"log = xml\n", "f:1: log: \"xml\" is unknown; expected text or json"},
		{"", "f: interfaces: no client-facing link"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_problems problems = {0};
		struct relay_conf *conf = NULL;

		if (relay_conf_read_text("f", rows[i].text, &conf, &problems) == 0)
			fail_msg("row %zu was accepted: %s", i, rows[i].text);
		assert_null(conf);
		if (!strstr(problems.text, rows[i].message))
			fail_msg("row %zu: the message is '%s', not '%s'", i, problems.text, rows[i].message);
	}
}

static void test_servers_by_name(void **state)
{
	static const char *const names[] = {
		"dhcp.example.net", "a.b.", "1.2.3.x4", "_x._y.z-1.org"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct config_problems problems = {0};
		struct relay_conf *conf;
		char text[128];

		snprintf(text, sizeof(text), GOOD "server \"%s\" {}\n", names[i]);
		assert_int_equal(relay_conf_read_text("f", text, &conf, &problems), 0);
		assert_int_equal(conf->server[0].kind, RELAY_SERVER_ADDRESS);
		assert_int_equal(conf->server[1].kind, RELAY_SERVER_NAME);
		assert_string_equal(conf->server[1].title, names[i]);
		relay_conf_free(conf);
	}
}

static void test_servers_by_multicast(void **state)
{
	static const char text[] = "interfaces = {\"a\"}\nserver \"ff05::1:3\" {\n"
				   "interface = {\"core*\", \"!core9\"}\n}\n";
	struct config_problems problems = {0};
	struct relay_conf *conf;

	(void)state;
	assert_int_equal(relay_conf_read_text("f", text, &conf, &problems), 0);
	assert_int_equal(conf->n_servers, 1);
	assert_int_equal(conf->server[0].kind, RELAY_SERVER_MULTICAST);
	assert_true(link_patterns_match(&conf->server[0].links, "core2"));
	assert_false(link_patterns_match(&conf->server[0].links, "core9"));
	relay_conf_free(conf);
}

static void test_too_many_servers(void **state)
{
	char text[2048] = "interfaces = {\"a\"}\n";
	struct config_problems problems = {0};
	struct relay_conf *conf = NULL;

	(void)state;
	for (int i = 0; i <= RELAY_SERVERS_MAX; i++)
		sprintf(text + strlen(text), "server \"2001:db8::%x\" {}\n", i + 1);
	assert_int_not_equal(relay_conf_read_text("f", text, &conf, &problems), 0);
	assert_non_null(strstr(problems.text, "f:34: server: there are more than 32"));
}

static void test_expansion(void **state)
{
	uint8_t out[ID_TEMPLATE_MAX];
	char long_host[80];

	(void)state;
	assert_int_equal(id_template_expand("%h:%i", "r1", "vlan7", out), 8);
	assert_memory_equal(out, "r1:vlan7", 8);
	assert_int_equal(id_template_expand("100%%", "", "", out), 4);
	assert_memory_equal(out, "100%", 4);
	assert_true(id_template_expand("%", "h", "i", out) < 0);
	assert_true(id_template_expand("%x", "h", "i", out) < 0);
	assert_true(id_template_expand("", "h", "i", out) < 0);
	memset(long_host, 'h', sizeof(long_host));
	long_host[ID_TEMPLATE_MAX] = '\0';
	assert_int_equal(id_template_expand("%h", long_host, "", out), ID_TEMPLATE_MAX);
	assert_true(id_template_expand("%h.", long_host, "", out) < 0);
}

/* Each allocation fails once: the file is never blamed for it. */
static void test_no_memory(void **state)
{
	long failed = -1;
	int rc;

	(void)state;
	do {
		struct config_problems problems = {0};
		struct relay_conf *conf = NULL;

		allocations_left = ++failed;
		rc = relay_conf_read_text("f", whole, &conf, &problems);
		if (rc < 0 && (rc != -ENOMEM || problems.errors > 0))
			fail_msg("allocation %ld: %d: %s", failed, rc, problems.text);
		relay_conf_free(conf);
	} while (allocations_left < 0);
	allocations_left = -1;
	assert_int_equal(rc, 0);
	assert_true(failed > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_file),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_settings_of_links),
		cmocka_unit_test(test_messages_about_bad_lines),
		cmocka_unit_test(test_servers_by_name),
		cmocka_unit_test(test_servers_by_multicast),
		cmocka_unit_test(test_too_many_servers),
		cmocka_unit_test(test_expansion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
