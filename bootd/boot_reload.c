/* SPDX-License-Identifier: ISC */
/*
 * A reload: the configuration has been read (boot_loader.h), and a table of parts prepares for it.
 * If all could, all commit; if one could not, those before it cancel and the running configuration
 * stays. What a part prepares needs no privilege, because bootd has dropped its privileges by now.
 */
#include "bootd/boot_server.h"

#include <errno.h>
#include <string.h>

#include "bootd/config/conf_file.h"
#include "bootd/config/host_files.h"
#include "bootd/dhcp/dhcp_service.h"
#include "bootd/files/file_root.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/reload.h"
#include "tls/tls_server.h"

/* --- shared with the start ------------------------------------------------------- */

static int complain(int rc, const char *what, const char *which)
{
	log_error("%s%s%s: %s", what, *which ? " " : "", which, strerror(-rc));
	return rc;
}

int boot_server_open_root(const struct boot_config *config, struct file_root **root)
{
	int rc = 0;

	*root = NULL;
	if (config->root)
		rc = file_root_new(config->root, root);
	return rc < 0 ? complain(rc, "root", config->root) : 0;
}

int boot_server_fill_secrets(struct boot_config *config, const struct boot_config *before)
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

/* --- the parts ---------------------------------------------------------------- */

static int prepare_config(void *arg)
{
	struct boot_server *server = arg;
	int rc = boot_server_fill_secrets(server->next_config, server->parts.config);

	if (rc < 0) {
		boot_config_free(server->next_config);
		server->next_config = NULL;
	}
	return rc;
}

static void commit_config(void *arg)
{
	struct boot_server *server = arg;

	boot_config_free(server->parts.config);
	server->parts.config = server->next_config;
	server->next_config = NULL;
}

static void cancel_config(void *arg)
{
	struct boot_server *server = arg;

	boot_config_free(server->next_config);
	server->next_config = NULL;
}

static int prepare_files(void *arg)
{
	struct boot_server *server = arg;

	return boot_server_open_root(server->next_config, &server->next_root);
}

static void commit_files(void *arg)
{
	struct boot_server *server = arg;

	server->files.root = server->next_root;
	file_root_free(server->root);
	server->root = server->next_root;
	server->next_root = NULL;
	server->scripts.config = server->next_config;
	boot_progress_set_hosts(&server->progress, boot_config_hosts(server->next_config));
	server->scripts.values = (struct boot_values){0};
}

static void cancel_files(void *arg)
{
	struct boot_server *server = arg;

	file_root_free(server->next_root);
	server->next_root = NULL;
}

/* Certificates are read again even if their settings are the same: the files may be new. */
static int prepare_tls(void *arg)
{
	struct boot_server *server = arg;
	struct tls_server *tls = server->parts.tls;

	return conf_tls_load(server->next_config, tls ? tls_server_credentials(tls) : NULL,
		&server->next_credentials, server->problems);
}

/* https sections begin and end with their sockets, at a restart. */
static void commit_tls(void *arg)
{
	struct boot_server *server = arg;

	if (server->parts.tls && server->next_credentials)
		tls_server_set(server->parts.tls, server->next_credentials);
	else
		tls_credentials_free(server->next_credentials);
	server->next_credentials = NULL;
}

static void cancel_tls(void *arg)
{
	struct boot_server *server = arg;

	tls_credentials_free(server->next_credentials);
	server->next_credentials = NULL;
}

static int prepare_leases(void *arg)
{
	struct boot_server *server = arg;

	return boot_leases_open(&server->leases, server->next_config);
}

static void cancel_leases(void *arg)
{
	boot_leases_cancel(&((struct boot_server *)arg)->leases);
}

static int prepare_hosts(void *arg)
{
	struct boot_server *server = arg;

	return host_directory_prepare(server->parts.hosts, server->next_config, server->problems);
}

static void commit_hosts(void *arg)
{
	struct boot_server *server = arg;

	host_directory_commit(server->parts.hosts, server->next_config);
}

static void cancel_hosts(void *arg)
{
	host_directory_cancel(((struct boot_server *)arg)->parts.hosts);
}

static int prepare_sockets(void *arg)
{
	struct boot_server *server = arg;

	return boot_sockets_prepare(&server->sockets, server->next_config);
}

static void commit_sockets(void *arg)
{
	struct boot_server *server = arg;

	boot_sockets_commit(&server->sockets, server->next_config);
}

static void cancel_sockets(void *arg)
{
	boot_sockets_cancel(&((struct boot_server *)arg)->sockets);
}

static int prepare_dhcp(void *arg)
{
	struct boot_server *server = arg;

	return exchange_prepare_config(&server->exchange, server->next_config);
}

static void commit_dhcp(void *arg)
{
	struct boot_server *server = arg;

	exchange_commit_config(&server->exchange, server->next_config);
	dhcp_service_set_config(server->parts.dhcp, server->next_config);
}

static void cancel_dhcp(void *arg)
{
	exchange_cancel_config(&((struct boot_server *)arg)->exchange);
}

/* The old configuration is freed last, because the other parts use it while they commit. */
static const struct reload_part reload_parts[] = {
	{prepare_config, NULL, cancel_config},
	{prepare_files, commit_files, cancel_files},
	{prepare_tls, commit_tls, cancel_tls},
	{prepare_leases, NULL, cancel_leases},
	{prepare_hosts, commit_hosts, cancel_hosts},
	{prepare_sockets, commit_sockets, cancel_sockets},
	{prepare_dhcp, commit_dhcp, cancel_dhcp},
	{NULL, commit_config, NULL},
};

int boot_server_apply(struct boot_server *server, struct boot_config *config, int rc,
	struct config_problems *problems)
{
	server->next_config = config;
	server->problems = problems;
	if (rc == 0)
		rc = reload_run(
			reload_parts, sizeof(reload_parts) / sizeof(reload_parts[0]), server);
	server->problems = NULL;
	config_log_problems(problems);
	server->parts.last_reload_failed = rc < 0;
	if (rc < 0) {
		server->parts.failed_reloads++;
		/* Problems are in the log, and more exact than an error number. */
		log_with(LOG_LEVEL_ERROR, &(struct log_fields){.event = LOG_EVENT_RELOAD_FAILED},
			"%s: reload failed, keeping the running configuration%s%s",
			server->config_path, problems->errors > 0 ? "" : ": ",
			problems->errors > 0 ? "" : strerror(-rc));
		return rc;
	}
	server->parts.reloads++;
	daemon_apply_settings(&server->parts.config->settings);
	log_with(LOG_LEVEL_NOTICE, &(struct log_fields){.event = LOG_EVENT_RELOADED},
		"%s: reloaded", server->config_path);
	return 0;
}
