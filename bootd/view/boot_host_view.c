/* SPDX-License-Identifier: ISC */
/*
 * A host is what the operator has configured for a machine. The view also shows what is known of
 * that machine by any of its MACs: its boot, and the addresses that it has registered.
 */
#include "bootd/rules/boot_config.h"
#include "bootd/view/boot_view.h"
#include "dhcp6/names.h"

static json_t *variables_json(const struct boot_host *host)
{
	json_t *all = json_object();

	for (size_t i = 0; i < host->variables; i++)
		json_object_set_new(
			all, host->variable[i].name, json_string(host->variable[i].value));
	return all;
}

static void add_registered(json_t *all, const struct boot_config *config,
	const struct binding_table *bindings, const struct machine *machine)
{
	if (binding_table_registered(bindings) == 0)
		return;
	for (size_t i = 0; i < config->subnets; i++) {
		const struct prefix *subnet = &config->subnet[i].prefix;
		const struct binding *binding = NULL;

		while ((binding = binding_table_next_of(bindings, subnet, machine, binding)))
			if (binding->state == BINDING_REGISTERED)
				json_array_append_new(
					all, boot_view_address(true, &binding->address));
	}
}

json_t *boot_host_view_registered(const struct boot_config *config,
	const struct binding_table *bindings, const struct machine *machine)
{
	json_t *all = json_array();

	if (all)
		add_registered(all, config, bindings, machine);
	return all;
}

static json_t *macs_json(const struct boot_host *host)
{
	char mac[DHCP6_MAC_TEXT];
	json_t *all = json_array();

	for (size_t i = 0; i < host->macs; i++)
		json_array_append_new(all, json_string(dhcp6_mac_format(host->mac[i], mac)));
	return all;
}

static const struct boot_record *record_of_host(
	const struct boot_progress *progress, const struct boot_host *host)
{
	const struct boot_record *record = NULL;

	for (size_t i = 0; !record && i < host->macs; i++) {
		struct machine machine = machine_of_mac(host->mac[i]);

		record = boot_progress_find(progress, &machine);
	}
	return record;
}

/* By any of its MACs. */
static json_t *registered_of_host(const struct boot_host *host, const struct boot_config *config,
	const struct binding_table *bindings)
{
	json_t *all = json_array();

	for (size_t i = 0; all && i < host->macs; i++) {
		struct machine machine = machine_of_mac(host->mac[i]);

		add_registered(all, config, bindings, &machine);
	}
	return all;
}

/* The machine that has the host's address now, which may be another one; null: none. */
static json_t *holder_json(const struct boot_host *host, const struct binding_table *bindings)
{
	const struct binding *holder =
		host->has_address ? binding_table_find_address(bindings, &host->address) : NULL;
	char text[MACHINE_TEXT];
	struct machine machine;

	if (!holder || (holder->state != BINDING_BOUND && holder->state != BINDING_DECLINED))
		return json_null();
	machine = binding_machine(holder);
	return json_pack("{s:s s:s}", "machine", machine_format(&machine, text), "state",
		binding_state_name(holder->state));
}

static json_t *host_json(const struct boot_host *host, const struct boot_config *config,
	const struct binding_table *bindings, const struct boot_progress *progress, uint64_t now_ms)
{
	const struct boot_record *record = record_of_host(progress, host);
	char mac[DHCP6_MAC_TEXT], uuid[DHCP6_UUID_TEXT], duid[DHCP6_DUID_TEXT];

	return json_pack("{s:s s:s? s:o s:s? s:s? s:o s:o s:o s:o s:s s:i s:o s:o}", "host",
		host->name, "mac", host->macs > 0 ? dhcp6_mac_format(host->mac[0], mac) : NULL,
		"macs", macs_json(host), "uuid",
		host->has_uuid ? dhcp6_uuid_format(host->uuid, uuid) : NULL, "duid",
		host->duid.len ? dhcp6_duid_format(&host->duid, duid) : NULL, "address",
		boot_view_address(host->has_address, &host->address), "address-held",
		holder_json(host, bindings), "groups", boot_view_groups(host), "set",
		variables_json(host), "file", host->file, "line", (int)host->line, "boot",
		record ? boot_view_record(record, false, now_ms) : json_null(), "registered",
		registered_of_host(host, config, bindings));
}

/* How many lookups in the binding table the host's row takes. */
static size_t lookups_for(const struct boot_host *host, const struct boot_config *config,
	const struct binding_table *bindings)
{
	return binding_table_registered(bindings) > 0 ? host->macs * config->subnets : 0;
}

json_t *boot_host_view_page(const struct boot_config *config, const struct binding_table *bindings,
	const struct boot_progress *progress, int n, char *const words[], uint64_t now_ms)
{
	size_t count = boot_config_hosts(config), lookups = 0;
	uint64_t i = 0;
	json_t *wrong = boot_view_read_after(n, words, &i), *all;

	if (wrong)
		return wrong;
	all = json_array();
	while (all && i < count && json_array_size(all) < HOST_PAGE_ROWS &&
		lookups < HOST_PAGE_LOOKUPS) {
		const struct boot_host *host = boot_config_host(config, (size_t)i++);

		lookups += lookups_for(host, config, bindings);
		json_array_append_new(all, host_json(host, config, bindings, progress, now_ms));
	}
	return json_pack("{s:o s:I s:o}", "hosts", all, "of", (json_int_t)count, "next",
		i < count ? json_integer((json_int_t)i) : json_null());
}
