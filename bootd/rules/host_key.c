/* SPDX-License-Identifier: ISC */
/*
 * The kind is the first octet. What a port is known by comes behind it, part by part, each with
 * its length in front: no two ports have the same octets.
 */
#include "bootd/rules/host_key.h"

#include <endian.h>
#include <string.h>

/* What is known of a port, as bits: the number orders the ports by how much they say. */
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

void host_key_of(
	struct host_key_octets *key, enum host_key_kind kind, const void *octets, size_t len)
{
	key_begin(key, kind);
	key_add(key, octets, len);
}

void host_key_of_uuid(struct host_key_octets *key, const uint8_t uuid[DHCP6_UUID_LEN])
{
	uint8_t swapped[DHCP6_UUID_LEN];

	memcpy(swapped, uuid, sizeof(swapped));
	dhcp6_uuid_swap(swapped);
	host_key_of(key, HOST_KEY_UUID, memcmp(uuid, swapped, sizeof(swapped)) < 0 ? uuid : swapped,
		sizeof(swapped));
}

static void key_add_sized(struct host_key_octets *key, const struct wire_in *view)
{
	uint16_t len = htobe16((uint16_t)wire_left(view));

	key_add(key, &len, sizeof(len));
	key_add(key, view->pos, wire_left(view));
}

void host_key_of_port(struct host_key_octets *key, const struct relay_port *port, unsigned kind)
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

static bool fits(const struct wire_in *view, size_t most)
{
	return wire_left(view) > 0 && wire_left(view) <= most;
}

unsigned relay_port_kind(const struct relay_port *port)
{
	return (fits(&port->interface_id, PORT_ID_MAX) ? PORT_INTERFACE : 0) |
	       (fits(&port->remote_id, PORT_ID_MAX) ? PORT_REMOTE : 0) |
	       (port->subnet ? PORT_SUBNET : 0) |
	       (fits(&port->relay_id, DHCP6_DUID_MAX) ? PORT_RELAY : 0);
}
