/* SPDX-License-Identifier: ISC */
/*
 * The table of options, and one encoder per type of value. dhcp6_option_type_of() finds the type by
 * name or number; dhcp6_put_values() calls the encoder of that type for each text. Vendor options
 * (RFC 9915 section 21.17) are collected by enterprise first, one option for each.
 */
#include "dhcp6/option_value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dhcp6/identity.h"
#include "dhcp6/option.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* In order of the code. */
static const struct dhcp6_option_type table[] = {
	{DHCP6_OPT_VENDOR_OPTS, "vendor-options", DHCP6_VALUE_VENDOR, .is_list = true},
	{DHCP6_OPT_DNS_SERVERS, "dns-servers", DHCP6_VALUE_ADDRESS, .is_list = true},
	{DHCP6_OPT_DOMAIN_LIST, "domain-search", DHCP6_VALUE_DOMAIN, .is_list = true},
	{27, "nis-servers", DHCP6_VALUE_ADDRESS, .is_list = true},  /* RFC 3898 */
	{29, "nis-domain", DHCP6_VALUE_DOMAIN, .is_list = true},    /* RFC 3898 */
	{31, "sntp-servers", DHCP6_VALUE_ADDRESS, .is_list = true}, /* RFC 4075 */
	{DHCP6_OPT_INFO_REFRESH_TIME, "information-refresh", DHCP6_VALUE_SECONDS,
		.of_information = true, .min_s = 600, .max_s = 365 * 86400},
	{41, "posix-timezone", DHCP6_VALUE_TEXT}, /* RFC 4833 */
	{42, "tzdb-timezone", DHCP6_VALUE_TEXT},  /* RFC 4833 */
	{DHCP6_OPT_NTP_SERVER, "ntp-servers", DHCP6_VALUE_NTP, .is_list = true},
	{DHCP6_OPT_SOL_MAX_RT, "sol-max-rt", DHCP6_VALUE_SECONDS, .min_s = 60, .max_s = 86400},
	{DHCP6_OPT_INF_MAX_RT, "inf-max-rt", DHCP6_VALUE_SECONDS, .min_s = 60, .max_s = 86400},
	{103, "captive-portal", DHCP6_VALUE_TEXT},                /* RFC 8910 */
	{136, "sztp-redirect", DHCP6_VALUE_URI, .is_list = true}, /* RFC 8572 */
};

/* Identifiers, addresses, relays' options and the boot file: the server makes these itself. */
static bool is_servers(unsigned long code)
{
	return (code <= DHCP6_OPT_INTERFACE_ID && code != DHCP6_OPT_VENDOR_OPTS) ||
	       code == DHCP6_OPT_RECONF_MSG || code == DHCP6_OPT_RECONF_ACCEPT ||
	       code == DHCP6_OPT_IA_PD || code == DHCP6_OPT_IAPREFIX ||
	       code == DHCP6_OPT_REMOTE_ID || code == DHCP6_OPT_SUBSCRIBER_ID ||
	       (code >= DHCP6_OPT_ERO && code <= DHCP6_OPT_LQ_CLIENT_LINK) ||
	       code == DHCP6_OPT_RELAY_ID ||
	       (code >= DHCP6_OPT_BOOTFILE_URL && code <= DHCP6_OPT_NII) ||
	       code == DHCP6_OPT_RSOO || code == DHCP6_OPT_CLIENT_LINKLAYER_ADDR ||
	       code == DHCP6_OPT_RELAY_PORT || code == DHCP6_OPT_ADDR_REG_ENABLE;
}

static bool read_number(const char *text, uint32_t max, uint32_t *number)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = is_hex ? text + 2 : text;
	size_t len = strspn(digits, is_hex ? "0123456789abcdefABCDEF" : "0123456789");
	unsigned long long value;

	if (len == 0 || len > 10 || digits[len])
		return false;
	value = strtoull(digits, NULL, is_hex ? 16 : 10);
	*number = (uint32_t)value;
	return value <= max;
}

int dhcp6_option_type_of(const char *text, struct dhcp6_option_type *type)
{
	uint32_t code;
	bool is_number = read_number(text, UINT16_MAX, &code);

	for (size_t i = 0; i < COUNT(table); i++)
		if (is_number ? table[i].code == code : strcmp(table[i].name, text) == 0) {
			*type = table[i];
			return 0;
		}
	if (!is_number)
		return -EINVAL;
	*type = (struct dhcp6_option_type){
		.code = (uint16_t)code, .type = DHCP6_VALUE_TYPED, .is_list = true};
	return is_servers(code) ? -EPERM : 0;
}

