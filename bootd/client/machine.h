/* SPDX-License-Identifier: ISC */
/*
 * Which machine is it? One box shows a DUID for its firmware, another for
 * iPXE, a third for GRUB and the system, with IAIDs that change at each boot.
 * What all of them have in common is the MAC; so a machine is its MAC where
 * that is known, and its DUID only where it is not.
 */
#ifndef NB6_BOOTD_CLIENT_MACHINE_H
#define NB6_BOOTD_CLIENT_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcp6/identity.h"

enum { MACHINE_TEXT = DHCP6_DUID_TEXT };

struct machine {
	bool is_mac; /* else a DUID */
	uint8_t len;
	uint8_t octets[DHCP6_DUID_MAX];
};

struct machine machine_of_mac(const uint8_t mac[DHCP6_MAC_LEN]);
struct machine machine_of_duid(const struct dhcp6_duid *duid);

bool machine_equal(const struct machine *a, const struct machine *b);

/* "52:54:00:12:34:56", or the DUID's octets. */
const char *machine_format(const struct machine *machine, char text[MACHINE_TEXT]);

/* From either text; returns 0 or -EINVAL. */
int machine_parse(const char *text, struct machine *machine);

/* For hash tables: octets to a number that a peer cannot foresee. */
uint64_t machine_hash_octets(const void *octets, size_t len, uint64_t seed);

#endif
