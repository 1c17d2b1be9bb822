/* SPDX-License-Identifier: ISC */
/*
 * Hosts in a directory: sections `host` in files NAME.conf, as many as there are, each read
 * again only when it has changed.
 *
 *	1. host_files_note()   what may have changed
 *	2. host_files_read()   in portions, while the hosts in force go on being used
 *	3. host_files_apply()  all that was read, at once
 *
 * A file is taken whole or not at all. One that is wrong, or whose hosts clash with those of
 * another, changes nothing: what it said before stays in force until it is put right or deleted;
 * at the start, where there is no before, its hosts are left out. Of two new files that clash, the
 * first in the order of their names is taken; bootd.conf comes before all of them.
 */
#ifndef NB6_BOOTD_CONFIG_HOST_FILES_H
#define NB6_BOOTD_CONFIG_HOST_FILES_H

#include "bootd/rules/boot_config.h"

struct host_files;

/* What apply() did. */
struct host_files_change {
	size_t files, refused, gone;
	size_t hosts_before, hosts; /* of these files */
};

/* An address is a host's own now, or is no more. */
typedef void host_files_address_fn(void *arg, const struct in6_addr *address, bool is_owned);

typedef void host_files_problem_fn(void *arg, const char *text);

/* Of a directory that need not be there; nothing is read. NULL: no memory. */
struct host_files *host_files_new(const char *directory);
void host_files_free(struct host_files *files); /* NULL is fine */

const char *host_files_directory(const struct host_files *files);
/* The hosts in force; the pointer stays the same. */
const struct host_table *host_files_table(const struct host_files *files);

/*
 * `name`: a file of the directory; NULL: any, all are looked at. Returns 0, -ENOMEM or the -errno
 * of a directory that is there and cannot be read: then none of its files counts as gone.
 */
int host_files_note(struct host_files *files, const char *name);

/* Read up to `most` of what was noted. True: there is more. */
bool host_files_read(struct host_files *files, size_t most);

/* Take over what was read. `config` is in force: its hosts come first, its subnets and groups
 * should be those of the hosts. `tell` may be NULL. */
void host_files_apply(struct host_files *files, const struct boot_config *config,
	struct host_files_change *change, host_files_address_fn *tell, void *arg);

/* Where a host of bootd.conf clashes with one of a file: returns that host of bootd.conf, *with
 * and *what as host_table_clash(). */
const struct boot_host *host_files_clash(const struct host_files *files,
	const struct boot_config *config, const struct boot_host **with, const char **what);

/* How many files there are; each that is refused, with what is wrong: "FILE:LINE: ...". */
size_t host_files_count(const struct host_files *files);
void host_files_each_refused(
	const struct host_files *files, host_files_problem_fn *tell, void *arg);

#endif
