/* SPDX-License-Identifier: ISC */
/*
 * All families of bootd's metrics, in the order of the story of a boot: the daemon, messages,
 * addresses, files, boots. The counters are kept by the parts; nothing is counted here. Each HELP
 * text must be clear without the others, and tests/data/golden/names.txt lists every name.
 */
#include <config.h>

#include <time.h>

#include "bootd/dhcp/bulk_server.h"
#include "bootd/dhcp/dhcp_service.h"
#include "bootd/http/http_files.h"
#include "bootd/tftp/tftp_server.h"
#include "bootd/view/boot_view.h"
#include "daemon/loop.h"
#include "daemon/process_metrics.h"
#include "dhcp6/names.h"

static void counter(struct metrics *m, const char *name, const char *help, uint64_t value)
{
	metrics_family(m, name, METRICS_COUNTER, help);
	metrics_sample(m, (double)value, NULL);
}

static void gauge(struct metrics *m, const char *name, const char *help, double value)
{
	metrics_family(m, name, METRICS_GAUGE, help);
	metrics_sample(m, value, NULL);
}

static void fill_daemon(const struct boot_parts *parts, struct metrics *m)
{
	uint64_t up_ms = loop_now_ms() - parts->started_ms;

	metrics_family(m, "netboot6_boot_info", METRICS_GAUGE, "Version of bootd; always 1.");
	metrics_sample(m, 1, "version", PACKAGE_VERSION, NULL);
	gauge(m, "netboot6_boot_start_time_seconds",
		"Start time of bootd, in seconds of Unix time.",
		(double)(time_t)(time(NULL) - (time_t)(up_ms / 1000)));
	counter(m, "netboot6_boot_reloads_total", "Reloads of the configuration that succeeded.",
		parts->reloads);
	counter(m, "netboot6_boot_failed_reloads_total",
		"Reloads that failed and kept the running configuration.", parts->failed_reloads);
}

/* --- DHCPv6 ------------------------------------------------------------------------- */

static void fill_types(struct metrics *m, const char *name, const char *help,
	const uint64_t counts[EXCHANGE_TYPES])
{
	metrics_family(m, name, METRICS_COUNTER, help);
	for (unsigned type = 0; type < EXCHANGE_TYPES; type++) {
		const char *label = type ? dhcp6_message_name((uint8_t)type) : "other";

		if (label && (counts[type] > 0 || type == DHCP6_SOLICIT || type == DHCP6_REPLY))
			metrics_sample(m, (double)counts[type], "type", label, NULL);
	}
}

static void fill_messages(const struct boot_parts *parts, struct metrics *m)
{
	const struct exchange_counters *counters = &parts->exchange->counters;
	const struct dhcp_counters *service = dhcp_service_counters(parts->dhcp);

	fill_types(m, "netboot6_boot_received_messages_total",
		"DHCPv6 messages received from clients, by type.", counters->received);
	fill_types(m, "netboot6_boot_sent_messages_total",
		"DHCPv6 messages sent to clients, by type.", counters->sent);
	metrics_family(m, "netboot6_boot_dropped_messages_total", METRICS_COUNTER,
		"DHCPv6 messages received and not answered, by reason.");
	for (int drop = EXCHANGE_ANSWERED + 1; drop < EXCHANGE_DROPS; drop++)
		metrics_sample(m, (double)counters->dropped[drop], "reason",
			exchange_drop_name((enum exchange_drop)drop), NULL);
	counter(m, "netboot6_boot_relayed_messages_total",
		"DHCPv6 messages received through relays.", counters->relayed);
	counter(m, "netboot6_boot_datagrams_total", "Datagrams received on the DHCPv6 port.",
		service->datagrams);
	counter(m, "netboot6_boot_send_failures_total",
		"DHCPv6 answers that the kernel refused to send.", service->send_failed);
	counter(m, "netboot6_boot_receive_queue_drops_total",
		"Datagrams dropped by the kernel because the DHCPv6 receive buffer was full.",
		dhcp_service_queue_drops(parts->dhcp));
	metrics_family(m, "netboot6_boot_answer_duration_seconds", METRICS_HISTOGRAM,
		"Time from the reception of a DHCPv6 message to its answer.");
	metrics_histogram(m, &service->answer_s, NULL);
}

