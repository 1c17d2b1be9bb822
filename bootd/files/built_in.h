/* SPDX-License-Identifier: ISC */
/*
 * iPXE scripts that bootd serves where the operator has none, by TFTP and HTTP:
 *
 *	autoexec.ipxe  in any directory: configures IPv6 only, and goes on with the script of the
 *	               rule for iPXE; that saves the 17 s in which iPXE waits for a key and for IPv4
 *	boot.ipxe      in the root: boots vmlinuz and initrd beside it, and says so if they are missing
 */
#ifndef NB6_BOOTD_FILES_BUILT_IN_H
#define NB6_BOOTD_FILES_BUILT_IN_H

#include <stddef.h>

/* The text of the script for this path, which has `*len` octets; NULL: there is none. */
const char *built_in_script(const char *path, size_t *len);

#endif
