/* SPDX-License-Identifier: ISC */
/*
 * The stages of a boot, from the first Solicit of the firmware to the call home of the
 * installed system, with what to look at where one takes too long.
 */
#ifndef NB6_BOOTD_PROGRESS_BOOT_STAGE_H
#define NB6_BOOTD_PROGRESS_BOOT_STAGE_H

/* In the order of a boot. A machine that goes back begins a new one. */
enum boot_stage {
	STAGE_UNKNOWN,
	STAGE_SYSTEM,             /* only seen as an operating system: no boot */
	STAGE_FIRMWARE_ASKS,      /* Solicit of UEFI, BIOS, U-Boot... */
	STAGE_FIRMWARE_ADDRESSED, /* it has an address and a URL */
	STAGE_FIRMWARE_FETCHES,
	STAGE_IPXE_ASKS,
	STAGE_IPXE_ADDRESSED,
	STAGE_IPXE_FETCHES,
	STAGE_BOOTED, /* it called home */
	BOOT_STAGES,
};

/* "firmware asks"...; "booted". */
const char *boot_stage_name(enum boot_stage stage);
/* What to look at where a machine stays silent in this stage; NULL: silence is right. */
const char *boot_stage_hint(enum boot_stage stage);

#endif
