/* SPDX-License-Identifier: ISC */
/*
 * What the header of an EFI program says of the file: for which processor it is, and how long the
 * file must be at least. Firmware refuses a program that was cut off or is for another processor
 * with a message that names neither ("Load Error", "Unsupported"), if it shows one.
 *
 * The format is PE/COFF (Microsoft "PE Format"): all numbers are little-endian.
 */
#ifndef NB6_BOOTD_FILES_PE_IMAGE_H
#define NB6_BOOTD_FILES_PE_IMAGE_H

#include <stdint.h>

struct pe_image {
	uint16_t machine;      /* IMAGE_FILE_MACHINE_...: pe_machine_name() */
	uint64_t least_length; /* where its last section, or its signature, ends */
};

/*
 * Read the header of the file `fd`. Returns 0, -ENOEXEC if the file is no PE image or its header is
 * cut off, or why it cannot be read.
 */
int pe_image_read(int fd, struct pe_image *image);

/* "x64", "arm64"..., as dhcp6_arch_is_of() has it; NULL: no machine that boots by DHCPv6. */
const char *pe_machine_name(uint16_t machine);

#endif
