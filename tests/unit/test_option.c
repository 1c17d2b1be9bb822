/* SPDX-License-Identifier: ISC */
/*
 * Readers and writers of single options: sizes at their edges, lists with
 * lying lengths, names at the limits of DNS, and random values written and
 * read back.
 */
#include "dhcp6/option.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/bytes.h"
#include "tests/unit/random.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* --- sizes ------------------------------------------------------------------ */

static int read_ia_na(struct wire_in data)
{
	struct dhcp6_ia_na ia;

	return dhcp6_get_ia_na(data, &ia);
}

static int read_iaaddr(struct wire_in data)
{
	struct dhcp6_iaaddr addr;

	return dhcp6_get_iaaddr(data, &addr);
}

static int read_vendor_class(struct wire_in data)
{
	struct dhcp6_vendor_class vendor;

	return dhcp6_get_vendor_class(data, &vendor);
}

static int read_linklayer(struct wire_in data)
{
	struct dhcp6_linklayer linklayer;

	return dhcp6_get_linklayer(data, &linklayer);
}

static int read_remote_id(struct wire_in data)
{
	struct dhcp6_remote_id remote;

	return dhcp6_get_remote_id(data, &remote);
}

static int read_lq_query(struct wire_in data)
{
	struct dhcp6_lq_query query;

	return dhcp6_get_lq_query(data, &query);
}

static int read_nii(struct wire_in data)
{
	struct dhcp6_nii nii;

	return dhcp6_get_nii(data, &nii);
}

static int read_status(struct wire_in data)
{
	struct dhcp6_status status;

	return dhcp6_get_status(data, &status);
}

static int read_u8(struct wire_in data)
{
	uint8_t value;

	return dhcp6_get_u8(data, &value);
}

static int read_u16(struct wire_in data)
{
	uint16_t value;

	return dhcp6_get_u16(data, &value);
}

/* Which lengths each reader takes: from `least` on, or that one alone. */
static const struct {
	const char *name;
	int (*read)(struct wire_in data);
	size_t least;
	bool exact;
} sizes[] = {
	{"IA_NA", read_ia_na, 12, false},
	{"IA Address", read_iaaddr, 24, false},
	{"Vendor Class", read_vendor_class, 4, false},
	{"Client Link-Layer Address", read_linklayer, 2, false},
	{"Remote-ID", read_remote_id, 4, false},
	{"Query", read_lq_query, 17, false},
	{"Network Interface Identifier", read_nii, 3, true},
	{"Status Code", read_status, 2, false},
	{"one octet", read_u8, 1, true},
	{"two octets", read_u16, 2, true},
};

static void test_sizes(void **state)
{
	static const uint8_t zeros[32];

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		for (size_t len = 0; len <= sizes[i].least + 1; len++) {
			bool fits =
				len == sizes[i].least || (len > sizes[i].least && !sizes[i].exact);
			int rc = sizes[i].read(wire_in_of(zeros, len));

			if (rc != (fits ? 0 : -EBADMSG))
				fail_msg("%s of %zu octets: %d", sizes[i].name, len, rc);
		}
	}
}

static void test_readers_refuse_a_bad_cursor(void **state)
{
	struct wire_in bad = WIRE(1);

	(void)state;
	wire_get_u32(&bad);
	for (size_t i = 0; i < COUNT(sizes); i++)
		if (sizes[i].read(bad) != -EBADMSG)
			fail_msg("%s", sizes[i].name);
}

/* --- fields ----------------------------------------------------------------- */

