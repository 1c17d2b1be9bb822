/* SPDX-License-Identifier: ISC */
/*
 * The link table: what it calls back, and what it does not. Callbacks are
 * written down as a line of text each, and compared after every step.
 */
#include "netlink/link_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define IFA_F_NODAD 0x02
#define IFA_F_TENTATIVE 0x40

static struct link_table table;
static char told[4096];

static void tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *fmt, ...)
{
	size_t len = strlen(told);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(told + len, sizeof(told) - len, fmt, ap);
	va_end(ap);
}

#define assert_told(text)                                                                          \
	do {                                                                                       \
		assert_string_equal(told, text);                                                   \
		told[0] = '\0';                                                                    \
	} while (0)

static void on_added(void *arg, struct link *l)
{
	assert_ptr_equal(arg, &table);
	assert_ptr_equal(link_table_find_name(&table, l->name), l);
	assert_null(l->addresses);
	assert_null(l->user);
	tell("+%s ", l->name);
}

static void on_changed(void *arg, struct link *l, unsigned what)
{
	static const char letters[] = "NAFLRM6X";
	size_t i;

	assert_ptr_equal(arg, &table);
	if (l->name[0])
		assert_ptr_equal(link_table_find_name(&table, l->name), l);
	tell("%d:%s:", l->ifindex, l->name);
	for (i = 0; letters[i]; i++) {
		if (what & (1u << i))
			tell("%c", letters[i]);
	}
	tell(" ");
}

static void on_removed(void *arg, struct link *l)
{
	assert_ptr_equal(arg, &table);
	assert_null(link_table_find(&table, l->ifindex));
	assert_ptr_not_equal(link_table_find_name(&table, l->name), l);
	tell("-%d:%s%s ", l->ifindex, l->name, l->addresses ? " whole" : "");
}

static void on_addresses(void *arg, struct link *l)
{
	const struct link_address *a;

	assert_ptr_equal(arg, &table);
	tell("%s[", l->name);
	for (a = l->addresses; a; a = a->next)
		tell("%s%u/%x", a == l->addresses ? "" : " ", a->address.s6_addr[15], a->flags);
	tell("] ");
}

static void on_synced(void *arg)
{
	assert_ptr_equal(arg, &table);
	tell("synced ");
}

static const struct link_table_ops ops = {
	on_added, on_changed, on_removed, on_addresses, on_synced};

static int set_up(void **state)
{
	(void)state;
	told[0] = '\0';
	return link_table_init(&table, &ops, &table);
}

static int tear_down(void **state)
{
	(void)state;
	link_table_fini(&table);
	return 0;
}

static struct link facts(int ifindex, const char *name)
{
	struct link l = {.ifindex = ifindex, .mtu = 1500, .hw_type = 1, .mac_len = 6};

	snprintf(l.name, sizeof(l.name), "%s", name);
	l.mac[5] = (uint8_t)ifindex;
	return l;
}

static void put_link(int ifindex, const char *name)
{
	struct link l = facts(ifindex, name);

	assert_int_equal(link_table_put_link(&table, &l), 0);
}

static struct in6_addr number(uint8_t last)
{
	struct in6_addr address = {{{0x20, 0x01, 0x0d, 0xb8}}};

	address.s6_addr[15] = last;
	return address;
}

static void put_address(int ifindex, uint8_t last, uint32_t flags)
{
	struct link_address a = {.address = number(last),
		.flags = flags,
		.prefixlen = 64,
		.preferred_s = LINK_ADDRESS_FOREVER,
		.valid_s = LINK_ADDRESS_FOREVER,
		.seq = 77, /* not read */
		.stale = true};

	assert_int_equal(link_table_put_address(&table, ifindex, &a), 0);
}

static void remove_address(int ifindex, uint8_t last)
{
	struct in6_addr address = number(last);

	link_table_remove_address(&table, ifindex, &address);
}

