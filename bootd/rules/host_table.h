/* SPDX-License-Identifier: ISC */
/*
 * The machines that the operator knows by name: found by name, MAC, UUID, DUID, by the port that
 * they are plugged into, and by the address that was fixed for them. A hash table: neither a
 * search nor a change costs more where there are more hosts.
 *
 *	1. boot_host_new(), fill it in, boot_host_finish();
 *	2. host_table_add(): it is the table's then, and nothing in it changes;
 *	3. find; host_table_remove() gives it back.
 */
#ifndef NB6_BOOTD_RULES_HOST_TABLE_H
#define NB6_BOOTD_RULES_HOST_TABLE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "bootd/rules/boot_host.h"

enum { PORT_KINDS = 16 };

struct host_table {
	struct boot_host **host; /* all of them, in the order of adding until one is removed */
	size_t hosts, room;
	struct host_key **slot;
	size_t slots, keys;
	size_t ports[PORT_KINDS]; /* hosts by what they say of their port */
	uint64_t seed;
	uint64_t changes; /* additions and removals since the start */
};

/*
 * Returns 0; -EEXIST where a host of the table has the same name, identity, port or address:
 * *with is that one and *what the thing in words; -ENOMEM. Only with 0 the host is the table's.
 */
int host_table_add(struct host_table *table, struct boot_host *host, const struct boot_host **with,
	const char **what);
/* Would it clash? The same answer, and nothing is changed. */
int host_table_clash(const struct host_table *table, const struct boot_host *host,
	const struct boot_host **with, const char **what);
/* It is the caller's again; adding it once more cannot fail for want of memory. */
void host_table_remove(struct host_table *table, struct boot_host *host);

/* Frees the hosts as well; to be called on a zeroed one or once more: fine. */
void host_table_fini(struct host_table *table);

const struct boot_host *host_table_by_mac(
	const struct host_table *table, const uint8_t mac[DHCP6_MAC_LEN]);
/* In either byte order. */
const struct boot_host *host_table_by_uuid(
	const struct host_table *table, const uint8_t uuid[DHCP6_UUID_LEN]);
const struct boot_host *host_table_by_duid(
	const struct host_table *table, const struct dhcp6_duid *duid);
/* Of the hosts whose port it is, the one that says most: relay-id, subnet, remote-id, interface-id
 * count in this order. */
const struct boot_host *host_table_by_port(
	const struct host_table *table, const struct relay_port *port);
const struct boot_host *host_table_by_address(
	const struct host_table *table, const struct in6_addr *address);
const struct boot_host *host_table_by_name(const struct host_table *table, const char *name);

/* The most keys that share a slot: what a search costs at worst. */
size_t host_table_longest_chain(const struct host_table *table);

#endif
