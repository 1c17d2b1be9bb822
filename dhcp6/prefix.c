/* SPDX-License-Identifier: ISC */
/*
 * A prefix is kept with the bits past its length set to zero, so that two prefixes are compared as
 * octets. For distances an address is two numbers of 64 bits in host order.
 */
#include "dhcp6/prefix.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "dhcp6/identity.h"

/* The bits of `address` past `len` set to zero. */
static struct in6_addr masked(const struct in6_addr *address, unsigned len)
{
	struct in6_addr out = *address;

	for (unsigned i = 0; i < sizeof(out.s6_addr); i++) {
		unsigned bits = len >= 8 * (i + 1) ? 8 : len <= 8 * i ? 0 : len - 8 * i;

		out.s6_addr[i] &= (uint8_t)(0xff00 >> bits);
	}
	return out;
}

struct prefix prefix_of_address(const struct in6_addr *address, uint8_t len)
{
	return (struct prefix){.address = masked(address, len), .len = len};
}

const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT])
{
	char address[INET6_ADDRSTRLEN], *to;
	unsigned len = prefix->len;

	to = stpcpy(text, dhcp6_address_format(&prefix->address, address));
	*to++ = '/';
	for (unsigned unit = len >= 100 ? 100 : len >= 10 ? 10 : 1; unit > 0; unit /= 10)
		*to++ = (char)('0' + len / unit % 10);
	*to = '\0';
	return text;
}

/* 0 to 128, in at most three digits; -1 for anything else. */
static int parse_len(const char *text)
{
	int len = 0, digits = 0;

	for (; *text >= '0' && *text <= '9' && digits < 3; digits++)
		len = 10 * len + (*text++ - '0');
	return digits == 0 || *text || len > 128 ? -1 : len;
}

int prefix_parse(const char *text, struct prefix *prefix)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t address_len = slash ? (size_t)(slash - text) : sizeof(address);
	int len = slash ? parse_len(slash + 1) : -1;

	if (len < 0 || address_len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, address_len);
	address[address_len] = '\0';
	prefix->len = (uint8_t)len;
	if (inet_pton(AF_INET6, address, &prefix->address) != 1)
		return -EINVAL;
	return prefix_contains(prefix, &prefix->address) ? 0 : -EINVAL;
}

bool prefix_contains(const struct prefix *prefix, const struct in6_addr *address)
{
	struct in6_addr network = masked(address, prefix->len);

	return IN6_ARE_ADDR_EQUAL(&network, &prefix->address);
}

bool prefix_any_contains(const struct prefix *prefixes, size_t n, const struct in6_addr *address)
{
	for (size_t i = 0; i < n; i++)
		if (prefix_contains(&prefixes[i], address))
			return true;
	return false;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && IN6_ARE_ADDR_EQUAL(&a->address, &b->address);
}

bool prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	return outer->len <= inner->len && prefix_contains(outer, &inner->address);
}

/* The two halves of an address as numbers. */
static void split(const struct in6_addr *address, uint64_t half[2])
{
	memcpy(half, address, sizeof(*address));
	half[0] = be64toh(half[0]);
	half[1] = be64toh(half[1]);
}

uint32_t address_distance(const struct in6_addr *low, const struct in6_addr *address)
{
	uint64_t from[2], to[2], far;

	split(low, from);
	split(address, to);
	far = to[1] - from[1];
	if (to[0] - from[0] != (to[1] < from[1]) || far > UINT32_MAX)
		return UINT32_MAX;
	return (uint32_t)far;
}

struct in6_addr address_after(const struct in6_addr *low, uint32_t distance)
{
	struct in6_addr out;
	uint64_t half[2];

	split(low, half);
	half[1] += distance;
	half[0] = htobe64(half[0] + (half[1] < distance));
	half[1] = htobe64(half[1]);
	memcpy(&out, half, sizeof(out));
	return out;
}

bool address_is_global_unicast(const struct in6_addr *address)
{
	return !IN6_IS_ADDR_UNSPECIFIED(address) && !IN6_IS_ADDR_LOOPBACK(address) &&
	       !IN6_IS_ADDR_MULTICAST(address) && !IN6_IS_ADDR_LINKLOCAL(address) &&
	       !IN6_IS_ADDR_V4MAPPED(address) && !IN6_IS_ADDR_V4COMPAT(address);
}
