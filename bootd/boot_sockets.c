/* SPDX-License-Identifier: ISC */
/*
 * Opens the sockets in the order of a start, closes them, and compares them with a new
 * configuration. If a socket cannot be opened, the log has the address, the port, and the process
 * that uses it. bootd drops its privileges after the start, so a reload does not open most sockets
 * again.
 */
#include "bootd/boot_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootd/dhcp/bulk_server.h"
#include "bootd/dhcp/dhcp_service.h"
#include "bootd/dhcp/proxy.h"
#include "bootd/http/http_files.h"
#include "bootd/tftp/tftp_server.h"
#include "bootd/view/boot_control.h"
#include "bootd/view/boot_page.h"
#include "bootd/view/boot_view.h"
#include "daemon/control.h"
#include "daemon/log.h"
#include "daemon/port_owner.h"
#include "daemon/udp.h"
#include "http/metrics_server.h"
#include "tls/tls_server.h"

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

	log_error("%s %s: %s%s", what, endpoint_text(at, endpoint), strerror(-rc),
		rc == -EACCES ? "; start as root or with CAP_NET_BIND_SERVICE" : "");
	return rc;
}

/* If another process uses the port, its name is in the log. */
static int complain_udp(int rc, const char *what, const struct sockaddr_in6 *at)
{
	char endpoint[INET6_ADDRSTRLEN + 8], owner[128];

	if (rc != -EADDRINUSE)
		return complain(rc, what, at);
	log_error("%s %s: the port is in use by %s: stop that first", what,
		endpoint_text(at, endpoint), port_owner_udp(at, owner, sizeof(owner)));
	return rc;
}

/* --- addresses that are assigned and removed ------------------------------------------------- */

/*
 * A socket can be bound to an address that this host does not have yet: while duplicate address
 * detection runs, or on a standby router (IPV6_FREEBIND). It serves as soon as the kernel assigns
 * the address, so the log line is all that is left to do.
 */
static void note_listener(
	struct boot_sockets *sockets, const char *service, const struct sockaddr_in6 *at)
{
	struct boot_parts *parts = sockets->parts;
	struct boot_listener *listener = &parts->listener[parts->listeners];
	char endpoint[INET6_ADDRSTRLEN + 8];

	if (parts->listeners == BOOT_LISTENERS_MAX)
		return;
	*listener = (struct boot_listener){service, *at, udp_is_assigned(at)};
	parts->listeners++;
	if (!listener->is_assigned)
		log_notice("%s %s: the address is not assigned to this host, or is being checked "
			   "for duplicates: serving begins when it is usable",
			service, endpoint_text(at, endpoint));
}

void boot_sockets_check_addresses(struct boot_sockets *sockets)
{
	for (size_t i = 0; i < sockets->parts->listeners; i++) {
		struct boot_listener *listener = &sockets->parts->listener[i];
		bool is_assigned = udp_is_assigned(&listener->at);
		char endpoint[INET6_ADDRSTRLEN + 8];

		if (is_assigned == listener->is_assigned)
			continue;
		listener->is_assigned = is_assigned;
		endpoint_text(&listener->at, endpoint);
		if (is_assigned)
			log_notice("%s %s: the address is assigned: serving", listener->service,
				endpoint);
		else
			log_warning("%s %s: the address was removed: not serving until it is "
				    "assigned again",
				listener->service, endpoint);
	}
}

/* --- start ------------------------------------------------------------------- */

/* Bulk Leasequery, by TCP on the port that DHCPv6 has by UDP. */
static int start_bulk(struct boot_sockets *sockets)
{
	static const struct bulk_options options; /* the defaults */
	const struct boot_config *config = sockets->parts->config;
	int rc;

	if (config->leasequeries == 0)
		return 0;
	rc = bulk_server_new(&sockets->parts->bulk, sockets->loop, sockets->parts->exchange,
		&config->dhcp, &options);
	return rc < 0 ? complain(rc, "leasequery by TCP", &config->dhcp) : 0;
}

/* *port stays NULL if no subnet of `config` has addresses = proxy. */
static int open_boot_port(
	struct boot_sockets *sockets, const struct boot_config *config, struct boot_port **port)
{
	struct sockaddr_in6 at = sockets->parts->config->dhcp;
	int rc;

	if (!boot_config_has(config, SUBNET_PROXY))
		return 0;
	rc = boot_port_new(port, sockets->loop, sockets->parts->exchange);
	at.sin6_port = htons(BOOT_SERVER_PORT);
	return rc < 0 ? complain_udp(rc, "boot server (addresses = proxy)", &at) : 0;
}

