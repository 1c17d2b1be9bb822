/* SPDX-License-Identifier: ISC */
/*
 * One function for each part of bootd, and a table: what a reason of drops means for the operator.
 * A reason that is normal has no row.
 */
#include "bootd/view/boot_view.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "bootd/config/conf_file.h"
#include "bootd/config/host_files.h"
#include "bootd/dhcp/dhcp_service.h"
#include "bootd/http/http_files.h"
#include "bootd/progress/boot_progress.h"
#include "bootd/tftp/tftp_server.h"
#include "daemon/findings.h"
#include "daemon/loop.h"
#include "daemon/udp.h"

/* --- the configuration --------------------------------------------------------------- */

static void add_refused_file(void *arg, const char *text)
{
	finding_add(arg, FINDING_WARNING, "hosts-directory",
		"correct the file: it is read again when it changes", "%s", text);
}

/* Boot files can be deleted or cut off while bootd runs: they are looked at now. */
static void add_files(json_t *findings, const struct boot_config *config)
{
	struct config_problems problems = {0};
	char *line, *rest = problems.text;

	(void)conf_check_files(config, &problems);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line)
			finding_add(findings, FINDING_WARNING, "boot files", NULL, "%s", line);
}

static void add_configuration(json_t *findings, const struct boot_parts *parts)
{
	const struct host_files *hosts = host_directory_files(parts->hosts);

	if (parts->last_reload_failed)
		finding_add(findings, FINDING_ERROR, parts->config_path,
			"netboot6-bootd -t says what is wrong; then reload again",
			"the last reload failed: an older configuration is in force");
	if (parts->config->subnets == 0)
		finding_add(findings, FINDING_ERROR, parts->config_path,
			"add a section such as subnet \"2001:db8:1::/64\" {}",
			"no subnet is configured, so no client is answered");
	if (hosts)
		host_files_each_refused(hosts, add_refused_file, findings);
	add_files(findings, parts->config);
}

/* --- addresses ----------------------------------------------------------------------- */

static void add_listeners(json_t *findings, const struct boot_parts *parts)
{
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < parts->listeners; i++) {
		const struct boot_listener *listener = &parts->listener[i];

		if (!udp_is_assigned(&listener->at))
			finding_add(findings, FINDING_WARNING, listener->service,
				"assign the address to a link; on a standby server this is normal",
				"%s is not assigned to this machine, so nobody reaches the service",
				inet_ntop(AF_INET6, &listener->at.sin6_addr, text, sizeof(text)));
	}
}

static void add_pool(
	json_t *findings, const struct address_pool *pool, const char *subnet, const char *class)
{
	uint32_t size = address_pool_size(pool), used = address_pool_used(pool);

	if (used < size - size / 10)
		return;
	finding_add(findings, used == size ? FINDING_ERROR : FINDING_WARNING, subnet,
		"enlarge the pool, shorten the lifetime, or release leases of machines that are "
		"gone",
		"%u of %u addresses of the pool%s%s are in use", used, size,
		class ? " of class " : "", class ? class : "");
}

static void add_pools(json_t *findings, const struct boot_parts *parts)
{
	const struct boot_config *config = parts->config;

	for (size_t i = 0; i < config->subnets; i++) {
		const struct subnet *subnet = &config->subnet[i];
		const struct address_plan *plan;

		for (size_t n = 0; (plan = subnet_plan(subnet, n)) != NULL; n++) {
			const struct address_pool *pool =
				address_pools_of_plan(&parts->exchange->bindings.pools, plan);

			if (pool)
				add_pool(findings, pool, subnet->text,
					n > 0 ? subnet->class[n - 1].name : NULL);
		}
	}
}

static void add_leases(json_t *findings, const struct boot_parts *parts)
{
	const struct lease_journal *journal = &parts->exchange->leases;
	struct lease_store_health health;
	const char *error;

	if (!journal->store)
		return;
	journal->store->driver->describe(journal->store, &health);
	error = journal->store->driver->last_error(journal->store);
	if (strcmp(health.state, "ready") != 0)
		finding_add(findings, FINDING_ERROR, health.kind,
			"check the database: pools give no new leases until it is ready",
			"the lease store is in the state \"%s\"%s%s", health.state,
			*error ? ": " : "", error);
	else if (journal->failed_commits > 0)
		finding_add(findings, FINDING_WARNING, health.kind,
			"check the disk of the database, or the database's log",
			"%" PRIu64 " commits failed%s%s", (uint64_t)journal->failed_commits,
			*error ? ", the last one: " : "", error);
}

