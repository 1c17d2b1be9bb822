/* SPDX-License-Identifier: ISC */
/*
 * A host is what the operator wrote of a machine; beside it stands what is known of that
 * machine by any of its cards: its boot, and the addresses it has registered.
 */
#include "bootd/view/boot_host_view.h"

#include "bootd/bindings/binding_table.h"
#include "bootd/progress/boot_progress.h"
#include "bootd/rules/boot_config.h"
#include "bootd/view/boot_view.h"
#include "dhcp6/names.h"

/* An answer has an end. */
enum { HOSTS_SHOWN = 20000 };

static json_t *variables_json(const struct boot_host *host)
{
	json_t *all = json_object();

	for (size_t i = 0; i < host->variables; i++)
		json_object_set_new(
			all, host->variable[i].name, json_string(host->variable[i].value));
	return all;
}

/* {machine: [address, ...]} of those that machines have registered (RFC 9686). */
static json_t *registered_json(const struct binding_table *bindings)
{
	const struct binding *binding = NULL;
	json_t *all = json_object(), *own;
	char machine[MACHINE_TEXT];

	while ((binding = binding_table_next(bindings, binding))) {
		struct machine whose = binding_machine(binding);

		if (binding->state != BINDING_REGISTERED)
			continue;
		machine_format(&whose, machine);
		own = json_object_get(all, machine);
		if (!own) {
			own = json_array();
			json_object_set_new(all, machine, own);
		}
		json_array_append_new(own, boot_view_address(true, &binding->address));
	}
	return all;
}

json_t *boot_host_view_registered(
	const struct binding_table *bindings, const struct machine *machine)
{
	char text[MACHINE_TEXT];
	json_t *all = registered_json(bindings);
	json_t *own = json_incref(json_object_get(all, machine_format(machine, text)));

	json_decref(all);
	return own ? own : json_array();
}

static json_t *macs_json(const struct boot_host *host)
{
	char mac[DHCP6_MAC_TEXT];
	json_t *all = json_array();

	for (size_t i = 0; i < host->macs; i++)
		json_array_append_new(all, json_string(dhcp6_mac_format(host->mac[i], mac)));
	return all;
}

static json_t *groups_json(const struct boot_host *host)
{
	json_t *all = json_array();

	for (size_t i = 0; i < host->groups; i++)
		json_array_append_new(all, json_string(host->group[i]));
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

/* By whichever of its cards. */
static json_t *registered_of_host(const struct boot_host *host, const json_t *registered)
{
	char mac[DHCP6_MAC_TEXT];
	json_t *all = json_array();

	for (size_t i = 0; i < host->macs; i++)
		json_array_extend(
			all, json_object_get(registered, dhcp6_mac_format(host->mac[i], mac)));
	return all;
}

static json_t *host_json(const struct boot_progress *progress, const struct boot_host *host,
	const json_t *registered, uint64_t now_ms)
{
	const struct boot_record *record = record_of_host(progress, host);
	char mac[DHCP6_MAC_TEXT], uuid[DHCP6_UUID_TEXT], duid[DHCP6_DUID_TEXT];

	return json_pack("{s:s s:s? s:o s:s? s:s? s:o s:o s:o s:s s:i s:o s:o}", "host", host->name,
		"mac", host->macs > 0 ? dhcp6_mac_format(host->mac[0], mac) : NULL, "macs",
		macs_json(host), "uuid",
		host->has_uuid ? dhcp6_uuid_format(host->uuid, uuid) : NULL, "duid",
		host->duid.len ? dhcp6_duid_format(&host->duid, duid) : NULL, "address",
		boot_view_address(host->has_address, &host->address), "groups", groups_json(host),
		"set", variables_json(host), "file", host->file, "line", (int)host->line, "boot",
		record ? boot_view_record(record, false, now_ms) : json_null(), "registered",
		registered_of_host(host, registered));
}

json_t *boot_host_view_all(const struct boot_config *config, const struct binding_table *bindings,
	const struct boot_progress *progress, uint64_t now_ms)
{
	json_t *all = json_array(), *registered = registered_json(bindings);

	for (size_t i = 0; i < boot_config_hosts(config) && i < HOSTS_SHOWN; i++)
		json_array_append_new(
			all, host_json(progress, boot_config_host(config, i), registered, now_ms));
	json_decref(registered);
	return json_pack("{s:o s:I}", "hosts", all, "of", (json_int_t)boot_config_hosts(config));
}
