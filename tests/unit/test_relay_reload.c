/* SPDX-License-Identifier: ISC */
/*
 * A reload of the relay when memory runs out: every allocation of it fails once, by the linker's
 * --wrap. Each time the old configuration is whole and the relay serves its links; the reload in
 * which nothing fails applies all of the new one.
 *
 * The links are entries of a table without a kernel behind them, so the relay cannot join groups on
 * most of them: it shows that as the state of the link.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/log.h"
#include "relayd/config/relay_conf_read.h"
#include "relayd/packet/forward.h"
#include "relayd/relay.h"
#include "tests/unit/failing_malloc.h"

enum { ALLOCATIONS_MAX = 1000 };

/* --- a relay with links ----------------------------------------------------------------- */

static const char before[] = "interfaces = {\"lan*\", \"mv3\", \"gone1\"}\n"
			     "server \"2001:db8::547\" {}\n";

/* lan1 and gone1 go, lan2 stays, new* and gone2 come; rack7 is another name of new2. */
static const char after[] = "interfaces = {\"lan2\", \"new*\", \"mv3\", \"gone2\", \"rack7\"}\n"
			    "interface-id = \"r/%i\"\n"
			    "server \"2001:db8::547\" {}\n"
			    "server \"2001:db8:1::547\" {}\n"
			    "server \"boot.example.org\" {}\n"
			    "server \"2001:db8:2::547\" { vrf = \"red\" }\n"
			    "link \"new*\" { remote-id = \"%i\" }\n"
			    "enterprise-number = 32473\n";

enum { LAN1 = 1, LAN2, NEW1, NEW2, NEW3, MV1 = 11, MV3 = 13, RED = 30 };

static void on_link_added(void *arg, struct link *link)
{
	client_links_link_added(&((struct relay *)arg)->links, link);
}

static void on_addresses_changed(void *arg, struct link *link)
{
	client_links_addresses_changed(&((struct relay *)arg)->links, link);
}

static void on_names_changed(void *arg)
{
	(void)arg;
}

static void put_link(struct relay *relay, int ifindex, const char *name, const char *kind,
	int lower, int vrf, const char *altnames)
{
	struct link update = {.ifindex = ifindex,
		.lower = lower,
		.master = vrf,
		.flags = IFF_UP | IFF_RUNNING,
		.hw_type = 1,
		.mac_len = 6,
		.mac = {0x00, 0x00, 0x5e, 0x00, 0x02, 0x01},
		.altnames = altnames};
	struct link_address local = {.prefixlen = 64}, global = {.prefixlen = 64};

	strcpy(update.name, name);
	strcpy(update.kind, kind);
	strcpy(update.port_kind, vrf ? "vrf" : "");
	inet_pton(AF_INET6, "fe80::1", &local.address);
	inet_pton(AF_INET6, "2001:db8:1::", &global.address);
	global.address.s6_addr[15] = (uint8_t)ifindex;
	assert_int_equal(link_table_put_link(&relay->table, &update), 0);
	assert_int_equal(link_table_put_address(&relay->table, ifindex, &local), 0);
	assert_int_equal(link_table_put_address(&relay->table, ifindex, &global), 0);
}

static struct relay_conf *conf_of(const char *text)
{
	struct config_problems problems = {0};
	struct relay_conf *conf = NULL;

	relay_conf_read_text("test", text, &conf, &problems);
	return conf;
}

static struct relay *relay_new(void)
{
	static const struct link_table_ops ops = {
		.link_added = on_link_added, .addresses_changed = on_addresses_changed};
	struct route_flow flow = {.dport = 547};
	struct relay *relay = calloc(1, sizeof(*relay));

	*relay = (struct relay){.fd = -1, .server_fd = -1, .conf = conf_of(before)};
	assert_non_null(relay->conf);
	relay->loop = loop_new();
	relay->mac = client_mac_new(-1, CLIENT_MAC_NONE);
	assert_int_equal(link_table_init(&relay->table, &ops, relay), 0);
	assert_int_equal(client_links_init(&relay->links, &relay->table, relay->conf, -1), 0);
	assert_int_equal(server_names_init(&relay->names, relay->conf, on_names_changed, relay), 0);
	assert_int_equal(server_names_start(&relay->names, relay->loop), 0);
	assert_int_equal(
		server_paths_init(&relay->paths, &relay->table, &relay->names, relay->conf, &flow),
		0);
	put_link(relay, RED, "red", "vrf", 0, 0, NULL);
	put_link(relay, LAN1, "lan1", "vlan", 0, 0, NULL);
	put_link(relay, LAN2, "lan2", "vlan", 0, 0, NULL);
	put_link(relay, NEW1, "new1", "vlan", 0, 0, NULL);
	put_link(relay, MV1, "mv1", "macvlan", NEW1, 0, NULL);
	put_link(relay, NEW2, "new2", "vlan", 0, RED, "rack7\0");
	put_link(relay, NEW3, "new3", "vlan", 0, 0, NULL);
	put_link(relay, MV3, "mv3", "macvlan", NEW3, 0, NULL);
	relay->links.synced = true;
	return relay;
}

static void relay_free(struct relay *relay)
{
	vrf_sockets_fini(&relay->vrfs);
	vrf_sockets_fini(&relay->client_vrfs);
	free(relay->vrf_want);
	server_paths_fini(&relay->paths);
	server_names_fini(&relay->names);
	client_links_fini(&relay->links);
	link_table_fini(&relay->table);
	client_mac_free(relay->mac);
	relay_conf_free(relay->conf);
	loop_free(relay->loop);
	free(relay);
}

