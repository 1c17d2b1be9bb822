/* SPDX-License-Identifier: ISC */
/*
 * The keys of all hosts (host_key.h), of all kinds, in one table of slots, which grows with them;
 * and the hosts in an array, for whoever wants them all.
 */
#include "bootd/rules/host_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "bootd/client/machine.h"
#include "bootd/rules/host_key.h"

enum { SLOTS_FIRST = 64, HOSTS_GROW = 64 };

/* --- the table ------------------------------------------------------------------- */

static struct host_key **slot_of(const struct host_table *table, uint64_t hash)
{
	return &table->slot[hash & (table->slots - 1)];
}

static const struct host_key *find_key(
	const struct host_table *table, const uint8_t *octets, size_t len)
{
	uint64_t hash;

	if (table->slots == 0)
		return NULL;
	hash = machine_hash_octets(octets, len, table->seed);
	for (const struct host_key *key = *slot_of(table, hash); key; key = key->next)
		if (key->hash == hash && key->len == len && memcmp(key->octets, octets, len) == 0)
			return key;
	return NULL;
}

static const struct boot_host *find(
	const struct host_table *table, const struct host_key_octets *key)
{
	const struct host_key *found = find_key(table, key->octets, key->len);

	return found ? found->host : NULL;
}

static void link_key(struct host_table *table, struct host_key *key)
{
	struct host_key **slot = slot_of(table, key->hash);

	key->next = *slot;
	*slot = key;
}

/* Twice the slots. Without memory for them the chains grow: slower, and no less right. */
static int grow_slots(struct host_table *table)
{
	size_t before = table->slots, slots = before ? 2 * before : SLOTS_FIRST;
	struct host_key **old = table->slot, **slot = calloc(slots, sizeof(struct host_key *));

	if (!slot)
		return before ? 0 : -ENOMEM;
	if (!before && getrandom(&table->seed, sizeof(table->seed), 0) != sizeof(table->seed))
		table->seed = (uintptr_t)table;
	table->slot = slot;
	table->slots = slots;
	for (size_t i = 0; i < before; i++) {
		for (struct host_key *key = old[i], *next; key; key = next) {
			next = key->next;
			link_key(table, key);
		}
	}
	free(old);
	return 0;
}

static int make_room(struct host_table *table, size_t keys)
{
	if (table->hosts == table->room) {
		size_t room = table->room + table->room / 2 + HOSTS_GROW;
		struct boot_host **more = realloc(table->host, room * sizeof(struct boot_host *));

		if (!more)
			return -ENOMEM;
		table->host = more;
		table->room = room;
	}
	return table->keys + keys > table->slots ? grow_slots(table) : 0;
}

static const char *what_is(const struct host_key *key)
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

int host_table_clash(const struct host_table *table, const struct boot_host *host,
	const struct boot_host **with, const char **what)
{
	for (size_t i = 0; i < host->keys; i++) {
		const struct host_key *key = find_key(table, host->key[i].octets, host->key[i].len);

		if (!key)
			continue;
		*with = key->host;
		*what = what_is(key);
		return -EEXIST;
	}
	return 0;
}

static unsigned port_kind(const struct host_key *key)
{
	return key->octets[0] == HOST_KEY_PORT ? key->octets[1] : 0;
}

int host_table_add(struct host_table *table, struct boot_host *host, const struct boot_host **with,
	const char **what)
{
	int rc = host_table_clash(table, host, with, what);

	if (rc == 0)
		rc = make_room(table, host->keys);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < host->keys; i++) {
		struct host_key *key = &host->key[i];

		key->hash = machine_hash_octets(key->octets, key->len, table->seed);
		link_key(table, key);
		table->ports[port_kind(key)]++;
	}
	table->changes++;
	table->keys += host->keys;
	host->place = table->hosts;
	table->host[table->hosts++] = host;
	return 0;
}

static void unlink_key(struct host_table *table, const struct host_key *key)
{
	struct host_key **at = slot_of(table, key->hash);

	while (*at != key)
		at = &(*at)->next;
	*at = key->next;
	table->ports[port_kind(key)]--;
}

void host_table_remove(struct host_table *table, struct boot_host *host)
{
	for (size_t i = 0; i < host->keys; i++)
		unlink_key(table, &host->key[i]);
	table->changes++;
	table->keys -= host->keys;
	table->hosts--;
	table->host[host->place] = table->host[table->hosts];
	table->host[host->place]->place = host->place;
}

void host_table_fini(struct host_table *table)
{
	for (size_t i = 0; i < table->hosts; i++)
		boot_host_free(table->host[i]);
	free(table->host);
	free(table->slot);
	*table = (struct host_table){0};
}

size_t host_table_longest_chain(const struct host_table *table)
{
	size_t longest = 0;

	for (size_t i = 0; i < table->slots; i++) {
		size_t len = 0;

		for (const struct host_key *key = table->slot[i]; key; key = key->next)
			len++;
		longest = len > longest ? len : longest;
	}
	return longest;
}

/* --- finding --------------------------------------------------------------------- */

const struct boot_host *host_table_by_mac(
	const struct host_table *table, const uint8_t mac[DHCP6_MAC_LEN])
{
	struct host_key_octets key;

	host_key_of(&key, HOST_KEY_MAC, mac, DHCP6_MAC_LEN);
	return find(table, &key);
}

const struct boot_host *host_table_by_uuid(
	const struct host_table *table, const uint8_t uuid[DHCP6_UUID_LEN])
{
	struct host_key_octets key;

	host_key_of_uuid(&key, uuid);
	return find(table, &key);
}

const struct boot_host *host_table_by_duid(
	const struct host_table *table, const struct dhcp6_duid *duid)
{
	struct host_key_octets key;

	host_key_of(&key, HOST_KEY_DUID, duid->octets, duid->len);
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
		host_key_of_port(&key, port, kind);
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

	host_key_of(&key, HOST_KEY_ADDRESS, address, sizeof(*address));
	return find(table, &key);
}

const struct boot_host *host_table_by_name(const struct host_table *table, const char *name)
{
	struct host_key_octets key;
	size_t len = strlen(name);

	if (len >= sizeof(key.octets))
		return NULL;
	host_key_of(&key, HOST_KEY_NAME, name, len);
	return find(table, &key);
}
