/* SPDX-License-Identifier: ISC */
/*
 * DUIDs at their limits, UUIDs in the two byte orders that firmware shows, MAC addresses from
 * every source, and the text of prefixes.
 */
#include "dhcp6/identity.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dhcp6/prefix.h"
#include "tests/unit/bytes.h"
#include "tests/unit/random.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define MAC 0x52, 0x54, 0x00, 0x12, 0x34, 0x56
#define MAC_TEXT "52:54:00:12:34:56"

/* One machine's SMBIOS UUID as iPXE sends it and as EDK2 does. */
#define UUID_NETWORK                                                                               \
	0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,  \
		0xff
#define UUID_SMBIOS                                                                                \
	0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,  \
		0xff
#define UUID_TEXT "00112233-4455-6677-8899-aabbccddeeff"

#define ZEROS_16 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define ONES_8 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff

static struct dhcp6_duid duid_of(const uint8_t *octets, size_t len)
{
	struct dhcp6_duid duid;

	assert_int_equal(dhcp6_duid_read(wire_in_of(octets, len), &duid), 0);
	return duid;
}

/* --- DUID ------------------------------------------------------------------- */

static void test_duid_length(void **state)
{
	static const struct {
		size_t len;
		int rc;
	} rows[] = {
		{0, -EBADMSG},
		{2, -EBADMSG},
		{3, 0},
		{130, 0},
		{131, -EBADMSG},
		{65535, -EBADMSG},
	};
	static uint8_t octets[65535];
	struct dhcp6_duid duid;

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)i;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int rc = dhcp6_duid_read(wire_in_of(octets, rows[i].len), &duid);

		if (rc != rows[i].rc)
			fail_msg("%zu octets: %d", rows[i].len, rc);
		if (rc == 0) {
			assert_int_equal(duid.len, rows[i].len);
			assert_memory_equal(duid.octets, octets, rows[i].len);
		}
	}
}

static void test_duid_of_a_bad_cursor(void **state)
{
	struct wire_in in = WIRE(0, 3, 0, 1);
	struct dhcp6_duid duid;

	(void)state;
	wire_get_sub(&in, 5);
	assert_int_equal(dhcp6_duid_read(in, &duid), -EBADMSG);
}

static void test_duid_equal(void **state)
{
	struct dhcp6_duid a = duid_of(BYTES(0, 3, 0, 1, MAC));
	struct dhcp6_duid same = duid_of(BYTES(0, 3, 0, 1, MAC));
	struct dhcp6_duid longer = duid_of(BYTES(0, 3, 0, 1, MAC, 0));
	struct dhcp6_duid other = duid_of(BYTES(0, 3, 0, 2, MAC));

	(void)state;
	/* What lies after the length does not count. */
	memset(a.octets + a.len, 1, sizeof(a.octets) - a.len);
	memset(same.octets + same.len, 2, sizeof(same.octets) - same.len);
	assert_true(dhcp6_duid_equal(&a, &same));
	assert_false(dhcp6_duid_equal(&a, &longer));
	assert_false(dhcp6_duid_equal(&longer, &a));
	assert_false(dhcp6_duid_equal(&a, &other));
}

