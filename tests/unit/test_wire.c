/* SPDX-License-Identifier: ISC */
/*
 * The two cursors at their edges: at the end, one past, one short; and that
 * an error sticks.
 */
#include "dhcp6/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/bytes.h"

enum { NUMBER_MAX = 4, UNTOUCHED = 0xee };

/* The getter and the putter of one width, as one signature each. */
struct width {
	const char *name;
	size_t len;
	uint32_t (*get)(struct wire_in *in);
	void (*put)(struct wire_out *out, uint32_t value);
	uint32_t value; /* of the octets 0x81 0x92 0xa3 0xb4 */
};

static uint32_t get_u8(struct wire_in *in)
{
	return wire_get_u8(in);
}

static uint32_t get_u16(struct wire_in *in)
{
	return wire_get_u16(in);
}

static uint32_t get_u32(struct wire_in *in)
{
	return wire_get_u32(in);
}

static void put_u8(struct wire_out *out, uint32_t value)
{
	wire_put_u8(out, (uint8_t)value);
}

static void put_u16(struct wire_out *out, uint32_t value)
{
	wire_put_u16(out, (uint16_t)value);
}

static void put_u32(struct wire_out *out, uint32_t value)
{
	wire_put_u32(out, value);
}

static const uint8_t octets[NUMBER_MAX + 1] = {0x81, 0x92, 0xa3, 0xb4, 0xc5};

static const struct width widths[] = {
	{"u8", 1, get_u8, put_u8, 0x81},
	{"u16", 2, get_u16, put_u16, 0x8192},
	{"u32", 4, get_u32, put_u32, 0x8192a3b4},
};

enum { WIDTHS = sizeof(widths) / sizeof(widths[0]) };

/* A cursor over a copy that ends where the heap block ends. */
static struct wire_in heap_in(size_t len, void **block)
{
	*block = malloc(len ? len : 1);
	assert_non_null(*block);
	memcpy(*block, octets, len);
	return wire_in_of(*block, len);
}

static void test_number_at_the_end(void **state)
{
	(void)state;
	for (int i = 0; i < WIDTHS; i++) {
		void *block;
		struct wire_in in = heap_in(widths[i].len, &block);

		assert_int_equal(widths[i].get(&in), widths[i].value);
		assert_int_equal(wire_left(&in), 0);
		assert_false(in.bad);
		free(block);
	}
}

static void test_number_with_one_octet_after_it(void **state)
{
	(void)state;
	for (int i = 0; i < WIDTHS; i++) {
		void *block;
		struct wire_in in = heap_in(widths[i].len + 1, &block);

		assert_int_equal(widths[i].get(&in), widths[i].value);
		assert_int_equal(wire_left(&in), 1);
		assert_int_equal(wire_get_u8(&in), octets[widths[i].len]);
		assert_false(in.bad);
		free(block);
	}
}

static void test_number_too_short_by_one_octet(void **state)
{
	(void)state;
	for (int i = 0; i < WIDTHS; i++) {
		void *block;
		struct wire_in in = heap_in(widths[i].len - 1, &block);

		assert_int_equal(widths[i].get(&in), 0);
		assert_true(in.bad);
		assert_int_equal(wire_left(&in), 0);
		free(block);
	}
}

static void test_limits_of_an_address(void **state)
{
	static const uint8_t wire[17] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x69, [16] = 0x77};
	struct in6_addr address;

	(void)state;
	for (size_t len = 15; len <= 17; len++) {
		struct wire_in in = wire_in_of(wire, len);

		address = wire_get_in6(&in);
		assert_int_equal(in.bad, len < 16);
		if (in.bad)
			assert_true(IN6_IS_ADDR_UNSPECIFIED(&address));
		else
			assert_memory_equal(&address, wire, 16);
		assert_int_equal(wire_left(&in), len == 17 ? 1 : 0);
	}
}

static void test_read_error_sticks(void **state)
{
	struct wire_in in = WIRE(1, 2, 3);
	struct in6_addr address;

	(void)state;
	assert_int_equal(wire_get_u32(&in), 0);
	assert_true(in.bad);
	/* Three octets are there, and none of them can be read any more. */
	assert_int_equal(wire_left(&in), 0);
	assert_int_equal(wire_get_u8(&in), 0);
	assert_int_equal(wire_get_u16(&in), 0);
	assert_null(wire_get_bytes(&in, 1));
	assert_null(wire_get_bytes(&in, 0));
	address = wire_get_in6(&in);
	assert_true(IN6_IS_ADDR_UNSPECIFIED(&address));
	assert_true(wire_get_sub(&in, 0).bad);
	assert_true(in.bad);
}

