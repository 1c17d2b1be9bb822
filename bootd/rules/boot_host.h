/* SPDX-License-Identifier: ISC */
/*
 * A machine that the operator knows by name: what identifies it, and what is fixed for it. It is
 * made, filled in, finished, and from then on found in a host_table.h.
 */
#ifndef NB6_BOOTD_RULES_BOOT_HOST_H
#define NB6_BOOTD_RULES_BOOT_HOST_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bootd/client/prefix.h"
#include "dhcp6/identity.h"
#include "dhcp6/wire.h"

enum { PORT_ID_MAX = 255 }; /* octets of an Interface-Id or Remote-Id that hosts are known by */

/* A variable of scripts and URLs: ${name}. */
struct host_variable {
	char *name, *value;
};

/*
 * A port of a relay, whatever is plugged into it: what the relay next to the client says of
 * where the client is. Of a host: what is empty or NULL may be anything. Of a client: what is
 * empty or NULL is not known. Views: whose the octets are, the owner of the struct says.
 */
struct relay_port {
	struct wire_in interface_id, remote_id; /* one at least, of a host */
	const struct prefix *subnet;
	struct wire_in relay_id; /* the relay's DUID (RFC 5460) */
};

struct host_key; /* one of the ways to find a host */

struct boot_host {
	const char *file; /* where it stands; of who made it */
	unsigned line;
	char *name;
	uint8_t (*mac)[DHCP6_MAC_LEN];
	size_t macs;
	bool has_uuid, has_address, has_port, has_subnet;
	uint8_t uuid[DHCP6_UUID_LEN]; /* in the order of RFC 9562 */
	struct dhcp6_duid duid;       /* len 0: not given */
	uint8_t *interface_id, *remote_id;
	size_t interface_id_len, remote_id_len;
	struct prefix subnet; /* of the port */
	struct dhcp6_duid relay_id;
	struct in6_addr address;
	char **group; /* names: the first that has a variable gives it */
	size_t groups;
	struct host_variable *variable;
	size_t variables;

	/* Private to host_table.c; made by boot_host_finish(). */
	struct host_key *key;
	size_t keys, place;
};

struct boot_host *boot_host_new(void);       /* all zero; NULL: no memory */
void boot_host_free(struct boot_host *host); /* with all it has; NULL is fine */
/* It is filled in. Returns 0 or -ENOMEM. */
int boot_host_finish(struct boot_host *host);

/* The value of the variable, or NULL. */
const char *host_variable_find(
	const struct host_variable *variable, size_t variables, const char *name);
void host_variables_free(struct host_variable *variable, size_t variables);

#endif
