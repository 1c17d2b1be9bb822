/* SPDX-License-Identifier: ISC */
/*
 * What a client gets for a path, by TFTP and HTTP alike: a file as it stands
 * or, where the name ends in ".ipxe", a script rendered for this client.
 *
 *	path -> file_root -> "*.ipxe"? -> describe() -> template -> text in memory
 *	                  -> else                                -> descriptor
 */
#ifndef NB6_BOOTD_FILES_BOOT_FILE_H
#define NB6_BOOTD_FILES_BOOT_FILE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "bootd/files/fetch.h"
#include "bootd/files/file_root.h"
#include "bootd/files/http_query.h"
#include "bootd/files/template.h"

/* A script file, and what comes of it, may be this long. */
enum { BOOT_SCRIPT_MAX = 256 * 1024 };

/* The answers to ${name} for one client; valid until describe() is called again. */
struct script_values {
	template_lookup_fn *lookup;
	void *ctx;
};

/*
 * Who asks for a script? Called once per script, before it is rendered.
 *
 * peer   the address that asks (its scope is not told)
 * query  of the URL; empty by TFTP
 * values filled in: how this client's names are looked up
 *
 * Returns 0 (also for an unknown client: let the lookup know fewer names);
 * -EINVAL when the query says something malformed (HTTP 400); another negative
 * errno when the script is not to be served to this client (HTTP 403).
 */
typedef int script_describe_fn(void *arg, const struct in6_addr *peer,
	const struct http_query *query, struct script_values *values);

/*
 * Where the files come from and who hears of it. The owner keeps it, and may
 * put another root or other callbacks in between two turns of the loop: fetches
 * that run keep the file they opened.
 */
struct boot_files {
	const struct file_root *root;
	script_describe_fn *describe; /* NULL: scripts are sent as they stand */
	void *describe_arg;
	fetch_observe_fn *observe; /* NULL: nobody listens */
	void *observe_arg;
};

struct boot_file {
	int fd;     /* -1 for a rendered script */
	char *text; /* the rendered script, or NULL */
	uint64_t size;
	time_t mtime;
	bool rendered; /* differs by client: no cache may keep it */
};

/*
 * Open `path` (decoded) for `peer`. Returns 0 and fills *out, to be closed with
 * boot_file_close(); or an error of file_root_open(), of describe(), -EFBIG for
 * a script over BOOT_SCRIPT_MAX, -EBADMSG when a value does not fit a script.
 * On error *why says it, in the operator's words.
 */
int boot_file_open(const struct boot_files *files, const char *path, const struct in6_addr *peer,
	const struct http_query *query, struct boot_file *out, const char **why);

/* Up to `len` octets from `offset`: 0 at the end, or a negative errno. */
ssize_t boot_file_read(const struct boot_file *file, uint64_t offset, void *buf, size_t len);

void boot_file_close(struct boot_file *file);

/* Tell the observer, if there is one. */
void boot_files_report(const struct boot_files *files, const struct fetch_event *event);

#endif
