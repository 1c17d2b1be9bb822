/* SPDX-License-Identifier: ISC */
/*
 * Scripts are made for the machine that owns the requesting address: that of the binding or the
 * host with this address, or of the MAC in an EUI-64 address if it sent DHCPv6 messages on this
 * subnet. Scripts may contain secrets, so "?mac=" cannot name a machine that is known to be another
 * one.
 */
#include "bootd/boot_scripts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootd/bindings/binding_table.h"
#include "bootd/progress/boot_log.h"
#include "bootd/rules/boot_config.h"
#include "daemon/log.h"
#include "daemon/loop.h"

/* --- the owner of an address -------------------------------------------------- */

struct owner {
	struct machine machine; /* len 0: not known */
	const struct binding *binding;
	const struct boot_host *host; /* for which the configuration fixes the address */
};

/* Has the machine sent DHCPv6 messages on the subnet of the address? */
static bool was_seen_beside(const struct boot_scripts *scripts, const struct machine *machine,
	const struct in6_addr *address)
{
	const struct boot_record *record = boot_progress_find(scripts->progress, machine);

	return record && record->has_subnet && prefix_contains(&record->subnet, address);
}

static struct owner find_owner(const struct boot_scripts *scripts, const struct in6_addr *address)
{
	struct owner owner = {.binding = binding_table_find_address(scripts->bindings, address),
		.host = boot_config_host_at(scripts->config, address)};
	uint8_t mac[DHCP6_MAC_LEN];

	if (owner.binding) {
		owner.machine = binding_machine(owner.binding);
	} else if (owner.host) {
		if (owner.host->macs > 0)
			owner.machine = machine_of_mac(owner.host->mac[0]);
	} else if (dhcp6_mac_of_eui64(address, mac)) {
		owner.machine = machine_of_mac(mac);
		if (!was_seen_beside(scripts, &owner.machine, address))
			owner.machine = (struct machine){0};
	}
	return owner;
}

bool boot_scripts_machine_at(
	const struct boot_scripts *scripts, const struct in6_addr *address, struct machine *machine)
{
	*machine = find_owner(scripts, address).machine;
	return machine->len > 0;
}

static bool host_has_mac(const struct boot_host *host, const struct machine *machine)
{
	for (size_t i = 0; host && i < host->macs; i++) {
		struct machine other = machine_of_mac(host->mac[i]);

		if (machine_equal(&other, machine))
			return true;
	}
	return false;
}

/* The UUID has the byte order of the firmware or of iPXE; the binding does not know which. */
static const struct boot_host *choose_host(const struct boot_config *config,
	const struct client_facts *facts, const struct subnet *subnet)
{
	const struct boot_host *host = boot_config_choose_host(config, facts, subnet).host;
	struct client_facts other = *facts;

	if (host || !facts->has_uuid)
		return host;
	dhcp6_uuid_swap(other.uuid);
	return boot_config_choose_host(config, &other, subnet).host;
}

/* The host of a machine: by its MAC, DUID or UUID, else as its last DHCPv6 message was matched. */
static const struct boot_host *find_host(const struct boot_scripts *scripts,
	const struct client_facts *facts, const struct subnet *subnet, const struct owner *owner)
{
	const struct boot_host *host = choose_host(scripts->config, facts, subnet);
	const struct boot_record *record =
		owner->machine.len > 0 ? boot_progress_find(scripts->progress, &owner->machine)
				       : NULL;

	if (!host && record && record->host)
		host = boot_config_host_named(scripts->config, record->host);
	return host ? host : owner->host;
}

/* The attributes of the owner, as if a message had them. */
static struct client_facts facts_of(const struct owner *owner)
{
	struct client_facts facts = {0};

	if (owner->machine.is_mac) {
		facts.mac_source = CLIENT_MAC_FRAME;
		memcpy(facts.mac, owner->machine.octets, sizeof(facts.mac));
	}
	if (owner->binding) {
		facts.duid = binding_duid(owner->binding);
		facts.has_client_id = facts.duid.len > 0;
		facts.has_uuid = dhcp6_duid_uuid(&facts.duid, facts.uuid);
	}
	return facts;
}

/*
 * Does `?mac=` agree with the owner of the requesting address? If the MAC of the owner is not
 * known, the request is served as the owner's, whatever MAC it names. If the address has no owner,
 * the request may name a machine that has sent DHCPv6 messages on the subnet; that is the owner
 * then.
 */