static void test_a_link_is_found_both_ways_until_removed(void **state)
{
	(void)state;
	put_link(7, "eth0");
	assert_told("+eth0 ");
	assert_string_equal(link_table_find(&table, 7)->name, "eth0");
	assert_int_equal(link_table_find_name(&table, "eth0")->ifindex, 7);
	assert_null(link_table_find(&table, 8));
	assert_null(link_table_find(&table, 7 + 64));
	assert_null(link_table_find_name(&table, "eth"));
	assert_null(link_table_find_name(&table, ""));
	link_table_remove_link(&table, 8);
	assert_told("");
	link_table_remove_link(&table, 7);
	assert_told("-7:eth0 ");
	assert_null(link_table_find(&table, 7));
	assert_null(link_table_find_name(&table, "eth0"));
	assert_int_equal(link_table_count(&table), 0);
	assert_null(link_table_first(&table));
}

static void test_no_change_calls_nothing(void **state)
{
	(void)state;
	put_link(7, "eth0");
	put_address(7, 1, 0);
	told[0] = '\0';
	put_link(7, "eth0");
	put_address(7, 1, 0);
	remove_address(7, 2);
	remove_address(8, 1);
	put_address(8, 1, 0);
	assert_told("");
}

static void test_each_change_is_named(void **state)
{
	struct link l = facts(7, "eth0");

	(void)state;
	put_link(7, "eth0");
	told[0] = '\0';
#define CHANGE(assignment, text)                                                                   \
	do {                                                                                       \
		assignment;                                                                        \
		assert_int_equal(link_table_put_link(&table, &l), 0);                              \
		assert_told(text);                                                                 \
	} while (0)
	CHANGE(strcpy(l.name, "lan"), "7:lan:N ");
	CHANGE(l.mac[0] = 2, "7:lan:A ");
	CHANGE(l.mac_len = 8, "7:lan:A ");
	CHANGE(l.hw_type = 32, "7:lan:A ");
	CHANGE(l.flags = 1, "7:lan:F ");
	CHANGE(l.operstate = 6, "7:lan:F ");
	CHANGE(l.lower = 3, "7:lan:L ");
	CHANGE(l.master = 4, "7:lan:R ");
	CHANGE(strcpy(l.port_kind, "bridge"), "7:lan:R ");
	CHANGE(l.mtu = 9000, "7:lan:M ");
	CHANGE(l.altnames = "lan-of-tenant\0", "7:lan:X ");
	CHANGE(l.altnames = "lan-of-tenant\0enp1s0\0", "7:lan:X ");
	CHANGE(l.altnames = NULL, "7:lan:X ");
	CHANGE(l.altnames = "", "");
	CHANGE((l.flags = 3, l.mtu = 1500, strcpy(l.name, "wan")), "7:wan:NFM ");
#undef CHANGE
	assert_int_equal(link_table_find(&table, 7)->mtu, 1500);
	assert_int_equal(link_table_find(&table, 7)->lower, 3);
	assert_null(link_table_find_name(&table, "eth0"));
	assert_null(link_table_find_name(&table, "lan"));
}

static void test_facts_that_no_link_can_have_are_refused(void **state)
{
	struct link l = facts(0, "eth0");

	(void)state;
	assert_int_equal(link_table_put_link(&table, &l), -EINVAL);
	l.ifindex = -1;
	assert_int_equal(link_table_put_link(&table, &l), -EINVAL);
	l = facts(1, "");
	assert_int_equal(link_table_put_link(&table, &l), -EINVAL);
	l = facts(1, "eth0");
	l.mac_len = LINK_MAC_SIZE + 1;
	assert_int_equal(link_table_put_link(&table, &l), -EINVAL);
	l.mac_len = LINK_MAC_SIZE;
	assert_int_equal(link_table_put_link(&table, &l), 0);
	assert_told("+eth0 ");
}