static void test_empty_and_null_buffer(void **state)
{
	struct wire_in in = wire_in_of(NULL, 0);

	(void)state;
	assert_int_equal(wire_left(&in), 0);
	wire_get_bytes(&in, 0);
	assert_false(wire_get_sub(&in, 0).bad);
	assert_false(in.bad);
	assert_int_equal(wire_get_u8(&in), 0);
	assert_true(in.bad);
}

static void test_bytes_are_a_view(void **state)
{
	struct wire_in in = wire_in_of(octets, sizeof(octets));

	(void)state;
	assert_ptr_equal(wire_get_bytes(&in, 2), octets);
	assert_ptr_equal(wire_get_bytes(&in, 0), octets + 2);
	assert_ptr_equal(wire_get_bytes(&in, 3), octets + 2);
	assert_non_null(wire_get_bytes(&in, 0));
	assert_false(in.bad);
	assert_null(wire_get_bytes(&in, 1));
	assert_true(in.bad);
}

static void test_huge_length_does_not_wrap(void **state)
{
	struct wire_in in = wire_in_of(octets, sizeof(octets));

	(void)state;
	assert_null(wire_get_bytes(&in, SIZE_MAX));
	assert_true(in.bad);
}

static void test_sub_sees_its_octets_alone(void **state)
{
	struct wire_in in = wire_in_of(octets, sizeof(octets));
	struct wire_in sub = wire_get_sub(&in, 3);

	(void)state;
	assert_int_equal(wire_left(&sub), 3);
	assert_int_equal(wire_get_u16(&sub), 0x8192);
	assert_int_equal(wire_get_u16(&sub), 0); /* one octet of its own, then the neighbour's */
	assert_true(sub.bad);
	assert_false(in.bad);
	assert_int_equal(wire_get_u16(&in), 0xb4c5);
}

static void test_a_part_that_does_not_fit_fails_both_cursors(void **state)
{
	struct wire_in in = wire_in_of(octets, sizeof(octets));
	struct wire_in sub = wire_get_sub(&in, sizeof(octets) + 1);

	(void)state;
	assert_true(sub.bad);
	assert_true(in.bad);
	assert_int_equal(wire_left(&sub), 0);
	assert_int_equal(wire_get_u8(&sub), 0);
}

static void test_sub_to_the_end_and_empty(void **state)
{
	struct wire_in in = wire_in_of(octets, sizeof(octets));
	struct wire_in all = wire_get_sub(&in, sizeof(octets));
	struct wire_in none = wire_get_sub(&in, 0);

	(void)state;
	assert_int_equal(wire_left(&all), sizeof(octets));
	assert_int_equal(wire_left(&none), 0);
	assert_false(none.bad);
	assert_false(in.bad);
}

static void test_put_number_that_just_fits(void **state)
{
	(void)state;
	for (int i = 0; i < WIDTHS; i++) {
		uint8_t buf[NUMBER_MAX + 1];
		struct wire_out out = wire_out_of(buf, widths[i].len);

		memset(buf, UNTOUCHED, sizeof(buf));
		widths[i].put(&out, widths[i].value);
		assert_false(out.bad);
		assert_int_equal(out.len, widths[i].len);
		assert_memory_equal(buf, octets, widths[i].len);
		assert_int_equal(buf[widths[i].len], UNTOUCHED);
	}
}

static void test_put_number_one_octet_short(void **state)
{
	(void)state;
	for (int i = 0; i < WIDTHS; i++) {
		uint8_t buf[NUMBER_MAX + 1];
		struct wire_out out = wire_out_of(buf, widths[i].len - 1);

		memset(buf, UNTOUCHED, sizeof(buf));
		widths[i].put(&out, widths[i].value);
		assert_true(out.bad);
		assert_int_equal(out.len, 0);
		for (size_t j = 0; j < sizeof(buf); j++)
			assert_int_equal(buf[j], UNTOUCHED);
	}
}

static void test_write_error_sticks(void **state)
{
	uint8_t buf[3] = {UNTOUCHED, UNTOUCHED, UNTOUCHED};
	struct wire_out out = wire_out_of(buf, sizeof(buf));
	struct in6_addr address = IN6ADDR_LOOPBACK_INIT;

	(void)state;
	wire_put_in6(&out, &address);
	assert_true(out.bad);
	wire_put_u8(&out, 1);
	wire_put_bytes(&out, "ab", 2);
	assert_int_equal(out.len, 0);
	assert_int_equal(buf[0], UNTOUCHED);
	assert_true(out.bad);
}

