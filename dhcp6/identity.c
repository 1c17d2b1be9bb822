/* SPDX-License-Identifier: ISC */
/*
 * DUIDs, UUIDs and MAC addresses: octets, text and the comparisons that see
 * one machine behind its several names.
 */
#include "dhcp6/identity.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum { DUID_MIN = 3, HW_ETHERNET = 1 };

int dhcp6_duid_read(struct wire_in data, struct dhcp6_duid *duid)
{
	size_t len = wire_left(&data);

	if (data.bad || len < DUID_MIN || len > DHCP6_DUID_MAX)
		return -EBADMSG;
	memcpy(duid->octets, wire_get_bytes(&data, len), len);
	duid->len = (uint8_t)len;
	return 0;
}

bool dhcp6_duid_equal(const struct dhcp6_duid *a, const struct dhcp6_duid *b)
{
	return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

static bool all_octets_are(const uint8_t *octets, size_t n, uint8_t value)
{
	for (size_t i = 0; i < n; i++)
		if (octets[i] != value)
			return false;
	return true;
}

bool dhcp6_mac_is_identity(const uint8_t mac[DHCP6_MAC_LEN])
{
	return !(mac[0] & 1) && !all_octets_are(mac, DHCP6_MAC_LEN, 0);
}

bool dhcp6_uuid_is_identity(const uint8_t uuid[DHCP6_UUID_LEN])
{
	/* As they are written in specifications and sample firmware; found in either order. */
	static const uint8_t shared[][DHCP6_UUID_LEN] = {
		{0x03, 0x00, 0x02, 0x00, 0x04, 0x00, 0x05, 0x00, 0x00, 0x06, 0x00, 0x07, 0x00, 0x08,
			0x00, 0x09},
		{0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d,
			0x0e, 0x0f},
		{0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x12, 0x34, 0x12, 0x34, 0x12, 0x34, 0x56, 0x78,
			0x90, 0xab},
	};

	for (int i = 1; i < DHCP6_UUID_LEN; i++) {
		if (uuid[i] != uuid[0])
			break;
		if (i == DHCP6_UUID_LEN - 1)
			return false; /* 00..., ff..., fe... */
	}
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (dhcp6_uuid_same(shared[i], uuid))
			return false;
	return true;
}

bool dhcp6_duid_uuid(const struct dhcp6_duid *duid, uint8_t uuid[DHCP6_UUID_LEN])
{
	struct wire_in in = wire_in_of(duid->octets, duid->len);
	uint16_t type = wire_get_u16(&in);
	const uint8_t *octets = wire_get_bytes(&in, DHCP6_UUID_LEN);

	if (type != DHCP6_DUID_UUID || !octets || wire_left(&in) > 0)
		return false;
	/* Firmware without an SMBIOS UUID of its own sends one that many machines share. */
	if (!dhcp6_uuid_is_identity(octets))
		return false;
	memcpy(uuid, octets, DHCP6_UUID_LEN);
	return true;
}

bool dhcp6_duid_mac(const struct dhcp6_duid *duid, uint8_t mac[DHCP6_MAC_LEN])
{
	struct wire_in in = wire_in_of(duid->octets, duid->len);
	uint16_t type = wire_get_u16(&in);
	uint16_t hw_type = wire_get_u16(&in);
	const uint8_t *octets;

	if (type == DHCP6_DUID_LLT)
		wire_get_u32(&in); /* time */
	else if (type != DHCP6_DUID_LL)
		return false;
	octets = wire_get_bytes(&in, DHCP6_MAC_LEN);
	if (hw_type != HW_ETHERNET || !octets || wire_left(&in) > 0 ||
		!dhcp6_mac_is_identity(octets))
		return false;
	memcpy(mac, octets, DHCP6_MAC_LEN);
	return true;
}

static void reverse(uint8_t *octets, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint8_t swap = octets[i];

		octets[i] = octets[n - 1 - i];
		octets[n - 1 - i] = swap;
	}
}

void dhcp6_uuid_swap(uint8_t uuid[DHCP6_UUID_LEN])
{
	reverse(uuid, 4);
	reverse(uuid + 4, 2);
	reverse(uuid + 6, 2);
}

bool dhcp6_uuid_same(const uint8_t a[DHCP6_UUID_LEN], const uint8_t b[DHCP6_UUID_LEN])
{
	uint8_t swapped[DHCP6_UUID_LEN];

	if (memcmp(a, b, DHCP6_UUID_LEN) == 0)
		return true;
	memcpy(swapped, a, DHCP6_UUID_LEN);
	dhcp6_uuid_swap(swapped);
	return memcmp(swapped, b, DHCP6_UUID_LEN) == 0;
}

static char *put_hex(char *to, uint8_t octet)
{
	static const char digit[] = "0123456789abcdef";

	*to++ = digit[octet >> 4];
	*to++ = digit[octet & 15];
	return to;
}

const char *dhcp6_mac_format(const uint8_t mac[DHCP6_MAC_LEN], char text[DHCP6_MAC_TEXT])
{
	char *to = text;

	for (int i = 0; i < DHCP6_MAC_LEN; i++) {
		if (i > 0)
			*to++ = ':';
		to = put_hex(to, mac[i]);
	}
	*to = '\0';
	return text;
}

static bool dash_before(int octet)
{
	return octet == 4 || octet == 6 || octet == 8 || octet == 10;
}

