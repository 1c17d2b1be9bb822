/* SPDX-License-Identifier: ISC */
/*
 * Hosts and their keys. A key is the octets by which a host is found, with their kind in front,
 * so that one table of slots holds all kinds. It belongs to its host, made once: what was
 * removed can be added again without any memory.
 *
 * Of a UUID's two byte orders the lower one is stored and looked up, so both find it.
 */
#include "bootd/rules/host_table.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "bootd/client/machine.h"

enum { SLOTS_FIRST = 64, HOSTS_GROW = 64 };

/* What is known of a port, as bits: the number orders the ports by how much they say. */
enum { PORT_INTERFACE = 1, PORT_REMOTE = 2, PORT_SUBNET = 4, PORT_RELAY = 8 };

enum kind {
	OF_NAME = 'n',
	OF_MAC = 'm',
	OF_UUID = 'u',
	OF_DUID = 'd',
	OF_PORT = 'p',
	OF_ADDRESS = 'a'
};

struct host_key {
	struct host_key *next; /* in its slot */
	struct boot_host *host;
	uint64_t hash;
	size_t len;
	uint8_t *octets;
};

/* --- keys ------------------------------------------------------------------------ */

enum { KEY_MAX = 3 * 2 + 2 * PORT_ID_MAX + 2 + sizeof(struct prefix) + DHCP6_DUID_MAX };

struct key {
	size_t len;
	uint8_t octets[KEY_MAX];
};

static void key_add(struct key *key, const void *octets, size_t len)
{
	if (len > 0)
		memcpy(key->octets + key->len, octets, len);
	key->len += len;
}

static void key_begin(struct key *key, enum kind kind)
{
	key->octets[0] = (uint8_t)kind;
	key->len = 1;
}

static void key_of(struct key *key, enum kind kind, const void *octets, size_t len)
{
	key_begin(key, kind);
	key_add(key, octets, len);
}

static void key_of_uuid(struct key *key, const uint8_t uuid[DHCP6_UUID_LEN])
{
	uint8_t swapped[DHCP6_UUID_LEN];

	memcpy(swapped, uuid, sizeof(swapped));
	dhcp6_uuid_swap(swapped);
	key_of(key, OF_UUID, memcmp(uuid, swapped, sizeof(swapped)) < 0 ? uuid : swapped,
		sizeof(swapped));
}

static void key_add_sized(struct key *key, const struct wire_in *view)
{
	uint16_t len = htobe16((uint16_t)wire_left(view));

	key_add(key, &len, sizeof(len));
	key_add(key, view->pos, wire_left(view));
}

/* Of what is known of the port, the parts in `kind`. */
static void key_of_port(struct key *key, const struct relay_port *port, unsigned kind)
{
	uint8_t octet = (uint8_t)kind;

	key_begin(key, OF_PORT);
	key_add(key, &octet, 1);
	if (kind & PORT_INTERFACE)
		key_add_sized(key, &port->interface_id);
	if (kind & PORT_REMOTE)
		key_add_sized(key, &port->remote_id);
	if (kind & PORT_SUBNET) {
		key_add(key, &port->subnet->address, sizeof(port->subnet->address));
		key_add(key, &port->subnet->len, sizeof(port->subnet->len));
	}
	if (kind & PORT_RELAY)
		key_add_sized(key, &port->relay_id);
}

static bool fits(const struct wire_in *view, size_t most)
{
	return wire_left(view) > 0 && wire_left(view) <= most;
}

static unsigned kind_of_port(const struct relay_port *port)
{
	return (fits(&port->interface_id, PORT_ID_MAX) ? PORT_INTERFACE : 0) |
	       (fits(&port->remote_id, PORT_ID_MAX) ? PORT_REMOTE : 0) |
	       (port->subnet ? PORT_SUBNET : 0) |
	       (fits(&port->relay_id, DHCP6_DUID_MAX) ? PORT_RELAY : 0);
}

static struct relay_port port_of_host(const struct boot_host *host)
{
	return (struct relay_port){
		.interface_id = wire_in_of(host->interface_id, host->interface_id_len),
		.remote_id = wire_in_of(host->remote_id, host->remote_id_len),
		.subnet = host->has_subnet ? &host->subnet : NULL,
		.relay_id = wire_in_of(host->relay_id.octets, host->relay_id.len),
	};
}

/* --- hosts ----------------------------------------------------------------------- */