static void test_another_kind_is_another_link(void **state)
{
	struct link l = facts(7, "eth0");

	(void)state;
	put_link(7, "eth0");
	put_address(7, 1, 0);
	told[0] = '\0';
	strcpy(l.kind, "vlan");
	assert_int_equal(link_table_put_link(&table, &l), 0);
	assert_told("-7:eth0 whole +eth0 ");
	assert_int_equal(link_table_count(&table), 1);
}

static void test_names_swap_through_a_third(void **state)
{
	(void)state;
	put_link(1, "a");
	put_link(2, "b");
	told[0] = '\0';
	put_link(1, "tmp");
	put_link(2, "a");
	put_link(1, "b");
	assert_told("1:tmp:N 2:a:N 1:b:N ");
	assert_int_equal(link_table_find_name(&table, "a")->ifindex, 2);
	assert_int_equal(link_table_find_name(&table, "b")->ifindex, 1);
	assert_null(link_table_find_name(&table, "tmp"));
}

static void test_a_name_belongs_to_the_link_that_has_it_last(void **state)
{
	(void)state;
	put_link(1, "a");
	put_link(2, "b");
	told[0] = '\0';
	put_link(3, "a"); /* the removal of 1 was lost */
	assert_told("1::N +a ");
	put_link(2, "a"); /* and that of 3 */
	assert_told("3::N 2:a:N ");
	assert_int_equal(link_table_find_name(&table, "a")->ifindex, 2);
	assert_null(link_table_find_name(&table, ""));
	link_table_remove_link(&table, 1);
	put_link(3, "c");
	assert_told("-1: 3:c:N ");
	assert_int_equal(link_table_find_name(&table, "c")->ifindex, 3);
}

static void test_events_from_before_a_newer_dump_converge(void **state)
{
	(void)state;
	/* The kernel: 1 = a, 2 = b, then swapped, then dumped; the events of the swap are still queued.
	 */
	put_link(1, "b");
	put_link(2, "a");
	told[0] = '\0';
	put_link(1, "tmp");
	put_link(2, "a");
	put_link(1, "b");
	assert_told("1:tmp:N 1:b:N ");
	/* The same with events of 1 from before the swap. */
	put_link(1, "a");
	assert_told("2::N 1:a:N ");
	put_link(1, "tmp");
	put_link(2, "a");
	put_link(1, "b");
	assert_told("1:tmp:N 2:a:N 1:b:N ");
}

static void test_addresses_keep_their_order_of_arrival(void **state)
{
	(void)state;
	put_link(7, "eth0");
	told[0] = '\0';
	put_address(7, 3, IFA_F_TENTATIVE);
	put_address(7, 1, 0);
	put_address(7, 2, 0);
	assert_told("eth0[3/40] eth0[3/40 1/0] eth0[3/40 1/0 2/0] ");
	put_address(7, 3, 0);
	assert_told("eth0[3/0 1/0 2/0] ");
	remove_address(7, 1);
	put_address(7, 1, 0);
	assert_told("eth0[3/0 2/0] eth0[3/0 2/0 1/0] ");
	assert_true(link_find_address(link_table_find(&table, 7), &(struct in6_addr){0}) == NULL);
}

static void test_seq_grows_over_all_links(void **state)
{
	const struct link_address *a, *b;
	struct in6_addr one = number(1);
	uint64_t seq;

	(void)state;
	put_link(1, "a");
	put_link(2, "b");
	put_address(2, 1, 0);
	put_address(1, 1, 0);
	b = link_find_address(link_table_find(&table, 2), &one);
	a = link_find_address(link_table_find(&table, 1), &one);
	assert_true(b->seq > 0 && a->seq > b->seq && !a->stale);
	seq = b->seq;
	put_address(2, 1, IFA_F_NODAD);
	assert_int_equal(b->flags, IFA_F_NODAD);
	assert_true(b->seq == seq);
}

