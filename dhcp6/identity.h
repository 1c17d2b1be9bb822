/* SPDX-License-Identifier: ISC */
/*
 * Who a machine is: DUIDs (RFC 9915 section 11), UUIDs and MAC addresses,
 * their octets and their text.
 *
 * A UUID has two byte orders in the field: RFC 6355's network order (iPXE)
 * and the raw SMBIOS order with the first three fields swapped (EDK2). The
 * same machine shows both, so they must be compared as one.
 */
#ifndef NB6_DHCP6_IDENTITY_H
#define NB6_DHCP6_IDENTITY_H

#include "dhcp6/dhcp6.h"
#include "dhcp6/wire.h"

enum dhcp6_duid_type {
	DHCP6_DUID_LLT = 1,
	DHCP6_DUID_EN = 2,
	DHCP6_DUID_LL = 3,
	DHCP6_DUID_UUID = 4, /* RFC 6355 */
};

enum {
	DHCP6_MAC_LEN = 6,
	DHCP6_UUID_LEN = 16,
	DHCP6_MAC_TEXT = 18,  /* "52:54:00:12:34:56" and NUL */
	DHCP6_UUID_TEXT = 37, /* "00112233-4455-6677-8899-aabbccddeeff" and NUL */
	DHCP6_DUID_TEXT = 2 * DHCP6_DUID_MAX + 1,
};

/* A DUID, owned: it outlives the packet. */
struct dhcp6_duid {
	uint8_t len;
	uint8_t octets[DHCP6_DUID_MAX];
};

/* Returns 0, or -EBADMSG: shorter than 3 octets or longer than 130. */
int dhcp6_duid_read(struct wire_in data, struct dhcp6_duid *duid);
bool dhcp6_duid_equal(const struct dhcp6_duid *a, const struct dhcp6_duid *b);

/*
 * Does it identify one machine? Not all zero or all ones, no group address, and not one of the
 * defaults that vendors leave in many machines.
 */
bool dhcp6_mac_is_identity(const uint8_t mac[DHCP6_MAC_LEN]);
bool dhcp6_uuid_is_identity(const uint8_t uuid[DHCP6_UUID_LEN]);

/* True and 16 octets as they stand for a DUID-UUID that identifies a machine. */
bool dhcp6_duid_uuid(const struct dhcp6_duid *duid, uint8_t uuid[DHCP6_UUID_LEN]);

/* True and the Ethernet address inside a DUID-LL or DUID-LLT: a hint, never a proof. */
bool dhcp6_duid_mac(const struct dhcp6_duid *duid, uint8_t mac[DHCP6_MAC_LEN]);

/* Swap the first three fields in place: SMBIOS order to network order and back. */
void dhcp6_uuid_swap(uint8_t uuid[DHCP6_UUID_LEN]);
/* The same machine, in whichever order each stands. */
bool dhcp6_uuid_same(const uint8_t a[DHCP6_UUID_LEN], const uint8_t b[DHCP6_UUID_LEN]);

/* Octets to text; `text` is returned. Groups of a UUID are as RFC 9562 writes them. */
const char *dhcp6_mac_format(const uint8_t mac[DHCP6_MAC_LEN], char text[DHCP6_MAC_TEXT]);
const char *dhcp6_uuid_format(const uint8_t uuid[DHCP6_UUID_LEN], char text[DHCP6_UUID_TEXT]);
const char *dhcp6_duid_format(const struct dhcp6_duid *duid, char text[DHCP6_DUID_TEXT]);
/* As inet_ntop() writes it (RFC 5952), in a tenth of its time: for what is done per message. */
const char *dhcp6_address_format(const struct in6_addr *address, char text[INET6_ADDRSTRLEN]);

/* Two lower-case digits per octet; `text` has 2 * len + 1 octets and is returned. */
char *dhcp6_hex_format(const uint8_t *octets, size_t len, char *text);
/* The value of a hexadecimal digit of either case, -1 for another character. */
int dhcp6_hex_digit(char c);
/* Two digits to an octet; false: they are not both digits. */
bool dhcp6_hex_octet(const char *digits, uint8_t *octet);
/* Pairs of digits, and nothing else, to at most `max` octets. Returns how many, or -EINVAL. */
int dhcp6_hex_parse(const char *text, uint8_t *octets, size_t max);

/*
 * Text to octets. A MAC is six pairs of hexadecimal digits, in any of the usual notations:
 * 52:54:00:12:34:56, 52-54-00-12-34-56, 5254.0012.3456 or 525400123456. A UUID has its four
 * dashes. A DUID is pairs of digits, with or without ':' between. Returns 0, or -EINVAL for
 * anything else.
 */
int dhcp6_mac_parse(const char *text, uint8_t mac[DHCP6_MAC_LEN]);
int dhcp6_uuid_parse(const char *text, uint8_t uuid[DHCP6_UUID_LEN]);
int dhcp6_duid_parse(const char *text, struct dhcp6_duid *duid);

/*
 * The MAC inside an EUI-64 interface identifier (RFC 4291 appendix A); false
 * where the identifier is not of that form. A hint, never a proof.
 */
bool dhcp6_mac_of_eui64(const struct in6_addr *address, uint8_t mac[DHCP6_MAC_LEN]);

#endif
