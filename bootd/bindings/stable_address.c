/* SPDX-License-Identifier: ISC */
/* RFC 7943 with CMAC-AES128 (RFC 4493) as its pseudo-random function; the header says why so. */
#include "bootd/bindings/stable_address.h"

#include <nettle/cmac.h>
#include <nettle/sha2.h>
#include <string.h>

void stable_address_key(const void *secret, size_t len, uint8_t key[BOOT_KEY_LEN])
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, len, secret);
	sha256_digest(&sha, BOOT_KEY_LEN, key);
}

/* The first `len` bits of `network`, followed by the bits of `host`. */
static struct in6_addr join(
	const struct in6_addr *network, const struct in6_addr *host, unsigned len)
{
	struct in6_addr out;

	for (unsigned i = 0; i < sizeof(out.s6_addr); i++) {
		unsigned bits = len >= 8 * (i + 1) ? 8 : len <= 8 * i ? 0 : len - 8 * i;
		uint8_t mask = (uint8_t)(0xff00 >> bits);

		out.s6_addr[i] =
			(uint8_t)((network->s6_addr[i] & mask) | (host->s6_addr[i] & ~mask));
	}
	return out;
}

/* Every field has its length in front or a fixed one: no two inputs look alike. */
struct in6_addr stable_address(const uint8_t key[BOOT_KEY_LEN], const struct prefix *prefix,
	const struct machine *machine, uint32_t counter)
{
	const uint8_t head[] = {
		prefix->len, (uint8_t)(machine->part << 1 | machine->is_mac), machine->len};
	const uint8_t tail[] = {(uint8_t)(counter >> 24), (uint8_t)(counter >> 16),
		(uint8_t)(counter >> 8), (uint8_t)counter};
	struct cmac_aes128_ctx cmac;
	struct in6_addr hash;

	cmac_aes128_set_key(&cmac, key);
	cmac_aes128_update(&cmac, sizeof(head), head);
	cmac_aes128_update(&cmac, sizeof(prefix->address), prefix->address.s6_addr);
	cmac_aes128_update(&cmac, machine->len, machine->octets);
	cmac_aes128_update(&cmac, sizeof(tail), tail);
	cmac_aes128_digest(&cmac, sizeof(hash), hash.s6_addr);
	return join(&prefix->address, &hash, prefix->len);
}

/* RFC 5453: ranges of 64-bit identifiers. */
static const struct {
	uint8_t first[8], last[8];
} reserved[] = {
	{{0x02, 0x00, 0x5e, 0xff, 0xfe}, {0x02, 0x00, 0x5e, 0xff, 0xfe, 0xff, 0xff, 0xff}},
	{{0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80},
		{0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
};

bool stable_address_is_reserved(const struct prefix *prefix, const struct in6_addr *address)
{
	const uint8_t *identifier = &address->s6_addr[8];

	/* The Subnet-Router anycast address: all host bits zero (RFC 4291 section 2.6.1). */
	if (IN6_ARE_ADDR_EQUAL(address, &prefix->address))
		return true;
	for (size_t i = 0; prefix->len <= 64 && i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (memcmp(identifier, reserved[i].first, 8) >= 0 &&
			memcmp(identifier, reserved[i].last, 8) <= 0)
			return true;
	return false;
}

bool stable_address_reserved_range(const struct prefix *prefix, const struct in6_addr *address,
	size_t range, struct in6_addr *first, struct in6_addr *last)
{
	if (prefix->len > 64 || range >= sizeof(reserved) / sizeof(reserved[0]))
		return false;
	*first = *last = *address;
	memcpy(&first->s6_addr[8], reserved[range].first, 8);
	memcpy(&last->s6_addr[8], reserved[range].last, 8);
	return true;
}
