/* SPDX-License-Identifier: ISC */
/*
 * Hosts and their keys. The first octet of a key is its kind. The key of a port has the length of
 * each part before the part, so that different ports have different octets.
 */
#include "bootd/rules/boot_host.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- keys ------------------------------------------------------------------------ */

/* The parts of a port that are known; the sum orders ports by how closely they are described. */
enum { PORT_INTERFACE = 1, PORT_REMOTE = 2, PORT_SUBNET = 4, PORT_RELAY = 8 };

static void key_add(struct host_key_octets *key, const void *octets, size_t len)
{
	if (len > 0)
		memcpy(key->octets + key->len, octets, len);
	key->len += len;
}

static void key_begin(struct host_key_octets *key, enum host_key_kind kind)
{
	key->octets[0] = (uint8_t)kind;
	key->len = 1;
}

void host_key_set(
	struct host_key_octets *key, enum host_key_kind kind, const void *octets, size_t len)
{
	key_begin(key, kind);
	key_add(key, octets, len);
}

void host_key_set_uuid(struct host_key_octets *key, const uint8_t uuid[DHCP6_UUID_LEN])
{
	uint8_t swapped[DHCP6_UUID_LEN];

	memcpy(swapped, uuid, sizeof(swapped));
	dhcp6_uuid_swap(swapped);
	host_key_set(key, HOST_KEY_UUID,
		memcmp(uuid, swapped, sizeof(swapped)) < 0 ? uuid : swapped, sizeof(swapped));
}

static void key_add_sized(struct host_key_octets *key, const struct wire_in *view)
{
	uint16_t len = htobe16((uint16_t)wire_left(view));

	key_add(key, &len, sizeof(len));
	key_add(key, view->pos, wire_left(view));
}

void host_key_set_port(struct host_key_octets *key, const struct relay_port *port, unsigned kind)
{
	uint8_t octet = (uint8_t)kind;

	key_begin(key, HOST_KEY_PORT);
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

static bool fits(const struct wire_in *view, size_t max)
{
	return wire_left(view) > 0 && wire_left(view) <= max;
}

unsigned relay_port_kind(const struct relay_port *port)
{
	return (fits(&port->interface_id, PORT_ID_MAX) ? PORT_INTERFACE : 0) |
	       (fits(&port->remote_id, PORT_ID_MAX) ? PORT_REMOTE : 0) |
	       (port->subnet ? PORT_SUBNET : 0) |
	       (fits(&port->relay_id, DHCP6_DUID_MAX) ? PORT_RELAY : 0);
}

/* --- hosts ----------------------------------------------------------------------- */

static struct relay_port port_of_host(const struct boot_host *host)
{
	return (struct relay_port){
		.interface_id = wire_in_of(host->interface_id, host->interface_id_len),
		.remote_id = wire_in_of(host->remote_id, host->remote_id_len),
		.subnet = host->has_subnet ? &host->subnet : NULL,
		.relay_id = wire_in_of(host->relay_id.octets, host->relay_id.len),
	};
}

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
	option_set_fini(&host->options);
	free(host->group);
	free(host->key);
	free(host->interface_id);
	free(host->remote_id);
	free(host->mac);
	free(host->name);
	free(host);
}

static bool store_key(struct boot_host *host, const struct host_key_octets *key)
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
	struct host_key_octets key;
	bool ok;

	host->key = calloc(host->macs + 5, sizeof(*host->key));
	if (!host->key)
		return -ENOMEM;
	host_key_set(&key, HOST_KEY_NAME, host->name, strlen(host->name));
	ok = store_key(host, &key);
	for (size_t i = 0; i < host->macs; i++) {
		host_key_set(&key, HOST_KEY_MAC, host->mac[i], DHCP6_MAC_LEN);
		ok = ok && store_key(host, &key);
	}
	if (host->has_uuid) {
		host_key_set_uuid(&key, host->uuid);
		ok = ok && store_key(host, &key);
	}
	if (host->duid.len > 0) {
		host_key_set(&key, HOST_KEY_DUID, host->duid.octets, host->duid.len);
		ok = ok && store_key(host, &key);
	}
	if (host->has_port) {
		host_key_set_port(&key, &port, relay_port_kind(&port));
		ok = ok && store_key(host, &key);
	}
	if (host->has_address) {
		host_key_set(&key, HOST_KEY_ADDRESS, &host->address, sizeof(host->address));
		ok = ok && store_key(host, &key);
	}
	return ok ? 0 : -ENOMEM;
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