const struct dhcp6_option_type *dhcp6_option_row(unsigned index)
{
	return index < COUNT(table) ? &table[index] : NULL;
}

const char *dhcp6_option_expected(const struct dhcp6_option_type *type)
{
	static const char *const expected[] = {
		[DHCP6_VALUE_ADDRESS] = "an IPv6 address such as \"2001:db8::53\"",
		[DHCP6_VALUE_DOMAIN] = "a domain name such as \"example.org\"",
		[DHCP6_VALUE_TEXT] = "one text that is not empty",
		[DHCP6_VALUE_URI] = "a URI such as \"https://[2001:db8::1]/\"",
		[DHCP6_VALUE_NTP] = "an IPv6 address or a domain name such as \"ntp.example.org\"",
		[DHCP6_VALUE_VENDOR] = "\"ENTERPRISE/CODE=TYPE:VALUE\" such as \"4491/1=text:abc\"",
		[DHCP6_VALUE_U8] = "a number from 0 to 255",
		[DHCP6_VALUE_U16] = "a number from 0 to 65535",
		[DHCP6_VALUE_U32] = "a number from 0 to 4294967295",
		[DHCP6_VALUE_HEX] = "octets in hexadecimal such as \"00ff\"",
		[DHCP6_VALUE_TYPED] = "\"TYPE:VALUE\" such as \"text:abc\", where TYPE is address, "
				      "domain, text, uri, u8, u16, u32 or hex",
	};

	if (type->type == DHCP6_VALUE_SECONDS)
		return type->of_information ? "a number of seconds from 600 to 31536000"
					    : "a number of seconds from 60 to 86400";
	return expected[type->type];
}

/* --- one value ---------------------------------------------------------------------- */

static bool put_address(struct wire_out *out, const char *text)
{
	struct in6_addr address;

	if (inet_pton(AF_INET6, text, &address) != 1)
		return false;
	wire_put_in6(out, &address);
	return true;
}

static bool put_text(struct wire_out *out, const char *text)
{
	wire_put_bytes(out, text, strlen(text));
	return *text;
}

static bool put_uri(struct wire_out *out, const char *text)
{
	size_t mark = wire_open_len16(out);

	wire_put_bytes(out, text, strlen(text));
	wire_close_len16(out, mark);
	return strstr(text, "://");
}

/* A server's address is suboption 1, a multicast group's 2, a name 3 (RFC 5908 section 4). */
static bool put_ntp(struct wire_out *out, const char *text)
{
	struct in6_addr address;
	bool is_address = inet_pton(AF_INET6, text, &address) == 1;
	size_t mark = dhcp6_open_option(out, !is_address                       ? 3
					     : IN6_IS_ADDR_MULTICAST(&address) ? 2
									       : 1);
	bool good = true;

	if (is_address)
		wire_put_in6(out, &address);
	else
		good = dhcp6_put_domain(out, text) == 0;
	dhcp6_close_option(out, mark);
	return good;
}

static bool put_hex(struct wire_out *out, const char *text)
{
	uint8_t octet;

	for (; *text; text += 2) {
		if (!dhcp6_hex_octet(text, &octet))
			return false;
		wire_put_u8(out, octet);
	}
	return true;
}

static bool put_number(struct wire_out *out, const char *text, unsigned octets)
{
	uint32_t number;

	if (!read_number(text, octets == 4 ? UINT32_MAX : (1u << 8 * octets) - 1, &number))
		return false;
	if (octets == 4)
		wire_put_u32(out, number);
	else if (octets == 2)
		wire_put_u16(out, (uint16_t)number);
	else
		wire_put_u8(out, (uint8_t)number);
	return true;
}

static bool put_seconds(
	struct wire_out *out, const struct dhcp6_option_type *type, const char *text)
{
	uint32_t seconds;

	if (!read_number(text, type->max_s, &seconds) || seconds < type->min_s)
		return false;
	wire_put_u32(out, seconds);
	return true;
}

static bool put_of_type(struct wire_out *out, enum dhcp6_value_type type, const char *text)
{
	switch (type) {
	case DHCP6_VALUE_ADDRESS:
		return put_address(out, text);
	case DHCP6_VALUE_DOMAIN:
		return dhcp6_put_domain(out, text) == 0;
	case DHCP6_VALUE_TEXT:
		return put_text(out, text);
	case DHCP6_VALUE_URI:
		return put_uri(out, text);
	case DHCP6_VALUE_NTP:
		return put_ntp(out, text);
	case DHCP6_VALUE_U8:
		return put_number(out, text, 1);
	case DHCP6_VALUE_U16:
		return put_number(out, text, 2);
	case DHCP6_VALUE_U32:
		return put_number(out, text, 4);
	case DHCP6_VALUE_HEX:
		return put_hex(out, text);
	default:
		return false;
	}
}

