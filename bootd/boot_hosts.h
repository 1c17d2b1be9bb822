/* SPDX-License-Identifier: ISC */
/*
 * The directory of host files, live: watched, read a short quiet time after a change, and taken
 * over between two messages (config/host_files.h has what that means for each file).
 *
 * A new configuration has its own directory, mostly the same one: prepare, then commit or cancel.
 */
#ifndef NB6_BOOTD_BOOT_HOSTS_H
#define NB6_BOOTD_BOOT_HOSTS_H

#include "bootd/config/host_files.h"

struct loop;
struct boot_hosts;
struct config_problems;

/* Hosts have changed: those of before are gone. */
typedef void boot_hosts_changed_fn(void *arg);

/* Nothing is watched yet. NULL: no memory. */
struct boot_hosts *boot_hosts_new(struct loop *loop, host_files_address_fn *address,
	boot_hosts_changed_fn *changed, void *arg);
void boot_hosts_free(struct boot_hosts *hosts); /* NULL is fine */

/*
 * Read all that has changed of the directory that `config` names, and set config->host_files.
 * Returns 0, -EEXIST where a host of bootd.conf clashes with one of a file that is in force
 * (`problems` says which), or -errno. Then commit: `config` is in force; or cancel: it is not.
 */
int boot_hosts_prepare(
	struct boot_hosts *hosts, struct boot_config *config, struct config_problems *problems);
void boot_hosts_commit(struct boot_hosts *hosts, const struct boot_config *config);
void boot_hosts_cancel(struct boot_hosts *hosts);

/* Of the directory in force; NULL where there is none. */
const struct host_files *boot_hosts_files(const struct boot_hosts *hosts);

/* For -t: what is wrong with the files goes to the log. Returns 0, -EINVAL or -ENOMEM. */
int boot_hosts_check(const struct boot_config *config);

#endif
