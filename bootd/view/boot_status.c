/* SPDX-License-Identifier: ISC */
/*
 * One function per part of bootd, with the counters of that part. A part that is not running (no
 * lease store, no TFTP) is null and not left out, so that a reader finds every key.
 */
#include "bootd/config/host_files.h"
#include "bootd/dhcp/bulk_server.h"
#include "bootd/dhcp/dhcp_service.h"
#include "bootd/http/http_files.h"
#include "bootd/page/event_stream.h"
#include "bootd/tftp/tftp_server.h"
#include "bootd/view/boot_view.h"
#include "daemon/loop.h"
#include "daemon/udp.h"
#include "dhcp6/names.h"

static json_t *messages_json(const uint64_t counter[EXCHANGE_TYPES])
{
	json_t *all = json_object();

	for (uint8_t type = 0; type < EXCHANGE_TYPES; type++) {
		const char *name = type ? dhcp6_message_name(type) : "other";

		if (counter[type] > 0 && name)
			json_object_set_new(all, name, json_integer((json_int_t)counter[type]));
	}
	return all;
}

static json_t *drops_json(const struct exchange_counters *counters)
{
	json_t *all = json_object();

	for (int drop = EXCHANGE_ANSWERED + 1; drop < EXCHANGE_DROPS; drop++)
		json_object_set_new(all, exchange_drop_name((enum exchange_drop)drop),
			json_integer((json_int_t)counters->dropped[drop]));
	return all;
}

/* null if no client may send a Leasequery. */
static json_t *bulk_json(const struct boot_parts *parts)
{
	const struct bulk_counters *counters;

	if (!parts->bulk)
		return json_null();
	counters = bulk_server_counters(parts->bulk);
	return json_pack("{s:I s:I s:I s:I s:I s:I s:I}", "connections",
		(json_int_t)counters->connections, "accepted", (json_int_t)counters->accepted,
		"refused", (json_int_t)counters->refused, "broken", (json_int_t)counters->broken,
		"timed-out", (json_int_t)counters->timed_out, "queries",
		(json_int_t)counters->queries, "clients", (json_int_t)counters->clients);
}

static json_t *dhcp_json(const struct boot_parts *parts)
{
	const struct exchange_counters *counters = &parts->exchange->counters;
	const struct dhcp_counters *service = dhcp_service_counters(parts->dhcp);

	return json_pack("{s:I s:I s:I s:I s:I s:I s:s s:o s:o s:o s:o}", "datagrams",
		(json_int_t)service->datagrams, "relayed", (json_int_t)counters->relayed,
		"not-served", (json_int_t)service->not_served, "receive-queue-drops",
		(json_int_t)dhcp_service_queue_drops(parts->dhcp), "send-failed",
		(json_int_t)service->send_failed, "no-room", (json_int_t)service->no_room,
		"client-mac-by", client_mac_method_name(dhcp_service_mac_method(parts->dhcp)),
		"received", messages_json(counters->received), "sent",
		messages_json(counters->sent), "dropped", drops_json(counters), "bulk-leasequery",
		bulk_json(parts));
}

static json_t *tftp_json(const struct boot_parts *parts)
{
	struct tftp_stats stats;

	if (!parts->tftp)
		return json_null();
	tftp_server_get_stats(parts->tftp, &stats);
	return json_pack("{s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I}", "active",
		(json_int_t)stats.active, "started", (json_int_t)stats.started, "done",
		(json_int_t)stats.done, "failed", (json_int_t)stats.failed, "refused",
		(json_int_t)stats.refused, "not-found", (json_int_t)stats.not_found, "malformed",
		(json_int_t)stats.malformed, "retransmitted", (json_int_t)stats.retransmitted,
		"displaced", (json_int_t)stats.displaced, "bytes", (json_int_t)stats.bytes);
}

