/* SPDX-License-Identifier: ISC */
/*
 * One machine's boot: the stage it has reached, from the first Solicit of the firmware to the
 * call home of the installed system, and the steps on the way there, each a short text with its
 * result and time. Memory is bounded: if there are too many steps, the oldest but the first is
 * removed; a text that is too long is cut.
 */
#ifndef NB6_BOOTD_PROGRESS_BOOT_RECORD_H
#define NB6_BOOTD_PROGRESS_BOOT_RECORD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bootd/client/client_facts.h"
#include "bootd/client/machine.h"
#include "dhcp6/prefix.h"

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
/* What to check if a machine stays silent in this stage; NULL: silence is normal. */
const char *boot_stage_hint(enum boot_stage stage);

enum {
	BOOT_STEPS_MAX = 32,
	BOOT_STEP_TEXT = 320,
	BOOT_SILENT_MS = 30 * 1000, /* a machine that is silent for longer counts as stuck */
};

/* If there are too many records, those of the lowest rank go first. */
enum boot_rank {
	RANK_ASKED,         /* it has only sent messages, which anybody can */
	RANK_FETCHED,       /* it has fetched files from the address it was given */
	RANK_KNOWN,         /* it has a host in the configuration */
	RANK_KNOWN_FETCHED, /* both */
	BOOT_RANKS,
};

struct boot_step {
	uint64_t at_ms, last_ms; /* first and last time */
	unsigned times;
	bool failed;
	char *text;   /* "UEFI PXE Solicit", "TFTP snponly.efi" */
	char *result; /* "Advertise 2001:db8::1", "done, 1048576 octets"; in the memory of text */
};

struct boot_record {
	struct machine machine;
	char *host;                        /* name, or NULL */
	enum client_mac_source mac_source; /* of its last message */
	unsigned unverified_macs;          /* messages whose MAC was read from EUI-64 or DUID */
	unsigned unknown_archs;            /* messages with an architecture that has no name */
	struct in6_addr address;
	bool has_address;
	bool has_subnet, has_fetched;
	struct prefix subnet; /* of its last message */
	enum boot_stage stage;
	unsigned boots; /* since the record was made */
	uint64_t began_ms, last_ms;
	uint64_t stage_ms; /* when it entered its stage */
	uint64_t bytes;    /* of files, in this boot */
	unsigned steps;
	struct boot_step step[BOOT_STEPS_MAX];

	/* Private to boot_progress.c. */
	enum boot_rank rank;
	struct boot_record *next_in_slot;
	struct boot_record *newer, *older;           /* of all */
	struct boot_record *rank_newer, *rank_older; /* of its rank */
};

/*
 * Add a step. If one of the last few steps has the same text, that step gets the new result
 * instead. It counts as one more time unless `is_same_go_on`: the step has only ended. Returns
 * the step, borrowed until the next call; NULL: no memory, nothing is added.
 */
const struct boot_step *boot_record_put_step(struct boot_record *record, uint64_t now_ms,
	bool is_same_go_on, const char *text, const char *result, bool failed);
void boot_record_clear_steps(struct boot_record *record);

/* What to check on a machine that is silent for BOOT_SILENT_MS; NULL: it is not stuck. */
const char *boot_record_advice(const struct boot_record *record, uint64_t now_ms);

#endif