/* --- what is in force -------------------------------------------------------------------- */

/* A client's message on this link is relayed, and a reply with this Interface-Id finds it. */
static void expect_served(struct relay *relay, int ifindex, const char *interface_id)
{
	static const uint8_t solicit[] = {1, 0xaa, 0xbb, 0xcc};
	struct client_link *cl = client_links_find(&relay->links, ifindex);
	struct udp_datagram d = {.data = solicit, .len = sizeof(solicit), .ifindex = ifindex};
	uint8_t header[FORWARD_HEADER_MAX];
	size_t len;

	assert_non_null(cl);
	assert_int_equal(cl->link->ifindex, ifindex);
	assert_ptr_equal(client_links_find_name(&relay->links, cl->name), cl);
	assert_ptr_equal(client_links_find_interface_id(&relay->links,
				 (const uint8_t *)interface_id, strlen(interface_id)),
		cl);
	inet_pton(AF_INET6, "fe80::2", &d.peer.sin6_addr);
	inet_pton(AF_INET6, "ff02::1:2", &d.local);
	assert_int_equal(forward_client_message(cl, &d, NULL, header, &len), RELAY_PASS);
}

static void expect_absent(const struct relay *relay, const char *name, const char *interface_id)
{
	const struct client_link *cl = client_links_find_name(&relay->links, name);

	assert_non_null(cl);
	assert_null(cl->link);
	assert_ptr_equal(client_links_find_interface_id(&relay->links,
				 (const uint8_t *)interface_id, strlen(interface_id)),
		cl);
}

static void expect_before(struct relay *relay, const struct relay_conf *conf)
{
	assert_ptr_equal(relay->conf, conf);
	assert_ptr_equal(relay->links.conf, conf);
	assert_ptr_equal(relay->paths.list.conf, conf);
	assert_int_equal(relay->links.registry.count, 4);
	assert_null(relay->links.registry.spare);
	expect_served(relay, LAN1, "lan1");
	expect_served(relay, LAN2, "lan2");
	expect_served(relay, MV3, "mv3");
	expect_absent(relay, "gone1", "gone1");
	assert_int_equal(relay->paths.list.count, 1);
	assert_ptr_equal(relay->paths.list.server[0].configured, &conf->server[0]);
	assert_int_equal(relay->names.count, 0);
	assert_int_equal(relay->names.n_prepared, 0);
}

static void expect_after(struct relay *relay)
{
	assert_ptr_equal(relay->links.conf, relay->conf);
	assert_ptr_equal(relay->paths.list.conf, relay->conf);
	assert_null(relay->links.registry.spare);
	expect_served(relay, LAN2, "r/lan2");
	expect_served(relay, NEW1, "r/new1");
	expect_served(relay, NEW2, "r/new2");
	expect_served(relay, NEW3, "r/new3");
	expect_absent(relay, "gone2", "r/gone2");
	assert_null(client_links_find(&relay->links, LAN1));
	assert_null(client_links_find_name(&relay->links, "gone1"));
	assert_null(client_links_find_name(&relay->links, "rack7"));
	/* One that was there before, and one that was served by itself. */
	assert_ptr_equal(client_links_find_facing(&relay->links, MV1),
		client_links_find(&relay->links, NEW1));
	assert_ptr_equal(client_links_find_facing(&relay->links, MV3),
		client_links_find(&relay->links, NEW3));
	assert_int_equal(relay->paths.list.count, 3);
	assert_int_equal(relay->names.count, 1);
}

/* --- tests ------------------------------------------------------------------------------ */

/* The allocation with this number fails, from 0. True: a reload needs no more than that. */
static bool reload_with_failure(long number, bool is_read_again, long *refused)
{
	struct relay *relay = relay_new();
	const struct relay_conf *conf = relay->conf;
	struct relay_conf *next = is_read_again ? NULL : conf_of(after);
	bool was_whole;
	int rc = -ENOMEM;

	expect_before(relay, conf);
	allocations_left = number;
	if (is_read_again)
		next = conf_of(after);
	if (next)
		rc = relay_reload(relay, next);
	was_whole = allocations_left >= 0;
	allocations_left = -1;
	*refused += rc < 0;
	if (rc < 0)
		expect_before(relay, conf);
	else
		expect_after(relay);
	/* The relay goes on: the next reload is applied, and back again. */
	assert_int_equal(relay_reload(relay, conf_of(after)), 0);
	expect_after(relay);
	assert_int_equal(relay_reload(relay, conf_of(before)), 0);
	expect_before(relay, relay->conf);
	relay_free(relay);
	return was_whole;
}

static void test_memory_that_runs_out_changes_nothing(void **state)
{
	long n = 0, refused = 0;

	(void)state;
	while (!reload_with_failure(n, true, &refused))
		assert_true(++n < ALLOCATIONS_MAX);
	printf("%ld allocations failed, one at a time; %ld reloads were refused\n", n, refused);
	assert_true(refused > 40);
}

/* All is allocated before the first part is committed, so each failure refuses the reload. */
static void test_a_commit_allocates_nothing(void **state)
{
	long n = 0, refused = 0;

	(void)state;
	while (!reload_with_failure(n, false, &refused))
		assert_true(++n < ALLOCATIONS_MAX);
	assert_int_equal(refused, n);
	assert_true(n > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_that_runs_out_changes_nothing),
		cmocka_unit_test(test_a_commit_allocates_nothing),
	};

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