/* --- messages and files -------------------------------------------------------------- */

struct meaning {
	enum finding_level level;
	const char *advice; /* NULL: it is normal, and no finding */
};

static const struct meaning drop_meaning[EXCHANGE_DROPS] = {
	[DROP_UNTRUSTED_RELAY] = {FINDING_WARNING,
		"if these relays are yours, add them to trusted-relays"},
	[DROP_CLIENT_RATE] = {FINDING_WARNING,
		"the log names the client; raise client-rate if it is honest"},
	[DROP_LINK_RATE] = {FINDING_WARNING,
		"the log names the link; raise link-rate if its clients are honest"},
	[DROP_NO_FRAME_MAC] = {FINDING_WARNING, "the log of the start says how MACs are learnt"},
	[DROP_NO_SUBNET] = {FINDING_ERROR,
		"add a subnet with the relay's link-address, which the log names"},
	[DROP_TOO_LARGE] = {FINDING_WARNING, "send fewer options, or shorter URLs"},
	[DROP_NOT_STORED] = {FINDING_ERROR,
		"netboot6 boot status shows the error of the lease store"},
	[DROP_NO_MEMORY] = {FINDING_ERROR, "give this machine more memory"},
};

static void add_drops(json_t *findings, const struct boot_parts *parts)
{
	const uint64_t *dropped = parts->exchange->counters.dropped;
	uint64_t queue_drops = dhcp_service_queue_drops(parts->dhcp);

	for (int i = EXCHANGE_ANSWERED + 1; i < EXCHANGE_DROPS; i++)
		if (drop_meaning[i].advice && dropped[i] > 0)
			finding_add(findings, drop_meaning[i].level,
				exchange_drop_name((enum exchange_drop)i), drop_meaning[i].advice,
				"%" PRIu64 " messages were dropped: %s", dropped[i],
				exchange_drop_text((enum exchange_drop)i));
	if (queue_drops > 0)
		finding_add(findings, FINDING_WARNING, "receive-queue-drops",
			"set link-rate if one link floods; otherwise give this machine more CPU "
			"time",
			"%" PRIu64 " messages did not fit into the receive buffer", queue_drops);
}

static void add_services(json_t *findings, const struct boot_parts *parts)
{
	struct tftp_stats tftp = {0};
	struct http_files_stats http = {0};

	if (parts->tftp)
		tftp_server_get_stats(parts->tftp, &tftp);
	if (parts->http)
		http_files_get_stats(parts->http, &http);
	if (tftp.refused > 0)
		finding_add(findings, FINDING_WARNING, "tftp",
			"raise transfers or transfers-per-client in the section tftp",
			"%" PRIu64 " transfers were refused, as too many ran",
			(uint64_t)tftp.refused);
	if (http.server.limited > 0)
		finding_add(findings, FINDING_WARNING, "http",
			"raise connections or connections-per-client in the section http",
			"%" PRIu64 " connections were refused, as too many were open",
			(uint64_t)http.server.limited);
}

static void add_stuck(json_t *findings, const struct boot_progress *progress)
{
	size_t stuck = 0;

	for (const struct boot_record *record = NULL;
		(record = boot_progress_next(progress, record)) != NULL;)
		stuck += boot_record_advice(record, loop_now_ms()) != NULL;
	if (stuck > 0)
		finding_add(findings, FINDING_WARNING, "boots",
			"netboot6 boot list shows which, and what to check",
			"%zu machines have begun to boot and are silent", stuck);
}

json_t *boot_doctor(const struct boot_parts *parts)
{
	json_t *findings = json_array();

	findings_of_process(findings);
	add_configuration(findings, parts);
	add_listeners(findings, parts);
	add_pools(findings, parts);
	add_leases(findings, parts);
	add_drops(findings, parts);
	add_services(findings, parts);
	boot_tls_findings(parts, findings);
	add_stuck(findings, parts->progress);
	return findings_answer(findings);
}
