/* SPDX-License-Identifier: ISC */
/* Hosts and boots in pages: each once, each page bounded in rows and in lookups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/progress/boot_progress.h"
#include "bootd/view/boot_view.h"
#include "tests/unit/bootd_bench.h"

enum { HOSTS = 2500, SUBNETS = 500 };

static char conf[HOSTS * 80 + SUBNETS * 60];
static struct boot_progress progress;

static void make_conf(void)
{
	size_t len = 0;

	for (unsigned i = 0; i < SUBNETS; i++)
		len += (size_t)snprintf(
			conf + len, sizeof(conf) - len, "subnet \"2001:db8:%x::/64\" {}\n", i + 1);
	for (unsigned i = 0; i < HOSTS; i++)
		len += (size_t)snprintf(conf + len, sizeof(conf) - len,
			"host \"h%u\" { mac = \"52:54:00:00:%02x:%02x\" }\n", i, i >> 8, i & 0xff);
}

/* Walks all pages; returns how many there are, *rows in all, and the most rows of one. */
static unsigned walk(const struct bench *b, size_t *rows, size_t *rows_max, unsigned *registered)
{
	static bool seen[HOSTS];
	char after[32] = "after=0";
	char *words[] = {(char[]){"hosts"}, after};
	unsigned pages = 0;
	const json_t *next;

	memset(seen, 0, sizeof(seen));
	*rows = *rows_max = 0;
	*registered = 0;
	do {
		json_t *page = boot_host_view_page(
			b->config, &b->exchange.bindings, &progress, 2, words, b->now_ms);
		const json_t *hosts = json_object_get(page, "hosts"), *host;
		size_t i;

		assert_int_equal(json_integer_value(json_object_get(page, "of")), HOSTS);
		json_array_foreach (hosts, i, host) {
			const char *name = json_string_value(json_object_get(host, "host"));
			unsigned number = (unsigned)atoi(name + 1);

			assert_false(seen[number]);
			seen[number] = true;
			*registered +=
				(unsigned)json_array_size(json_object_get(host, "registered"));
		}
		*rows += json_array_size(hosts);
		*rows_max = json_array_size(hosts) > *rows_max ? json_array_size(hosts) : *rows_max;
		next = json_object_get(page, "next");
		snprintf(after, sizeof(after), "after=%lld", (long long)json_integer_value(next));
		pages++;
		if (!json_is_integer(next))
			next = NULL;
		json_decref(page);
	} while (next);
	return pages;
}

static void test_all_hosts_in_bounded_pages(void **state)
{
	static const uint8_t mac[] = {0x52, 0x54, 0, 0, 0, 7};
	struct machine machine = machine_of_mac(mac);
	struct in6_addr own = bench_in6("2001:db8:3::7");
	size_t rows, rows_max;
	struct binding *binding;
	unsigned registered;
	struct bench b;
	json_t *of_machine;

	(void)state;
	make_conf();
	bench_start(&b, conf);
	assert_int_equal(boot_progress_init(&progress, 0), 0);
	assert_int_equal(walk(&b, &rows, &rows_max, &registered), 3);
	assert_int_equal(rows, HOSTS);
	assert_int_equal(rows_max, HOST_PAGE_ROWS);
	assert_int_equal(registered, 0);
	/* With an address that a host has registered, each row takes a lookup per subnet. */
	binding = binding_table_register(
		&b.exchange.bindings, &b.config->subnet[2].prefix, &machine, &own);
	assert_non_null(binding);
	binding_table_set_state(&b.exchange.bindings, binding, BINDING_REGISTERED, b.now_ms, 3600);
	walk(&b, &rows, &rows_max, &registered);
	assert_int_equal(rows, HOSTS);
	assert_int_equal(rows_max, HOST_PAGE_LOOKUPS / SUBNETS);
	assert_int_equal(registered, 1);
	of_machine = boot_host_view_registered(b.config, &b.exchange.bindings, &machine);
	assert_string_equal(json_string_value(json_array_get(of_machine, 0)), "2001:db8:3::7");
	json_decref(of_machine);
	boot_progress_fini(&progress);
	bench_stop(&b);
}

/* Boots of many machines, of which several moved at one time; one of them moves between pages. */
static void test_all_boots_in_bounded_pages(void **state)
{
	static bool seen[HOSTS];
	struct exchange_event event;
	struct decision decision;
	char after[32] = "";
	char *words[] = {(char[]){"list"}, after};
	unsigned pages = 0, rows = 0;
	struct bench b;

	(void)state;
	bench_start(&b, "subnet \"2001:db8:1::/64\" {}\n");
	assert_int_equal(boot_progress_init(&progress, 0), 0);
	bench_message(&b, DHCP6_REQUEST);
	bench_put_server_id(&b);
	bench_put_ia(&b, 1, NULL);
	bench_put_arch(&b, 7);
	assert_int_equal(bench_relay(&b), EXCHANGE_ANSWERED);
	event = b.event;
	decision = b.decision;
	event.decision = &decision;
	for (unsigned i = 0; i < HOSTS; i++) {
		uint8_t mac[] = {2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};

		decision.machine = machine_of_mac(mac);
		event.now_ms = 1000 + i / 3;
		assert_non_null(boot_progress_exchange(&progress, &event));
	}
	for (bool is_last = false; !is_last; pages++) {
		json_t *page = boot_view_list(&progress, pages > 0 ? 2 : 1, words, 10000), *boot;
		const json_t *next = json_object_get(page, "next");
		size_t i;

		assert_in_range(
			json_array_size(json_object_get(page, "boots")), 1, BOOT_PAGE_ROWS + 2);
		json_array_foreach (json_object_get(page, "boots"), i, boot) {
			const char *text = json_string_value(json_object_get(boot, "machine"));
			unsigned number = (unsigned)strtoul(text + 12, NULL, 16) << 8 |
					  (unsigned)strtoul(text + 15, NULL, 16);

			assert_false(seen[number]);
			seen[number] = true;
			rows++;
		}
		is_last = !json_is_integer(next);
		snprintf(after, sizeof(after), "after=%lld", (long long)json_integer_value(next));
		json_decref(page);
		event.now_ms = 9000; /* the machine that is listed first moves */
		boot_progress_exchange(&progress, &event);
	}
	assert_int_equal(pages, 3);
	assert_int_equal(rows, HOSTS);
	boot_progress_fini(&progress);
	bench_stop(&b);
}

static void test_words(void **state)
{
	static const char *const bad[] = {"after=", "after=x", "after=-1", "after= 1", "after=+1",
		"after=99999999999999999999", "all"};
	struct bench b;

	(void)state;
	bench_start(&b, "subnet \"2001:db8:1::/64\" {}\n");
	assert_int_equal(boot_progress_init(&progress, 0), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char word[32];
		char *words[] = {(char[]){"hosts"}, strcpy(word, bad[i])};
		json_t *answer = boot_host_view_page(
			b.config, &b.exchange.bindings, &progress, 2, words, b.now_ms);

		assert_non_null(json_object_get(answer, "error"));
		json_decref(answer);
		answer = boot_view_list(&progress, 2, words, b.now_ms);
		assert_non_null(json_object_get(answer, "error"));
		json_decref(answer);
	}
	boot_progress_fini(&progress);
	bench_stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_hosts_in_bounded_pages),
		cmocka_unit_test(test_all_boots_in_bounded_pages),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
