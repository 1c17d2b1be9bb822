/* SPDX-License-Identifier: ISC */
/*
 * The list of servers, and what it comes of: answers of the resolver, hostile
 * ones too, how long each is used, and the links for multicast.
 */
#include <arpa/inet.h>
#include <event2/dns.h>
#include <limits.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/log.h"
#include "relayd/config/relay_conf_read.h"
#include "relayd/servers/server_list.h"

static const struct in6_addr any = IN6ADDR_ANY_INIT;

static struct in6_addr address_of(const char *text)
{
	struct in6_addr address;

	assert_int_equal(inet_pton(AF_INET6, text, &address), 1);
	return address;
}

static struct resolver_answer answer_of(const char *const *texts, int count, int ttl_s)
{
	struct in6_addr address[32];
	struct resolver_answer answer;

	for (int i = 0; i < count; i++)
		address[i] = address_of(texts[i]);
	resolver_read_answer(DNS_ERR_NONE, count, ttl_s, address, &answer);
	return answer;
}

static void test_addresses_are_sorted_and_unique(void **state)
{
	static const char *const texts[] = {
		"2001:db8::3", "2001:db8::1", "2001:db8::3", "fd00::1", "2001:db8::2"};
	static const char *const wanted[] = {
		"2001:db8::1", "2001:db8::2", "2001:db8::3", "fd00::1"};
	struct resolver_answer answer = answer_of(texts, 5, 300);

	(void)state;
	assert_null(answer.error);
	assert_int_equal(answer.count, 4);
	assert_int_equal(answer.ttl_s, 300);
	for (size_t i = 0; i < 4; i++) {
		struct in6_addr address = address_of(wanted[i]);

		assert_memory_equal(&answer.address[i], &address, sizeof(address));
	}
}

static void test_addresses_that_no_server_can_have_are_left_out(void **state)
{
	static const char *const texts[] = {
		"::", "::1", "ff02::1:2", "fe80::1", "febf::1", "::ffff:192.0.2.1", "::192.0.2.1"};
	struct resolver_answer answer = answer_of(texts, 7, 60);

	(void)state;
	assert_int_equal(answer.count, 0);
	assert_string_equal(answer.error, "no address of it is global");
}

static void test_the_lowest_of_too_many_addresses_are_used(void **state)
{
	char text[32][24];
	const char *texts[32];
	struct resolver_answer answer;

	(void)state;
	for (int i = 0; i < 32; i++) {
		snprintf(text[i], sizeof(text[i]), "2001:db8::%x", 32 - i);
		texts[i] = text[i];
	}
	answer = answer_of(texts, 32, 60);
	assert_int_equal(answer.count, RESOLVER_ADDRESSES_MAX);
	for (int i = 0; i < RESOLVER_ADDRESSES_MAX; i++)
		assert_int_equal(answer.address[i].s6_addr[15], i + 1);
}

static void test_malformed_answers(void **state)
{
	static const struct {
		int result, count;
	} rows[] = {{DNS_ERR_NONE, 0}, {DNS_ERR_NONE, -1}, {DNS_ERR_NONE, INT_MIN},
		{DNS_ERR_NONE, 1}, {DNS_ERR_NOTEXIST, 1}, {DNS_ERR_TIMEOUT, 0}, {-5, 3},
		{INT_MAX, INT_MAX}};
	struct resolver_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		resolver_read_answer(rows[i].result, rows[i].count, -7, NULL, &answer);
		assert_int_equal(answer.count, 0);
		assert_int_equal(answer.ttl_s, 0);
		assert_non_null(answer.error);
	}
}

static uint32_t take(struct server_name *name, const struct resolver_answer *answer)
{
	server_name_apply(name, answer);
	return server_name_ask_in_s(name, answer);
}

static void test_how_long_a_dns_answer_is_valid(void **state)
{
	static const char *const text = "2001:db8::1";
	static const struct {
		int ttl_s;
		uint32_t used_s;
	} rows[] = {{0, SERVER_NAME_TTL_MIN_S}, {-1, SERVER_NAME_TTL_MIN_S}, {300, 300},
		{INT_MAX, SERVER_NAME_TTL_MAX_S}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct server_name name = {.name = (char[]){"n"}};
		struct resolver_answer answer = answer_of(&text, 1, rows[i].ttl_s);

		assert_int_equal(take(&name, &answer), rows[i].used_s);
	}
}

