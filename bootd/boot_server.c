/* SPDX-License-Identifier: ISC */
/*
 * Start, reload and stop, and the wires between the rooms: what one sees, the others are
 * told here. The sockets are boot_sockets.h's.
 */
#include "bootd/boot_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/boot_hosts.h"
#include "bootd/boot_leases.h"
#include "bootd/boot_scripts.h"
#include "bootd/boot_sockets.h"
#include "bootd/config/conf_file.h"
#include "bootd/config/secret_file.h"
#include "bootd/progress/boot_log.h"
#include "bootd/view/boot_control.h"
#include "daemon/log.h"
#include "daemon/loop.h"

enum {
	SWEEP_EVERY_MS = 10 * 1000,
	/* Of many, some at a time: each is looked at every 10 s still when there are 1,000,000. */
	SWEEP_MOST = 10000,
	SWEEP_GO_ON_MS = 100,
};

/* --- the wires ---------------------------------------------------------------- */

static void observe_exchange(void *arg, const struct exchange_event *event)
{
	struct boot_server *server = arg;
	const struct boot_record *record;
	uint16_t code;

	boot_log_exchange(event);
	/* An address that a system has made itself is no step of a boot. */
	if (event->facts->type == DHCP6_ADDR_REG_INFORM)
		return;
	record = boot_progress_exchange(&server->progress, event);
	if (record && record->mac_hints == 1 && client_mac_is_hint(event->facts->mac_source))
		boot_log_mac_hint(event);
	if (record && record->unknown_archs == 1 && firmware_unknown_arch(event->facts, &code))
		boot_log_unknown_arch(event, code);
}

static void observe_fetch(void *arg, const struct fetch_event *event)
{
	struct boot_server *server = arg;
	struct machine machine;
	bool known = boot_server_machine_at(server, &event->peer, &machine);

	boot_log_fetch(known ? &machine : NULL, event);
	if (known)
		boot_progress_fetch(&server->progress, &machine, event, loop_now_ms());
}

static void take_host_address(void *arg, const struct in6_addr *address, bool is_owned)
{
	struct boot_server *server = arg;
	struct address_pools *pools = &server->exchange.bindings.pools;

	if (is_owned)
		address_pools_reserve(pools, address);
	else if (address_pools_find(pools, address))
		server->pools_are_stale = true;
}

static void take_hosts(void *arg)
{
	struct boot_server *server = arg;

	server->script_values = (struct boot_values){0};
	if (server->pools_are_stale &&
		binding_table_set_pools(&server->exchange.bindings, server->config) == 0)
		server->pools_are_stale = false;
}

static void observe_step(void *arg, const struct boot_record *record, const struct boot_step *step)
{
	struct boot_server *server = arg;

	boot_control_step(server, record, step);
	boot_page_step(server->page, record, step);
}

static void sweep(void *arg)
{
	struct boot_server *server = arg;

	binding_table_expire_some(&server->exchange.bindings, loop_now_ms(), SWEEP_MOST);
	loop_timer_arm(server->sweep, binding_table_count(&server->exchange.bindings) <= SWEEP_MOST
					      ? SWEEP_EVERY_MS
					      : SWEEP_GO_ON_MS);
}

bool boot_server_machine_at(
	const struct boot_server *server, const struct in6_addr *address, struct machine *machine)
{
	const struct binding *binding =
		binding_table_find_address(&server->exchange.bindings, address);
	uint8_t mac[DHCP6_MAC_LEN];

	if (binding)
		*machine = binding_machine(binding);
	else if (dhcp6_mac_of_eui64(address, mac))
		*machine = machine_of_mac(mac);
	else
		return false;
	return true;
}

/* --- start ------------------------------------------------------------------- */

static int complain(int rc, const char *what, const char *which)
{
	log_error("%s%s%s: %s", what, *which ? " " : "", which, strerror(-rc));
	return rc;
}

static int open_root(const struct boot_config *config, struct file_root **root)
{
	int rc = 0;

	*root = NULL;
	if (config->root)
		rc = file_root_new(config->root, root);
	return rc < 0 ? complain(rc, "root", config->root) : 0;
}

static int start_files(struct boot_server *server)
{
	int rc = open_root(server->config, &server->root);

	server->files = (struct boot_files){
		.root = server->root,
		.describe = boot_scripts_describe,
		.describe_arg = server,
		.observe = observe_fetch,
		.observe_arg = server,
	};
	return rc == 0 ? boot_sockets_open_files(server) : rc;
}