static json_t *http_json(const struct boot_parts *parts)
{
	struct http_files_stats stats;

	if (!parts->http)
		return json_null();
	http_files_get_stats(parts->http, &stats);
	return json_pack("{s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I}", "connections",
		(json_int_t)stats.server.connections, "requests", (json_int_t)stats.server.requests,
		"refused", (json_int_t)stats.server.refused, "limited",
		(json_int_t)stats.server.limited, "idled", (json_int_t)stats.server.idled, "waited",
		(json_int_t)stats.server.waited, "started", (json_int_t)stats.started, "done",
		(json_int_t)stats.done, "failed", (json_int_t)stats.failed, "bytes",
		(json_int_t)stats.bytes);
}

/* How many addresses of the plan's pool machines can have, and how many they have; or null. */
static json_t *pool_json(const struct boot_parts *parts, const struct address_plan *plan)
{
	const struct address_pool *pool =
		address_pools_of_plan(&parts->exchange->bindings.pools, plan);

	return pool ? json_pack("{s:I s:I}", "size", (json_int_t)address_pool_size(pool), "held",
			      (json_int_t)address_pool_used(pool))
		    : json_null();
}

static json_t *store_json(const struct boot_parts *parts, const struct lease_store *store)
{
	const char *error = store->driver->last_error(store);
	struct lease_store_health health;

	store->driver->describe(store, &health);
	return json_pack("{s:s s:s s:f s:f s:f s:I s:s?}", "kind", health.kind, "state",
		health.state, "since",
		boot_view_unix_time(
			health.since_ms ? health.since_ms : parts->started_ms, loop_now_ms()),
		"commit-ms", (double)health.commit_us / 1000, "mean-commit-ms",
		health.commits ? (double)health.commits_us / 1000 / (double)health.commits : 0.0,
		"waiting", (json_int_t)dhcp_service_waiting(parts->dhcp), "last-error",
		*error ? error : NULL);
}

static void add_refused(void *arg, const char *text)
{
	json_array_append_new(arg, json_string(text));
}

static json_t *hosts_directory_json(const struct boot_parts *parts)
{
	const struct host_files *files = host_directory_files(parts->hosts);
	json_t *refused;

	if (!files)
		return json_null();
	refused = json_array();
	host_files_each_refused(files, add_refused, refused);
	return json_pack("{s:s s:I s:I s:o}", "path", host_files_directory(files), "files",
		(json_int_t)host_files_count(files), "hosts",
		(json_int_t)host_files_table(files)->hosts, "refused", refused);
}

static json_t *leases_json(const struct boot_parts *parts)
{
	const struct lease_journal *journal = &parts->exchange->leases;
	json_t *view;

	if (!journal->store)
		return json_null();
	view = json_pack("{s:s s:I s:I s:I s:I s:I}", "store", journal->store->name, "in-force",
		(json_int_t)binding_table_leases(&parts->exchange->bindings), "stored",
		(json_int_t)journal->stored, "refused", (json_int_t)journal->refused, "commits",
		(json_int_t)journal->commits, "failed-commits",
		(json_int_t)journal->failed_commits);
	if (view)
		json_object_update_missing_new(view, store_json(parts, journal->store));
	return view;
}

static const char *addresses_name(const struct address_plan *plan)
{
	return subnet_addresses_name(plan->addresses);
}

static json_t *classes_json(const struct boot_parts *parts, const struct subnet *subnet)
{
	json_t *all = json_array();

	for (size_t i = 0; i < subnet->classes; i++) {
		const struct address_plan *plan = &subnet->class[i].plan;

		json_array_append_new(all,
			json_pack("{s:s s:s s:o s:I}", "class", subnet->class[i].name, "addresses",
				addresses_name(plan), "pool", pool_json(parts, plan), "lifetime",
				(json_int_t)plan->lifetime_s));
	}
	return all;
}

static json_t *subnets_json(const struct boot_parts *parts)
{
	const struct boot_config *config = parts->config;
	json_t *all = json_array();

	for (size_t i = 0; i < config->subnets; i++) {
		const struct subnet *subnet = &config->subnet[i];

		json_array_append_new(
			all, json_pack("{s:s s:s s:o s:I s:s? s:o}", "prefix", subnet->text,
				     "addresses", addresses_name(&subnet->plan), "pool",
				     pool_json(parts, &subnet->plan), "lifetime",
				     (json_int_t)subnet->plan.lifetime_s, "interface",
				     subnet->interface, "classes", classes_json(parts, subnet)));
	}
	return all;
}

