/* SPDX-License-Identifier: ISC */
/* IPv6 prefixes and addresses: which addresses are inside, which one is next, and their text. */
#ifndef NB6_DHCP6_PREFIX_H
#define NB6_DHCP6_PREFIX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PREFIX_TEXT = INET6_ADDRSTRLEN + 4 };

struct prefix {
	struct in6_addr address; /* bits past `len` are zero */
	uint8_t len;
};

/*
 * "2001:db8:1::/64". The length is digits only, and the bits past it must be zero. Returns 0, or
 * -EINVAL for anything else.
 */
int prefix_parse(const char *text, struct prefix *prefix);
/* The prefix that contains the address. `len` is at most 128. */
struct prefix prefix_of_address(const struct in6_addr *address, uint8_t len);

const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT]);

bool prefix_contains(const struct prefix *prefix, const struct in6_addr *address);
/* True if one of the `n` prefixes contains the address. */
bool prefix_any_contains(const struct prefix *prefixes, size_t n, const struct in6_addr *address);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
/* True where every address of `inner` is one of `outer` too. */
bool prefix_covers(const struct prefix *outer, const struct prefix *inner);

/* An address that a host elsewhere can have: global, or unique local (RFC 4193). */
bool address_is_global_unicast(const struct in6_addr *address);

/* How far `address` is behind `low`; UINT32_MAX where it is before it, or as far as that. */
uint32_t address_distance(const struct in6_addr *low, const struct in6_addr *address);
struct in6_addr address_after(const struct in6_addr *low, uint32_t distance);

#endif
