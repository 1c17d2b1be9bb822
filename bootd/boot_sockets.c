/* SPDX-License-Identifier: ISC */
/*
 * What cannot be had is named in full: the address, the port, who has it. After the start
 * privileges are gone, so that a reload leaves most sockets as they are.
 */
#include "bootd/boot_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootd/boot_scripts.h"
#include "bootd/boot_server.h"
#include "bootd/dhcp/proxy.h"
#include "bootd/view/boot_control.h"
#include "bootd/view/boot_metrics.h"
#include "daemon/control.h"
#include "daemon/log.h"
#include "daemon/metrics_server.h"
#include "daemon/port_owner.h"

static const char *endpoint_text(const struct sockaddr_in6 *at, char text[INET6_ADDRSTRLEN + 8])
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &at->sin6_addr, address, sizeof(address));
	snprintf(text, INET6_ADDRSTRLEN + 8, "[%s]:%u", address, ntohs(at->sin6_port));
	return text;
}

static int complain(int rc, const char *what, const struct sockaddr_in6 *at)
{
	char endpoint[INET6_ADDRSTRLEN + 8];

	log_error("%s %s: %s", what, endpoint_text(at, endpoint), strerror(-rc));
	return rc;
}

/* A port that cannot be had is named with who has it. */
static int complain_udp(int rc, const char *what, const struct sockaddr_in6 *at)
{
	char endpoint[INET6_ADDRSTRLEN + 8], owner[128];

	if (rc != -EADDRINUSE)
		return complain(rc, what, at);
	log_error("%s %s: the port is taken by %s: stop it first", what,
		endpoint_text(at, endpoint),
		port_owner_udp(ntohs(at->sin6_port), owner, sizeof(owner)));
	return rc;
}

/* --- start ------------------------------------------------------------------- */

/* Bulk Leasequery, by TCP on the port that DHCPv6 has by UDP. */
static int start_bulk(struct boot_server *server)
{
	static const struct bulk_options options; /* the defaults */
	const struct boot_config *config = server->config;
	int rc;

	if (config->leasequeries == 0)
		return 0;
	rc = bulk_server_new(
		&server->bulk, server->loop, &server->exchange, &config->dhcp, &options);
	return rc < 0 ? complain(rc, "leasequery by TCP", &config->dhcp) : 0;
}

int boot_sockets_open_dhcp(struct boot_server *server)
{
	int rc = dhcp_service_new(&server->dhcp, server->loop, &server->exchange);

	if (rc < 0)
		return complain_udp(rc, "dhcp", &server->config->dhcp);
	rc = start_bulk(server);
	return rc < 0 ? rc : boot_sockets_follow(server, server->config);
}

static int start_tftp(struct boot_server *server)
{
	static const struct tftp_options options; /* the defaults */
	int rc;

	if (!server->config->has_tftp)
		return 0;
	server->tftp = tftp_server_new(server->loop, &server->files, &options);
	rc = server->tftp ? tftp_server_listen(server->tftp, &server->config->tftp) : -ENOMEM;
	return rc < 0 ? complain_udp(rc, "tftp", &server->config->tftp) : 0;
}

static int start_http(struct boot_server *server)
{
	static const struct http_options options; /* the defaults */
	int rc;

	if (!server->config->has_http)
		return 0;
	server->http = http_server_new(server->loop, &server->files, &options);
	rc = server->http ? http_server_listen(server->http, &server->config->http) : -ENOMEM;
	if (rc == 0)
		rc = http_server_handle(server->http, BOOTED_PATH, boot_scripts_booted, server);
	return rc < 0 ? complain(rc, "http", &server->config->http) : 0;
}

int boot_sockets_open_files(struct boot_server *server)
{
	int rc = start_tftp(server);

	return rc == 0 ? start_http(server) : rc;
}

int boot_sockets_open_page(struct boot_server *server)
{
	int rc;

	if (!server->config->has_page)
		return 0;
	rc = boot_page_new(&server->page, server, &server->config->page);
	return rc < 0 ? complain(rc, "page", &server->config->page) : 0;
}

static void start_control(struct boot_server *server)
{
	const char *path = server->config->control;
	int rc;

	if (!*path)
		return;
	rc = control_new(&server->control, server->loop, path, boot_control_commands, server);
	if (rc < 0)
		log_warning(
			"control %s: %s; nobody can ask this bootd how it is", path, strerror(-rc));
}

void boot_sockets_open_views(struct boot_server *server)
{
	const struct boot_config *config = server->config;

	start_control(server);
	if (config->has_metrics)
		metrics_server_new(&server->metrics, server->loop, &config->metrics,
			boot_metrics_fill, server);
}

void boot_sockets_close(struct boot_server *server)
{
	metrics_server_free(server->metrics);
	control_free(server->control);
	boot_page_free(server->page);
	http_server_free(server->http);
	tftp_server_free(server->tftp);
	bulk_server_free(server->bulk);
	boot_port_free(server->boot_port);
	dhcp_service_free(server->dhcp);
}

/* --- reload ------------------------------------------------------------------ */

int boot_sockets_follow(struct boot_server *server, const struct boot_config *config)
{
	struct sockaddr_in6 at = server->exchange.config->dhcp;
	int rc;

	if (!boot_config_has(config, SUBNET_PROXY)) {
		boot_port_free(server->boot_port);
		server->boot_port = NULL;
		return 0;
	}
	boot_port_check_urls(config);
	if (server->boot_port)
		return 0;
	rc = boot_port_new(&server->boot_port, server->loop, &server->exchange);
	at.sin6_port = htons(BOOT_SERVER_PORT);
	return rc < 0 ? complain_udp(rc, "boot server (addresses = proxy)", &at) : 0;
}

static bool same_endpoint(
	bool has_a, const struct sockaddr_in6 *a, bool has_b, const struct sockaddr_in6 *b)
{
	return has_a == has_b && (!has_a || memcmp(a, b, sizeof(*a)) == 0);
}

void boot_sockets_warn_of_restart(const struct boot_config *now, const struct boot_config *then)
{
	if (!same_endpoint(true, &now->dhcp, true, &then->dhcp) ||
		!same_endpoint(now->has_tftp, &now->tftp, then->has_tftp, &then->tftp) ||
		!same_endpoint(now->has_http, &now->http, then->has_http, &then->http) ||
		!same_endpoint(now->has_page, &now->page, then->has_page, &then->page) ||
		!same_endpoint(
			now->has_metrics, &now->metrics, then->has_metrics, &then->metrics) ||
		strcmp(now->control, then->control) != 0 || strcmp(now->leases, then->leases) != 0)
		log_warning("%s: dhcp-listen, tftp, http, page, metrics, control and leases take "
			    "effect at a restart only",
			then->file);
	if (now->leasequeries == 0 && then->leasequeries > 0)
		log_warning(
			"%s: leasequery is answered by UDP; by TCP from a restart on", then->file);
}