/* What OVMF's Request carries: an IA_NA with an IA Address in it. */
static void test_ia_na_with_an_address_and_a_status(void **state)
{
	struct wire_in data = WIRE(0xaa, 0x55, 0xb0, 0xdf, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 5,
		0, 24, 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0x0e,
		0x10, 0, 0, 0x1c, 0x20, 0, 13, 0, 4, 0, 2, 'n', 'o');
	struct dhcp6_ia_na ia;
	struct dhcp6_iaaddr addr;
	struct dhcp6_status status;
	struct dhcp6_option option;

	(void)state;
	assert_int_equal(dhcp6_get_ia_na(data, &ia), 0);
	assert_int_equal(ia.iaid, 0xaa55b0df);
	assert_int_equal(ia.t1_s, 1);
	assert_int_equal(ia.t2_s, DHCP6_INFINITY);

	assert_true(dhcp6_option_next(&ia.options, &option));
	assert_int_equal(option.code, DHCP6_OPT_IAADDR);
	assert_int_equal(dhcp6_get_iaaddr(option.data, &addr), 0);
	assert_int_equal(addr.address.s6_addr[14], 0x10);
	assert_int_equal(addr.preferred_s, 3600);
	assert_int_equal(addr.valid_s, 7200);
	assert_int_equal(wire_left(&addr.options), 0);

	assert_true(dhcp6_option_next(&ia.options, &option));
	assert_int_equal(dhcp6_get_status(option.data, &status), 0);
	assert_int_equal(status.code, DHCP6_STATUS_NO_ADDRS_AVAIL);
	assert_int_equal(wire_left(&status.text), 2);
	assert_memory_equal(status.text.pos, "no", 2);
	assert_false(dhcp6_option_next(&ia.options, &option));
	assert_false(ia.options.bad);
}

static void test_ia_na_whose_address_overruns_it(void **state)
{
	struct wire_in data = WIRE(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 24, 0x20, 0x01);
	struct dhcp6_ia_na ia;
	struct dhcp6_option option;

	(void)state;
	assert_int_equal(dhcp6_get_ia_na(data, &ia), 0);
	assert_false(dhcp6_option_next(&ia.options, &option));
	assert_true(ia.options.bad);
}

static void test_small_fields(void **state)
{
	struct dhcp6_nii nii;
	struct dhcp6_linklayer linklayer;
	struct dhcp6_remote_id remote;
	uint8_t preference;
	uint16_t elapsed;

	(void)state;
	assert_int_equal(dhcp6_get_nii(WIRE(1, 3, 16), &nii), 0);
	assert_int_equal(nii.type, 1);
	assert_int_equal(nii.major, 3);
	assert_int_equal(nii.minor, 16);

	assert_int_equal(
		dhcp6_get_linklayer(WIRE(0, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56), &linklayer), 0);
	assert_int_equal(linklayer.hw_type, 1);
	assert_int_equal(wire_left(&linklayer.address), 6);
	assert_int_equal(wire_get_u8(&linklayer.address), 0x52);

	assert_int_equal(dhcp6_get_remote_id(WIRE(0, 0, 1, 0x57, 'r'), &remote), 0);
	assert_int_equal(remote.enterprise, 343);
	assert_int_equal(wire_left(&remote.id), 1);

	assert_int_equal(dhcp6_get_u8(WIRE(255), &preference), 0);
	assert_int_equal(preference, 255);
	assert_int_equal(dhcp6_get_u16(WIRE(0x12, 0x34), &elapsed), 0);
	assert_int_equal(elapsed, 0x1234);
}

/* --- lists ------------------------------------------------------------------ */

static const struct {
	const char *name;
	const uint8_t *octets;
	size_t len;
	unsigned codes;
	bool bad;
} code_rows[] = {
	{"empty", NULL, 0, 0, false},
	{"one octet", BYTES(0), 0, true},
	{"one code", BYTES(0, 7), 1, false},
	{"odd octet at the end", BYTES(0, 7, 0), 1, true},
	{"what OVMF asks for", BYTES(0, 59, 0, 60, 0, 23, 0, 16), 4, false},
};

static void test_code_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(code_rows); i++) {
		struct wire_in list = wire_in_of(code_rows[i].octets, code_rows[i].len);
		unsigned codes = 0;
		uint16_t code;

		while (dhcp6_code_next(&list, &code))
			codes++;
		if (codes != code_rows[i].codes || list.bad != code_rows[i].bad)
			fail_msg("%s: %u codes, bad %d", code_rows[i].name, codes, list.bad);
	}
}

