/* SPDX-License-Identifier: ISC */
/*
 * The directory of host files, live: watched, read a short quiet time after a change, and taken
 * over between two messages (config/host_files.h has what that means for each file).
 *
 * A new configuration has its own directory, mostly the same one: prepare, then commit or cancel.
 */
#ifndef NB6_BOOTD_CONFIG_HOST_DIRECTORY_H
#define NB6_BOOTD_CONFIG_HOST_DIRECTORY_H

#include "bootd/config/host_files.h"

struct loop;
struct host_directory;
struct config_problems;

/* Hosts have changed: those of before are gone. */
typedef void host_directory_changed_fn(void *arg);

/* Nothing is watched yet. NULL: no memory. */
struct host_directory *host_directory_new(struct loop *loop, host_files_address_fn *address,
	host_directory_changed_fn *changed, void *arg);
void host_directory_free(struct host_directory *hosts); /* NULL is fine */

/*
 * Read all that has changed of the directory that `config` names, and set config->host_files.
 * Returns 0, -EEXIST where a host of bootd.conf clashes with one of a file that is in force
 * (`problems` says which), or -errno. Then commit: `config` is in force; or cancel: it is not.
 */
int host_directory_prepare(
	struct host_directory *hosts, struct boot_config *config, struct config_problems *problems);
void host_directory_commit(struct host_directory *hosts, const struct boot_config *config);
void host_directory_cancel(struct host_directory *hosts);

/* Of the directory in force; NULL: none. */
const struct host_files *host_directory_files(const struct host_directory *hosts);

/*
 * For -t: a directory that is missing is a warning in `problems`; what is wrong with the files goes
 * to the log. Returns 0, -EINVAL or -ENOMEM.
 */
int host_directory_check(const struct boot_config *config, struct config_problems *problems);

#endif