const char *dhcp6_uuid_format(const uint8_t uuid[DHCP6_UUID_LEN], char text[DHCP6_UUID_TEXT])
{
	char *to = text;

	for (int i = 0; i < DHCP6_UUID_LEN; i++) {
		if (dash_before(i))
			*to++ = '-';
		to = put_hex(to, uuid[i]);
	}
	*to = '\0';
	return text;
}

char *dhcp6_hex_format(const uint8_t *octets, size_t len, char *text)
{
	char *to = text;

	for (size_t i = 0; i < len; i++)
		to = put_hex(to, octets[i]);
	*to = '\0';
	return text;
}

const char *dhcp6_duid_format(const struct dhcp6_duid *duid, char text[DHCP6_DUID_TEXT])
{
	return dhcp6_hex_format(duid->octets, duid->len, text);
}

/* The longest run of two or more zero groups, the first of several: where it is, and its length. */
static int find_zeros(const struct in6_addr *address, int *groups)
{
	int best = -1, n = 0;

	*groups = 1;
	for (int i = 0; i < 8; i++) {
		n = address->s6_addr16[i] == 0 ? n + 1 : 0;
		if (n > *groups) {
			*groups = n;
			best = i + 1 - n;
		}
	}
	return best;
}

static char *put_group(char *to, unsigned group)
{
	static const char digit[] = "0123456789abcdef";
	int shift = group > 0xfff ? 12 : group > 0xff ? 8 : group > 0xf ? 4 : 0;

	for (; shift >= 0; shift -= 4)
		*to++ = digit[group >> shift & 15];
	return to;
}

const char *dhcp6_address_format(const struct in6_addr *address, char text[INET6_ADDRSTRLEN])
{
	int groups, zeros = find_zeros(address, &groups);
	char *to = text;

	if (zeros == 0 && groups >= 5) /* one with an IPv4 address in it, perhaps */
		return inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN);
	for (int i = 0; i < 8; i++) {
		if (i == zeros) {
			*to++ = ':';
			i += groups - 1;
			if (i == 7)
				*to++ = ':';
			continue;
		}
		if (i > 0)
			*to++ = ':';
		to = put_group(to, ntohs(address->s6_addr16[i]));
	}
	*to = '\0';
	return text;
}

int dhcp6_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool dhcp6_hex_octet(const char *digits, uint8_t *octet)
{
	int high = dhcp6_hex_digit(digits[0]);
	int low = high < 0 ? -1 : dhcp6_hex_digit(digits[1]);

	if (low < 0)
		return false;
	*octet = (uint8_t)(high << 4 | low);
	return true;
}

int dhcp6_hex_parse(const char *text, uint8_t *octets, size_t max)
{
	size_t len = 0;

	for (; *text; text += 2)
		if (len == max || !dhcp6_hex_octet(text, &octets[len++]))
			return -EINVAL;
	return (int)len;
}

/* Two digits at *text to an octet, and past them. */
static bool get_hex(const char **text, uint8_t *octet)
{
	if (!dhcp6_hex_octet(*text, octet))
		return false;
	*text += 2;
	return true;
}

/* The separator and after how many octets it stands: "aa:bb", "aa-bb", "aabb.ccdd", "aabb". */
static int mac_group(const char *text, char *separator)
{
	*separator = strlen(text) > 4 ? text[text[2] == ':' || text[2] == '-' ? 2 : 4] : '\0';
	if (*separator == ':' || *separator == '-')
		return text[2] == *separator ? 1 : -EINVAL;
	return *separator == '.' ? 2 : DHCP6_MAC_LEN;
}

int dhcp6_mac_parse(const char *text, uint8_t mac[DHCP6_MAC_LEN])
{
	char separator;
	int group = mac_group(text, &separator);

	if (group < 0)
		return group;
	for (int i = 0; i < DHCP6_MAC_LEN; i++) {
		if (i > 0 && i % group == 0 && *text++ != separator)
			return -EINVAL;
		if (!get_hex(&text, &mac[i]))
			return -EINVAL;
	}
	return *text ? -EINVAL : 0;
}

int dhcp6_uuid_parse(const char *text, uint8_t uuid[DHCP6_UUID_LEN])
{
	for (int i = 0; i < DHCP6_UUID_LEN; i++) {
		if (dash_before(i) && *text++ != '-')
			return -EINVAL;
		if (!get_hex(&text, &uuid[i]))
			return -EINVAL;
	}
	return *text ? -EINVAL : 0;
}

int dhcp6_duid_parse(const char *text, struct dhcp6_duid *duid)
{
	duid->len = 0;
	while (*text) {
		if (duid->len == DHCP6_DUID_MAX)
			return -EINVAL;
		if (duid->len > 0 && *text == ':')
			text++;
		if (!get_hex(&text, &duid->octets[duid->len++]))
			return -EINVAL;
	}
	return duid->len < DUID_MIN ? -EINVAL : 0;
}

bool dhcp6_mac_of_eui64(const struct in6_addr *address, uint8_t mac[DHCP6_MAC_LEN])
{
	const uint8_t *id = &address->s6_addr[8];

	if (id[3] != 0xff || id[4] != 0xfe || id[0] & 0x01) /* a group address is nobody's */
		return false;
	mac[0] = id[0] ^ 0x02; /* the universal/local bit is inverted */
	mac[1] = id[1];
	mac[2] = id[2];
	mac[3] = id[5];
	mac[4] = id[6];
	mac[5] = id[7];
	return true;
}
