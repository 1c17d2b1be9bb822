/* SPDX-License-Identifier: ISC */
/*
 * The steps from the text of bootd.conf to a struct boot_config, for the files of config/ only
 * (others use conf_file.h):
 *
 *	conf_option.c    checks and builds `option "NAME" = value`
 *	conf_syntax.c    which settings and sections there are, and checks of whole sections
 *	conf_expect.c    checks of each value, with what is expected of it
 *	conf_value.c     kinds of values: from text to value, for checking and building alike
 *	conf_host.c      builds each host as soon as it is parsed
 *	conf_section.c   builds subnets, boot rules and groups
 *
 * Every value is checked while it is read, because the line is known then. So building can fail
 * only for lack of memory.
 */
#ifndef NB6_BOOTD_CONFIG_CONF_READ_H
#define NB6_BOOTD_CONFIG_CONF_READ_H

#include "bootd/rules/boot_config.h"
#include "bootd/rules/host_table.h"
#include "bootd/rules/option_set.h"
#include "daemon/config.h"

/* --- options: conf_option.c ------------------------------------------------------------ */

/*
 * DHCPv6 options can be set in any scope:
 *
 *	option "ntp-servers" = {"2001:db8::123"}
 *	option "136" = "https://[2001:db8::1]/"
 *
 * The section, for the tables of each scope, and its check function.
 */
extern const struct config_def conf_option_settings[];
#define CONF_OPTION                                                                                \
	CONFIG_SECTION("option", conf_option_settings, CONFIG_SEVERAL | CONFIG_TITLED)
int conf_option_section(struct config_section *cfg, struct config_setting *setting);

/* Adds all options of a scope to the set. Returns 0 or -ENOMEM; what they are is checked. */
int conf_options_build(struct config_section *cfg, struct option_set *set);

/* --- syntax: conf_syntax.c ------------------------------------------------------------- */

#define CONF_STATE_DIR LOCALSTATEDIR "/lib/netboot6"

/*
 * Where hosts and subnets go as soon as their section ends, and the section is freed: there may be
 * a hundred thousand of them. NULL: hosts are only checked, subnets stay in the tree. A function
 * returns 0, and owns the host from then on; or -errno, and the caller frees it.
 */
typedef int conf_host_add_fn(void *arg, struct config_section *cfg, struct boot_host *host);
typedef int conf_subnet_add_fn(void *arg, struct config_section *section);

struct conf_receiver {
	const char *file; /* for boot_host.file */
	conf_host_add_fn *add_host; /* -EINVAL after config_error(): reading goes on */
	conf_subnet_add_fn *add_subnet;
	void *arg;
};

/* For config_parse_text(); to be freed with config_free(). NULL: no memory. */
struct config_section *conf_syntax_new(struct conf_receiver *receiver);
/* The same for a file of hosts-directory, which has only hosts. */
struct config_section *conf_syntax_of_hosts(struct conf_receiver *receiver);

/* --- values: conf_expect.c and conf_value.c -------------------------------------------- */

enum {
	CONF_NAME_MAX = 255, /* octets of the name of a host */
};

/*
 * Values, each returning 0 or -EINVAL; used for checking and for building alike.
 *
 *	set      "name=value"
 *	supplied an option that relays may supply, by number or name: none that the server makes
 *	preference "0" to "255"; "true" is 255 and "false" 0
 *	addresses "stable", "none", "pool" or "proxy"
 *	ports    "40000-40999", the first not above the last
 *	pool     "2001:db8::1000-2001:db8::1fff", at most POOL_SIZE_MAX addresses
 */
int conf_supplied(const char *text, uint16_t *code);
int conf_preference(const char *text, uint8_t *preference);
int conf_addresses(const char *text, enum subnet_addresses *addresses);
int conf_ports(const char *text, uint16_t *first, uint16_t *last);
int conf_pool(const char *text, struct in6_addr *low, uint32_t *size);
int conf_variable(const char *text, struct host_variable *variable);

/* All of a section's `set`; false: no memory, and the caller frees what is there by then. */
bool conf_variables(struct config_section *cfg, struct host_variable **variable, size_t *n);

/*
 * Values of a section that was checked. The copies are the caller's, also those of a list that was
 * cut short; false: no memory. A text that is not set becomes NULL.
 */
bool conf_copy_text(struct config_section *cfg, const char *option, char **out);
bool conf_copy_list(struct config_section *cfg, const char *option, char ***out, size_t *n);
uint32_t conf_duration_of(struct config_section *cfg, const char *option, uint32_t otherwise_s);

/*
 * Have each value checked while it is read: those of one section, or of all sections if
 * `section` is NULL. `cfg` must have these sections and settings.
 */
void conf_expect(struct config_section *cfg, const char *section);

/* --- hosts: conf_host.c ---------------------------------------------------------------- */

/* The section `host`, in bootd.conf and in the files of hosts-directory, and its check function. */
extern const struct config_def conf_host_options[];
int conf_host_section(struct config_section *cfg, struct config_setting *setting);

/* An add function for bootd.conf: into the struct host_table `arg`. */
int conf_host_into_table(void *arg, struct config_section *cfg, struct boot_host *host);

/* --- sections: conf_section.c ---------------------------------------------------------- */

/*
 * These return false if there is no memory; what they have built by then belongs to the result.
 * Lifetimes that are not set stay 0: the one of the whole file may follow.
 */
bool conf_build_subnet(struct config_section *cfg, struct subnet *subnet);
bool conf_build_rule(struct config_section *cfg, struct boot_rule *rule);
/* All groups of the file, sorted by name. */
bool conf_build_groups(struct config_section *cfg, struct boot_config *config);

#endif