static void test_put_nothing(void **state)
{
	uint8_t buf[1];
	struct wire_out full = wire_out_of(buf, 0);
	struct wire_out null = wire_out_of(NULL, 0);

	(void)state;
	wire_put_bytes(&full, NULL, 0);
	assert_false(full.bad);
	wire_put_bytes(&null, NULL, 0);
	assert_false(null.bad);
	wire_put_u8(&null, 1);
	assert_true(null.bad);
}

static void test_put_huge_length_does_not_wrap(void **state)
{
	uint8_t buf[8];
	struct wire_out out = wire_out_of(buf, sizeof(buf));

	(void)state;
	wire_put_u32(&out, 1);
	wire_put_bytes(&out, octets, SIZE_MAX - 1);
	assert_true(out.bad);
	assert_int_equal(out.len, 4);
}

static void test_len16_nests(void **state)
{
	static const uint8_t want[] = {0, 7, 0xaa, 0, 0, 0, 2, 0xbb, 0xcc};
	uint8_t buf[16];
	struct wire_out out = wire_out_of(buf, sizeof(buf));
	size_t outer, inner;

	(void)state;
	outer = wire_open_len16(&out);
	wire_put_u8(&out, 0xaa);
	inner = wire_open_len16(&out);
	wire_close_len16(&out, inner);
	inner = wire_open_len16(&out);
	wire_put_u16(&out, 0xbbcc);
	wire_close_len16(&out, inner);
	wire_close_len16(&out, outer);
	assert_false(out.bad);
	assert_int_equal(out.len, sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

static void test_len16_at_its_limit(void **state)
{
	static uint8_t buf[2 + UINT16_MAX + 1];
	static const uint8_t fill[UINT16_MAX + 1];

	(void)state;
	for (size_t n = UINT16_MAX; n <= UINT16_MAX + 1; n++) {
		struct wire_out out = wire_out_of(buf, sizeof(buf));
		size_t mark = wire_open_len16(&out);

		wire_put_bytes(&out, fill, n);
		assert_false(out.bad);
		wire_close_len16(&out, mark);
		assert_int_equal(out.bad, n > UINT16_MAX);
		if (!out.bad)
			assert_int_equal(buf[0] << 8 | buf[1], UINT16_MAX);
	}
}

static void test_len16_does_not_fit(void **state)
{
	uint8_t buf[2] = {UNTOUCHED, UNTOUCHED};
	struct wire_out short_of_length = wire_out_of(buf, 1);
	struct wire_out short_of_data = wire_out_of(buf, 2);
	size_t mark;

	(void)state;
	mark = wire_open_len16(&short_of_length);
	wire_close_len16(&short_of_length, mark);
	assert_true(short_of_length.bad);
	assert_int_equal(buf[0], UNTOUCHED);

	mark = wire_open_len16(&short_of_data);
	wire_put_u8(&short_of_data, 1);
	wire_close_len16(&short_of_data, mark);
	assert_true(short_of_data.bad);
	assert_int_equal(short_of_data.len, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number_at_the_end),
		cmocka_unit_test(test_number_with_one_octet_after_it),
		cmocka_unit_test(test_number_too_short_by_one_octet),
		cmocka_unit_test(test_limits_of_an_address),
		cmocka_unit_test(test_read_error_sticks),
		cmocka_unit_test(test_empty_and_null_buffer),
		cmocka_unit_test(test_bytes_are_a_view),
		cmocka_unit_test(test_huge_length_does_not_wrap),
		cmocka_unit_test(test_sub_sees_its_octets_alone),
		cmocka_unit_test(test_a_part_that_does_not_fit_fails_both_cursors),
		cmocka_unit_test(test_sub_to_the_end_and_empty),
		cmocka_unit_test(test_put_number_that_just_fits),
		cmocka_unit_test(test_put_number_one_octet_short),
		cmocka_unit_test(test_write_error_sticks),
		cmocka_unit_test(test_put_nothing),
		cmocka_unit_test(test_put_huge_length_does_not_wrap),
		cmocka_unit_test(test_len16_nests),
		cmocka_unit_test(test_len16_at_its_limit),
		cmocka_unit_test(test_len16_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
