/* SPDX-License-Identifier: ISC */
/*
 * Hosts in a directory: `host` sections in files NAME.conf. A file is read again only when it
 * has changed.
 *
 *	1. host_files_note()   marks the files that may have changed
 *	2. host_files_read()   reads them in portions; the current hosts stay in use meanwhile
 *	3. host_files_apply()  replaces the hosts of all files that were read, at once
 *
 * A file is applied as a whole or not at all. If it has an error, or one of its hosts conflicts
 * with a host of another file, the hosts of its previous version stay in force until the file is
 * corrected or deleted; at start, when there is no previous version, its hosts are left out. Of
 * two new files that conflict, the first by name is applied; bootd.conf comes before all files.
 */
#ifndef NB6_BOOTD_CONFIG_HOST_FILES_H
#define NB6_BOOTD_CONFIG_HOST_FILES_H

#include "bootd/rules/boot_config.h"

/* --- files and hosts: host_files.c, host_files_apply.c --------------------------------- */

struct host_files;

/* What host_files_apply() did. */
struct host_files_change {
	size_t files, refused, gone;
	size_t hosts_before, hosts; /* of these files */
};

/* Called for each address that now belongs to a host, or no longer does. */
typedef void host_files_address_fn(void *arg, const struct in6_addr *address, bool is_owned);

typedef void host_files_problem_fn(void *arg, const char *text);

/* For a directory that need not exist yet; nothing is read. NULL: no memory. */
struct host_files *host_files_new(const char *directory);
void host_files_free(struct host_files *files); /* NULL is fine */

const char *host_files_directory(const struct host_files *files);
/* The hosts in force; the pointer stays the same. */
const struct host_table *host_files_table(const struct host_files *files);

/*
 * `name`: a file of the directory; NULL: check all of them. Returns 0, -ENOMEM, or the -errno of a
 * directory that exists and cannot be read: then none of its files counts as deleted.
 */
int host_files_note(struct host_files *files, const char *name);

/* Read at most `max` of the marked files. True: there are more. */
bool host_files_read(struct host_files *files, size_t max);

/* Apply all files that were read. `config` is the running configuration, with whose hosts,
 * subnets and groups the files must agree. `notify` may be NULL. */
void host_files_apply(struct host_files *files, const struct boot_config *config,
	struct host_files_change *change, host_files_address_fn *notify, void *arg);

/* The first host of bootd.conf that conflicts with a host of a file, or NULL; *other and *what as
 * in host_table_find_conflict(). */
const struct boot_host *host_files_find_conflict(const struct host_files *files,
	const struct boot_config *config, const struct boot_host **other, const char **what);

/* The number of files; and each file that is refused, with the reason: "FILE:LINE: ...". */
size_t host_files_count(const struct host_files *files);
void host_files_each_refused(
	const struct host_files *files, host_files_problem_fn *report, void *arg);

/* --- the directory, live: host_directory.c --------------------------------------------- */

struct loop;
struct host_directory;
struct config_problems;

/*
 * The directory is watched. After a change it is read when no other change has followed for a short
 * time, and applied between two messages. A new configuration has its own directory, mostly the
 * same one: prepare, then commit or cancel.
 */

/* Hosts have changed; pointers to the previous ones are no longer valid. */
typedef void host_directory_changed_fn(void *arg);

/* Nothing is watched yet. NULL: no memory. */
struct host_directory *host_directory_new(struct loop *loop, host_files_address_fn *address,
	host_directory_changed_fn *changed, void *arg);
void host_directory_free(struct host_directory *hosts); /* NULL is fine */

/* While it is held, changed files wait: they are read once it is released. */
void host_directory_hold(struct host_directory *hosts, bool is_held);

/*
 * Read all that has changed of the directory that `config` names, and set config->host_files.
 * Returns 0, -EEXIST if a host of bootd.conf conflicts with one of a file that is in force
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
