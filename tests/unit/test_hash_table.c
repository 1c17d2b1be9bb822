/* SPDX-License-Identifier: ISC */
/* SipHash against the reference implementation's values; the hash table against a plain array. */
#include "util/hash_table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"

/* Values of the reference implementation (github.com/veorq/SipHash) for octets 0, 1, 2... */
static void test_siphash_1_3_is_the_reference_one(void **state)
{
	static const struct siphash_key zero, counting = {{UINT64_C(0x0706050403020100),
		UINT64_C(0x0f0e0d0c0b0a0908)}};
	static const uint64_t expected_zero[] = {
		UINT64_C(0xd1fba762150c532c), UINT64_C(0x68a914128e01e473)};
	static const uint8_t octets[64] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

	(void)state;
	for (size_t len = 0; len < 2; len++)
		assert_true(siphash(&zero, octets, len) == expected_zero[len]);
	assert_true(siphash(&counting, octets, 0) == UINT64_C(0xabac0158050fc4dc));
}

static void test_parts_end_for_themselves(void **state)
{
	struct siphash_key key;
	struct siphash a, b;

	(void)state;
	siphash_key_random(&key);
	a = siphash_begin(&key);
	siphash_add(&a, "ab", 2);
	siphash_add(&a, "c", 1);
	b = siphash_begin(&key);
	siphash_add(&b, "a", 1);
	siphash_add(&b, "bc", 2);
	assert_true(siphash_end(&a) != siphash_end(&b));
}

static void test_each_table_has_a_key_of_its_own(void **state)
{
	struct hash_table a, b;

	(void)state;
	assert_int_equal(hash_table_init(&a, 0), 0);
	assert_int_equal(hash_table_init(&b, 0), 0);
	assert_true(hash_table_hash(&a, "x", 1) != hash_table_hash(&b, "x", 1));
	hash_table_fini(&a);
	hash_table_fini(&b);
}

struct entry {
	uint32_t key;
	struct hash_node node;
};

static struct entry *find(const struct hash_table *table, uint32_t key)
{
	struct hash_node *node;
	uint64_t hash = hash_table_hash(table, &key, sizeof(key));

	hash_table_each(node, table, hash) {
		struct entry *entry = hash_entry(node, struct entry, node);

		if (entry->key == key)
			return entry;
	}
	return NULL;
}

static void add(struct hash_table *table, struct entry *entry)
{
	hash_table_insert(
		table, &entry->node, hash_table_hash(table, &entry->key, sizeof(entry->key)));
}

static size_t walk(const struct hash_table *table)
{
	struct hash_node *node = NULL;
	size_t n = 0;

	while ((node = hash_table_next(table, node)))
		n++;
	return n;
}

/* Insertions and removals in any order, through every state of growing. */
static void test_contents_are_found(void **state)
{
	enum { KEYS = 3000, STEPS = 40000 };
	static struct entry entry[KEYS];
	struct hash_table table;

	(void)state;
	random_start(__func__);
	assert_int_equal(hash_table_init(&table, 0), 0);
	for (uint32_t i = 0; i < KEYS; i++)
		entry[i].key = i;
	for (int step = 0; step < STEPS; step++) {
		struct entry *e = &entry[random_below(KEYS)];
		bool is_in = hash_node_is_in_table(&e->node);

		assert_ptr_equal(find(&table, e->key), is_in ? e : NULL);
		if (!is_in)
			add(&table, e);
		else if (random_below(3) == 0) /* fewer than come: it grows */
			hash_table_remove(&table, &e->node);
		if (step % 97 == 0)
			assert_int_equal(walk(&table), table.count);
	}
	for (uint32_t i = 0; i < KEYS; i++)
		assert_ptr_equal(find(&table, i),
			hash_node_is_in_table(&entry[i].node) ? &entry[i] : NULL);
	assert_true(table.slots >= 1024);
	hash_table_fini(&table);
}

/* While it grows, every insertion moves a few slots and none moves all. */
static void test_growth_is_spread_over_insertions(void **state)
{
	enum { NODES = 5000 };
	static struct entry entry[NODES];
	struct hash_table table;
	size_t growing = 0;

	(void)state;
	assert_int_equal(hash_table_init(&table, 0), 0);
	for (uint32_t i = 0; i < NODES; i++) {
		size_t before = table.half ? table.moved : 0;

		entry[i].key = i;
		add(&table, &entry[i]);
		growing += table.half != NULL;
		assert_true(!table.half || table.moved <= before + 2);
		assert_true(table.count <= table.slots); /* done before it must grow again */
	}
	assert_true(growing > NODES / 4);
	for (uint32_t i = 0; i < NODES; i++)
		assert_ptr_equal(find(&table, i), &entry[i]);
	hash_table_fini(&table);
}

static void test_a_table_made_large_enough_does_not_grow(void **state)
{
	enum { NODES = 1000 };
	static struct entry entry[NODES];
	struct hash_table table;
	size_t slots, found = 0;

	(void)state;
	assert_int_equal(hash_table_init(&table, NODES), 0);
	slots = table.slots;
	for (uint32_t i = 0; i < NODES; i++) {
		entry[i].key = i;
		add(&table, &entry[i]);
	}
	assert_int_equal(table.slots, slots);
	for (size_t i = 0; i < slots; i++)
		for (struct hash_node *n = hash_table_in_slot(&table, i); n; n = n->next)
			found++;
	assert_int_equal(found, NODES);
	hash_table_fini(&table);
}

/* The newest first, also after the slots have moved. */
static void test_equal_keys_keep_their_order(void **state)
{
	enum { SAME = 3, OTHERS = 200 };
	static struct entry same[SAME], other[OTHERS];
	struct hash_table table;
	struct hash_node *node;
	uint32_t key = 7;
	int n = SAME;

	(void)state;
	assert_int_equal(hash_table_init(&table, 0), 0);
	for (int i = 0; i < SAME; i++) {
		same[i].key = key;
		add(&table, &same[i]);
	}
	for (uint32_t i = 0; i < OTHERS; i++) {
		other[i].key = 1000 + i;
		add(&table, &other[i]);
	}
	hash_table_each(node, &table, hash_table_hash(&table, &key, sizeof(key)))
		assert_ptr_equal(hash_entry(node, struct entry, node), &same[--n]);
	assert_int_equal(n, 0);
	hash_table_remove(&table, &same[1].node);
	hash_table_remove(&table, &same[1].node); /* again: nothing */
	assert_int_equal(table.count, SAME - 1 + OTHERS);
	assert_ptr_equal(find(&table, key), &same[2]);
	hash_table_remove(&table, &same[2].node);
	assert_ptr_equal(find(&table, key), &same[0]);
	hash_table_fini(&table);
}

static void test_a_zeroed_table_is_empty(void **state)
{
	struct hash_table table = {0};

	(void)state;
	assert_null(find(&table, 1));
	assert_null(hash_table_next(&table, NULL));
	hash_table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash_1_3_is_the_reference_one),
		cmocka_unit_test(test_parts_end_for_themselves),
		cmocka_unit_test(test_each_table_has_a_key_of_its_own),
		cmocka_unit_test(test_contents_are_found),
		cmocka_unit_test(test_growth_is_spread_over_insertions),
		cmocka_unit_test(test_a_table_made_large_enough_does_not_grow),
		cmocka_unit_test(test_equal_keys_keep_their_order),
		cmocka_unit_test(test_a_zeroed_table_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