static bool agrees(const struct boot_scripts *scripts, const struct machine *named,
	const struct in6_addr *peer, struct owner *owner)
{
	struct client_facts facts;

	if (owner->machine.len > 0 && !owner->machine.is_mac)
		return true;
	if (owner->machine.len > 0) {
		facts = facts_of(owner);
		return machine_equal(named, &owner->machine) ||
		       host_has_mac(find_host(scripts, &facts,
					    boot_config_subnet_of(scripts->config, peer), owner),
			       named);
	}
	if (owner->host || (!IN6_IS_ADDR_LOOPBACK(peer) && !was_seen_beside(scripts, named, peer)))
		return false;
	owner->machine = *named;
	return true;
}

/* 1: *machine is in the text, 0: there is none, -EINVAL: it is no MAC. */
static int read_mac(const char *text, struct machine *machine)
{
	uint8_t mac[DHCP6_MAC_LEN];

	if (!text || !*text)
		return 0;
	if (dhcp6_mac_parse(text, mac) < 0)
		return -EINVAL;
	*machine = machine_of_mac(mac);
	return 1;
}

/* --- scripts ------------------------------------------------------------------- */

static void log_refused(const struct machine *named, const struct in6_addr *peer)
{
	static struct log_limit limit;
	char text[MACHINE_TEXT], address[INET6_ADDRSTRLEN];

	const struct log_fields fields = {
		.mac = machine_format(named, text), .reason = "mac-not-its-own"};

	log_limited_with(&limit, LOG_LEVEL_WARNING, &fields,
		"script refused: %s asks for the script of %s (?mac=), which does not use that "
		"address",
		inet_ntop(AF_INET6, peer, address, sizeof(address)), text);
}

static void answer_script(struct boot_scripts *scripts, const struct boot_question *question,
	struct boot_answer *answer)
{
	const struct boot_config *config = scripts->config;
	const struct subnet *subnet = boot_config_subnet_of(config, &question->peer);
	struct owner owner = find_owner(scripts, &question->peer);
	struct client_facts facts;
	struct machine named;
	int has_mac = read_mac(question->mac, &named);

	if (has_mac < 0) {
		answer->status = has_mac;
		return;
	}
	if (has_mac && !agrees(scripts, &named, &question->peer, &owner)) {
		log_refused(&named, &question->peer);
		answer->status = -EACCES;
		return;
	}
	facts = facts_of(&owner);
	boot_values_of_client(&scripts->values, config, &facts, subnet,
		find_host(scripts, &facts, subnet, &owner), &question->peer);
	scripts->values.for_ipxe = true;
	answer->values = question->names;
	for (size_t i = 0; i < question->names; i++)
		answer->value[i] = boot_values_lookup(&scripts->values, question->name[i]);
}

/* --- the call home --------------------------------------------------------------- */

/* 0, or the HTTP status that the request is refused with, and *why. */
static int find_caller(const struct boot_scripts *scripts, const struct boot_question *question,
	struct machine *machine, const char **why)
{
	struct owner owner = find_owner(scripts, &question->peer);
	struct machine named;
	int has_mac = read_mac(question->mac, &named);

	*machine = owner.machine;
	*why = "mac: expected a MAC address such as 52:54:00:12:34:56";
	if (has_mac < 0)
		return 400;
	*why = "this address belongs to no machine that is known here: call from the address "
	       "that DHCPv6 gave";
	if (owner.machine.len == 0)
		return 403;
	*why = "mac= names another machine than the one that uses this address";
	return has_mac && !agrees(scripts, &named, &question->peer, &owner) ? 403 : 0;
}

static void answer_call_home(struct boot_scripts *scripts, const struct boot_question *question,
	struct boot_answer *answer)
{
	char text[MACHINE_TEXT];
	const struct boot_record *record;
	uint64_t now_ms = loop_now_ms();
	struct machine machine;

	answer->status = find_caller(scripts, question, &machine, &answer->text);
	if (answer->status)
		return;
	answer->status = 200;
	answer->text = "a GET of this path reports that the machine has booted";
	if (question->is_probe)
		return;
	machine_format(&machine, text);
	record = boot_progress_booted(scripts->progress, &machine, now_ms);
	answer->text = scripts->text;
	if (!record) {
		answer->status = 404;
		snprintf(scripts->text, sizeof(scripts->text), "no boot of %s is known here", text);
		return;
	}
	boot_log_booted(record, &question->peer, now_ms - record->began_ms);
	snprintf(scripts->text, sizeof(scripts->text), "%s is noted as booted", text);
}

void boot_scripts_answer(struct boot_scripts *scripts, const struct boot_question *question,
	struct boot_answer *answer)
{
	*answer = (struct boot_answer){.status = 0};
	if (question->kind == QUESTION_BOOTED)
		answer_call_home(scripts, question, answer);
	else
		answer_script(scripts, question, answer);
}
