/* SPDX-License-Identifier: ISC */
/*
 * The Content-Type of a file, by the end of its name.
 *
 * UEFI HTTP Boot decides by it what it has loaded: application/efi is run,
 * application/vnd.efi-iso and application/vnd.efi-img become a disk in memory.
 */
#ifndef NB6_BOOTD_FILES_CONTENT_TYPE_H
#define NB6_BOOTD_FILES_CONTENT_TYPE_H

/* Never NULL: "application/octet-stream" for what is not known. Letter case does not count. */
const char *content_type_of(const char *path);

#endif
