/* SPDX-License-Identifier: ISC */
/*
 * A file as it is or, if its name ends in ".ipxe", a script that was rendered for one client
 * (boot_opening.h); and where the files come from.
 *
 * And what the file servers report of each fetch. They know an address and a path; the observer
 * knows which machine that is, and writes the log. A fetch is reported as STARTED and then, once,
 * as DONE or FAILED; one that fails before its first octet (no such file, no room) as FAILED only,
 * and an HTTP HEAD as PROBED only.
 */
#ifndef NB6_BOOTD_FILES_BOOT_FILE_H
#define NB6_BOOTD_FILES_BOOT_FILE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bootd/files/boot_question.h"
#include "bootd/files/file_root.h"

struct thread_pool;

/* --- fetches --------------------------------------------------------------------------- */

enum fetch_kind { FETCH_TFTP, FETCH_HTTP, FETCH_HTTPS };

enum fetch_outcome {
	FETCH_STARTED,
	FETCH_DONE,   /* everything that was asked for was sent (TFTP: and acknowledged) */
	FETCH_FAILED, /* `error` is the reason */
	FETCH_PROBED, /* only the size or the date was wanted: no fault, and no file */
};

/* Borrowed: valid during the call. */
struct fetch_event {
	enum fetch_kind kind;
	enum fetch_outcome outcome;
	struct in6_addr peer;
	const char *path;     /* as asked for, decoded, without control characters */
	uint64_t bytes;       /* of the file, sent so far (TFTP: acknowledged) */
	uint64_t size;        /* the whole file's; 0 if there is none */
	uint64_t duration_ms; /* since the start */
	const char *error;    /* for the operator; NULL unless FAILED */
};

typedef void fetch_observe_fn(void *arg, const struct fetch_event *event);

/* "TFTP" or "HTTP"; "started", "done", "failed", "probed". */
const char *fetch_kind_name(enum fetch_kind kind);
const char *fetch_outcome_name(enum fetch_outcome outcome);

/* --- files ----------------------------------------------------------------------------- */

/* The longest script, before and after it is rendered. */
enum { BOOT_SCRIPT_MAX = 256 * 1024 };

/*
 * Where the files come from, and who observes fetches. The owner keeps it, and may change root and
 * callbacks between two turns of the loop: running fetches keep the file that they opened.
 */
struct boot_files {
	struct thread_pool *readers; /* of files that are not in memory; NULL: none */
	const struct file_root *root;
	boot_ask_fn *ask; /* NULL: scripts are sent as they are */
	boot_forget_fn *forget;
	void *ask_arg;
	fetch_observe_fn *observe; /* NULL: nobody observes */
	void *observe_arg;
};

struct boot_file {
	int fd;     /* -1 for a script in memory */
	char *text; /* a rendered or built-in script, or NULL */
	uint64_t size;
	int64_t mtime;
	long mtime_ns;
	bool rendered; /* it may differ the next time: no cache may keep it */
};

/* Up to `len` octets from `offset`: 0 at the end, or a negative errno. */
ssize_t boot_file_read(const struct boot_file *file, uint64_t offset, void *buf, size_t len);
/* The same without waiting for the disk: -EAGAIN if they are not all in memory. */
ssize_t boot_file_read_cached(const struct boot_file *file, uint64_t offset, void *buf, size_t len);

void boot_file_close(struct boot_file *file);

/* Calls the observer, if there is one. */
void boot_files_report(const struct boot_files *files, const struct fetch_event *event);

/*
 * iPXE scripts that bootd serves where the operator has none, by TFTP and HTTP:
 *
 *	autoexec.ipxe  in any directory: configures IPv6 only, and goes on with the script of the
 *	               rule for iPXE; that saves the 17 s in which iPXE waits for a key and for IPv4
 *	boot.ipxe      in the root: boots vmlinuz and initrd beside it, or says which is missing
 *
 * The text of the script for this path, which has `*len` octets; NULL: there is none.
 */
const char *built_in_script(const char *path, size_t *len);

#endif
