/* SPDX-License-Identifier: ISC */
/* The built-in scripts, which the build turns into strings: files/scripts/autoexec.ipxe and dist/boot.ipxe. */
#ifndef NB6_BOOTD_FILES_SCRIPTS_H
#define NB6_BOOTD_FILES_SCRIPTS_H

extern const char script_autoexec[], script_boot[];

#endif