static void test_failed_queries_are_retried_with_growing_delays(void **state)
{
	static const char *const text = "2001:db8::1";
	static const uint32_t waits[] = {2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
	struct server_name name = {.name = (char[]){"n"}};
	struct resolver_answer good = answer_of(&text, 1, 60), bad;

	(void)state;
	resolver_read_answer(DNS_ERR_TIMEOUT, 0, 0, NULL, &bad);
	assert_true(server_name_apply(&name, &good));
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		assert_int_equal(take(&name, &bad), waits[i]);
		assert_int_equal(name.count, 1); /* the last good address stays */
		assert_non_null(name.reason);
	}
	assert_false(server_name_apply(&name, &good)); /* the same address again is no change */
	assert_null(name.reason);
	assert_int_equal(take(&name, &bad), waits[0]);
}

#define CONF                                                                                       \
	"interfaces = {\"a\"}\nserver \"x.example\" {}\nserver \"2001:db8::1\" {}\n"               \
	"server \"y.example\" {}\n"

static void nobody_cares(void *arg)
{
	(void)arg;
}

static void test_the_list_of_servers(void **state)
{
	static const char *const x[] = {"2001:db8::1", "2001:db8::9"}, *const x2 = "2001:db8::9";
	struct config_problems problems = {0};
	struct server_names names;
	struct server_list list;
	struct relay_conf *conf;
	struct resolver_answer answer;

	(void)state;
	assert_int_equal(relay_conf_read_text("f", CONF, &conf, &problems), 0);
	assert_int_equal(server_names_init(&names, conf, nobody_cares, NULL), 0);
	list = (struct server_list){.conf = conf, .names = &names};
	server_list_make(&list);
	assert_int_equal(list.count, 1);
	assert_ptr_equal(list.server[0].configured, &conf->server[1]);
	assert_string_equal(server_list_why_none(&list, &conf->server[0]), "not resolved yet");
	assert_null(server_list_why_none(&list, &conf->server[1]));

	/* In the order of the configuration, each address once; what is known is kept. */
	list.server[0].replies = 7;
	answer = answer_of(x, 2, 60);
	assert_true(server_name_apply(names.name[0], &answer));
	server_list_make(&list);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.server[0].text, "2001:db8::1");
	assert_int_equal(list.server[0].replies, 7);
	assert_string_equal(list.server[1].text, "2001:db8::9");
	assert_string_equal(server_list_why_none(&list, &conf->server[1]), "another server section has the same address");

	answer = answer_of(&x2, 1, 60);
	assert_true(server_name_apply(names.name[0], &answer));
	server_list_make(&list);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.server[0].text, "2001:db8::9");
	assert_int_equal(list.server[1].replies, 7);

	/* A name that stays in another configuration keeps its addresses. */
	assert_int_equal(server_names_prepare(&names, conf), 0);
	server_names_commit(&names);
	assert_int_equal(server_names_find(&names, "x.example")->count, 1);
	server_names_fini(&names);
	relay_conf_free(conf);
}

static const struct link *find_link(const struct server_list *list, const char *name)
{
	return link_table_find_name(list->table, name);
}

static void put_link(struct link_table *table, int ifindex, const char *name)
{
	struct link news = {.ifindex = ifindex, .kind = "veth", .flags = IFF_UP | IFF_RUNNING};

	strcpy(news.name, name);
	assert_int_equal(link_table_put_link(table, &news), 0);
}

