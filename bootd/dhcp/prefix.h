/* SPDX-License-Identifier: ISC */
/* IPv6 prefixes: who is inside, and their text. They are read with config_prefix(). */
#ifndef NB6_BOOTD_DHCP_PREFIX_H
#define NB6_BOOTD_DHCP_PREFIX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { PREFIX_TEXT = INET6_ADDRSTRLEN + 4 };

struct prefix {
	struct in6_addr address; /* bits past `len` are zero */
	uint8_t len;
};

const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT]);

bool prefix_contains(const struct prefix *prefix, const struct in6_addr *address);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
/* True where every address of `inner` is one of `outer` too. */
bool prefix_covers(const struct prefix *outer, const struct prefix *inner);

#endif
