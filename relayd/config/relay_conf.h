/* SPDX-License-Identifier: ISC */
/*
 * What the operator wants of the relay: netboot6-relayd.conf(5), or -i and -s. Read
 * whole, checked, and then only looked at; a reload makes a new one.
 */
#ifndef NB6_RELAYD_CONFIG_RELAY_CONF_H
#define NB6_RELAYD_CONFIG_RELAY_CONF_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/config.h"
#include "dhcp6/identity.h"
#include "relayd/config/link_pattern.h"

enum {
	RELAY_SERVERS_MAX = 8,
	RELAY_METRICS_PORT = 9547,
	RELAY_ID_MAX = 64, /* octets of an Interface-Id, Remote-ID or Subscriber-ID */
};

enum relay_server_kind {
	RELAY_SERVER_ADDRESS,
	RELAY_SERVER_NAME,      /* its addresses are those that DNS has */
	RELAY_SERVER_MULTICAST, /* by multicast on each of its links */
};

/* To whom messages are relayed: a section `server`. */
struct relay_server {
	enum relay_server_kind kind;
	char *title;                /* the address or name, as it was written */
	struct in6_addr address;    /* of all but names */
	struct link_patterns links; /* `interface`: where to, of multicast; else whence, too */
	char vrf[IFNAMSIZ];         /* it is reached in this VRF; "": in none */
};

enum relay_without_address { RELAY_DROP, RELAY_UNSPECIFIED };

/* Which servers get a message. */
enum relay_forward {
	RELAY_FORWARD_ALL,
	RELAY_FORWARD_FIRST, /* the first one that answers */
	RELAY_FORWARD_HASH,  /* one of those that answer, the same for each client */
};

/* What holds for some of the client-facing links: the first rule that takes a name counts. */
struct relay_link_rule {
	struct link_patterns pattern;  /* one */
	struct in6_addr while_address; /* relay only while the link has it; ::: always */
};

/* Where the source address toward servers comes from. */
enum relay_source { RELAY_SOURCE_AUTO, RELAY_SOURCE_ADDRESS, RELAY_SOURCE_LINK };

struct relay_conf {
	struct link_patterns interfaces; /* client-facing links */
	struct link_patterns trusted;    /* those of them on which other relays may be */
	struct relay_server server[RELAY_SERVERS_MAX];
	size_t n_servers;
	struct relay_link_rule *rule;
	size_t n_rules;
	enum relay_forward forward;
	bool rsoo;                       /* relays below may supply options (option 66) */
	bool client_mac;                 /* option 79 */
	char *interface_id;              /* option 18: "%i" for the link's name; NULL: none */
	uint32_t remote_id_enterprise;   /* option 37, with remote_id */
	char *remote_id;                 /* "%h:%i"; NULL: none */
	char *subscriber_id;             /* option 38; NULL: none */
	struct dhcp6_duid relay_id;      /* option 53; len 0: none */
	uint32_t link_rate, client_rate; /* messages a second, 0: no limit */
	uint16_t source_port;            /* toward servers, 547 or as RFC 8357 has it */
	enum relay_source source;
	struct in6_addr source_address;
	char source_link[IFNAMSIZ];
	enum relay_without_address without_address;
	char *user;    /* to run as; NULL: as started */
	char *control; /* path of the control socket */
	bool has_metrics;
	struct sockaddr_in6 metrics; /* where HTTP gives them */
};

/*
 * Read `path`. Returns 0 and *conf, or -errno with `problems` saying what is
 * wrong where. Free with relay_conf_free.
 */
int relay_conf_read(const char *path, struct relay_conf **conf, struct config_problems *problems);
/* The same for text: what -i and -s come to, and what tests and fuzzers give. */
int relay_conf_read_text(const char *name, const char *text, struct relay_conf **conf,
	struct config_problems *problems);
void relay_conf_free(struct relay_conf *conf);

/* True where some server is in a VRF. */
bool relay_conf_has_vrf(const struct relay_conf *conf);

/* The rule for a link of this name, or NULL. */
const struct relay_link_rule *relay_conf_rule(const struct relay_conf *conf, const char *name);

/*
 * Expand %h (host name), %i (link name) and %% of one of these texts into `out` of
 * RELAY_ID_MAX octets. Returns the length, or -EINVAL for another
 * '%' or an expansion that is empty or does not fit.
 */
int relay_conf_expand(const char *format, const char *host, const char *link, uint8_t *out);

#endif
