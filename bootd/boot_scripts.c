/* SPDX-License-Identifier: ISC */
/* Who is it that asks by HTTP or TFTP? */
#include "bootd/boot_scripts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootd/bindings/binding_table.h"
#include "bootd/rules/boot_config.h"
#include "daemon/log.h"
#include "daemon/loop.h"

bool boot_scripts_machine_at(const struct binding_table *bindings, const struct in6_addr *address,
	struct machine *machine)
{
	const struct binding *binding = binding_table_find_address(bindings, address);
	uint8_t mac[DHCP6_MAC_LEN];

	if (binding)
		*machine = binding_machine(binding);
	else if (dhcp6_mac_of_eui64(address, mac))
		*machine = machine_of_mac(mac);
	else
		return false;
	return true;
}

/* By ?mac=, else by the address. 1: known, 0: not known, -EINVAL: the MAC is none. */
static int find_machine(const struct boot_scripts *scripts, const struct in6_addr *peer,
	const struct http_query *query, struct machine *machine)
{
	const char *text = http_query_get(query, "mac");
	uint8_t mac[DHCP6_MAC_LEN];

	if (!text || !*text)
		return boot_scripts_machine_at(scripts->bindings, peer, machine);
	if (dhcp6_mac_parse(text, mac) < 0)
		return -EINVAL;
	*machine = machine_of_mac(mac);
	return 1;
}

/*
 * The host of a machine: by its MAC, else what it was known for when it asked by DHCPv6, which
 * said more (its UUID, its port), else whose address this is.
 */
static const struct boot_host *find_host(const struct boot_scripts *scripts,
	const struct client_facts *facts, const struct subnet *subnet,
	const struct machine *machine, const struct in6_addr *peer)
{
	const struct boot_config *config = scripts->config;
	const struct boot_host *host = boot_config_choose_host(config, facts, subnet).host;
	const struct boot_record *record =
		machine->len > 0 ? boot_progress_find(scripts->progress, machine) : NULL;

	if (!host && record && record->host)
		host = boot_config_host_named(config, record->host);
	return host ? host : boot_config_host_at(config, peer);
}

int boot_scripts_describe(void *arg, const struct in6_addr *peer, const struct http_query *query,
	struct script_values *values)
{
	struct boot_scripts *scripts = arg;
	const struct boot_config *config = scripts->config;
	const struct subnet *subnet = boot_config_subnet_of(config, peer);
	struct client_facts facts = {0};
	struct machine machine = {0};
	const struct boot_host *host;
	int known = find_machine(scripts, peer, query, &machine);

	if (known < 0)
		return known;
	if (known && machine.is_mac) {
		facts.mac_source = CLIENT_MAC_FRAME;
		memcpy(facts.mac, machine.octets, sizeof(facts.mac));
	}
	host = find_host(scripts, &facts, subnet, &machine, peer);
	boot_values_of_client(&scripts->values, config, &facts, subnet, host, peer);
	scripts->values.for_ipxe = true;
	*values = (struct script_values){boot_values_lookup, &scripts->values};
	return 0;
}

void boot_scripts_booted(void *arg, const struct http_ask *ask, struct http_answer *answer)
{
	struct boot_scripts *scripts = arg;
	char text[MACHINE_TEXT], peer[INET6_ADDRSTRLEN];
	const struct boot_record *record;
	struct machine machine;
	int known = find_machine(scripts, &ask->peer, ask->query, &machine);
	uint64_t now_ms = loop_now_ms();

	if (known <= 0) {
		http_answer_text(answer, 400,
			known < 0 ? "mac: expected 52:54:00:12:34:56"
				  : "say who: ?mac=52:54:00:12:34:56");
		return;
	}
	if (ask->method == HTTP_HEAD) {
		http_answer_text(answer, 200, "a GET of this says that the machine has booted");
		return;
	}
	boot_progress_booted(scripts->progress, &machine, now_ms);
	record = boot_progress_find(scripts->progress, &machine);
	log_info("%s booted, %.1f s after its first request, says %s",
		machine_format(&machine, text),
		record ? (double)(now_ms - record->began_ms) / 1000 : 0.0,
		inet_ntop(AF_INET6, &ask->peer, peer, sizeof(peer)));
	http_answer_text(answer, 200, "%s is noted as booted", text);
}