static void test_multicast_goes_out_on_each_uplink(void **state)
{
	static const char text[] = "interfaces = {\"a\"}\nserver \"ff05::1:3\" {\n"
				   "interface = {\"core*\", \"lan*\"}\n}\n";
	struct config_problems problems = {0};
	struct link_table table;
	struct server_names names = {0};
	struct server_list list;
	struct relay_conf *conf;

	(void)state;
	assert_int_equal(relay_conf_read_text("f", text, &conf, &problems), 0);
	assert_int_equal(link_table_init(&table, NULL, NULL), 0);
	list = (struct server_list){.conf = conf, .names = &names, .table = &table};
	server_list_make(&list);
	assert_int_equal(list.count, 0);
	assert_string_equal(
		server_list_why_none(&list, &conf->server[0]), "no uplink matches its interface patterns");

	put_link(&table, 3, "core1");
	put_link(&table, 4, "other");
	put_link(&table, 5, "lan1");
	link_table_find(&table, 5)->user = &table; /* clients are on it */
	assert_true(server_list_depends_on(&list, find_link(&list, "core1")));
	assert_false(server_list_depends_on(&list, find_link(&list, "other")));
	assert_false(server_list_depends_on(&list, find_link(&list, "lan1")));
	put_link(&table, 6, "core2");
	server_list_make(&list);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.server[0].out_ifindex, 3);
	assert_int_equal(list.server[1].out_ifindex, 6);
	assert_false(server_list_depends_on(&list, find_link(&list, "core1")));

	/* Created again it is another link of the same name; its counters are kept. */
	list.server[1].replies = 5;
	link_table_remove_link(&table, 6);
	put_link(&table, 7, "core2");
	put_link(&table, 3, "renamed");
	assert_true(server_list_depends_on(&list, find_link(&list, "renamed")));
	server_list_make(&list);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.server[0].out_ifindex, 7);
	assert_int_equal(list.server[0].replies, 5);
	link_table_fini(&table);
	relay_conf_free(conf);
}

static void test_replies_from_other_addresses_of_a_server(void **state)
{
	static const char text[] =
		"interfaces = {\"a\"}\n"
		"server \"2001:db8::1\" { answers-from = {\"2001:db8:a::/48\", "
		"\"2001:db8::2/128\"} }\n"
		"server \"2001:db8::2\" {}\n";
	struct config_problems problems = {0};
	struct link_table table;
	struct server_names names = {0};
	struct server_list list;
	struct relay_conf *conf;
	struct link core = {.ifindex = 3, .name = "core"};
	struct in6_addr own = address_of("2001:db8::1"), other = address_of("2001:db8:a::9");
	struct in6_addr second = address_of("2001:db8::2"), stranger = address_of("2001:db8:b::1");

	(void)state;
	assert_int_equal(relay_conf_read_text("f", text, &conf, &problems), 0);
	assert_int_equal(link_table_init(&table, NULL, NULL), 0);
	list = (struct server_list){.conf = conf, .names = &names, .table = &table};
	server_list_make(&list);
	assert_ptr_equal(server_list_find(&list, &own, &any, &core), &list.server[0]);
	assert_ptr_equal(server_list_find(&list, &other, &any, &core), &list.server[0]);
	/* An address that belongs to a server is that server's, whatever others say. */
	assert_ptr_equal(server_list_find(&list, &second, &any, &core), &list.server[1]);
	assert_null(server_list_find(&list, &stranger, &any, &core));
	link_table_fini(&table);
	relay_conf_free(conf);
}

static void test_servers_and_sources_of_links(void **state)
{
	static const char text[] =
		"interfaces = {\"a*\"}\n"
		"server \"2001:db8::1\" {}\nserver \"2001:db8::2\" {}\n"
		"servers = {\"2001:db8::1\"}\n"
		"link \"a1\" { servers = {\"2001:db8::2\"} source = \"2001:db8:9::1\" }\n"
		"link \"a2\" { servers = {\"2001:db8::1\", \"2001:db8::2\"} }\n"
		"link \"a3\" { source = \"2001:db8:9::1\" }\n";
	struct in6_addr one = address_of("2001:db8::1"), source = address_of("2001:db8:9::1");
	struct config_problems problems = {0};
	struct link core = {.ifindex = 3, .name = "core"};
	struct server_names names = {0};
	struct link_table table;
	struct server_list list;
	struct relay_conf *conf;

	(void)state;
	assert_int_equal(relay_conf_read_text("f", text, &conf, &problems), 0);
	assert_int_equal(link_table_init(&table, NULL, NULL), 0);
	list = (struct server_list){.conf = conf, .names = &names, .table = &table};
	server_list_make(&list);
	/* ::1 by auto and by 9::1, ::2 by 9::1 and by auto */
	assert_int_equal(list.count, 4);
	assert_string_equal(list.server[1].text, "2001:db8::1");
	assert_int_equal(list.server[1].source_setting->kind, RELAY_SOURCE_ADDRESS);
	assert_int_equal(list.server[0].source_setting->kind, RELAY_SOURCE_AUTO);
	assert_int_equal(server_list_of_rule(&list, relay_conf_rule(conf, "a1", NULL)), 4);
	assert_int_equal(server_list_of_rule(&list, relay_conf_rule(conf, "a2", NULL)), 1 | 8);
	assert_int_equal(server_list_of_rule(&list, relay_conf_rule(conf, "a3", NULL)), 2);
	assert_int_equal(server_list_of_rule(&list, relay_conf_global(conf)), 1);

	/* A reply belongs to the entry whose source it was sent to. */
	list.server[1].source = source;
	list.server[1].replies = 7;
	assert_ptr_equal(server_list_find(&list, &one, &source, &core), &list.server[1]);
	assert_ptr_equal(server_list_find(&list, &one, &any, &core), &list.server[0]);

	/* Each entry keeps what is known of it. */
	server_list_make(&list);
	assert_int_equal(list.server[1].replies, 7);
	assert_int_equal(list.server[0].replies, 0);
	link_table_fini(&table);
	relay_conf_free(conf);
}