static void test_code_listed(void **state)
{
	struct wire_in list = WIRE(0, 59, 0, 60, 0x3b, 0x3d);

	(void)state;
	assert_true(dhcp6_code_listed(list, 59));
	assert_true(dhcp6_code_listed(list, 60));
	assert_true(dhcp6_code_listed(list, 0x3b3d));
	assert_false(dhcp6_code_listed(list, 61));
	/* Not across two codes: 0x003b 0x003c holds 0x3b00. */
	assert_false(dhcp6_code_listed(list, 0x3b00));
	assert_false(dhcp6_code_listed(wire_in_of(NULL, 0), 0));
	assert_false(dhcp6_code_listed(WIRE(0), 0));
}

static const struct {
	const char *name;
	const uint8_t *octets;
	size_t len;
	unsigned items;
	bool bad;
} class_rows[] = {
	{"empty", NULL, 0, 0, false},
	{"half a length", BYTES(0), 0, true},
	{"one empty item", BYTES(0, 0), 1, false},
	{"three empty items", BYTES(0, 0, 0, 0, 0, 0), 3, false},
	{"iPXE's", BYTES(0, 4, 'i', 'P', 'X', 'E'), 1, false},
	{"text without a length, as DHCPv4 has it", BYTES('i', 'P', 'X', 'E'), 0, true},
	{"length one too long", BYTES(0, 5, 'i', 'P', 'X', 'E'), 0, true},
	{"length one too short, then half a length", BYTES(0, 3, 'i', 'P', 'X', 'E'), 1, true},
	{"second length lies", BYTES(0, 1, 'a', 0xff, 0xff, 'b'), 1, true},
	{"two items", BYTES(0, 1, 'a', 0, 2, 'b', 'c'), 2, false},
};

static void test_class_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(class_rows); i++) {
		struct wire_in list = wire_in_of(class_rows[i].octets, class_rows[i].len);
		unsigned items = 0;
		struct wire_in item;

		while (dhcp6_class_next(&list, &item)) {
			assert_false(item.bad);
			items++;
		}
		if (items != class_rows[i].items || list.bad != class_rows[i].bad)
			fail_msg("%s: %u items, bad %d", class_rows[i].name, items, list.bad);
	}
}

static void test_vendor_class_of_ovmf(void **state)
{
	struct dhcp6_vendor_class vendor;
	struct wire_in item;

	(void)state;
	assert_int_equal(dhcp6_get_vendor_class(
				 WIRE(0, 0, 1, 0x57, 0, 3, 'P', 'X', 'E', 0, 1, 'x'), &vendor),
		0);
	assert_int_equal(vendor.enterprise, 343);
	assert_true(dhcp6_class_next(&vendor.classes, &item));
	assert_int_equal(wire_left(&item), 3);
	assert_memory_equal(item.pos, "PXE", 3);
	assert_true(dhcp6_class_next(&vendor.classes, &item));
	assert_int_equal(wire_get_u8(&item), 'x');
	assert_false(dhcp6_class_next(&vendor.classes, &item));
	assert_false(vendor.classes.bad);
}

/* --- writers ---------------------------------------------------------------- */

static void expect_written(const struct wire_out *out, const uint8_t *want, size_t len)
{
	assert_false(out->bad);
	assert_int_equal(out->len, len);
	assert_memory_equal(out->buf, want, len);
}