static const struct {
	const char *name;
	const uint8_t *octets;
	size_t len;
	bool uuid, mac;
} duid_rows[] = {
	{"UUID of EDK2", BYTES(0, 4, UUID_SMBIOS), true, false},
	{"UUID of iPXE", BYTES(0, 4, UUID_NETWORK), true, false},
	{"UUID all zero: iPXE without SMBIOS UUID", BYTES(0, 4, ZEROS_16), false, false},
	{"UUID all ones", BYTES(0, 4, ONES_8, ONES_8), false, false},
	{"UUID almost all ones", BYTES(0, 4, ONES_8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0),
		true, false},
	{"UUID one octet short", BYTES(0, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
		false, false},
	{"UUID one octet long", BYTES(0, 4, UUID_NETWORK, 1), false, false},
	{"another type with 16 octets", BYTES(0, 2, UUID_NETWORK), false, false},
	{"LL", BYTES(0, 3, 0, 1, MAC), false, true},
	{"LL of another hardware type", BYTES(0, 3, 0, 32, MAC), false, false},
	{"LL one octet short", BYTES(0, 3, 0, 1, 1, 2, 3, 4, 5), false, false},
	{"LL one octet long", BYTES(0, 3, 0, 1, MAC, 7), false, false},
	{"LL cut in its hardware type", BYTES(0, 3, 0), false, false},
	{"LLT", BYTES(0, 1, 0, 1, 0x2e, 0x5f, 0, 1, MAC), false, true},
	{"LLT one octet short", BYTES(0, 1, 0, 1, 0x2e, 0x5f, 0, 1, 1, 2, 3, 4, 5), false, false},
	{"LLT one octet long", BYTES(0, 1, 0, 1, 0x2e, 0x5f, 0, 1, MAC, 7), false, false},
	{"LLT cut in its time", BYTES(0, 1, 0, 1, 0x2e), false, false},
	{"EN", BYTES(0, 2, 0, 0, 1, 0x57, MAC), false, false},
	{"unknown type", BYTES(0, 99, 0, 1, MAC), false, false},
};

static void test_mac_and_uuid_in_a_duid(void **state)
{
	static const uint8_t want_mac[] = {MAC};

	(void)state;
	for (size_t i = 0; i < COUNT(duid_rows); i++) {
		struct dhcp6_duid duid = duid_of(duid_rows[i].octets, duid_rows[i].len);
		uint8_t uuid[DHCP6_UUID_LEN], mac[DHCP6_MAC_LEN];

		if (dhcp6_duid_uuid(&duid, uuid) != duid_rows[i].uuid)
			fail_msg("%s: UUID", duid_rows[i].name);
		if (dhcp6_duid_mac(&duid, mac) != duid_rows[i].mac)
			fail_msg("%s: MAC", duid_rows[i].name);
		if (duid_rows[i].uuid)
			assert_memory_equal(uuid, duid_rows[i].octets + 2, sizeof(uuid));
		if (duid_rows[i].mac)
			assert_memory_equal(mac, want_mac, sizeof(mac));
	}
}

static void test_duid_text(void **state)
{
	struct dhcp6_duid duid, back;
	char text[DHCP6_DUID_TEXT];

	(void)state;
	duid = duid_of(BYTES(0, 3, 0, 1, MAC));
	assert_string_equal(dhcp6_duid_format(&duid, text), "00030001525400123456");
	memset(&duid, 0xab, sizeof(duid));
	duid.len = DHCP6_DUID_MAX;
	dhcp6_duid_format(&duid, text);
	assert_int_equal(strlen(text), DHCP6_DUID_TEXT - 1);
	assert_int_equal(dhcp6_duid_parse(text, &back), 0);
	assert_true(dhcp6_duid_equal(&duid, &back));
}

static void test_duid_parse(void **state)
{
	static const struct {
		const char *text;
		int rc;
		size_t len;
	} rows[] = {
		{"", -EINVAL},
		{"0004", -EINVAL},
		{"000401", 0, 3},
		{"00:04:01", 0, 3},
		{"00:03:00:01:52:54:00:12:34:56", 0, 10},
		{"00:03:00:01:Ab:cD:eF", 0, 7},
		{"0003000", -EINVAL},
		{"00:03:01:", -EINVAL},
		{":00:03:01", -EINVAL},
		{"00::03:01", -EINVAL},
		{"00:3:01:02", -EINVAL},
		{"00-03-01", -EINVAL},
		{"00 03 01", -EINVAL},
		{"0x000301", -EINVAL},
		{"000301\n", -EINVAL},
		{"duid", -EINVAL},
	};
	struct dhcp6_duid duid;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int rc = dhcp6_duid_parse(rows[i].text, &duid);

		if (rc != rows[i].rc || (rc == 0 && duid.len != rows[i].len))
			fail_msg("'%s': %d, %d octets", rows[i].text, rc, duid.len);
	}
}

static void test_duid_parse_at_130_octets(void **state)
{
	char text[2 * (DHCP6_DUID_MAX + 1) + 1];
	struct dhcp6_duid duid;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(dhcp6_duid_parse(text, &duid), -EINVAL); /* 131 */
	text[2 * DHCP6_DUID_MAX] = '\0';
	assert_int_equal(dhcp6_duid_parse(text, &duid), 0);
	assert_int_equal(duid.len, DHCP6_DUID_MAX);
	text[2 * DHCP6_DUID_MAX] = ':';
	text[2 * DHCP6_DUID_MAX + 1] = '\0';
	assert_int_equal(dhcp6_duid_parse(text, &duid), -EINVAL);
}

/* --- UUID ------------------------------------------------------------------- */

