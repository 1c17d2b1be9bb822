/* SPDX-License-Identifier: ISC */
/*
 * One hash table has the keys of all hosts, of all kinds (boot_host.h); an array has the hosts, for
 * walks over all of them. Adding and removing keep both, and count the hosts per kind of port, so
 * that host_table_by_port() looks up only kinds that exist.
 */
#include "bootd/rules/host_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_FIRST = 64, HOSTS_GROW = 64 };

/* --- the table ------------------------------------------------------------------- */

static const struct host_key *find_key(
	const struct host_table *table, const uint8_t *octets, size_t len)
{
	uint64_t hash = hash_table_hash(&table->keys, octets, len);
	struct hash_node *node;

	hash_table_each(node, &table->keys, hash)
	{
		const struct host_key *key = hash_entry(node, struct host_key, by_octets);

		if (key->len == len && memcmp(key->octets, octets, len) == 0)
			return key;
	}
	return NULL;
}

static const struct boot_host *find(
	const struct host_table *table, const struct host_key_octets *key)
{
	const struct host_key *found = find_key(table, key->octets, key->len);

	return found ? found->host : NULL;
}

static int make_room(struct host_table *table)
{
	size_t room = table->room + table->room / 2 + HOSTS_GROW;
	struct boot_host **more;

	if (table->keys.slots == 0 && hash_table_init(&table->keys, KEYS_FIRST) < 0)
		return -ENOMEM;
	if (table->hosts < table->room)
		return 0;
	more = realloc(table->host, room * sizeof(struct boot_host *));
	if (!more)
		return -ENOMEM;
	table->host = more;
	table->room = room;
	return 0;
}

static const char *describe(const struct host_key *key)
{
	switch (key->octets[0]) {
	case HOST_KEY_NAME:
		return "name";
	case HOST_KEY_ADDRESS:
		return "address";
	case HOST_KEY_PORT:
		return "port";
	default:
		return "MAC, UUID or DUID";
	}
}

int host_table_find_conflict(const struct host_table *table, const struct boot_host *host,
	const struct boot_host **other, const char **what)
{
	for (size_t i = 0; i < host->keys; i++) {
		const struct host_key *key = find_key(table, host->key[i].octets, host->key[i].len);

		if (!key)
			continue;
		*other = key->host;
		*what = describe(key);
		return -EEXIST;
	}
	return 0;
}

static unsigned port_kind(const struct host_key *key)
{
	return key->octets[0] == HOST_KEY_PORT ? key->octets[1] : 0;
}

int host_table_add(struct host_table *table, struct boot_host *host, const struct boot_host **other,
	const char **what)
{
	int rc = host_table_find_conflict(table, host, other, what);

	if (rc == 0)
		rc = make_room(table);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < host->keys; i++) {
		struct host_key *key = &host->key[i];

		hash_table_insert(&table->keys, &key->by_octets,
			hash_table_hash(&table->keys, key->octets, key->len));
		table->ports[port_kind(key)]++;
	}
	table->changes++;
	host->place = table->hosts;
	table->host[table->hosts++] = host;
	return 0;
}

void host_table_remove(struct host_table *table, struct boot_host *host)
{
	for (size_t i = 0; i < host->keys; i++) {
		hash_table_remove(&table->keys, &host->key[i].by_octets);
		table->ports[port_kind(&host->key[i])]--;
	}
	table->changes++;
	table->hosts--;
	table->host[host->place] = table->host[table->hosts];
	table->host[host->place]->place = host->place;
}

void host_table_fini(struct host_table *table)
{
	for (size_t i = 0; i < table->hosts; i++)
		boot_host_free(table->host[i]);
	free(table->host);
	hash_table_fini(&table->keys);
	*table = (struct host_table){0};
}

/* --- finding --------------------------------------------------------------------- */

const struct boot_host *host_table_by_mac(
	const struct host_table *table, const uint8_t mac[DHCP6_MAC_LEN])
{
	struct host_key_octets key;

	host_key_set(&key, HOST_KEY_MAC, mac, DHCP6_MAC_LEN);
	return find(table, &key);
}

const struct boot_host *host_table_by_uuid(
	const struct host_table *table, const uint8_t uuid[DHCP6_UUID_LEN])
{
	struct host_key_octets key;

	host_key_set_uuid(&key, uuid);
	return find(table, &key);
}

const struct boot_host *host_table_by_duid(
	const struct host_table *table, const struct dhcp6_duid *duid)
{
	struct host_key_octets key;

	host_key_set(&key, HOST_KEY_DUID, duid->octets, duid->len);
	return find(table, &key);
}

const struct boot_host *host_table_by_port(
	const struct host_table *table, const struct relay_port *port)
{
	unsigned known = relay_port_kind(port);

	for (unsigned kind = PORT_KINDS - 1; kind > 0; kind--) {
		const struct boot_host *host;
		struct host_key_octets key;

		if (table->ports[kind] == 0 || (kind & known) != kind)
			continue;
		host_key_set_port(&key, port, kind);
		host = find(table, &key);
		if (host)
			return host;
	}
	return NULL;
}

const struct boot_host *host_table_by_address(
	const struct host_table *table, const struct in6_addr *address)
{
	struct host_key_octets key;

	host_key_set(&key, HOST_KEY_ADDRESS, address, sizeof(*address));
	return find(table, &key);
}

const struct boot_host *host_table_by_name(const struct host_table *table, const char *name)
{
	struct host_key_octets key;
	size_t len = strlen(name);

	if (len >= sizeof(key.octets))
		return NULL;
	host_key_set(&key, HOST_KEY_NAME, name, len);
	return find(table, &key);
}