static void test_lifetimes_are_stored_and_not_sent(void **state)
{
	struct link_address a = {.address = number(1), .prefixlen = 64, .valid_s = 100};

	(void)state;
	put_link(7, "eth0");
	link_table_put_address(&table, 7, &a);
	told[0] = '\0';
	a.valid_s = 90;
	a.preferred_s = 10;
	link_table_put_address(&table, 7, &a);
	assert_told("");
	assert_int_equal(link_table_find(&table, 7)->addresses->valid_s, 90);
	assert_int_equal(link_table_find(&table, 7)->addresses->preferred_s, 10);
	a.prefixlen = 128;
	link_table_put_address(&table, 7, &a);
	assert_told("eth0[1/0] ");
	a.proto = 2;
	link_table_put_address(&table, 7, &a);
	assert_told("eth0[1/0] ");
}

static void test_a_sweep_takes_what_the_dump_left_out(void **state)
{
	(void)state;
	put_link(1, "a");
	put_link(2, "b");
	put_link(3, "c");
	put_address(1, 1, 0);
	put_address(1, 2, 0);
	put_address(1, 3, 0);
	put_address(2, 1, 0);
	told[0] = '\0';
	link_table_mark_stale(&table);
	put_link(1, "a");
	put_link(4, "d");
	put_link(3, "cc");
	put_address(1, 2, 0);
	put_address(1, 4, 0);
	assert_told("+d 3:cc:N a[1/0 2/0 3/0 4/0] ");
	link_table_sweep(&table);
	assert_told("a[2/0 4/0] -2:b whole ");
	link_table_synced(&table);
	assert_told("synced ");
	link_table_sweep(&table);
	assert_told("");
	assert_int_equal(link_table_count(&table), 3);
}

static void test_a_repair_without_a_difference_reports_nothing(void **state)
{
	(void)state;
	put_link(1, "a");
	put_address(1, 1, 0);
	told[0] = '\0';
	link_table_mark_stale(&table);
	put_link(1, "a");
	put_address(1, 1, 0);
	link_table_sweep(&table);
	assert_told("");
}

static void test_the_table_grows_to_all_vlans(void **state)
{
	const struct link *l;
	char name[IFNAMSIZ];
	int i, seen = 0;

	(void)state;
	link_table_fini(&table);
	assert_int_equal(link_table_init(&table, NULL, NULL), 0);
	for (i = 1; i <= 4094; i++) {
		snprintf(name, sizeof(name), "vlan%d", i);
		put_link(i * 16, name);
	}
	for (i = 1; i <= 4094; i += 2)
		link_table_remove_link(&table, i * 16);
	assert_int_equal(link_table_count(&table), 2047);
	for (l = link_table_first(&table); l; l = link_table_next(&table, l), seen++) {
		snprintf(name, sizeof(name), "vlan%d", l->ifindex / 16);
		assert_ptr_equal(link_table_find(&table, l->ifindex), l);
		assert_ptr_equal(link_table_find_name(&table, name), l);
	}
	assert_int_equal(seen, 2047);
	link_table_synced(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_a_link_is_found_both_ways_until_removed),
		TEST(test_no_change_calls_nothing),
		TEST(test_each_change_is_named),
		TEST(test_facts_that_no_link_can_have_are_refused),
		TEST(test_another_kind_is_another_link),
		TEST(test_names_swap_through_a_third),
		TEST(test_a_name_belongs_to_the_link_that_has_it_last),
		TEST(test_events_from_before_a_newer_dump_converge),
		TEST(test_addresses_keep_their_order_of_arrival),
		TEST(test_seq_grows_over_all_links),
		TEST(test_lifetimes_are_stored_and_not_sent),
		TEST(test_a_sweep_takes_what_the_dump_left_out),
		TEST(test_a_repair_without_a_difference_reports_nothing),
		TEST(test_the_table_grows_to_all_vlans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
