/* SPDX-License-Identifier: ISC */
/*
 * The section `host`, in bootd.conf and in the files of its directory alike. Each is built and
 * handed on as soon as libConfuse has read it, and what libConfuse has of it is freed: it
 * compares each title with all before, which a hundred thousand hosts do not bear.
 */
#ifndef NB6_BOOTD_CONFIG_CONF_HOST_H
#define NB6_BOOTD_CONFIG_CONF_HOST_H

#include "bootd/rules/host_table.h"
#include "daemon/config.h"

/*
 * Takes over a host, finished; `cfg` is for config_error(). Returns 0 or -errno: then the host is
 * freed by the caller.
 */
typedef int conf_host_take_fn(void *arg, cfg_t *cfg, struct boot_host *host);

/* Where hosts go that are parsed from now on; NULL: nowhere. `file` is for boot_host.file. */
void conf_host_begin(const char *file, conf_host_take_fn *take, void *arg);
/* Returns 0, or what went wrong that is no fault of the text (-ENOMEM). */
int conf_host_end(void);

/* For libConfuse: the validator of the section, and its options. */
int conf_host_section(cfg_t *cfg, cfg_opt_t *opt);
extern cfg_opt_t conf_host_options[];

/* A take function for bootd.conf: into the struct host_table that is `arg`. */
int conf_host_into_table(void *arg, cfg_t *cfg, struct boot_host *host);

#endif