static void test_uuid_orders(void **state)
{
	static const uint8_t network[] = {UUID_NETWORK}, smbios[] = {UUID_SMBIOS};
	uint8_t uuid[DHCP6_UUID_LEN];

	(void)state;
	memcpy(uuid, smbios, sizeof(uuid));
	dhcp6_uuid_swap(uuid);
	assert_memory_equal(uuid, network, sizeof(uuid));
	dhcp6_uuid_swap(uuid);
	assert_memory_equal(uuid, smbios, sizeof(uuid));
	assert_true(dhcp6_uuid_same(network, smbios));
	assert_true(dhcp6_uuid_same(smbios, network));
	assert_true(dhcp6_uuid_same(smbios, smbios));
}

static void test_uuid_of_another_machine(void **state)
{
	static const uint8_t network[] = {UUID_NETWORK};

	(void)state;
	for (size_t i = 0; i < DHCP6_UUID_LEN; i++) {
		uint8_t other[] = {UUID_SMBIOS};

		other[i] ^= 0x80;
		if (dhcp6_uuid_same(network, other))
			fail_msg("octet %zu differs and is not seen", i);
	}
}

static void test_uuid_text(void **state)
{
	static const uint8_t network[] = {UUID_NETWORK};
	uint8_t uuid[DHCP6_UUID_LEN];
	char text[DHCP6_UUID_TEXT];

	(void)state;
	assert_string_equal(dhcp6_uuid_format(network, text), UUID_TEXT);
	assert_int_equal(strlen(text), DHCP6_UUID_TEXT - 1);
	assert_int_equal(dhcp6_uuid_parse("00112233-4455-6677-8899-AABBccddEEFF", uuid), 0);
	assert_memory_equal(uuid, network, sizeof(uuid));
}

static void test_uuid_parse_refuses(void **state)
{
	static const char *const rows[] = {
		"",
		"-",
		"00112233445566778899aabbccddeeff",
		"00112233-4455-6677-8899-aabbccddeef",
		"00112233-4455-6677-8899-aabbccddeeff0",
		"00112233-4455-6677-8899-aabbccddeeff ",
		"00112233-4455-6677-8899aabbccddeeff",
		"0011223-34455-6677-8899-aabbccddeeff",
		"0011:2233-4455-6677-8899-aabbccddeeff",
		"{00112233-4455-6677-8899-aabbccddeeff}",
		"00112233-4455-6677-8899-aabbccddeegg",
		"00112233-4455-6677-8899-",
	};
	uint8_t uuid[DHCP6_UUID_LEN];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (dhcp6_uuid_parse(rows[i], uuid) != -EINVAL)
			fail_msg("'%s'", rows[i]);
}

/* --- MAC -------------------------------------------------------------------- */

static void test_mac_text(void **state)
{
	static const uint8_t want[] = {MAC};
	static const char *const good[] = {
		MAC_TEXT, "52-54-00-12-34-56", "5254.0012.3456", "525400123456"};
	uint8_t mac[DHCP6_MAC_LEN];
	char text[DHCP6_MAC_TEXT];

	(void)state;
	assert_string_equal(dhcp6_mac_format(want, text), MAC_TEXT);
	assert_int_equal(strlen(text), DHCP6_MAC_TEXT - 1);
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(dhcp6_mac_parse(good[i], mac), 0);
		assert_memory_equal(mac, want, sizeof(mac));
	}
	assert_int_equal(dhcp6_mac_parse("aA:bB:cC:dD:eE:fF", mac), 0);
	assert_string_equal(dhcp6_mac_format(mac, text), "aa:bb:cc:dd:ee:ff");
}

static void test_mac_parse_refuses(void **state)
{
	static const char *const rows[] = {
		"",
		"5",
		"52",
		"52:",
		"52540012345",
		"5254001234567",
		"52:54:00:12:34",
		"52:54:00:12:34:",
		"52:54:00:12:34:5",
		"52:54:00:12:34:56:",
		"52:54:00:12:34:56:78",
		"52:54:00:12:34-56",
		"52-54:00:12:34:56",
		"52.54.00.12.34.56",
		"5254.0012.345",
		"5254.0012.3456.",
		"5254.00123456",
		"52540012.3456",
		"5254:0012:3456",
		"5254-0012-3456",
		"2:54:00:12:34:56",
		"52::54:00:12:34:56",
		"g2:54:00:12:34:56",
		" 52:54:00:12:34:56",
		"52:54:00:12:34:56\n",
	};
	uint8_t mac[DHCP6_MAC_LEN];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (dhcp6_mac_parse(rows[i], mac) != -EINVAL)
			fail_msg("'%s'", rows[i]);
}