static void test_a_server_in_a_vrf_is_reached_only_there(void **state)
{
	static const char text[] = "interfaces = {\"a\"}\n"
				   "server \"2001:db8::1\" { vrf = \"mgmt\" }\n";
	struct config_problems problems = {0};
	struct link_table table;
	struct server_names names = {0};
	struct server_list list;
	struct relay_conf *conf;
	struct link vrf = {.ifindex = 9, .name = "mgmt", .kind = "vrf"};
	struct link port = {
		.ifindex = 3, .name = "eth1", .kind = "veth", .master = 9, .port_kind = "vrf"};
	struct in6_addr address = address_of("2001:db8::1");

	(void)state;
	assert_int_equal(relay_conf_read_text("f", text, &conf, &problems), 0);
	assert_true(relay_conf_has_vrf(conf));
	assert_int_equal(link_table_init(&table, NULL, NULL), 0);
	put_link(&table, 8, "mgmt"); /* of this name, but no VRF */
	list = (struct server_list){.conf = conf, .names = &names, .table = &table};
	server_list_make(&list);
	assert_int_equal(list.count, 0);
	assert_string_equal(
		server_list_why_none(&list, &conf->server[0]), "no VRF has this name");

	link_table_remove_link(&table, 8);
	assert_int_equal(link_table_put_link(&table, &vrf), 0);
	assert_int_equal(link_table_put_link(&table, &port), 0);
	put_link(&table, 4, "eth2");
	assert_true(server_list_depends_on(&list, find_link(&list, "mgmt")));
	server_list_make(&list);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.server[0].out_ifindex, 9);
	assert_int_equal(server_path_vrf(&list.server[0]), 9);
	/* It answers on the VRF's links, on no other one. */
	assert_ptr_equal(
		server_list_find(&list, &address, &any, link_table_find(&table, 3)), &list.server[0]);
	assert_ptr_equal(
		server_list_find(&list, &address, &any, link_table_find(&table, 9)), &list.server[0]);
	assert_null(server_list_find(&list, &address, &any, link_table_find(&table, 4)));

	list.server[0].replies = 3;
	link_table_remove_link(&table, 9);
	vrf.ifindex = 10;
	assert_int_equal(link_table_put_link(&table, &vrf), 0);
	server_list_make(&list);
	assert_int_equal(list.server[0].out_ifindex, 10);
	assert_int_equal(list.server[0].replies, 3);
	link_table_fini(&table);
	relay_conf_free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_are_sorted_and_unique),
		cmocka_unit_test(test_addresses_that_no_server_can_have_are_left_out),
		cmocka_unit_test(test_the_lowest_of_too_many_addresses_are_used),
		cmocka_unit_test(test_malformed_answers),
		cmocka_unit_test(test_how_long_a_dns_answer_is_valid),
		cmocka_unit_test(test_failed_queries_are_retried_with_growing_delays),
		cmocka_unit_test(test_the_list_of_servers),
		cmocka_unit_test(test_multicast_goes_out_on_each_uplink),
		cmocka_unit_test(test_replies_from_other_addresses_of_a_server),
		cmocka_unit_test(test_servers_and_sources_of_links),
		cmocka_unit_test(test_a_server_in_a_vrf_is_reached_only_there),
	};

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
