/* SPDX-License-Identifier: ISC */
/*
 * The machines that the operator knows by name: found by MAC, UUID or DUID,
 * and by the address that was fixed for them, in logarithmic time.
 *
 *	1. host_table_add() each;
 *	2. host_table_finish() once: sorts the indexes, finds those that clash;
 *	3. find.
 */
#ifndef NB6_BOOTD_DHCP_HOST_TABLE_H
#define NB6_BOOTD_DHCP_HOST_TABLE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcp6/identity.h"

/* A variable of scripts and URLs: ${name}. */
struct host_variable {
	char *name, *value;
};

struct boot_host {
	unsigned line;
	char *name;
	bool has_mac, has_uuid, has_address;
	uint8_t mac[DHCP6_MAC_LEN];
	uint8_t uuid[DHCP6_UUID_LEN]; /* in the order of RFC 9562 */
	struct dhcp6_duid duid;       /* len 0: not given */
	struct in6_addr address;
	struct host_variable *variable;
	size_t variables;
};

struct host_key; /* an entry of an index */

struct host_table {
	struct boot_host *host;
	size_t hosts;
	struct host_key *identity; /* sorted: MACs, UUIDs in one order, DUIDs */
	size_t identities;
	struct host_key *address; /* sorted */
	size_t addresses;
};

/* A new host, all zero, to be filled in before the next is added; NULL: no memory. */
struct boot_host *host_table_add(struct host_table *table);

/*
 * Returns 0, -ENOMEM, or -EEXIST where two hosts share an identity or an address:
 * then *a and *b are they and *what says which of the two. Names are not looked at.
 */
int host_table_finish(struct host_table *table, const struct boot_host **a,
	const struct boot_host **b, const char **what);

/* Frees what the hosts own as well; to be called on a zeroed one or once more: fine. */
void host_table_fini(struct host_table *table);

const struct boot_host *host_table_by_mac(
	const struct host_table *table, const uint8_t mac[DHCP6_MAC_LEN]);
/* In either byte order. */
const struct boot_host *host_table_by_uuid(
	const struct host_table *table, const uint8_t uuid[DHCP6_UUID_LEN]);
const struct boot_host *host_table_by_duid(
	const struct host_table *table, const struct dhcp6_duid *duid);
const struct boot_host *host_table_by_address(
	const struct host_table *table, const struct in6_addr *address);
const struct boot_host *host_table_by_name(const struct host_table *table, const char *name);

/* The value of the host's variable, or NULL. */
const char *boot_host_variable(const struct boot_host *host, const char *name);

#endif
