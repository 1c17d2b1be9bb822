/* SPDX-License-Identifier: ISC */
/*
 * Octets for tests, written where they are used:
 *
 *	{"one octet short", BYTES(0x00, 0x01, 0x02), -EBADMSG},
 *	struct wire_in in = WIRE(1, 2, 3);
 *
 * A row of a table must stand at file scope to hold BYTES. Nothing is around
 * the octets, so that AddressSanitizer sees the first one read past them.
 */
#ifndef NB6_TESTS_UNIT_BYTES_H
#define NB6_TESTS_UNIT_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Two initialisers or arguments: where the octets are, and how many. */
#define BYTES(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

/* A cursor over octets (of dhcp6/wire.h). */
#define WIRE(...) wire_in_of(BYTES(__VA_ARGS__))

#endif