/* --- addresses ------------------------------------------------------------------------ */

static void fill_pool(struct metrics *m, const struct address_pools *pools,
	const struct address_plan *plan, const char *subnet, const char *class)
{
	const struct address_pool *pool = address_pools_of_plan(pools, plan);

	if (!pool)
		return;
	metrics_sample(m, address_pool_used(pool), "subnet", subnet, "class", class, "state",
		"used", NULL);
	metrics_sample(m, address_pool_size(pool) - address_pool_used(pool), "subnet", subnet,
		"class", class, "state", "free", NULL);
}

static void fill_pools(const struct boot_parts *parts, struct metrics *m)
{
	const struct address_pools *pools = &parts->exchange->bindings.pools;

	metrics_family(m, "netboot6_boot_pool_addresses", METRICS_GAUGE,
		"Addresses of pools that machines have (used) or can have (free), by subnet and by "
		"class of the subnet.");
	for (size_t i = 0; i < parts->config->subnets; i++) {
		const struct subnet *subnet = &parts->config->subnet[i];

		fill_pool(m, pools, &subnet->plan, subnet->text, "");
		for (size_t k = 0; k < subnet->classes; k++)
			fill_pool(m, pools, &subnet->class[k].plan, subnet->text,
				subnet->class[k].name);
	}
}

static void fill_addresses(const struct boot_parts *parts, struct metrics *m)
{
	const struct lease_journal *journal = &parts->exchange->leases;

	metrics_family(m, "netboot6_boot_bindings", METRICS_GAUGE,
		"Addresses that machines have, by kind.");
	for (unsigned i = 0; i < BINDING_LISTS; i++)
		metrics_sample(m, (double)parts->exchange->bindings.list[i].count, "state",
			binding_list_name(i), NULL);
	counter(m, "netboot6_boot_evicted_bindings_total",
		"Bindings removed because the table was full.", parts->exchange->bindings.evicted);
	counter(m, "netboot6_boot_lease_commits_total", "Commits to the lease store.",
		journal->commits);
	counter(m, "netboot6_boot_failed_lease_commits_total",
		"Commits to the lease store that failed.", journal->failed_commits);
	counter(m, "netboot6_boot_stored_leases_total", "Leases written to the lease store.",
		journal->stored);
	counter(m, "netboot6_boot_refused_leases_total",
		"Leases refused by a shared lease store because another server gave the address.",
		journal->refused);
	gauge(m, "netboot6_boot_lease_store_ready", "1 if the lease store can be written, else 0.",
		journal->store && !journal->store->is_away);
	gauge(m, "netboot6_boot_waiting_requests",
		"DHCPv6 messages that wait for a commit to the lease store.",
		(double)dhcp_service_waiting(parts->dhcp));
	counter(m, "netboot6_boot_no_room_total",
		"DHCPv6 messages not answered because too many waited for the lease store.",
		dhcp_service_counters(parts->dhcp)->no_room);
	metrics_family(m, "netboot6_boot_lease_commit_duration_seconds", METRICS_HISTOGRAM,
		"Duration of a commit to the lease store.");
	metrics_histogram(m, &dhcp_service_counters(parts->dhcp)->commit_s, NULL);
}

/* Only if a client may send Leasequeries. */
static void fill_bulk(const struct boot_parts *parts, struct metrics *m)
{
	const struct bulk_counters *bulk;

	if (!parts->bulk)
		return;
	bulk = bulk_server_counters(parts->bulk);
	gauge(m, "netboot6_boot_bulk_leasequery_connections",
		"Open connections of Bulk Leasequery requestors.", bulk->connections);
	counter(m, "netboot6_boot_bulk_leasequery_refused_connections_total",
		"Bulk Leasequery connections refused by access list or connection limit.",
		bulk->refused);
	counter(m, "netboot6_boot_bulk_leasequeries_total", "Bulk Leasequery queries received.",
		bulk->queries);
	counter(m, "netboot6_boot_bulk_leasequery_clients_total",
		"Clients sent in answers to Bulk Leasequery queries.", bulk->clients);
}

/* --- files ------------------------------------------------------------------------------ */

