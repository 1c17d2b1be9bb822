/* SPDX-License-Identifier: ISC */
/*
 * The choice of the link-address and of a source, by rows of addresses.
 */
#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relayd/links/link_address_choice.h"

struct row {
	const char *address;
	uint32_t flags;
	uint8_t prefixlen;
	uint32_t created_cs;
};

enum { ROWS = 4 };

/* The entry that the link-address comes from, NULL: there is none. */
static const struct link_address *best_of(const struct link *link)
{
	struct link_addresses addresses = link_addresses_of(link, NULL, NULL);

	return addresses.has_link_address ? link_find_address(link, &addresses.link_address) : NULL;
}

/* A link with these addresses, in this order of arrival. */
static void make_link(struct link *link, struct link_address *made, const struct row *rows)
{
	*link = (struct link){.ifindex = 2, .name = "lan1"};
	for (int i = ROWS - 1; i >= 0; i--) {
		if (!rows[i].address)
			continue;
		made[i] = (struct link_address){.flags = rows[i].flags,
			.prefixlen = rows[i].prefixlen ? rows[i].prefixlen : 64,
			.scope = RT_SCOPE_UNIVERSE,
			.created_cs = rows[i].created_cs,
			.seq = (uint64_t)i,
			.next = link->addresses};
		assert_int_equal(inet_pton(AF_INET6, rows[i].address, &made[i].address), 1);
		link->addresses = &made[i];
	}
}

static void test_choice(void **state)
{
	static const struct {
		const char *what;
		struct row rows[ROWS];
		int chosen; /* -1: none */
	} cases[] = {
		{"none", {{0}}, -1},
		{"link-local only", {{"fe80::1", 0, 0}}, -1},
		{"global after link-local", {{"fe80::1", 0, 0}, {"2001:db8::1", 0, 0}}, 1},
		{"unique local", {{"fd00::1", 0, 0}}, 0},
		{"tentative", {{"2001:db8::1", IFA_F_TENTATIVE, 0}}, -1},
		{"optimistic", {{"2001:db8::1", IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, 0}}, 0},
		{"duplicate", {{"2001:db8::1", IFA_F_TENTATIVE | IFA_F_DADFAILED, 0}}, -1},
		{"temporary", {{"2001:db8::1", IFA_F_TEMPORARY, 0}}, -1},
		{"created first", {{"2001:db8::1", 0, 0, 7}, {"2001:db8::9", 0, 0, 6}}, 1},
		{"created at once", {{"2001:db8::9", 0, 0, 6}, {"2001:db8::1", 0, 0, 6}}, 1},
		{"global before unique local", {{"fd00::1", 0, 0, 6}, {"2001:db8::1", 0, 0, 7}}, 1},
		{"unique local before deprecated",
			{{"2001:db8::1", IFA_F_DEPRECATED, 0}, {"fd00::1", 0, 0}}, 1},
		{"preferred before deprecated",
			{{"2001:db8::1", IFA_F_DEPRECATED, 0}, {"2001:db8::2", 0, 0}}, 1},
		{"deprecated before none", {{"2001:db8::1", IFA_F_DEPRECATED, 0}}, 0},
		{"subnet before /128", {{"2001:db8::1", 0, 128}, {"2001:db8::2", 0, 0}}, 1},
		{"/128 before deprecated",
			{{"2001:db8::1", IFA_F_DEPRECATED, 0}, {"2001:db8::2", 0, 128}}, 1},
		{"VIP alone, as keepalived adds it",
			{{"2001:db8::f", IFA_F_DEPRECATED | IFA_F_NODAD, 128}}, 0},
		{"multicast, loopback, mapped",
			{{"ff05::1", 0, 0}, {"::1", 0, 0}, {"::ffff:10.0.0.1", 0, 0}}, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct link link;
		struct link_address made[ROWS];
		const struct link_address *chosen;

		make_link(&link, made, cases[i].rows);
		chosen = best_of(&link);
		if (chosen != (cases[i].chosen < 0 ? NULL : &made[cases[i].chosen]))
			fail_msg("%s", cases[i].what);
	}
}

/* A restart reads the addresses in another order than they came in. */
static void test_the_order_of_arrival_does_not_matter(void **state)
{
	static const struct row rows[ROWS] = {{"fd00::1", 0, 64, 1}, {"2001:db8::9", 0, 64, 5},
		{"2001:db8::2", 0, 64, 5}, {"2001:db8::1", 0, 64, 6}};

	(void)state;
	for (int first = 0; first < ROWS; first++) {
		for (int step = 1; step < ROWS; step += 2) {
			struct row shuffled[ROWS];
			struct link_address made[ROWS];
			struct in6_addr expected;
			struct link link;

			for (int i = 0; i < ROWS; i++)
				shuffled[i] = rows[(first + i * step) % ROWS];
			make_link(&link, made, shuffled);
			inet_pton(AF_INET6, "2001:db8::2", &expected);
			assert_memory_equal(
				&best_of(&link)->address, &expected, sizeof(expected));
		}
	}
}

static void test_macvlans_that_belong_to_vrrp(void **state)
{
	struct link_address a = {.prefixlen = 64};
	struct link macvlan = {.mac_len = 6, .mac = {0x00, 0x00, 0x5e, 0x00, 0x02, 0x07}};

	(void)state;
	assert_true(link_address_is_of_vrrp(&macvlan, &a));
	macvlan.mac[4] = 0x01; /* IPv4's */
	assert_false(link_address_is_of_vrrp(&macvlan, &a));
	a.proto = 18; /* keepalived */
	assert_true(link_address_is_of_vrrp(&macvlan, &a));
	macvlan.mac_len = 0;
	a.proto = 0;
	assert_false(link_address_is_of_vrrp(&macvlan, &a));
}

static void test_stable_source(void **state)
{
	static const struct row rows[ROWS] = {{"2001:db8::1", 0, 64}, {"2001:db8::2", 0, 128},
		{"2001:db8::3", IFA_F_DEPRECATED, 64}, {"2001:db8::4", IFA_F_TENTATIVE, 64}};
	struct link_address made[ROWS];
	struct link link;

	(void)state;
	make_link(&link, made, rows);
	assert_true(link_address_stable_source(&link, &made[0]));
	assert_false(link_address_stable_source(&link, &made[1]));
	assert_false(link_address_stable_source(&link, &made[2]));
	assert_false(link_address_stable_source(&link, &made[3]));
	link.flags = IFF_LOOPBACK;
	assert_true(link_address_stable_source(&link, &made[1]));
}

static void test_pending(void **state)
{
	struct link_address a = {.flags = IFA_F_TENTATIVE, .prefixlen = 64};

	(void)state;
	inet_pton(AF_INET6, "2001:db8::1", &a.address);
	assert_true(link_address_tentative(&a));
	a.flags = 0;
	assert_false(link_address_tentative(&a));
	a.flags = IFA_F_TENTATIVE | IFA_F_DADFAILED;
	assert_false(link_address_tentative(&a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_the_order_of_arrival_does_not_matter),
		cmocka_unit_test(test_macvlans_that_belong_to_vrrp),
		cmocka_unit_test(test_stable_source),
		cmocka_unit_test(test_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
