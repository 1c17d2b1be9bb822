/* SPDX-License-Identifier: ISC */
/*
 * Addresses that need no stored state, as RFC 7943 describes: the interface identifier is a keyed
 * hash of prefix, machine and a counter. All servers with the same key compute the same address
 * for a machine, before and after a restart; without the key nobody can predict it.
 *
 * RFC 7943 hashes DUID and IAID. Firmware changes both from stage to stage, so the machine is
 * hashed instead: its MAC if it is known, else its DUID.
 */
#ifndef NB6_BOOTD_BINDINGS_STABLE_ADDRESS_H
#define NB6_BOOTD_BINDINGS_STABLE_ADDRESS_H

#include "bootd/client/machine.h"
#include "bootd/rules/boot_config.h"

/*
 * `prefix` has at most 120 bits; the hash fills the rest. The result may be an identifier that
 * RFC 5453 reserves or the Subnet-Router anycast address: see stable_address_is_reserved().
 */
struct in6_addr stable_address(const uint8_t key[BOOT_KEY_LEN], const struct prefix *prefix,
	const struct machine *machine, uint32_t counter);

/* No machine may have this interface identifier: try the next counter. */
bool stable_address_is_reserved(const struct prefix *prefix, const struct in6_addr *address);

/* Walks the reserved ranges in the /64 of `address`: range number 0, 1 ...; false: no more. */
bool stable_address_reserved_range(const struct prefix *prefix, const struct in6_addr *address,
	size_t range, struct in6_addr *first, struct in6_addr *last);

/* The key made from a text or a file: its SHA-256, cut to size. */
void stable_address_key(const void *secret, size_t len, uint8_t key[BOOT_KEY_LEN]);

#endif