int boot_sockets_open_dhcp(struct boot_sockets *sockets)
{
	int rc = dhcp_service_new(&sockets->parts->dhcp, sockets->loop, sockets->parts->exchange);

	if (rc < 0)
		return complain_udp(rc, "dhcp", &sockets->parts->config->dhcp);
	note_listener(sockets, "dhcp", &sockets->parts->config->dhcp);
	rc = start_bulk(sockets);
	if (rc < 0)
		return rc;
	if (boot_config_has(sockets->parts->config, SUBNET_PROXY))
		boot_port_check_urls(sockets->parts->config);
	return open_boot_port(sockets, sockets->parts->config, &sockets->boot_port);
}

/* What `tftp-block-size` of the client's subnet allows; 0: no more is known than the default. */
static unsigned block_size_of(void *arg, const struct in6_addr *client)
{
	const struct boot_parts *parts = arg;
	const struct subnet *subnet = boot_config_subnet_of(parts->config, client);

	return subnet ? subnet->tftp_block_size : 0;
}

static int start_tftp(struct boot_sockets *sockets, const struct boot_files *files)
{
	const struct tftp_settings *settings = &sockets->parts->config->tftp_settings;
	const struct tftp_options options = {
		.block_size_max = settings->block_size,
		.window_max = settings->window_size,
		.transfers_max = settings->transfers,
		.transfers_per_client = settings->transfers_per_client,
		.single_port = settings->single_port,
		.windows_paths = settings->windows_paths,
		.block_size_of = block_size_of,
		.block_size_arg = sockets->parts,
		.first_port = settings->first_port,
		.last_port = settings->last_port,
	};
	const struct boot_endpoints *endpoints = &sockets->parts->config->tftp;

	if (endpoints->count == 0)
		return 0;
	sockets->parts->tftp = tftp_server_new(sockets->loop, files, &options);
	for (size_t i = 0; i < endpoints->count; i++) {
		int rc = sockets->parts->tftp
				 ? tftp_server_listen(sockets->parts->tftp, &endpoints->at[i])
				 : -ENOMEM;

		if (rc < 0)
			return complain_udp(rc, "tftp", &endpoints->at[i]);
		note_listener(sockets, "tftp", &endpoints->at[i]);
	}
	return 0;
}

static int listen_http(struct boot_sockets *sockets, const char *service,
	const struct boot_endpoints *endpoints, const struct http_transport *transport)
{
	struct http_server *http = http_files_server(sockets->parts->http);

	for (size_t i = 0; i < endpoints->count; i++) {
		int rc = http_server_listen_secure(http, &endpoints->at[i], transport);

		if (rc < 0)
			return complain(rc, service, &endpoints->at[i]);
		note_listener(sockets, service, &endpoints->at[i]);
	}
	return 0;
}

static int listen_https(struct boot_sockets *sockets)
{
	struct http_transport transport;

	if (!sockets->parts->tls)
		return 0;
	transport = tls_server_transport(sockets->parts->tls);
	return listen_http(sockets, "https", &sockets->parts->config->https, &transport);
}

static bool is_trusted_proxy(void *arg, const struct in6_addr *peer)
{
	const struct boot_config *config = ((const struct boot_parts *)arg)->config;

	return prefix_any_contains(config->trusted_proxy, config->trusted_proxies, peer);
}

