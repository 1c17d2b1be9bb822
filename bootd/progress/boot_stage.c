/* SPDX-License-Identifier: ISC */
/* The words for the stages: names for the tables, hints for whoever stands before a machine. */
#include "bootd/progress/boot_stage.h"

#include <stddef.h>

const char *boot_stage_name(enum boot_stage stage)
{
	static const char *const name[BOOT_STAGES] = {
		[STAGE_UNKNOWN] = "unknown",
		[STAGE_SYSTEM] = "system",
		[STAGE_FIRMWARE_ASKS] = "firmware asks",
		[STAGE_FIRMWARE_ADDRESSED] = "firmware addressed",
		[STAGE_FIRMWARE_FETCHES] = "firmware fetches",
		[STAGE_IPXE_ASKS] = "iPXE asks",
		[STAGE_IPXE_ADDRESSED] = "iPXE addressed",
		[STAGE_IPXE_FETCHES] = "iPXE fetches",
		[STAGE_BOOTED] = "booted",
	};

	return name[stage];
}

const char *boot_stage_hint(enum boot_stage stage)
{
	static const char *const hint[BOOT_STAGES] = {
		[STAGE_FIRMWARE_ASKS] =
			"it does not take the offer: is there a boot rule for it, does another "
			"server answer, does our Advertise come back through the relay?",
		[STAGE_FIRMWARE_ADDRESSED] =
			"it has its address and fetches nothing: do router advertisements on its "
			"link name a default router, does the way back exist, do the files lie "
			"on this server?",
		[STAGE_FIRMWARE_FETCHES] =
			"what it loaded does not ask for more: look at its console",
		[STAGE_IPXE_ASKS] = "iPXE does not take the answer: look at its console",
		[STAGE_IPXE_ADDRESSED] =
			"iPXE fetches nothing: is the URL right, and reachable from its link?",
		[STAGE_IPXE_FETCHES] =
			"it has its files and has not called home (GET /netboot6/booted?mac=...): "
			"look at its console, or let the installed system call",
	};

	return hint[stage];
}
