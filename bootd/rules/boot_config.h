/* SPDX-License-Identifier: ISC */
/*
 * The configuration as it is used: built whole from bootd.conf (conf_file.h),
 * checked (conf_check.h), then swapped in. Nothing in it changes afterwards but host_files,
 * between two messages.
 *
 * Every string is owned by the config; `line` is where in the file a section
 * stands, for what has to be said about it later.
 */
#ifndef NB6_BOOTD_RULES_BOOT_CONFIG_H
#define NB6_BOOTD_RULES_BOOT_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bootd/client/prefix.h"
#include "bootd/rules/conditions.h"
#include "bootd/rules/host_table.h"
#include "bootd/rules/subnet_index.h"
#include "dhcp6/identity.h"

enum {
	BOOT_KEY_LEN = 16,         /* AES-128 */
	BOOT_LIFETIME_S = 600,     /* of a booting machine's address, at most */
	DEFAULT_LIFETIME_S = 3600, /* of all others' */
	POOL_SIZE_MAX = 1 << 24,   /* addresses */
	BOOT_PARAMS_MAX = 16,      /* of one rule */
	/* UEFI drops an Advertise of more than 1,472 octets: these and the URL have to fit in. */
	DNS_SERVERS_MAX = 8,
	DOMAIN_SEARCH_MAX_WIRE = 256 /* the list in wire form */
};

enum subnet_addresses {
	SUBNET_STABLE, /* computed from the key, the prefix and the machine */
	SUBNET_NONE,   /* none but those of hosts */
	SUBNET_POOL,   /* from a range, kept in the lease store */
	SUBNET_PROXY,  /* another server gives them, we give boot files only: proxy.h */
	SUBNET_ADDRESSES,
};

/* "stable", "none", "pool", "proxy", as they are written in bootd.conf. */
const char *subnet_addresses_name(enum subnet_addresses addresses);

/* How the addresses of a subnet, or of a class in it, are given. */
struct address_plan {
	enum subnet_addresses addresses;
	struct in6_addr pool_low; /* of SUBNET_POOL */
	uint32_t pool_size;
	uint32_t lifetime_s;
};

struct subnet {
	unsigned line;
	struct prefix prefix;
	char text[PREFIX_TEXT];
	struct address_plan plan;    /* for clients that are in none of the classes */
	struct address_class *class; /* the first whose conditions are met */
	size_t classes;
	char *interface; /* it is this link's, whatever addresses that has; or NULL */
};

/* What hosts have in common. */
struct boot_group {
	unsigned line;
	char *name;
	struct host_variable *variable;
	size_t variables;
};

/* Clients of a subnet that get their addresses in another way. */
struct address_class {
	unsigned line;
	char *name;
	struct conditions when;
	struct address_plan plan;
};

struct boot_rule {
	unsigned line;
	char *name;
	struct conditions when;
	char *url;
	char **param;
	size_t params;
	bool is_plain;     /* its URL has no variables: it is the same for all */
	unsigned taken_by; /* a bit for each kind of firmware that can read that URL */
};

struct boot_config {
	char *file; /* for messages */
	char **listen;
	size_t listens;
	char *root;
	bool has_tftp, has_http, has_page, has_metrics;
	struct sockaddr_in6 dhcp, tftp, http, page, metrics; /* where to listen */
	struct in6_addr *dns;
	size_t dns_servers;
	uint8_t domain_search[DOMAIN_SEARCH_MAX_WIRE];
	size_t domain_search_len;
	bool domain_search_cut;       /* too long: conf_check() refuses it */
	bool preference;              /* 255 in Advertises */
	bool registration;            /* clients may register addresses of their own */
	bool rapid_commit;            /* a Solicit that asks for it gets a Reply */
	struct prefix *trusted_relay; /* who may relay; none: all */
	size_t trusted_relays;
	struct prefix *leasequery; /* who may ask for leases; none: nobody */
	size_t leasequeries;
	uint32_t link_rate, client_rate;                /* messages a second; 0: any number */
	uint32_t refresh_s, sol_max_rt_s, inf_max_rt_s; /* 0: not said */
	uint16_t *relay_supplied;                       /* the options that relays may supply */
	size_t relay_supplieds;
	char *control;  /* path of the socket; "" for none */
	char *user;     /* to become once the sockets are open; NULL: stay */
	char *key_file; /* where the key is kept that is not in the config */
	char *duid_file;
	char *hosts_directory; /* of files with hosts; NULL: none */
	char *leases;          /* the file of the lease store, where a subnet has a pool */
	bool has_key, key_is_of_file;
	uint8_t key[BOOT_KEY_LEN];     /* of stable addresses; filled in before use */
	struct dhcp6_duid server_duid; /* len 0: not in the config, filled in before use */

	struct subnet *subnet;
	size_t subnets;
	struct subnet_index index; /* of them */
	struct boot_group *group;  /* sorted by name */
	size_t groups;
	struct host_table hosts;             /* those of bootd.conf */
	const struct host_table *host_files; /* those of the directory, borrowed; NULL: none */
	struct boot_rule *rule;
	size_t rules;
	bool has_variables; /* a URL of theirs */
};

struct boot_config *boot_config_new(void);
void boot_config_free(struct boot_config *config); /* NULL is fine */

/* A host of bootd.conf, or else of the directory. */
const struct boot_host *boot_config_host_at(
	const struct boot_config *config, const struct in6_addr *address);
const struct boot_host *boot_config_host_named(const struct boot_config *config, const char *name);
size_t boot_config_hosts(const struct boot_config *config);
/* The i-th of all of them. */
const struct boot_host *boot_config_host(const struct boot_config *config, size_t i);

const struct boot_group *boot_config_group(const struct boot_config *config, const char *name);
/* The value of the host's variable: its own, or that of the first of its groups that has it. */
const char *boot_config_variable(
	const struct boot_config *config, const struct boot_host *host, const char *name);

/* The subnet with the longest prefix that the address is in, or NULL. */
const struct subnet *boot_config_subnet_of(
	const struct boot_config *config, const struct in6_addr *address);
/* The plans of a subnet: its own, then those of its classes; NULL past the last. */
const struct address_plan *subnet_plan(const struct subnet *subnet, size_t i);
/* Does any subnet have its addresses in this way? */
bool boot_config_has(const struct boot_config *config, enum subnet_addresses addresses);
/* The subnet that names this link, or NULL. */
const struct subnet *boot_config_subnet_on(const struct boot_config *config, const char *link_name);

#endif
