/* SPDX-License-Identifier: ISC */
/*
 * Options: one reader and one writer per kind that the two daemons use.
 *
 * A reader takes the data of one option (dhcp6_option_next gave it) and
 * returns 0 or -EBADMSG; what it yields are borrowed views. A writer adds
 * the whole option, header included, to the message.
 */
#ifndef NB6_DHCP6_OPTION_H
#define NB6_DHCP6_OPTION_H

#include "dhcp6/message.h"

#define DHCP6_INFINITY UINT32_MAX /* lifetimes: for ever, RFC 9915 section 7.7 */

/*
 * IA_NA (section 21.4); `options` holds IA Addresses and a Status Code. Times in seconds. IA_PD
 * (section 21.21) has the same fields, with IA Prefixes.
 */
struct dhcp6_ia_na {
	uint32_t iaid;
	uint32_t t1_s, t2_s;
	struct wire_in options;
};

/* IA Address (section 21.6). */
struct dhcp6_iaaddr {
	struct in6_addr address;
	uint32_t preferred_s, valid_s;
	struct wire_in options;
};

/* IA Prefix (section 21.22). `len` may be over 128, and bits of `prefix` past it may be set. */
struct dhcp6_iaprefix {
	uint32_t preferred_s, valid_s;
	uint8_t len;
	struct in6_addr prefix;
	struct wire_in options;
};

/* Vendor Class (section 21.16); `classes` is read with dhcp6_class_next. */
struct dhcp6_vendor_class {
	uint32_t enterprise;
	struct wire_in classes;
};

/* Client Link-Layer Address (RFC 6939 section 4). */
struct dhcp6_linklayer {
	uint16_t hw_type; /* ARPHRD_*, 1 for Ethernet */
	struct wire_in address;
};

/* Remote-ID (RFC 4649 section 3). */
struct dhcp6_remote_id {
	uint32_t enterprise;
	struct wire_in id;
};

/* Client Network Interface Identifier (RFC 5970 section 3.4). */
struct dhcp6_nii {
	uint8_t type, major, minor;
};

/* Query (RFC 5007 section 4.1.2.1); link_address may be ::. */
struct dhcp6_lq_query {
	uint8_t type;
	struct in6_addr link_address;
	struct wire_in options;
};

/* Status Code (section 21.13); the text is UTF-8, not NUL-terminated. */
struct dhcp6_status {
	uint16_t code;
	struct wire_in text;
};

int dhcp6_get_ia_na(struct wire_in data, struct dhcp6_ia_na *ia);
int dhcp6_get_iaaddr(struct wire_in data, struct dhcp6_iaaddr *addr);
int dhcp6_get_iaprefix(struct wire_in data, struct dhcp6_iaprefix *prefix);

/*
 * Is the IA_NA or IA_PD well formed to its last octet, with the addresses or prefixes in it and
 * their own options? Returns 0 or -EBADMSG.
 */
int dhcp6_check_ia(uint16_t code, struct wire_in data);

int dhcp6_get_vendor_class(struct wire_in data, struct dhcp6_vendor_class *vendor);
int dhcp6_get_linklayer(struct wire_in data, struct dhcp6_linklayer *linklayer);
int dhcp6_get_remote_id(struct wire_in data, struct dhcp6_remote_id *remote);
int dhcp6_get_nii(struct wire_in data, struct dhcp6_nii *nii);
int dhcp6_get_lq_query(struct wire_in data, struct dhcp6_lq_query *query);
int dhcp6_get_status(struct wire_in data, struct dhcp6_status *status);
int dhcp6_get_u8(struct wire_in data, uint8_t *value);   /* exactly 1 octet: Preference */
int dhcp6_get_u16(struct wire_in data, uint16_t *value); /* exactly 2: Elapsed Time, Relay Port */

/*
 * The next number of a list of 16-bit codes: Option Request (section 21.7),
 * Client Architecture (RFC 5970 section 3.3). False at the end; an odd octet
 * at the end makes the list bad.
 */
bool dhcp6_code_next(struct wire_in *list, uint16_t *code);

/* True where the list has the code. */
bool dhcp6_code_listed(struct wire_in list, uint16_t code);

/*
 * The next item of a list of {16-bit length, octets}: User Class, Vendor
 * Class, Boot File Parameters. False at the end or where it does not fit.
 */
bool dhcp6_class_next(struct wire_in *list, struct wire_in *item);

/* Any option with any data, in one go, or opened and closed around its data. */
void dhcp6_put_option(struct wire_out *out, uint16_t code, const void *data, size_t len);
size_t dhcp6_open_option(struct wire_out *out, uint16_t code);
void dhcp6_close_option(struct wire_out *out, size_t mark);

void dhcp6_put_status(struct wire_out *out, uint16_t code, const char *text);
void dhcp6_put_linklayer(struct wire_out *out, uint16_t hw_type, const uint8_t *mac, size_t len);
void dhcp6_put_u8_option(struct wire_out *out, uint16_t code, uint8_t value);
void dhcp6_put_u16_option(struct wire_out *out, uint16_t code, uint16_t value);
void dhcp6_put_u32_option(struct wire_out *out, uint16_t code, uint32_t value);

/* IA_NA up to its options; close with dhcp6_close_option. */
size_t dhcp6_open_ia_na(struct wire_out *out, uint32_t iaid, uint32_t t1_s, uint32_t t2_s);
/* IA Address without options of its own. */
void dhcp6_put_iaaddr(struct wire_out *out, const struct in6_addr *address, uint32_t preferred_s,
	uint32_t valid_s);

/* DNS servers (RFC 3646 section 3), nothing where n is 0. */
void dhcp6_put_addresses(
	struct wire_out *out, uint16_t code, const struct in6_addr *address, size_t n);

/*
 * One DNS name in wire form (RFC 1035 section 3.1, as RFC 9915 section 10
 * wants it), from text with or without a final dot. Returns 0, or -EINVAL
 * for an empty label, a label over 63 or a name over 255 octets; then
 * nothing of it is written.
 */
int dhcp6_put_domain(struct wire_out *out, const char *name);

#endif
