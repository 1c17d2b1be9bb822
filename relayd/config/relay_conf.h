/* SPDX-License-Identifier: ISC */
/*
 * The configuration of the relay: netboot6-relayd.conf(5), or the options -i and -s. It is read
 * and checked as a whole (relay_conf_read.h) and does not change afterwards; a reload makes another
 * one.
 */
#ifndef NB6_RELAYD_CONFIG_RELAY_CONF_H
#define NB6_RELAYD_CONFIG_RELAY_CONF_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/settings.h"
#include "dhcp6/identity.h"
#include "dhcp6/prefix.h"
#include "netlink/link_pattern.h"

enum {
	RELAY_SERVERS_MAX = 32, /* fits the bits of an unsigned */
	RELAY_METRICS_PORT = 9547,
	RELAY_ROUTE_PROTOCOL = 147, /* in no list of iproute2, BIRD and FRR */
	RELAY_PREFIXES_PER_CLIENT = 8, /* RFC 8987 section 4.1, G-7 */
	RELAY_PREFIXES_PER_LINK = 1000,
	RELAY_PREFIXES_MAX = 1000000, /* that the limits may be set to */
};

enum relay_server_kind {
	RELAY_SERVER_ADDRESS,
	RELAY_SERVER_NAME,      /* a DNS name, with all the addresses that DNS has for it */
	RELAY_SERVER_MULTICAST, /* a group that servers have joined, on each of some uplinks */
};

/* A section `server`. */
struct relay_server {
	enum relay_server_kind kind;
	char *title;                 /* the address or name, as it was written */
	struct in6_addr address;     /* not for names */
	struct link_patterns links;  /* `interface`: the uplinks of multicast; for other servers
					links by which replies may come in, too */
	char vrf[IFNAMSIZ];          /* the VRF in which it is reached; "": none */
	struct prefix *answers_from; /* prefixes that replies come from, besides its address */
	size_t n_answers_from;
};

/*
 * Messages from a link without an address for the link-address field. To relay them is no default,
 * although the Interface-Id tells the link: Kea takes link-address :: for a client on its own link
 * and chooses the subnet by the relay's address, whatever the Interface-Id says.
 */
enum relay_without_address { RELAY_DROP, RELAY_UNSPECIFIED };

/* Which servers get a message. */
enum relay_forward {
	RELAY_FORWARD_ALL,
	RELAY_FORWARD_FIRST, /* the first one that answers */
	RELAY_FORWARD_HASH,  /* one of those that answer, the same for each client */
};

/* Where the source address toward servers comes from. */
enum relay_source_kind { RELAY_SOURCE_AUTO, RELAY_SOURCE_ADDRESS, RELAY_SOURCE_LINK };

struct relay_source {
	enum relay_source_kind kind;
	struct in6_addr address;
	char link[IFNAMSIZ];
};

bool relay_source_equal(const struct relay_source *a, const struct relay_source *b);

/*
 * Settings of client-facing links: a section `link`, with the global settings for all that it
 * leaves out. The first rule that matches a link counts; the last one has the global settings and
 * matches every link.
 */
struct relay_link_rule {
	struct link_patterns pattern;  /* one; the last rule has none */
	bool is_off;                   /* relay = false */
	struct in6_addr while_address; /* relay only while the link has it; :: means always */
	struct in6_addr link_address;  /* an address, or a suffix; :: means the link's best one */
	unsigned servers;              /* bits by index in relay_conf.server */
	struct relay_source source;
	char *interface_id;            /* option 18, a template (id_template.h); NULL: none */
	uint32_t remote_id_enterprise; /* option 37, with remote_id */
	char *remote_id;               /* a template, "%h:%i"; NULL: none */
	char *subscriber_id;           /* option 38, a template; NULL: none */
	bool routes;                   /* install routes to the prefixes delegated on the link */
	uint32_t prefixes_per_client, prefixes_per_link; /* at a time, RFC 8987 section 4.1 */
};

struct relay_conf {
	struct link_patterns interfaces; /* client-facing links */
	struct link_patterns trusted;    /* links that may have other relays on them */
	struct prefix *relays;           /* addresses of other relays, on links without clients */
	size_t n_relays;
	struct relay_server server[RELAY_SERVERS_MAX];
	size_t n_servers;
	struct relay_link_rule *rule;
	size_t n_rules; /* 1 or more */
	enum relay_forward forward;
	bool rsoo;                       /* relays below may supply options (option 66) */
	bool client_mac;                 /* option 79 */
	struct dhcp6_duid relay_id;      /* option 53; len 0: none */
	uint32_t link_rate, client_rate; /* messages a second, 0: no limit */
	uint16_t source_port;            /* toward servers: 547, or another one (RFC 8357) */
	uint32_t fwmark;                 /* of messages to servers, for ip rules; 0: none */
	enum relay_without_address without_address;
	struct prefix *pools;  /* that servers delegate prefixes from; each gets an unreachable route */
	size_t n_pools;        /* 0: any prefix is accepted */
	uint8_t route_protocol; /* of all routes that the relay installs */
	char *state;           /* path of the file that delegated prefixes are kept in */
	struct daemon_settings settings;
	char *user;    /* to run as; NULL: the user who started it */
	char *control; /* path of the control socket */
	bool has_metrics;
	struct sockaddr_in6 metrics; /* where HTTP serves them */
	char **metrics_name;         /* host names that they are served for, besides ours */
	size_t metrics_names;
	bool has_link_series; /* metrics have series of each link */
};

void relay_conf_free(struct relay_conf *conf); /* NULL is fine */

/* True if a server is in a VRF. */
bool relay_conf_has_vrf(const struct relay_conf *conf);

/* True if routes are installed for the clients of some link. */
bool relay_conf_has_routes(const struct relay_conf *conf);

/* True if link-address is a suffix such as ::f, which the prefix of the link is put before. */
bool relay_link_rule_has_suffix(const struct relay_link_rule *rule);

/*
 * The settings of a client-facing link of this name. If `link` is not NULL, the link is present and
 * its alternative names count, too.
 */
const struct relay_link_rule *relay_conf_rule(
	const struct relay_conf *conf, const char *name, const struct link *link);
/* The global settings, for a datagram that belongs to no client-facing link. */
const struct relay_link_rule *relay_conf_global(const struct relay_conf *conf);

/* The words that a setting accepts, in the order of its enum, ended by NULL. */
extern const char *const relay_forward_words[];
extern const char *const relay_without_address_words[];

/* The index of `word` in `words`, -1: it is not one of them. */
int relay_conf_word(const char *word, const char *const words[]);

#endif