struct boot_host *boot_host_new(void)
{
	return calloc(1, sizeof(struct boot_host));
}

void boot_host_free(struct boot_host *host)
{
	if (!host)
		return;
	for (size_t i = 0; i < host->groups; i++)
		free(host->group[i]);
	for (size_t i = 0; i < host->keys; i++)
		free(host->key[i].octets);
	host_variables_free(host->variable, host->variables);
	free(host->group);
	free(host->key);
	free(host->interface_id);
	free(host->remote_id);
	free(host->mac);
	free(host->name);
	free(host);
}

static bool store_key(struct boot_host *host, const struct key *key)
{
	uint8_t *octets = malloc(key->len);

	if (!octets)
		return false;
	memcpy(octets, key->octets, key->len);
	host->key[host->keys++] =
		(struct host_key){.host = host, .len = key->len, .octets = octets};
	return true;
}

int boot_host_finish(struct boot_host *host)
{
	struct relay_port port = port_of_host(host);
	struct key key;
	bool ok;

	host->key = calloc(host->macs + 5, sizeof(*host->key));
	if (!host->key)
		return -ENOMEM;
	key_of(&key, OF_NAME, host->name, strlen(host->name));
	ok = store_key(host, &key);
	for (size_t i = 0; i < host->macs; i++) {
		key_of(&key, OF_MAC, host->mac[i], DHCP6_MAC_LEN);
		ok = ok && store_key(host, &key);
	}
	if (host->has_uuid) {
		key_of_uuid(&key, host->uuid);
		ok = ok && store_key(host, &key);
	}
	if (host->duid.len > 0) {
		key_of(&key, OF_DUID, host->duid.octets, host->duid.len);
		ok = ok && store_key(host, &key);
	}
	if (host->has_port) {
		key_of_port(&key, &port, kind_of_port(&port));
		ok = ok && store_key(host, &key);
	}
	if (host->has_address) {
		key_of(&key, OF_ADDRESS, &host->address, sizeof(host->address));
		ok = ok && store_key(host, &key);
	}
	return ok ? 0 : -ENOMEM;
}

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

static const struct boot_host *find(const struct host_table *table, const struct key *key)
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
	case OF_NAME:
		return "name";
	case OF_ADDRESS:
		return "address";
	case OF_PORT:
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
	return key->octets[0] == OF_PORT ? key->octets[1] : 0;
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
	struct key key;

	key_of(&key, OF_MAC, mac, DHCP6_MAC_LEN);
	return find(table, &key);
}

const struct boot_host *host_table_by_uuid(
	const struct host_table *table, const uint8_t uuid[DHCP6_UUID_LEN])
{
	struct key key;

	key_of_uuid(&key, uuid);
	return find(table, &key);
}

const struct boot_host *host_table_by_duid(
	const struct host_table *table, const struct dhcp6_duid *duid)
{
	struct key key;

	key_of(&key, OF_DUID, duid->octets, duid->len);
	return find(table, &key);
}

const struct boot_host *host_table_by_port(
	const struct host_table *table, const struct relay_port *port)
{
	unsigned known = kind_of_port(port);

	for (unsigned kind = PORT_KINDS - 1; kind > 0; kind--) {
		const struct boot_host *host;
		struct key key;

		if (table->ports[kind] == 0 || (kind & known) != kind)
			continue;
		key_of_port(&key, port, kind);
		host = find(table, &key);
		if (host)
			return host;
	}
	return NULL;
}

const struct boot_host *host_table_by_address(
	const struct host_table *table, const struct in6_addr *address)
{
	struct key key;

	key_of(&key, OF_ADDRESS, address, sizeof(*address));
	return find(table, &key);
}

const struct boot_host *host_table_by_name(const struct host_table *table, const char *name)
{
	struct key key;
	size_t len = strlen(name);

	if (len >= sizeof(key.octets))
		return NULL;
	key_of(&key, OF_NAME, name, len);
	return find(table, &key);
}

const char *host_variable_find(
	const struct host_variable *variable, size_t variables, const char *name)
{
	for (size_t i = 0; i < variables; i++)
		if (strcmp(variable[i].name, name) == 0)
			return variable[i].value;
	return NULL;
}

void host_variables_free(struct host_variable *variable, size_t variables)
{
	for (size_t i = 0; i < variables; i++) {
		free(variable[i].name);
		free(variable[i].value);
	}
	free(variable);
}
