/* SPDX-License-Identifier: ISC */
/*
 * All hosts, found by name, MAC, UUID, DUID, relay port, or the address that is fixed for them. A
 * look-up and a change cost the same however many hosts there are.
 *
 * A zeroed table is empty. It owns the hosts that were added (boot_host.h says how one is made).
 */
#ifndef NB6_BOOTD_RULES_HOST_TABLE_H
#define NB6_BOOTD_RULES_HOST_TABLE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "bootd/rules/boot_host.h"

struct host_table {
	struct boot_host **host; /* all of them; removing one moves the last into its place */
	size_t hosts, room;
	uint64_t changes;         /* counts additions and removals */
	struct hash_table keys;   /* of all kinds, of all hosts */
	size_t ports[PORT_KINDS]; /* hosts by which parts of a port identify them */
};

/*
 * Returns 0, and the host belongs to the table. -EEXIST if a host of the table has the same name,
 * identifier, port or address: *other is that host, and *what names the conflict ("name"). -ENOMEM.
 */
int host_table_add(struct host_table *table, struct boot_host *host, const struct boot_host **other,
	const char **what);
/* Would adding it be a conflict? Returns 0 or -EEXIST as host_table_add(); changes nothing. */
int host_table_find_conflict(const struct host_table *table, const struct boot_host *host,
	const struct boot_host **other, const char **what);
/* The host belongs to the caller again. Adding it to this table again needs no memory. */
void host_table_remove(struct host_table *table, struct boot_host *host);

/* Frees the hosts too. The table is empty afterwards. */
void host_table_fini(struct host_table *table);

/* Each returns the host, or NULL. */
const struct boot_host *host_table_by_mac(
	const struct host_table *table, const uint8_t mac[DHCP6_MAC_LEN]);
/* In either byte order. */
const struct boot_host *host_table_by_uuid(
	const struct host_table *table, const uint8_t uuid[DHCP6_UUID_LEN]);
const struct boot_host *host_table_by_duid(
	const struct host_table *table, const struct dhcp6_duid *duid);
/*
 * If several hosts have this port, the one that describes it most closely: a relay-id counts more
 * than a subnet, a subnet more than a remote-id, a remote-id more than an interface-id.
 */
const struct boot_host *host_table_by_port(
	const struct host_table *table, const struct relay_port *port);
const struct boot_host *host_table_by_address(
	const struct host_table *table, const struct in6_addr *address);
const struct boot_host *host_table_by_name(const struct host_table *table, const char *name);

#endif