static json_t *boots_json(const struct boot_progress *progress)
{
	json_t *all = json_object();

	for (int stage = STAGE_SYSTEM; stage < BOOT_STAGES; stage++)
		json_object_set_new(all, boot_stage_name((enum boot_stage)stage),
			json_integer((json_int_t)progress->reached[stage]));
	return all;
}

/* The readers of the live page, and how many were too slow; null if there is no page. */
static json_t *page_json(const struct boot_parts *parts)
{
	struct event_stream_stats stats;

	if (!parts->page_events)
		return json_null();
	event_stream_get_stats(parts->page_events, &stats);
	return json_pack("{s:I s:I s:I s:I}", "readers", (json_int_t)stats.readers, "events",
		(json_int_t)stats.events, "resyncs", (json_int_t)stats.resyncs, "cut",
		(json_int_t)stats.cut);
}

/* A socket on an address that is not assigned serves nobody yet. */
static json_t *listeners_json(const struct boot_parts *parts)
{
	json_t *all = json_array();

	for (size_t i = 0; i < parts->listeners; i++) {
		const struct boot_listener *listener = &parts->listener[i];

		json_array_append_new(
			all, json_pack("{s:s s:o s:i s:b}", "service", listener->service, "address",
				     boot_view_address(true, &listener->at.sin6_addr), "port",
				     (int)ntohs(listener->at.sin6_port), "assigned",
				     (int)udp_is_assigned(&listener->at)));
	}
	return all;
}

json_t *boot_status_view(const struct boot_parts *parts)
{
	const struct boot_config *config = parts->config;
	uint64_t now_ms = loop_now_ms();
	char duid[DHCP6_DUID_TEXT];

	return json_pack(
		"{s:s s:f s:s s:i s:i s:o s:o s:I s:o s:I s:I s:I s:I s:o s:o s:o s:o s:o s:o}",
		"daemon", "netboot6-bootd", "started",
		boot_view_unix_time(parts->started_ms, now_ms), "config", parts->config_path,
		"reloads", (int)parts->reloads, "failed-reloads", (int)parts->failed_reloads,
		"listeners", listeners_json(parts), "subnets", subnets_json(parts), "hosts",
		(json_int_t)boot_config_hosts(config), "hosts-directory",
		hosts_directory_json(parts), "rules", (json_int_t)config->rules, "bindings",
		(json_int_t)binding_table_count(&parts->exchange->bindings), "bindings-evicted",
		(json_int_t)parts->exchange->bindings.evicted, "machines",
		(json_int_t)parts->progress->count, "server-duid",
		json_string(dhcp6_duid_format(&config->server_duid, duid)), "leases",
		leases_json(parts), "dhcp", dhcp_json(parts), "files",
		json_pack("{s:o s:o}", "tftp", tftp_json(parts), "http", http_json(parts)), "page",
		page_json(parts), "boots", boots_json(parts->progress));
}

static json_int_t sum_of(const uint64_t *counter, size_t n)
{
	json_int_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (json_int_t)counter[i];
	return sum;
}

json_t *boot_status_counters(const struct boot_parts *parts)
{
	const struct exchange_counters *counters = &parts->exchange->counters;
	struct tftp_stats tftp = {0};
	struct http_files_stats http = {0};

	if (parts->tftp)
		tftp_server_get_stats(parts->tftp, &tftp);
	if (parts->http)
		http_files_get_stats(parts->http, &http);
	return json_pack("{s:I s:I s:I s:I s:I s:I s:I s:I}", "machines",
		(json_int_t)parts->progress->count, "booted",
		(json_int_t)parts->progress->reached[STAGE_BOOTED], "asked",
		sum_of(counters->received, EXCHANGE_TYPES), "answered",
		sum_of(counters->sent, EXCHANGE_TYPES), "dropped",
		sum_of(counters->dropped + 1, EXCHANGE_DROPS - 1), "fetches",
		(json_int_t)(tftp.done + http.done), "failed-fetches",
		(json_int_t)(tftp.failed + http.failed), "bytes",
		(json_int_t)(tftp.bytes + http.bytes));
}