static void test_written_octets(void **state)
{
	static const struct in6_addr address = {{{0x20, 0x01, [15] = 5}}};
	static const uint8_t mac[] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
	static const uint8_t want[] = {
		0, 14, 0, 0,                                        /* Rapid Commit, empty */
		0, 7, 0, 1, 255,                                    /* Preference */
		0, 135, 0, 2, 0x12, 0x34,                           /* Relay Source Port */
		0, 82, 0, 4, 0, 0, 0x0e, 0x10,                      /* SOL_MAX_RT */
		0, 79, 0, 8, 0, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56, /* Client Link-Layer Address */
		0, 13, 0, 4, 0, 4, 'n', 'o',                        /* Status Code */
		0, 13, 0, 2, 0, 0,                                  /* and without text */
		0, 23, 0, 16, 0x20, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, /* DNS */
	};
	uint8_t buf[128];
	struct wire_out out = wire_out_of(buf, sizeof(buf));

	(void)state;
	dhcp6_put_option(&out, DHCP6_OPT_RAPID_COMMIT, NULL, 0);
	dhcp6_put_u8_option(&out, DHCP6_OPT_PREFERENCE, 255);
	dhcp6_put_u16_option(&out, DHCP6_OPT_RELAY_PORT, 0x1234);
	dhcp6_put_u32_option(&out, DHCP6_OPT_SOL_MAX_RT, 3600);
	dhcp6_put_linklayer(&out, 1, mac, sizeof(mac));
	dhcp6_put_status(&out, DHCP6_STATUS_NOT_ON_LINK, "no");
	dhcp6_put_status(&out, DHCP6_STATUS_SUCCESS, "");
	dhcp6_put_addresses(&out, DHCP6_OPT_DNS_SERVERS, &address, 1);
	dhcp6_put_addresses(&out, DHCP6_OPT_DNS_SERVERS, NULL, 0);
	expect_written(&out, want, sizeof(want));
}

static void test_option_over_65535_is_bad(void **state)
{
	static uint8_t buf[UINT16_MAX + 16], data[UINT16_MAX + 1];
	struct wire_out fits = wire_out_of(buf, sizeof(buf));
	struct wire_out over = wire_out_of(buf, sizeof(buf));

	(void)state;
	dhcp6_put_option(&fits, DHCP6_OPT_BOOTFILE_URL, data, UINT16_MAX);
	assert_false(fits.bad);
	dhcp6_put_option(&over, DHCP6_OPT_BOOTFILE_URL, data, UINT16_MAX + 1);
	assert_true(over.bad);
}

static void test_option_one_octet_too_long(void **state)
{
	uint8_t buf[8];
	struct wire_out fits = wire_out_of(buf, 8);
	struct wire_out over = wire_out_of(buf, 7);

	(void)state;
	dhcp6_put_option(&fits, 1, "duid", 4);
	assert_false(fits.bad);
	dhcp6_put_option(&over, 1, "duid", 4);
	assert_true(over.bad);
}

enum { LABEL = 63, NAME_TEXT = 300 };

/* A name of labels of the given lengths, '.' between. */
static const char *name_of(char text[NAME_TEXT], const int *labels, int n)
{
	char *to = text;

	for (int i = 0; i < n; i++) {
		if (i > 0)
			*to++ = '.';
		memset(to, 'a' + i, (size_t)labels[i]);
		to += labels[i];
	}
	*to = '\0';
	return text;
}

static int put_name(const char *name, size_t *len)
{
	uint8_t buf[NAME_TEXT];
	struct wire_out out = wire_out_of(buf, sizeof(buf));
	int rc = dhcp6_put_domain(&out, name);

	assert_false(out.bad);
	*len = out.len;
	return rc;
}

