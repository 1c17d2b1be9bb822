/* SPDX-License-Identifier: ISC */
/*
 * Private to the table of hosts: the keys by which a host is found. A key is octets with their
 * kind in front, so that one table of slots holds all kinds.
 *
 * Of a UUID's two byte orders the lower one is stored and looked up, so both find it.
 */
#ifndef NB6_BOOTD_RULES_HOST_KEY_H
#define NB6_BOOTD_RULES_HOST_KEY_H

#include "bootd/rules/boot_host.h"

enum host_key_kind {
	HOST_KEY_NAME = 'n',
	HOST_KEY_MAC = 'm',
	HOST_KEY_UUID = 'u',
	HOST_KEY_DUID = 'd',
	HOST_KEY_PORT = 'p',
	HOST_KEY_ADDRESS = 'a'
};

/* One of a host's, which it belongs to and is made with. */
struct host_key {
	struct host_key *next; /* in its slot */
	struct boot_host *host;
	uint64_t hash;
	size_t len;
	uint8_t *octets;
};

enum { HOST_KEY_MAX = 3 * 2 + 2 * PORT_ID_MAX + 2 + sizeof(struct prefix) + DHCP6_DUID_MAX };

/* One that is being made, or looked for. */
struct host_key_octets {
	size_t len;
	uint8_t octets[HOST_KEY_MAX];
};

/* `len` is of what fits in a key: of a name, the caller sees to that. */
void host_key_of(
	struct host_key_octets *key, enum host_key_kind kind, const void *octets, size_t len);
void host_key_of_uuid(struct host_key_octets *key, const uint8_t uuid[DHCP6_UUID_LEN]);

/* Which parts of the port are known, and can be in a key: below PORT_KINDS, more for more. */
unsigned relay_port_kind(const struct relay_port *port);
/* Of what is known of the port, the parts in `kind`; the kind is octet 1 of the key. */
void host_key_of_port(struct host_key_octets *key, const struct relay_port *port, unsigned kind);

#endif
