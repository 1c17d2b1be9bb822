/* SPDX-License-Identifier: ISC */
/*
 * Addresses that need no memory, in the way of RFC 7943: the interface
 * identifier is a keyed hash of prefix, machine and a counter of declines. All servers
 * with the same key give the same machine the same address, before and after any
 * restart, and nobody without the key can tell which one.
 *
 * RFC 7943 hashes DUID and IAID; firmware changes both, so here it is the
 * machine (its MAC where that is known).
 */
#ifndef NB6_BOOTD_BINDINGS_STABLE_ADDRESS_H
#define NB6_BOOTD_BINDINGS_STABLE_ADDRESS_H

#include "bootd/client/machine.h"
#include "bootd/rules/boot_config.h"

/*
 * `prefix` of at most 120 bits; the bits past it come from the hash. Identifiers that
 * RFC 5453 reserves, and the Subnet-Router anycast address, may come out: see below.
 */
struct in6_addr stable_address(const uint8_t key[BOOT_KEY_LEN], const struct prefix *prefix,
	const struct machine *machine, uint32_t counter);

/* True for an interface identifier that no machine may have: take the next counter. */
bool stable_address_is_reserved(const struct prefix *prefix, const struct in6_addr *address);

/* A key of any text or file: its SHA-256, cut to size. */
void stable_address_key(const void *secret, size_t len, uint8_t key[BOOT_KEY_LEN]);

#endif
