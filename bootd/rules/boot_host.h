/* SPDX-License-Identifier: ISC */
/*
 * A host: a machine that the operator has given a name, its identifiers (MACs, UUID, DUID, or the
 * port that it is plugged into), its fixed address if it has one, its variables and options.
 *
 *	1. boot_host_new(), then the fields are filled in;
 *	2. boot_host_finish() computes its keys;
 *	3. host_table_add(): from then on nothing in it changes.
 *
 * Hosts are found by keys: octets that begin with their kind, so that one hash table holds all
 * kinds. The keys are allocated once, in step 2, so a host that was removed from a table can be
 * added again without memory.
 */
#ifndef NB6_BOOTD_RULES_BOOT_HOST_H
#define NB6_BOOTD_RULES_BOOT_HOST_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bootd/rules/option_set.h"
#include "dhcp6/identity.h"
#include "dhcp6/prefix.h"
#include "dhcp6/wire.h"
#include "util/hash_table.h"

enum { PORT_ID_MAX = 255 }; /* octets of an Interface-Id or Remote-Id that identifies a host */

/* A variable of scripts and URLs: ${name}. */
struct host_variable {
	char *name, *value;
};

/*
 * A port of a relay, as the relay next to the client describes it, whatever machine is plugged
 * in. For a host, an empty or NULL part matches anything; for a client, it is not known. The
 * views borrow their octets.
 */
struct relay_port {
	struct wire_in interface_id, remote_id; /* a host has at least one of them */
	const struct prefix *subnet;
	struct wire_in relay_id; /* the relay's DUID (RFC 5460) */
};

struct host_key;

struct boot_host {
	const char *file; /* where it is defined, for messages; borrowed */
	unsigned line;
	char *name;
	uint8_t (*mac)[DHCP6_MAC_LEN];
	size_t macs;
	bool has_uuid, has_address, has_port, has_subnet;
	uint8_t uuid[DHCP6_UUID_LEN]; /* in the order of RFC 9562 */
	struct dhcp6_duid duid;       /* len 0: none */
	uint8_t *interface_id, *remote_id;
	size_t interface_id_len, remote_id_len;
	struct prefix subnet; /* of the port */
	struct dhcp6_duid relay_id;
	struct in6_addr address;
	char **group; /* names, in the order in which their variables are looked up */
	size_t groups;
	struct host_variable *variable;
	size_t variables;
	struct option_set options;

	/* Private to boot_host.c and host_table.c. */
	struct host_key *key;
	size_t keys, place;
};

struct boot_host *boot_host_new(void);       /* all zero; NULL: no memory */
void boot_host_free(struct boot_host *host); /* with all that it owns; NULL is fine */
/* Compute the keys, once all fields are filled in. Returns 0 or -ENOMEM. */
int boot_host_finish(struct boot_host *host);

/* The value of the variable, or NULL. */
const char *host_variable_find(
	const struct host_variable *variable, size_t variables, const char *name);
void host_variables_free(struct host_variable *variable, size_t variables);

/* --- keys, for host_table.c ------------------------------------------------------------- */

enum host_key_kind {
	HOST_KEY_NAME = 'n',
	HOST_KEY_MAC = 'm',
	HOST_KEY_UUID = 'u', /* the lower one of its two byte orders, so that both find it */
	HOST_KEY_DUID = 'd',
	HOST_KEY_PORT = 'p', /* the second octet says which parts of the port are in it */
	HOST_KEY_ADDRESS = 'a'
};

enum {
	HOST_KEY_MAX = 3 * 2 + 2 * PORT_ID_MAX + 2 + sizeof(struct prefix) + DHCP6_DUID_MAX,
	PORT_KINDS = 16, /* combinations of the four parts of a port */
};

struct host_key {
	struct hash_node by_octets;
	struct boot_host *host;
	size_t len;
	uint8_t *octets;
};

/* A key that is being built or looked up. */
struct host_key_octets {
	size_t len;
	uint8_t octets[HOST_KEY_MAX];
};

/* The caller ensures that `len` octets and the kind fit in a key. */
void host_key_set(
	struct host_key_octets *key, enum host_key_kind kind, const void *octets, size_t len);
void host_key_set_uuid(struct host_key_octets *key, const uint8_t uuid[DHCP6_UUID_LEN]);
/* The parts of the port that are in `kind`, a set of bits as relay_port_kind() returns it. */
void host_key_set_port(struct host_key_octets *key, const struct relay_port *port, unsigned kind);

/* Which parts of the port are known and fit in a key: less than PORT_KINDS, and greater if the
 * port is described more closely. */
unsigned relay_port_kind(const struct relay_port *port);

#endif
