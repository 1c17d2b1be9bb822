/* SPDX-License-Identifier: ISC */
/*
 * The section `host`, in bootd.conf and in the files of hosts-directory. A host is built as soon
 * as libConfuse has read its section, and libConfuse's copy is freed at once: libConfuse compares
 * each title with all before it, which is quadratic for a hundred thousand hosts.
 */
#ifndef NB6_BOOTD_CONFIG_CONF_HOST_H
#define NB6_BOOTD_CONFIG_CONF_HOST_H

#include "bootd/rules/host_table.h"
#include "daemon/config.h"

/*
 * Receives each host, finished; `cfg` is for config_error(). Returns 0, and owns the host from
 * then on; or -errno, and the caller frees it.
 */
typedef int conf_host_add_fn(void *arg, cfg_t *cfg, struct boot_host *host);

/* Hosts that are parsed from now on go to `add` (NULL: they are only checked). `file` is for
 * boot_host.file. */
void conf_host_begin(const char *file, conf_host_add_fn *add, void *arg);
/* Returns 0, or -errno of a failure that is not an error of the text (-ENOMEM). */
int conf_host_end(void);

/* For libConfuse: the validator of the section, and its options. */
int conf_host_section(cfg_t *cfg, cfg_opt_t *opt);
extern cfg_opt_t conf_host_options[];

/* An add function for bootd.conf: into the struct host_table `arg`. */
int conf_host_into_table(void *arg, cfg_t *cfg, struct boot_host *host);

#endif