static void fill_files(const struct boot_parts *parts, struct metrics *m)
{
	struct tftp_stats tftp = {0};
	struct http_files_stats http = {0};

	if (parts->tftp)
		tftp_server_get_stats(parts->tftp, &tftp);
	if (parts->http)
		http_files_get_stats(parts->http, &http);
	metrics_family(m, "netboot6_boot_fetches_total", METRICS_COUNTER,
		"Fetches of boot files that ended, by protocol and result.");
	metrics_sample(m, (double)tftp.done, "protocol", "tftp", "result", "done", NULL);
	metrics_sample(m, (double)tftp.failed, "protocol", "tftp", "result", "failed", NULL);
	metrics_sample(m, (double)http.done, "protocol", "http", "result", "done", NULL);
	metrics_sample(m, (double)http.failed, "protocol", "http", "result", "failed", NULL);
	metrics_family(m, "netboot6_boot_refused_fetches_total", METRICS_COUNTER,
		"Requests for boot files that were refused, by protocol.");
	metrics_sample(m, (double)(tftp.refused + tftp.not_found), "protocol", "tftp", NULL);
	metrics_sample(m, (double)http.server.refused, "protocol", "http", NULL);
	metrics_family(m, "netboot6_boot_sent_bytes_total", METRICS_COUNTER,
		"Octets of boot files sent, by protocol.");
	metrics_sample(m, (double)tftp.bytes, "protocol", "tftp", NULL);
	metrics_sample(m, (double)http.bytes, "protocol", "http", NULL);
	metrics_family(m, "netboot6_boot_active_fetches", METRICS_GAUGE,
		"Running TFTP transfers and open HTTP connections.");
	metrics_sample(m, (double)tftp.active, "protocol", "tftp", NULL);
	metrics_sample(m, (double)http.server.connections, "protocol", "http", NULL);
	counter(m, "netboot6_boot_tftp_retransmitted_packets_total",
		"TFTP packets that were retransmitted.", tftp.retransmitted);
	counter(m, "netboot6_boot_tftp_displaced_transfers_total",
		"TFTP transfers without any acknowledgment, ended to make room for a new request.",
		tftp.displaced);
	counter(m, "netboot6_boot_http_limited_connections_total",
		"HTTP connections refused because their client had connections-per-client open.",
		http.server.limited);
	counter(m, "netboot6_boot_http_timed_out_connections_total",
		"HTTP connections closed because they were idle or too slow, or to make room for a "
		"new one.",
		http.server.idled);
	counter(m, "netboot6_boot_http_full_total",
		"Times that new HTTP connections had to wait because all were open and busy.",
		http.server.waited);
}

/* --- boots ------------------------------------------------------------------------------- */

static void fill_boots(const struct boot_progress *progress, struct metrics *m)
{
	gauge(m, "netboot6_boot_machines", "Machines whose boot is remembered.",
		(double)progress->count);
	counter(m, "netboot6_boot_forgotten_machines_total",
		"Boots forgotten because too many machines were remembered.", progress->forgotten);
	metrics_family(m, "netboot6_boot_reached_stages_total", METRICS_COUNTER,
		"Boots that reached a stage.");
	for (int stage = STAGE_SYSTEM; stage < BOOT_STAGES; stage++)
		metrics_sample(m, (double)progress->reached[stage], "stage",
			boot_stage_name((enum boot_stage)stage), NULL);
	metrics_family(m, "netboot6_boot_stage_duration_seconds", METRICS_HISTOGRAM,
		"Time that a boot took from its previous stage to this one.");
	for (int stage = STAGE_FIRMWARE_ADDRESSED; stage < BOOT_STAGES; stage++)
		metrics_histogram(m, &progress->stage_s[stage], "stage",
			boot_stage_name((enum boot_stage)stage), NULL);
	metrics_family(m, "netboot6_boot_duration_seconds", METRICS_HISTOGRAM,
		"Time from a boot's first message to the call home of the installed system.");
	metrics_histogram(m, &progress->boot_s, NULL);
}

void boot_metrics_fill(void *arg, struct metrics *m)
{
	const struct boot_parts *parts = arg;

	fill_daemon(parts, m);
	fill_messages(parts, m);
	fill_addresses(parts, m);
	fill_pools(parts, m);
	fill_bulk(parts, m);
	fill_files(parts, m);
	boot_tls_metrics(parts, m);
	fill_boots(parts->progress, m);
	process_metrics_fill(m, "netboot6_boot");
}
