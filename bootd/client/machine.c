/* SPDX-License-Identifier: ISC */
/* A machine's key: its MAC, or its DUID. */
#include "bootd/client/machine.h"

#include <string.h>

struct machine machine_of_mac(const uint8_t mac[DHCP6_MAC_LEN])
{
	struct machine machine = {.is_mac = true, .len = DHCP6_MAC_LEN};

	memcpy(machine.octets, mac, DHCP6_MAC_LEN);
	return machine;
}

struct machine machine_of_duid(const struct dhcp6_duid *duid)
{
	struct machine machine = {.is_mac = false, .len = duid->len};

	memcpy(machine.octets, duid->octets, duid->len);
	return machine;
}

bool machine_equal(const struct machine *a, const struct machine *b)
{
	return a->is_mac == b->is_mac && a->len == b->len &&
	       memcmp(a->octets, b->octets, a->len) == 0;
}

const char *machine_format(const struct machine *machine, char text[MACHINE_TEXT])
{
	struct dhcp6_duid duid = {.len = machine->len};

	if (machine->is_mac)
		return dhcp6_mac_format(machine->octets, text);
	memcpy(duid.octets, machine->octets, machine->len);
	return dhcp6_duid_format(&duid, text);
}

int machine_parse(const char *text, struct machine *machine)
{
	uint8_t mac[DHCP6_MAC_LEN];
	struct dhcp6_duid duid;
	int rc;

	if (dhcp6_mac_parse(text, mac) == 0) {
		*machine = machine_of_mac(mac);
		return 0;
	}
	rc = dhcp6_duid_parse(text, &duid);
	if (rc == 0)
		*machine = machine_of_duid(&duid);
	return rc;
}

/* Eight octets at a time behind a secret start, multiplied and folded. */
uint64_t machine_hash_octets(const void *octets, size_t len, uint64_t seed)
{
	const uint64_t factor = 0xd6e8feb86659fd93;
	const uint8_t *octet = octets;
	uint64_t hash = seed ^ len * factor, word;

	for (; len >= sizeof(word); len -= sizeof(word), octet += sizeof(word)) {
		memcpy(&word, octet, sizeof(word));
		hash = (hash ^ word) * factor;
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, octet, len);
	hash = (hash ^ word) * factor;
	hash = (hash ^ hash >> 32) * factor;
	return hash ^ hash >> 32;
}
