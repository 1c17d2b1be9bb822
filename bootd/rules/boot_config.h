/* SPDX-License-Identifier: ISC */
/*
 * The configuration of bootd. It is built from the whole file (conf_file.h), checked
 * (conf_check.c), and then becomes the running configuration. Afterwards nothing in it changes
 * but host_files, and that only between two messages.
 *
 * The config owns every string. `file` and `line` name the place where a section begins, for
 * messages about it.
 */
#ifndef NB6_BOOTD_RULES_BOOT_CONFIG_H
#define NB6_BOOTD_RULES_BOOT_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bootd/rules/conditions.h"
#include "bootd/rules/host_table.h"
#include "bootd/rules/option_set.h"
#include "bootd/rules/subnet.h"
#include "daemon/settings.h"
#include "dhcp6/identity.h"
#include "dhcp6/prefix.h"
#include "netlink/link_pattern.h"

enum {
	BOOT_KEY_LEN = 16,         /* AES-128 */
	BOOT_LIFETIME_S = 600,     /* the longest lifetime of a booting machine's address */
	DEFAULT_LIFETIME_S = 3600, /* of the addresses of all others */
	POOL_SIZE_MAX = 1 << 24,   /* addresses */
	BOOT_ENDPOINTS_MAX = 16,   /* of one service */
	BOOT_PARAMS_MAX = 16,      /* of one rule */
	/* UEFI drops an Advertise of more than 1,472 octets: these and the URL must fit. */
	DNS_SERVERS_MAX = 8,
	DOMAIN_SEARCH_MAX_WIRE = 256 /* the list in wire form */
};

/* Variables and options that several hosts share. */
struct boot_group {
	const char *file; /* and line: where the section is; never freed */
	unsigned line;
	char *name;
	struct host_variable *variable;
	size_t variables;
	struct option_set options;
};

struct boot_rule {
	const char *file; /* and line: where the section is; never freed */
	unsigned line;
	char *name;
	struct conditions when;
	char *url;
	char **param;
	size_t params;
	bool is_plain;        /* the URL has no variables */
	unsigned readable_by; /* if it is plain: a bit for each kind of firmware that can read the
				 URL */
};

/* Addresses and ports on which a service listens; none: the service is off. */
struct boot_endpoints {
	struct sockaddr_in6 *at;
	struct boot_place {
		const char *file;
		unsigned line;
	} * where; /* the section of each, for messages */
	size_t count;
};

/* Files in PEM; key NULL: it is in the file of the certificate. */
struct boot_certificate {
	const char *file; /* and line: of the section; never freed */
	unsigned line;
	char *certificate, *key;
};

/* Limits of the file servers, each with its default if it is not set. */
struct tftp_settings {
	uint32_t transfers, transfers_per_client, block_size, window_size;
	uint16_t first_port, last_port; /* of the transfers; 0: any */
	bool single_port, windows_paths;
};

/* http and https are one server. */
struct http_settings {
	uint32_t connections, connections_per_client, least_rate;
};

struct boot_config {
	char *file;                  /* for messages */
	struct link_patterns listen; /* links whose clients are served without a relay */
	char *root;
	struct boot_endpoints tftp, http, https; /* of all sections */
	struct boot_certificate *certificate;    /* of https */
	size_t certificates;
	bool has_page, has_metrics;
	struct sockaddr_in6 dhcp, page, metrics; /* where to listen */
	char **page_name; /* names in URLs that the page answers to, besides the host name */
	size_t page_names;
	char **metrics_name; /* the same for metrics */
	size_t metrics_names;
	struct tftp_settings tftp_settings;
	struct http_settings http_settings;
	struct prefix *trusted_proxy; /* whose X-Forwarded-For is believed */
	size_t trusted_proxies;
	struct option_set options;    /* of all clients: dns, domain-search, timers, option */
	uint8_t preference;           /* in Advertises; 0: not sent, which means the same */
	bool registration;            /* clients may register addresses of their own */
	bool rapid_commit;            /* a Solicit that asks for it gets a Reply */
	struct prefix *trusted_relay; /* relays that are accepted; none: all */
	size_t trusted_relays;
	struct prefix *leasequery; /* requestors that may ask; none: nobody */
	size_t leasequeries;
	uint32_t link_rate, client_rate; /* messages a second; 0: any number */
	uint16_t *relay_supplied;        /* the options that relays may supply */
	size_t relay_supplieds;
	char *control; /* path of the socket; "" for none */
	struct daemon_settings settings;
	char *user;     /* run as this user once all sockets are open; NULL: as started */
	char *key_file; /* has the key, if `key` is not set */
	char *duid_file;
	char *hosts_directory; /* its files have more hosts; NULL: none */
	char *leases;          /* the lease store: a file or a PostgreSQL URI */
	bool has_key, key_is_of_file;
	uint8_t key[BOOT_KEY_LEN];     /* of stable addresses; filled in before use */
	struct dhcp6_duid server_duid; /* len 0: not in the config, filled in before use */

	struct subnet *subnet;
	size_t subnets;
	struct subnet_index index;
	struct boot_group *group; /* sorted by name */
	size_t groups;
	struct host_table hosts;             /* those of bootd.conf */
	const struct host_table *host_files; /* those of hosts-directory, borrowed; NULL: none */
	struct boot_rule *rule;
	size_t rules;
	bool has_variables; /* some URL has variables */
};

struct boot_config *boot_config_new(void);
void boot_config_free(struct boot_config *config); /* NULL is fine */

/* The identifier by which a host was found, the most specific first. */
enum host_identifier { HOST_NOT_FOUND, HOST_BY_MAC, HOST_BY_UUID, HOST_BY_DUID, HOST_BY_PORT };

struct host_choice {
	const struct boot_host *host; /* NULL: none */
	enum host_identifier by;
};

/* The host of this client; `subnet` is the client's, or NULL. */
struct host_choice boot_config_choose_host(const struct boot_config *config,
	const struct client_facts *facts, const struct subnet *subnet);

/* "mac", "uuid", "duid", "port"; NULL for HOST_NOT_FOUND. */
const char *host_identifier_name(enum host_identifier by);

/* A host of bootd.conf, or else of the files in hosts-directory; NULL: none. */
const struct boot_host *boot_config_host_at(
	const struct boot_config *config, const struct in6_addr *address);
const struct boot_host *boot_config_host_named(const struct boot_config *config, const char *name);
size_t boot_config_hosts(const struct boot_config *config);
/* The i-th of all of them. */
const struct boot_host *boot_config_host(const struct boot_config *config, size_t i);

const struct boot_group *boot_config_group(const struct boot_config *config, const char *name);
/* The value of a variable of the host: its own, or that of the first of its groups that has it;
 * or NULL. */
const char *boot_config_variable(
	const struct boot_config *config, const struct boot_host *host, const char *name);

/*
 * The options of a client, to be walked: its host's, its groups' in order, its class's, its
 * subnet's, then those of all clients. class and host may be NULL.
 */
void boot_config_options(const struct boot_config *config, const struct subnet *subnet,
	const struct address_class *class, const struct boot_host *host, struct option_walk *walk);

/* The subnet with the longest prefix that contains the address, or NULL. */
const struct subnet *boot_config_subnet_of(
	const struct boot_config *config, const struct in6_addr *address);
/* Does any subnet or class assign addresses in this way? */
bool boot_config_has(const struct boot_config *config, enum subnet_addresses addresses);
/* The subnet with this `interface`, or NULL. */
const struct subnet *boot_config_subnet_on(const struct boot_config *config, const char *link_name);

#endif
