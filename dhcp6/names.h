/* SPDX-License-Identifier: ISC */
/*
 * Names of the codes, as the RFCs and IANA write them or, for architectures,
 * as config files and rules do ("x64-uefi").
 */
#ifndef NB6_DHCP6_NAMES_H
#define NB6_DHCP6_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* "Solicit", "NoBinding"..., or NULL for a number that has no name here. */
const char *dhcp6_message_name(uint8_t type);
const char *dhcp6_status_name(uint16_t code);

/* How the firmware behind an architecture code fetches its first file. */
enum dhcp6_boot_way {
	DHCP6_BOOT_OTHER, /* what its architecture's own rules say */
	DHCP6_BOOT_BIOS,  /* PC BIOS: PXE by TFTP */
	DHCP6_BOOT_UEFI,  /* UEFI PXE: a file by TFTP */
	DHCP6_BOOT_HTTP,  /* UEFI (or BIOS) HTTP Boot: a URL by HTTP */
	DHCP6_BOOT_UBOOT, /* U-Boot */
};

/* A row of IANA's "Processor Architecture Types" (RFC 5970 section 3.3). */
struct dhcp6_arch {
	uint16_t code;
	enum dhcp6_boot_way way;
	const char *name;
};

/* NULL for a number beyond the table (41) or a name that is not in it. */
const struct dhcp6_arch *dhcp6_arch_of(uint16_t code);
const struct dhcp6_arch *dhcp6_arch_named(const char *name);

/*
 * Is it of this group? A group is how firmware boots: "bios", "uefi", "http", "uboot"; or a
 * processor, the name up to its first '-': "x64", "arm64", "riscv64", "loongarch64"...
 */
bool dhcp6_arch_is_of(const struct dhcp6_arch *arch, const char *group);

/* The rows in order, for lists in messages and manuals; NULL past the last. */
const struct dhcp6_arch *dhcp6_arch_row(unsigned index);

#endif
