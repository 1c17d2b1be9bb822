/* SPDX-License-Identifier: ISC */
/*
 * What the operator wants of the relay: relayd.conf(5), or -i and -s. Read
 * whole, checked, and then only looked at; a reload makes a new one.
 */
#ifndef NB6_RELAYD_RELAY_CONF_H
#define NB6_RELAYD_RELAY_CONF_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/config.h"
#include "relayd/link_pattern.h"

enum {
	RELAY_SERVERS_MAX = 8,
	RELAY_INTERFACE_ID_MAX = 64, /* octets, also of a Remote-ID once expanded */
};

enum relay_without_address { RELAY_DROP, RELAY_UNSPECIFIED };

/* Where the source address toward servers comes from. */
enum relay_source { RELAY_SOURCE_AUTO, RELAY_SOURCE_ADDRESS, RELAY_SOURCE_LINK };

struct relay_conf {
	struct link_patterns interfaces; /* client-facing links */
	struct link_patterns trusted;    /* those of them on which other relays may be */
	struct in6_addr server[RELAY_SERVERS_MAX];
	size_t n_servers;
	bool client_mac;               /* option 79 */
	bool interface_id;             /* option 18: the link's name */
	uint32_t remote_id_enterprise; /* option 37, where remote_id is not NULL */
	char *remote_id;               /* "%h:%i": host name, link name, %% */
	enum relay_source source;
	struct in6_addr source_address;
	char source_link[IFNAMSIZ];
	enum relay_without_address without_address;
	char *user;    /* to run as; NULL: as started */
	char *control; /* path of the control socket */
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

/*
 * Expand %h (host name), %i (link name) and %% of a Remote-ID into `out` of
 * RELAY_INTERFACE_ID_MAX octets. Returns the length, or -EINVAL for another
 * '%' or an expansion that is empty or does not fit.
 */
int relay_conf_expand(const char *format, const char *host, const char *link, uint8_t *out);

#endif
