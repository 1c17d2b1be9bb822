/* SPDX-License-Identifier: ISC */
/*
 * Options that an operator can configure: for each its code, its name in bootd.conf and the
 * type of its value, in one table. A new option is one row of that table (option_value.c); an
 * option without a row is configured by its number, with the type in front of each value.
 */
#ifndef NB6_DHCP6_OPTION_VALUE_H
#define NB6_DHCP6_OPTION_VALUE_H

#include "dhcp6/wire.h"

/*
 * The text of one value:
 *
 *	ADDRESS  "2001:db8::53"
 *	DOMAIN   "example.org", encoded as RFC 9915 section 10 has it
 *	TEXT     any text
 *	URI      any text, with a 16-bit length in front (RFC 8572 section 8.3)
 *	NTP      an address, a multicast address or a domain (RFC 5908 section 4)
 *	VENDOR   "ENTERPRISE/CODE=TYPE:VALUE", such as "4491/1=text:abc" (RFC 9915 section 21.17)
 *	U8, U16, U32, HEX  "17", "0x11"; "00ff"
 *	SECONDS  a number of seconds within the limits of the row
 *	TYPED    "TYPE:VALUE", where TYPE is address, domain, text, uri, u8, u16, u32 or hex
 */
enum dhcp6_value_type {
	DHCP6_VALUE_ADDRESS,
	DHCP6_VALUE_DOMAIN,
	DHCP6_VALUE_TEXT,
	DHCP6_VALUE_URI,
	DHCP6_VALUE_NTP,
	DHCP6_VALUE_VENDOR,
	DHCP6_VALUE_U8,
	DHCP6_VALUE_U16,
	DHCP6_VALUE_U32,
	DHCP6_VALUE_HEX,
	DHCP6_VALUE_SECONDS,
	DHCP6_VALUE_TYPED,
};

struct dhcp6_option_type {
	uint16_t code;
	const char *name; /* NULL: the option has no row */
	enum dhcp6_value_type type;
	bool is_list;          /* several values are allowed */
	bool of_information;   /* only in answers to an Information-request */
	uint32_t min_s, max_s; /* of SECONDS */
};

/*
 * The option that `text` names, by name or number. Returns 0; -EINVAL: there is no such name or
 * number; -EPERM: the server makes this option itself.
 */
int dhcp6_option_type_of(const char *text, struct dhcp6_option_type *type);

/* What a value of this option looks like, with an example: for error messages. */
const char *dhcp6_option_expected(const struct dhcp6_option_type *type);

/* The rows in order, for lists in messages and manuals; NULL past the last. */
const struct dhcp6_option_type *dhcp6_option_row(unsigned index);

/*
 * Writes the option with these values (VENDOR: one option for each enterprise). Returns 0;
 * -EINVAL: a value is not of the type, there is none, or there are several of which one is
 * allowed: *bad is its index. A value that does not fit makes `out` bad.
 */
int dhcp6_put_values(struct wire_out *out, const struct dhcp6_option_type *type,
	const char *const value[], unsigned values, unsigned *bad);

#endif
