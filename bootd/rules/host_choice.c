/* SPDX-License-Identifier: ISC */
/* One function per proof, tried in order on both tables of hosts. */
#include "bootd/rules/host_choice.h"

static const struct boot_host *by_mac(const struct host_table *table,
	const struct client_facts *facts, const struct subnet *subnet)
{
	(void)subnet;
	return facts->mac_source != CLIENT_MAC_UNKNOWN ? host_table_by_mac(table, facts->mac)
						       : NULL;
}

static const struct boot_host *by_uuid(const struct host_table *table,
	const struct client_facts *facts, const struct subnet *subnet)
{
	(void)subnet;
	return facts->has_uuid ? host_table_by_uuid(table, facts->uuid) : NULL;
}

static const struct boot_host *by_duid(const struct host_table *table,
	const struct client_facts *facts, const struct subnet *subnet)
{
	(void)subnet;
	return facts->has_client_id ? host_table_by_duid(table, &facts->duid) : NULL;
}

static const struct boot_host *by_port(const struct host_table *table,
	const struct client_facts *facts, const struct subnet *subnet)
{
	const struct relay_port port = {
		.interface_id = facts->interface_id,
		.remote_id = facts->remote_id,
		.subnet = subnet ? &subnet->prefix : NULL,
		.relay_id = facts->relay_id,
	};

	return host_table_by_port(table, &port);
}

static const struct {
	enum host_proof by;
	const char *name;
	const struct boot_host *(*find)(const struct host_table *table,
		const struct client_facts *facts, const struct subnet *subnet);
} proof[] = {
	{HOST_BY_MAC, "mac", by_mac},
	{HOST_BY_UUID, "uuid", by_uuid},
	{HOST_BY_DUID, "duid", by_duid},
	{HOST_BY_PORT, "port", by_port},
};

enum { PROOFS = sizeof(proof) / sizeof(proof[0]) };

struct host_choice host_choose(const struct boot_config *config, const struct client_facts *facts,
	const struct subnet *subnet)
{
	const struct host_table *const tables[] = {&config->hosts, config->host_files};

	for (size_t i = 0; i < PROOFS; i++) {
		for (size_t k = 0; k < 2; k++) {
			const struct boot_host *host =
				tables[k] && tables[k]->hosts > 0
					? proof[i].find(tables[k], facts, subnet)
					: NULL;

			if (host)
				return (struct host_choice){host, proof[i].by};
		}
	}
	return (struct host_choice){NULL, HOST_UNKNOWN};
}

const char *host_proof_name(enum host_proof by)
{
	for (size_t i = 0; i < PROOFS; i++)
		if (proof[i].by == by)
			return proof[i].name;
	return NULL;
}
