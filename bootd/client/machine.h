/* SPDX-License-Identifier: ISC */
/*
 * The key of a machine. One machine uses several DUIDs (of its firmware, of iPXE, of GRUB, of the
 * installed system), and IAIDs that change at each boot. All of them have the MAC in common. So a
 * machine is identified by its MAC if that is known, and otherwise by its DUID.
 */
#ifndef NB6_BOOTD_CLIENT_MACHINE_H
#define NB6_BOOTD_CLIENT_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcp6/identity.h"

enum {
	MACHINE_PART_MAX = 4,
	MACHINE_TEXT = DHCP6_DUID_TEXT + 1 + 2 * MACHINE_PART_MAX,
};

/*
 * An operating system may have several addresses on a link (RFC 9915 section 6.3). The part of the
 * key says which one: after a MAC, one octet numbers the IAs beyond the first, 1 to
 * MACHINE_IAS_MAX - 1. If the MAC is not known, the key is the DUID and the IAID, because cloned
 * machines, and the interfaces of one machine, share a DUID.
 */
enum { MACHINE_IAS_MAX = 4 };

struct machine {
	bool is_mac;  /* else a DUID */
	uint8_t part; /* octets at the end that are not of the MAC or DUID: 0, 1 or 4 */
	uint8_t len;
	uint8_t octets[DHCP6_DUID_MAX + MACHINE_PART_MAX];
};

struct machine machine_of_mac(const uint8_t mac[DHCP6_MAC_LEN]);
struct machine machine_of_duid(const struct dhcp6_duid *duid);

/* The same machine with another part: an IAID, or the number of an IA. */
struct machine machine_with_iaid(const struct machine *machine, uint32_t iaid);
struct machine machine_with_number(const struct machine *machine, uint8_t number);

/* Do both have the same MAC or DUID? */
bool machine_is_same(const struct machine *a, const struct machine *b);

bool machine_equal(const struct machine *a, const struct machine *b);

/* "52:54:00:12:34:56", or the octets of the DUID; then "/" and the part in hexadecimal, if any. */
const char *machine_format(const struct machine *machine, char text[MACHINE_TEXT]);

/*
 * From either text; returns 0 or -EINVAL. An operator may write a MAC in any usual form. In the
 * canonical form, which machine_format() writes, a MAC has colons and a DUID has none, so a DUID of
 * six octets is not mistaken for the MAC of another machine.
 */
int machine_parse(const char *text, struct machine *machine);
int machine_parse_canonical(const char *text, struct machine *machine);

#endif