/* "text:abc" */
static bool put_typed(struct wire_out *out, const char *text)
{
	static const struct {
		const char *start;
		enum dhcp6_value_type type;
	} typed[] = {
		{"address:", DHCP6_VALUE_ADDRESS},
		{"domain:", DHCP6_VALUE_DOMAIN},
		{"text:", DHCP6_VALUE_TEXT},
		{"uri:", DHCP6_VALUE_URI},
		{"u8:", DHCP6_VALUE_U8},
		{"u16:", DHCP6_VALUE_U16},
		{"u32:", DHCP6_VALUE_U32},
		{"hex:", DHCP6_VALUE_HEX},
	};

	for (size_t i = 0; i < COUNT(typed); i++) {
		size_t len = strlen(typed[i].start);

		if (strncmp(text, typed[i].start, len) == 0)
			return put_of_type(out, typed[i].type, text + len);
	}
	return false;
}

/* --- vendor options ------------------------------------------------------------------- */

/* "4491/1=text:abc": the enterprise, the code of the suboption, and its value. */
static bool read_vendor(const char *text, uint32_t *enterprise, uint16_t *code, const char **value)
{
	const char *slash = strchr(text, '/'), *equals = slash ? strchr(slash, '=') : NULL;
	char number[16] = "", suboption[16] = "";
	uint32_t wide;

	if (!equals || (size_t)(slash - text) >= sizeof(number) ||
		(size_t)(equals - slash - 1) >= sizeof(suboption))
		return false;
	memcpy(number, text, (size_t)(slash - text));
	memcpy(suboption, slash + 1, (size_t)(equals - slash - 1));
	*value = equals + 1;
	if (!read_number(number, UINT32_MAX, enterprise) ||
		!read_number(suboption, UINT16_MAX, &wide))
		return false;
	*code = (uint16_t)wide;
	return true;
}

static bool is_earlier_enterprise(const char *const value[], unsigned before, uint32_t enterprise)
{
	uint32_t other;
	const char *rest;
	uint16_t code;

	for (unsigned i = 0; i < before; i++)
		if (read_vendor(value[i], &other, &code, &rest) && other == enterprise)
			return true;
	return false;
}

/* All suboptions of one enterprise, in one option. */
static int put_enterprise(struct wire_out *out, uint32_t enterprise, const char *const value[],
	unsigned values, unsigned *bad)
{
	size_t mark = dhcp6_open_option(out, DHCP6_OPT_VENDOR_OPTS), item;
	uint32_t of_value;
	const char *rest;
	uint16_t code;

	wire_put_u32(out, enterprise);
	for (*bad = 0; *bad < values; (*bad)++) {
		if (!read_vendor(value[*bad], &of_value, &code, &rest))
			return -EINVAL;
		if (of_value != enterprise)
			continue;
		item = dhcp6_open_option(out, code);
		if (!put_typed(out, rest))
			return -EINVAL;
		dhcp6_close_option(out, item);
	}
	dhcp6_close_option(out, mark);
	return 0;
}

static int put_vendor(
	struct wire_out *out, const char *const value[], unsigned values, unsigned *bad)
{
	uint32_t enterprise;
	const char *rest;
	uint16_t code;
	int rc;

	for (unsigned i = 0; i < values; i++) {
		*bad = i;
		if (!read_vendor(value[i], &enterprise, &code, &rest))
			return -EINVAL;
		if (is_earlier_enterprise(value, i, enterprise))
			continue;
		rc = put_enterprise(out, enterprise, value, values, bad);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* --- one option ------------------------------------------------------------------------- */

static bool put_value(struct wire_out *out, const struct dhcp6_option_type *type, const char *text)
{
	switch (type->type) {
	case DHCP6_VALUE_SECONDS:
		return put_seconds(out, type, text);
	case DHCP6_VALUE_TYPED:
		return put_typed(out, text);
	default:
		return put_of_type(out, type->type, text);
	}
}

int dhcp6_put_values(struct wire_out *out, const struct dhcp6_option_type *type,
	const char *const value[], unsigned values, unsigned *bad)
{
	size_t mark;

	*bad = 0;
	if (values == 0 || (values > 1 && !type->is_list))
		return -EINVAL;
	if (type->type == DHCP6_VALUE_VENDOR)
		return put_vendor(out, value, values, bad);
	mark = dhcp6_open_option(out, type->code);
	for (; *bad < values; (*bad)++)
		if (!put_value(out, type, value[*bad]))
			return -EINVAL;
	dhcp6_close_option(out, mark);
	return 0;
}