static void test_domain_labels(void **state)
{
	static const struct {
		const char *name;
		int rc;
	} rows[] = {
		{"", -EINVAL},
		{".", -EINVAL},
		{"..", -EINVAL},
		{".example", -EINVAL},
		{"a..b", -EINVAL},
		{"a..", -EINVAL},
		{"a", 0},
		{"a.", 0},
		{"netboot.example", 0},
		{"netboot.example.", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len;
		int rc = put_name(rows[i].name, &len);

		if (rc != rows[i].rc || (rc < 0 && len > 0))
			fail_msg("'%s': %d, %zu octets", rows[i].name, rc, len);
	}
}

static void test_domain_octets(void **state)
{
	static const uint8_t want[] = {3, 'l', 'a', 'b', 1, 'x', 0};
	uint8_t buf[32];
	struct wire_out dotless = wire_out_of(buf, sizeof(buf));
	struct wire_out dotted = wire_out_of(buf, sizeof(buf));

	(void)state;
	assert_int_equal(dhcp6_put_domain(&dotless, "lab.x"), 0);
	expect_written(&dotless, want, sizeof(want));
	assert_int_equal(dhcp6_put_domain(&dotted, "lab.x."), 0);
	expect_written(&dotted, want, sizeof(want));
}

static void test_domain_limits(void **state)
{
	/* On the wire each label has one octet of length, and the root one more. */
	static const int label_63[] = {LABEL}, label_64[] = {LABEL + 1};
	static const int name_255[] = {LABEL, LABEL, LABEL, 61};
	static const int name_256[] = {LABEL, LABEL, LABEL, 62};
	char text[NAME_TEXT];
	size_t len;

	(void)state;
	assert_int_equal(put_name(name_of(text, label_63, 1), &len), 0);
	assert_int_equal(len, 1 + LABEL + 1);
	assert_int_equal(put_name(name_of(text, label_64, 1), &len), -EINVAL);
	assert_int_equal(len, 0);
	assert_int_equal(put_name(name_of(text, name_255, 4), &len), 0);
	assert_int_equal(len, 255);
	assert_int_equal(put_name(name_of(text, name_256, 4), &len), -EINVAL);
	assert_int_equal(len, 0);
}

static void test_domain_does_not_fit(void **state)
{
	uint8_t buf[6];
	struct wire_out out = wire_out_of(buf, sizeof(buf));

	(void)state;
	assert_int_equal(dhcp6_put_domain(&out, "lab.x"), 0); /* the name is right... */
	assert_true(out.bad);                                 /* ...the buffer is not */
	assert_int_equal(out.len, 0);
}

/* --- there and back --------------------------------------------------------- */

enum { RANDOM_ROUNDS = 2000, RANDOM_ITEMS = 6, RANDOM_DATA = 24 };

static struct wire_in only_option(const struct wire_out *out, uint16_t code)
{
	struct wire_in options = wire_in_of(out->buf, out->len);
	struct dhcp6_option option;

	assert_false(out->bad);
	assert_true(dhcp6_option_next(&options, &option));
	assert_int_equal(option.code, code);
	assert_int_equal(wire_left(&options), 0);
	return option.data;
}

static void test_random_ia_na_comes_back(void **state)
{
	(void)state;
	random_start("IA_NA");
	for (int round = 0; round < RANDOM_ROUNDS; round++) {
		uint8_t buf[512];
		struct wire_out out = wire_out_of(buf, sizeof(buf));
		uint32_t number[3], times[RANDOM_ITEMS][2];
		struct in6_addr address[RANDOM_ITEMS];
		size_t n = random_below(RANDOM_ITEMS + 1), mark;
		struct dhcp6_ia_na ia;
		struct dhcp6_iaaddr addr;
		struct dhcp6_option option;

		random_fill(number, sizeof(number));
		random_fill(times, sizeof(times));
		random_fill(address, sizeof(address));
		mark = dhcp6_open_ia_na(&out, number[0], number[1], number[2]);
		for (size_t i = 0; i < n; i++)
			dhcp6_put_iaaddr(&out, &address[i], times[i][0], times[i][1]);
		dhcp6_close_option(&out, mark);

		assert_int_equal(dhcp6_get_ia_na(only_option(&out, DHCP6_OPT_IA_NA), &ia), 0);
		assert_int_equal(ia.iaid, number[0]);
		assert_int_equal(ia.t1_s, number[1]);
		assert_int_equal(ia.t2_s, number[2]);
		for (size_t i = 0; i < n; i++) {
			assert_true(dhcp6_option_next(&ia.options, &option));
			assert_int_equal(dhcp6_get_iaaddr(option.data, &addr), 0);
			assert_memory_equal(&addr.address, &address[i], 16);
			assert_int_equal(addr.preferred_s, times[i][0]);
			assert_int_equal(addr.valid_s, times[i][1]);
		}
		assert_false(dhcp6_option_next(&ia.options, &option));
		assert_false(ia.options.bad);
	}
}

static void test_random_classes_come_back(void **state)
{
	(void)state;
	random_start("classes");
	for (int round = 0; round < RANDOM_ROUNDS; round++) {
		uint8_t buf[512], data[RANDOM_ITEMS][RANDOM_DATA];
		size_t len[RANDOM_ITEMS], n = random_below(RANDOM_ITEMS + 1);
		struct wire_out out = wire_out_of(buf, sizeof(buf));
		size_t mark = dhcp6_open_option(&out, DHCP6_OPT_USER_CLASS);
		struct wire_in list, item;

		random_fill(data, sizeof(data));
		for (size_t i = 0; i < n; i++) {
			size_t item_mark = wire_open_len16(&out);

			len[i] = random_below(RANDOM_DATA + 1);
			wire_put_bytes(&out, data[i], len[i]);
			wire_close_len16(&out, item_mark);
		}
		dhcp6_close_option(&out, mark);

		list = only_option(&out, DHCP6_OPT_USER_CLASS);
		for (size_t i = 0; i < n; i++) {
			assert_true(dhcp6_class_next(&list, &item));
			assert_int_equal(wire_left(&item), len[i]);
			assert_memory_equal(item.pos, data[i], len[i]);
		}
		assert_false(dhcp6_class_next(&list, &item));
		assert_false(list.bad);
	}
}

static void test_random_linklayer_and_status_come_back(void **state)
{
	(void)state;
	random_start("link-layer address, status");
	for (int round = 0; round < RANDOM_ROUNDS; round++) {
		uint8_t buf[256], mac[RANDOM_DATA];
		uint16_t number = (uint16_t)random_u64();
		size_t len = random_below(RANDOM_DATA + 1);
		struct wire_out out = wire_out_of(buf, sizeof(buf));
		struct dhcp6_linklayer linklayer;
		struct dhcp6_status status;
		char text[RANDOM_DATA + 1] = {0};

		random_fill(mac, sizeof(mac));
		dhcp6_put_linklayer(&out, number, mac, len);
		assert_int_equal(
			dhcp6_get_linklayer(
				only_option(&out, DHCP6_OPT_CLIENT_LINKLAYER_ADDR), &linklayer),
			0);
		assert_int_equal(linklayer.hw_type, number);
		assert_int_equal(wire_left(&linklayer.address), len);
		assert_memory_equal(linklayer.address.pos, mac, len);

		for (size_t i = 0; i < len; i++)
			text[i] = (char)('!' + random_below('~' - '!'));
		out = wire_out_of(buf, sizeof(buf));
		dhcp6_put_status(&out, number, text);
		assert_int_equal(
			dhcp6_get_status(only_option(&out, DHCP6_OPT_STATUS_CODE), &status), 0);
		assert_int_equal(status.code, number);
		assert_int_equal(wire_left(&status.text), len);
		assert_memory_equal(status.text.pos, text, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_readers_refuse_a_bad_cursor),
		cmocka_unit_test(test_ia_na_with_an_address_and_a_status),
		cmocka_unit_test(test_ia_na_whose_address_overruns_it),
		cmocka_unit_test(test_small_fields),
		cmocka_unit_test(test_code_lists),
		cmocka_unit_test(test_code_listed),
		cmocka_unit_test(test_class_lists),
		cmocka_unit_test(test_vendor_class_of_ovmf),
		cmocka_unit_test(test_written_octets),
		cmocka_unit_test(test_option_over_65535_is_bad),
		cmocka_unit_test(test_option_one_octet_too_long),
		cmocka_unit_test(test_domain_labels),
		cmocka_unit_test(test_domain_octets),
		cmocka_unit_test(test_domain_limits),
		cmocka_unit_test(test_domain_does_not_fit),
		cmocka_unit_test(test_random_ia_na_comes_back),
		cmocka_unit_test(test_random_classes_come_back),
		cmocka_unit_test(test_random_linklayer_and_status_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