/* http and https are one server with the same limits, on different sockets. */
static int start_http(struct boot_sockets *sockets, const struct boot_files *files)
{
	const struct http_settings *settings = &sockets->parts->config->http_settings;
	const struct http_options options = {
		.connections_max = settings->connections,
		.connections_per_client = settings->connections_per_client,
		.least_rate = settings->least_rate,
		.is_proxy = is_trusted_proxy,
		.is_proxy_arg = sockets->parts,
	};
	const struct boot_config *config = sockets->parts->config;
	struct http_files *http;
	int rc;

	if (config->http.count == 0 && config->https.count == 0)
		return 0;
	sockets->parts->http = http = http_files_new(sockets->loop, files, &options);
	if (!http) {
		log_error("http: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	rc = listen_http(sockets, "http", &config->http, NULL);
	return rc == 0 ? listen_https(sockets) : rc;
}

int boot_sockets_open_files(struct boot_sockets *sockets, const struct boot_files *files)
{
	int rc = start_tftp(sockets, files);

	return rc == 0 ? start_http(sockets, files) : rc;
}

int boot_sockets_open_page(struct boot_sockets *sockets)
{
	int rc;

	if (!sockets->parts->config->has_page)
		return 0;
	rc = boot_page_new(
		&sockets->page, sockets->loop, sockets->parts, &sockets->parts->config->page);
	if (rc < 0)
		return complain(rc, "page", &sockets->parts->config->page);
	note_listener(sockets, "page", &sockets->parts->config->page);
	sockets->parts->page_events = boot_page_events(sockets->page);
	return 0;
}

int boot_sockets_open_control(struct boot_sockets *sockets, struct boot_control *control)
{
	const char *path = sockets->parts->config->control;

	return *path ? control_open(&sockets->control, sockets->loop, path, boot_control_commands,
			       control)
		     : 0;
}

void boot_sockets_open_metrics(struct boot_sockets *sockets)
{
	const struct boot_config *config = sockets->parts->config;

	const struct metrics_endpoint at = {.listen = config->metrics,
		.name = (const char *const *)config->metrics_name,
		.names = config->metrics_names};

	if (config->has_metrics && metrics_server_new(&sockets->metrics, sockets->loop, &at,
					   boot_metrics_fill, sockets->parts) == 0)
		note_listener(sockets, "metrics", &config->metrics);
}

void boot_sockets_close(struct boot_sockets *sockets)
{
	metrics_server_free(sockets->metrics);
	control_free(sockets->control);
	boot_page_free(sockets->page);
	http_files_free(sockets->parts->http);
	tftp_server_free(sockets->parts->tftp);
	bulk_server_free(sockets->parts->bulk);
	boot_port_free(sockets->boot_port);
	dhcp_service_free(sockets->parts->dhcp);
}

/* --- reload ------------------------------------------------------------------ */

static bool same_endpoints(const struct boot_endpoints *a, const struct boot_endpoints *b)
{
	return a->count == b->count && memcmp(a->at, b->at, a->count * sizeof(*a->at)) == 0;
}

static bool same_endpoint(
	bool has_a, const struct sockaddr_in6 *a, bool has_b, const struct sockaddr_in6 *b)
{
	return has_a == has_b && (!has_a || memcmp(a, b, sizeof(*a)) == 0);
}

static bool same_file_servers(const struct boot_config *a, const struct boot_config *b)
{
	return same_endpoints(&a->tftp, &b->tftp) && same_endpoints(&a->http, &b->http) &&
	       same_endpoints(&a->https, &b->https) &&
	       memcmp(&a->tftp_settings, &b->tftp_settings, sizeof(a->tftp_settings)) == 0 &&
	       memcmp(&a->http_settings, &b->http_settings, sizeof(a->http_settings)) == 0;
}

static void warn_of_restart(const struct boot_config *now, const struct boot_config *then)
{
	if (!same_endpoint(true, &now->dhcp, true, &then->dhcp) || !same_file_servers(now, then) ||
		!same_endpoint(now->has_page, &now->page, then->has_page, &then->page) ||
		!same_endpoint(
			now->has_metrics, &now->metrics, then->has_metrics, &then->metrics) ||
		strcmp(now->control, then->control) != 0 || strcmp(now->leases, then->leases) != 0)
		log_warning("%s: dhcp-listen, tftp, http, https, page, metrics, control and leases "
			    "take "
			    "effect at a restart only",
			then->file);
	if (now->leasequeries == 0 && then->leasequeries > 0)
		log_warning(
			"%s: leasequery is answered by UDP; by TCP from a restart on", then->file);
}

int boot_sockets_prepare(struct boot_sockets *sockets, const struct boot_config *config)
{
	return sockets->boot_port ? 0 : open_boot_port(sockets, config, &sockets->next_boot_port);
}

void boot_sockets_commit(struct boot_sockets *sockets, const struct boot_config *config)
{
	if (boot_config_has(config, SUBNET_PROXY)) {
		boot_port_check_urls(config);
	} else {
		boot_port_free(sockets->boot_port);
		sockets->boot_port = NULL;
	}
	if (sockets->next_boot_port)
		sockets->boot_port = sockets->next_boot_port;
	sockets->next_boot_port = NULL;
	warn_of_restart(sockets->parts->config, config);
}

void boot_sockets_cancel(struct boot_sockets *sockets)
{
	boot_port_free(sockets->next_boot_port);
	sockets->next_boot_port = NULL;
}
