/* SPDX-License-Identifier: ISC */
/*
 * Hosts in an array, in the order of the file, with two sorted indexes.
 *
 * An identity is stored with its kind in front, so that one index holds all
 * three kinds. Of a UUID's two byte orders the lower one is stored and looked
 * up, so both find it.
 */
#include "bootd/dhcp/host_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 1 + DHCP6_DUID_MAX, GROW = 64 };

struct host_key {
	uint8_t len;
	uint8_t octets[KEY_MAX];
	size_t host; /* its place: the array moves while it grows */
};

static struct host_key key_of(char kind, const void *octets, size_t len)
{
	struct host_key key = {.len = (uint8_t)(len + 1)};

	key.octets[0] = (uint8_t)kind;
	memcpy(key.octets + 1, octets, len);
	return key;
}

static struct host_key key_of_uuid(const uint8_t uuid[DHCP6_UUID_LEN])
{
	uint8_t swapped[DHCP6_UUID_LEN];

	memcpy(swapped, uuid, sizeof(swapped));
	dhcp6_uuid_swap(swapped);
	return key_of(
		'u', memcmp(uuid, swapped, sizeof(swapped)) < 0 ? uuid : swapped, sizeof(swapped));
}

static int compare_keys(const void *left, const void *right)
{
	const struct host_key *a = left, *b = right;

	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->octets, b->octets, a->len);
}

struct boot_host *host_table_add(struct host_table *table)
{
	if (table->hosts % GROW == 0) {
		struct boot_host *more =
			realloc(table->host, (table->hosts + GROW) * sizeof(*more));

		if (!more)
			return NULL;
		table->host = more;
	}
	table->host[table->hosts] = (struct boot_host){0};
	return &table->host[table->hosts++];
}

static void add_key(struct host_key *index, size_t *n, struct host_key key, size_t host)
{
	key.host = host;
	index[(*n)++] = key;
}

static void index_host(struct host_table *table, size_t i)
{
	const struct boot_host *host = &table->host[i];

	if (host->has_mac)
		add_key(table->identity, &table->identities,
			key_of('m', host->mac, sizeof(host->mac)), i);
	if (host->has_uuid)
		add_key(table->identity, &table->identities, key_of_uuid(host->uuid), i);
	if (host->duid.len > 0)
		add_key(table->identity, &table->identities,
			key_of('d', host->duid.octets, host->duid.len), i);
	if (host->has_address)
		add_key(table->address, &table->addresses,
			key_of('a', &host->address, sizeof(host->address)), i);
}

static bool same_key(const struct host_table *table, const struct host_key *key, size_t n,
	const struct boot_host **a, const struct boot_host **b)
{
	for (size_t i = 1; i < n; i++) {
		if (compare_keys(&key[i - 1], &key[i]) == 0) {
			*a = &table->host[key[i - 1].host];
			*b = &table->host[key[i].host];
			return true;
		}
	}
	return false;
}

int host_table_finish(struct host_table *table, const struct boot_host **a,
	const struct boot_host **b, const char **what)
{
	if (table->hosts == 0)
		return 0;
	table->identity = calloc(table->hosts, 3 * sizeof(*table->identity));
	table->address = calloc(table->hosts, sizeof(*table->address));
	if (!table->identity || !table->address)
		return -ENOMEM;
	for (size_t i = 0; i < table->hosts; i++)
		index_host(table, i);
	qsort(table->identity, table->identities, sizeof(*table->identity), compare_keys);
	qsort(table->address, table->addresses, sizeof(*table->address), compare_keys);
	if (same_key(table, table->identity, table->identities, a, b))
		*what = "MAC, UUID or DUID";
	else if (same_key(table, table->address, table->addresses, a, b))
		*what = "address";
	else
		return 0;
	return -EEXIST;
}

static void host_fini(struct boot_host *host)
{
	for (size_t i = 0; i < host->variables; i++) {
		free(host->variable[i].name);
		free(host->variable[i].value);
	}
	free(host->variable);
	free(host->name);
}

void host_table_fini(struct host_table *table)
{
	for (size_t i = 0; i < table->hosts; i++)
		host_fini(&table->host[i]);
	free(table->host);
	free(table->identity);
	free(table->address);
	*table = (struct host_table){0};
}

static const struct boot_host *find(
	const struct host_table *table, const struct host_key *index, size_t n, struct host_key key)
{
	const struct host_key *found =
		n > 0 ? bsearch(&key, index, n, sizeof(key), compare_keys) : NULL;

	return found ? &table->host[found->host] : NULL;
}

const struct boot_host *host_table_by_mac(
	const struct host_table *table, const uint8_t mac[DHCP6_MAC_LEN])
{
	return find(table, table->identity, table->identities, key_of('m', mac, DHCP6_MAC_LEN));
}

const struct boot_host *host_table_by_uuid(
	const struct host_table *table, const uint8_t uuid[DHCP6_UUID_LEN])
{
	return find(table, table->identity, table->identities, key_of_uuid(uuid));
}

const struct boot_host *host_table_by_duid(
	const struct host_table *table, const struct dhcp6_duid *duid)
{
	return find(
		table, table->identity, table->identities, key_of('d', duid->octets, duid->len));
}

const struct boot_host *host_table_by_address(
	const struct host_table *table, const struct in6_addr *address)
{
	return find(
		table, table->address, table->addresses, key_of('a', address, sizeof(*address)));
}

const struct boot_host *host_table_by_name(const struct host_table *table, const char *name)
{
	for (size_t i = 0; i < table->hosts; i++)
		if (strcmp(table->host[i].name, name) == 0)
			return &table->host[i];
	return NULL;
}

const char *boot_host_variable(const struct boot_host *host, const char *name)
{
	for (size_t i = 0; i < host->variables; i++)
		if (strcmp(host->variable[i].name, name) == 0)
			return host->variable[i].value;
	return NULL;
}
