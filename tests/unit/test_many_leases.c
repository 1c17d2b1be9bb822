/* SPDX-License-Identifier: ISC */
/*
 * What a million leases rest on: identifiers of any length in a binding, expiry a slice at a
 * time, the index of the lease log. Against plain models of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/bindings/binding_table.h"
#include "bootd/leases/sqlite_store.h"
#include "tests/unit/random.h"

enum { MACHINES = 500, ADDRESSES = 3000, TURNS = 200000 };

static struct prefix subnet = {.address.s6_addr = {0x20, 0x01, 0x0d, 0xb8}, .len = 64};

static struct dhcp6_duid random_duid(void)
{
	struct dhcp6_duid duid = {.len = (uint8_t)(3 + random_below(DHCP6_DUID_MAX - 2))};

	random_fill(duid.octets, duid.len);
	return duid;
}

static void test_ids_of_any_length(void **state)
{
	struct binding_table table;

	(void)state;
	random_start("test_ids_of_any_length");
	assert_int_equal(binding_table_init(&table, MACHINES), 0);
	for (int i = 0; i < MACHINES; i++) {
		struct dhcp6_duid own = random_duid();
		struct machine machine = machine_of_duid(&own), other = machine, got;
		struct binding *binding = binding_table_get(&table, &subnet, &machine, NULL);

		assert_non_null(binding);
		for (int change = 0; change < 4; change++) {
			struct dhcp6_duid duid = random_duid(), was;

			binding_set_duid(binding, &duid);
			was = binding_duid(binding);
			assert_true(dhcp6_duid_equal(&was, &duid));
			assert_true(binding_has_duid(binding, &duid));
			duid.octets[duid.len - 1] ^= 1;
			assert_false(binding_has_duid(binding, &duid));
		}
		got = binding_machine(binding);
		assert_true(machine_equal(&got, &machine));
		assert_ptr_equal(binding_table_find(&table, &subnet, &machine, NULL), binding);
		other.octets[other.len - 1] ^= 1;
		assert_false(binding_is_of(binding, &other));
		assert_null(binding_table_find(&table, &subnet, &other, NULL));
	}
	binding_table_fini(&table);
}

static struct binding *add(struct binding_table *table, uint32_t number, uint64_t for_s)
{
	uint8_t mac[DHCP6_MAC_LEN] = {2, 0, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
		(uint8_t)(number >> 8), (uint8_t)number};
	struct machine machine = machine_of_mac(mac);
	struct binding *binding = binding_table_get(table, &subnet, &machine, NULL);

	assert_non_null(binding);
	binding_table_set_state(table, binding, BINDING_BOUND, 1000, for_s);
	return binding;
}

/* Slices reach all of them, whatever is changed and taken away between two of them. */
static void test_expiry_by_slices(void **state)
{
	struct binding *known[MACHINES] = {0};
	struct binding_table table;
	uint64_t now_ms = 1000;

	(void)state;
	random_start("test_expiry_by_slices");
	assert_int_equal(binding_table_init(&table, 2 * MACHINES), 0);
	for (uint32_t i = 0; i < MACHINES; i++)
		known[i] = add(&table, i, i % 2 ? 1 : 1000);
	for (int slice = 0; slice < MACHINES / 10 + 1; slice++) {
		unsigned i = 2 * (unsigned)random_below(MACHINES / 2); /* one that stays */

		now_ms = 5000;
		binding_table_expire_some(&table, now_ms, 10);
		if (slice % 2 && known[i]) {
			binding_table_remove(&table, known[i]);
			known[i] = NULL;
		} else if (known[i]) {
			binding_table_set_state(&table, known[i], BINDING_BOUND, now_ms, 1000);
		}
	}
	for (unsigned i = 0; i < MACHINES; i += 2)
		if (known[i])
			assert_true(known[i]->expires_ms > now_ms);
	binding_table_expire_some(&table, now_ms, 2 * MACHINES);
	for (const struct binding *b = binding_table_next(&table, NULL); b;
		b = binding_table_next(&table, b))
		assert_true(b->expires_ms > now_ms);
	binding_table_expire(&table, UINT64_MAX);
	assert_int_equal(binding_table_count(&table), 0);
	binding_table_fini(&table);
}

/* Addresses that fall into few shards, so that these grow, probe and close gaps. */
static void test_index_is_a_map(void **state)
{
	static uint64_t model[ADDRESSES];
	struct lease_index index;
	size_t count = 0;

	(void)state;
	random_start("test_index_is_a_map");
	lease_index_init(&index);
	for (uint64_t turn = 1; turn <= TURNS; turn++) {
		uint32_t i = (uint32_t)random_below(ADDRESSES);
		struct in6_addr address = address_after(&subnet.address, i);

		assert_int_equal(lease_index_get(&index, &address), model[i]);
		if (random_below(3)) {
			assert_int_equal(lease_index_reserve(&index, &address, 1), 0);
			lease_index_set(&index, &address, turn);
			count += model[i] == 0;
			model[i] = turn;
		} else {
			lease_index_drop(&index, &address);
			count -= model[i] != 0;
			model[i] = 0;
		}
		assert_int_equal(index.count, count);
	}
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		struct in6_addr address = address_after(&subnet.address, i);

		assert_int_equal(lease_index_get(&index, &address), model[i]);
	}
	lease_index_fini(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids_of_any_length),
		cmocka_unit_test(test_expiry_by_slices),
		cmocka_unit_test(test_index_is_a_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
