/* SPDX-License-Identifier: ISC */
/* A host is made once, with all keys: what was removed can be added again without any memory. */
#include "bootd/rules/boot_host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/rules/host_key.h"

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
	host_key_of(&key, HOST_KEY_NAME, host->name, strlen(host->name));
	ok = store_key(host, &key);
	for (size_t i = 0; i < host->macs; i++) {
		host_key_of(&key, HOST_KEY_MAC, host->mac[i], DHCP6_MAC_LEN);
		ok = ok && store_key(host, &key);
	}
	if (host->has_uuid) {
		host_key_of_uuid(&key, host->uuid);
		ok = ok && store_key(host, &key);
	}
	if (host->duid.len > 0) {
		host_key_of(&key, HOST_KEY_DUID, host->duid.octets, host->duid.len);
		ok = ok && store_key(host, &key);
	}
	if (host->has_port) {
		host_key_of_port(&key, &port, relay_port_kind(&port));
		ok = ok && store_key(host, &key);
	}
	if (host->has_address) {
		host_key_of(&key, HOST_KEY_ADDRESS, &host->address, sizeof(host->address));
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
