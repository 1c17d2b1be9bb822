/* SPDX-License-Identifier: ISC */
/*
 * Start and stop of bootd, and the events between its parts. The parts do not know each other: what
 * one observes (a message, a fetch, a step of a boot) is passed to the others here.
 */
#include "bootd/boot_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/config/conf_file.h"
#include "bootd/config/host_files.h"
#include "bootd/dhcp/dhcp_service.h"
#include "bootd/files/file_root.h"
#include "bootd/progress/boot_log.h"
#include "bootd/view/boot_page.h"
#include "daemon/config_problems.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/thread_pool.h"
#include "tls/tls_server.h"

enum {
	SWEEP_INTERVAL_MS = 10 * 1000,
	/* A sweep looks at some bindings at a time: of 1,000,000, at each one every 10 s. */
	SWEEP_MAX = 10000,
	SWEEP_CONTINUE_MS = 100,
	READERS_MAX = 8, /* threads that wait for the disk of boot files */
};

/* --- events ---------------------------------------------------------------- */

/* After a change of the network card, firmware finds the host by UUID, and its system none by MAC.
 */
static bool is_other_host(const char *before, const struct exchange_event *event)
{
	const struct boot_host *host = event->decision->host;

	return event->decision->machine.is_mac && (!host || strcmp(host->name, before) != 0);
}

static void observe_exchange(void *arg, const struct exchange_event *event)
{
	struct boot_server *server = arg;
	const struct boot_record *record;
	uint16_t code;

	boot_log_exchange(event);
	boot_log_conflicts(event);
	/* The registration of an address is no step of a boot. */
	if (event->facts->type == DHCP6_ADDR_REG_INFORM)
		return;
	record = event->decision->machine.len > 0
			 ? boot_progress_find(&server->progress, &event->decision->machine)
			 : NULL;
	if (record && record->host && event->with_address && is_other_host(record->host, event))
		boot_log_other_host(event, record->host);
	record = boot_progress_exchange(&server->progress, event);
	if (record && record->unverified_macs == 1 && client_mac_is_hint(event->facts->mac_source))
		boot_log_unverified_mac(event);
	if (record && record->unknown_archs == 1 && firmware_unknown_arch(event->facts, &code))
		boot_log_unknown_arch(event, code);
}

static void observe_fetch(void *arg, const struct fetch_event *event)
{
	struct boot_server *server = arg;
	struct machine machine;
	const struct boot_record *record = NULL;
	bool known = boot_scripts_machine_at(&server->scripts, &event->peer, &machine);

	if (known) {
		boot_progress_fetch(&server->progress, &machine, event, loop_now_ms());
		record = boot_progress_find(&server->progress, &machine);
	}
	boot_log_fetch(known ? &machine : NULL, record, event);
}

static void on_host_address(void *arg, const struct in6_addr *address, bool is_owned)
{
	struct boot_server *server = arg;
	struct address_pools *pools = &server->exchange.bindings.pools;

	if (is_owned)
		address_pools_reserve(pools, address);
	else if (address_pools_find(pools, address))
		server->pools_are_stale = true;
}

static void on_hosts_changed(void *arg)
{
	struct boot_server *server = arg;

	server->scripts.values = (struct boot_values){0};
	boot_progress_set_hosts(&server->progress, boot_config_hosts(server->parts.config));
	if (server->pools_are_stale &&
		binding_table_set_pools(&server->exchange.bindings, server->parts.config) == 0)
		server->pools_are_stale = false;
}

static void observe_step(void *arg, const struct boot_record *record, const struct boot_step *step)
{
	struct boot_server *server = arg;

	boot_control_step(server->sockets.control, record, step);
	boot_page_step(server->sockets.page, record, step);
}

static void sweep(void *arg)
{
	struct boot_server *server = arg;

	binding_table_expire_some(&server->exchange.bindings, loop_now_ms(), SWEEP_MAX);
	boot_sockets_check_addresses(&server->sockets);
	loop_timer_arm(server->sweep, binding_table_count(&server->exchange.bindings) <= SWEEP_MAX
					      ? SWEEP_INTERVAL_MS
					      : SWEEP_CONTINUE_MS);
}

/* --- start ------------------------------------------------------------------- */

static int complain(int rc, const char *what, const char *which)
{
	log_error("%s%s%s: %s", what, *which ? " " : "", which, strerror(-rc));
	return rc;
}

static int answer_question(void *scripts, const struct boot_question *question,
	struct boot_answer *now, struct boot_asking *later)
{
	(void)later;
	boot_scripts_answer(scripts, question, now);
	return 0;
}

static int start_files(struct boot_server *server)
{
	int rc = boot_server_open_root(server->parts.config, &server->root);

	server->readers = thread_pool_new(server->loop, READERS_MAX);
	if (!server->readers)
		return complain(-ENOMEM, "memory", "");
	server->scripts = (struct boot_scripts){.config = server->parts.config,
		.bindings = &server->exchange.bindings,
		.progress = &server->progress};
	server->files = (struct boot_files){
		.readers = server->readers,
		.root = server->root,
		.ask = answer_question,
		.ask_arg = &server->scripts,
		.observe = observe_fetch,
		.observe_arg = server,
	};
	return rc < 0 ? rc : boot_sockets_open_files(&server->sockets, &server->files);
}