static int start_dhcp(struct boot_server *server)
{
	int rc = exchange_init(&server->exchange, server->config);

	if (rc == 0)
		rc = boot_progress_init(&server->progress, 0);
	if (rc < 0)
		return complain(rc, "memory", "");
	server->progress.told = observe_step;
	server->progress.told_arg = server;
	server->exchange.observe = observe_exchange;
	server->exchange.observe_arg = server;
	rc = boot_leases_open(server, server->config);
	return rc < 0 ? rc : boot_sockets_open_dhcp(server);
}

/* `before`: the configuration in force, whose files may no longer be readable for us; or NULL. */
static int fill_secrets(struct boot_config *config, const struct boot_config *before)
{
	const char *file;
	int rc;

	if (before && before->key_is_of_file && !config->has_key &&
		strcmp(before->key_file, config->key_file) == 0) {
		memcpy(config->key, before->key, sizeof(config->key));
		config->has_key = config->key_is_of_file = true;
	}
	if (before && config->server_duid.len == 0)
		config->server_duid = before->server_duid;
	rc = secret_files_fill(config, &file);
	return rc < 0 ? complain(rc, "secret file", file) : 0;
}

/* A host file that is wrong keeps nothing else from starting. */
static int start_hosts(struct boot_server *server)
{
	struct config_problems problems = {0};
	int rc = -ENOMEM;

	server->hosts = boot_hosts_new(server->loop, take_host_address, take_hosts, server);
	if (server->hosts)
		rc = boot_hosts_prepare(server->hosts, server->config, &problems);
	if (rc == 0)
		boot_hosts_commit(server->hosts, server->config);
	return rc;
}

int boot_server_init(struct boot_server *server, struct loop *loop, const char *config_path,
	struct boot_config *config)
{
	int rc;

	*server = (struct boot_server){.loop = loop, .config = config, .started_ms = loop_now_ms()};
	server->config_path = strdup(config_path);
	server->sweep = loop_timer_new(loop, sweep, server);
	rc = server->config_path && server->sweep ? fill_secrets(config, NULL) : -ENOMEM;
	if (rc == 0)
		rc = start_hosts(server);
	if (rc == 0)
		rc = start_dhcp(server);
	if (rc == 0)
		rc = start_files(server);
	if (rc == 0)
		rc = boot_sockets_open_page(server);
	if (rc < 0) {
		boot_server_fini(server);
		return rc;
	}
	boot_sockets_open_views(server);
	sweep(server);
	return 0;
}

void boot_server_fini(struct boot_server *server)
{
	boot_sockets_close(server);
	file_root_free(server->root);
	loop_timer_free(server->sweep);
	boot_progress_fini(&server->progress);
	exchange_fini(&server->exchange);
	boot_hosts_free(server->hosts);
	boot_config_free(server->config);
	free(server->config_path);
	*server = (struct boot_server){0};
}

/* --- reload ------------------------------------------------------------------ */

static void swap_config(
	struct boot_server *server, struct boot_config *config, struct file_root *root)
{
	boot_sockets_warn_of_restart(server->config, config);
	dhcp_service_set_config(server->dhcp, config);
	server->files.root = root;
	file_root_free(server->root);
	boot_config_free(server->config);
	server->root = root;
	server->config = config;
	server->script_values = (struct boot_values){0};
}

int boot_server_reload(struct boot_server *server, struct config_problems *problems)
{
	struct boot_config *config = NULL;
	struct file_root *root = NULL;
	int rc = conf_file_load(server->config_path, &config, problems);

	if (rc == 0)
		rc = fill_secrets(config, server->config);
	if (rc == 0)
		rc = open_root(config, &root);
	if (rc == 0)
		rc = boot_leases_open(server, config);
	if (rc == 0)
		rc = boot_hosts_prepare(server->hosts, config, problems);
	if (rc == 0)
		rc = boot_sockets_follow(server, config);
	if (rc == 0)
		rc = exchange_set_config(&server->exchange, config);
	config_log_problems(problems);
	if (rc < 0) {
		file_root_free(root);
		boot_config_free(config);
		boot_hosts_cancel(server->hosts);
		server->failed_reloads++;
		log_error("%s: not taken over, the configuration in force stays",
			server->config_path);
		return rc;
	}
	boot_hosts_commit(server->hosts, config);
	swap_config(server, config, root);
	server->reloads++;
	server->reloaded_ms = loop_now_ms();
	log_notice("%s: taken over", server->config_path);
	return 0;
}