static void test_mac_of_eui64(void **state)
{
	static const struct {
		const char *address;
		const char *mac; /* NULL: there is none */
	} rows[] = {
		/* The universal/local bit is the inverse of the MAC's. */
		{"fe80::5054:ff:fe12:3456", MAC_TEXT},
		{"fe80::2a0:98ff:fe01:203", "00:a0:98:01:02:03"},
		{"2001:db8:1::5054:ff:fe12:3456", MAC_TEXT},
		{"fe80::5054:ff:ff12:3456", NULL},
		{"fe80::5054:fe:ff12:3456", NULL},
		{"fe80::5054:fe:fe12:3456", NULL},
		{"fe80::1", NULL},
		{"::", NULL},
		/* The group bit: a multicast address is nobody's own. */
		{"fe80::300:5eff:fe00:1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct in6_addr address;
		uint8_t mac[DHCP6_MAC_LEN];
		char text[DHCP6_MAC_TEXT];

		assert_int_equal(inet_pton(AF_INET6, rows[i].address, &address), 1);
		if (dhcp6_mac_of_eui64(&address, mac) != (rows[i].mac != NULL))
			fail_msg("%s", rows[i].address);
		if (rows[i].mac)
			assert_string_equal(dhcp6_mac_format(mac, text), rows[i].mac);
	}
}

/* --- there and back --------------------------------------------------------- */

static void test_random_text_comes_back(void **state)
{
	(void)state;
	random_start("identities");
	for (int round = 0; round < 2000; round++) {
		uint8_t octets[DHCP6_UUID_LEN], back[DHCP6_UUID_LEN];
		struct dhcp6_duid duid, duid_back;
		char text[DHCP6_DUID_TEXT];

		random_fill(octets, sizeof(octets));
		assert_int_equal(dhcp6_mac_parse(dhcp6_mac_format(octets, text), back), 0);
		assert_memory_equal(octets, back, DHCP6_MAC_LEN);
		assert_int_equal(dhcp6_uuid_parse(dhcp6_uuid_format(octets, text), back), 0);
		assert_memory_equal(octets, back, DHCP6_UUID_LEN);

		duid.len = (uint8_t)(3 + random_below(DHCP6_DUID_MAX - 2));
		random_fill(duid.octets, duid.len);
		assert_int_equal(dhcp6_duid_parse(dhcp6_duid_format(&duid, text), &duid_back), 0);
		assert_true(dhcp6_duid_equal(&duid, &duid_back));
	}
}

/* The same text as the system's, zeros wherever they can be. */
static void assert_address_text(const struct in6_addr *address)
{
	char want[INET6_ADDRSTRLEN], got[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, address, want, sizeof(want));
	assert_string_equal(dhcp6_address_format(address, got), want);
}

static void test_address_text(void **state)
{
	static const uint16_t group[] = {0, 1, 0x10, 0x203, 0xfff, 0x2001, 0xffff};
	struct in6_addr address;

	(void)state;
	for (unsigned zeros = 0; zeros < 256; zeros++)
		for (unsigned first = 0; first < COUNT(group); first++) {
			for (unsigned i = 0; i < 8; i++)
				address.s6_addr16[i] =
					zeros >> i & 1 ? 0
						       : htons(group[(first + i) % COUNT(group)]);
			assert_address_text(&address);
		}
	for (const char *const *text = (const char *const[]){"::", "::1", "::ffff:192.0.2.1",
		     "::192.0.2.1", "::2:1", "1::", "fe80::1", NULL};
		*text; text++) {
		assert_int_equal(inet_pton(AF_INET6, *text, &address), 1);
		assert_address_text(&address);
	}
}

/* What many machines share identifies none, in either order of a UUID. */
static void test_no_identity(void **state)
{
	static const struct {
		const char *uuid;
		bool is_identity;
	} row[] = {
		{"00000000-0000-0000-0000-000000000000", false},
		{"ffffffff-ffff-ffff-ffff-ffffffffffff", false},
		{"fefefefe-fefe-fefe-fefe-fefefefefefe", false},
		{"03000200-0400-0500-0006-000700080009", false},
		{"00020003-0004-0005-0006-000700080009", false},
		{"00010203-0405-0607-0809-0a0b0c0d0e0f", false},
		{"03000200-0400-0500-0006-00070008000a", true},
		{"00112233-4455-6677-8899-aabbccddeeff", true},
		{"00000000-0000-0000-0000-000000000001", true},
	};
	static const struct {
		const char *mac;
		bool is_identity;
	} mac[] = {{"00:00:00:00:00:00", false}, {"ff:ff:ff:ff:ff:ff", false},
		{"33:33:00:00:00:01", false}, {"01:00:00:00:00:00", false},
		{"02:00:00:00:00:01", true}, {"52:54:00:12:34:56", true}};
	uint8_t octets[DHCP6_UUID_LEN], taken[DHCP6_UUID_LEN];
	struct dhcp6_duid duid = {.len = 18, .octets = {0, DHCP6_DUID_UUID}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(dhcp6_uuid_parse(row[i].uuid, octets), 0);
		assert_int_equal(dhcp6_uuid_is_identity(octets), row[i].is_identity);
		memcpy(duid.octets + 2, octets, sizeof(octets));
		assert_int_equal(dhcp6_duid_uuid(&duid, taken), row[i].is_identity);
	}
	for (size_t i = 0; i < sizeof(mac) / sizeof(mac[0]); i++) {
		assert_int_equal(dhcp6_mac_parse(mac[i].mac, octets), 0);
		assert_int_equal(dhcp6_mac_is_identity(octets), mac[i].is_identity);
	}
}

static void test_hexadecimal_digits(void **state)
{
	uint8_t octets[3] = {0};

	(void)state;
	assert_int_equal(dhcp6_hex_parse("", octets, sizeof(octets)), 0);
	assert_int_equal(dhcp6_hex_parse("00fFA9", octets, sizeof(octets)), 3);
	assert_memory_equal(octets, "\x00\xff\xa9", 3);
	assert_int_equal(dhcp6_hex_parse("00ffa901", octets, sizeof(octets)), -EINVAL);
	assert_int_equal(dhcp6_hex_parse("00f", octets, sizeof(octets)), -EINVAL);
	assert_int_equal(dhcp6_hex_parse("0g", octets, sizeof(octets)), -EINVAL);
	assert_int_equal(dhcp6_hex_parse("g0", octets, sizeof(octets)), -EINVAL);
	assert_int_equal(dhcp6_hex_parse("00 1", octets, sizeof(octets)), -EINVAL);
}

/* --- prefixes --------------------------------------------------------------- */

static void test_prefixes(void **state)
{
	static const struct {
		const char *text;
		int len; /* -1: refused */
	} rows[] = {
		{"2001:db8:1::/64", 64},
		{"::/0", 0},
		{"2001:db8::1/128", 128},
		{"2001:db8:1::1/64", -1}, /* host bits */
		{"2001:db8:1:0:8000::/65", 65},
		{"2001:db8:1:0:8000::/64", -1},
		{"2001:db8::/129", -1},
		{"2001:db8::/", -1},
		{"2001:db8::", -1},
		{"2001:db8::/6x", -1},
		{"/64", -1},
		{"2001:db8::/+64", -1},
		{"2001:db8::/ 64", -1},
		{"2001:db8::/64 ", -1},
		{"2001:db8::/-18446744073709551552", -1}, /* 64 modulo 2^64 */
		{"2001:db8::/18446744073709551680", -1},
		{" 2001:db8::/64", -1},
		{"2001:db8::/064", 64},
		{"2001:db8::/0064", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct prefix prefix = {.len = 0};
		int rc = prefix_parse(rows[i].text, &prefix);

		if ((rc == 0) != (rows[i].len >= 0) || (rc == 0 && prefix.len != rows[i].len))
			fail_msg("'%s': %d, %u", rows[i].text, rc, prefix.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_identity),
		cmocka_unit_test(test_address_text),
		cmocka_unit_test(test_duid_length),
		cmocka_unit_test(test_duid_of_a_bad_cursor),
		cmocka_unit_test(test_duid_equal),
		cmocka_unit_test(test_mac_and_uuid_in_a_duid),
		cmocka_unit_test(test_duid_text),
		cmocka_unit_test(test_duid_parse),
		cmocka_unit_test(test_duid_parse_at_130_octets),
		cmocka_unit_test(test_uuid_orders),
		cmocka_unit_test(test_uuid_of_another_machine),
		cmocka_unit_test(test_uuid_text),
		cmocka_unit_test(test_uuid_parse_refuses),
		cmocka_unit_test(test_mac_text),
		cmocka_unit_test(test_mac_parse_refuses),
		cmocka_unit_test(test_mac_of_eui64),
		cmocka_unit_test(test_random_text_comes_back),
		cmocka_unit_test(test_hexadecimal_digits),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