static int start_dhcp(struct boot_server *server)
{
	int rc = exchange_init(&server->exchange, server->parts.config);

	if (rc == 0)
		rc = boot_progress_init(&server->progress, 0);
	if (rc < 0)
		return complain(rc, "memory", "");
	boot_progress_set_hosts(&server->progress, boot_config_hosts(server->parts.config));
	server->progress.on_step = observe_step;
	server->progress.on_step_arg = server;
	server->exchange.observe = observe_exchange;
	server->exchange.observe_arg = server;
	rc = boot_leases_open(&server->leases, server->parts.config);
	return rc < 0 ? rc : boot_sockets_open_dhcp(&server->sockets);
}

static int start_tls(struct boot_server *server)
{
	struct config_problems problems = {0};
	struct tls_credentials *credentials;
	int rc = conf_tls_load(server->parts.config, NULL, &credentials, &problems);

	config_log_problems(&problems);
	if (rc < 0 || !credentials)
		return rc;
	server->parts.tls = tls_server_new("HTTPS");
	if (!server->parts.tls) {
		tls_credentials_free(credentials);
		return complain(-ENOMEM, "https", "");
	}
	tls_server_set(server->parts.tls, credentials);
	return 0;
}

/* A host file with an error does not prevent the start. */
static int start_hosts(struct boot_server *server)
{
	struct config_problems problems = {0};
	struct host_directory *hosts =
		host_directory_new(server->loop, on_host_address, on_hosts_changed, server);
	int rc;

	server->parts.hosts = hosts;
	rc = hosts ? host_directory_prepare(hosts, server->parts.config, &problems) : -ENOMEM;
	if (rc == 0)
		host_directory_commit(hosts, server->parts.config);
	return rc;
}

static void begin_reading(void *arg)
{
	host_directory_hold(((struct boot_server *)arg)->parts.hosts, true);
}

static int apply_config(
	void *arg, struct boot_config *config, int rc, struct config_problems *problems)
{
	struct boot_server *server = arg;

	rc = boot_server_apply(server, config, rc, problems);
	host_directory_hold(server->parts.hosts, false);
	return rc;
}

void boot_server_reload(struct boot_server *server, boot_loader_done_fn *done, void *arg)
{
	boot_loader_begin(server->loader, done, arg);
}

static void reload_by_control(void *arg, boot_loader_done_fn *done, void *done_arg)
{
	boot_server_reload(arg, done, done_arg);
}

static int start(struct boot_server *server)
{
	int rc = server->config_path && server->sweep && server->loader
			 ? boot_server_fill_secrets(server->parts.config, NULL)
			 : -ENOMEM;

	if (rc == 0)
		rc = start_hosts(server);
	if (rc == 0)
		rc = start_dhcp(server);
	if (rc == 0)
		rc = start_tls(server);
	if (rc == 0)
		rc = start_files(server);
	return rc == 0 ? boot_sockets_open_page(&server->sockets) : rc;
}

int boot_server_init(struct boot_server *server, struct loop *loop, const char *config_path,
	struct boot_config *config)
{
	int rc;

	*server = (struct boot_server){.loop = loop, .config_path = strdup(config_path)};
	server->parts = (struct boot_parts){.config_path = server->config_path,
		.config = config,
		.exchange = &server->exchange,
		.progress = &server->progress,
		.started_ms = loop_now_ms()};
	server->leases = (struct boot_leases){
		.loop = loop, .exchange = &server->exchange, .dhcp = &server->parts.dhcp};
	server->sockets = (struct boot_sockets){.loop = loop, .parts = &server->parts};
	server->control = (struct boot_control){&server->parts, reload_by_control, server};
	server->sweep = loop_timer_new(loop, sweep, server);
	server->loader = boot_loader_new(loop, server->config_path,
		&(struct boot_loader_owner){begin_reading, apply_config, server});
	rc = start(server);
	if (rc == 0)
		rc = boot_sockets_open_control(&server->sockets, &server->control);
	if (rc < 0) {
		boot_server_fini(server);
		return rc;
	}
	boot_sockets_open_metrics(&server->sockets);
	sweep(server);
	return 0;
}

void boot_server_fini(struct boot_server *server)
{
	boot_sockets_close(&server->sockets);
	boot_loader_free(server->loader);
	tls_server_free(server->parts.tls);
	thread_pool_free(server->readers);
	file_root_free(server->root);
	loop_timer_free(server->sweep);
	boot_progress_fini(&server->progress);
	boot_leases_fini(&server->leases);
	exchange_fini(&server->exchange);
	host_directory_free(server->parts.hosts);
	boot_config_free(server->parts.config);
	free(server->config_path);
	*server = (struct boot_server){0};
}
