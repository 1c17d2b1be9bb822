/* SPDX-License-Identifier: ISC */
/*
 * From a path to what its client gets, without waiting for a disk or for an answer:
 *
 *	path -> file_root -> "*.ipxe"? -> read it -> ask for its values -> template -> text
 *	                  -> missing?  -> a built-in script (boot_file.h)           -> text
 *	                  -> else                                                  -> descriptor
 *
 * A file that is in memory, and a script whose values are known at once, are opened at once. If a
 * directory or a script has to be read from the disk, a thread does it, and the caller is called
 * back; likewise if the answer about the client comes later.
 */
#ifndef NB6_BOOTD_FILES_BOOT_OPENING_H
#define NB6_BOOTD_FILES_BOOT_OPENING_H

#include "bootd/files/boot_file.h"

struct boot_opening;

/* Borrowed. */
struct boot_file_request {
	const char *path; /* decoded */
	struct in6_addr peer;
	const char *mac; /* of the query; NULL: none, and by TFTP */
};

/*
 * error  0: *file is the callee's, to be closed with boot_file_close(); or as boot_file_open()
 *        returns it
 * why    of an error, for the operator
 */
typedef void boot_opened_fn(void *arg, int error, const char *why, struct boot_file *file);

/*
 * Returns 0 and fills *out, to be closed with boot_file_close(); -EINPROGRESS, then *opening is
 * valid until opened() is called or it is cancelled; or an error of file_root_open() or of the
 * answer (boot_question.h), -EFBIG for a script over BOOT_SCRIPT_MAX or with more than
 * QUESTION_NAMES_MAX names, -EBADMSG if a value has a control character. On error *why is the
 * reason, for the operator.
 */
int boot_file_open(const struct boot_files *files, const struct boot_file_request *request,
	struct boot_file *out, const char **why, struct boot_opening **opening,
	boot_opened_fn *opened, void *arg);
/* opened() is not called. NULL is fine. */
void boot_opening_cancel(struct boot_opening *opening);

#endif
