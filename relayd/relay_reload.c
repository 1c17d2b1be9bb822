/* SPDX-License-Identifier: ISC */
/*
 * Applying another configuration to a running relay, all of it or nothing (daemon/reload.h). The
 * parts below are prepared and committed in this order. A few settings need privileges that the
 * relay dropped at start; it keeps them as they are and warns.
 */
#include "relayd/relay.h"

#include <string.h>

#include "daemon/log.h"
#include "daemon/reload.h"

struct relay_reload {
	struct relay *relay;
	struct relay_conf *conf;
};

static int prepare_names(void *arg)
{
	const struct relay_reload *reload = arg;

	return server_names_prepare(&reload->relay->names, reload->conf);
}

static void commit_names(void *arg)
{
	const struct relay_reload *reload = arg;

	server_names_commit(&reload->relay->names);
}

static void cancel_names(void *arg)
{
	const struct relay_reload *reload = arg;

	server_names_cancel(&reload->relay->names);
}

static int prepare_links(void *arg)
{
	const struct relay_reload *reload = arg;

	return client_links_prepare(&reload->relay->links, reload->conf);
}

static void commit_links(void *arg)
{
	const struct relay_reload *reload = arg;

	client_links_commit(&reload->relay->links, reload->conf);
}

static void cancel_links(void *arg)
{
	const struct relay_reload *reload = arg;

	client_links_cancel(&reload->relay->links);
}

/* The list of servers has a fixed size; sockets in VRFs need memory. It is kept if unused. */
static int prepare_paths(void *arg)
{
	const struct relay_reload *reload = arg;

	return relay_reserve_vrfs(reload->relay);
}

/* After the names and links, from which the list of servers is made. */
static void commit_paths(void *arg)
{
	const struct relay_reload *reload = arg;

	server_paths_commit(&reload->relay->paths, reload->conf);
	relay_refresh_servers(reload->relay);
}

/* After the links, whose settings say which of them have routes. */
static void commit_prefixes(void *arg)
{
	const struct relay_reload *reload = arg;

	prefix_delegation_reconfigure(&reload->relay->prefixes, reload->conf);
}

/* Last, because all others refer to the old configuration until they are committed. */
static void commit_conf(void *arg)
{
	const struct relay_reload *reload = arg;

	relay_conf_free(reload->relay->conf);
	reload->relay->conf = reload->conf;
}

static const struct reload_part parts[] = {
	{prepare_names, commit_names, cancel_names},
	{prepare_links, commit_links, cancel_links},
	{prepare_paths, commit_paths, NULL},
	{NULL, commit_prefixes, NULL},
	{NULL, commit_conf, NULL},
};

/* Settings that a running relay keeps. */
static void keep_until_restart(const struct relay *relay, struct relay_conf *conf)
{
	if (conf->client_mac && client_mac_method(relay->mac) == CLIENT_MAC_NONE)
		log_warning("client-mac: cannot be enabled at a reload, because the relay dropped "
			    "the privileges that it needs: restart it");
	if (conf->source_port != relay->conf->source_port)
		log_warning("source-port: still %d, because it cannot change at a reload: restart "
			    "the relay to use %d",
			relay->conf->source_port, conf->source_port);
	conf->source_port = relay->conf->source_port;
	if (conf->fwmark != relay->conf->fwmark)
		log_warning("fwmark: still 0x%x, because it cannot change at a reload: restart the "
			    "relay to use 0x%x",
			relay->conf->fwmark, conf->fwmark);
	conf->fwmark = relay->conf->fwmark;
	if (relay_conf_has_routes(conf) && !relay->prefixes.is_enabled)
		log_warning("routes: cannot be enabled at a reload, because the relay dropped the "
			    "privilege that it needs (CAP_NET_ADMIN): restart it");
	if (relay->prefixes.is_enabled &&
		(conf->route_protocol != relay->conf->route_protocol ||
			strcmp(conf->state, relay->conf->state) != 0))
		log_warning("route-protocol, state: cannot change at a reload: restart the relay");
}

int relay_reload(struct relay *relay, struct relay_conf *conf)
{
	struct relay_reload reload = {.relay = relay, .conf = conf};
	int rc;

	keep_until_restart(relay, conf);
	rc = reload_run(parts, sizeof(parts) / sizeof(parts[0]), &reload);
	if (rc < 0)
		relay_conf_free(conf);
	return rc;
}
